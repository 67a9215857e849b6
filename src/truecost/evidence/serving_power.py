"""Power of chips that serve, as a replay has it, beside what ML.ENERGY measured on H100 under vLLM.

Measured is the power of the chips alone (NVML, over the steady state), so that the law is asked for the same:
`physics.energy.serving_chip_power_w` at the load of the replayed chips, fitted on the other models
(`evidence.serving_power_fit`). A replay's own `watts_per_chip` has the rest of the server on top. All rows
are of one chip: others take the same shares of their own ratings.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files

import numpy as np

from truecost.catalog.catalog import Catalog, load
from truecost.catalog.facts import Fact
from truecost.evidence.metrics import Labels, Score, score
from truecost.evidence.serving_power_fit import PowerPoints, ServingPowerFit, fit_serving_power
from truecost.physics.calibration import load_calibration, serving_constants
from truecost.ranges import FloatArray, Range
from truecost.replay.drive import drive
from truecost.replay.power import Causes, chip_load
from truecost.replay.provider import Law
from truecost.replay.reading import read
from truecost.replay.run import prepared

NAIVE_SHARE = 0.75
"""Of the rating: the load of a GPU that Epoch AI's cost model takes (`power/average_load_gpu`)."""
ROUNDS = 4
"""Requests of a replay over those at once; at least FEWEST."""
FEWEST = 20
STEP_TOKENS = 8192


@dataclass(frozen=True, slots=True)
class PowerRow:
    """One measured steady state of a running engine."""

    model: str
    chip: str
    precision: str
    chips: int
    together: int
    """Requests in progress, as observed."""
    input_tokens: int
    output_tokens: int
    watts: float
    """Of a chip, without its server."""


@dataclass(frozen=True, slots=True)
class ServingPowerScore:
    """How far the power of serving chips is off, each model left out of the fit."""

    fit: ServingPowerFit
    law: Score
    naive: Score
    """A constant share of the rating."""
    worst: tuple[tuple[str, float, float], ...]
    """By model, worst first: its name, measured and predicted power in W, medians over its rows."""


@cache
def power_rows() -> tuple[PowerRow, ...]:
    """The measured rows that the package ships."""
    text = (files("truecost.evidence") / "data" / "serving_power.csv").read_text(encoding="utf-8")
    return tuple(
        PowerRow(
            model=row["model"],
            chip=row["chip"],
            precision=row["precision"],
            chips=int(row["chips"]),
            together=max(round(float(row["concurrency"])), 1),
            input_tokens=int(row["input_tokens"]),
            output_tokens=int(row["output_tokens"]),
            watts=float(row["watts_per_chip"]),
        )
        for row in csv.DictReader(text.splitlines())
    )


@cache
def serving_power_score() -> ServingPowerScore:
    """The score with the serving law that the package ships, about two seconds."""
    fit = shipped_fit()
    points = fit.points
    predicted = points.watts / np.exp(fit.log_ratios)
    return ServingPowerScore(
        fit=fit,
        law=score(fit.log_ratios, points.models),
        naive=score(np.log(points.watts / (NAIVE_SHARE * points.rated_w)), points.models),
        worst=_by_model(points.models, points.watts, predicted),
    )


@cache
def shipped_fit() -> ServingPowerFit:
    """The fit at the loads of the serving law that the package ships: what its calibration file says."""
    return refit_power({name: one.value for name, one in load_calibration().serving_constants.items()})


def refit_power(serving: Mapping[str, float]) -> ServingPowerFit:
    """The fit at the loads of a serving law with constants by the names of the calibration file."""
    catalog, rows = load(), power_rows()
    loads = [row_load(row, catalog, serving) for row in rows]
    return fit_serving_power(
        PowerPoints(
            models=np.array([row.model for row in rows]),
            chips=np.array([row.chip for row in rows]),
            reading=np.array([load.reading for load in loads]),
            multiplying=np.array([load.multiplying for load in loads]),
            watts=np.array([row.watts for row in rows]),
            rated_w=np.array([_rating(catalog, row.chip) for row in rows]),
        )
    )


def row_load(row: PowerRow, catalog: Catalog, serving: Mapping[str, float]) -> Causes:
    """Shares of the time in which a replay's chips read memory and multiply."""
    setup, _ = prepared(read(spec_of(row, catalog), catalog), catalog)
    assert isinstance(setup.steps, Law)
    steps = replace(setup.steps, constants=serving_constants(serving, setup.spec.engine.backend))
    setup = replace(setup, steps=steps)
    causes = chip_load(setup, drive(setup)).causes
    assert causes is not None
    return causes


def spec_of(row: PowerRow, catalog: Catalog) -> dict[str, object]:
    """The spec of a replay of a row: a fixed number of requests at once, of its mean lengths.

    All chips of a row are taken as tensor-parallel ones that share experts whole. Steps are the law's own,
    not corrected by the throughput measured in the same runs.
    """
    experts = row.chips if catalog.model(row.model).is_mixture_of_experts else 1
    return {
        "model": row.model,
        "fleet": {
            "accelerator": row.chip,
            "tensor_parallel_size": row.chips,
            "expert_parallel_size": experts,
        },
        "precision": {"weights": row.precision},
        "engine": {
            "max_num_seqs": row.together,
            "max_num_batched_tokens": max(STEP_TOKENS, row.together),
            "corrected": False,
        },
        "traffic": {
            "synthetic": {
                "requests": max(FEWEST, ROUNDS * row.together),
                "input_tokens": row.input_tokens,
                "output_tokens": row.output_tokens,
                "arrival": {"concurrency": row.together},
            }
        },
        "price": {"usd_per_chip_hour": 1.0},
    }


def _by_model(
    models: Labels, watts: FloatArray, predicted: FloatArray
) -> tuple[tuple[str, float, float], ...]:
    found = [
        (str(name), float(np.median(watts[models == name])), float(np.median(predicted[models == name])))
        for name in np.unique(models)
    ]
    return tuple(sorted(found, key=lambda one: -abs(np.log(one[2] / one[1]))))


def _rating(catalog: Catalog, chip: str) -> float:
    rated = catalog.accelerator(chip).tdp_w
    if rated is None:
        raise ValueError(f"the catalog has no power rating of {chip}")
    return _number(rated)


def _number(fact: Fact) -> float:
    return fact.value.median if isinstance(fact.value, Range) else fact.value
