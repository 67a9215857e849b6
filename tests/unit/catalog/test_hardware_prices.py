"""Hardware prices: complete rows, the market at a date, what stands in for missing prices, no look ahead."""

from __future__ import annotations

import math
import time
from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from truecost.catalog.accelerators import load_accelerators
from truecost.catalog.facts import Confidence, Fact
from truecost.catalog.hardware_prices import (
    TERMS,
    HardwarePrices,
    Quote,
    Term,
    load_hardware_prices,
    purchase,
    rental,
)
from truecost.catalog.names import UnknownName
from truecost.ranges import Range

SHIPPED = load_hardware_prices()
TODAY = date(2026, 11, 22)


def middle(fact: Fact) -> float:
    return fact.value.median if isinstance(fact.value, Range) else fact.value


def quote(
    seller: str, usd: float, day: date = TODAY, terms: str = "on_demand", chip: str = "h100-sxm"
) -> Quote:
    return Quote(day, chip, seller, terms, usd, "", Confidence.PUBLISHED, f"{seller}'s list", TODAY, "")


def prices(*rentals: Quote, purchases: tuple[Quote, ...] = ()) -> HardwarePrices:
    return HardwarePrices(rentals, purchases, SHIPPED.rules)


def test_every_row_is_complete_and_known() -> None:
    for row in (*SHIPPED.rentals, *SHIPPED.purchases):
        assert row.chip in load_accelerators()
        assert row.seller
        assert row.source
        assert date(2016, 1, 1) <= row.date <= row.checked <= TODAY
        assert not any(word in row.source + row.note for word in ("/work", "/tmp"))
    assert {row.terms for row in SHIPPED.rentals} == set(TERMS)
    assert {row.terms for row in SHIPPED.purchases} == {"chip", "board", "server"}
    assert all(0.03 < row.usd < 20 for row in SHIPPED.rentals)
    assert all(1000 < row.usd < 60000 for row in SHIPPED.purchases)


def test_rules_are_facts() -> None:
    assert set(SHIPPED.rules) == {
        "rental_log_deviation",
        "spot_over_on_demand",
        "server_price_over_chips",
        "purchase_log_deviation",
    }
    assert all(fact.source and fact.unit for fact in SHIPPED.rules.values())


@pytest.mark.parametrize(
    ("chip", "as_of", "low", "high"),
    [
        ("h100-sxm", date(2025, 11, 22), 2, 4),
        ("h100-sxm", TODAY, 2, 4),
        ("a100", TODAY, 1.2, 2.5),
        ("b200", TODAY, 4.5, 7.5),
        ("h200", TODAY, 3, 5.5),
        ("mi300x", TODAY, 1.8, 4),
        ("l40s", TODAY, 0.8, 2),
        ("tpu-v5e", TODAY, 1.1, 1.6),
        ("gb200", TODAY, 4, 11),
        ("h800", date(2025, 1, 31), 1.9, 3.5),
        ("h100-sxm", date(2024, 7, 1), 3, 6),
    ],
)
def test_on_demand_prices_are_near_the_market(chip: str, as_of: date, low: float, high: float) -> None:
    assert low < middle(rental(chip, as_of)) < high


def test_the_hyperscaler_list_price_lies_inside_or_above_the_range_and_is_named() -> None:
    fact = rental("h100-sxm", TODAY)
    assert "12.29 USD (Microsoft Azure)" in fact.note
    assert isinstance(fact.value, Range)
    assert fact.value.high > 6.88
    assert (fact.key, fact.unit) == ("rental/h100-sxm/on_demand", "USD/chip-hour")


@pytest.mark.parametrize("chip", ["h100", "a100", "h200", "b200", "mi300x", "tpu-v5e"])
@pytest.mark.parametrize("as_of", [TODAY, date(2025, 11, 22)])
def test_commitment_is_cheaper(chip: str, as_of: date) -> None:
    on_demand, one_year, three_years, spot = (middle(rental(chip, as_of, term)) for term in TERMS)
    assert on_demand > one_year > three_years
    assert on_demand > spot


def test_few_direct_prices_of_a_term_yield_to_a_broad_market_of_another_and_stay_in_sight() -> None:
    fact = rental("h100", TODAY, "spot")
    assert fact.note.startswith("Derived from the on-demand price, times 0.5")
    assert "Asked for itself: Median 2.46 USD of 3 sellers" in fact.note


def test_the_median_and_the_range_come_from_each_sellers_last_and_cheapest_price() -> None:
    own = prices(
        quote("a", 2.0), quote("a", 9.0), quote("a", 1.0, date(2026, 6, 1)), quote("b", 4.0), quote("c", 8.0)
    )
    fact = own.rental("h100", TODAY)
    assert middle(fact) == pytest.approx(4.0, rel=1e-3)
    assert isinstance(fact.value, Range)
    assert 2.0 <= fact.value.low < 2.3
    assert 7.0 < fact.value.high <= 8.0
    assert fact.note == "Median 4.00 USD of 3 sellers, 2.00 USD (a) to 8.00 USD (c). Price of 2026-11-22."


