"""Budgets: what is spent, how fast, what the period will have cost, when and how likely each breaks."""

from __future__ import annotations

import calendar
import difflib
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from truecost.finance.daily_forecast import Outlook, TooShort, outlook
from truecost.ledger.engine import Connection, name
from truecost.ledger.over_time.budget_spec import Budget, Period, load_budgets
from truecost.ledger.over_time.daily import Asked, History, Series, costs_by_day, estimate, filled
from truecost.ledger.over_time.forecast import EndOfPeriod, days_left, end_of_period, told_end
from truecost.ledger.reporting import plain

if TYPE_CHECKING:
    from truecost.catalog.catalog import Catalog

Status: TypeAlias = Literal["broken", "breaking", "at_risk", "kept", "unknown"]
LIKELY, POSSIBLE = 0.5, 0.05
"""From these chances on a budget is forecast to break, and is at risk."""
_MONTHS: Mapping[Period, int] = {"month": 1, "quarter": 3, "year": 12}
_SURE = 0.95


@dataclass(frozen=True, slots=True)
class Standing:
    """How a budget stands at the end of a day.

    `broke_on` is the day it broke. `breaks_on` are the days by which it is broken with 5, 50 and 95 % chance,
    None where that is not before the period's end; `chance` is that of breaking in the period at all, None
    where nothing is forecast. `usd_per_day_left` is what may be spent a day until the end.
    """

    name: str
    owner: str
    match: Mapping[str, Sequence[str]]
    period: Period
    first_day: date
    last_day: date
    days_left: int
    usd: Decimal
    status: Status
    end: EndOfPeriod
    usd_per_day_left: Decimal | None
    chance: float | None
    broke_on: date | None
    breaks_on: Mapping[str, date | None] | None
    requests: int
    unpriced_requests: int
    unmatched: str | None
    """Why nothing in the store matches, with the nearest value; None where something does."""


@dataclass(frozen=True, slots=True)
class BudgetReport:
    """Every budget of a file, the worst first."""

    store: str
    file: str
    as_known: date
    first_day: date
    on: date
    unfinished_day: date | None
    empty_days: int
    budgets: tuple[Standing, ...]
    catalog: str | None = None
    """The file whose prices went before those that ship."""

    def to_dict(self) -> dict[str, Any]:
        """Plain values with stable keys; amounts as text."""
        told = {key: value for key, value in asdict(self).items() if key != "budgets"}
        return plain({**told, "budgets": [_told(one) for one in self.budgets]})


def _told(one: Standing) -> dict[str, Any]:
    told = {key: value for key, value in asdict(one).items() if key != "end"}
    return {**told, **told_end(one.end)}


def budget_report(
    store: str | os.PathLike[str],
    budgets: str | os.PathLike[str],
    *,
    on: date | None = None,
    as_known: date | None = None,
    today: date | None = None,
    catalog: Catalog | None = None,
) -> BudgetReport:
    """How the budgets of a YAML file stand at the end of the day `on` (the last one that is over).

    Raises SpecError with every problem of the file, NoStore, NoUsage.
    """
    asked = load_budgets(budgets).value.budgets
    columns = tuple(dict.fromkeys(column for one in asked for column in one.match))
    how = Asked(columns, on, as_known, today=today, catalog=catalog)
    with costs_by_day(store, how) as (connection, history):
        found = [_standing(connection, history, one) for one in asked]
    order = ("broken", "breaking", "at_risk", "unknown", "kept")
    found.sort(key=lambda one: (order.index(one.status), -(one.chance or 0.0), -one.end.spent_usd / one.usd))
    return BudgetReport(
        history.store, str(budgets), history.as_known, history.first_day, history.on, history.unfinished,
        history.empty_days, tuple(found), history.catalog,
    )  # fmt: skip


def period_of(day: date, period: Period) -> tuple[date, date]:
    """The first and last day of the month, quarter or year that a day lies in.

    >>> period_of(date(2026, 11, 22), "quarter")
    (datetime.date(2026, 10, 1), datetime.date(2026, 12, 31))
    """
    months = _MONTHS[period]
    first = (day.month - 1) // months * months + 1
    last = first + months - 1
    return date(day.year, first, 1), date(day.year, last, calendar.monthrange(day.year, last)[1])


