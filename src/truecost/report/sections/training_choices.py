"""Sections of a search over layouts and of a comparison of chips: the table, days against USD."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from markupsafe import Markup

from truecost.report.charts.contest import Entry, contest
from truecost.report.charts.frontier import Axes, Kind, Limit, Place, days_against_usd
from truecost.report.charts.svg import Figure, figure, line, number, rectangle
from truecost.report.phrases import plural, ranged, share, shown
from truecost.report.sections.section import Choice, DecisionTable, Section, Table
from truecost.report.train_search_text import (
    never_owned,
    not_held,
    time_words,
    usd_of_pick,
    usd_or_why,
    with_units,
)
from truecost.report.train_text import gib, layout_words
from truecost.units import show

Told = Mapping[str, Any]
MOST = 10
"""Layouts in the open table; the folded one has them all."""
PAID = {"rent": "rented", "own": "owned", "cloud": "rented on demand"}
READING = (
    "Each point is a number of chips in its fastest layout that fits; filled where no other is both faster "
    "and cheaper. Equal steps to the right are equal ratios of days."
)
AXES = Axes("days of the run", "USD", show, show)
MINI_WIDTH, MINI_HEIGHT = 160.0, 8.0


def layouts(told: Told) -> Section:
    """The layouts that fit, the fastest first, and the stated one under them."""
    found, slower = told["layouts"], told["stated_slower_by"]
    shown_here = found[:MOST]
    stated = [told["stated"]] if slower is not None and slower > 0 else []
    most = max(one["step_time_s"] for one in [*shown_here, *stated])
    rows = [_layout_row(one, most, best=one is found[0]) for one in shown_here]
    rows += [_layout_row(one, most, about="as the spec states it") for one in stated]
    return Section(
        "layouts",
        f"{told['fit']:,} of {plural(told['examined'], 'layout')} fit; the best {len(shown_here)} are "
        f"within {_behind(found)} of each other",
        "Every legal layout was timed by the same law; "
        f"{gib(told['usable_memory_bytes_per_chip'])} of a chip are usable. The bar is the time of a step.",
        decision=DecisionTable(
            ("Layout", "A step", "memory", "micro-batch", "recompute"),
            rows,
            "Layouts that fit, the fastest first",
        ),
        facts=[f"What binds: {with_units(told['binds'])}."],
        tables=[_layouts_table(found)],
    )


def _layout_row(one: Told, most: float, *, best: bool = False, about: str = "") -> Choice:
    return Choice(
        unbroken(layout_words(one["layout"])),
        about,
        mini_bar(one["step_time_s"] / most, best=best),
        shown(one["step_time_s"], "s"),
        [
            gib(one["memory_bytes_per_chip"]),
            str(one["layout"]["micro_batch_size"]),
            one["layout"]["recompute"],
        ],
        best,
    )


def unbroken(words: str) -> str:
    """Words whose hyphens break no line: names of chips, sharding.

    >>> unbroken("zero-1") == "zero\N{NON-BREAKING HYPHEN}1"
    True
    """
    return words.replace("-", "\N{NON-BREAKING HYPHEN}")


def _behind(found: Sequence[Told]) -> str:
    last = found[min(MOST, len(found)) - 1]
    return share(last["step_time_s"] / found[0]["step_time_s"] - 1)


def mini_bar(length: float, *, best: bool, mark: float | None = None) -> Markup:
    """A bar for the cell of a table, as long as a share of its width; a line at a share that is marked."""
    box = f'viewBox="0 0 {number(MINI_WIDTH)} {number(MINI_HEIGHT)}"'
    size = f'width="{number(MINI_WIDTH)}" height="{number(MINI_HEIGHT)}"'
    shape = rectangle((0, 0), (MINI_WIDTH * length, MINI_HEIGHT), "accent" if best else "tone3")
    if mark is not None:
        shape += line((MINI_WIDTH * mark, -2), (MINI_WIDTH * mark, MINI_HEIGHT + 2), "moment")
    return Markup(f'<svg class="mini" {box} {size} aria-hidden="true">{shape}</svg>')


def _layouts_table(found: Sequence[Told]) -> Table:
    names = ("tensor", "pipeline", "context", "expert", "data")
    rows = [
        [
            str(place),
            shown(one["step_time_s"], "s"),
            gib(one["memory_bytes_per_chip"]),
            *(f"{one['layout'][f'{name}_parallel_size']:,}" for name in names),
            str(one["layout"]["virtual_pipeline_size"]),
            one["layout"]["sharding"],
            str(one["layout"]["micro_batch_size"]),
            one["layout"]["recompute"],
        ]
        for place, one in enumerate(found, 1)
    ]
    head = (
        "place", "a step", "memory", *names, "virtual pipeline", "sharding", "micro-batch", "recompute",
    )  # fmt: skip
    return Table(head, rows, f"The {plural(len(found), 'fastest layout')} that fit")


def more_chips(told: Told) -> Section | None:
    """Days against USD over numbers of one chip."""
    points = [point for point in told["frontier"] if point["cost_usd"] is not None]
    if len(points) < 2:
        return None
    best = [point for point in points if point["undominated"]]
    first, last = min(best, key=lambda one: one["cost_usd"]), min(best, key=lambda one: one["days"])
    title = _trade(first, last)
    kinds = [
        Kind(points[0]["accelerator"], [_place(one, best=one["undominated"]) for one in points], accent=True)
    ]
    missing = told["chips_without_layout"]
    facts = [f"No layout fits on {', '.join(f'{count:,}' for count in missing)} chips."] if missing else []
    return Section(
        "more-chips",
        title,
        f"{READING} {PAID[told['basis']].capitalize()}; numbers are chips.",
        figure(lambda width: days_against_usd(kinds, AXES, width), f"{title}."),
        facts=facts,
        tables=[_points_table(points, f"The run on numbers of {points[0]['accelerator']}")],
    )


def _trade(first: Told, last: Told) -> str:
    """What the fastest costs over the cheapest."""
    if first is last:
        return (
            f"{first['count']:,} chips are both the fastest and the cheapest: "
            f"{shown(first['days'], 'days')}, {shown(first['cost_usd'], 'USD')}"
        )
    more = last["cost_usd"] / first["cost_usd"] - 1
    return (
        f"From {first['count']:,} to {last['count']:,} chips the run takes {shown(last['days'], 'days')} "
        f"instead of {shown(first['days'], 'days')}, for {share(more)} more USD"
    )


def _place(point: Told, *, best: bool, label: str = "", picked: bool = False) -> Place:
    hint = (
        f"{point['count']:,} {point['accelerator']}: {shown(point['days'], 'days')}, "
        f"{shown(point['cost_usd'], 'USD')}; {layout_words(point['layout'])}"
    )
    return Place(point["days"], point["cost_usd"], label or f"{point['count']:,}", hint, best, picked)


def _points_table(points: Sequence[Told], caption: str, unsold: Collection[str] = ()) -> Table:
    rows = [
        [
            point["accelerator"],
            layout_words(point["layout"]),
            f"{point['count']:,}",
            shown(point["days"]),
            usd_or_why(point["rent_usd"]),
            usd_or_why(point["own_usd"], unsold="not sold" if point["accelerator"] in unsold else ""),
            shown(point["energy_kwh"], "kWh"),
            shown(point["step_time_s"], "s"),
            gib(point["memory_bytes_per_chip"]),
        ]
        for point in points
    ]
    head = ("chip", "layout", "chips", "days", "rented, USD", "owned, USD", "energy", "a step", "memory")
    return Table(head, rows, caption, words=2)


def picks(told: Told) -> Section | None:
    """The chips side by side, each in the number that does it for the least."""
    picked = [cluster for cluster in told["clusters"] if cluster["pick"]]
    if not picked:
        return None
    ordered = sorted(picked, key=lambda one: (one["accelerator"] != told["best"], _missed(one), _cost(one)))
    most = max(one["pick"]["days"] for one in ordered)
    able = sum(not _missed(one) for one in picked)
    goals = told["deadline_days"] is not None or told["budget_usd"] is not None
    return Section(
        "chips",
        f"{able} of {plural(len(told['clusters']), 'chip')} {'meet' if able != 1 else 'meets'} the goal"
        if goals
        else f"{plural(len(picked), 'chip')}, each in the number that costs least",
        f"{_picked_how(told['basis'], goals=goals)}, in its fastest layout. The bar is days.",
        decision=DecisionTable(
            ("Chip", "Days", "chips", "rented, USD", "owned, USD", "energy"),
            [_picked(one, most, told["basis"], best=one["accelerator"] == told["best"]) for one in ordered],
            "Chips side by side",
        ),
        facts=[
            unbroken(f"{one['accelerator']}: {with_units(one[said])}.")
            for one in told["clusters"]
            for said in ("reason", "verdict", "warning")
            if one[said]
        ]
        + [unbroken(f"{line}.") for line in (not_held(told),) if line],
    )


def _picked_how(basis: str, *, goals: bool) -> str:
    if not goals:
        return f"Each chip in the number that costs the least USD {PAID[basis]}"
    return (
        f"Each chip in the number that meets the goal for the least USD {PAID[basis]}, else the nearest to it"
    )


def _missed(cluster: Told) -> bool:
    return not (cluster["meets_deadline"] and cluster["meets_budget"])


def _cost(cluster: Told) -> float:
    cost = cluster["pick"]["cost_usd"]
    return float("inf") if cost is None else cost


def _picked(cluster: Told, most: float, basis: str, *, best: bool) -> Choice:
    pick = cluster["pick"]
    days = {"p5": pick["days_p5"], "p50": pick["days"], "p95": pick["days_p95"]}
    return Choice(
        cluster["accelerator"],
        unbroken(layout_words(pick["layout"])),
        mini_bar(pick["days"] / most, best=best),
        ranged(days, "days") + (", misses the goal" if _missed(cluster) else ""),
        [
            f"{pick['count']:,}",
            usd_of_pick(cluster, "rent", basis),
            usd_of_pick(cluster, "own", basis),
            shown(pick["energy_kwh"], "kWh"),
        ],
        best,
    )


def rent_or_own(told: Told) -> Section | None:
    """What the run costs rented and on chips of one's own."""
    heats: list[tuple[str, list[Entry]]] = []
    for cluster in told["clusters"]:
        pick = cluster["pick"]
        if pick and pick["rent_usd"] is not None and pick["own_usd"] is not None:
            basis = "own" if told["basis"] == "own" else "rent"
            heats.append((f"{pick['count']:,} {cluster['accelerator']}", _two_ways(pick, basis)))
    if not heats:
        return None
    title = _cheaper(heats, "every chip that is sold" if _unsold(told) else "every chip")
    return Section(
        "rent-or-own",
        unbroken(title),
        "Owned is wear by the hour of the chip with its part of server and network, and its electricity; it "
        "takes for granted that the chips are used before and after the run.",
        figure(lambda width: contest(heats, width), f"{title}."),
        facts=[unbroken(said) for said in never_owned(told)],
    )


