"""Measured serving points: read from `data/serving_points.csv` and stacked into arrays for the law.

One row is one steady state of a running engine. What a request takes of it is measured as a throughput,
or follows from the times to first and next tokens by Little's law: replica-seconds per request =
(first + (output - 1) x next) / concurrency.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass, fields
from functools import cache
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

from truecost.catalog.accelerators import accelerator
from truecost.catalog.models import model
from truecost.evidence.metrics import Labels
from truecost.physics.replica import ServingSetup, rates_of, work_of
from truecost.physics.roofline import ChipRates, Work
from truecost.ranges import FloatArray

OFFLINE_BATCH = 2048.0
"""Sequences TensorRT-LLM runs at once on each rank unless told otherwise (its max_batch_size)."""
HELD_OUT_SOURCES = frozenset({"argonne", "llmservingsim"})
"""Never fitted: engines, chips and protocols of their own, as a test from outside."""


@dataclass(frozen=True, slots=True)
class Point:
    """One measured steady state."""

    source: str
    model: str
    chip: str
    engine: str
    setup: ServingSetup
    max_num_batched_tokens: int
    """Tokens of a step of a rank, as the run's recipe had it."""
    shortest: float
    """Lengths are drawn evenly from this share of the longest to the longest; those of `setup` are means."""
    concurrency: float
    """Requests in progress, asked for or observed; infinite where everything was queued at the start."""
    ttft_s: float
    """Mean time to first token; NaN where not measured, as the two below."""
    tpot_s: float
    tokens_per_second_per_chip: float


@dataclass(frozen=True, slots=True)
class Stack:
    """Points as arrays, in the shape the law takes: element i of every array belongs to point i."""

    work: Work
    chip: ChipRates
    concurrency: FloatArray
    ttft_s: FloatArray
    tpot_s: FloatArray
    replica_seconds: FloatArray
    """Per request: output tokens over output tokens per second of the replica."""
    sources: Labels
    models: Labels
    """Models of equal sizes under one name: what a model left out of the fit must not share."""
    chips: Labels
    engines: Labels
    steps: FloatArray
    """Tokens of a step of a rank."""
    shortest: FloatArray
    """Least length as a share of the longest."""
    setups: Labels
    """Source, model, chip, engine and precision: points of one setup err together."""

    def __len__(self) -> int:
        return len(self.concurrency)

    def where(self, chosen: NDArray[np.bool_]) -> Stack:
        """The points a mask chooses."""
        return Stack(
            Work(*(getattr(self.work, part.name)[chosen] for part in fields(Work))),
            ChipRates(*(getattr(self.chip, part.name)[chosen] for part in fields(ChipRates))),
            *(getattr(self, part.name)[chosen] for part in fields(self)[2:]),
        )


@cache
def serving_points() -> tuple[Point, ...]:
    """Every measured serving point the package ships."""
    text = (files("truecost.evidence") / "data" / "serving_points.csv").read_text(encoding="utf-8")
    return tuple(_point(row) for row in csv.DictReader(text.splitlines()))


def stack(points: Sequence[Point]) -> Stack:
    """Points as arrays. Raises UnknownName for a model or chip the catalog does not have."""
    architectures = {name: model(name) for name in {point.model for point in points}}
    accelerators = {name: accelerator(name) for name in {point.chip for point in points}}
    works = [work_of(architectures[point.model], point.setup) for point in points]
    rates = [rates_of(architectures[point.model], accelerators[point.chip], point.setup) for point in points]
    same_sizes: dict[tuple[int, int], str] = {}
    names = [
        same_sizes.setdefault((sizes.total_parameters, sizes.num_hidden_layers), sizes.name)
        for sizes in (architectures[point.model] for point in points)
    ]
    return Stack(
        work=Work(*_columns(works)),
        chip=ChipRates(*_columns(rates)),
        concurrency=np.array([point.concurrency for point in points]),
        ttft_s=np.array([point.ttft_s for point in points]),
        tpot_s=np.array([point.tpot_s for point in points]),
        replica_seconds=np.array([_replica_seconds(point) for point in points]),
        sources=np.array([point.source for point in points]),
        models=np.array(names),
        chips=np.array([accelerators[point.chip].key for point in points]),
        engines=np.array([point.engine for point in points]),
        steps=np.array([float(point.max_num_batched_tokens) for point in points]),
        shortest=np.array([point.shortest for point in points]),
        setups=np.array(
            [
                f"{point.source}/{name}/{point.chip}/{point.engine}/{point.setup.precision}"
                for point, name in zip(points, names, strict=True)
            ]
        ),
    )


def _columns(records: Sequence[Work] | Sequence[ChipRates]) -> list[FloatArray]:
    """One array a field, in the order of the fields."""
    names = [part.name for part in fields(records[0])]
    rows = [[float(getattr(record, name)) for name in names] for record in records]
    return list(np.array(rows, dtype=np.float64).T)


def _replica_seconds(point: Point) -> float:
    tokens = float(point.setup.output_tokens)
    if np.isnan(point.tokens_per_second_per_chip):
        return (point.ttft_s + (tokens - 1) * point.tpot_s) / point.concurrency
    chips = point.setup.tensor_parallel_size * point.setup.data_parallel_size
    return tokens / (point.tokens_per_second_per_chip * chips)


def _point(row: dict[str, str]) -> Point:
    setup = ServingSetup(
        input_tokens=float(row["input_tokens"]),
        output_tokens=float(row["output_tokens"]),
        tensor_parallel_size=int(row["tensor_parallel_size"]),
        data_parallel_size=int(row["data_parallel_size"]),
        expert_parallel_size=int(row["expert_parallel_size"]),
        precision=row["precision"],
        kv_precision=row["kv_precision"],
    )
    return Point(
        source=row["source"],
        model=row["model"],
        chip=row["chip"],
        engine=row["engine"],
        setup=setup,
        max_num_batched_tokens=int(row["max_num_batched_tokens"]),
        shortest=float(row["shortest"]),
        concurrency=_number(row["concurrency"], np.inf),
        ttft_s=_number(row["ttft_s"], np.nan),
        tpot_s=_number(row["tpot_s"], np.nan),
        tokens_per_second_per_chip=_number(row["output_tokens_per_second_per_chip"], np.nan),
    )


def _number(text: str, otherwise: float) -> float:
    return float(text) if text else otherwise
