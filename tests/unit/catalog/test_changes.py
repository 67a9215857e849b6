"""What changed between two days: the price of each day, like with like, nothing undated called a change."""

from __future__ import annotations

import math
import time
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from truecost.catalog import load
from truecost.catalog.api_prices import prices
from truecost.catalog.changes import Move, Moves, price_moves, pulse, quote_moves, rate_moves
from truecost.catalog.facts import Confidence
from truecost.catalog.hardware_prices import Quote
from truecost.ranges import Range

SINCE, DAY = date(2026, 8, 24), date(2026, 11, 22)


def quote(day: date, usd: float, seller: str = "Acme", **changes: object) -> Quote:
    parts: dict[str, object] = {
        "date": day, "chip": "h100-sxm", "seller": seller, "terms": "on_demand", "usd": usd, "location": "",
        "confidence": Confidence.QUOTED, "source": "a page", "checked": date(2027, 1, 1), "note": "",
    }  # fmt: skip
    return Quote(**(parts | changes))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("since", "name", "kind"),
    [
        (SINCE, "deepseek/deepseek-v4-flash", "output"),  # changes through the day since
        (date(2025, 6, 1), "openai/o3", "input"),
        (date(2025, 6, 1), "mistral/mistral-nemo", "input"),
    ],
)
def test_a_changed_price_is_the_price_of_both_days(since: date, name: str, kind: str) -> None:
    move = next(m for m in price_moves(since, DAY).changed if m.what == f"{name}: {kind}")
    provider, _, model = name.partition("/")
    for day, told in ((since, move.before), (DAY, move.after)):
        value = prices(model, day, provider).fact(kind).value
        assert not isinstance(value, Range)
        assert told == pytest.approx(1e6 * value)
    assert move.on is not None
    assert since < move.on <= DAY


def test_prices_that_were_not_there_are_added_and_have_a_day_of_their_own() -> None:
    found = price_moves(SINCE, DAY)
    assert found.added
    for move in found.added:
        assert move.before is None
        assert move.on is not None
        assert SINCE < move.on < DAY, "the day of reading is no day of a price"
    assert not {m.what.partition(":")[0] for m in found.added} & {
        m.what.partition(":")[0] for m in found.changed
    }


def test_what_is_announced_is_later_than_the_day() -> None:
    later = price_moves(SINCE, DAY).to_come
    assert later
    assert all(move.on is not None and move.on > DAY and move.size > 0 for move in later)
    assert not price_moves(DAY, date(2027, 6, 1)).to_come


def test_a_price_of_unknown_beginning_is_counted_and_never_a_change() -> None:
    found = price_moves(date(2026, 11, 20), DAY)
    assert found.undated > 1000
    assert not found.added


def test_makers_come_first_and_then_the_biggest() -> None:
    sizes = [
        (move.by in {"openai", "anthropic", "google"}, move.size)
        for move in price_moves(date(2024, 1, 1), DAY).changed
    ]
    assert sizes
    last_maker = max((i for i, (maker, _) in enumerate(sizes) if maker), default=0)
    assert not any(big > 0 and not maker for maker, big in sizes[:last_maker] if big == math.inf)


def test_a_seller_is_compared_with_himself() -> None:
    rows = [
        quote(date(2026, 1, 1), 2.0), quote(date(2026, 9, 1), 3.0), quote(date(2026, 9, 1), 2.5),
        quote(date(2026, 9, 1), 9.0, "Other"), quote(date(2026, 1, 1), 7.0, "Third"),
        quote(date(2026, 1, 1), 4.0, "Same"), quote(date(2026, 9, 1), 4.0, "Same"),
        quote(date(2026, 9, 1), 1.0, "Undated", checked=date(2026, 9, 1)),
    ]  # fmt: skip
    found = quote_moves(rows, SINCE, DAY, "USD/chip-hour")
    assert [(m.before, m.after) for m in found.changed] == [(2.0, 2.5)]
    assert [(m.by, m.before, m.after) for m in found.added] == [("Other", None, 9.0)]
    assert (found.unchanged, found.undated) == (1, 1)


def test_another_place_or_term_is_another_offer() -> None:
    rows = [
        quote(date(2026, 1, 1), 2.0), quote(date(2026, 9, 1), 3.0, location="Paris"),
        quote(date(2026, 9, 1), 1.0, terms="spot"),
    ]  # fmt: skip
    found = quote_moves(rows, SINCE, DAY, "USD/chip-hour")
    assert not found.changed
    assert len(found.added) == 2


@given(
    st.lists(
        st.tuples(st.dates(date(2026, 1, 1), date(2026, 12, 31)), st.floats(0.01, 100), st.sampled_from("ab"))
    )
)
def test_quotes_are_counted_once_and_of_the_days_between(rows: list[tuple[date, float, str]]) -> None:
    quotes = [quote(day, usd, seller) for day, usd, seller in rows]
    found = quote_moves(quotes, SINCE, DAY, "USD/chip-hour")
    moves = (*found.changed, *found.added)
    assert len(moves) + found.unchanged <= 2
    assert all(move.on is not None and SINCE < move.on <= DAY for move in moves)
    assert all(move.size > 0 for move in found.changed)


def test_a_dated_rate_moves_with_its_series() -> None:
    catalog = load()
    found = rate_moves(catalog, date(2024, 6, 30), date(2025, 6, 30))
    move = next(m for m in found.changed if m.what == "hosting/cbre_average")
    assert (move.before, move.after) == (163.44, 184.06)
    assert move.on == date(2024, 12, 31)
    assert found.undated > 100


def test_days_out_of_order_are_refused() -> None:
    for since in (DAY, DAY + timedelta(days=1)):
        with pytest.raises(ValueError, match="nothing lies between"):
            pulse(load(), since, DAY)


@settings(max_examples=8, deadline=None)
@given(st.dates(date(2019, 1, 1), date(2026, 11, 20)))
def test_any_day_gives_an_answer(since: date) -> None:
    found = pulse(load(), since, DAY)
    for moves in (found.prices, found.rentals, found.purchases, found.rates):
        assert isinstance(moves, Moves)
        assert all(isinstance(move, Move) and move.source for move in (*moves.changed, *moves.added))


def test_it_takes_less_than_two_seconds_of_work() -> None:
    begin = time.process_time()
    pulse(load(), SINCE, DAY)
    assert time.process_time() - begin < 2
