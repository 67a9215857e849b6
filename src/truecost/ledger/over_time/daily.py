"""What usage cost by day or by hour, whole and by group: what forecasts, anomalies and budgets are made of.

A day without usage cost 0 and is counted; the last day is left out while it is not over. Amounts are exact;
the series that the laws of `truecost.finance` take are floats of them.
"""

from __future__ import annotations

import os
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from truecost.finance.daily_forecast import MOST_STEPS
from truecost.ledger.engine import Connection, connected, name
from truecost.ledger.filters import option_filter
from truecost.ledger.questions import TIMES, Window, check_by, dimension, printed, question
from truecost.ledger.reading import sql
from truecost.ledger.reporting import prepare_tables
from truecost.ledger.store import Store, open_store
from truecost.ranges import FloatArray

if TYPE_CHECKING:
    from sqlglot import exp

    from truecost.catalog.catalog import Catalog

HOURS_A_DAY = 24
MOST_GROUPS = 20
"""Groups that are looked at one by one, the dearest first; the others together."""
_HISTORY = timedelta(days=MOST_STEPS)
_CLOSING_DAYS = 7
_EARLY = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Series:
    """What one group cost, step by step; `label` has a value for each column it is grouped by."""

    label: tuple[Any, ...]
    usd: tuple[Decimal, ...]

    @property
    def costs(self) -> FloatArray:
        """The amounts as floats: where exact money becomes a number that laws take."""
        return np.array([float(one) for one in self.usd])

    def sum(self, begin: int, end: int) -> Decimal:
        """USD of the steps from `begin` on and before `end`."""
        return sum(self.usd[max(begin, 0) : max(end, 0)], Decimal(0))


