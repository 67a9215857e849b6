"""What the cost is made of: the iceberg, the lines, the periods, and cash beside the amortized view."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from truecost.report.bars import KEY, bar
from truecost.report.layout import Line, Page, Span, Style
from truecost.report.phrases import METHODS, Ranged, ends, has, plural, ranged, share, shown, words
from truecost.report.tables import Column, table

Statement = Mapping[str, Any]
BERG_BAR, LINE_BAR = 18, 8
MOST_LINES = 16
SMALL_SHARE = 0.005
MOST_PERIODS = 8
WATER = "~"


def iceberg(statement: Statement, page: Page) -> None:
    """The quotable number above the waterline, everything else below, biggest first, as bars."""
    berg = statement["iceberg"]
    hidden = berg["groups"]
    total = statement["total_usd"]["mean"]
    tip = [(berg["quotable"], berg["quotable_usd"])] if berg["quotable_share"] else []
    below = [(group["group"], group["cost_usd"]) for group in hidden]
    if not tip and not below:
        return
    page.heading("The iceberg" if tip and below else "Where the money goes")
    most = max(value["p95"] for _, value in tip + below)
    rows = [_berg_row(_capital(name), value, most, total) for name, value in tip + below]
    columns = [
        Column("", wraps=True), Column("", style=Style.BAR, optional=True), Column("USD, mean", right=True),
        Column("90 % interval", right=True), Column("share", right=True),
    ]  # fmt: skip
    rules = {1: [_waterline(page.width)]} if tip and below else {}
    made = table(columns, rows, page.width, rules=rules)
    page.extend(made)
    if any(span.style is Style.BAR and span.text.strip() for line in made for span in line):
        page.text(f"Bars: {KEY}.", Style.FAINT, indent=2)


def _berg_row(name: str, value: Ranged, most: float, total: float) -> list[str]:
    drawn = bar({"p5": value["p5"], "p50": value["p50"], "p95": value["p95"]}, most, BERG_BAR)
    part = share(value["mean"] / total) if total else ""
    return [name, drawn, shown(value["mean"]), ends(value, centre="mean"), part]


def _waterline(width: int) -> Line:
    text = f"{WATER * 4} above: what gets quoted; below: the rest "
    return (Span(text + WATER * max(0, width - len(text)), Style.WATER),)


def _capital(name: str) -> str:
    return name[:1].upper() + name[1:]


def training(statement: Statement, page: Page) -> None:
    """The final run by each way of reckoning it, what it draws and emits, and what its successors cost."""
    _methods(statement, page)
    draws, emits = (statement["footprint"][key] for key in ("final_run_kwh", "final_run_tco2e"))
    if has(draws) and has(emits):
        page.item(f"One final run draws {ranged(draws, 'kWh')} and emits {ranged(emits, 'tCO2e')}.")
    if "treadmill.net_serving_multiple" in statement["series"]:
        for sentence in _treadmill(statement):
            page.item(sentence)


def _treadmill(statement: Statement) -> Iterator[str]:
    """Both sides of the treadmill at the end of the plan, over the first generation at its start."""
    last = {
        name: statement["series"][f"treadmill.{name}"][-1]
        for name in (
            "training_cost_multiple", "serving_growth_multiple", "efficiency_multiple", "net_serving_multiple"
        )
    }  # fmt: skip
    told = {name: ranged(value, "x") for name, value in last.items()}
    if last["training_cost_multiple"]["p95"] != 1:
        yield f"By the last month a generation costs {told['training_cost_multiple']} the first to train."
    if statement["serving"] and any(last[name]["p50"] != 1 for name in list(last)[1:]):
        yield (
            f"By the last month a query costs {told['serving_growth_multiple']} by growth, "
            f"{told['efficiency_multiple']} by efficiency, {told['net_serving_multiple']} by both."
        )


def _methods(statement: Statement, page: Page) -> None:
    methods = {k: v for k, v in statement["training_compute_by_method_usd"].items() if has(v)}
    if not methods:
        return
    page.heading("Compute of one final run, by method")
    ordered = sorted(methods.items(), key=lambda item: -item[1]["p50"])
    columns = [Column(""), Column("", wraps=True)]
    page.extend(
        table(
            columns,
            [[METHODS.get(name, (words(name), ""))[0], ranged(value, "USD")] for name, value in ordered],
            page.width,
        )
    )


def lines(statement: Statement, page: Page, *, everything: bool) -> None:
    """Every component, the dearest first; the small ones in one row, so that the column still adds up."""
    found = statement["lines"]
    if not found:
        return
    total = statement["total_usd"]["mean"]
    kept = len(found) if everything else _worth_showing(found, total)
    page.heading("Cost lines")
    most = max((line["cost_usd"]["p95"] for line in found), default=0.0)
    rows = [_line_row(line, most, total) for line in found[:kept]]
    if kept < len(found):
        rest = sum(line["cost_usd"]["mean"] for line in found[kept:])
        rows.append(
            [
                f"{plural(len(found) - kept, 'smaller line')} (--assumptions)",
                "",
                shown(rest),
                "",
                _part(rest, total),
                "",
            ]
        )
    value = statement["total_usd"]
    rows.append(
        ["All", "", shown(value["mean"]), ends(value, centre="mean"), _part(value["mean"], total), ""]
    )
    columns = [
        Column("", wraps=True), Column("", style=Style.BAR, optional=True), Column("USD, mean", right=True),
        Column("90 % interval", right=True), Column("share", right=True), Column("basis", style=Style.FAINT),
    ]  # fmt: skip
    page.extend(table(columns, rows, page.width))


def _worth_showing(found: Sequence[Mapping[str, Any]], total: float) -> int:
    """How many lines to show: those of at least half a per cent, and one more is no saving."""
    large = sum(1 for line in found if total and line["cost_usd"]["mean"] >= SMALL_SHARE * total)
    kept = min(max(large, 1), MOST_LINES)
    return len(found) if kept >= len(found) - 1 else kept


def _line_row(line: Mapping[str, Any], most: float, total: float) -> list[str]:
    value = line["cost_usd"]
    drawn = bar({"p5": value["p5"], "p50": value["p50"], "p95": value["p95"]}, most, LINE_BAR)
    mean = value["mean"]
    return [line["label"], drawn, shown(mean), ends(value, centre="mean"), _part(mean, total), line["basis"]]


def _part(value: float, total: float) -> str:
    return share(value / total) if total else ""


def periods(statement: Statement, page: Page) -> None:
    """Cost, cash, revenue and margin by month, quarter or year, whichever makes few enough rows."""
    names = statement["series"]["months"]
    size = next((months for months in (1, 3, 12) if len(names) <= months * MOST_PERIODS), 12)
    if len(names) < 2:
        return
    cost, cash = (_by_month(statement, key) for key in ("cost_usd", "cash_usd"))
    revenue = [value["mean"] for value in statement["series"]["revenue_usd"]]
    earns = any(revenue)
    page.heading({1: "Month by month, USD", 3: "Quarter by quarter, USD", 12: "Year by year, USD"}[size])
    differs = any(abs(paid - spent) > 1e-9 * abs(spent) for paid, spent in zip(cash, cost, strict=True))
    rows: list[list[str]] = []
    for begin in range(0, len(names), size):
        span = slice(begin, begin + size)
        spent, paid, came = sum(cost[span]), sum(cash[span]), sum(revenue[span])
        own = [shown(came), shown(came - spent)] if earns else ["", ""]
        rows.append([_period(names[span]), shown(spent), shown(paid) if differs else "", *own])
    heads = ("", "cost", "paid in cash", "revenue", "margin")
    page.extend(table([Column(h, right=bool(h)) for h in heads], rows, page.width))


def _period(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{names[0]} to {names[-1]}"


def _by_month(statement: Statement, key: str) -> list[float]:
    sums = dict.fromkeys(statement["series"]["months"], 0.0)
    for line in statement["monthly"]:
        sums[line["period"]] += line[key]["mean"]
    return list(sums.values())


def reconciliation(statement: Statement, page: Page) -> None:
    """From the amortized cost to the cash paid; nothing where the two are the same."""
    parts = statement["reconciliation"]
    book, interest = parts["closing_book_value_usd"], parts["interest_on_own_money_usd"]
    if not any(abs(value[point]) > 0 for value in (book, interest) for point in ("p5", "p95", "mean")):
        return
    page.heading("Cash and cost, USD, means")
    rows = [
        [
            "cost as amortized",
            shown(parts["amortized_usd"]["mean"]),
            ends(parts["amortized_usd"], centre="mean"),
        ],
        ["+ still on the books at the end", shown(book["mean"]), ends(book, centre="mean")],
        ["- interest on own money, never paid out", shown(interest["mean"]), ends(interest, centre="mean")],
        ["= paid in cash", shown(parts["cash_usd"]["mean"]), ends(parts["cash_usd"], centre="mean")],
    ]
    columns = [Column("", wraps=True), Column("", right=True), Column("90 % interval", right=True)]
    page.extend(table(columns, rows, page.width))
