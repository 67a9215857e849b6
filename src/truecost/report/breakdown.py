"""What the cost is made of: the iceberg, the lines, the periods, and cash beside the amortized view."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from truecost.report.bars import LIGHT, SOLID, bar
from truecost.report.layout import Line, Page, Span, Style
from truecost.report.phrases import (
    METHODS,
    Ranged,
    around_mean,
    averaged,
    has,
    loose,
    plural,
    ranged,
    share,
    shown,
    words,
)
from truecost.report.tables import Column, table

Statement = Mapping[str, Any]
BERG_BAR = 11
BERG_KEY = f"{SOLID}5 % {LIGHT}95 %"
MOST_LINES = 6
SMALL_SHARE = 0.03
MOST_PERIODS = 6
WATER = "~"
Parts = list[tuple[str, Ranged]]


def iceberg(statement: Statement, page: Page, *, everything: bool) -> None:
    """The quotable number above the waterline, below it the lines, the dearest first, or (`everything`) the
    groups that they belong to; the small ones in one row, so that the column adds up."""
    berg, total = statement["iceberg"], statement["total_usd"]
    tip: Parts = [(berg["quotable"], berg["quotable_usd"])] if berg["quotable_share"] else []
    below = _groups(statement) if everything else _hidden_lines(statement)
    if not tip and not below:
        return
    page.heading("The iceberg" if tip and below else "Where the money goes")
    most = max(value["p95"] for _, value in tip + below)
    kept = len(below) if everything else _worth_showing([value for _, value in below], total["mean"])
    rows = [_berg_row(_capital(name), value, most, total["mean"]) for name, value in tip + below[:kept]]
    if kept < len(below):
        rest = sum(value["mean"] for _, value in below[kept:])
        smaller = plural(len(below) - kept, "smaller line")
        rows.append([smaller, "", shown(rest), "", _part(rest, total["mean"])])
    rows.append(["All", "", shown(total["mean"]), around_mean(total), _part(total["mean"], total["mean"])])
    columns = [
        Column("", wraps=True), Column(BERG_KEY, style=Style.BAR, optional=True), Column("USD", right=True),
        Column("90 % interval", right=True), Column("share", right=True),
    ]  # fmt: skip
    rules = {1: [_waterline(page.width)]} if tip and below else {}
    page.extend(table(columns, rows, page.width, rules=rules))


def _groups(statement: Statement) -> Parts:
    return [(group["group"], group["cost_usd"]) for group in statement["iceberg"]["groups"]]


def _hidden_lines(statement: Statement) -> Parts:
    """The lines that are no part of the quotable number, the dearest first."""
    quoted = statement["iceberg"]["quotable_lines"] if statement["iceberg"]["quotable_share"] else ()
    return [
        (line["label"], line["cost_usd"]) for line in statement["lines"] if line["component"] not in quoted
    ]


def _worth_showing(values: Sequence[Ranged], total: float) -> int:
    """How many to show: those of at least three per cent, and one more is no saving."""
    large = sum(1 for value in values if total and value["mean"] >= SMALL_SHARE * total)
    kept = min(max(large, 1), MOST_LINES)
    return len(values) if kept >= len(values) - 1 else kept


def _berg_row(name: str, value: Ranged, most: float, total: float) -> list[str]:
    drawn = bar({"p5": value["p5"], "p50": value["p50"], "p95": value["p95"]}, most, BERG_BAR)
    return [name, drawn, shown(value["mean"]), around_mean(value), _part(value["mean"], total)]


def _waterline(width: int) -> Line:
    text = f"{WATER * 4} above: what gets quoted; below: the rest "
    return (Span(text + WATER * max(0, width - len(text)), Style.WATER),)


def _capital(name: str) -> str:
    return name[:1].upper() + name[1:]


def training(statement: Statement, page: Page) -> None:
    """The final run by each way of reckoning it, what it draws and emits, and what its successors cost."""
    is_headed = _methods(statement, page)
    draws, emits = (statement["footprint"][key] for key in ("final_run_kwh", "final_run_tco2e"))
    if has(draws) and has(emits):
        run = "It" if is_headed else "One final run"
        page.item(f"{run} draws {averaged(draws, 'kWh')}, emits {averaged(emits, 'tCO2e')}.")
    if "treadmill.net_serving_multiple" in statement["series"]:
        for sentence in _treadmill(statement):
            page.item(loose(sentence))


def _treadmill(statement: Statement) -> Iterator[str]:
    """Both sides of the treadmill at the end of the plan, over the first generation at its start."""
    names = ("training_cost", "serving_growth", "efficiency", "net_serving")
    train, growth, efficiency, net = (statement["series"][f"treadmill.{n}_multiple"][-1] for n in names)
    said: list[str] = []
    if train["p95"] != 1:
        said.append(f"a generation costs {ranged(train, 'x')} the first to train")
    if statement["serving"] and any(value["p50"] != 1 for value in (growth, efficiency, net)):
        why = f"growth {shown(growth['p50'], 'x')}, efficiency {shown(efficiency['p50'], 'x')}"
        costs = "a query" if said else "a query costs"
        said.append(f"{costs} {ranged(net, 'x')} to serve ({why})")
    if said:
        yield f"In the last month {', '.join(said)}."


def _methods(statement: Statement, page: Page) -> bool:
    """The ways of counting the run, the dearest first, that of the plan marked; whether there are any."""
    methods = {k: v for k, v in statement["training_compute_by_method_usd"].items() if has(v)}
    if not methods:
        return False
    page.heading("Compute of one final run, by method")
    used = statement["training_compute_used"]
    rows = [
        [
            METHODS.get(name, (words(name), ""))[0],
            "used" if name == used else "",
            shown(value["mean"]),
            around_mean(value),
        ]
        for name, value in sorted(methods.items(), key=lambda item: -item[1]["mean"])
    ]
    columns = [
        Column("", wraps=True), Column("", style=Style.STRONG), Column("USD", right=True),
        Column("90 % interval", right=True),
    ]  # fmt: skip
    page.extend(table(columns, rows, page.width))
    return True


def lines(statement: Statement, page: Page) -> None:
    """Every component, the dearest first, with what it rests on."""
    found, total = statement["lines"], statement["total_usd"]
    if not found:
        return
    page.heading("Cost lines")
    rows = [_line_row(line, total["mean"]) for line in found]
    rows.append(["All", shown(total["mean"]), around_mean(total), _part(total["mean"], total["mean"]), ""])
    columns = [
        Column("", wraps=True), Column("USD", right=True), Column("90 % interval", right=True),
        Column("share", right=True), Column("basis", style=Style.FAINT),
    ]  # fmt: skip
    page.extend(table(columns, rows, page.width))


def _line_row(line: Mapping[str, Any], total: float) -> list[str]:
    value = line["cost_usd"]
    mean = value["mean"]
    return [line["label"], shown(mean), around_mean(value), _part(mean, total), line["basis"]]


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
    page.heading("Cash and cost, USD")
    named = (
        ("cost as amortized", "amortized_usd"),
        ("+ still on the books at the end", "closing_book_value_usd"),
        ("- interest on own money, never paid out", "interest_on_own_money_usd"),
        ("= paid in cash", "cash_usd"),
    )
    rows = [[name, shown(parts[key]["mean"]), around_mean(parts[key])] for name, key in named]
    columns = [Column("", wraps=True), Column("", right=True), Column("90 % interval", right=True)]
    page.extend(table(columns, rows, page.width))
