"""Recorded runs against the law: the peak share a run reached, what was to be expected, where the rest went.

Implied MFU = model FLOPs / (recorded chip-hours x 3,600 s x dense peak). The law's step, what failures and
pauses take by formula, and what recorded runs take beyond them, multiply to the expected one; what then
remains is the run's own.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
from pydantic_core import PydanticCustomError

from truecost.catalog.accelerators import Accelerator
from truecost.catalog.catalog import Catalog
from truecost.physics.flops import training_flops, training_flops_from_parameters
from truecost.physics.training_calibration import TrainingCalibration
from truecost.physics.training_step.cases import MULTIPLIED_IN
from truecost.ranges import Range
from truecost.spec.numbers import Number
from truecost.training.calibrated import training_calibration
from truecost.training.cases_file import (
    CasesFile,
    Row,
    cell_value,
    check_header,
    known_paths,
    read_cases,
    row_of,
    rows_of,
)
from truecost.training.checks import multiplies
from truecost.training.estimate import Estimates
from truecost.training.lookups import Lookups
from truecost.training.reading import Given, partial
from truecost.training.run import catalog_of, estimated
from truecost.training.settle import layout_words
from truecost.training.setups import Described
from truecost.training.sweep import ERROR, described_rows
from truecost.training.unstated import USUAL_DAYS, dense_config
from truecost.units import show

RECORDED = ("chip_hours", "days", "parameters", "active_parameters", "run")
"""Columns of a record that are no fields of a spec."""
HOURS_PER_DAY, SECONDS_PER_HOUR = 24.0, 3600.0
SEQUENCE = 4096
UNEXPLAINED = "unexplained"
DENSE_FROM = 0.95
"""Active over all parameters, from which on a model is taken to be dense."""
FEWEST_CHIPS = 8
LIKELY_MFU = (0.08, 0.7)
"""What whole runs reach: a unit that brings an impossible share into it is the likely mistake."""
MISTAKES: Mapping[str, Sequence[tuple[float, str]]] = {
    "chip_hours": (
        (8.0, "hours of servers of 8 chips"),
        (24.0, "chip-days"),
        (1e3, "thousands"),
        (1e6, "millions"),
    ),
    "days": ((7.0, "weeks"), (30.0, "months")),
}
"""Units that a column may be in by mistake, and how many of its own one of them is."""


@dataclass(frozen=True, slots=True)
class RecordedRun:
    """One run: what is on record, what it implies, what the law expects; None for what cannot be said."""

    name: str
    chip_hours: float | None = None
    model_flops: float | None = None
    implied_mfu: float | None = None
    step_mfu: float | None = None
    """Of the law's step."""
    expected_mfu: float | None = None
    """Of the whole run: the step's times goodput."""
    predicted_chip_hours: float | None = None
    predicted_chip_hours_p5: float | None = None
    predicted_chip_hours_p95: float | None = None
    recorded_over_predicted: float | None = None
    inside: bool | None = None
    """Whether the record lies in the 90 % interval."""
    layout: str = ""
    is_layout_chosen: bool = False
    chip_hours_by_cause: Mapping[str, float] | None = None
    """Of the recorded chip-hours; below 0 for what was better than expected."""
    assumed: tuple[str, ...] = ()
    """What stands in for what is not on record."""
    error: str = ""
    """Why nothing, or no prediction, can be given."""

    @property
    def is_refused(self) -> bool:
        """Whether nothing can be said of it."""
        return self.implied_mfu is None

    def to_dict(self) -> dict[str, Any]:
        """As plain values."""
        return {name: getattr(self, name) for name in self.__slots__} | {"assumed": list(self.assumed)}


def from_record(
    path: str | Path, source: Given | None = None, *, catalog: Catalog | str | Path | None = None
) -> list[RecordedRun]:
    """What the recorded runs of a CSV file imply.

    Columns: model (or parameters, active_parameters), tokens, accelerator, chip_hours, or days and count; any
    field of a spec by its last name or its dotted path. Raises SpecError for a header that is not understood.
    """
    return recorded_runs(read_cases(path), source, Lookups(catalog_of(catalog)))


