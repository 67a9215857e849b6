"""Which measured runs a replay is near to: of the same model, chip, engine and precision, at like loads."""

from __future__ import annotations

import numpy as np

from truecost.physics.nearby import Correction, Group, Place, correction
from truecost.replay.provider import Law, Requested
from truecost.replay.schema import ReplaySpec
from truecost.replay.traffic import Load

QUEUED = 2048.0
"""Requests at once on a rank where everything waits from the start, as the measured runs have it."""
SAME = {"nvfp4": "fp4"}
"""Precisions that the measured runs name otherwise."""
ROUNDS = 30


def nearby(spec: ReplaySpec, law: Law, load: Load, asked: Requested) -> Correction:
    """How far off the law was on measured runs of this setup nearby; nothing with drafts or stages."""
    layout = law.layout
    if not spec.engine.corrected or layout.draft_tokens or layout.pipeline_parallel_size > 1:
        return Correction()
    sizes = layout.architecture
    weights = layout.weights or sizes.weight_precision
    group = Group(
        sizes.total_parameters,
        sizes.num_hidden_layers,
        layout.chip.key,
        spec.engine.backend,
        SAME.get(weights, weights),
    )
    place = Place(
        chips=layout.chips,
        ranks=layout.data_parallel_size,
        concurrency=at_once(spec, law, load, asked),
        input_tokens=float(asked.input_tokens.mean()),
        output_tokens=float(asked.output_tokens.mean()),
    )
    return correction(group, place, queued=is_queued(load))


def is_queued(load: Load) -> bool:
    """Whether everything waits from the start; a single request waits for nothing."""
    return load.concurrency is None and len(load) > 1 and not load.arrival_s.any()


def at_once(spec: ReplaySpec, law: Law, load: Load, asked: Requested) -> float:
    """Requests that a replica answers at once, on average, by the law.

    Of a fixed concurrency its part; under an autoscaler the number it keeps replicas at. Of traffic by the
    clock what Little's law gives: requests a second x (prompt + answer at the pace of that many), at most the
    seats; the square root of a step's growth keeps the rounds from swinging.
    """
    ranks, replicas = law.layout.data_parallel_size, spec.fleet.replicas
    seats = float(spec.engine.max_num_seqs * ranks)
    if spec.fleet.autoscale is not None:
        return min(float(spec.fleet.autoscale.scale_up_at), seats)
    if load.concurrency is not None:
        return max(1.0, min(min(load.concurrency, len(load)) / replicas, seats))
    if is_queued(load):
        return QUEUED * ranks
    if not load.is_paced:
        return 1.0
    rate = len(load) / float(load.arrival_s[-1]) / replicas
    prompt, answer = float(asked.input_tokens.mean()), float(asked.output_tokens.mean())
    alone = float(law.seconds(np.array([prompt]), np.zeros(1), np.zeros(1))[0])
    alone += law.seconds_per_pair * prompt * prompt / 2
    left = max(1 - rate * alone, 0.02)
    batch = 1.0
    for _ in range(ROUNDS):
        context = batch * (prompt + answer / 2)
        step = float(law.seconds(np.zeros(1), np.array([batch]), np.array([context]))[0])
        wanted = rate * (alone + answer * step / left)
        batch = min(max(float(np.sqrt(batch * wanted)), 1.0), seats)
    return batch
