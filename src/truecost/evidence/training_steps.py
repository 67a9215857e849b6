"""The measured training steps: `data/training_steps.csv`, as cases of the law."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

from truecost.catalog.accelerators import accelerator
from truecost.catalog.architectures import Architecture
from truecost.catalog.config_json import from_config
from truecost.catalog.models import model
from truecost.evidence.metrics import Labels
from truecost.physics.training_step.cases import Cases
from truecost.physics.training_step.setup import Setup, stack_setups
from truecost.ranges import FloatArray

SIZES = (
    "hidden_size", "num_hidden_layers", "num_attention_heads", "num_key_value_heads", "intermediate_size",
    "vocab_size", "head_dim",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class MeasuredStep:
    """One row of the table that can be compared."""

    setup: Setup
    seconds: float
    dataset: str
    release: str
    model: str
    chip: str


@dataclass(frozen=True, slots=True, eq=False)
class Steps:
    """Measured steps as one stack."""

    cases: Cases
    seconds: FloatArray
    datasets: Labels
    chips: Labels
    models: Labels
    setups: Labels
    """Steps of one setup err together: the same model, chip, precision and source."""
    rows: tuple[MeasuredStep, ...]

    def __len__(self) -> int:
        return len(self.rows)

    def where(self, chosen: NDArray[np.bool_]) -> Steps:
        """Some of the steps."""
        kept = tuple(row for row, is_chosen in zip(self.rows, chosen.tolist(), strict=True) if is_chosen)
        return Steps(
            self.cases.where(chosen), self.seconds[chosen], self.datasets[chosen], self.chips[chosen],
            self.models[chosen], self.setups[chosen], kept,
        )  # fmt: skip


@cache
def training_steps() -> Steps:
    """Every row that is usable and states its layout."""
    rows = tuple(_measured(row) for row in step_rows() if not row["left_out"] and _is_stated(row))
    return stack_steps(rows)


def stack_steps(rows: Sequence[MeasuredStep]) -> Steps:
    """Some of the rows as one stack."""
    return Steps(
        cases=stack_setups([row.setup for row in rows]),
        seconds=np.array([row.seconds for row in rows]),
        datasets=np.array([row.dataset for row in rows]),
        chips=np.array([row.chip for row in rows]),
        models=np.array([row.model for row in rows]),
        setups=np.array([f"{row.dataset} {row.model} {row.chip} {row.setup.precision}" for row in rows]),
        rows=tuple(rows),
    )


def step_rows() -> list[dict[str, str]]:
    """The table as text, left-out rows included."""
    text = (files("truecost.evidence") / "data" / "training_steps.csv").read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))


_STATED = ("tensor_parallel_size", "pipeline_parallel_size", "micro_batch_size", "data_parallel_size")


def _is_stated(row: Mapping[str, str]) -> bool:
    return all(row[name] for name in _STATED)


def _measured(row: Mapping[str, str]) -> MeasuredStep:
    setup = Setup(
        architecture=_architecture(row),
        accelerator=accelerator(row["accelerator"]),
        count=int(row["count"]),
        global_batch_size=int(row["global_batch_size"]),
        micro_batch_size=int(row["micro_batch_size"]),
        sequence_length=int(row["sequence_length"]),
        per_node=_number(row["per_node"]),
        inter_node_bytes_per_s=float(row["inter_node_bytes_per_s"])
        if row["inter_node_bytes_per_s"]
        else None,
        precision=row["precision"],
        tensor_parallel_size=_number(row["tensor_parallel_size"]) or 1,
        pipeline_parallel_size=_number(row["pipeline_parallel_size"]) or 1,
        virtual_pipeline_size=_number(row["virtual_pipeline_size"]) or 1,
        context_parallel_size=_number(row["context_parallel_size"]) or 1,
        expert_parallel_size=_number(row["expert_parallel_size"]) or 1,
        sharding=row["sharding"] or "zero-1",
        sequence_parallel=row["sequence_parallel"] == "true",
        recompute=row["recompute"] or "none",
        attention=row["attention"] or "flash",
        stack=row["stack"],
        power_cap_w=float(row["power_cap_w"]) if row["power_cap_w"] else None,
    )
    name = row["model"] or f"{row['hidden_size']}x{row['num_hidden_layers']}"
    return MeasuredStep(
        setup, float(row["step_time_s"]), row["dataset"], row["release"], name, row["accelerator"]
    )


def _number(text: str) -> int | None:
    return int(text) if text else None


def _architecture(row: Mapping[str, str]) -> Architecture:
    if row["model"]:
        return model(row["model"])
    return _inline(tuple(row[name] for name in SIZES), row["gated_mlp"] == "true")


@cache
def _inline(sizes: tuple[str, ...], gated: bool) -> Architecture:
    config: dict[str, object] = {name: int(value) for name, value in zip(SIZES, sizes, strict=True) if value}
    config |= {"model_type": "gpt", "gated_mlp": gated, "tie_word_embeddings": True}
    return from_config(config, f"{sizes[0]}x{sizes[1]}", "sizes as published with the measurement")
