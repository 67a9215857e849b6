"""What the step law says recorded whole runs take: at a benchmark's speed, in the best layout that fits.

A record states the model, the chips and the tokens, seldom the layout: the fastest one that fits stands for
it. What it does not state is set by rule, the same for all: sizes that were not published follow the
parameters, a batch that was not published the compute (`training.unstated`), attention is
unfused before 2023 (fused attention was published in May 2022), TPUs run MaxText and all others Megatron.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from truecost.catalog.accelerators import accelerator
from truecost.catalog.architectures import Architecture
from truecost.catalog.config_json import from_config
from truecost.catalog.models import model
from truecost.evidence.training_steps import SIZES
from truecost.evidence.whole_run_fit import USUAL_DAYS, RecordedRun
from truecost.physics.training_step.constants import StepConstants
from truecost.physics.training_step.setup import Setup, stack_setups
from truecost.physics.training_step.step import step_parts
from truecost.ranges import FloatArray
from truecost.training.search import best_layout
from truecost.training.unstated import VOCABULARY, batch_sequences, dense_config

USUAL_SEQUENCE = 2048
USUAL_UTILIZATION = 0.35
"""To guess how many chips a run had whose number was not published, for `USUAL_DAYS`."""
FUSED_SINCE = 2023.0
MODEL_CHIPS = 8
SECONDS_PER_DAY = 86_400.0
SECONDS_PER_HOUR = 3600.0


def benchmark_chip_hours(runs: Sequence[RecordedRun], constants: StepConstants) -> FloatArray:
    """Chip-hours of each run's tokens at the step law's speed, nothing lost on the way."""
    setups = [best_layout(described(run), constants) for run in runs]
    seconds = np.asarray(step_parts(stack_setups(setups), constants).total)
    steps = np.array([
        run.tokens / (setup.global_batch_size * setup.sequence_length)
        for run, setup in zip(runs, setups, strict=True)
    ])  # fmt: skip
    chips = np.array([setup.count for setup in setups])
    return seconds * steps * chips / SECONDS_PER_HOUR


def described(run: RecordedRun) -> Setup:
    """A recorded run as a setup, its layout still to be chosen."""
    sequence = _whole(run.cells, "sequence_length") or USUAL_SEQUENCE
    chip = accelerator(run.accelerator)
    return Setup(
        architecture=_architecture(run),
        accelerator=chip,
        count=_count(run),
        global_batch_size=_batch(run, sequence),
        micro_batch_size=1,
        sequence_length=sequence,
        precision=run.cells["precision"] or "bf16",
        attention="flash" if run.year >= FUSED_SINCE else "unfused",
        stack="maxtext" if chip.kind == "TPU" else "megatron",
    )


def _architecture(run: RecordedRun) -> Architecture:
    if run.model:
        return model(run.model)
    stated = {name: size for name in SIZES if (size := _whole(run.cells, name))}
    if not stated:
        return from_config(dense_config(run.parameters), run.run, "from its parameters")
    config: dict[str, object] = {"intermediate_size": 4 * stated["hidden_size"], "vocab_size": VOCABULARY}
    config |= stated
    config |= {"model_type": "gpt", "gated_mlp": run.cells["gated_mlp"] == "true"}
    config |= {"tie_word_embeddings": True}
    return from_config(config, run.run, "sizes as recorded")


def _count(run: RecordedRun) -> int:
    """Chips, as the nearest power of two: a count that has layouts. Chip-hours hardly depend on it."""
    seconds = run.training_flop / (run.peak_flops_per_s * USUAL_UTILIZATION)
    chips = run.chips or seconds / (USUAL_DAYS * SECONDS_PER_DAY)
    return 2 ** round(math.log2(max(chips, MODEL_CHIPS)))


def _batch(run: RecordedRun, sequence: int) -> int:
    """Sequences a step: as many a chip as recorded, and the same for every eight chips."""
    tokens = _whole(run.cells, "batch_tokens")
    sequences = tokens / sequence if tokens else batch_sequences(run.training_flop, sequence)
    copies = _count(run) // MODEL_CHIPS
    scale = _count(run) / run.chips if run.chips else 1.0
    return max(1, round(sequences * scale / copies)) * copies


def _whole(cells: Mapping[str, str], name: str) -> int | None:
    return int(float(cells[name])) if cells.get(name) else None
