"""From described cases to estimates: one path for one run, a sweep, records and a comparison of chips."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from truecost.catalog.catalog import Catalog
from truecost.physics.training_calibration import TrainingCalibration
from truecost.physics.training_step.constants import StepConstants
from truecost.physics.training_step.setup import stack_setups
from truecost.spec import Document, Problem, Problems, SpecError
from truecost.training.calibrated import training_calibration
from truecost.training.cycle import beside
from truecost.training.estimate import Estimates, RunInputs, estimate, operations_of
from truecost.training.fitting import smallest_change
from truecost.training.lookups import Lookups
from truecost.training.methods import operations_of_method
from truecost.training.reading import read
from truecost.training.reference import reference_shares
from truecost.training.result import TrainResult
from truecost.training.schema import TrainSpec
from truecost.training.settle import settled
from truecost.training.setups import Described, Describing, describe
from truecost.training.spread import Spread, columns, spread

Stated = str | Path | Mapping[str, Any]


def train(
    source: Stated,
    *,
    sets: Sequence[str] = (),
    catalog: Catalog | str | Path | None = None,
    as_of: date | None = None,
    calibration: str | Path | None = None,
) -> TrainResult:
    """What a training run takes: a YAML file or a mapping in, a frozen result out.

    `sets` are "dotted.path=value" overrides; `catalog` a file of facts that replace the shipped ones; `as_of`
    the day whose prices count; `calibration` a file of `truecost evidence fit training`. Raises SpecError
    with every problem of the spec at once.
    """
    lookups = Lookups(catalog_of(catalog))
    return result_of(read(source, lookups, sets, as_of=as_of), lookups, training_calibration(calibration))


def catalog_of(given: Catalog | str | Path | None) -> Catalog:
    """A catalog as it is, or the shipped one with the overlay in a file."""
    from truecost.catalog.catalog import load

    return given if isinstance(given, Catalog) else load(given)


@dataclass(frozen=True, slots=True)
class Case:
    """A spec, described and settled, and what it was described with."""

    described: Described
    how: Describing
    as_of: date
    warnings: tuple[str, ...]


def case_of(
    document: Document[TrainSpec], lookups: Lookups, calibration: TrainingCalibration | None = None
) -> Case:
    """The case of a spec that is already read. Raises SpecError with every problem."""
    how = Describing(lookups, date.today(), calibration or training_calibration())
    problems = Problems()
    one = describe(document.value, how, problems)
    problems.raise_if_any(document)
    assert one is not None
    (one,) = settled([one], how.calibration.step)
    if one.refused:
        path = "parallelism"
        raise SpecError([Problem(document.place(path), path, "", one.refused)])
    warnings = tuple(str(warning) for warning in problems.warnings(document))
    return Case(one, how, document.value.as_of or how.today, warnings)


def result_of(
    document: Document[TrainSpec], lookups: Lookups, calibration: TrainingCalibration | None = None
) -> TrainResult:
    """The result of a spec that is already read. Raises SpecError with every problem."""
    case = case_of(document, lookups, calibration)
    one, how = case.described, case.how
    done = estimated([one], how.calibration)
    change = None if done.fits[0] else smallest_change(one.setup, how.calibration.step)
    return TrainResult(one, done, how.calibration, case.as_of, case.warnings, change)


def estimated(cases: Sequence[Described], calibration: TrainingCalibration) -> Estimates:
    """The estimates of settled cases, in one call of the law."""
    also = beside([(one.method, one.setup) for one in cases], calibration.step)
    return estimate(
        stack_setups([one.setup for one in cases]), run_inputs(cases, calibration.step), calibration, also
    )


def run_inputs(cases: Sequence[Described], constants: StepConstants) -> RunInputs:
    """What the runs of some cases take beside their steps, as arrays."""

    def of(value: Callable[[Described], Spread]) -> Spread:
        return columns([value(one) for one in cases])

    return RunInputs(
        tokens=of(lambda one: spread(one.tokens)),
        usd_per_chip_hour=of(lambda one: one.rates.usd_per_chip_hour),
        usd_per_kwh=of(lambda one: one.rates.usd_per_kwh),
        server_overhead=of(lambda one: Spread(one.rates.server_overhead)).middle,
        pue=of(lambda one: one.rates.pue),
        kgco2e_per_kwh=of(lambda one: one.rates.kgco2e_per_kwh),
        is_tuning=of(lambda one: Spread(float(one.method.name != "pretrain"))).middle,
        reference_share=reference_shares([one.setup for one in cases], constants),
        operations=operations_of(
            [operations_of_method(one.spec, one.setup) | _stated_operations(one.spec) for one in cases]
        ),
    )


def _stated_operations(spec: TrainSpec) -> dict[str, float]:
    return {name: value for name, value in spec.operations.model_dump().items() if value is not None}
