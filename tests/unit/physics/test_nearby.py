"""Corrections by measured runs nearby: they fade with distance and are none for what was never seen."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from truecost.physics.nearby import Correction, Group, Place, Residuals, correction, measured

AT = Place(8.0, 1.0, 64.0, 1000.0, 500.0)


def residuals(places: list[Place], tpot: list[float], ttft: float = math.nan) -> Residuals:
    ratios = np.array([[one, ttft, math.nan] for one in tpot])
    return Residuals(np.log(np.array(places)), ratios)


def test_at_a_run_itself_nearly_all_of_its_residual_is_taken() -> None:
    means, weights = residuals([AT], [0.3]).near(AT)
    assert weights[0] == pytest.approx(1.0)
    assert means[0] == pytest.approx(0.3 / 1.1)


def test_what_was_not_measured_has_no_weight() -> None:
    means, weights = residuals([AT], [0.3]).near(AT)
    assert weights[1] == weights[2] == 0
    assert means[1] == means[2] == 0


@given(st.floats(0.0, 6.0), st.floats(0.1, 3.0))
def test_a_correction_fades_with_distance(near: float, further: float) -> None:
    known = residuals([AT], [0.5])
    close, far = (
        known.near(AT._replace(concurrency=64 * math.exp(apart)))[0][0] for apart in (near, near + further)
    )
    assert 0 <= far <= close <= 0.5


def test_of_two_runs_the_nearer_counts_more() -> None:
    other = AT._replace(input_tokens=4000.0)
    mean = residuals([AT, other], [0.2, -0.2]).near(AT._replace(input_tokens=1200.0))[0][0]
    assert 0 < mean < 0.2


def test_runs_left_out_do_not_count() -> None:
    known = residuals([AT, AT], [0.4, -0.4])
    assert known.near(AT, np.array([True, False]))[0][0] > 0 > known.near(AT, np.array([False, True]))[0][0]


def test_a_group_never_measured_is_not_corrected() -> None:
    assert correction(Group(1, 1, "abacus", "vllm", "fp8"), AT) == Correction()
    assert not Correction().is_near


def test_the_shipped_runs_are_of_several_setups_and_near_themselves() -> None:
    groups = measured()
    assert len(groups) >= 40
    group, found = max(groups.items(), key=lambda pair: len(pair[1].places))
    place = Place(*np.exp(found.places[0]).tolist())
    near = correction(group, place)
    assert near.is_near
    assert near.runs == len(found.places)
    own = found.ratios[0][0]
    assert abs(math.log(near.steps) - own) < abs(own) or abs(own) < 0.05


def test_queued_traffic_takes_throughputs_first() -> None:
    ratios = np.array([[0.2, math.nan, -0.3]])
    known = Residuals(np.log(np.array([AT])), ratios)
    means, _ = known.near(AT)
    assert means[0] > 0 > means[2]
