"""Power of serving chips: the measured rows, the law at the load of a replay, and the constant beside it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from truecost.catalog.catalog import load
from truecost.evidence.serving_power import (
    NAIVE_SHARE,
    computing_share,
    power_rows,
    predicted_watts,
    serving_power_score,
)
from truecost.physics.calibration import load_calibration

TDP_W = 700.0


def test_measured_power_is_of_chips_not_of_servers() -> None:
    rows = power_rows()
    assert len(rows) > 200
    assert all(0.3 * TDP_W < row.watts <= TDP_W for row in rows)
    assert {row.chip for row in rows} == {"h100-sxm"}


def test_the_prediction_lies_between_a_waiting_chip_and_its_rating() -> None:
    catalog, power = load(), load_calibration().training.power
    for row in power_rows()[::40]:
        watts = predicted_watts(row, catalog, power)
        assert power.waiting_share * TDP_W < watts < TDP_W
        share = computing_share(row, catalog)
        assert watts == pytest.approx(TDP_W * (power.waiting_share + (1 - power.waiting_share) * share))


def test_a_small_model_spread_thin_waits_more() -> None:
    catalog = load()
    row = next(row for row in power_rows() if row.model.endswith("Llama-3.1-8B-Instruct"))
    assert computing_share(replace(row, chips=8), catalog) < computing_share(row, catalog)


def test_the_score_stands_beside_the_constant_on_the_same_rows() -> None:
    found = serving_power_score()
    assert found.law.count == found.naive.count == len(power_rows())
    assert found.law.groups == len(found.worst)
    assert NAIVE_SHARE == 0.75
    assert found.naive.median_error < 0.2
    name, measured, predicted = found.worst[0]
    assert "/" in name
    assert abs(predicted / measured - 1) >= abs(found.worst[-1][2] / found.worst[-1][1] - 1)


def test_the_law_of_training_servers_is_no_wild_guess_here() -> None:
    """It may lose to a constant (memory-bound chips draw less than busy ones); not by more than a quarter."""
    found = serving_power_score()
    print(f"law {found.law.mean_error:.1%}, constant {found.naive.mean_error:.1%}")
    assert found.law.mean_error < 1.25 * found.naive.mean_error
