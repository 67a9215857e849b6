"""The volume where a fleet begins to be cheaper: by hand where replicas are full, and its range."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.unit.replay.specs import spec
from tests.unit.replay.ways.loads import fixed, setup_of

from truecost.replay.points import Points
from truecost.replay.ways.break_even import Search
from truecost.replay.ways.trials import MOST_REPLICAS, Trials
from truecost.replay.ways.volume import volume_of

REPLICA_USD = 2.0 * 730.5
EVEN = [float(at) for at in range(300)]
"""One request a second; each takes a replica one second, so that a replica answers one a second at most."""


def _search(folder: Path, api: Points) -> Search:
    """A first token takes 0.5 s; a limit of 0.6 s lets no request wait."""
    setup = setup_of(fixed(folder, slo={"ttft_p99_s": 0.6}), EVEN)
    return Search(Trials(setup, volume_of(setup.load)), api)


def test_where_one_replica_pays_before_it_is_full(tmp_path: Path) -> None:
    """The API asks twice a replica's price for a load that fills it: from half the load on."""
    found = _search(tmp_path, Points(2 * REPLICA_USD)).found()
    assert found.replicas == 1
    assert found.times == pytest.approx(0.5)
    assert found.first == pytest.approx(0.5)
    assert (found.low, found.high) == (found.times, found.times)


def test_where_several_replicas_must_be_full(tmp_path: Path) -> None:
    """At 1.4 times a full replica's price, m of them pay for good once (m + 1) / 1.4 <= m: from m = 3 on.

    The first place is one replica, from 1 / 1.4 of its load to all of it.
    """
    found = _search(tmp_path, Points(1.4 * REPLICA_USD)).found()
    assert found.replicas == 3
    assert found.times == pytest.approx(3 / 1.4)
    assert found.first == pytest.approx(1 / 1.4)


def test_there_is_none_where_a_full_fleet_costs_more(tmp_path: Path) -> None:
    found = _search(tmp_path, Points(0.5 * REPLICA_USD)).found()
    assert found.times is None
    assert found.closest is not None
    assert found.closest[1] == pytest.approx(2.0, rel=0.07)
    assert found.closest[0] == pytest.approx(MOST_REPLICAS, rel=0.07)


def test_the_range_is_that_of_the_price(tmp_path: Path) -> None:
    found = _search(tmp_path, Points(4 * REPLICA_USD, 2 * REPLICA_USD, 8 * REPLICA_USD)).found()
    assert found.times == pytest.approx(0.25)
    assert found.low == pytest.approx(0.125)
    assert found.high == pytest.approx(0.5)


def test_a_dear_end_without_break_even_leaves_the_range_open(tmp_path: Path) -> None:
    found = _search(tmp_path, Points(2 * REPLICA_USD, 0.5 * REPLICA_USD, 4 * REPLICA_USD)).found()
    assert found.times == pytest.approx(0.5)
    assert found.low == pytest.approx(0.25)
    assert found.high is None


def test_the_curve_needs_no_fewer_replicas_at_a_higher_rate(tmp_path: Path) -> None:
    curve = _search(tmp_path, Points(2 * REPLICA_USD)).found().curve
    assert len(curve) >= 6
    assert any(one.times == 1.0 for one in curve)
    counts = [one.replicas for one in curve]
    assert None not in counts
    assert counts == sorted(counts, key=lambda one: one or 0)
    for one in curve:
        assert one.replicas is not None
        assert one.replicas >= one.times - 1e-9
        assert one.api.middle == pytest.approx(2 * REPLICA_USD * one.times)


def test_ends_of_the_step_times_widen_the_fleet() -> None:
    """With the law: the fast end needs no more replicas, the slow end no fewer."""
    setup = setup_of(spec(slo={"ttft_p99_s": 1.0}))
    search = Search(Trials(setup, volume_of(setup.load)), Points(500.0))
    rate = search.rate(20.0)
    assert rate.self_host is not None
    assert rate.self_host.p5 is None or rate.self_host.p5 <= rate.self_host.middle
    found = search.found()
    assert found.times is not None
    assert found.low is not None
    assert found.low <= found.times
    assert found.high is None or found.high >= found.times
