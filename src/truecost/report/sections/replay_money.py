"""What a replayed fleet costs: its lines for the run and for a month, and how each number comes about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from truecost.finance.cluster import HOURS_PER_YEAR
from truecost.physics.energy import W_PER_KW
from truecost.replay.explain import FORMULAS
from truecost.replay.money import WORDS
from truecost.replay.points import Points
from truecost.report.charts.panels import Layer, Panel, panels
from truecost.report.charts.svg import figure
from truecost.report.phrases import plural, share, shown
from truecost.report.replay_hours_text import stretch
from truecost.report.run_words import BASIS, interval
from truecost.report.sections.section import Choice, DecisionTable, Listing, Section, Table
from truecost.report.sections.training_choices import mini_bar
from truecost.units import show

Told = Mapping[str, Any]
TERMS: Mapping[str, str] = {str(term): said for term, said in WORDS.items()}
HOURS_PER_MONTH = HOURS_PER_YEAR / 12
SECONDS_PER_MONTH = 3600 * HOURS_PER_MONTH
ROWS = 48
FAR_ABOVE = 4.0
"""Times the median, from which on a stretch runs off the scale."""
LINES = {
    "stated": ("the chips", "at the price of a chip-hour that the spec states"),
    "rent": ("rent of the chips", "at the dated record's price of a chip-hour"),
    "servers": ("servers and network", "own, paid off evenly over their life with the cost of capital"),
    "hosting": ("hosting", "by the rated power of the chips with their part of the server"),
    "staff": ("staff", "engineers by the number of chips"),
    "electricity": ("electricity", "power while the run lasts x PUE x price of a kWh"),
}
"""Lines of cost: what they are called, and how they come about."""
EXPLAINED = (
    ("cost_usd", "USD"), ("usd_per_million_output_tokens", "USD"), ("usd_per_million_tokens", "USD"),
    ("usd_per_request", "USD"), ("chip_hours", "chip-hours"), ("energy_kwh", "kWh"), ("makespan_s", "s"),
    ("output_tokens_per_s", "tokens/s"), ("utilization", "share"), ("kv_cache_tokens_per_replica", "tokens"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Line:
    """One line of cost: USD a chip-hour, and what it is."""

    name: str
    about: str
    usd_per_chip_hour: float


def a_month(told: Told) -> dict[str, float | None]:
    """USD of a month in which the fleet runs as it did in the replay: key `usd_per_month` and its interval.

    Chips up, on average x hours of a month x (USD a chip-hour + kW of a chip x PUE x USD a kWh); None where
    unknown.
    """
    each = _points(told["rates"], "usd_per_chip_hour")
    energy = _points(told["rates"], "usd_per_kwh")
    if energy.is_known and energy.middle:
        kwh = _points(told["rates"], "watts_per_chip") * _points(told["rates"], "pue") * (1 / W_PER_KW)
        each = each + kwh * energy
    usd = each * _chips_up(told) * HOURS_PER_MONTH
    if not usd.is_known:
        return {"usd_per_month": None, "usd_per_month_p5": None, "usd_per_month_p95": None}
    return {"usd_per_month": usd.middle, "usd_per_month_p5": usd.p5, "usd_per_month_p95": usd.p95}


def chips_up(told: Told) -> float:
    """Chips that are paid for, on average over the run: fewer than all where replicas come and go."""
    return told["chip_hours"] * 3600 / told["makespan_s"] if told["makespan_s"] else float(told["chips"])


def _chips_up(told: Told) -> Points:
    """The same with its interval, which the step times give it where replicas come and go."""
    ends = (told["chip_hours_p5"], told["makespan_s_p5"], told["chip_hours_p95"], told["makespan_s_p95"])
    if not told["fleet"]["autoscale"] or not all(ends):
        return Points(chips_up(told))
    low, high = sorted((ends[0] * 3600 / ends[1], ends[2] * 3600 / ends[3]))
    return Points(chips_up(told), min(low, chips_up(told)), max(high, chips_up(told)))


def _points(rates: Told, name: str) -> Points:
    value = rates[name]
    return Points(float("nan") if value is None else value, rates[f"{name}_p5"], rates[f"{name}_p95"])


def lines_of(told: Told) -> list[Line]:
    """The lines of cost of a chip-hour, the largest first; none where a part has no price."""
    rates = told["rates"]
    parts: dict[str, float | None] = dict(rates["parts_usd_per_chip_hour"])
    if rates["usd_per_kwh"]:
        watts = rates["watts_per_chip"]
        parts["electricity"] = (
            None if watts is None else watts / W_PER_KW * rates["pue"] * rates["usd_per_kwh"]
        )
    known = {name: usd for name, usd in parts.items() if usd is not None}
    if len(known) < len(parts):
        return []
    found = [Line(*LINES.get(name, (name, "")), usd) for name, usd in known.items()]
    return sorted(found, key=lambda line: -line.usd_per_chip_hour)


def money(told: Told) -> Section:
    """The cost of the run by line, a month of it, and what follows from it."""
    lines = lines_of(told)
    month, hours = a_month(told), told["chip_hours"]
    written = told["output_tokens_per_s"] * told["makespan_s"]
    most = max((line.usd_per_chip_hour for line in lines), default=1.0)
    rows = [
        Choice(
            line.name,
            line.about,
            mini_bar(line.usd_per_chip_hour / most, best=line is lines[0]),
            shown(line.usd_per_chip_hour * hours, "USD"),
            [
                shown(line.usd_per_chip_hour, "USD"),
                shown(line.usd_per_chip_hour * chips_up(told) * HOURS_PER_MONTH, "USD"),
                shown(line.usd_per_chip_hour * hours / written * 1e6, "USD") if written else "",
            ],
            line is lines[0],
        )
        for line in lines
    ]
    return Section(
        "money",
        _title(told, month),
        f"The run is {shown(told['makespan_s'], 's')} of {_chips(told)}, {shown(hours, 'chip-hours')}, "
        f"{_paid(told['rates'])}; a month is as much load, for {HOURS_PER_MONTH:g} hours. Chips that are up "
        "are paid for whether they have anything to do or not.",
        decision=DecisionTable(
            ("Line", "Of the run", "a chip-hour", "a month", "a million output tokens"),
            rows,
            "Lines of cost, the largest first",
        )
        if rows
        else None,
        facts=_facts(told),
        listings=[Listing("How the numbers come about", _explained(told))],
    )


def _chips(told: Told) -> str:
    most = plural(told["chips"], "chip")
    up = chips_up(told)
    return most if up > 0.999 * told["chips"] else f"{shown(up)} of at most {most} on average"


def _paid(rates: Told) -> str:
    """Whose the chips are, and under which term."""
    term = TERMS.get(rates["term"] or "", "")
    return f"{BASIS[rates['basis']]}{f', {term}' if term and rates['basis'] == 'rent' else ''}"


def _title(told: Told, month: Told) -> str:
    if told["cost_usd"] is None:
        return "What it costs is unknown: no price of its chips is on record"
    each = interval(told, "usd_per_million_output_tokens", "USD")
    return f"{interval(month, 'usd_per_month', 'USD')} a month: {each} for a million output tokens"


def _facts(told: Told) -> list[str]:
    found: list[str] = []
    if told["cost_usd"] is not None:
        found.append(
            f"The run costs {interval(told, 'cost_usd', 'USD')}: "
            f"{interval(told, 'usd_per_request', 'USD')} a request, "
            f"{interval(told, 'usd_per_million_tokens', 'USD')} for a million tokens read and written."
        )
    if told["energy_kwh"] is not None:
        rates = told["rates"]
        found.append(
            f"It takes {interval(told, 'energy_kwh', 'kWh')}: "
            f"{interval(rates, 'watts_per_chip', 'W')} a chip with its part of the "
            f"server, PUE {shown(rates['pue'])}."
        )
    return found


def _explained(told: Told) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for key, unit in EXPLAINED:
        if told.get(key) is not None:
            found.append((f"{key} = {interval(told, key, unit)}", FORMULAS[key].how))
    return found


def hours(told: Told) -> Section | None:
    """What the fleet costs by the hour, and by day and night; None for a run of a single stretch."""
    rows: Sequence[Told] = told["hours"]
    if len(rows) < 2 or rows[0]["cost_usd"] is None:
        return None
    edges = [row["start_s"] for row in rows] + [rows[-1]["start_s"] + rows[-1]["seconds"]]
    an_hour = [row["cost_usd"] / row["seconds"] * 3600 for row in rows]
    each = [row["cost_usd"] / row["output_tokens"] * 1e6 if row["output_tokens"] else None for row in rows]
    least, most = (end((value for value in each if value is not None), default=None) for end in (min, max))
    top, over = _top(each)
    drawn = [
        Panel("USD an hour", _from_to(min(an_hour), max(an_hour)),
              [Layer("USD an hour", an_hour, "tone4")], show),
        Panel("USD for a million output tokens", f"▲ up to {shown(most)}" if over else "",
              [Layer("USD for a million output tokens", each, "accent")], show, top=top, is_level=True),
    ]  # fmt: skip
    title = "No answer ends in this time"
    if least is not None and most is not None:
        each_stretch = stretch(rows)
        when = "Hour by hour" if each_stretch == "hour" else f"In stretches of {each_stretch}"
        title = f"{when} a million output tokens cost {_from_to(least, most, 'USD')}"
    return Section(
        "hours",
        title,
        "What is up is paid for whether it has anything to do or not: quiet times make tokens dear.",
        figure(lambda width: panels(drawn, edges, width), f"{title}."),
        decision=_day_and_night(told["day_and_night"]),
        tables=[_by_the_hour(rows)],
    )


def _from_to(least: float, most: float, unit: str = "") -> str:
    first, last = shown(least, unit), shown(most, unit)
    return last if first == last else f"{first} to {last}"


def _top(values: Sequence[float | None]) -> tuple[float | None, bool]:
    """The top of a scale that few of many values may rise above, and whether any does."""
    known = sorted(value for value in values if value is not None)
    if not known or known[-1] <= FAR_ABOVE * known[len(known) // 2]:
        return None, False
    return FAR_ABOVE * known[len(known) // 2], True


def _day_and_night(rows: Sequence[Told]) -> DecisionTable | None:
    if not rows:
        return None
    most = max(row["cost_usd"] for row in rows) or 1.0
    names = {"day": ("by day", "8:00 to 20:00"), "night": ("by night", "20:00 to 8:00")}
    made = [
        Choice(
            *names[row["part"]],
            mini_bar(row["cost_usd"] / most, best=False),
            shown(row["cost_usd"], "USD"),
            [
                shown(row["requests"] / row["hours"]),
                shown(row["replicas"]),
                share(row["utilization"]),
                shown(row["usd_per_million_output_tokens"], "USD"),
            ],
        )
        for row in rows
    ]
    head = ("Time", "Cost", "requests an hour", "replicas", "in steps", "a million output tokens")
    return DecisionTable(head, made, "The run by day and by night")


def _by_the_hour(rows: Sequence[Told]) -> Table:
    step = max(1, -(-len(rows) // ROWS))
    cells = [
        [
            row["starts_at"] or shown(row["start_s"], "s"),
            f"{row['requests']:,}",
            f"{row['output_tokens']:,}",
            shown(row["replicas"]),
            share(row["utilization"]),
            shown(row["cost_usd"], "USD"),
        ]
        for row in rows[::step]
    ]
    head = ("from", "requests", "output tokens", "replicas", "in steps", "cost")
    return Table(head, cells, f"The run by its stretches{f'; every {step}th' if step > 1 else ''}")
