"""Any table or JSONL whose columns are named by `--map`, or that is in the normal form already."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from truecost.catalog.api_price_names import GEOGRAPHY
from truecost.ledger.engine import text
from truecost.ledger.readers.reader import LABELS, TEXT, Reader, at, quoted
from truecost.ledger.usage import COLUMNS, PROVENANCE

NAME = "mapped"
MAPPABLE = tuple(name for name in COLUMNS if name not in PROVENANCE and name != "tags")
NEEDED = ("ts", "model", "input_tokens", "output_tokens")
TAG = "tag:"
RENAME = "model:"
"""`model:NAME=MODEL`: what a log calls NAME (a deployment, an inference profile) is MODEL."""
CONSTANT = "="
Mapping_ = Mapping[str, str]


def check_map(mapping: Mapping_) -> None:
    """Raises ValueError for a column that usage does not have, with the nearest that it has."""
    import difflib

    for column, told in mapping.items():
        named = column.startswith((TAG, RENAME)) and not column.endswith(":")
        if column in MAPPABLE or named:
            if not told or told == CONSTANT:
                raise ValueError(
                    f"--map {column}=: no field is named; write {column}=FIELD, or {column}==TEXT"
                )
            if not named_field(told):
                raise ValueError(f"--map {column}={told}: {told!r} names no field; write it as a.b.c")
            continue
        near = difflib.get_close_matches(column, MAPPABLE, n=1)
        hint = f"; the nearest is {near[0]}" if near else ""
        raise ValueError(
            f"--map {column}={told}: usage has no column {column!r}{hint}"
            f" (columns: {', '.join(MAPPABLE)}, tag:NAME, model:NAME)"
        )


def named_field(told: str) -> bool:
    """Whether what stands behind a column is a constant or a path without an empty part.

    >>> named_field("meta.user"), named_field("=a..b"), named_field("a..b")
    (True, True, False)
    """
    return told.startswith(CONSTANT) or all(told.split("."))


def is_normal(names: Iterable[str]) -> bool:
    """Whether a table has the columns of the normal form that a row must have."""
    return set(NEEDED) <= set(names)


def reader(mapping: Mapping_, names: Iterable[str], *, table: bool, outside: bool) -> Reader:
    """The reader of a table with these columns, or of JSONL, where any line may have fields of its own."""
    known = list(names) if table else MAPPABLE
    plain = {name: name for name in MAPPABLE if name in known and name not in mapping}
    renames = {name: told for name, told in mapping.items() if is_renaming(name)}
    given = {**plain, **{name: told for name, told in mapping.items() if name not in renames}}
    fields: dict[str, str] = {}
    columns = {
        name: sql_of(told, fields, table=table) for name, told in given.items() if not name.startswith(TAG)
    }
    own = {name: name for name in names if table and name.startswith(TAG) and name not in given}
    tags = {
        name[len(TAG) :]: sql_of(told, fields, table=table)
        for name, told in {**own, **given}.items()
        if name.startswith(TAG)
    }
    if tags:
        columns["tags"] = tags_sql(tags)
    if not table:
        fields["tags"] = LABELS
        columns["tags"] = f"map_concat(coalesce(tags, MAP {{}}), {tags_sql(tags)})" if tags else "tags"
    columns.update(renamed(columns, renames))
    taken = [told for told in given.values() if not told.startswith(CONSTANT)]
    there = (
        " OR ".join(f"{one} IS NOT NULL" for one in (_field(told, table=table) for told in taken)) or "false"
    )
    return Reader(
        name=NAME if mapping else "truecost",
        what="CSV, Parquet or JSONL in the normal form, or with its columns named by --map",
        fields=fields,
        columns=columns,
        mine=f"({there})",
        claims=lambda record: any(at(record, told) is not None for told in taken),
        outside=outside,
    )


def with_map(given: Reader, mapping: Mapping_) -> Reader:
    """A dialect's reader with some columns taken from elsewhere: fields of the record, or constants."""
    from dataclasses import replace

    if not mapping:
        return given
    if given.relation:
        _refuse_fields(given, mapping)
    fields = dict(given.fields)
    columns = dict(given.columns)
    tags: dict[str, str] = {}
    renames = {name: told for name, told in mapping.items() if is_renaming(name)}
    for name, told in mapping.items():
        if name in renames:
            continue
        sql = sql_of(told, fields, table=False)
        if name.startswith(TAG):
            tags[name[len(TAG) :]] = sql
        else:
            columns[name] = sql
    if tags:
        columns["tags"] = f"map_concat({columns.get('tags', 'MAP {}')}, {tags_sql(tags)})"
    columns.update(renamed(columns, renames))
    return replace(given, fields=fields, columns=columns)