def recorded_runs(
    file: CasesFile,
    source: Given | None,
    lookups: Lookups,
    sets: Sequence[str] = (),
    *,
    as_of: date | None = None,
    calibration: TrainingCalibration | None = None,
) -> list[RecordedRun]:
    """As `from_record`, for a file that is read."""
    short = short_names()
    check_header(file, (), (*RECORDED, *short))
    paths = {
        name: short.get(name, name)
        for name in file.header
        if name not in RECORDED and not name.startswith("_")
    }
    base = partial(source, lookups, [*sets, *([f"as_of={as_of}"] if as_of else [])])
    records = [_Record(file, index, paths) for index in range(len(file.rows))]
    rows = [
        _stood_in(row, record, lookups)
        for row, record in zip(rows_of(file, base, paths, lookups), records, strict=True)
    ]
    calibration = calibration or training_calibration()
    described, errors = described_rows(rows, lookups, calibration)
    good = [one for one in described if one is not None]
    done = estimated(good, calibration) if good else None
    found: list[RecordedRun] = []
    at = 0
    for record, row, one, error in zip(records, rows, described, errors, strict=True):
        if one is None or done is None:
            found.append(_implied(record, row, lookups, error))
        else:
            found.append(_compared(record, one, done, at))
            at += 1
    return found


@dataclass(frozen=True, slots=True)
class _Record:
    """One row of the file: its cells by column, and how it speaks of itself."""

    file: CasesFile
    index: int
    paths: Mapping[str, str]
    """The dotted path of a column."""
    assumed: list[str] = field(default_factory=list[str])
    """What stands in for what is not on record, in words."""

    @property
    def cells(self) -> dict[str, str]:
        """What each column holds; a row that is too short has fewer."""
        return dict(zip(self.file.header, self.file.rows[self.index], strict=False))

    @property
    def name(self) -> str:
        """As the record names the run."""
        cells = self.cells
        found = (cells[key] for key in ("run", "name", "_name", "_run", "model") if cells.get(key))
        return next(found, f"row {self.index + 1}")

    def number(self, column: str) -> float | None:
        """A quantity above 0; None for an empty cell. Raises ValueError that names the column."""
        cell = self.cells.get(column, "")
        if not cell:
            return None
        try:
            value = Number(above_zero=True).read(cell_value(cell))
        except (ValueError, PydanticCustomError) as error:
            raise ValueError(f"{column}: {error}") from None
        return value.median if isinstance(value, Range) else value

    def chip_hours(self, count: float | None) -> float:
        """Chip-hours as recorded. Raises ValueError where they cannot be told."""
        hours, days = self.number("chip_hours"), self.number("days")
        if hours is None and (days is None or count is None):
            raise ValueError("chip_hours: needed, or days with count")
        return hours if hours is not None else (days or 0.0) * HOURS_PER_DAY * (count or 0.0)

    def refused(self, why: str) -> RecordedRun:
        """A run nothing can be said of."""
        return RecordedRun(self.name, error=self.placed(why))

    def placed(self, why: str, before: str = "") -> str:
        """A reason with the line, its paths as the columns are named."""
        for column, path in self.paths.items():
            if column != path:
                why = re.sub(rf"(^|; ){re.escape(path)}: ", rf"\g<1>{column}: ", why)
        return f"{self.file.name}:{self.file.lines[self.index]}: {before}{why}"


