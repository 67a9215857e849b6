"""Budgets: spent to the cent, when one broke, how likely the others will; all problems of a file at once."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.ledger.days import FIRST, KNOWN, stored, weeks

from truecost.ledger.over_time.budget import BudgetReport, Standing, budget_report, period_of
from truecost.ledger.over_time.budget_spec import Budgets, load_budgets
from truecost.spec import SpecError, load_text

LAST = FIRST + timedelta(69)  # 2026-09-13


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ten weeks: chat of two customers at 20 USD a day, agents at 5, one unpriced model, one tag."""
    parts = (
        weeks(70, 10, feature="chat", customer="acme"),
        weeks(70, 10, feature="chat", customer="brook"),
        weeks(70, 5, feature="agent", customer="acme"),
        [{**one, "model": "house-model", "feature": "odd"} for one in weeks(70, 1)[60:]],
    )
    return stored(tmp_path_factory.mktemp("budget"), *parts)


def report(store: Path, folder: Path, text: str, on: date | None = None) -> BudgetReport:
    """How budgets stand."""
    (folder / "budgets.yaml").write_text("budgets:\n" + text, encoding="utf-8")
    return budget_report(store, folder / "budgets.yaml", on=on, as_known=KNOWN)


def one(store: Path, folder: Path, text: str, on: date | None = None) -> Standing:
    return report(store, folder, f"  - {text}\n", on).budgets[0]


def spent(usd: float, since: str) -> Decimal:
    """What `weeks` cost since a day, at 4e-7 USD a token."""
    rows = [row for row in weeks(70, usd) if row["ts"] >= since]
    return sum((Decimal(row["input_tokens"]) * Decimal("4e-7") for row in rows), Decimal(0))


def test_spent_is_that_of_the_period_and_of_what_matches(store: Path, tmp_path: Path) -> None:
    month = one(store, tmp_path, "{name: a, usd: 900, match: {feature: chat, customer: [acme, brook]}}")
    assert month.end.spent_usd == 2 * spent(10, "2026-09-01")
    assert (month.first_day, month.last_day, month.days_left) == (date(2026, 9, 1), date(2026, 9, 30), 17)
    quarter = one(store, tmp_path, "{name: a, usd: 9000, period: quarter, match: {feature: agent}}")
    assert (quarter.first_day, quarter.end.spent_usd) == (date(2026, 7, 1), spent(5, "2026-07-01"))
    assert quarter.usd_per_day_left == round((9000 - quarter.end.spent_usd) / 17, 6)


def test_a_broken_budget_names_its_day(store: Path, tmp_path: Path) -> None:
    found = one(store, tmp_path, "{name: a, usd: 30, match: {feature: agent}}")
    day, total = date(2026, 8, 31), Decimal(0)
    while total <= 30:
        day += timedelta(1)
        total += spent(5, str(day)) - spent(5, str(day + timedelta(1)))
    assert (found.status, found.broke_on, found.chance, found.breaks_on) == ("broken", day, 1.0, None)


def test_the_chance_falls_with_the_budget_and_the_day_is_in_order(store: Path, tmp_path: Path) -> None:
    limits = (100, 125, 133, 200)
    # agents: 13 days of September spent, 17 to come at about 4.4 USD
    text = "".join(f"  - {{name: b{usd}, usd: {usd}, match: {{feature: agent}}}}\n" for usd in limits)
    found = {standing.name: standing for standing in report(store, tmp_path, text).budgets}
    chances = [found[name].chance or 0 for name in ("b100", "b125", "b133", "b200")]
    assert chances == sorted(chances, reverse=True)
    assert (found["b100"].status, found["b200"].status) == ("breaking", "kept")
    breaking = found["b100"].breaks_on
    assert breaking is not None
    early, likely, late = (breaking[point] for point in ("p5", "p50", "p95"))
    assert early is not None
    assert likely is not None
    assert LAST < early <= likely <= date(2026, 9, 30)
    assert late is None or likely <= late
    assert report(store, tmp_path, text).budgets[0].name == "b100", "the worst first"


