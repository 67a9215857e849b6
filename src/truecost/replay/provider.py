"""What a layout of chips can do: how long its steps take, and how many blocks its KV cache has.

Step times are a function from (prefill tokens, decode sequences, context) to seconds, of two providers: the
law of `physics.roofline`, for any chip with a datasheet, and the user's own measured steps. Context is the KV
tokens that the decoding sequences of a step read, all together. The cache is the law's with either.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, cast

import numpy as np

from truecost.physics.replica import ServingSetup, converts_to, rates_of, work_of
from truecost.physics.roofline import (
    ChipRates,
    MixedParts,
    Work,
    cache_parts,
    free_bytes_per_chip,
    mixed_step_parts,
    pipeline_fill_seconds,
)
from truecost.ranges import FloatArray
from truecost.spec import Problem, SpecError, nearest_names

if TYPE_CHECKING:
    from truecost.catalog.accelerators import Accelerator
    from truecost.catalog.architectures import Architecture
    from truecost.physics.calibration import ServingConstants

LAW, MEASURED = "law", "measured steps"
COLUMNS = ("prefill_tokens", "decode_sequences", "context_tokens", "seconds")
FEWEST_STEPS = 8
"""Measured steps that a fit needs: one for each of its terms and two more."""
DEFAULT_MEMORY_SHARE = 0.9
"""`gpu_memory_utilization` behind the calibrated share of usable memory."""


class StepTimes(Protocol):
    """What the engine asks: how long steps take. Arrays broadcast against each other."""

    @property
    def name(self) -> str:
        """What the result calls it."""
        ...

    def seconds(
        self, prefill_tokens: FloatArray, decode_sequences: FloatArray, context_tokens: FloatArray
    ) -> FloatArray:
        """Seconds of steps."""
        ...

    def parts(
        self, prefill_tokens: FloatArray, decode_sequences: FloatArray, context_tokens: FloatArray
    ) -> Mapping[str, FloatArray]:
        """Seconds by cause; one cause where they are not known."""
        ...

    def points(self, limits: tuple[int, int, int]) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Where to tabulate each axis, from 0 to the limits, so that straight lines between are right."""
        ...

    @property
    def seconds_per_pair(self) -> float:
        """Seconds for each token that a prompt token attends to, beside `seconds`."""
        ...


@dataclass(frozen=True, slots=True)
class Layout:
    """A replica: a model over chips, in its precisions, with its drafts."""

    architecture: Architecture
    chip: Accelerator
    tensor_parallel_size: int = 1
    pipeline_parallel_size: int = 1
    data_parallel_size: int = 1
    expert_parallel_size: int = 1
    weights: str | None = None
    activations: str | None = None
    kv_cache: str = "bf16"
    draft_tokens: int = 0
    draft_overhead: float = 0.0

    @property
    def chips(self) -> int:
        """Of one replica."""
        return self.stage_chips * self.pipeline_parallel_size

    @property
    def stage_chips(self) -> int:
        """Of each stage of a replica's pipeline."""
        return self.tensor_parallel_size * self.data_parallel_size

    def setup(self, context_tokens: FloatArray | float) -> ServingSetup:
        """As the law has it, for answers at a context."""
        return ServingSetup(
            input_tokens=context_tokens,
            output_tokens=0.0,
            tensor_parallel_size=self.tensor_parallel_size,
            data_parallel_size=self.data_parallel_size,
            pipeline_parallel_size=self.pipeline_parallel_size,
            expert_parallel_size=self.expert_parallel_size,
            precision=self.weights,
            kv_precision=self.kv_cache,
            draft_tokens=float(self.draft_tokens),
        )

    def rates(self) -> ChipRates:
        """The peaks of the chip at these precisions. Raises ValueError where the catalog has no network."""
        found = rates_of(self.architecture, self.chip, self.setup(1.0))
        if self.activations is None:
            return found
        peak, converts = self.chip.dense_peak(self.activations), converts_to(self.activations, self.chip)
        return replace(found, common_flops_per_s=peak, expert_flops_per_s=peak, converts=converts)

    def work(self, context_tokens: FloatArray | float) -> Work:
        """What it asks of its chips. Raises ValueError for a layout the model does not allow."""
        return work_of(self.architecture, self.setup(context_tokens))