def _refuse_fields(given: Reader, mapping: Mapping_) -> None:
    """Where lines and records are not one to one, a mapping sets columns; it takes nothing from a line."""
    for column, told in mapping.items():
        if not told.startswith(CONSTANT) and not is_renaming(column):
            spans = "; set the attributes user.id, customer, feature and task on the spans"
            raise ValueError(
                f"--map {column}={told}: nothing else is taken from the lines of {given.name};"
                f" {column}=={told} sets it for every request"
                f"{spans if 'span' in given.columns else ''}"
            )


def is_renaming(column: str) -> bool:
    """Whether an entry of a mapping says which model a name stands for.

    >>> is_renaming("model:our-deployment"), is_renaming("model")
    (True, False)
    """
    return column.startswith(RENAME)


def renamed(columns: Mapping_, renames: Mapping_) -> dict[str, str]:
    """SQL of the model, and of the region where a model is named with one, of rows whose model is renamed.

    A name is known whole, or by what stands behind its last blank or slash: the id of an inference profile.
    """
    if not renames or "model" not in columns:
        return {}
    models: dict[str, str] = {}
    regions: dict[str, str] = {}
    for name, told in renames.items():
        key = name[len(RENAME) :]
        key = key.rsplit("/", 1)[-1] if key.startswith("arn:") else key
        model = told.removeprefix(CONSTANT)
        geography = GEOGRAPHY.match(model)
        models[key] = model[geography.end() :] if geography else model
        if geography:
            regions[key] = geography[1]
    model = columns["model"]
    found = {"model": f"coalesce({_looked_up(models, model)}, {model})"}
    if regions:
        found["region"] = f"coalesce({_looked_up(regions, model)}, {columns.get('region', 'NULL')})"
    return found


def _looked_up(told: Mapping_, model: str) -> str:
    entries = ", ".join(f"{text(key)}: {text(value)}" for key, value in told.items())
    return f"MAP {{{entries}}}[{model}], MAP {{{entries}}}[regexp_extract({model}, '[^ /]+$')]"


def tags_sql(tags: Mapping[str, str]) -> str:
    """SQL of a map of labels; those without a value are left out."""
    entries = ", ".join(f"{{k: {text(name)}, v: CAST({sql} AS VARCHAR)}}" for name, sql in tags.items())
    return f"map_from_entries(list_filter([{entries}], lambda one: one.v IS NOT NULL))"


def sql_of(told: str, fields: dict[str, str], *, table: bool) -> str:
    """SQL of what a mapping names: a field, noted in `fields`, or a constant behind `=`."""
    if told.startswith(CONSTANT):
        return text(told[1:])
    if table:
        fields[told] = TEXT
        return _field(told, table=True)
    parents = [told[:index] for index, sign in enumerate(told) if sign == "."]
    for parent in parents:
        if fields.get(parent) == LABELS:
            return f"{quoted(parent)}[{text(told[len(parent) + 1 :])}]"
        if parent in fields:
            inner = text("$." + told[len(parent) + 1 :])
            whole = quoted(parent)
            return f"CASE WHEN json_valid({whole}) THEN json_extract_string({whole}, {inner}) END"
    if any(path.startswith(told + ".") for path in fields):
        raise ValueError(f"--map ...={told}: this is an object; name a field in it")
    fields.setdefault(told, TEXT)
    return quoted(told)


def _field(told: str, *, table: bool) -> str:
    return '"' + told.replace('"', '""') + '"' if table else quoted(told)
