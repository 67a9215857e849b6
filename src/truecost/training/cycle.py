"""What a step does beside its update: answers written, answers scored, a second learner trained.

The models take turns on the same chips: while one works the others' states are away (in the hosts' memory, as
hybrid engines keep them; arXiv:2308.01320, arXiv:2409.19256). Moving them, and weights from the trainer to
the engine, is not counted. Writing and reading take as long as the serving law says, at replicas of the size
that suits best; every answer is of mean length.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from truecost.physics.calibration import ServingConstants, load_calibration
from truecost.physics.flops import mean_forward_flops_per_token
from truecost.physics.serving import LARGEST_REPLICA_CHIPS, ServingSetup, serving_point
from truecost.physics.training_step.constants import StepConstants
from truecost.physics.training_step.setup import Setup, stack_setups
from truecost.physics.training_step.step import StepParts, step_parts
from truecost.ranges import FloatArray, Range, Value
from truecost.training.methods import Answers, Method, Reader
from truecost.training.search import NoLayout, best_layout

if TYPE_CHECKING:
    from truecost.catalog.accelerators import Accelerator
    from truecost.catalog.architectures import Architecture

ENGINE_SEQUENCES = 256.0
"""Sequences an engine runs at once (vLLM's max_num_seqs)."""


@dataclass(frozen=True, slots=True, eq=False)
class CycleParts(StepParts):
    """The parts of a step that is more than its update."""

    generation: Value
    """Answers written."""
    scoring: Value
    """Forward passes of frozen models: teacher, reference, reward model, critic."""
    critic: Value
    """The critic's own update."""


@dataclass(frozen=True, slots=True, eq=False)
class Beside:
    """What goes on beside the update, by case; seconds of a step on all its chips."""

    generation_s: FloatArray
    scoring_s: FloatArray
    critic_s: FloatArray
    updates: FloatArray
    """Update steps in a step."""
    batches: FloatArray
    """Global batches of tokens that a step learns from."""
    flops: FloatArray
    """FLOP of all of it: one forward pass for each token written or read, three for the critic's update."""
    residual: Range
    """Measured over predicted seconds of serving."""

    @property
    def served_s(self) -> FloatArray:
        """Seconds that the serving law answers for."""
        return self.generation_s + self.scoring_s

    def cycle(self, step: StepParts) -> CycleParts:
        """The update's parts as often as it is made, and what is beside it."""
        parts = {field.name: getattr(step, field.name) * self.updates for field in fields(StepParts)}
        return CycleParts(**parts, generation=self.generation_s, scoring=self.scoring_s, critic=self.critic_s)


@dataclass(frozen=True, slots=True)
class _Work:
    """One case's seconds and FLOP beside its update."""

    generation_s: float = 0.0
    scoring_s: float = 0.0
    critic_s: float = 0.0
    updates: float = 1.0
    batches: float = 1.0
    flops: float = 0.0


_Known: TypeAlias = dict[Hashable, _Work]
"""By what it depends on: cases that differ in prices alone share one."""


def beside(cases: Sequence[tuple[Method, Setup]], constants: StepConstants) -> Beside | None:
    """What steps do beside their updates; None where no case's step does anything.

    Infinite where a model does not fit on the chips (`obstacles` says so beforehand).
    """
    if all(method.is_plain for method, _ in cases):
        return None
    known: _Known = {}
    works = [_work(method, setup, constants, known) for method, setup in cases]
    columns = {field.name: np.array([getattr(one, field.name) for one in works]) for field in fields(_Work)}
    return Beside(**columns, residual=load_calibration().residual_90)


def obstacles(method: Method, setup: Setup, constants: StepConstants) -> Iterator[tuple[str, str]]:
    """What of a method does not fit on the chips of a setup: the field of the spec, and why."""
    serving = load_calibration().serving
    chip, count = setup.accelerator, setup.count
    on = f"{count} {chip.key}"
    for reader in method.readers:
        if math.isinf(_reading(reader, 1, setup.sequence_length, setup, serving)):
            yield (
                reader.path,
                f"{reader.architecture.name}, the {reader.role}, does not fit on {on} to be served",
            )
    if method.answers is not None and math.isinf(_writing(method.answers, setup, serving)):
        yield "model", f"{setup.architecture.name} does not fit on {on} to write answers"
    if method.critic is not None and math.isinf(_critic(method.critic, setup, constants)):
        yield "rlhf.critic", f"{method.critic.name} does not fit on {on} to be trained"


def _work(method: Method, setup: Setup, constants: StepConstants, known: _Known) -> _Work:
    if method.is_plain:
        return _Work()
    parts = {part.name: getattr(setup, part.name) for part in fields(Setup)}
    key = (method, *{**parts, "accelerator": setup.accelerator.key}.values())
    if key not in known:
        known[key] = _worked(method, setup, constants)
    return known[key]


def _worked(method: Method, setup: Setup, constants: StepConstants) -> _Work:
    serving = load_calibration().serving
    batches = method.batches(setup.global_batch_size)
    sequences, tokens = setup.global_batch_size * batches, setup.sequence_length
    updates = batches * method.epochs
    reading = sum(_reading(one, sequences, tokens, setup, serving) for one in method.readers)
    forward = sum(_forward(one.architecture, tokens) for one in method.readers)
    writing = 0.0
    if method.answers is not None:
        writing = _writing(method.answers, setup, serving)
        forward += _forward(setup.architecture, tokens)
    critic = 0.0
    if method.critic is not None:
        critic = updates * _critic(method.critic, setup, constants)
        forward += 3 * method.epochs * _forward(method.critic, tokens)
    return _Work(writing, reading, critic, float(updates), float(batches), forward * sequences * tokens)


def _forward(architecture: Architecture, tokens: int) -> float:
    return float(mean_forward_flops_per_token(architecture, tokens))


def _writing(answers: Answers, setup: Setup, serving: ServingConstants) -> float:
    """Seconds to write the answers of a cycle; prompts are read once for all their answers."""

    def seconds(size: int) -> float:
        requests = answers.sequences / (setup.count // size)
        asked = ServingSetup(
            answers.prompt_tokens,
            answers.output_tokens,
            tensor_parallel_size=size,
            precision=answers.precision,
            cached_input_share=1 - 1 / answers.samples,
            max_batch=min(max(requests, 1.0), ENGINE_SEQUENCES),
        )
        point = serving_point(setup.architecture, setup.accelerator, asked, serving)
        return requests * float(point.replica_seconds_per_request)

    return min(_tried(seconds, setup.accelerator, setup.count), default=math.inf)


def _reading(reader: Reader, sequences: int, tokens: int, setup: Setup, serving: ServingConstants) -> float:
    """Seconds to read some sequences: forward passes, as of prompts."""

    def seconds(size: int) -> float:
        asked = ServingSetup(tokens, 1, tensor_parallel_size=size, precision=reader.precision)
        point = serving_point(reader.architecture, setup.accelerator, asked, serving)
        return sequences / (setup.count // size) * float(point.prefill_s)

    return min(_tried(seconds, setup.accelerator, setup.count), default=math.inf)


def _tried(seconds: Callable[[int], float], chip: Accelerator, count: int) -> Iterator[float]:
    """Seconds with replicas of 1, 2, 4 ... chips, of those a model fits on and is cut evenly by.

    Once a model fits on the chips of one server, replicas that span several are not tried.
    """
    size, has_fit = 1, False
    while size <= min(count, LARGEST_REPLICA_CHIPS) and not (has_fit and size > chip.chips_per_server):
        try:
            yield seconds(size)
        except ValueError:
            pass
        else:
            has_fit = True
        size *= 2


def _critic(critic: Architecture, setup: Setup, constants: StepConstants) -> float:
    """Seconds of one update of the critic: in the policy's layout if it is as large, else in its best."""
    if critic == setup.architecture:
        return float(np.sum(step_parts(stack_setups([setup]), constants).total))
    try:
        found = best_layout(replace(setup, architecture=critic), constants)
    except NoLayout:
        return math.inf
    return float(np.sum(step_parts(stack_setups([found]), constants).total))
