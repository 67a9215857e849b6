"""A base and an API above it: every request is answered once, and the cheapest split is one."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from tests.unit.replay.ways.loads import fixed, setup_of

from truecost.replay.ways.splits import Splits, cheapest
from truecost.replay.ways.trials import Case, Trials
from truecost.replay.ways.volume import volume_of

EACH_USD = 0.001
PAIRS = [float(at) for at in range(0, 120, 2) for _ in range(2)]
"""Two requests together, every two seconds: one replica answers one of each pair at once."""
SOME_PAIRS = sorted([float(at) for at in range(0, 220, 2)] + [float(at) for at in range(0, 220, 20)])
"""One request every two seconds, every tenth time two: 121 in 221.8 s."""


def _splits(
    folder: Path, limit_s: float, each_usd: float = EACH_USD, arrival_s: Sequence[float] = PAIRS
) -> Splits:
    setup = setup_of(fixed(folder, slo={"ttft_p99_s": limit_s}), arrival_s)
    volume = volume_of(setup.load)
    trials = Trials(setup, volume, lambda load, asked: each_usd * float(asked.sum()))
    return Splits(trials, each_usd * len(setup.load) * volume.rounds_per_month)


def test_the_second_of_a_pair_goes_to_the_api_where_it_would_wait_too_long(tmp_path: Path) -> None:
    """A first token takes 0.5 s, the second of a pair waits 1 s more: a limit of 1 s takes one of two."""
    split = _splits(tmp_path, 1.0).split(1.0, 1)
    assert split.most_outstanding == 1
    assert split.share_on_api == 0.5
    assert split.usd_api == pytest.approx(split.share_on_api * _splits(tmp_path, 1.0).api_usd)
    assert split.usd_fleet == pytest.approx(2.0 * 730.5)


def test_none_goes_there_where_the_limit_lets_it_wait(tmp_path: Path) -> None:
    splits = _splits(tmp_path, 2.0)
    assert splits.trials.needed(1.0) == 1
    assert splits.split(1.0, 1).share_on_api == 0.0
    assert _splits(tmp_path, 1.0).trials.needed(1.0) == 2


@pytest.mark.parametrize(("each_usd", "replicas"), [(1e-6, 0), (0.9e-3, 0), (2e-3, 1), (0.012, 2)])
def test_the_cheapest_split_is_the_least_of_all(tmp_path: Path, each_usd: float, replicas: int) -> None:
    """A replica costs 1,461 USD a month: the first takes 10 of 11 requests of 1.45 M, the second the rest.

    So the first is worth it from 1.1e-3 USD a request on, the second from 11e-3.
    """
    splits = _splits(tmp_path, 1.0, each_usd, SOME_PAIRS)
    tried = splits.tried(1.0)
    assert [one.replicas for one in tried] == [0, 1, 2]
    found = cheapest(tried)
    assert found.usd == min(one.usd for one in tried)
    assert found.replicas == replicas


@pytest.mark.parametrize("replicas", [1, 2, 3])
@pytest.mark.parametrize("most", [1, 2, 5])
def test_requests_are_conserved(tmp_path: Path, replicas: int, most: int) -> None:
    splits = _splits(tmp_path, 1.0)
    _, driven, _ = splits.trials.run(Case(1.0, replicas, most))
    ran = driven.ran
    assert ran.count("served") + ran.count("rejected") == len(PAIRS)
    assert splits.trials.trial(Case(1.0, replicas, most)).turned_away == ran.count("rejected")


def test_without_an_slo_the_seats_decide(tmp_path: Path) -> None:
    setup = setup_of(fixed(tmp_path), PAIRS)
    splits = Splits(Trials(setup, volume_of(setup.load), lambda load, asked: 0.0), 1.0)
    assert splits.caps == [1]


def test_an_slo_that_nothing_keeps_leaves_the_api(tmp_path: Path) -> None:
    splits = _splits(tmp_path, 0.4)
    assert splits.trials.needed(1.0) is None
    assert [one.replicas for one in splits.tried(1.0)] == [0]