def _standing(connection: Connection, history: History, budget: Budget) -> Standing:
    wanted = budget.match
    first, last = period_of(history.on, budget.period)
    series, requests, unpriced = _matching(connection, history, wanted, first)
    after = last + timedelta(1)
    end = end_of_period(history, series, first, after)
    left, limit = days_left(history, after), Decimal(str(budget.usd))
    rest = limit - end.spent_usd
    ahead = _ahead(series, left)
    chance = _chance(ahead, rest, left)
    return Standing(
        budget.name, budget.owner, wanted, budget.period, first, last, left, limit,
        _status(rest, chance), end, estimate(max(0.0, float(rest)) / left) if left else None, chance,
        _broke_on(history, series, first, limit), _breaks_on(history, ahead, rest), requests, unpriced,
        None if any(series.usd) or requests else _unmatched(connection, wanted),
    )  # fmt: skip


def _matching(
    connection: Connection, history: History, wanted: Mapping[str, Sequence[str]], first: date
) -> tuple[Series, int, int]:
    """What matches by day since the history begins; since a day, its requests and those without a price."""
    from sqlglot import exp

    sums = [exp.Sum(this=exp.column(one)) for one in ("usd", "requests", "unpriced_requests")]
    query = exp.select("step", *sums).from_("daily").group_by("step")
    query = query.where(*(_is_one_of(column, values) for column, values in wanted.items()))
    rows = connection.execute(query.sql(dialect="duckdb")).fetchall()
    rows = [row for row in rows if row[0] <= history.on]
    usd = filled([row[:2] for row in rows], history.first_day, history.days)
    period = [row for row in rows if row[0] >= first]
    return Series((), usd), int(sum(row[2] for row in period)), int(sum(row[3] for row in period))


def _is_one_of(column: str, values: Sequence[str]) -> Any:
    """Whether a column of the table `daily` has one of several values; none is the empty text."""
    from sqlglot import exp

    text = exp.func("COALESCE", exp.cast(exp.column(column, quoted=True), "VARCHAR"), exp.Literal.string(""))
    return text.isin(*(exp.Literal.string(one) for one in values))


def _unmatched(connection: Connection, wanted: Mapping[str, Sequence[str]]) -> str:
    """Which value the store does not have, with the nearest that it has."""
    for column, values in wanted.items():
        rows = connection.execute(f"SELECT DISTINCT CAST({name(column)} AS VARCHAR) FROM daily").fetchall()
        known = [one or "" for (one,) in rows]
        for value in values:
            if value not in known:
                near = difflib.get_close_matches(value, known, n=1)
                hint = f"; the nearest is {near[0]!r}" if near else ""
                return f"no usage has {column} {value!r}{hint}"
    return "no usage has all of this at once"


def _ahead(series: Series, left: int) -> Outlook | None:
    try:
        return outlook(series.costs, left) if left else None
    except TooShort:
        return None


def _chance(ahead: Outlook | None, rest: Decimal, left: int) -> float | None:
    """Probability that the period costs more than its budget; None where nothing is forecast."""
    if rest < 0:
        return 1.0
    if not left:
        return 0.0
    return None if ahead is None else ahead.chance_above(float(rest), left)


def _status(rest: Decimal, chance: float | None) -> Status:
    if rest < 0:
        return "broken"
    if chance is None:
        return "unknown"
    return "breaking" if chance >= LIKELY else "at_risk" if chance >= POSSIBLE else "kept"


def _broke_on(history: History, series: Series, first: date, limit: Decimal) -> date | None:
    """The day by whose end more was spent than the budget."""
    spent = Decimal(0)
    for place in range(max(0, history.place(first)), history.days):
        spent += series.usd[place]
        if spent > limit:
            return history.first_day + timedelta(place)
    return None


def _breaks_on(history: History, ahead: Outlook | None, rest: Decimal) -> dict[str, date | None] | None:
    if ahead is None or rest < 0:
        return None
    steps = {
        point: ahead.first_above(float(rest), chance)
        for point, chance in (("p5", POSSIBLE), ("p50", LIKELY), ("p95", _SURE))
    }
    return {point: history.on + timedelta(step) if step else None for point, step in steps.items()}
