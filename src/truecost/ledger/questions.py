"""The questions of the ledger as SQL: one file each, put together as trees, printed in other dialects.

A question is asked of two tables, `usage` (`truecost.ledger.usage`) and `rates`
(`truecost.ledger.rates`). Values stand in the tree as literals, never in the text.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, cast

from truecost.ledger.reading import sql
from truecost.ledger.usage import DIMENSIONS

if TYPE_CHECKING:
    from sqlglot import exp

DIALECTS = ("duckdb", "spark", "clickhouse", "bigquery", "snowflake")
QUESTIONS = {
    "priced": "every request with its amounts, by kind of token",
    "report": "usage added up by any columns, with its coverage",
    "unpriced": "the models without a price, the most used first",
}
"""The questions that are printed."""
TIMES = ("day", "month")
TAG = "tag:"


@dataclass(frozen=True, slots=True)
class Window:
    """The days that count: from `since` on and before `until`; None for no end."""

    since: date | None = None
    until: date | None = None

    @classmethod
    def of_month(cls, month: str) -> Window:
        """The days of a month as `2026-10`. Raises ValueError for what is none.

        >>> Window.of_month("2026-12").until
        datetime.date(2027, 1, 1)
        """
        try:
            if not re.fullmatch(r"[0-9]{4}-[0-9]{2}", month):
                raise ValueError
            year, number = (int(part) for part in month.split("-"))
            return cls(date(year, number, 1), date(year + number // 12, number % 12 + 1, 1))
        except ValueError:
            raise ValueError(f"{month!r} is no month; write it as 2026-10") from None


def check_by(by: Sequence[str]) -> tuple[str, ...]:
    """What is grouped by, each once. Raises ValueError with the nearest column for one that is not known."""
    import difflib

    known = (*DIMENSIONS, *TIMES)
    for one in by:
        if one in known or (one.startswith(TAG) and len(one) > len(TAG)):
            continue
        near = difflib.get_close_matches(one, known, n=1)
        hint = f"; the nearest is {near[0]}" if near else ""
        raise ValueError(f"usage cannot be grouped by {one!r}{hint} (columns: {', '.join(known)}, tag:NAME)")
    return tuple(dict.fromkeys(by))


def question(
    name: str, by: Sequence[str] = (), window: Window | None = None, where: exp.Expr | None = None
) -> exp.Query:
    """One of QUESTIONS as a tree over `usage` and `rates`, in DuckDB's terms.

    `where` is a condition on `usage` (`truecost.ledger.filters.filter_of`).
    """
    if name not in QUESTIONS:
        raise ValueError(f"there is no question {name!r} (questions: {', '.join(QUESTIONS)})")
    priced = _in_window(parsed("priced"), window or Window(), where)
    if name == "priced":
        return priced
    if name == "unpriced":
        return _over(parsed("unpriced"), priced)
    return cells(by, priced)


def cells(by: Sequence[str], priced: exp.Query) -> exp.Query:
    """The sums of priced usage for each group, status and coverage."""
    from sqlglot import exp

    query = cast("exp.Select", parsed("cells"))
    chosen = [exp.alias_(dimension(one), one, quoted=True) for one in by]
    query.set("expressions", [*chosen, *query.expressions])
    query = query.group_by(*(dimension(one) for one in by))
    retry = exp.alias_(_retry(), "is_retry")
    with_retry = exp.select("with_amounts.*", retry).from_(priced.subquery("with_amounts"))
    return _over(query, with_retry)


def _retry() -> exp.Expr:
    """Whether a request says that it is another attempt: by the tag `attempt`, or `retry_of`."""
    from sqlglot import exp

    attempt = exp.cast(exp.func("COALESCE", _tag("attempt"), exp.Literal.string("1")), "VARCHAR")
    first = attempt.isin(exp.Literal.string("0"), exp.Literal.string("1"))
    return exp.or_(exp.not_(first), exp.not_(_tag("retry_of").is_(exp.Null())))


def printed(query: exp.Query, dialect: str) -> str:
    """A question in a dialect. Raises ValueError for a dialect that is not known."""
    import difflib

    if dialect not in DIALECTS:
        near = difflib.get_close_matches(dialect, DIALECTS, n=1)
        hint = f"; the nearest is {near[0]}" if near else ""
        raise ValueError(f"there is no dialect {dialect!r}{hint} (dialects: {', '.join(DIALECTS)})")
    tree = query.copy()
    if dialect == "bigquery":
        tree = tree.transform(_wide_decimal)
    return tree.sql(dialect=dialect, pretty=True)


def _wide_decimal(node: exp.Expr) -> exp.Expr:
    """BigQuery's NUMERIC has 9 digits behind the point: 15 take BIGNUMERIC."""
    from sqlglot import exp

    if isinstance(node, exp.DataType) and node.this == exp.DataType.Type.DECIMAL:
        return exp.DataType.build("BIGNUMERIC", dialect="bigquery")
    return node


def parsed(name: str) -> exp.Query:
    """A file of SQL as a tree."""
    from sqlglot import exp, parse_one

    tree = parse_one(sql(name), dialect="duckdb")
    assert isinstance(tree, exp.Query)
    return tree


def _over(query: exp.Query, priced: exp.Query) -> exp.Query:
    """A query of `priced`, with what that is before it."""
    return query.with_("priced", as_=priced)


def _in_window(priced: exp.Query, window: Window, where: exp.Expr | None) -> exp.Query:
    """Priced usage of the days of a window, of the rows that a condition holds for."""
    from sqlglot import exp

    query = priced
    first = next(one for one in query.find_all(exp.CTE) if one.alias == "parts")
    inner = in_days(first.this, window, "usage")
    if where is not None:
        inner = inner.where(where.copy())
    first.set("this", inner)
    return query


def in_days(query: exp.Query, window: Window, table: str = "") -> exp.Query:
    """A query of those rows alone whose time lies in a window."""
    from sqlglot import exp

    found = cast("exp.Select", query)
    for day, kind in ((window.since, exp.GTE), (window.until, exp.LT)):
        if day is not None:
            at = exp.cast(exp.Literal.string(f"{day.isoformat()} 00:00:00"), "TIMESTAMP")
            found = found.where(kind(this=exp.column("ts", table=table or None), expression=at))
    return found


def dimension(name: str) -> exp.Expr:
    """What is grouped by under a name."""
    from sqlglot import exp

    if name == "day":
        return exp.cast(exp.column("ts"), "DATE")
    if name == "month":
        return exp.cast(
            exp.func("DATE_TRUNC", exp.Literal.string("month"), exp.column("ts"), dialect="duckdb"), "DATE"
        )
    if name.startswith(TAG):
        return _tag(name[len(TAG) :])
    return exp.column(name, quoted=True)


def _tag(name: str) -> exp.Expr:
    from sqlglot import exp

    return exp.Bracket(this=exp.column("tags"), expressions=[exp.Literal.string(name)])