def _two_ways(pick: Told, basis: str) -> list[Entry]:
    return [
        Entry(PAID[way], pick[f"{way}_usd"], f"{shown(pick[f'{way}_usd'], 'USD')}", way == basis)
        for way in ("rent", "own")
    ]


def _cheaper(heats: Sequence[tuple[str, Sequence[Entry]]], every: str) -> str:
    cheaper = [name.split(" ")[-1] for name, (rent, own) in heats if own.error < rent.error]
    if not cheaper:
        return f"Rented, {every} is cheaper than owned"
    if len(cheaper) == len(heats):
        return f"Owned, {every} is cheaper than rented"
    return f"Owned chips are cheaper for {', '.join(cheaper)}; rented for the others"


def all_chips(told: Told) -> Section | None:
    """Days against USD over kinds and numbers of chips, under the deadline and the budget."""
    points = [
        point for cluster in told["clusters"] for point in cluster["points"] if point["cost_usd"] is not None
    ]
    if len(points) < 2:
        return None
    best = {(point["accelerator"], point["count"]) for point in told["frontier"]}
    kinds = [_kind(cluster, best, told["best"]) for cluster in told["clusters"]]
    drawn = [kind for kind in kinds if kind.places]
    title = _leaders(told["frontier"])
    return Section(
        "days-against-usd",
        unbroken(title),
        f"{READING} {PAID[told['basis']].capitalize()}; a shape for each chip, numbers are chips."
        f"{_ground(told)}",
        _drawn(drawn, told, title),
        tables=[_points_table(points, "Every number of chips looked at", _unsold(told))],
    )


