"""The ways each class of requests can be served, side by side; and what a quoted figure implies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from truecost.report.charts.rows import Row, bars
from truecost.report.charts.svg import figure
from truecost.report.phrases import averaged, has, option_name, shown
from truecost.report.sections.section import BARS, MEAN_HEAD, Absent, Section, Statement, Table, mean_cells

Option = Mapping[str, Any]
UNIT = "USD/query"
MEASURES = (
    ("chips", "chips, first month", "chips"),
    ("chips_per_replica", "chips a replica", "chips"),
    ("batch", "sequences at once on a replica", ""),
    ("tokens_per_second_per_chip", "tokens a second a chip", ""),
    ("tpot_s", "time per output token", "s"),
    ("ttft_s", "time to first token", "s"),
    ("utilization", "share of capacity in use, first month", "share"),
    ("base_multiple_of_mean", "capacity owned over mean load", "x"),
)


def serving(statement: Statement) -> Section | Absent:
    """USD a query of every option over the plan, the one in use in the accent."""
    options = [row for row in statement["serving"] if has(row["usd_per_query"])]
    if not options:
        return Absent("Serving", "the plan serves no queries that it could price")
    several = len({row["class"] for row in options}) > 1
    rows = [_row(option, several) for option in options]
    title = _title(options)
    return Section(
        "serving",
        title,
        f"USD a query over the plan; the option in use is in the accent colour. {BARS}",
        figure(lambda width: bars(rows, width), "; ".join(f"{row.label}: {row.shown}" for row in rows)),
        facts=[fact for option in options for fact in quote_facts(option)],
        tables=[_table(options), *_measured(options)],
    )


def _row(option: Option, several: bool) -> Row:
    cost = option["usd_per_query"]
    name = option_name(option["option"])
    label = f"{option['class']}: {name}" if several else name
    if option["used"]:
        label += ", in use"
    return Row(label[:1].upper() + label[1:], cost["p5"], cost["mean"], cost["p95"], averaged(cost, UNIT),
               option["title"], option["used"])  # fmt: skip


IN_TITLES = {"api": "the API", "self_hosted": "own chips", "hybrid": "a hybrid", "quoted": "the quote"}


def _title(options: Sequence[Option]) -> str:
    """What the dearest class pays against the cheapest option it has."""
    used = max((o for o in options if o["used"]), key=lambda o: o["total_usd"]["mean"])
    rivals = [o for o in options if o["class"] == used["class"] and not o["used"]]
    paid = shown(used["usd_per_query"]["mean"], "USD")
    said = f"A query of class “{used['class']}” costs {paid}"
    if not rivals:
        return f"{said} to serve"
    best = min(rivals, key=lambda o: o["usd_per_query"]["mean"])
    other, how = shown(best["usd_per_query"]["mean"], "USD"), IN_TITLES[best["option"]]
    if used["option"] == "quoted":
        stated = shown(used["quoted_usd_per_query"]["mean"], "USD")
        after = "" if stated == paid else f", {paid} over the plan's generations"
        return f"Quoted at {stated} a query{after}; {how} would come to {other}"
    if best["usd_per_query"]["mean"] < used["usd_per_query"]["mean"]:
        return f"{said}; {how} would do it for {other}"
    return f"{said}; with {how} it would be {other}"


def quote_facts(option: Option) -> list[str]:
    """For a quoted figure: its multiple of the law's own, and the tokens it would take."""
    facts: list[str] = []
    for implied in option.get("implied", []):
        facts.append(
            f"The quote for {option['class']} is {shown(implied['quote_over_law'])} times what "
            f"{option_name(implied['option'])} ({implied['title']}) comes to. It would be right at "
            f"{shown(implied['implied_tokens_per_query'])} tokens a query; the plan has "
            f"{shown(implied['tokens_per_query'])}."
        )
    return facts


def _table(options: Sequence[Option]) -> Table:
    costs = (f"USD/query, {point}" for point in MEAN_HEAD)
    head = ("Class", "Option", "What", "In use", *costs, "USD/Mtok", "USD, whole plan", "Tokens a query")
    rows = [
        [
            option["class"],
            option_name(option["option"]),
            option["title"],
            "yes" if option["used"] else "",
            *mean_cells(option["usd_per_query"]),
            averaged(option["usd_per_mtok"]) if has(option["usd_per_mtok"]) else "",
            averaged(option["total_usd"]),
            averaged(option["tokens_per_query"]) if has(option["tokens_per_query"]) else "",
        ]
        for option in options
    ]
    return Table(head, rows, "Every option of every class, over the plan", words=4)


def _measured(options: Sequence[Option]) -> list[Table]:
    """What the serving law says of the fleets behind the options."""
    rows = [
        [option["class"], option_name(option["option"]), name, averaged(option[key], unit)]
        for option in options
        for key, name, unit in MEASURES
        if has(option.get(key))
    ]
    if not rows:
        return []
    return [
        Table(
            ("Class", "Option", "Quantity", "Value"),
            rows,
            "The fleets behind them, by the serving law",
            words=3,
        )
    ]
