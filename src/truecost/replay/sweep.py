"""Many replays at once: cases from a CSV file over a spec; a header is a dotted path, a row a case."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from truecost.replay.metrics import OUTPUTS, RANGED
from truecost.replay.reading import Given, read
from truecost.replay.run import catalog_of, result_of
from truecost.replay.schema import ReplaySpec
from truecost.replay.setups import DoesNotFit
from truecost.spec import Problem, SpecError, nearest_names
from truecost.spec.shape import Shape, fields_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from truecost.catalog.catalog import Catalog

ERROR = "error"
PASSED = "_"
"""What the header of a column begins with that is passed through, unread."""
COMPARED = "api."
"""What the paths begin with that belong to `--compare`."""


@dataclass(frozen=True, slots=True)
class SweepResult:
    """A sweep: the cells it was asked with, and its answer by column; None where a case has an error."""

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    columns: dict[str, list[Any]]

    @property
    def failed(self) -> int:
        """Cases with an error."""
        return sum(1 for error in self.columns[ERROR] if error)


def output_names() -> list[str]:
    """The columns a sweep appends, in order."""
    names: list[str] = []
    for name in OUTPUTS:
        names += [name, f"{name}_p5", f"{name}_p95"] if name in RANGED else [name]
    return [*names, "limited_by", ERROR]


def sweep(
    cases: str | Path,
    source: Given,
    *,
    sets: Sequence[str] = (),
    catalog: Catalog | str | Path | None = None,
    as_of: date | None = None,
) -> SweepResult:
    """The answer to every case of a CSV file, laid over a spec.

    Raises SpecError for a file or a header that is not understood; what is wrong with a case is in its
    `error`.
    """
    header, rows = _cells(cases)
    _check_header(str(cases), header)
    facts = catalog_of(catalog)
    found: dict[str, list[Any]] = {name: [] for name in output_names()}
    for row in rows:
        told, error = _answer(header, row, (source, sets, as_of), facts)
        for name, values in found.items():
            values.append(error if name == ERROR else told.get(name, "" if name == "limited_by" else None))
    return SweepResult(header, rows, found)


def _answer(
    header: Sequence[str],
    row: Sequence[str],
    base: tuple[Given, Sequence[str], date | None],
    catalog: Catalog,
) -> tuple[dict[str, Any], str]:
    """The outputs of a case, and what is wrong with it."""
    source, sets, as_of = base
    if len(row) != len(header):
        return {}, f"{len(row)} cells for {len(header)} columns"
    own = [
        f"{name}={cell}"
        for name, cell in zip(header, row, strict=True)
        if cell and not name.startswith(PASSED)
    ]
    try:
        return result_of(read(source, catalog, [*sets, *own], as_of=as_of), catalog).to_dict(shapes=False), ""
    except SpecError as error:
        return {}, "; ".join(str(problem) for problem in error.problems)
    except (DoesNotFit, ValueError, LookupError) as error:
        return {}, str(error)


def _cells(path: str | Path) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]:
    """Header and rows; blank lines are passed over."""
    try:
        with open(path, encoding="utf-8-sig", newline="") as file:
            rows = [tuple(cell.strip() for cell in row) for row in csv.reader(file) if row]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise SpecError([Problem(str(path), "", "", f"the file cannot be read: {reason}")]) from None
    if not rows:
        raise SpecError([Problem(str(path), "", "", "the file is empty; its first line names the columns")])
    return rows[0], tuple(rows[1:])


def known_paths() -> list[str]:
    """Every dotted path into a spec that holds one value."""
    return list(_paths(Shape(model=ReplaySpec), ""))


def _paths(shape: Shape, above: str) -> Iterator[str]:
    if shape.model is None:
        return
    for written, inner in fields_of(shape.model).values():
        path = f"{above}{written}"
        if inner.model is None:
            yield path
        yield from _paths(inner, f"{path}.")


def _check_header(file: str, header: Sequence[str]) -> None:
    """Every column is a path or passed through; none stands twice or is an output's."""
    known, taken = known_paths(), output_names()
    problems: list[Problem] = []
    for index, name in enumerate(header):
        place = f"{file}:1"
        if name in header[:index]:
            problems.append(Problem(place, name, "", "this column is written twice"))
        elif name.startswith(COMPARED) and name in known:
            said = "a sweep replays the fleet alone, on which an API has no effect; ask --compare"
            problems.append(Problem(place, name, "", said))
        elif name.startswith(PASSED) or name in known:
            continue
        elif name in taken:
            said = "this column is an output; with _ before its name it passes through"
            problems.append(Problem(place, name, "", said, nearest=(f"{PASSED}{name}",)))
        else:
            near = nearest_names(name, known)
            problems.append(Problem(place, name, "", "no such field of a replay", nearest=near))
    if problems:
        raise SpecError(problems)
