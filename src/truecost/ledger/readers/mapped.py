"""Any table or JSONL whose columns are named by `--map`, or that is in the normal form already."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from truecost.ledger.engine import text
from truecost.ledger.readers.reader import LABELS, TEXT, Reader, at, quoted
from truecost.ledger.usage import COLUMNS, PROVENANCE

NAME = "mapped"
MAPPABLE = tuple(name for name in COLUMNS if name not in PROVENANCE and name != "tags")
NEEDED = ("ts", "model", "input_tokens", "output_tokens")
TAG = "tag:"
CONSTANT = "="
Mapping_ = Mapping[str, str]


def check_map(mapping: Mapping_) -> None:
    """Raises ValueError for a column that usage does not have, with the nearest that it has."""
    import difflib

    for column, told in mapping.items():
        if column in MAPPABLE or (column.startswith(TAG) and len(column) > len(TAG)):
            if not told or told == CONSTANT:
                raise ValueError(
                    f"--map {column}=: no field is named; write {column}=FIELD, or {column}==TEXT"
                )
            continue
        near = difflib.get_close_matches(column, MAPPABLE, n=1)
        hint = f"; the nearest is {near[0]}" if near else ""
        raise ValueError(
            f"--map {column}={told}: usage has no column {column!r}{hint}"
            f" (columns: {', '.join(MAPPABLE)}, tag:NAME)"
        )


def is_normal(names: Iterable[str]) -> bool:
    """Whether a table has the columns of the normal form that a row must have."""
    return set(NEEDED) <= set(names)


def reader(mapping: Mapping_, names: Iterable[str], *, table: bool, outside: bool) -> Reader:
    """The reader of a file with these columns (of a table) or top-level fields (of JSONL)."""
    known = list(names)
    plain = {name: name for name in MAPPABLE if name in known and name not in mapping}
    given = {**plain, **mapping}
    fields: dict[str, str] = {}
    columns = {
        name: sql_of(told, fields, table=table) for name, told in given.items() if not name.startswith(TAG)
    }
    tags = {
        name[len(TAG) :]: sql_of(told, fields, table=table)
        for name, told in given.items()
        if name.startswith(TAG)
    }
    if tags:
        columns["tags"] = tags_sql(tags)
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
        raise ValueError(
            f"--map does not change what is taken from {given.name}; set the attributes user.id, customer,"
            " feature and task on the spans"
        )
    fields = dict(given.fields)
    columns = dict(given.columns)
    tags: dict[str, str] = {}
    for name, told in mapping.items():
        sql = sql_of(told, fields, table=False)
        if name.startswith(TAG):
            tags[name[len(TAG) :]] = sql
        else:
            columns[name] = sql
    if tags:
        columns["tags"] = f"map_concat({columns.get('tags', 'MAP {}')}, {tags_sql(tags)})"
    return replace(given, fields=fields, columns=columns)


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
