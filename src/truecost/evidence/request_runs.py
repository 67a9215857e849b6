"""Recorded runs of vLLM, request by request, replayed: what `truecost replay` says beside what it took.

The arrivals, lengths and engine settings are the runs' own; the step times are the law's, with the constants
of the calibration. Nothing was ever fitted on these runs: they stand for what a user gets who replays a log.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np

from truecost.catalog.catalog import load
from truecost.replay.metrics import Seen, statistics
from truecost.replay.points import Points
from truecost.replay.reading import read
from truecost.replay.run import answered, prepared
from truecost.replay.traffic import Load

JUDGED = tuple((name, statistic) for statistic in ("mean", "p99") for name in ("ttft", "tpot", "e2e"))
"""Latency and its statistic over the requests of a run; the mean queue stands beside them."""
QUEUE = ("queue", "mean")


@dataclass(frozen=True, slots=True)
class RequestRun:
    """One recorded run: what was asked of which engine, and what each request saw."""

    name: str
    model: str
    chip: str
    precision: str
    tensor_parallel_size: int
    engine: str
    engine_version: str
    max_num_seqs: int
    max_num_batched_tokens: int
    load: Load
    seen: Seen
    """Of every request, in seconds."""


@dataclass(frozen=True, slots=True)
class LatencyScore:
    """One statistic of one latency over a run, in seconds."""

    latency: str
    statistic: str
    measured_s: float
    predicted: Points
    """The middle and the ends of the 90 % interval."""

    @property
    def error(self) -> float:
        """Predicted over measured, less 1."""
        return self.predicted.middle / self.measured_s - 1

    @property
    def is_inside(self) -> bool:
        """Whether the interval holds the measurement."""
        low, high = self.predicted.p5, self.predicted.p95
        return low is not None and high is not None and low <= self.measured_s <= high


@dataclass(frozen=True, slots=True)
class RunScore:
    """A run beside its replay."""

    run: RequestRun
    latencies: tuple[LatencyScore, ...]
    """Those of JUDGED, then the mean queue."""
    cache_tokens: int
    """KV tokens that memory leaves, by our count."""
    preemptions: int
    """In the replay; the record does not say."""
    makespan_measured_s: float
    makespan_predicted_s: float


@cache
def request_runs() -> tuple[RequestRun, ...]:
    """The recorded runs that the package ships."""
    rows = _table("request_runs.csv")
    return tuple(
        _run(settings, [row for row in rows if row["run"] == settings["run"]])
        for settings in _table("request_run_settings.csv")
    )


@cache
def request_run_scores() -> tuple[RunScore, ...]:
    """Every recorded run, replayed with the constants that the package ships."""
    return tuple(replayed(run) for run in request_runs())


def replayed(run: RequestRun) -> RunScore:
    """A run through the door of `truecost replay`, and how far its latencies are off."""
    catalog = load()
    document = read(spec_of(run), catalog)
    setup, _ = prepared(document, catalog, run.load)
    answer = answered(setup)
    return RunScore(
        run=run,
        latencies=tuple(
            LatencyScore(
                latency=name,
                statistic=statistic,
                measured_s=statistics(getattr(run.seen, name))[statistic],
                predicted=answer.numbers[f"{name}_{statistic}_s"],
            )
            for name, statistic in (*JUDGED, QUEUE)
        ),
        cache_tokens=setup.blocks * setup.spec.engine.block_size,
        preemptions=round(answer.numbers["preemptions"].middle),
        makespan_measured_s=float(np.max(run.load.arrival_s + run.seen.e2e)),
        makespan_predicted_s=answer.numbers["makespan_s"].middle,
    )


def spec_of(run: RequestRun) -> dict[str, object]:
    """The spec of a replay; its price is not asked for, and stated so that none is looked up."""
    return {
        "model": run.model,
        "fleet": {"accelerator": run.chip, "tensor_parallel_size": run.tensor_parallel_size},
        "precision": {"weights": run.precision, "kv_cache": run.precision},
        "engine": {
            "backend": run.engine,
            "max_num_seqs": run.max_num_seqs,
            "max_num_batched_tokens": run.max_num_batched_tokens,
        },
        "traffic": {"trace": run.name},
        "price": {"usd_per_chip_hour": 1.0},
    }


def _run(settings: dict[str, str], rows: list[dict[str, str]]) -> RequestRun:
    columns = {
        name: np.array([float(row[name]) for row in rows])
        for name in rows[0]
        if name not in ("source", "run")
    }
    return RequestRun(
        name=settings["run"],
        model=settings["model"],
        chip=settings["chip"],
        precision=settings["precision"],
        tensor_parallel_size=int(settings["tensor_parallel_size"]),
        engine=settings["engine"],
        engine_version=settings["engine_version"],
        max_num_seqs=int(settings["max_num_seqs"]),
        max_num_batched_tokens=int(settings["max_num_batched_tokens"]),
        load=Load(
            name=settings["run"],
            arrival_s=columns["arrival_s"] - columns["arrival_s"][0],
            input_tokens=columns["input_tokens"].astype(np.int64),
            output_tokens=columns["output_tokens"].astype(np.int64),
        ),
        seen=Seen(columns["ttft_s"], columns["tpot_s"], columns["e2e_s"], columns["queue_s"]),
    )


def _table(name: str) -> list[dict[str, str]]:
    text = (files("truecost.evidence") / "data" / name).read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))
