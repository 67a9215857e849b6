"""Serving on one's own chips: what batch a replica runs, how fast, and what a request takes of it.

`serving_point` answers for one model on one chip; its terms are in `physics.roofline`, its constants in
`calibration.toml`. A replica is filled to the largest batch that memory, the limit on the time per output
token and the engine allow: that is how a fleet under load runs. `seconds_at_load` answers for less load.
All numbers may be arrays of draws.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from truecost.physics.calibration import ServingConstants
from truecost.physics.replica import DoesNotFit, ServingSetup, does_not_fit, rates_of, work_of
from truecost.physics.roofline import (
    ChipRates,
    Work,
    decode_seconds_per_token,
    first_token_seconds,
    interruption_seconds_per_token,
    memory_batch,
    prefill_seconds,
    seconds_per_output_token,
    step_parts,
)
from truecost.ranges import FloatArray, Value

if TYPE_CHECKING:
    from truecost.catalog.accelerators import Accelerator
    from truecost.catalog.architectures import Architecture

__all__ = [
    "DoesNotFit",
    "LoadedLatency",
    "ServingPoint",
    "ServingSetup",
    "fleet_replicas",
    "seconds_at_load",
    "serving_point",
    "smallest_tensor_parallel_size",
]

LARGEST_REPLICA_CHIPS = 64
"""Where the search for a replica that holds a model ends."""
ROUNDING = 1e-9
"""Of a replica: 10 x 0.07 / 0.7 is one replica, not the two that floating point makes of it."""


@dataclass(frozen=True, slots=True, eq=False)
class ServingPoint:
    """A replica at its largest allowed batch."""

    batch: Value
    """Requests in progress; a mean, so not a whole number."""
    step_s: Value
    tpot_s: Value
    """Time per output token a user sees: decode steps and other users' prefill in between."""
    ttft_s: Value
    """Time to first token on an idle replica."""
    prefill_s: Value
    """Replica time that one prompt takes."""
    replica_seconds_per_request: Value
    tokens_per_second_per_replica: Value
    """Output tokens."""
    chips_per_replica: int
    limited_by: str
    """What keeps the batch from being larger: "memory", "latency" or "max_batch" (in most of the draws)."""
    parts: Mapping[str, Value]
    """Replica-seconds per request by cause: prefill, weights, arithmetic, cache, latency, exchange."""
    share_of_draws_that_fit: float

    @property
    def tokens_per_second_per_chip(self) -> Value:
        """Output tokens each second and chip."""
        return self.tokens_per_second_per_replica / self.chips_per_replica

    @property
    def bottleneck(self) -> str:
        """The largest of `parts`."""
        return max(self.parts, key=lambda name: float(np.mean(self.parts[name])))

    def scaled(self, residual: Value) -> ServingPoint:
        """This point with all times multiplied by measured over predicted (`Calibration.residual_90`)."""
        return replace(
            self,
            step_s=self.step_s * residual,
            tpot_s=self.tpot_s * residual,
            ttft_s=self.ttft_s * residual,
            prefill_s=self.prefill_s * residual,
            replica_seconds_per_request=self.replica_seconds_per_request * residual,
            tokens_per_second_per_replica=self.tokens_per_second_per_replica / residual,
            parts={name: seconds * residual for name, seconds in self.parts.items()},
        )


@dataclass(frozen=True, slots=True, eq=False)
class LoadedLatency:
    """What users see of a replica that gets a given number of requests each second."""

    batch: Value
    """Requests being answered at once, on average."""
    tpot_s: Value
    ttft_s: Value
    """Mean, with the wait behind other prompts; infinite where the load exceeds what the replica can do."""
    utilization: Value
    """Load over the most the replica can do; 1 or more has no steady state."""


def serving_point(
    architecture: Architecture, chip: Accelerator, setup: ServingSetup, constants: ServingConstants
) -> ServingPoint:
    """The largest allowed batch of a replica, and its times, throughput and seconds per request.

    Raises DoesNotFit when weights and one request exceed the memory (in more than half of the draws),
    ValueError for a layout the model does not allow.
    """
    work, rates = work_of(architecture, setup), rates_of(architecture, chip, setup)
    in_memory = memory_batch(work, rates, constants)
    share_that_fits = float(np.mean(np.greater_equal(in_memory, 1.0)))
    if share_that_fits < 0.5:
        raise does_not_fit(architecture, chip, work, rates, constants)
    in_memory = np.maximum(in_memory, 1.0)
    engine = setup.max_batch * setup.data_parallel_size
    batch = np.minimum(in_memory, engine)
    limited_by = "memory" if np.mean(np.less(in_memory, engine)) > 0.5 else "max_batch"
    if setup.tpot_limit_s is not None:
        interruption = interruption_seconds_per_token(work, rates, constants)

        def between_tokens(size: Value) -> Value:
            decode = decode_seconds_per_token(work, rates, size, constants)
            return decode + np.maximum(size - 1, 0.0) * interruption

        within = _largest_batch(between_tokens, setup.tpot_limit_s, batch)
        limited_by = "latency" if np.mean(np.less(within, batch)) > 0.5 else limited_by
        batch = within
    return _point(work, rates, batch, constants, (limited_by, share_that_fits))