def _stood_in(row: Row, record: _Record, lookups: Lookups) -> Row:
    """The row with what a record may leave out: the shape by the parameters, the number of chips by rule."""
    plain = dict(row.plain)
    cluster = dict(plain.get("cluster") or {}) if isinstance(plain.get("cluster"), Mapping | None) else {}
    try:
        if plain.get("model") is None and (parameters := _dense_parameters(record)) is not None:
            plain["model"] = dense_config(parameters) | {"_name_or_path": record.name}
            record.assumed.append(f"model: the shape of a dense one of {show(parameters)} parameters")
        if cluster.get("count") is None and (hours := record.number("chip_hours")) is not None:
            days = record.number("days")
            cluster["count"] = _usual_count(hours, days or USUAL_DAYS)
            over = "the recorded days" if days else f"{USUAL_DAYS:g} days, as runs usually take"
            record.assumed.append(f"count: {cluster['count']:,}, to run {over} (a power of two)")
    except ValueError as error:
        return Row(plain, None, str(error))
    if not record.assumed:
        return row
    return row_of(plain | {"cluster": cluster}, lookups)


def _dense_parameters(record: _Record) -> float | None:
    """Parameters of a model that is known to be dense by them; None where experts may be among them."""
    parameters, active = record.number("parameters"), record.number("active_parameters")
    if parameters is None or (active is not None and active < DENSE_FROM * parameters):
        return None
    return parameters


def _usual_count(chip_hours: float, days: float) -> int:
    """Chips of a run, as the nearest power of two: a number that has layouts. Little depends on it.

    >>> _usual_count(1.46e6, 45.0)
    1024
    """
    return 2 ** round(math.log2(max(chip_hours / (days * HOURS_PER_DAY), FEWEST_CHIPS)))


def short_names() -> dict[str, str]:
    """The dotted path behind the last name of each field of a spec: of several, the one nearest the top."""
    found: dict[str, str] = {}
    for path in sorted(known_paths(), key=lambda one: one.count(".")):
        found.setdefault(path.rpartition(".")[2], path)
    return {name: path for name, path in found.items() if name not in RECORDED}


def _compared(record: _Record, one: Described, done: Estimates, at: int) -> RecordedRun:
    """A run whose steps the law can predict."""
    setup, is_count_recorded = one.setup, bool(record.cells.get("count")) or not record.assumed
    try:
        if one.spec.tokens is None and one.spec.dataset_tokens is None and one.spec.rlhf is None:
            raise ValueError("tokens: needed, the record's")
        hours = record.chip_hours(setup.count if is_count_recorded else None)
        tokens = one.tokens.median if isinstance(one.tokens, Range) else one.tokens
        flops = float(training_flops(setup.architecture, tokens, setup.sequence_length))
        peak = setup.accelerator.dense_peak(MULTIPLIED_IN[setup.precision])
        implied = _possible(flops / (hours * SECONDS_PER_HOUR * peak), record)
    except ValueError as error:
        return record.refused(str(error))
    expected = done.chip_hours
    predicted, low, high = (
        float(np.asarray(end)[at]) for end in (expected.middle, expected.p5, expected.p95)
    )
    causes = {cause: float(np.asarray(share)[at]) * predicted for cause, share in done.shares.items()}
    step_mfu = float(np.asarray(done.mfu.middle)[at])
    at_peak = causes["steps"] * step_mfu
    return RecordedRun(
        name=record.name,
        chip_hours=hours,
        model_flops=flops,
        implied_mfu=implied,
        step_mfu=step_mfu,
        expected_mfu=flops / (predicted * SECONDS_PER_HOUR * peak),
        predicted_chip_hours=predicted,
        predicted_chip_hours_p5=low,
        predicted_chip_hours_p95=high,
        recorded_over_predicted=hours / predicted,
        inside=low <= hours <= high,
        layout=layout_words(setup),
        is_layout_chosen=one.searched,
        assumed=(*record.assumed, *_assumed_of_step(one)),
        chip_hours_by_cause={
            "model FLOPs at peak": at_peak,
            "steps below peak": causes.pop("steps") - at_peak,
            **causes,
            UNEXPLAINED: hours - predicted,
        },
        error="" if bool(done.fits[at]) else "by the memory law this does not fit: is the layout as it was?",
    )


