"""What moves the total most, and what is worth measuring first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from truecost.report.charts.svg import figure
from truecost.report.charts.tornado import Swing, tornado
from truecost.report.phrases import plural, share, shown
from truecost.report.sections.section import Absent, Section, Statement, Table
from truecost.report.sensitivity_text import conclusions, name_of, outcomes

MOST = 10
SMALL = 0.02
"""Of the widest swing: what is less is in the table, not drawn."""
NEGLIGIBLE = 0.005
"""Of the widest swing: what is less is counted and not in the table."""
Influence = Mapping[str, Any]


def sensitivity(statement: Statement) -> Section | Absent | None:
    """Each uncertain input from its 5 % to its 95 % point, all others at their medians."""
    found = statement.get("sensitivity")
    if found is None:
        return None
    middle = found["at_medians"]
    moving = [
        i
        for i in found["inputs"]
        if i["swing"] and i["outcome_low"] is not None and i["outcome_high"] is not None
    ]
    if not moving or middle is None:
        return Absent("What moves it most", found["note"] or "no uncertain input moves the total by itself")
    drawn = [i for i in moving if i["swing"] >= SMALL * moving[0]["swing"]][:MOST]
    swings = [_swing(each, middle, found) for each in drawn]
    name = f"all at their medians: {shown(middle, found['unit'])}"
    return Section(
        "sensitivity",
        _title(found, drawn),
        f"{_first_up(name_of(found['outcome']))}, {found['unit']}, with one input at its 5 % point (faded) "
        "or its 95 % point (full), written at the ends, and all others at their medians; in the accent "
        "colour what is worth measuring first.",
        figure(
            lambda width: tornado(swings, middle, name, width),
            "; ".join(f"{s.label}: {s.shown}" for s in swings),
        ),
        facts=[*conclusions(found), *_rest(found["inputs"], len(drawn))],
        tables=[_table(found, NEGLIGIBLE * moving[0]["swing"])],
    )


def _title(found: Mapping[str, Any], drawn: Sequence[Influence]) -> str:
    first = drawn[0]
    much = shown(first["swing"], found["unit"])
    if found["worth_measuring_first"] == first["key"]:
        return f"“{first['label']}” moves {name_of(found['outcome'])} most, by {much}: measure it first"
    return f"“{first['label']}” moves {name_of(found['outcome'])} most, by {much}"


def _first_up(words: str) -> str:
    return words[:1].upper() + words[1:]


def _swing(each: Influence, middle: float, found: Mapping[str, Any]) -> Swing:
    unit = each["unit"]
    is_share = unit.startswith("share")
    low, high = (shown(each[end], "share" if is_share else "") for end in ("low", "high"))
    detail = unit.removeprefix("share").strip() if is_share else "" if unit == "x" else unit
    return Swing(
        _first_up(each["label"]),
        detail,
        each["outcome_low"],
        each["outcome_high"],
        low,
        high,
        outcomes(each, middle, found["unit"]),
        each["key"] == found["worth_measuring_first"],
    )


def _rest(inputs: Sequence[Influence], drawn: int) -> list[str]:
    left = len(inputs) - drawn
    return (
        [f"{plural(left, 'more input')} {'moves' if left == 1 else 'move'} it less, or not at all."]
        if left
        else []
    )


def _table(found: Mapping[str, Any], least: float) -> Table:
    head = (
        "Input",
        "Where",
        "low (5 %)",
        "high (95 %)",
        "at low",
        "at high",
        "swing",
        "rank correlation",
        "share of variance",
        "would narrow by",
        "worth knowing, USD",
    )
    rows = [
        [
            each["label"],
            each["place"] or each["key"],
            shown(each["low"], each["unit"]),
            shown(each["high"], each["unit"]),
            _or_never(each["outcome_low"], found["unit"]),
            _or_never(each["outcome_high"], found["unit"]),
            shown(each["swing"], found["unit"]),
            "" if each["rank_correlation"] is None else f"{each['rank_correlation']:.2f}",
            share(each["variance_share"]),
            share(each["narrowing_share"]),
            shown(each["value_of_information_usd"]),
        ]
        for each in found["inputs"]
        if each["swing"] is None or each["swing"] > least or each["value_of_information_usd"]
    ]
    caption = (
        f"What each uncertain input does to {name_of(found['outcome'])} by itself, those that do little aside"
    )
    return Table(head, rows, caption, words=2)


def _or_never(value: float | None, unit: str) -> str:
    return "never" if value is None else shown(value, unit)
