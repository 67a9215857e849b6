"""The fit of the serving law on a few points: it runs, moves what the points speak of, and nothing else."""

from __future__ import annotations

import numpy as np
import pytest

from truecost.evidence.fit import (
    FITTED,
    PRIORS,
    Fitted,
    fit_all,
    fitting_points,
    held_out_text,
    log_ratios,
    prior_values,
    thinned,
)
from truecost.evidence.measurements import Stack
from truecost.physics.calibration import constant_names

SETUPS = {
    "mlenergy/llama-3.1-8b/h100-sxm/vllm/bf16": 3,
    "inferencex/llama-3.1-70b/h200/vllm/fp8": 12,
    "trtllm_overview/llama-3.1-8b/h200/trtllm/fp8": 3,
}
"""Dense models on Hopper under two engines; every third or twelfth point."""
UNMET = (
    "expert_gemm_efficiency", "expert_half_width", "expert_layer_latency_s", "later_latency_factor",
    "sequence_latency_s.sglang", "first_token_s.sglang",
)  # fmt: skip
"""Constants that none of these points speaks of."""


@pytest.fixture(scope="module")
def few() -> Stack:
    points = fitting_points()
    kept = np.zeros(len(points), dtype=bool)
    for setup, every in SETUPS.items():
        kept[np.flatnonzero(points.setups == setup)[::every]] = True
    assert kept.sum() >= 10
    return points.where(kept)


@pytest.fixture(scope="module")
def fitted(few: Stack) -> Fitted:
    return fit_all(few)


def test_a_fit_meets_its_points_better_than_what_was_known_before(few: Stack, fitted: Fitted) -> None:
    before, after = (
        np.nanmedian(np.abs(log_ratios(few, values).tpot)) for values in (prior_values(), fitted.values)
    )
    assert after < before


def test_what_no_point_speaks_of_stays_as_it_was(fitted: Fitted) -> None:
    for name in UNMET:
        assert fitted.values[name] == pytest.approx(PRIORS[name].median, rel=1e-6), name
    moved = [name for name in FITTED if abs(fitted.values[name] / PRIORS[name].median - 1) > 0.005]
    assert len(moved) >= 5
    assert not set(moved) & set(UNMET)


def test_constants_that_are_set_are_not_fitted(fitted: Fitted) -> None:
    assert set(fitted.values) == set(constant_names())
    for name in set(constant_names()) - set(FITTED):
        assert fitted.values[name] == PRIORS[name].median


def test_every_group_is_left_out_and_missed(few: Stack, fitted: Fitted) -> None:
    assert set(fitted.left_out["model"]) == set(few.models.tolist())
    assert set(fitted.left_out["chip"]) == set(few.chips.tolist())
    for groups in fitted.left_out.values():
        assert all(values != fitted.values for values in groups.values())
    without_h200 = fitted.left_out["chip"]["h200"]
    assert without_h200["sequence_latency_s.trtllm"] == pytest.approx(8e-6, rel=1e-3), "it was all on H200"


def test_the_same_points_give_the_same_constants(few: Stack, fitted: Fitted) -> None:
    assert held_out_text(fit_all(few)) == held_out_text(fitted)


def test_a_setup_of_many_points_is_thinned_over_its_range() -> None:
    points = fitting_points()
    few = thinned(points)
    counts = np.unique(few.setups, return_counts=True)[1]
    assert counts.max() <= 8
    assert set(few.setups.tolist()) == set(points.setups.tolist())
    big = "aiconfigurator/qwen3-32b/h100-sxm/trtllm/fp8"
    every, kept = (np.asarray(one.work.tensor_parallel)[one.setups == big].tolist() for one in (points, few))
    assert set(kept) == set(every)


def test_the_fits_with_something_left_out_are_written_a_row_each(fitted: Fitted) -> None:
    header, *rows = held_out_text(fitted).splitlines()
    assert header.split(",") == ["left_out", "name", *constant_names()]
    assert [row.split(",")[:2] for row in rows] == [
        ["model", "llama-3.1-70b"], ["model", "llama-3.1-8b"], ["chip", "h100-sxm"], ["chip", "h200"],
    ]  # fmt: skip
    assert float(rows[0].split(",")[2]) == pytest.approx(
        fitted.left_out["model"]["llama-3.1-70b"]["memory_efficiency"], rel=1e-3
    )
