"""A limit on the requests of a replica: who is turned away, and that all others are served."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from truecost.replay.engine import Limits, Replicas, Requests, Routing, State, fixed_steps, simulate_fleet

SECOND = fixed_steps(1.0, 1.0)


def _requests(arrival_s: list[float]) -> Requests:
    size = len(arrival_s)
    return Requests(np.array(arrival_s), np.full(size, 10), np.full(size, 1))


@pytest.mark.parametrize(
    ("most", "served"),
    [(None, [1, 1, 1, 1, 1]), (1, [1, 0, 0, 1, 0]), (2, [1, 1, 0, 1, 0]), (3, [1, 1, 1, 1, 0])],
)
def test_by_hand(most: int | None, served: list[int]) -> None:
    """One seat, a second each: at 1.05 s the first is done, and at most as many as may are there."""
    requests = _requests([0.0, 0.1, 0.2, 1.05, 1.1])
    outcome = simulate_fleet(requests, SECOND, Limits(1, 2048, 6000), Replicas(most_outstanding=most))
    assert (outcome.state == State.SERVED).astype(int).tolist() == served


def test_a_full_replica_passes_on_to_the_least_loaded() -> None:
    requests = _requests([0.0, 0.1, 0.2])
    replicas = Replicas(2, Routing.ROUND_ROBIN, most_outstanding=1)
    outcome = simulate_fleet(requests, SECOND, Limits(1, 2048, 6000), replicas)
    assert outcome.replica.tolist() == [0, 1, -1]
    requests = Requests(
        np.array([0.0, 0.1]), np.full(2, 10), np.full(2, 1), session_ids=np.zeros(2, np.int64)
    )
    home = simulate_fleet(
        requests, SECOND, Limits(1, 2048, 6000), Replicas(2, Routing.SESSION, most_outstanding=1)
    )
    assert sorted(home.replica.tolist()) == [0, 1]


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.floats(0, 30), min_size=1, max_size=40),
    st.integers(1, 3),
    st.integers(1, 6),
    st.sampled_from([Routing.ROUND_ROBIN, Routing.LEAST_LOADED]),
)
def test_never_more_than_may_and_none_is_lost(
    arrivals: list[float], count: int, most: int, routing: Routing
) -> None:
    requests = _requests(sorted(arrivals))
    outcome = simulate_fleet(
        requests, SECOND, Limits(4, 2048, 6000), Replicas(count, routing, most_outstanding=most)
    )
    served = outcome.state == State.SERVED
    assert outcome.count(State.SERVED) + outcome.count(State.REJECTED) == len(requests)
    begins, ends = outcome.arrival_s[served], outcome.finished_s[served]
    for replica in range(count):
        here = outcome.replica[served] == replica
        for at in begins[here]:
            there = np.sum((begins[here] <= at) & (ends[here] > at))
            same_moment = np.sum(begins[here] == at)
            assert there <= most + same_moment - 1
    turned = outcome.arrival_s[~served]
    for at in turned:
        there = np.sum((begins <= at) & (ends >= at))
        assert there >= count * most


def test_a_limit_below_one_is_refused() -> None:
    with pytest.raises(ValueError, match="most_outstanding"):
        Replicas(most_outstanding=0)