def test_few_sellers_widen_the_range_and_say_so() -> None:
    fact = prices(quote("a", 2.0), quote("b", 2.0)).rental("h100", TODAY)
    assert isinstance(fact.value, Range)
    assert fact.value.high / fact.value.low > 3
    assert "Too few sellers" in fact.note


def test_old_prices_count_only_where_new_ones_are_missing_and_the_note_says_so() -> None:
    old = [quote(seller, 9.0, date(2024, 1, 1)) for seller in "abc"]
    new = [quote(seller, 2.0, date(2026, 6, 1)) for seller in "xyz"]
    assert middle(prices(*old, *new).rental("h100", TODAY)) == pytest.approx(2.0)
    stale = prices(*old).rental("h100", TODAY)
    assert middle(stale) == pytest.approx(9.0)
    assert "Even the newest is 2.9 years older than 2026-11-22" in stale.note
    mixed = prices(quote("a", 3.0, date(2025, 1, 1)), quote("b", 3.0), quote("c", 3.0)).rental("h100", TODAY)
    assert "The oldest is 1.9 years older than 2026-11-22" in mixed.note


def test_a_missing_term_is_derived_from_what_sellers_of_both_ask() -> None:
    elsewhere = [
        quote(seller, usd, terms=terms, chip="a100-sxm-80")
        for seller in "abcde"
        for terms, usd in (("on_demand", 2.0), ("reserved_3y", 1.0))
    ]
    own = prices(*elsewhere, *(quote(seller, 4.0) for seller in "abc"))
    fact = own.rental("h100", TODAY, "reserved_3y")
    assert middle(fact) == pytest.approx(2.0, rel=1e-3)
    assert fact.confidence is Confidence.ESTIMATE
    assert fact.note.startswith(
        "Derived from the on-demand price, times 0.5 (three-year over on-demand price of 5 pairs"
    )


def test_on_demand_is_derived_from_a_commitment_where_only_that_is_known() -> None:
    fact = rental("mi355x", TODAY)
    assert middle(fact) > middle(rental("mi355x", TODAY, "reserved_3y"))
    assert fact.confidence is Confidence.ESTIMATE


def test_spot_before_sellers_showed_it_rests_on_a_stated_estimate() -> None:
    fact = rental("a100", date(2024, 6, 1), "spot")
    assert middle(fact) < middle(rental("a100", date(2024, 6, 1)))
    assert "spot over on-demand price: 0.2 .. 0.8" in fact.note


def test_a_chip_that_its_maker_alone_rents_has_a_range_over_regions() -> None:
    fact = rental("tpu-v6e", date(2025, 3, 31))
    assert isinstance(fact.value, Range)
    assert (fact.value.low, fact.value.high) == (2.7, 3.24)
    assert "Rented by its maker only; the range is over regions" in fact.note
    assert rental("tpu-v4", date(2023, 1, 1)).value == 3.22


@pytest.mark.parametrize("chip", ["gb300", "mi250", "mi250x", "mi350x", "tpu-v7"])
def test_newer_and_rarer_chips_can_be_rented(chip: str) -> None:
    fact = rental(chip, TODAY)
    assert fact.confidence in (Confidence.QUOTED, Confidence.ESTIMATE)
    assert 0.5 < middle(fact) < 20


def test_commitments_of_google_are_its_own() -> None:
    values = [rental("tpu-v7", TODAY, term).value for term in ("on_demand", "reserved_1y", "reserved_3y")]
    assert [(value.low, value.high) for value in values if isinstance(value, Range)] == [
        (12.0, 13.2),
        (8.4, 9.24),
        (5.4, 5.94),
    ]


@pytest.mark.parametrize("chip", ["h100-sxm", "h200", "b200", "gh200", "l40s"])
def test_the_summer_of_2025_has_prices_of_its_own(chip: str) -> None:
    fact = rental(chip, date(2025, 9, 30))
    assert "2025-09-09" in fact.note


def test_what_is_missing_is_named() -> None:
    with pytest.raises(LookupError, match="no rental price of trainium3 is known at 2026-11-22"):
        rental("trainium3", TODAY)
    with pytest.raises(LookupError, match="no rental price of h100-sxm is known at 2019-01-01"):
        rental("h100", date(2019, 1, 1))
    with pytest.raises(LookupError, match="no purchase price of l40s"):
        purchase("l40s", TODAY)
    with pytest.raises(LookupError, match="no rental price of h100-sxm"):
        prices(quote("a", 2.0, terms="reserved_1y")).rental("h100", TODAY)
    with pytest.raises(ValueError, match="unknown rental term 'forever'; one of on_demand"):
        SHIPPED.rental("h100", TODAY, "forever")  # type: ignore[arg-type]
    with pytest.raises(UnknownName):
        rental("h100-smx", TODAY)


