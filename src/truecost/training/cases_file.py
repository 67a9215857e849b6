"""Cases in a CSV file: a header is a dotted path into the spec, a row a case, an empty cell no change."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any, cast

from pydantic import ValidationError

from truecost.catalog.named import names_from
from truecost.spec import Problem, SpecError, load, nearest_names
from truecost.spec.scalars import scalar
from truecost.spec.shape import Shape, fields_of
from truecost.training.lookups import Lookups
from truecost.training.reading import MODEL, model_config
from truecost.training.schema import TrainSpec

PASSED = "_"
"""What the header of a column begins with that is passed through, unread."""
TEXT = ("name",)
"""Paths whose cells are text, whatever they look like."""


@dataclass(frozen=True, slots=True)
class CasesFile:
    """The cells as written."""

    name: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    lines: tuple[int, ...]
    """Where each row stands in the file."""

    def column(self, header: str) -> list[str]:
        """The cells under a header; empty where a row is too short."""
        index = self.header.index(header)
        return [row[index] if index < len(row) else "" for row in self.rows]


@dataclass(frozen=True, slots=True)
class Row:
    """One case as a mapping, or why it is none; a document for the checks, without places."""

    plain: Mapping[str, Any]
    spec: TrainSpec | None
    error: str

    def place(self, path: str) -> str:
        """A row is its own place."""
        return ""

    def position(self, path: str) -> tuple[int, int]:
        """All problems of a row stand on one line."""
        return (0, 0)

    def written(self, path: str) -> str:
        """What a path holds, as text."""
        found: Any = self.plain
        for part in path.split("."):
            found = cast("Mapping[str, Any]", found).get(part) if isinstance(found, Mapping) else None
        return "" if found is None or isinstance(found, Mapping | list) else str(found)


def read_cases(path: str | Path, text: str | None = None) -> CasesFile:
    """The cells of a CSV file; blank lines are passed over. Raises SpecError for a file without a header.

    `text` is what it holds where that is already read (stdin).
    """
    try:
        held = Path(path).read_bytes().decode("utf-8-sig") if text is None else text
        reader = csv.reader(StringIO(held, newline=""))
        cells = [(reader.line_num, tuple(cell.strip() for cell in row)) for row in reader if row]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise SpecError([Problem(str(path), "", "", f"the file cannot be read: {reason}")]) from None
    if not cells:
        raise SpecError([Problem(str(path), "", "", "the file is empty; its first line names the columns")])
    (_, header), rows = cells[0], cells[1:]
    return CasesFile(str(path), header, tuple(row for _, row in rows), tuple(line for line, _ in rows))


def known_paths() -> list[str]:
    """Every dotted path into a spec that holds one value."""
    return list(_paths(Shape(model=TrainSpec), ""))


def _paths(shape: Shape, above: str) -> Iterator[str]:
    if shape.model is None:
        return
    for written, inner in fields_of(shape.model).values():
        path = f"{above}{written}"
        if inner.model is None:
            yield path
        yield from _paths(inner, f"{path}.")


def check_header(file: CasesFile, taken: Sequence[str], extra: Sequence[str] = ()) -> None:
    """Every column is a path, one of `extra`, or passed through; none stands twice or is an output's."""
    known = [*known_paths(), *extra]
    problems: list[Problem] = []
    place = f"{file.name}:1"
    for index, name in enumerate(file.header):
        if name in file.header[:index]:
            problems.append(Problem(place, name, "", "this column is written twice"))
        elif name.startswith((PASSED, f"{MODEL}.")) or name in known:
            continue
        elif name in taken:
            said = "this column is an output; with _ before its name it passes through"
            problems.append(Problem(place, name, "", said, nearest=(f"{PASSED}{name}",)))
        else:
            problems.append(
                Problem(
                    place, name, "", "no such field of a training spec", nearest=nearest_names(name, known)
                )
            )
    if problems:
        raise SpecError(problems)


def rows_of(
    file: CasesFile, base: Mapping[str, Any], paths: Mapping[str, str], lookups: Lookups
) -> list[Row]:
    """Each row of a file laid over a partial spec; `paths` says which column holds which dotted path."""
    places = [
        (file.header.index(column), path, path.split("."))
        for column, path in sorted(paths.items(), key=lambda pair: pair[1].count("."))
    ]
    with names_from(lookups):
        return [_row(cells, len(file.header), base, places, lookups) for cells in file.rows]


def _row(
    cells: Sequence[str],
    width: int,
    base: Mapping[str, Any],
    places: Sequence[tuple[int, str, list[str]]],
    lookups: Lookups,
) -> Row:
    if len(cells) != width:
        return Row(base, None, f"{len(cells)} cells for {width} columns")
    try:
        plain = _laid_over(base, [(path, parts, cells[i]) for i, path, parts in places if cells[i]], lookups)
    except ValueError as error:
        return Row(base, None, str(error))
    return _read(plain)


def row_of(plain: Mapping[str, Any], lookups: Lookups) -> Row:
    """One case that is a mapping already."""
    with names_from(lookups):
        return _read(plain)


def _read(plain: Mapping[str, Any]) -> Row:
    try:
        return Row(plain, TrainSpec.model_validate(plain), "")
    except ValidationError:
        return Row(plain, None, _problems_of(plain))


def _problems_of(plain: Mapping[str, Any]) -> str:
    """What is wrong with a mapping, in the words of a spec's errors."""
    try:
        load(plain, TrainSpec)
    except SpecError as error:
        return one_line(error)
    return "this case cannot be read"


def one_line(error: SpecError) -> str:
    """Problems for a cell."""
    return "; ".join(str(problem) for problem in error.problems)


def _laid_over(
    base: Mapping[str, Any], cells: Sequence[tuple[str, list[str], str]], lookups: Lookups
) -> dict[str, Any]:
    """The base with cells put at their paths; what is not touched is shared with it."""
    plain: dict[str, Any] = dict(base)
    copied: set[str] = set()
    for path, parts, cell in cells:
        head, rest = parts[0], parts[1:]
        value = cell if path in TEXT else cell_value(cell)
        if not rest:
            plain[head] = value
            continue
        if head not in copied:
            plain[head] = _opened(head, plain.get(head), lookups)
            copied.add(head)
        plain[head][".".join(rest)] = value
    return plain


def _opened(head: str, section: Any, lookups: Lookups) -> dict[str, Any]:
    """A section to put a value into; the name of a model becomes its config."""
    if isinstance(section, Mapping):
        return dict(cast("Mapping[str, Any]", section))
    if section is None:
        return {}
    config = model_config(str(section), lookups) if head == MODEL else None
    if config is None:
        raise ValueError(f"{head}: {section!r} has no parts to change")
    return config


def cell_value(cell: str) -> Any:
    """A cell as YAML reads a scalar; JSON in braces or brackets."""
    if cell[:1] in "{[":
        try:
            return json.loads(cell)
        except json.JSONDecodeError:
            raise ValueError(f"{cell[:60]!r} is not JSON") from None
    return scalar(cell)
