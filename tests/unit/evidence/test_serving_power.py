"""Power of serving chips: the measured rows, their loads by replay, the fit and the constant beside it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from truecost.catalog.catalog import load
from truecost.evidence.serving_power import (
    NAIVE_SHARE,
    power_rows,
    refit_power,
    row_load,
    serving_power_score,
    shipped_fit,
)
from truecost.evidence.serving_power_fit import PowerPoints, fit_serving_power, fitted
from truecost.physics.calibration import load_calibration
from truecost.physics.energy import ServingPowerConstants, serving_chip_power_w

TDP_W = 700.0
SERVING = {name: one.value for name, one in load_calibration().serving_constants.items()}


def test_measured_power_is_of_chips_not_of_servers() -> None:
    rows = power_rows()
    assert len(rows) > 200
    assert all(0.3 * TDP_W < row.watts <= TDP_W for row in rows)
    assert {row.chip for row in rows} == {"h100-sxm"}


def test_the_load_of_a_row_is_a_part_of_its_time() -> None:
    catalog = load()
    for row in power_rows()[::40]:
        reading, multiplying = row_load(row, catalog, SERVING)
        assert reading > 0
        assert multiplying > 0
        assert reading + multiplying < 1


def test_a_small_model_spread_thin_waits_more() -> None:
    catalog = load()
    row = next(row for row in power_rows() if row.model.endswith("Llama-3.1-8B-Instruct"))
    thin, own = (sum(row_load(one, catalog, SERVING)) for one in (replace(row, chips=8), row))
    assert thin < own


def test_loads_are_those_of_the_constants_given() -> None:
    """A refit takes its own new constants, not those of the package: fitted twice it gives the same."""
    catalog, row = load(), power_rows()[0]
    slower = SERVING | {"memory_efficiency": SERVING["memory_efficiency"] / 2}
    assert row_load(row, catalog, slower).reading > row_load(row, catalog, SERVING).reading


LAW = ServingPowerConstants(idle_share=0.2, memory_share=0.5, arithmetic_share=0.9)


def made(noise: float = 0.0, odd: int = 0) -> PowerPoints:
    """Six models of twenty states on a known law; the first `odd` states of each at twice its power."""
    rng = np.random.default_rng(7)
    reading = rng.uniform(0.1, 0.6, 120)
    multiplying = rng.uniform(0.0, 0.35, 120)
    watts = np.asarray(serving_chip_power_w(reading, multiplying, TDP_W, LAW))
    watts = watts * np.exp(noise * rng.standard_normal(120))
    watts[np.arange(120) % 20 < odd] *= 2
    models = np.repeat(np.array([f"model {n}" for n in range(6)]), 20)
    return PowerPoints(models, np.full(120, "chip"), reading, multiplying, watts, np.full(120, TDP_W))


def test_a_known_law_is_found_again_and_its_noise_is_the_interval() -> None:
    found = fit_serving_power(made(noise=0.1))
    for name in ("idle_share", "memory_share", "arithmetic_share"):
        assert getattr(found.constants, name) == pytest.approx(getattr(LAW, name), rel=0.2)
        assert found.log_spread(name) > 0
    assert found.residual_90.low == pytest.approx(np.exp(-0.164), rel=0.06)
    assert found.residual_90.high == pytest.approx(np.exp(0.164), rel=0.06)
    assert 0.8 < found.coverage < 1


def test_a_few_odd_states_do_not_move_the_law_far() -> None:
    points, odd = made(noise=0.05), made(noise=0.05, odd=1)
    usual, moved = (float(serving_chip_power_w(0.4, 0.2, TDP_W, fitted(one))) for one in (points, odd))
    assert moved == pytest.approx(usual, rel=0.05)


def test_each_model_is_judged_by_a_fit_that_has_not_seen_it() -> None:
    points = made(noise=0.05)
    strange = points.models == "model 0"
    found = fit_serving_power(replace(points, watts=np.where(strange, points.watts / 2, points.watts)))
    assert np.median(found.log_ratios[strange]) == pytest.approx(np.log(0.5), abs=0.06)
    assert found.left_out["model 0"] != found.left_out["model 1"]


def test_the_same_tables_give_the_same_fit() -> None:
    again, before = refit_power(SERVING), shipped_fit()
    assert again.constants == before.constants
    assert again.left_out == before.left_out


def test_the_score_stands_beside_the_constant_on_the_same_rows() -> None:
    found = serving_power_score()
    assert found.law.count == found.naive.count == len(power_rows())
    assert found.law.groups == len(found.worst) == len(found.fit.left_out)
    assert NAIVE_SHARE == 0.75
    name, measured, predicted = found.worst[0]
    assert "/" in name
    assert abs(np.log(predicted / measured)) >= abs(np.log(found.worst[-1][2] / found.worst[-1][1]))
