"""The share of the peak that a model reaches on some chips in the best layout: what a run's gap is judged by.

What recorded runs took beyond the step law depends on how much the law promises (`evidence.whole_run_fit`).
It must not depend on the layout, network or power cap at hand: a slower step is not made up for by better
engineering. The reference is therefore the fastest layout that fits, on the chips' own network at their own
power, whatever the spec states.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple

import numpy as np

from truecost.physics.flops import FORWARD_AND_BACKWARD, mean_forward_flops_per_token
from truecost.physics.training_step.constants import StepConstants
from truecost.physics.training_step.setup import Setup, chips, stack_setups
from truecost.physics.training_step.step import step_parts
from truecost.ranges import FloatArray
from truecost.training.search import NoLayout, best_layout
from truecost.training.search_space import Fixed


def reference_shares(setups: Sequence[Setup], constants: StepConstants) -> FloatArray:
    """For each setup the model FLOPs over the 16-bit peak of its chips, in the best layout for its batch."""
    return np.array([_share(_plain(setup), constants) for setup in setups])


def _plain(setup: Setup) -> Setup:
    """The setup without anything stated about how the work is spread."""
    return Setup(
        architecture=setup.architecture,
        accelerator=setup.accelerator,
        count=setup.count,
        global_batch_size=setup.global_batch_size,
        micro_batch_size=1,
        sequence_length=setup.sequence_length,
        precision=setup.precision,
        attention=setup.attention,
        stack=setup.stack,
    )


def _share(setup: Setup, constants: StepConstants) -> float:
    key = (setup.architecture, *astuple(chips(setup)), setup.count, setup.global_batch_size)
    key += (setup.sequence_length, setup.precision, setup.attention, setup.stack, id(constants))
    if key not in _KNOWN:
        if len(_KNOWN) >= MOST_KNOWN:
            _KNOWN.clear()
        _KNOWN[key] = _searched(setup, constants)
    return _KNOWN[key]


MOST_KNOWN = 16_384
_KNOWN: dict[tuple[object, ...], float] = {}


def _searched(setup: Setup, constants: StepConstants) -> float:
    best = _best(setup, constants)
    seconds = float(np.sum(step_parts(stack_setups([best]), constants).total))
    flops = FORWARD_AND_BACKWARD * float(
        mean_forward_flops_per_token(best.architecture, float(best.sequence_length))
    )
    peak = float(np.sum(chips(best).wide_peak_flops)) * best.count
    return flops * best.global_batch_size * best.sequence_length / (seconds * peak)


def _best(setup: Setup, constants: StepConstants) -> Setup:
    """The fastest layout that fits among the usual ones, then among all; the setup itself where none does."""
    usual: Fixed = {"sharding": "zero-3" if setup.stack in SHARDING_STACKS else "zero-1"}
    if setup.sequence_length <= LONG_SEQUENCE:
        usual = {**usual, "context_parallel_size": 1}
    for fixed in (usual, {}):
        try:
            return best_layout(setup, constants, fixed)
        except NoLayout:
            continue
    return setup


SHARDING_STACKS = ("fsdp", "torchtitan", "maxtext")
LONG_SEQUENCE = 16_384
"""Tokens above which context parallelism is tried at once."""