@dataclass(frozen=True, slots=True)
class Law:
    """Step times by the calibrated roofline; attention of prompts by what each of its tokens attends to."""

    layout: Layout
    constants: ServingConstants
    prompt_attention: PromptAttention
    scale: float = 1.0
    """Correction of all times by measurements of the same setup nearby."""

    @property
    def name(self) -> str:
        """What the result calls it."""
        return LAW

    def _mixed(
        self, prefill_tokens: FloatArray, decode_sequences: FloatArray, context_tokens: FloatArray
    ) -> MixedParts:
        context = np.where(decode_sequences > 0, context_tokens / np.maximum(decode_sequences, 1), 0.0)
        work = replace(
            self.layout.work(context),
            prefill_tokens=prefill_tokens,
            prefill_attention_flops=prefill_tokens * self.prompt_attention.flops_per_token,
        )
        overhead = self.layout.draft_overhead
        return mixed_step_parts(work, self.layout.rates(), decode_sequences, self.constants, overhead)

    def seconds(
        self, prefill_tokens: FloatArray, decode_sequences: FloatArray, context_tokens: FloatArray
    ) -> FloatArray:
        """Seconds of steps."""
        return np.asarray(self._mixed(prefill_tokens, decode_sequences, context_tokens).total * self.scale)

    @property
    def seconds_per_pair(self) -> float:
        """Attention of prompts: FLOPs of a pair over the rate of a replica."""
        rate = self.layout.rates().attention_flops_per_s * self.constants.attention_efficiency
        return float(self.prompt_attention.flops_per_pair / (rate * self.layout.chips)) * self.scale

    @property
    def fill_s(self) -> tuple[float, float]:
        """Seconds of a prompt's token, and of a pair of them, to pass a pipeline; 0 without one."""
        token, flop = pipeline_fill_seconds(self.layout.work(1.0), self.layout.rates(), self.constants)
        return float(token) * self.scale, float(flop) * self.prompt_attention.flops_per_pair * self.scale

    def parts(
        self, prefill_tokens: FloatArray, decode_sequences: FloatArray, context_tokens: FloatArray
    ) -> Mapping[str, FloatArray]:
        """Seconds of steps by cause."""
        mixed = self._mixed(prefill_tokens, decode_sequences, context_tokens)
        shape = np.broadcast_shapes(prefill_tokens.shape, decode_sequences.shape, context_tokens.shape)
        return {
            part.name: np.broadcast_to(getattr(mixed, part.name) * self.scale, shape)
            for part in fields(mixed)
        }

    def points(self, limits: tuple[int, int, int]) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Powers of 2 and a point between each two: the law bends only by experts, windows and chunks."""
        prefill, decode, context = limits
        kink = self.constants.prefill_chunk_tokens * self.layout.data_parallel_size
        return _geometric(prefill, extra=(kink,)), _geometric(decode), _geometric(context, first=256)


def _geometric(limit: int, first: int = 1, extra: Sequence[float] = ()) -> FloatArray:
    """0, powers of 2 and 1.5 times them from `first`, and the limit itself."""
    found = {0.0, 1.0, float(limit), *(point for point in extra if point < limit)}
    point = float(first)
    while point < limit:
        found |= {point, min(np.floor(1.5 * point), float(limit))}
        point *= 2
    return np.array(sorted(found))


@dataclass(frozen=True, slots=True)
class Measured:
    """Step times from a file of measured steps, fitted by a line without negative parts.

    seconds = a [prompts] + b prompt tokens + c [answers] + d answers + e context, each at least 0, by
    relative least squares: `error` is the median one of the steps it was fitted on.
    """

    file: str
    coefficients: FloatArray
    error: float
    steps: int

    @property
    def seconds_per_pair(self) -> float:
        """The measured steps do not say."""
        return 0.0

    @property
    def name(self) -> str:
        """What the result calls it."""
        return MEASURED

    def parts(
        self, prefill_tokens: FloatArray, decode_sequences: FloatArray, context_tokens: FloatArray
    ) -> Mapping[str, FloatArray]:
        """Seconds by term of the line: a step has what its prompts and what its answers take."""
        terms = _terms(*np.broadcast_arrays(prefill_tokens, decode_sequences, context_tokens))
        each = terms * self.coefficients
        return {
            "prompts": each[..., 0] + each[..., 1],
            "answers": each[..., 2] + each[..., 3],
            "cache": each[..., 4],
        }

    def seconds(
        self, prefill_tokens: FloatArray, decode_sequences: FloatArray, context_tokens: FloatArray
    ) -> FloatArray:
        """Seconds of steps."""
        return np.asarray(sum(self.parts(prefill_tokens, decode_sequences, context_tokens).values()))

    def points(self, limits: tuple[int, int, int]) -> tuple[FloatArray, FloatArray, FloatArray]:
        """The ends and the jump from none to one."""
        prefill, decode, context = (np.unique([0.0, 1.0, float(limit)]) for limit in limits)
        return prefill, decode, context


def _terms(prefill: FloatArray, decode: FloatArray, context: FloatArray) -> FloatArray:
    some, any_answers = (prefill > 0) * 1.0, (decode > 0) * 1.0
    terms = [some, prefill, any_answers, decode, any_answers * context]
    return np.stack([np.asarray(term, np.float64) for term in terms], axis=-1)


def read_steps(path: str | Path) -> Measured:
    """Measured steps from a CSV file; raises SpecError with every problem and its line."""
    prefill, decode, context, seconds = _read_columns(path).T
    terms = _terms(prefill, decode, context) / seconds[:, None]
    coefficients = _at_least_zero(terms, np.ones(len(seconds)))
    error = float(np.median(np.abs(terms @ coefficients - 1)))
    return Measured(str(path), coefficients, error, len(seconds))


def _read_columns(path: str | Path) -> FloatArray:
    try:
        with open(path, encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file)
            lines = [(reader.line_num, [cell.strip() for cell in row]) for row in reader if row]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise SpecError([Problem(str(path), "", "", f"the file cannot be read: {reason}")]) from None
    header = lines[0][1] if lines else []
    problems = [
        Problem(f"{path}:1", name, "", "this column is missing", nearest=nearest_names(name, header))
        for name in COLUMNS
        if name not in header
    ]
    if problems:
        raise SpecError(problems)
    places = [header.index(name) for name in COLUMNS]
    rows = [_row(f"{path}:{line}", cells, places, problems) for line, cells in lines[1:]]
    if not problems and len(rows) < FEWEST_STEPS:
        said = f"{len(rows)} steps are too few to fit; give at least {FEWEST_STEPS}"
        problems.append(Problem(str(path), "", "", said))
    if problems:
        raise SpecError(problems)
    return np.array(rows)


def _row(place: str, cells: Sequence[str], places: Sequence[int], problems: list[Problem]) -> list[float]:
    values: list[float] = []
    for name, at in zip(COLUMNS, places, strict=True):
        cell = cells[at] if at < len(cells) else ""
        try:
            value = float(cell)
        except ValueError:
            value = np.nan
        least_said = "above 0" if name == "seconds" else "of at least 0"
        if not np.isfinite(value) or value < 0 or (name == "seconds" and value == 0):
            problems.append(Problem(place, name, cell, f"this is not a number {least_said}"))
        values.append(value)
    if values[0] == values[1] == 0:
        problems.append(Problem(place, "", "", "a step without prompt tokens and without answers"))
    return values


def _at_least_zero(terms: FloatArray, wanted: FloatArray) -> FloatArray:
    """Least squares without negative coefficients: the most negative is dropped until none is left."""
    size = np.linalg.norm(terms, axis=0)
    kept = size > 0
    found = np.zeros(terms.shape[1])
    while kept.any():
        scaled = terms[:, kept] / size[kept]
        solution = cast("FloatArray", np.linalg.lstsq(scaled, wanted, rcond=None)[0]) / size[kept]
        if (solution >= 0).all():
            found[kept] = solution
            break
        kept[np.flatnonzero(kept)[np.argmin(solution * size[kept])]] = False
    return found


@dataclass(frozen=True, slots=True)
class Requested:
    """Lengths of the traffic: what a token of a prompt and a token of the cache take depends on them."""

    input_tokens: FloatArray
    output_tokens: FloatArray

    def thinned(self, most: int = 4096) -> Requested:
        """Evenly chosen requests, sorted by length: enough for a mean."""
        if len(self.input_tokens) <= most:
            return self
        order = np.argsort(self.input_tokens, kind="stable")
        at = order[np.linspace(0, len(order) - 1, most).astype(np.int64)]
        return Requested(self.input_tokens[at], self.output_tokens[at])


@dataclass(frozen=True, slots=True)
class PromptAttention:
    """FLOPs of attention over a causal prompt of n tokens: n x a token + n (n + 1) / 2 x a pair."""

    flops_per_token: float
    flops_per_pair: float


def prompt_attention(layout: Layout, asked: Requested) -> PromptAttention:
    """The line through the attention of the traffic's prompts, as the law counts it for each length.

    Full attention has no part a token. Windows and linear layers have; their curve over the lengths is then
    a line, right for all prompts together.
    """
    lengths = asked.thinned().input_tokens
    setup = replace(layout.setup(1.0), input_tokens=lengths)
    flops = np.asarray(work_of(layout.architecture, setup).prefill_attention_flops)
    pairs = lengths * (lengths + 1) / 2
    per_pair = float(flops.sum() / pairs.sum())
    if np.allclose(per_pair * pairs, flops, rtol=0.01):
        return PromptAttention(0.0, per_pair)
    per_token, per_pair = _at_least_zero(np.stack([lengths, pairs], axis=-1), flops)
    scale = flops.sum() / (per_token * lengths.sum() + per_pair * pairs.sum())
    return PromptAttention(float(per_token * scale), float(per_pair * scale))


def cache_bytes_per_token(layout: Layout, asked: Requested) -> float:
    """Bytes of cache and state over the tokens they are of, as held on average while answers are written.

    Plain attention holds the same for every token. With windows and linear layers it depends on the
    context: the mean over the traffic, each request weighing by how long it is answered.
    """
    some = asked.thinned()
    halfway = some.input_tokens + some.output_tokens / 2
    held = np.asarray(layout.work(halfway).cache_bytes)
    return float(np.sum(held * some.output_tokens) / np.sum(halfway * some.output_tokens))


def cache_blocks(
    layout: Layout, constants: ServingConstants, asked: Requested, memory_share: float, block_size: int
) -> int:
    """Blocks of the KV cache of a replica: free memory x the chips that split it / bytes of a block.

    Free is usable memory (at a `gpu_memory_utilization`) less weights and the runtime's own; 0 or less means
    that the weights do not fit.
    """
    scale = memory_share / DEFAULT_MEMORY_SHARE
    share = replace(constants, usable_memory_share=constants.usable_memory_share * scale)
    work, rates = layout.work(1.0), layout.rates()
    free = float(free_bytes_per_chip(work, rates, share))
    return int(
        np.floor(free * float(cache_parts(work)) / (cache_bytes_per_token(layout, asked) * block_size))
    )
