"""Serving options side by side, who pays for whom, and where the answer turns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from truecost.report.hosting_text import by_stake, over_the_plan, standing
from truecost.report.layout import Line, Page, Span, Style, glued, wrapped
from truecost.report.phrases import (
    ALMOST_ALL,
    around_mean,
    averaged,
    has,
    loose,
    option_name,
    ranged,
    share,
    shown,
    words,
)
from truecost.report.tables import Column, table

Statement = Mapping[str, Any]
Row = Mapping[str, Any]
DETAILS = (
    ("chips", "chips"),
    ("batch", "sequences a batch"),
    ("output_tokens_per_second_per_chip", "output tokens/s a chip"),
    ("ttft_s", "to the first token"),
    ("tpot_s", "a token"),
    ("utilization", "busy"),
    ("base_share", "of calls on own chips"),
    ("kwh_per_month", "a month"),
    ("tco2e_per_month", "a month"),
)
"""Figures behind a fleet, and the words after each."""
UNITS = {
    "ttft_s": "s",
    "tpot_s": "s",
    "utilization": "share",
    "base_share": "share",
    "kwh_per_month": "kWh",
    "tco2e_per_month": "tCO2e",
}


def options(statement: Statement, page: Page, *, everything: bool) -> None:
    """Every way of serving each class, the cheapest first, the one charged marked; what a quote implies."""
    found = statement["serving"]
    if not found:
        return
    page.heading("Ways to serve, USD over the plan")
    classes = list(dict.fromkeys(row["class"] for row in found))
    ordered = sorted(found, key=lambda row: (classes.index(row["class"]), _usd_per_query(row)))
    rows = [_option_row(row, len(classes) > 1) for row in ordered]
    columns = [
        Column("option", wraps=True), Column("", style=Style.STRONG), Column("a query", right=True),
        Column("90 % interval", right=True), Column("a Mtok", right=True), Column("in all", right=True),
    ]  # fmt: skip
    titles = {number + 1: _title_lines(row, page.width) for number, row in enumerate(ordered)}
    for number, row in enumerate(ordered):
        before = [other["title"] for other in ordered[:number] if other["class"] == row["class"]]
        if any(row["title"] in title for title in before):
            titles[number + 1] = []
    page.extend(table(columns, rows, page.width, rules=titles))
    page.extend(titles[len(rows)])
    for row in found:
        for sentence in (*_fleet(row), *_quote(row)) if everything else _quote(row):
            page.item(loose(sentence))


def _title_lines(row: Row, width: int) -> list[Line]:
    """What an option is, below its row."""
    return [(Span(f"    {line}", Style.FAINT),) for line in wrapped(row["title"], width - 4)]


def _usd_per_query(row: Row) -> float:
    value = row["usd_per_query"]
    return value["mean"] if has(value) else float("inf")


def _option_row(row: Row, several: bool) -> list[str]:
    name = f"{row['class']}, {option_name(row['option'])}" if several else option_name(row["option"])
    each, tokens = row["usd_per_query"], row["usd_per_mtok"]
    return [
        name,
        "used" if row["used"] else "",
        shown(each["mean"]) if has(each) else "unknown",
        around_mean(each) if has(each) else "",
        shown(tokens["mean"]) if has(tokens) else "unknown",
        shown(row["total_usd"]["mean"]),
    ]


def _fleet(row: Row) -> Iterator[str]:
    """The fleet of the option in use."""
    figures = [_detail(row, key, after) for key, after in DETAILS if has(row.get(key))]
    if figures and row["used"]:
        yield f"{row['class']} in the first month: {'; '.join(figures)}."


def _quote(row: Row) -> Iterator[str]:
    """The tokens that a quote implies."""
    for other in row.get("implied", ()):
        yield (
            f"{row['class']}: the quote is {shown(other['quote_over_law'])} times the figure for "
            f"{option_name(other['option'])}; it would be true of "
            f"{shown(other['implied_tokens_per_query'], 'tokens')} a query, where the plan has "
            f"{shown(other['tokens_per_query'], 'tokens')}."
        )


def _detail(row: Row, key: str, after: str) -> str:
    return glued(f"{averaged(row[key], UNITS.get(key, ''))} {after}")


def tiers(statement: Statement, page: Page, *, everything: bool) -> None:
    """Who pays for whom: one of each tier's users in a month, and the tier over the plan."""
    found = statement["tiers"]
    if not found:
        return
    page.heading("Who pays for whom: USD a user a month to serve, and left over the plan")
    columns = [
        Column("tier", wraps=True), Column("users", right=True), Column("pays", right=True),
        Column("costs", right=True), Column("at a loss", right=True), Column("left, USD", right=True),
        Column("90 % interval", right=True),
    ]  # fmt: skip
    rows = [_tier_row(row, statement["horizon_months"]) for row in found]
    page.extend(table(columns, rows, page.width))
    if everything:
        page.item("Costs: serving, fees, sales in proportion, support; no other line.", Style.FAINT)
        page.blank()
        columns = [
            Column("over the plan, USD", wraps=True), Column("kind"), Column("revenue", right=True),
            Column("cost to serve", right=True), Column("90 % interval", right=True),
        ]  # fmt: skip
        page.extend(table(columns, [_amounts_row(row) for row in found], page.width))
    for sentence in (*_subsidy(found), *_turning_points(found)):
        page.item(loose(sentence))