def _point(
    work: Work, rates: ChipRates, batch: Value, constants: ServingConstants, found: tuple[str, float]
) -> ServingPoint:
    parts = step_parts(work, rates, batch, constants)
    prefill = prefill_seconds(work, rates, constants)
    decode = decode_seconds_per_token(work, rates, batch, constants)
    per_request = work.output_tokens * decode / batch + prefill
    steps_per_request = work.output_tokens * decode / batch / parts.total
    return ServingPoint(
        batch=batch,
        step_s=parts.total,
        tpot_s=seconds_per_output_token(work, rates, batch, constants),
        ttft_s=first_token_seconds(work, rates, constants) + parts.total / 2,
        prefill_s=prefill,
        replica_seconds_per_request=per_request,
        tokens_per_second_per_replica=work.output_tokens / per_request,
        chips_per_replica=round(float(work.chips)),
        limited_by=found[0],
        parts={"prefill": prefill}
        | {part.name: getattr(parts, part.name) * steps_per_request for part in fields(parts)},
        share_of_draws_that_fit=found[1],
    )


def seconds_at_load(
    architecture: Architecture,
    chip: Accelerator,
    setup: ServingSetup,
    constants: ServingConstants,
    requests_per_s: Value,
) -> LoadedLatency:
    """Latency of one replica under `requests_per_s`: the batch is what that traffic keeps running.

    Fixed point of Little's law, batch = requests/s x time to answer, where prefill takes its share
    of the replica's time away from decoding: batch = rate x output x decode(batch) / (1 - rate x prefill).
    Prompts queue for each other as in an M/D/1 queue. Raises as `serving_point` does.
    """
    full = serving_point(architecture, chip, setup, constants)
    work, rates = work_of(architecture, setup), rates_of(architecture, chip, setup)
    utilization = requests_per_s * full.replica_seconds_per_request
    prefilling = np.minimum(requests_per_s * full.prefill_s, 1 - 1e-9)

    def surplus(batch: Value) -> Value:
        """Decode time asked for over decode time there is, per unit of batch: falls as batches grow."""
        decode = decode_seconds_per_token(work, rates, batch, constants)
        return batch * (1 - prefilling) / (requests_per_s * work.output_tokens * decode)

    batch = _largest_batch(surplus, 1.0, full.batch, lowest=0.0)
    decode = decode_seconds_per_token(work, rates, batch, constants)
    waiting = prefilling * full.prefill_s / (2 * (1 - prefilling))
    first = first_token_seconds(work, rates, constants) + decode / 2 + waiting
    return LoadedLatency(
        batch=batch,
        tpot_s=decode / (1 - prefilling),
        ttft_s=_plain(np.where(np.less(utilization, 1.0), first, np.inf)),
        utilization=utilization,
    )


def fleet_replicas(
    peak_requests_per_s: Value,
    replica_seconds_per_request: Value,
    target_utilization: Value,
    spare: Value = 0.0,
) -> Value:
    """Replicas that carry a peak load: ceil(peak x seconds / target utilization) + spare, whole numbers.

    >>> float(fleet_replicas(100.0, 0.25, 0.7, 1))
    37.0
    """
    busy = peak_requests_per_s * replica_seconds_per_request / target_utilization
    return np.ceil(busy - ROUNDING) + spare


def smallest_tensor_parallel_size(
    architecture: Architecture,
    chip: Accelerator,
    precision: str | None,
    context_tokens: float,
    constants: ServingConstants,
) -> int:
    """Fewest chips (1, 2, 4 ... 64) whose memory holds the weights and one request of `context_tokens`.

    Beyond one server (or rack that is one) only on chips with a known network. Raises DoesNotFit when
    not even the largest replica holds them.
    """
    size = 1
    while True:
        setup = ServingSetup(context_tokens, 0.0, tensor_parallel_size=size, precision=precision)
        work, rates = work_of(architecture, setup), rates_of(architecture, chip, setup)
        if float(memory_batch(work, rates, constants)) >= 1:
            return size
        if not _can_grow(architecture, chip, size * 2):
            raise does_not_fit(architecture, chip, work, rates, constants)
        size *= 2


def _can_grow(architecture: Architecture, chip: Accelerator, chips: int) -> bool:
    connected = chips <= chip.chips_per_server or chip.scale_out_bits_per_s is not None
    return connected and chips <= LARGEST_REPLICA_CHIPS and architecture.num_attention_heads % chips == 0


def _largest_batch(
    rising: Callable[[Value], Value], limit: Value, highest: Value, lowest: float = 1.0
) -> Value:
    """The largest batch up to `highest` at which a function that rises with the batch is within `limit`.

    Regula falsi with the Illinois correction: one step for a straight line, a few for experts. It does
    not go below `lowest`, even where the function is above the limit there.
    """
    right = np.asarray(highest, dtype=np.float64)
    above = np.asarray(rising(right) - limit, dtype=np.float64)
    if not np.any(above > 0):
        return highest
    left = np.full_like(above, max(lowest, 1e-6))
    below = np.minimum(np.asarray(rising(left) - limit, dtype=np.float64), -1e-300)
    right = tried = np.broadcast_to(right, above.shape)
    was_above: NDArray[np.bool_] | None = None
    for _ in range(40):
        span = np.maximum(above - below, 1e-300)
        tried = left + (right - left) * np.clip(-below / span, 0.0, 1.0)
        error = np.asarray(rising(tried) - limit, dtype=np.float64)
        is_above = error > 0
        again = np.zeros_like(is_above) if was_above is None else is_above == was_above
        below = np.where(is_above, np.where(again, below / 2, below), error)
        above = np.where(is_above, error, np.where(again, above / 2, above))
        left, right, was_above = np.where(is_above, left, tried), np.where(is_above, tried, right), is_above
        if np.all((np.abs(error) <= 1e-3 * np.abs(limit)) | (right - left <= 1e-3 * right)):
            break
    return _plain(np.clip(np.minimum(tried, highest), lowest, None))


def _plain(values: FloatArray) -> Value:
    return values if values.ndim else float(values)
