"""Series read into samples: price lists every quarter, quotes on their own days."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from truecost.catalog.series import Observation, Series
from truecost.finance.sampled import cluster_names, day_of, sampled, year_of

AS_OF = date(2026, 1, 1)


def series(observations: list[tuple[str, date, float]], *, holds: bool) -> Series:
    found = tuple(Observation(on, group, group, value, group) for group, on, value in observations)
    return Series("k", "t", "USD", found, holds, "s", "r")


def test_a_price_list_is_read_every_quarter_back_from_the_day() -> None:
    rows = [("a", date(2025, 1, 1), 1.0), ("a", date(2025, 8, 1), 2.0), ("b", date(2025, 3, 1), 3.0)]
    sample = sampled(series(rows, holds=True), AS_OF)
    own = sample.part(sample.groups == 0)
    assert [day_of(year) for year in own.years] == [
        date(2025, 1, 1), date(2025, 4, 2), date(2025, 7, 2), date(2025, 10, 2), AS_OF,
    ]  # fmt: skip
    assert np.exp(own.logs).round(6).tolist() == [1.0, 1.0, 1.0, 2.0, 2.0]


def test_quotes_stand_for_their_own_days_and_single_ones_are_left_out() -> None:
    rows = [("a", date(2025, 1, 1), 1.0), ("a", date(2025, 8, 1), 2.0), ("b", date(2025, 3, 1), 3.0)]
    quotes = series(rows, holds=False)
    assert len(sampled(quotes, AS_OF)) == 2
    assert cluster_names(quotes, AS_OF) == ["a"]


def test_nothing_after_the_day_is_read() -> None:
    rows = [("a", date(2025, 1, 1), 1.0), ("a", date(2026, 6, 1), 9.0), ("a", date(2025, 6, 1), 2.0)]
    for holds in (True, False):
        assert np.exp(sampled(series(rows, holds=holds), AS_OF).logs).max() == pytest.approx(2.0)


def test_days_and_years_turn_into_each_other() -> None:
    for day in (date(1999, 12, 31), date(2024, 2, 29), date(2030, 7, 4)):
        assert day_of(year_of(day)) == day