@pytest.mark.parametrize(
    ("chip", "as_of", "low", "high"),
    [
        ("h100", date(2025, 4, 1), 29000, 36000),
        ("a100-sxm-40", date(2021, 6, 1), 14000, 16000),
        ("v100-sxm-16", date(2018, 1, 1), 11000, 12500),
        ("tpu-v4", date(2023, 1, 1), 4500, 6000),
        ("b200", date(2025, 6, 1), 28000, 40000),
        ("mi250x", date(2022, 1, 1), 14000, 15000),
    ],
)
def test_purchase_prices(chip: str, as_of: date, low: float, high: float) -> None:
    fact = purchase(chip, as_of)
    assert low < middle(fact) < high
    assert fact.unit == "USD/chip"


def test_a_server_price_is_divided_by_what_a_server_adds() -> None:
    fact = prices(purchases=(quote("a", 40000.0, terms="server"),)).purchase("h100", TODAY)
    assert middle(fact) == pytest.approx(40000 / math.sqrt(1.2 * 1.7), rel=1e-3)
    assert fact.confidence is Confidence.ESTIMATE
    assert "from the price of whole servers" in fact.note
    both = prices(purchases=(quote("a", 40000.0, terms="server"), quote("b", 30000.0, terms="chip")))
    assert middle(both.purchase("h100", TODAY)) == pytest.approx(30000, rel=1e-3)


def test_estimates_give_way_to_sale_prices() -> None:
    sale = quote("a", 30000.0, terms="chip")
    guess = replace(quote("b", 90000.0, terms="chip"), confidence=Confidence.ESTIMATE)
    assert middle(prices(purchases=(sale, guess)).purchase("h100", TODAY)) == pytest.approx(30000, rel=1e-3)


def up_to(as_of: date) -> HardwarePrices:
    return HardwarePrices(
        [row for row in SHIPPED.rentals if row.date <= as_of],
        [row for row in SHIPPED.purchases if row.date <= as_of],
        SHIPPED.rules,
    )


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(sorted(load_accelerators())),
    st.dates(date(2017, 1, 1), TODAY),
    st.sampled_from(TERMS),
)
def test_no_later_row_is_used(chip: str, as_of: date, term: Term) -> None:
    for ask in (lambda own: own.rental(chip, as_of, term), lambda own: own.purchase(chip, as_of)):
        try:
            expected = ask(up_to(as_of))
        except LookupError:
            with pytest.raises(LookupError):
                ask(SHIPPED)
        else:
            assert ask(SHIPPED) == expected
            assert middle(expected) > 0


@pytest.mark.parametrize("term", TERMS)
def test_later_rows_change_later_prices_only(term: Term) -> None:
    before, tomorrow = SHIPPED.rental("h100", date(2025, 11, 22), term), date(2025, 11, 23)
    more = [quote("new", 0.5, tomorrow + timedelta(days=n), term) for n in range(3)]
    grown = HardwarePrices((*SHIPPED.rentals, *more), SHIPPED.purchases, SHIPPED.rules)
    assert grown.rental("h100", date(2025, 11, 22), term) == before


def pooled_log_deviation(rows: tuple[Quote, ...], ends: list[date], years: float, at_least: int) -> float:
    """Across sellers of one chip, each with its cheapest price on its last day in so many years."""
    squares = freedom = 0.0
    for end in ends:
        latest: dict[tuple[str, str], Quote] = {}
        for row in sorted(rows, key=lambda row: (row.date, -row.usd)):
            if end - timedelta(days=years * 365.25) <= row.date <= end:
                latest[row.chip, row.seller] = row
        for chip in {chip for chip, _ in latest}:
            logs = np.log([row.usd for (of, _), row in latest.items() if of == chip])
            if len(logs) >= at_least:
                squares, freedom = squares + float(((logs - logs.mean()) ** 2).sum()), freedom + len(logs) - 1
    return math.sqrt(squares / freedom)


def test_the_usual_spread_is_what_the_rows_show() -> None:
    on_demand = tuple(row for row in SHIPPED.rentals if row.terms == "on_demand")
    ends = [date(2022, 12, 31), date(2024, 6, 30), date(2025, 3, 31), TODAY]
    rented = pooled_log_deviation(on_demand, ends, years=1, at_least=4)
    assert rented == pytest.approx(SHIPPED.rules["rental_log_deviation"].value, abs=0.02)
    bare = tuple(
        row for row in SHIPPED.purchases if row.terms != "server" and row.confidence != Confidence.ESTIMATE
    )
    bought = pooled_log_deviation(bare, [TODAY], years=2, at_least=2)
    assert bought == pytest.approx(SHIPPED.rules["purchase_log_deviation"].value, abs=0.02)


def test_loading_is_fast() -> None:
    def once() -> float:
        load_hardware_prices.cache_clear()
        start = time.perf_counter()
        load_hardware_prices()
        return time.perf_counter() - start

    assert min(once() for _ in range(3)) < 0.1
