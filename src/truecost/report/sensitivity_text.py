"""A tornado in characters: what moves an outcome most, what is worth measuring first, what knowing is worth.

Each bar goes from the outcome with every input at its median: solid to where a high value of the input takes
it, lighter to where a low one does, on the side of the middle on which it lies.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from truecost.report.bars import LIGHT, SOLID, columns
from truecost.report.layout import DEFAULT_WIDTH, Line, Page, Style, glued
from truecost.report.phrases import ends, plural, share, shown, words
from truecost.report.tables import Column, table
from truecost.units import between

MOST_ROWS = 8
MOST_LINES = 14
SMALL_SWING = 0.02
"""Of the biggest: what is less is counted, not drawn."""
HALF = 11
"""Columns of a bar on either side of the middle."""
MIDDLE = "│"
ENDS = ("outcome_low", "outcome_high")
NEVER = "never"
NAMES = {
    "total_usd": "the total cost",
    "cash_total_usd": "the cash paid",
    "revenue_usd": "the revenue",
    "margin_usd": "the margin",
    "gross_margin_share": "the gross margin",
    "inference_share": "the share of inference in all cost",
    "payback_month": "the month it is paid back",
    "runway_months": "the runway",
    "crossover_month": "the month inference passes training",
    "discounted_total_usd": "the cost, discounted,",
    "net_present_value_usd": "the net present value",
    "footprint.final_run_kwh": "the energy of the final run",
    "footprint.final_run_tco2e": "the emissions of the final run",
    "break_even.price_multiple_for_zero_margin": "the price multiple for no margin",
    "break_even.shock_tolerance.multiple": "the price rise it can bear",
    "unit_costs.usd_per_query": "the cost of a query",
    "unit_costs.usd_per_mtok": "the cost of a million tokens",
    "unit_costs.usd_per_active_user_month": "the cost of an active user a month",
    "unit_costs.usd_per_successful_task": "the cost of a task done",
}
"""Outcomes as a reader calls them; another goes by its key."""

Influence = Mapping[str, Any]
Told = Mapping[str, Any]


def render(sensitivity: Told, width: int = DEFAULT_WIDTH) -> str:
    """The block as plain text; see `write`."""
    page = Page(width)
    write(sensitivity, page)
    return page.plain()


def write(sensitivity: Told, page: Page) -> None:
    """The tornado of a sensitivity (its `to_dict`), the biggest first, and what follows from it.

    At most eight rows, and no more than leave the block within 14 lines where it is 80 columns wide or more.
    """
    moving = [each for each in sensitivity["inputs"] if each["swing"] != 0]
    page.heading(f"What moves {name_of(sensitivity['outcome'])} most")
    page.extend(_body(sensitivity, moving, page.width))


def _body(sensitivity: Told, moving: Sequence[Influence], width: int) -> list[Line]:
    """What stands below the heading: how to read the bars, the bars, the conclusions."""
    end = Page(width)
    for sentence in conclusions(sensitivity):
        end.item(sentence)
    if not moving:
        begin = Page(width)
        begin.item(f"Nothing: {'no input does, alone' if sensitivity['inputs'] else sensitivity['note']}.")
        return [*begin.lines, *end.lines]
    head = Page(width)
    head.text(_reading(sensitivity), Style.FAINT, indent=2)
    room = MOST_LINES - 1 - len(head.lines) - len(end.lines)
    rows: list[Line] = []
    for kept in range(_worth_showing(moving), 0, -1):
        rows = [*_rows(moving[:kept], sensitivity, width), *_others(sensitivity, moving[kept:], width)]
        if len(rows) <= room or width < DEFAULT_WIDTH:
            break
    return [*head.lines, *rows, *end.lines]


def _worth_showing(moving: Sequence[Influence]) -> int:
    """How many rows at most: none that is too short to see beside the longest."""
    swings = [each["swing"] for each in moving if each["swing"] is not None]
    least = SMALL_SWING * max(swings, default=0.0)
    return min(MOST_ROWS, sum(1 for each in moving if each["swing"] is None or each["swing"] >= least))


def _reading(sensitivity: Told) -> str:
    middle = _point(sensitivity["at_medians"], sensitivity["unit"])
    return f"From its 5 % ({LIGHT}) to its 95 % point ({SOLID}), all else at the median: {middle}."


def _rows(moving: Sequence[Influence], sensitivity: Told, width: int) -> list[Line]:
    middle, unit = sensitivity["at_medians"], sensitivity["unit"]
    most = max((_off(each[end], middle) for each in moving for end in ENDS), default=0.0)
    rows = [[each["label"], tornado(each, middle, most), outcomes(each, middle, unit)] for each in moving]
    bars = Column("", style=Style.BAR, optional=True)
    return table([Column("", wraps=True), bars, Column("", right=True)], rows, width)


def _off(value: float | None, middle: float | None) -> float:
    """How far an outcome is from the middle; 0 where one of them never happens."""
    return 0.0 if value is None or middle is None else abs(value - middle)


def tornado(each: Influence, middle: float | None, most: float, half: int = HALF) -> str:
    """A bar to both sides of the middle, in which `half` columns stand for `most`.

    Where both ends lie on one side, the longer shows behind the shorter. An end that never happens fills
    its side, which is the right one.

    >>> tornado({"outcome_low": 8.0, "outcome_high": 14.0}, 10.0, 4.0, 4)
    '  ▒▒│████'
    """
    left, right = [" "] * half, [" "] * half
    marked = sorted(
        zip(ENDS, (LIGHT, SOLID), strict=True), key=lambda end: -_length(each[end[0]], middle, most, half)
    )
    for end, mark in marked:
        value = each[end]
        side = left if value is not None and middle is not None and value < middle else right
        for place in range(_length(value, middle, most, half)):
            side[place] = mark
    return "".join(reversed(left)) + MIDDLE + "".join(right)


def _length(value: float | None, middle: float | None, most: float, half: int) -> int:
    if value is None or middle is None:
        return half if (value is None) != (middle is None) else 0
    distance = abs(value - middle)
    return max(1, columns(distance, most, half)) if distance else 0


def outcomes(each: Influence, middle: float | None, unit: str) -> str:
    """The outcome at both ends, the lesser first ("6.35 B – 17.3 B"); low to high where one never comes."""
    low, high = each["outcome_low"], each["outcome_high"]
    if low is None or high is None:
        return between(_point(low, unit), _point(high, unit))
    points = {"p5": min(low, high), "p50": middle if middle is not None else low, "p95": max(low, high)}
    found = ends(points, unit) or shown(low, unit)
    return f"{found} %" if unit.startswith("share") and not found.endswith("%") else found


def _point(value: float | None, unit: str) -> str:
    """One outcome; a month by its number, for what is in months happens in one."""
    if value is None:
        return NEVER
    return glued(f"month {value:.0f}") if unit == "month" else shown(value, unit)


def _others(sensitivity: Told, further: Sequence[Influence], width: int) -> list[Line]:
    """How many inputs are not shown, those that move it less and those that do not at all."""
    still = sum(1 for each in sensitivity["inputs"] if each["swing"] == 0)
    less = f"{plural(len(further), 'more input')} {'moves' if len(further) == 1 else 'move'} it less"
    none = f"{plural(still, 'more input')} {'does' if still == 1 else 'do'} not move it"
    page = Page(width)
    if further:
        page.item(f"{less}, {still:,} not at all." if still else f"{less}.", Style.FAINT)
    elif still:
        page.item(f"{none}.", Style.FAINT)
    return page.lines


def conclusions(sensitivity: Told) -> list[str]:
    """What is worth measuring first, and what it is worth to know something before choosing."""
    inputs = {each["key"]: each for each in sensitivity["inputs"]}
    first = inputs.get(sensitivity["worth_measuring_first"])
    said: list[str] = []
    if first is not None:
        narrowing = f"would narrow the {glued('90 %')} interval by {share(first['narrowing_share'])}"
        said.append(f"Worth measuring first: {_named(first)}; knowing it {narrowing}.")
    if first is None and inputs and sensitivity["note"]:
        said.append(f"Worth measuring first: unknown; {sensitivity['note']}.")
    whole = sensitivity["value_of_perfect_information_usd"]
    return said if whole is None else [*said, _worth(list(inputs.values()), whole)]


def _named(each: Influence) -> str:
    """An input by its label, and the field of the plan that a fact stands in for."""
    fields = each["stands_in_for"]
    return f"{each['label']} ({fields[0]})" if fields else each["label"]


def _worth(inputs: Sequence[Influence], whole: float) -> str:
    if not whole > 0:
        return "Knowing more would not change which way of serving is best."
    all_of_it = shown(whole, "USD")
    best = max(inputs, key=lambda each: each["value_of_information_usd"] or 0.0, default=None)
    if best is None or not best["value_of_information_usd"]:
        alone = "Before choosing how to serve, no single input is worth knowing by itself"
        return f"{alone}; knowing everything is worth {all_of_it}."
    value = shown(best["value_of_information_usd"], "USD")
    known = f"knowing it is worth {value}, knowing everything {all_of_it}"
    return f"Worth most before choosing how to serve: {best['label']}; {known}."


def name_of(outcome: str) -> str:
    """An outcome as a reader calls it.

    >>> name_of("margin_usd"), name_of("volumes.user_months"), name_of("payback_month")
    ('the margin', 'volumes, user months', 'the month it is paid back')
    """
    return NAMES.get(outcome, ", ".join(words(part) for part in outcome.split(".")))
