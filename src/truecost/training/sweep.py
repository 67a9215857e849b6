"""Many runs at once: cases from a CSV file over a partial spec, all valid ones in one call of the law."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from truecost.catalog.catalog import Catalog
from truecost.physics.training_calibration import TrainingCalibration
from truecost.ranges import FloatArray
from truecost.spec import Problems, SpecError
from truecost.training.calibrated import training_calibration
from truecost.training.cases_file import CasesFile, Row, check_header, one_line, read_cases, rows_of
from truecost.training.estimate import OUTPUTS, RANGED
from truecost.training.lookups import Lookups
from truecost.training.reading import Given, partial
from truecost.training.run import catalog_of, estimated
from truecost.training.settle import settled
from truecost.training.setups import Described, Describing, describe

ERROR = "error"
ROWS_AT_ONCE = 20_000
Column: TypeAlias = FloatArray | list[str]


def output_names() -> list[str]:
    """The columns a sweep appends, in order."""
    names: list[str] = []
    for name in OUTPUTS:
        names += [name, f"{name}_p5", f"{name}_p95"] if name in RANGED else [name]
    return [*names, "limited_by", ERROR]


@dataclass(frozen=True, slots=True, eq=False)
class SweepResult:
    """A sweep: the cells it was asked with, and its answer by column; NaN where a case has an error."""

    file: CasesFile
    columns: Mapping[str, Column]

    @property
    def failed(self) -> int:
        """Cases with an error."""
        return sum(1 for error in self.columns[ERROR] if error)


def sweep(
    cases: str | Path,
    source: Given | None = None,
    *,
    sets: Sequence[str] = (),
    catalog: Catalog | str | Path | None = None,
    as_of: date | None = None,
) -> SweepResult:
    """The answer to every case of a CSV file; `source` is a spec, or the part of one that all cases share.

    Raises SpecError for a spec or a header that is not understood; what is wrong with a case is in its
    `error`.
    """
    return sweep_file(read_cases(cases), source, Lookups(catalog_of(catalog)), sets, as_of=as_of)


def sweep_file(
    file: CasesFile,
    source: Given | None,
    lookups: Lookups,
    sets: Sequence[str] = (),
    *,
    as_of: date | None = None,
    calibration: TrainingCalibration | None = None,
) -> SweepResult:
    """As `sweep`, for a file that is read."""
    check_header(file, output_names())
    base = partial(source, lookups, [*sets, *([f"as_of={as_of}"] if as_of else [])])
    paths = {name: name for name in file.header if not name.startswith("_")}
    rows = rows_of(file, base, paths, lookups)
    return SweepResult(file, answered(rows, lookups, calibration or training_calibration()))


def answered(rows: Sequence[Row], lookups: Lookups, calibration: TrainingCalibration) -> dict[str, Column]:
    """The output columns of some rows."""
    described, errors = described_rows(rows, lookups, calibration)
    columns: dict[str, Any] = {
        name: [""] * len(rows) if name == "limited_by" else np.full(len(rows), np.nan)
        for name in output_names()[:-1]
    }
    good = [i for i, one in enumerate(described) if one is not None]
    for start in range(0, len(good), ROWS_AT_ONCE):
        part = good[start : start + ROWS_AT_ONCE]
        found = estimated([one for i in part if (one := described[i]) is not None], calibration).columns()
        for name, values in found.items():
            if isinstance(values, list):
                for i, value in zip(part, values, strict=True):
                    columns[name][i] = value
            else:
                columns[name][part] = values
    return {**columns, ERROR: errors}


def described_rows(
    rows: Sequence[Row], lookups: Lookups, calibration: TrainingCalibration
) -> tuple[list[Described | None], list[str]]:
    """Each row as a settled case, None where it is impossible; and the errors, "" for a good one."""
    how = Describing(lookups, date.today(), calibration)
    found: list[Described | None] = []
    errors: list[str] = []
    for row in rows:
        one, error = _described(row, how)
        found.append(one)
        errors.append(error)
    good = [i for i, one in enumerate(found) if one is not None]
    closed = settled([one for one in found if one is not None], calibration.step)
    for i, one in zip(good, closed, strict=True):
        found[i] = None if one.refused else one
        errors[i] = one.refused
    return found, errors


def _described(row: Row, how: Describing) -> tuple[Described | None, str]:
    if row.spec is None:
        return None, row.error
    problems = Problems()
    try:
        one = describe(row.spec, how, problems)
        problems.raise_if_any(row)
    except SpecError as error:
        return None, one_line(error)
    except (ValueError, LookupError) as error:
        return None, str(error)
    return one, ""
