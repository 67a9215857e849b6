"""A month of a load, and the same load at another rate."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from truecost.replay.money import HOURS_PER_MONTH
from truecost.replay.traces.trace import Blocks
from truecost.replay.traffic import Load

SECONDS_PER_MONTH = HOURS_PER_MONTH * 3600
LEAST_SPAN_S = 300.0
"""How long a load that is played faster lasts, by being played again; no longer than the trace itself."""
MOST_REQUESTS = 200_000
"""Of a load that is played again."""


@dataclass(frozen=True, slots=True)
class Volume:
    """A load that comes again and again: how long one round of it takes, and what a month of it holds."""

    load: Load
    period_s: float
    times: float = 1.0
    """Its rate over that of the trace."""

    @property
    def requests_per_s(self) -> float:
        """The mean rate."""
        return len(self.load) / self.period_s

    @property
    def rounds_per_month(self) -> float:
        """How often the load comes in a month."""
        return SECONDS_PER_MONTH / self.period_s

    @property
    def requests_per_month(self) -> float:
        """Requests of a month."""
        return len(self.load) * self.rounds_per_month

    @property
    def tokens_per_month(self) -> float:
        """Tokens in and out of a month, as the trace counts them."""
        tokens = int(self.load.input_tokens.sum()) + int(self.load.output_tokens.sum())
        return tokens * self.rounds_per_month


def volume_of(load: Load) -> Volume:
    """A load as it is. Between its last request and the first of the next round lies the mean gap.

    Raises ValueError for a load without a clock: how many requests come in a month is then not known.
    """
    if not load.is_paced:
        raise ValueError(
            f"{load.name} does not come by a clock, so that a month of it has no number of requests: give a "
            "trace with times, or arrival.rate_per_s"
        )
    span = float(load.arrival_s[-1])
    return Volume(load, span * len(load) / (len(load) - 1))


def at_rate(volume: Volume, times: float) -> Volume:
    """The same requests in the same order, all gaps divided by `times`.

    A faster one is played again until it lasts LEAST_SPAN_S (or as long as the trace), with prefixes and
    sessions of its own each time. Bursts become shorter by as much as they become denser.
    """
    if times == 1:
        return volume
    period = volume.period_s / times
    wanted = int(np.ceil(min(LEAST_SPAN_S, volume.period_s) / period))
    rounds = max(1, min(wanted, MOST_REQUESTS // len(volume.load)))
    load = replace(volume.load, arrival_s=volume.load.arrival_s / times)
    return Volume(repeated(load, rounds, period), period * rounds, volume.times * times)


def repeated(load: Load, rounds: int, period_s: float) -> Load:
    """A load so many times, one round after the other."""
    if rounds == 1:
        return load
    starts = np.repeat(np.arange(rounds) * period_s, len(load))
    sessions = load.session_ids
    if sessions is not None:
        width = int(sessions.max(initial=-1)) + 1
        shift = np.repeat(np.arange(rounds) * width, len(load))
        again = np.tile(sessions, rounds)
        sessions = np.where(again >= 0, again + shift, again)
    return replace(
        load,
        arrival_s=np.tile(load.arrival_s, rounds) + starts,
        input_tokens=np.tile(load.input_tokens, rounds),
        output_tokens=np.tile(load.output_tokens, rounds),
        prefix_blocks=None if load.prefix_blocks is None else _blocks(load.prefix_blocks, rounds),
        session_ids=sessions,
    )


def _blocks(blocks: Blocks, rounds: int) -> Blocks:
    """The prompts of each round under ids of its own."""
    size = len(blocks.ids)
    ids = np.tile(blocks.ids, rounds) + np.repeat(np.arange(rounds) * blocks.width, size)
    counts = np.tile(blocks.counts, rounds)
    offsets = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    return Blocks(offsets, ids.astype(np.int64), blocks.block_tokens, blocks.width * rounds)