def _assumed_of_step(one: Described) -> list[str]:
    """What the prediction took for the batch where the record has none."""
    return [
        f"{entry.path.rpartition('.')[2]}: {entry.value:,}"
        for entry in one.assumed.entries
        if entry.path in ("batch.global_batch_size", "batch.sequence_length") and isinstance(entry.value, int)
    ]


def _implied(record: _Record, row: Row, lookups: Lookups, why: str) -> RecordedRun:
    """A run the law cannot predict: its peak share alone, and why there is no more; or why not even that."""
    cells, is_shapeless = record.cells, row.plain.get("model") is None
    if row.spec is None and not (is_shapeless and cells.get("accelerator")):
        return record.refused(why)
    try:
        chip = _chip(record, row, lookups)
        precision = row.spec.precision if row.spec else cells.get("precision") or "bf16"
        flops = _flops(record, row, record.number("tokens"), lookups)
        if flops is None or precision not in MULTIPLIED_IN or not multiplies(chip, precision):
            raise ValueError(why)
        hours = record.chip_hours(record.number("count"))
        peak = chip.dense_peak(MULTIPLIED_IN[precision])
        implied = _possible(flops / (hours * SECONDS_PER_HOUR * peak), record)
    except ValueError as error:
        return record.refused(str(error))
    reason = "the shape of the model is not given (model, or its config as model.* columns)"
    return RecordedRun(
        name=record.name,
        chip_hours=hours,
        model_flops=flops,
        implied_mfu=implied,
        error=record.placed(reason if is_shapeless else why, "no prediction: "),
    )


def _chip(record: _Record, row: Row, lookups: Lookups) -> Accelerator:
    """The chips of a run. Raises ValueError that names the column."""
    name = row.spec.cluster.accelerator if row.spec else record.cells["accelerator"]
    try:
        return lookups.accelerator(name)
    except ValueError as error:
        raise ValueError(f"accelerator: {error}") from None


def _flops(record: _Record, row: Row, tokens: float | None, lookups: Lookups) -> float | None:
    """Model FLOPs of the run: of its shape where that is known, else 6 N D."""
    if tokens is None:
        return None
    if row.spec is not None:
        sequence = row.spec.batch.sequence_length or SEQUENCE
        return float(training_flops(lookups.model(row.spec.model), tokens, sequence))
    active = record.number("active_parameters") or record.number("parameters")
    return None if active is None else float(training_flops_from_parameters(active, tokens))


def _possible(implied: float, record: _Record) -> float:
    """An implied MFU that can be. Raises ValueError above 1, with the likely mistake."""
    if implied <= 1:
        return implied
    column = "chip_hours" if record.cells.get("chip_hours") else "days"
    guesses = [
        words for factor, words in MISTAKES[column] if LIKELY_MFU[0] <= implied / factor <= LIKELY_MFU[1]
    ]
    likely = (
        f": is it in {' or '.join(guesses)}?" if guesses else ": are tokens, parameters and chips in units?"
    )
    raise ValueError(f"{column}: implies an MFU of {implied:,.0%}, more than the chips' dense peak{likely}")


def columns_of(runs: Sequence[RecordedRun]) -> dict[str, Any]:
    """The answer as columns, for a file."""
    numbers = (
        "implied_mfu", "expected_mfu", "step_mfu", "predicted_chip_hours", "predicted_chip_hours_p5",
        "predicted_chip_hours_p95", "recorded_over_predicted",
    )  # fmt: skip
    found: dict[str, Any] = {
        name: np.array([math.nan if (value := getattr(run, name)) is None else value for run in runs])
        for name in numbers
    }
    causes = dict.fromkeys(cause for run in runs for cause in run.chip_hours_by_cause or ())
    for cause in causes:
        key = f"chip_hours_{cause.lower().replace(' ', '_')}"
        found[key] = np.array([(run.chip_hours_by_cause or {}).get(cause, math.nan) for run in runs])
    return {**found, ERROR: [run.error for run in runs]}
