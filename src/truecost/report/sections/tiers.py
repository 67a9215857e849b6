"""Who pays for whom: what each tier leaves after its own cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from truecost.report.charts.rows import Row, bars
from truecost.report.charts.svg import figure
from truecost.report.phrases import averaged, has, ranged, share, shown
from truecost.report.sections.section import Absent, Section, Statement, Table

Tier = Mapping[str, Any]


def tiers(statement: Statement) -> Section | Absent:
    """Each tier's margin over its own serving, fees and support; nothing else is put on it."""
    rows: Sequence[Tier] = statement["tiers"]
    if not rows:
        return Absent("Who pays for whom", "the plan has no users")
    largest = max(abs(row["margin_usd"]["mean"]) for row in rows)
    drawn = [_row(row, accent=row["margin_usd"]["mean"] > 0) for row in rows]
    if not largest:
        return Absent("Who pays for whom", "no tier earns or costs anything")
    return Section(
        "tiers",
        _title(rows),
        "What each tier leaves, USD over the plan: its revenue less the cost of serving it, its fees and its "
        "support. Training, staff and other fixed cost are on no tier.",
        figure(lambda width: bars(drawn, width), "; ".join(f"{row.label}: {row.shown}" for row in drawn)),
        facts=[fact for row in rows for fact in _facts(row)],
        tables=[_table(rows)],
    )


def _row(tier: Tier, accent: bool) -> Row:
    margin = tier["margin_usd"]
    detail = f"{tier['kind']}, earns {shown(tier['revenue_usd']['p50'], 'USD')}"
    return Row(
        tier["tier"], margin["p5"], margin["mean"], margin["p95"], averaged(margin, "USD"), detail, accent
    )


def _title(rows: Sequence[Tier]) -> str:
    givers = [row for row in rows if row["margin_usd"]["mean"] > 0]
    takers = [row for row in rows if row["margin_usd"]["mean"] < 0]
    given = sum(row["margin_usd"]["mean"] for row in givers)
    taken = -sum(row["margin_usd"]["mean"] for row in takers)
    if not takers:
        return "Every tier pays for its own serving"
    if not givers:
        return f"No tier pays for itself: {_names(takers)} {_verb(takers, 'lose')} {shown(taken, 'USD')}"
    carried, carrying = _names(takers), _names(givers)
    if given < taken:
        left = f"{_verb(givers, 'leave')} {shown(given, 'USD')}"
        lost = f"the {shown(taken, 'USD')} that {carried} {_verb(takers, 'lose')}"
        return f"{carrying} {left}, too little for {lost}"
    return f"{carrying} {_verb(givers, 'carry')} {carried}: {share(taken / given)} of what is left goes there"


def _verb(rows: Sequence[Tier], plural: str) -> str:
    """The verb in the number of the tiers."""
    return {"carry": "carries"}.get(plural, f"{plural}s") if len(rows) == 1 else plural


def _names(rows: Sequence[Tier]) -> str:
    """One tier by its name, several by their number.

    >>> _names([{"tier": "pro"}]), _names([{"tier": "pro"}, {"tier": "team"}, {"tier": "max"}])
    ('“pro”', '3 tiers together')
    """
    return f"“{rows[0]['tier']}”" if len(rows) == 1 else f"{len(rows)} tiers together"


def _facts(tier: Tier) -> list[str]:
    losing = tier["share_served_at_a_loss"]
    if tier["kind"] == "free":
        return []
    limit, saved = tier.get(LIMIT), tier.get("cap_saves_usd")
    if limit is None or not has(limit):
        return []
    fact = (
        f"“{tier['tier']}”: a user turns unprofitable above {ranged(limit, 'queries/day')}; "
        f"{share(losing['mean'])} of them are above it."
    )
    if saved is not None and has(saved) and saved["mean"] > 0:
        fact += f" A cap, or a meter, at that use would save {averaged(saved, 'USD')} over the plan."
    return [fact]


LIMIT = "unprofitable_above_queries_per_day"
AMOUNTS = {
    "revenue_usd": "Revenue",
    "cost_usd": "Cost",
    "margin_usd": "Left",
    "user_months": "User-months",
    "revenue_per_user_month_usd": "Revenue a user-month",
    "cost_per_user_month_usd": "Cost a user-month",
    "usd_per_query": "Cost a query",
    LIMIT: "Unprofitable above, queries a day",
    "cap_saves_usd": "A cap there saves",
}


def _table(rows: Sequence[Tier]) -> Table:
    cells = [
        [
            row["tier"],
            row["kind"],
            *(_told(key, row[key]) if has(row.get(key)) else "" for key in AMOUNTS),
            averaged(row["share_served_at_a_loss"], "share"),
        ]
        for row in rows
    ]
    head = ("Tier", "Kind", *AMOUNTS.values(), "Served at a loss")
    return Table(head, cells, "Each tier over the plan, USD, with 90 % intervals", words=2)


def _told(key: str, value: Mapping[str, float]) -> str:
    """A limit of use is told by its median, what adds up by its mean."""
    return ranged(value) if key == LIMIT else averaged(value)
