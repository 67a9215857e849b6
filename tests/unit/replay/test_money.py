"""What a chip-hour costs: stated, rented, in the cloud, of one's own; and points with their ends."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from numpy.testing import assert_allclose
from tests.unit.replay.specs import spec

from truecost.catalog.catalog import load
from truecost.finance.annuity import annuity_payment
from truecost.physics.energy import PowerConstants
from truecost.ranges import Range
from truecost.replay.assumptions import Assumed
from truecost.replay.money import Rates, rates_of
from truecost.replay.points import Points, points
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
    power, around = PowerConstants(0.4, 0.3, 0.58), Range(0.9, 1.1)
    busy, idle = (found.watts_per_chip(share, power, around) for share in (1.0, 0.0))
    assert busy.middle > 1.5 * idle.middle
    assert busy.p95 == pytest.approx(1.1 * busy.middle)
    assert_allclose(found.kwh_per_chip_hour(busy).middle, busy.middle / 1000 * found.pue.middle)


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
