"""What each month's usage was of, for what, and what it cost: what a plan is held against."""

from __future__ import annotations

import os
from calendar import monthrange
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any, cast

from truecost.catalog.api_prices import prices
from truecost.catalog.names import UnknownName
from truecost.ledger.engine import Connection, connected
from truecost.ledger.questions import TAG, TIMES, Window, check_by, printed, question
from truecost.ledger.reading import sql
from truecost.ledger.reporting import prepare_tables
from truecost.ledger.store import open_store

if TYPE_CHECKING:
    from sqlglot import exp

    from truecost.catalog.catalog import Catalog


@dataclass(frozen=True, slots=True)
class Covered:
    """The days of a month that the usage of a store reaches over."""

    month: str
    first_day: date
    last_day: date
    days_with_usage: int

    @property
    def days(self) -> int:
        """Days from the first to the last."""
        return (self.last_day - self.first_day).days + 1

    @property
    def days_in_month(self) -> int:
        """All days of the month."""
        return monthrange(self.first_day.year, self.first_day.month)[1]


@dataclass(frozen=True, slots=True)
class Bought:
    """Usage of one month, one model (`provider/model`) or chip, and one label.

    `usd` is of what has a price; `unpriced_entries` are the rows that have none.
    """

    month: str
    kind: str
    name: str
    label: str | None
    entries: int
    unpriced_entries: int
    requests: int
    tokens: int
    chip_hours: Decimal
    usd: Decimal


@dataclass(frozen=True, slots=True)
class MonthlyUsage:
    """The usage of a store by month; `label_column` is what `label` was taken from."""

    store: str
    label_column: str
    as_known: date
    covered: tuple[Covered, ...]
    bought: tuple[Bought, ...]


def monthly_usage(
    store: str | os.PathLike[str],
    label_column: str = "feature",
    *,
    as_known: date | None = None,
    catalog: Catalog | None = None,
) -> MonthlyUsage:
    """The usage of a store by month, model and label, at the prices known on a day (today), those of an
    overlay of `catalog` before what ships.

    Raises NoStore for a folder that is none, ValueError for a column that usage has not.
    """
    known = as_known or date.today()
    (chosen,) = check_by([label_column])
    if chosen in TIMES:
        raise ValueError(f"{chosen!r} says when usage was, not what it was for; take feature, task, tag:NAME")
    with connected(store) as connection:
        prepare_tables(connection, open_store(store), Window(), known, catalog)
        covered = _covered(connection)
        query = monthly_query(chosen)
        rows = connection.execute(printed(query, "duckdb")).fetchall()
    return MonthlyUsage(str(store), chosen, known, covered, _bought(rows))


def monthly_query(label_column: str) -> exp.Query:
    """The question as a tree over `usage` and `rates`, in DuckDB's terms."""
    from sqlglot import exp, parse_one

    query = cast("exp.Select", parse_one(sql("monthly"), dialect="duckdb"))
    label = (
        exp.Bracket(this=exp.column("tags"), expressions=[exp.Literal.string(label_column.removeprefix(TAG))])
        if label_column.startswith(TAG)
        else exp.column(label_column, quoted=True)
    )
    text = exp.cast(label, "VARCHAR")
    query.set("expressions", [exp.alias_(text, "label", quoted=True), *query.expressions])
    return query.group_by(text).order_by(text).with_("priced", as_=question("priced"))


def _covered(connection: Connection) -> tuple[Covered, ...]:
    rows = connection.execute(
        "SELECT strftime(ts, '%Y-%m'), CAST(min(ts) AS DATE), CAST(max(ts) AS DATE),"
        " count(DISTINCT CAST(ts AS DATE)) FROM usage GROUP BY ALL ORDER BY ALL"
    ).fetchall()
    if not rows:
        return ()
    first, last = rows[0][1], rows[-1][2]
    return tuple(_reached(month, (first, last), days) for month, _, _, days in rows)


def _reached(month: str, span: tuple[date, date], days_with_usage: int) -> Covered:
    """The part of a month that lies between the first and the last day of all usage.

    >>> _reached("2026-10", (date(2026, 9, 30), date(2026, 10, 12)), 9).days
    12
    """
    begin = date.fromisoformat(f"{month}-01")
    end = begin.replace(day=monthrange(begin.year, begin.month)[1])
    return Covered(month, max(begin, span[0]), min(end, span[1]), days_with_usage)


def _bought(rows: list[tuple[Any, ...]]) -> tuple[Bought, ...]:
    """The rows with their names; several names of one model become one."""
    summed: dict[tuple[str, str, str, str | None], Bought] = {}
    for label, month, kind, priced_as, provider, model, day, *counts in rows:
        name = _name(kind, priced_as, (provider, model), day)
        key = (month.strftime("%Y-%m"), kind, name, label or None)
        entries, unpriced, requests, tokens, hours, usd = counts
        before = summed.get(key) or Bought(*key, 0, 0, 0, 0, Decimal(0), Decimal(0))
        summed[key] = Bought(
            *key, before.entries + entries, before.unpriced_entries + int(unpriced),
            before.requests + int(requests), before.tokens + int(tokens),
            before.chip_hours + hours, before.usd + usd,
        )  # fmt: skip
    return tuple(summed.values())


def _name(kind: str, priced_as: str | None, logged: tuple[str, str], day: date) -> str:
    """What was bought, as the catalog names it; as the log does where the catalog knows nothing of it."""
    provider, model = logged
    raw = "/".join(part for part in logged if part) or "(not named)"
    if kind != "api":
        return model or raw
    if priced_as is not None:
        return priced_as.partition(" (")[0]
    try:
        found = prices(model, day, provider or None)
    except (UnknownName, LookupError):
        return raw
    return f"{found.provider}/{found.model}"