def _unsold(told: Told) -> set[str]:
    return {cluster["accelerator"] for cluster in told["clusters"] if cluster["why_not_owned"]}


def _ground(told: Told) -> str:
    """What the ground under a corner of the chart means."""
    said = [
        words
        for key, words in (("deadline_days", "in time"), ("budget_usd", "within the budget"))
        if told[key] is not None
    ]
    return f" What lies on the darker ground is {' and '.join(said)}." if said else ""


def _kind(cluster: Told, best: Collection[tuple[str, int]], spoken_of: str | None) -> Kind:
    name = cluster["accelerator"]
    pick = cluster["pick"]["count"] if name == spoken_of else None
    places = [
        _place(
            point,
            best=(name, point["count"]) in best,
            label=f"{point['count']:,} {name}" if point["count"] == pick else "",
            picked=point["count"] == pick,
        )
        for point in cluster["points"]
        if point["cost_usd"] is not None
    ]
    return Kind(name, places, accent=name == spoken_of)


def _drawn(kinds: Sequence[Kind], told: Told, title: str) -> Figure:
    deadline, budget = told["deadline_days"], told["budget_usd"]
    by = None if deadline is None else Limit(deadline, f"deadline {time_words(deadline)}")
    within = None if budget is None else Limit(budget, f"budget {shown(budget, 'USD')}")
    return figure(lambda width: days_against_usd(kinds, AXES, width, by, within), f"{title}.")


def _leaders(frontier: Sequence[Told]) -> str:
    """Which chips are on the frontier."""
    names = list(dict.fromkeys(point["accelerator"] for point in frontier))
    if len(names) == 1:
        return f"No other chip is both faster and cheaper than {names[0]}"
    fast, *_, cheap = (point["accelerator"] for point in frontier)
    if fast == cheap:
        return f"{fast} is both the fastest and the cheapest; in between it is {', '.join(names[1:])}"
    return f"{fast} is the fastest, {cheap} the cheapest"
