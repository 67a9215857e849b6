"""An imitation keeps lengths, bursts, shape and sharing, at any rate and for any time."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from truecost.replay.traces import Trace, describe, likeness, read_trace, synthesize
from truecost.spec import SpecError


def compared(like: Trace, made: Trace) -> dict[str, float]:
    """Error of every figure."""
    found = likeness(describe(like), describe(made))
    return {one.name: one.error or 0.0 for one in found.figures}


TOLERANCE = {"azure-conv-2023": 0.03, "azure-code-2023": 0.25, "mooncake-conversation": 0.03}
"""Of the variation of the gaps: a service that is idle for minutes varies more as it gets faster."""


@pytest.mark.parametrize("name", TOLERANCE)
@pytest.mark.parametrize("factor", [0.5, 1.0, 3.0])
def test_lengths_bursts_and_sharing_are_kept(name: str, factor: float) -> None:
    like = read_trace(name)
    rate = like.mean_rate_per_s
    assert rate is not None
    made = synthesize(like, factor * rate, 1.0, seed=3)
    errors = compared(like, made)
    lengths = [abs(error) for figure, error in errors.items() if "_tokens." in figure]
    assert max(lengths) < 0.03
    assert abs(errors["gap_variation"]) < TOLERANCE[name]
    assert abs(errors["peak_to_mean_by_minute"]) < (0.3 if factor >= 1 else 0.8)
    assert made.mean_rate_per_s == pytest.approx(factor * rate, rel=0.02)
    assert made.span_s == pytest.approx(86400, rel=0.01)
    if like.prefix_blocks is not None:
        assert abs(errors["ideal_block_hit_fraction"]) < 0.03


def daily(days: float, rate: float = 0.5, seed: int = 5) -> Trace:
    """Poisson arrivals that swing with the hour, ten times as many at noon as at midnight."""
    random = np.random.default_rng(seed)
    times = np.sort(random.random(int(days * 86400 * rate * 2)) * days * 86400)
    kept = times[random.random(len(times)) < 0.55 - 0.45 * np.cos(times / 86400 * 2 * np.pi)]
    kept -= kept[0]
    lengths = random.integers(1, 1000, (2, len(kept)))
    return Trace("daily", "daily.csv", "truecost", kept, lengths[0], lengths[1])


def by_hour(trace: Trace) -> np.ndarray:
    """Share of the requests in every hour of the day."""
    counts = np.bincount((trace.arrival_s // 3600 % 24).astype(int), minlength=24)
    return counts / counts.sum()


def test_the_shape_of_the_day_is_kept() -> None:
    like = daily(2.2)
    made = synthesize(like, 2.0, 4.0)
    first, second = by_hour(daily(2)), by_hour(made)
    assert np.abs(first - second).max() < 0.006
    assert second.max() / second.min() > 5
    assert not any("day and night" in note for note in made.notes)
    assert abs(compared(like, made)["peak_to_mean_by_hour"]) < 0.1


def test_bursts_stay_bursts() -> None:
    """Arrivals in clusters of ten: the variation of the gaps stays, at another rate too."""
    random = np.random.default_rng(2)
    starts = np.cumsum(random.exponential(20.0, 2000))
    times = np.sort((starts[:, None] + random.exponential(0.2, (2000, 10))).ravel())
    times -= times[0]
    like = replace(daily(0.1), arrival_s=times, input_tokens=np.full(len(times), 9),
                   output_tokens=np.full(len(times), 9))  # fmt: skip
    assert (describe(like).gap_variation or 0) > 2
    for rate in (0.1, 5.0):
        assert abs(compared(like, synthesize(like, rate, 1.0))["gap_variation"]) < 0.2


def test_conversations_stay_whole_and_in_order() -> None:
    turns = 4
    users = 300
    like = daily(0.5, rate=users * turns / 43200)
    size = len(like) // turns * turns
    like = replace(
        like, arrival_s=like.arrival_s[:size], session_ids=np.tile(np.arange(size // turns), turns),
        input_tokens=np.repeat(np.arange(1, turns + 1), size // turns) * 10,
        output_tokens=like.output_tokens[:size],
    )  # fmt: skip
    rate = like.mean_rate_per_s
    assert rate is not None
    made = synthesize(like, 2.5 * rate, 2.0)
    assert made.session_ids is not None
    order = np.argsort(made.session_ids, kind="stable")
    sessions, given = made.session_ids[order], made.input_tokens[order]
    same = sessions[1:] == sessions[:-1]
    assert (given[1:][same] > given[:-1][same]).all()
    whole = np.bincount(made.session_ids) == turns
    assert whole.mean() > 0.7
    assert made.session_ids.max() > 8 * size // turns


def test_common_blocks_are_common_to_all_copies() -> None:
    like = read_trace("mooncake-conversation")
    made = synthesize(like, 10.0, 0.2)
    assert made.prefix_blocks is not None
    ids, counts = np.unique(made.prefix_blocks.ids, return_counts=True)
    assert counts.max() > 0.9 * len(made)
    assert ids.max() < made.prefix_blocks.width
    assert (made.prefix_blocks.counts * 512 >= made.input_tokens).all()


def test_the_same_seed_gives_the_same_trace() -> None:
    like = read_trace("azure-code-2023")
    first, again, other = (synthesize(like, 5.0, 0.1, seed) for seed in (1, 1, 2))
    assert first.arrival_s.tolist() == again.arrival_s.tolist()
    assert first.input_tokens.tolist() == again.input_tokens.tolist()
    assert first.arrival_s.tolist() != other.arrival_s.tolist()


def test_lengths_without_times_come_as_a_poisson_process() -> None:
    lengths = np.arange(1, 101)
    like = Trace("l", "l.json", "sharegpt", np.zeros(100), lengths, lengths, timed=False)
    made = synthesize(like, 20.0, 0.5)
    info = describe(made)
    assert info.gap_variation == pytest.approx(1, abs=0.01)
    assert (made.input_tokens == made.output_tokens).all()
    assert made.notes[-1] == "arrivals are Poisson: l has no times"


@pytest.mark.parametrize(
    ("rate", "days", "said"),
    [(0, 1, "above 0"), (float("nan"), 1, "above 0"), (1, 0, "so many days"), (1, 1e6, "so many days"),
     (1e9, 3000, "GB are free"), (1e-9, 0.001, "too few")],
)  # fmt: skip
def test_what_cannot_be_made_is_refused(rate: float, days: float, said: str) -> None:
    like = Trace("l", "l", "sharegpt", np.zeros(2), np.array([1, 2]), np.array([1, 2]), timed=False)
    with pytest.raises(SpecError, match=said):
        synthesize(like, rate, days)


@pytest.mark.parametrize("size", [2, 3, 25])
def test_a_tiny_trace_is_imitated(size: int) -> None:
    like = replace(daily(0.1), arrival_s=np.arange(size) * 7.0, input_tokens=np.full(size, 5),
                   output_tokens=np.full(size, 6))  # fmt: skip
    made = synthesize(like, 1.0, 0.05)
    assert len(made) == pytest.approx(4320, rel=0.1)
    assert (np.diff(made.arrival_s) >= 0).all()