def test_before_the_end_is_forecast_nothing_after_it_remains(store: Path, tmp_path: Path) -> None:
    text = "{name: a, usd: 150, match: {feature: agent}}"
    over = one(store, tmp_path, text, on=date(2026, 8, 31))
    assert (over.days_left, over.chance, over.usd_per_day_left) == (0, 0.0, None)
    early = one(store, tmp_path, text, on=FIRST + timedelta(10))
    assert (early.status, early.chance, early.end.usd) == ("unknown", None, None)
    assert early.end.declined == "11 days of cost; a forecast takes 21"


def test_what_matches_nothing_is_said_with_the_nearest(store: Path, tmp_path: Path) -> None:
    found = one(store, tmp_path, "{name: a, usd: 5, match: {feature: agnet}}")
    assert found.unmatched == "no usage has feature 'agnet'; the nearest is 'agent'"
    both = one(store, tmp_path, "{name: a, usd: 5, match: {feature: agent, customer: brook}}")
    assert both.unmatched == "no usage has all of this at once"


def test_unpriced_requests_are_counted_where_they_match(store: Path, tmp_path: Path) -> None:
    found = one(store, tmp_path, "{name: a, usd: 5, match: {feature: odd}}")
    assert (found.requests, found.unpriced_requests, found.end.spent_usd) == (10, 10, 0)
    assert found.unmatched is None
    none = one(store, tmp_path, '{name: a, usd: 5, match: {customer: ""}}')
    assert none.requests == 10, "the empty text is usage without a customer"
    assert one(store, tmp_path, "{name: a, usd: 900, match: {batch: false}}").unpriced_requests == 10


@pytest.mark.parametrize(("day", "period", "first", "last"), [
    (date(2028, 2, 29), "month", date(2028, 2, 1), date(2028, 2, 29)),
    (date(2026, 12, 31), "quarter", date(2026, 10, 1), date(2026, 12, 31)),
    (date(2026, 1, 1), "year", date(2026, 1, 1), date(2026, 12, 31)),
])  # fmt: skip
def test_periods_are_those_of_the_calendar(day: date, period: str, first: date, last: date) -> None:
    assert period_of(day, period) == (first, last)  # type: ignore[arg-type]


BAD = """\
budgets:
  - {name: a, usd: -5, period: week, match: {featur: x}}
  - {name: b, usd: 5 .. 9, owners: me}
  - {name: c, usd: 5, match: {month: x, feature: [], task: 1.5}}
"""


def test_every_problem_is_told_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "b.yaml"
    path.write_text(BAD, encoding="utf-8")
    with pytest.raises(SpecError) as raised:
        load_budgets(path)
    told = [(problem.place.rpartition(":")[2], problem.field) for problem in raised.value.problems]
    assert told == [
        ("2", "budgets.0.usd"), ("2", "budgets.0.period"), ("2", "budgets.0.match.featur"),
        ("3", "budgets.1.usd"), ("3", "budgets.1.owners"), ("4", "budgets.2.match.month"),
        ("4", "budgets.2.match.feature"), ("4", "budgets.2.match.task"),
    ]  # fmt: skip
    assert "did you mean 'feature'?" in str(raised.value)


def test_a_name_stands_once(tmp_path: Path) -> None:
    path = tmp_path / "b.yaml"
    path.write_text("budgets: [{name: a, usd: 1}, {name: a, usd: 2}]", encoding="utf-8")
    with pytest.raises(SpecError, match="budget 1 has this name as well"):
        load_budgets(path)


@given(st.text(max_size=60) | st.sampled_from(["budgets: ", "budgets: [{}]", "budgets: {a: 1}"]))
def test_whatever_a_file_holds_is_budgets_or_one_error(text: str) -> None:
    try:
        found = load_text(text, "b.yaml", Budgets)
    except SpecError:
        return
    assert found.value.budgets