@dataclass(frozen=True, slots=True)
class History:
    """A store's cost by step, up to the end of a day.

    `on` is the last day that counts, `unfinished` a day after it that is not over, `empty_days` the days
    without any usage, which count as 0.
    """

    store: str
    by: tuple[str, ...]
    as_known: date
    first_day: date
    on: date
    unfinished: date | None
    empty_days: int
    unpriced_requests: int
    requests: int
    total: Series
    groups: tuple[Series, ...]
    others: int
    """How many groups stand together in no series of their own."""
    where: str | None = None
    catalog: str | None = None
    """The file whose prices went before those that ship."""

    @property
    def days(self) -> int:
        """Days from the first to the last that counts."""
        return (self.on - self.first_day).days + 1

    def place(self, day: date) -> int:
        """The place of a day in a series by day."""
        return (day - self.first_day).days


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked of a store: by which columns, up to which day, priced as known when."""

    by: tuple[str, ...] = ()
    on: date | None = None
    as_known: date | None = None
    hours: bool = False
    today: date | None = None
    where: str | None = None
    """A filter (`truecost.ledger.filters`) that takes some rows alone."""
    catalog: Catalog | None = None
    """Own prices, before those that ship."""

    @property
    def known(self) -> date:
        """The day whose knowledge of prices counts."""
        return self.as_known or date.today()

    @property
    def now(self) -> date:
        """The day that it is, in UTC."""
        return self.today or datetime.now(UTC).date()


class NoUsage(ValueError):  # noqa: N818 - the name says what is the matter
    """A store without usage up to the day that is asked for."""


def groupable(by: Sequence[str]) -> tuple[str, ...]:
    """What costs by day may be grouped by: every column but the times. Raises ValueError."""
    for one in by:
        if one in TIMES:
            raise ValueError(f"--by {one}: costs are by day already; group by feature, user, model, tag:NAME")
    return check_by(by)


@contextmanager
def costs_by_day(store: str | os.PathLike[str], asked: Asked) -> Generator[tuple[Connection, History]]:
    """A store's History, and a connection whose table `priced_usage` holds every row with its amounts.

    Raises NoStore for a folder that is none, NoUsage where nothing was used up to the day, ValueError for a
    column or filter that is not understood and for a day that is still to come.
    """
    by = groupable(asked.by)
    where = option_filter("--for", asked.where)
    found = open_store(store)
    if asked.on is not None and asked.on > asked.now:
        raise ValueError(f"--on {asked.on}: that day is still to come; today is {asked.now}")
    last = _last_day(found, asked.on)
    if last is None:
        until = f" up to {asked.on}" if asked.on else ""
        raise NoUsage(f"{store}: there is no usage{until} to go by")
    window = Window(last - _HISTORY, last + timedelta(1))
    with connected(store) as connection:
        prepare_tables(connection, found, window, asked.known, asked.catalog)
        priced = printed(question("priced", window=window, where=where), "duckdb")
        connection.execute(f"CREATE TEMP VIEW priced_usage AS {priced}")
        daily = printed(daily_query(by, hours=asked.hours), "duckdb")
        connection.execute(f"CREATE TEMP TABLE daily AS {daily}")
        yield connection, _history(connection, str(store), asked, by, last)


def _last_day(store: Store, on: date | None) -> date | None:
    """The last day with usage, up to a day."""
    days = [one.day for one in store.manifest.data if on is None or one.day <= on.isoformat()]
    return date.fromisoformat(max(days)) if days else None


def daily_query(by: Sequence[str], *, hours: bool = False) -> exp.Query:
    """The question as a tree over `priced_usage`."""
    from sqlglot import exp, parse_one

    query = cast("exp.Select", parse_one(sql("daily"), dialect="duckdb"))
    if hours:
        hour = exp.func("DATE_TRUNC", exp.Literal.string("hour"), exp.column("ts"), dialect="duckdb")
        query.expressions[0].set("this", exp.cast(hour, "TIMESTAMP"))
    chosen = [exp.alias_(dimension(one), one, quoted=True) for one in by]
    query.set("expressions", [*chosen, *query.expressions])
    query = query.group_by("step", *(dimension(one) for one in by))
    return query.from_(exp.table_("priced_usage").as_("priced"))


def _history(connection: Connection, store: str, asked: Asked, by: tuple[str, ...], last: date) -> History:
    rows = connection.execute(
        "SELECT CAST(step AS DATE), sum(unpriced_requests), sum(requests) FROM daily GROUP BY ALL ORDER BY 1"
    ).fetchall()
    closing: dict[date, datetime] = dict(
        connection.execute("SELECT CAST(ts AS DATE), max(ts) FROM usage GROUP BY ALL ORDER BY 1").fetchall()
    )
    over = asked.on is not None or is_over(closing, last, asked.now)
    on = asked.on or (last if over else last - timedelta(1))
    if not rows:
        raise NoUsage(f"{store}: no usage is of --for {asked.where}")
    first = rows[0][0]
    if on < first:
        raise NoUsage(f"{store}: its only day of usage, {last}, is not over")
    steps = ((on - first).days + 1) * (HOURS_A_DAY if asked.hours else 1)
    counted = [row for row in rows if row[0] <= on]
    ranks = _rank(connection, by)
    return History(
        store, by, asked.known, first, on, None if over else last,
        (on - first).days + 1 - len(counted),
        int(sum(row[1] for row in counted)), int(sum(row[2] for row in counted)),
        _total(connection, first, steps), _groups(connection, by, first, steps),
        max(0, ranks - MOST_GROUPS) if by else 0, asked.where,
        asked.catalog.overlay if asked.catalog else None,
    )  # fmt: skip


def is_over(closing: Mapping[date, datetime], last: date, today: date) -> bool:
    """Whether the last day is over: it is not today, and its usage ends about when that of other days does.

    It is taken as unfinished where its last request came over an hour before the earliest last request of
    the seven days of use before it.
    """
    if last >= today:
        return False
    before = [at - datetime.combine(day, datetime.min.time()) for day, at in closing.items() if day < last]
    if len(before) < _CLOSING_DAYS:
        return True
    ended = closing[last] - datetime.combine(last, datetime.min.time())
    return ended + _EARLY >= min(before[-_CLOSING_DAYS:])


def _rank(connection: Connection, by: Sequence[str]) -> int:
    """The table `ranked`: the groups by what they cost, the dearest first; returns how many there are."""
    if not by:
        return 0
    columns = ", ".join(name(one) for one in by)
    connection.execute(
        f"CREATE TEMP TABLE ranked AS SELECT {columns}, row_number() OVER (ORDER BY sum(usd) DESC, {columns})"
        f" AS place FROM daily GROUP BY {columns}"
    )
    return int(connection.execute("SELECT count(*) FROM ranked").fetchall()[0][0])


def _total(connection: Connection, first: date, steps: int) -> Series:
    rows = connection.execute("SELECT step, sum(usd) FROM daily GROUP BY step").fetchall()
    return Series((), filled(rows, first, steps))


def _groups(connection: Connection, by: Sequence[str], first: date, steps: int) -> tuple[Series, ...]:
    """The series of the dearest groups."""
    if not by:
        return ()
    same = " AND ".join(f"daily.{name(one)} IS NOT DISTINCT FROM ranked.{name(one)}" for one in by)
    rows = connection.execute(
        f"SELECT place, step, usd FROM daily JOIN ranked ON {same} WHERE place <= {MOST_GROUPS}"
    ).fetchall()
    columns = ", ".join(name(one) for one in by)
    labels = connection.execute(
        f"SELECT {columns} FROM ranked WHERE place <= {MOST_GROUPS} ORDER BY place"
    ).fetchall()
    mine: dict[int, list[tuple[Any, Any]]] = {}
    for place, step, usd in rows:
        mine.setdefault(place, []).append((step, usd))
    return tuple(
        Series(tuple(label), filled(mine.get(at + 1, []), first, steps)) for at, label in enumerate(labels)
    )


def filled(rows: Sequence[tuple[Any, Any]], first: date, steps: int) -> tuple[Decimal, ...]:
    """One amount a step, 0 where nothing was used; what lies behind the last step is left out."""
    found = [Decimal(0)] * steps
    for step, usd in rows:
        at = place_of(step, first)
        if 0 <= at < steps:
            found[at] += Decimal(usd)
    return tuple(found)


def place_of(step: date | datetime, first: date) -> int:
    """Days since the first; hours where the step is an hour.

    >>> place_of(date(2026, 10, 3), date(2026, 10, 1)), place_of(datetime(2026, 10, 2, 3), date(2026, 10, 1))
    (2, 27)
    """
    if isinstance(step, datetime):
        since = step - datetime.combine(first, datetime.min.time())
        return int(since.total_seconds() // 3600)
    return (step - first).days


def estimate(amount: float) -> Decimal:
    """A forecast as money: no more digits than it can have, six places.

    >>> estimate(12.34567891)
    Decimal('12.345679')
    """
    return Decimal(f"{amount:.6f}")