def _tier_row(row: Row, horizon: int) -> list[str]:
    return [
        row["tier"],
        shown(row["user_months"]["mean"] / horizon),
        shown(row["revenue_per_user_month_usd"]["mean"]),
        shown(row["cost_per_user_month_usd"]["mean"]),
        share(row["share_served_at_a_loss"]["mean"]),
        shown(row["margin_usd"]["mean"]),
        around_mean(row["margin_usd"]),
    ]


def _amounts_row(row: Row) -> list[str]:
    cost = row["cost_usd"]
    revenue = shown(row["revenue_usd"]["mean"])
    return [row["tier"], row["kind"], revenue, shown(cost["mean"]), around_mean(cost)]


def _subsidy(found: Sequence[Row]) -> Iterator[str]:
    """What paying tiers leave for each dollar that the free ones cost."""
    free = -sum(row["margin_usd"]["mean"] for row in found if row["kind"] == "free")
    left = sum(row["margin_usd"]["mean"] for row in found if row["kind"] != "free")
    if free > 0 and len(found) > 1:
        yield f"For each dollar the free tiers cost, the paying tiers leave {shown(left / free, 'USD')}."


def _turning_points(found: Sequence[Row]) -> Iterator[str]:
    for row in found:
        limit = row.get("unprofitable_above_queries_per_day")
        if not has(limit):
            continue
        if limit["p95"] <= 0:
            yield f"{row['tier']}: every user costs more than the price leaves, whatever the use."
            continue
        saved = row.get("cap_saves_usd")
        cap = f"; a cap there saves {averaged(saved, 'USD')}" if has(saved) and saved["mean"] > 0 else ""
        yield f"{row['tier']}: unprofitable above {ranged(limit, 'queries')} a day{cap}."


def break_evens(statement: Statement, page: Page) -> None:
    """Where the answer turns: API prices, own prices, users, own chips."""
    turning = statement["break_even"]
    sentences = [
        *_shock(turning["shock_tolerance"]),
        *_own_price(turning["price_multiple_for_zero_margin"]),
        *(s for row in turning["tiers"] for s in _tier_break_even(row)),
        *(_self_hosting(row) for row in by_stake(turning["self_hosting"])),
    ]
    if not sentences:
        return
    page.heading("Where the answer turns")
    for sentence in sentences:
        page.item(loose(sentence))


def _shock(shock: Row | None) -> Iterator[str]:
    """The API price that the gross margin survives, and the one that the whole plan survives."""
    if shock is None or not has(shock["multiple"]):
        return
    if shock["multiple"]["p50"] <= 0:
        text = "API prices: in most draws serving, fees and support are not covered even with a free API"
    else:
        text = (
            f"API prices: serving, fees and support are covered up to {ranged(shock['multiple'], 'x')} the "
            f"plan's ({_survived(shock, 'survives')} of the draws)"
        )
    yield f"{text}; {_all_in(shock)}"


def _all_in(shock: Row) -> str:
    """The same for every line of the plan."""
    if shock["all_in_multiple"]["p50"] <= 0:
        return "not every line of the plan is, even with a free API."
    survived = _survived(shock, "all_in_survives")
    return f"every line of the plan up to {ranged(shock['all_in_multiple'], 'x')} ({survived})."


def _survived(shock: Row, what: str) -> str:
    """In which share of the draws at some multiples; at the plan's own prices where it is not all."""
    shares = {m: shock[f"{what}_{m}x_share_of_draws"] for m in (1, 3, 5)}
    told = [m for m in shares if m > 1 or shares[m] < ALMOST_ALL]
    return ", ".join(f"at {m} x in {share(shares[m])}" for m in told)


def _own_price(multiple: Row | None) -> Iterator[str]:
    if has(multiple):
        yield f"Own prices: revenue covers all cost at {ranged(multiple or {}, 'x')} the plan's."


def _tier_break_even(row: Row) -> Iterator[str]:
    """Users and price without a margin; nothing of a tier in which neither would change it."""
    users, price = row["users_for_zero_margin"], row["usd_per_user_month_for_zero_margin"]
    parts = [_users_needed(users)] if users else []
    if has(price):
        covered = "" if parts else "all cost is covered "
        parts.append(f"{covered}at {ranged(price or {}, 'USD')} a user-month")
    if parts:
        yield f"{row['tier']}: {', or '.join(parts)}."


def _users_needed(users: Row) -> str:
    often = users["share_of_draws"]
    if not has(users) or often <= 1 - ALMOST_ALL:
        return "no number of users covers all cost"
    case = "" if often >= ALMOST_ALL else f" (in {share(often)} of the draws)"
    if users["p95"] <= 0:
        return f"all cost is covered with any number of users{case}"
    return f"all cost is covered from {ranged(users, 'users')} a month on{case}"


def _self_hosting(row: Row) -> str:
    """Whether own chips pay at the plan's volume, from which volume on, and what they would save."""
    volume, name = row["self_host_tokens_per_month"], row["class"]
    now = shown(row["tokens_now"], "tokens")
    own = f"{row['model']} on {row['chip']}, {words(row['purchase'])}"
    of_what = f" ({own}, standing in)" if row["stand_in"] else ""
    if volume is None or not has(volume) or volume["share_of_draws"] <= 1 - ALMOST_ALL:
        return (
            f"Own chips for {name}{of_what} never cost less than the API; the plan starts at {now} a month."
        )
    often = volume["share_of_draws"]
    case = "" if often >= ALMOST_ALL else f" (in {share(often)} of the draws)"
    return (
        f"Own chips for {name}{of_what} {standing(row)}: {now} a month, {ranged(volume)} needed"
        f"{case}{over_the_plan(row)}."
    )
