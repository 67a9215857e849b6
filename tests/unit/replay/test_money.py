"""What a chip-hour costs: stated, rented, in the cloud, of one's own; and points with their ends."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from numpy.testing import assert_allclose
from tests.unit.replay.specs import spec

from truecost.catalog.catalog import load
from truecost.finance.annuity import annuity_payment
from truecost.physics.calibration import load_calibration
from truecost.ranges import Range
from truecost.replay.assumptions import Assumed
from truecost.replay.money import Rates, rates_of
from truecost.replay.points import Points, points
from truecost.replay.power import Causes, ChipLoad
from truecost.replay.schema import ReplaySpec

DAY = date(2026, 11, 22)


def rates(chip: str = "h100-sxm", **changes: object) -> tuple[Rates, Assumed]:
    assumed = Assumed()
    given = ReplaySpec.model_validate(spec(fleet__accelerator=chip, **changes))
    return rates_of(given, load().accelerator(chip), load(), DAY, assumed), assumed


def middle(key: str) -> float:
    value = load().rate(key, DAY).value
    return value.median if isinstance(value, Range) else value


def test_a_stated_price_is_all_there_is() -> None:
    found, assumed = rates()
    assert found.usd_per_chip_hour == Points(2.0)
    assert found.usd_per_kwh == Points(0.0)
    assert [row["field"] for row in assumed.rows] == ["site.pue"]


def test_rent_is_the_dated_record_by_its_term() -> None:
    each = {
        name: rates(price={"basis": basis} | ({"term": term} if term else {}))[0].usd_per_chip_hour.middle
        for name, basis, term in (
            ("cloud", "cloud", None), ("year", "rent", None), ("years", "rent", "reserved_3y")
        )
    }  # fmt: skip
    assert each["cloud"] > each["year"] > each["years"]
    assert_allclose(each["year"], points(load().rental("h100-sxm", DAY, "reserved_1y").value).middle)


def test_own_chips_are_paid_off_hosted_staffed_and_powered() -> None:
    found, _ = rates(price={"basis": "own"})
    installed = points(load().purchase("h100-sxm", DAY).value).middle * middle("server_overhead/other")
    installed /= 1 - middle("interconnect/share_of_cluster")
    monthly = (1 + middle("capital/cost_per_year")) ** (1 / 12) - 1
    paid = annuity_payment(installed, monthly, middle("hardware/life_months"))
    assert_allclose(found.parts["servers"].middle, paid / 730.5, rtol=1e-6)
    kw = 0.7 * middle("power/server_overhead")
    assert_allclose(found.parts["hosting"].middle, kw * middle("hosting/usd_per_kw_month") / 730.5, rtol=1e-6)
    staff = middle("staff/ops_loaded") / middle("operations/chips_per_engineer") / 8766
    assert_allclose(found.parts["staff"].middle, staff, rtol=1e-6)
    assert_allclose(found.usd_per_kwh.middle, middle("electricity/us"))
    total = found.usd_per_chip_hour
    assert total.p5 is not None
    assert total.p95 is not None
    assert total.p5 < total.middle < total.p95


def test_a_chip_nobody_rents_has_no_price_and_says_so() -> None:
    found, assumed = rates("p100-sxm", price={"basis": "rent"})
    assert not found.usd_per_chip_hour.is_known
    assert "price.usd_per_chip_hour" in assumed.gaps["cost_usd"]


def test_power_follows_the_load() -> None:
    found, _ = rates()
    calibration = load_calibration()
    half = Causes(0.3, 0.2)
    for busy, idle in (
        (ChipLoad(1.0, None), ChipLoad(0.0, None)),
        (ChipLoad(0.5, half), ChipLoad(0.0, Causes(0.0, 0.0))),
    ):
        most, least = (found.watts_per_chip(load, calibration) for load in (busy, idle))
        assert most.middle > 1.5 * least.middle
        assert_allclose(found.kwh_per_chip_hour(most).middle, most.middle / 1000 * found.pue.middle)


def test_chip_and_rest_of_the_server_have_intervals_of_their_own() -> None:
    found, _ = rates()
    calibration = load_calibration()
    training, serving = calibration.training, calibration.serving_power
    rest = 700 * (middle("power/server_overhead") - 1) * training.power.server_share
    chip = 700 * (serving.law.idle_share + 0.3 * serving.law.memory_share)
    watts = found.watts_per_chip(ChipLoad(0.3, Causes(0.3, 0.0)), calibration)
    assert watts.middle == pytest.approx(chip + rest)
    below = np.hypot(chip * (1 - serving.residual.range_90.low), rest * (1 - training.power_range_90.low))
    assert watts.p5 == pytest.approx(chip + rest - below)
    full = found.watts_per_chip(ChipLoad(1.0, Causes(0.0, 1.0)), calibration)
    assert full.middle == pytest.approx(700 + rest), "chips never above their rating"
    assert full.p95 == pytest.approx(700 + rest * training.power_range_90.high)


def test_measured_steps_take_the_law_of_training_servers() -> None:
    """Their parts do not tell reading from multiplying."""
    found, _ = rates()
    calibration = load_calibration()
    power = calibration.training.power
    watts = found.watts_per_chip(ChipLoad(0.5, None), calibration)
    chip = 700 * (power.waiting_share + (1 - power.waiting_share) / 2)
    rest = 700 * (middle("power/server_overhead") - 1) * power.server_share
    assert watts.middle == pytest.approx(chip + rest)
    assert watts.p95 == pytest.approx(watts.middle * calibration.training.power_range_90.high)


def test_products_and_sums_of_points() -> None:
    both = Points(2.0, 1.0, 4.0) * Points(5.0, 2.5, 10.0)
    assert both.middle == pytest.approx(10.0)
    assert both.p95 == pytest.approx(10 * np.exp(np.hypot(np.log(2), np.log(2))))
    total = Points(3.0, 2.0, 6.0) + Points(4.0, 4.0, 8.0)
    assert (total.middle, total.p5) == (7.0, 6.0)
    assert total.p95 == pytest.approx(12.0)
    assert (Points(2.0) * 3.0) == Points(6.0)
    assert not (Points(float("nan")) * Points(2.0, 1.0, 3.0)).is_known


@pytest.mark.parametrize("basis", ["rent", "cloud", "own"])
def test_prices_of_the_catalog_come_with_their_sources(basis: str) -> None:
    _, assumed = rates(price={"basis": basis})
    assert all(row["source"] for row in assumed.rows)
