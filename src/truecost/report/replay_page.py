"""Replays as self-contained pages: one fleet, fleets side by side, an API against own chips and a hybrid.

Each function is pure: what `--json` prints goes in, the text of the page comes out. Charts follow the
reader's light or dark setting and the page's width; every chart has its table.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from markupsafe import Markup

from truecost.report.charts.timeline import day_name
from truecost.report.finding import KeyFigure
from truecost.report.phrases import plural, share, shown
from truecost.report.replay_levers_text import answer as levers_answer
from truecost.report.replay_text import answer, limit
from truecost.report.replay_ways_text import CALLED, SUBJECT
from truecost.report.run_page import Opening, Written, figure_of, run_page
from truecost.report.sections.replay_fleets import cheaper, fleets, frontier
from truecost.report.sections.replay_levers import levers
from truecost.report.sections.replay_money import a_month, hours, money
from truecost.report.sections.replay_run import cache, latencies, load, named, setting, slo, time
from truecost.report.sections.replay_ways import break_even, even_title, sellers, split, ways, ways_title
from truecost.report.sections.training_choices import unbroken

Told = Mapping[str, Any]
METHOD = (
    "Ranges are 90 % intervals of the step times; a number without one has none. Latencies are as vLLM's "
    "benchmark counts them; a month is 730.5 hours of this load."
)

FLEETS_METHOD = (
    "Latencies and use are middles; a month is 730.5 hours of this load. The page of one fleet is {command}."
)
FAR = 2
"""Times a limit, from which on a miss is told in times and not in per cent."""


def render(told: Told, spec: Written | None = None) -> str:
    """The page of one replay (`truecost.replay.replay(...).to_dict()`), its spec at the end where given."""
    sections = [slo(told), latencies(told), load(told), time(told), cache(told), money(told), hours(told)]
    found = [one for one in sections if one is not None] if answered(told) else []
    return run_page(opening(told), [*found, setting(told)], told["assumptions"], spec)


def answered(told: Told) -> bool:
    """Whether any request got an answer: without one there is nothing to draw."""
    return bool(told["served"] + told["truncated"])


def opening(told: Told) -> Opening:
    """What the page of one replay opens with."""
    return Opening(
        name=told["name"],
        terms=f"{told['traffic']['name']} on {'at most ' if told['fleet']['autoscale'] else ''}"
        f"{told['chips']:,} {told['accelerator']}, "
        f"prices as of {day_name(told['as_of'])}",
        headline=headline(told),
        standfirst=standfirst(told),
        figures=_figures(told) if answered(told) else [],
        warnings=told["warnings"],
        unknown=list(told["unknown"].items()),
        method=METHOD,
    )


def headline(told: Told) -> str:
    """The finding in a sentence without ranges: the SLO, by how much, USD a month and a million tokens."""
    if not answered(told):
        return answer(told).removesuffix(".")
    month = a_month(told)["usd_per_month"]
    if month is None:
        return f"{_kept(told)} at an unknown price"
    each = shown(told["usd_per_million_output_tokens"], "USD")
    return f"{_kept(told)} for {shown(month, 'USD')} a month, {each} for a million output tokens"


def _kept(told: Told) -> str:
    """Whether the SLO is kept, and by how much at its tightest."""
    rows = told["slo"]
    if not rows:
        return f"First tokens come within {shown(told['ttft_p99_s'], 's')} in 99 of 100 cases,"
    missed = [row for row in rows if not row["met"]]
    if not missed:
        tightest = max(rows, key=lambda row: row["over"])
        return f"The SLO is met with {share(1 - tightest['over'])} to spare,"
    late = [row for row in missed if row["over"] is not None and row["over"] > 1]
    if not late:
        return f"The SLO is missed, {share(missed[0]['unanswered'])} of the requests get no answer,"
    worst = max(late, key=lambda row: row["over"])
    over = worst["over"]
    by = f"{shown(over)} times its limit" if over > FAR else f"{share(over - 1)} over its limit"
    return f"The SLO is missed, {named(worst['limit'])} is {by},"


def standfirst(told: Told) -> str:
    """How sure the answer is, and what limits the fleet."""
    if not answered(told):
        return ""
    return f"{_sure(told)}{limit(told)}"


def _sure(told: Told) -> str:
    rows = told["slo"]
    if not rows or not all(row["met"] for row in rows):
        return ""
    unsure = [named(row["limit"]) for row in rows if row["confidence"] != "whole interval"]
    if not unsure:
        return "It is met over the whole 90 % interval. " if any(row["p95_s"] for row in rows) else ""
    return f"At the slow end of the 90 % interval {' and '.join(unsure)} would miss. "


def _figures(told: Told) -> list[KeyFigure]:
    limits = {row["limit"]: row["limit_s"] for row in told["slo"]}
    whole = {**told, **a_month(told)}
    wanted = (
        ("ttft_p99_s", "s", f"to the first token, p99{_limit(limits, 'ttft_p99_s')}"),
        ("tpot_p99_s", "s", f"a further token, p99{_limit(limits, 'tpot_p99_s')}"),
        ("usd_per_month", "USD", "a month of this load"),
        ("usd_per_million_output_tokens", "USD", "for a million output tokens"),
    )
    return [figure_of(whole, *one) for one in wanted if whole[one[0]] is not None]


def _limit(limits: Mapping[str, float], key: str) -> str:
    return f"; the limit is {shown(limits[key], 's')}" if key in limits else ""


def render_fleets(told: Told, name: str, as_of: str, spec: Written | None = None) -> str:
    """The page of fleets side by side (`truecost replay SPEC --fleets FLEETS --json`, or a search)."""
    found = [fleets(told), frontier(told), cheaper(told)]
    command = Markup("<code>truecost replay {} --set fleet.replicas=N --html FILE</code>").format(
        spec.name if spec else "SPEC"
    )
    opened = Opening(
        name=name,
        terms=f"{plural(told['requests'], 'request')} on {plural(len(told['fleets']), 'fleet')}, "
        f"prices as of {day_name(as_of)}",
        headline=fleets_headline(told),
        standfirst=_fleets_standfirst(told),
        method=Markup(FLEETS_METHOD).format(command=command),
    )
    return run_page(opened, [one for one in found if one is not None], spec=spec)


def fleets_headline(told: Told) -> str:
    """The finding of a comparison of fleets, in a sentence."""
    by_name = {row["fleet"]: row for row in told["fleets"]}
    if told["best"] is not None:
        row = by_name[told["best"]]
        cost = _month_of(row)
        what = "keeps the SLO" if told["slo"] else "runs it"
        return (
            f"{unbroken(told['best'])} {what} {cost}, the cheapest of {plural(len(told['fleets']), 'fleet')}"
        )
    if told["closest"] is None:
        return "No fleet can run it"
    worst = max((one for one in by_name[told["closest"]]["slo"] if not one["met"]), key=_over)
    return (
        f"No fleet keeps the SLO; the closest is {unbroken(told['closest'])}, its {named(worst['limit'])} "
        f"{shown(worst['value_s'], 's')} against {shown(worst['limit_s'], 's')}"
    )


def _month_of(row: Told) -> str:
    month = row["usd_per_month"]
    return "at an unknown price" if month is None else f"for {shown(month, 'USD')} a month"


def _over(row: Told) -> float:
    return row["over"] or 0.0


def _fleets_standfirst(told: Told) -> str:
    """How sure the pick is, and which fleet is surer."""
    if told["best"] is None or not told["slo"]:
        return ""
    row = next(row for row in told["fleets"] if row["fleet"] == told["best"])
    if row["sure"]:
        return "It keeps it over the whole 90 % interval of the step times."
    surer = told.get("best_sure")
    if surer is None:
        return "At the slow end of the 90 % interval of the step times it would miss."
    other = next((one for one in told["fleets"] if one["fleet"] == surer), None)
    cost = f" {_month_of(other)}" if other else ""
    return (
        f"At the slow end of the 90 % interval of the step times it would miss; {unbroken(surer)} would "
        f"not,{cost}."
    )


def render_ways(told: Told, spec: Written | None = None) -> str:
    """The page of the traffic served three ways (`truecost replay SPEC --compare api,self-host,hybrid`)."""
    found = [ways(told), break_even(told), split(told), sellers(told)]
    opened = Opening(
        name=told["name"],
        terms=f"{told['traffic']['name']}, {told['model']}, prices as of {day_name(told['as_of'])}",
        headline=ways_title(told),
        standfirst=_ways_standfirst(told),
        figures=[figure_of(way, "usd_per_month", "USD", f"a month, {CALLED[way['way']]}")
                 for way in told["ways"] if way["usd_per_month"] is not None],
        warnings=told["warnings"],
        unknown=list(told["unknown"].items()),
        method=f"Ranges are 90 % intervals. A month is {told['hours_per_month']:g} hours of this load. What "
        "an API answers how fast is not known: its latencies are not judged.",
    )  # fmt: skip
    return run_page(opened, [one for one in found if one is not None], told["assumptions"], spec)


def _ways_standfirst(told: Told) -> str:
    """From which volume on own chips are cheaper, and which ways miss the SLO."""
    said = [f"{even_title(told['break_even'])}."] if told["break_even"] else []
    for way in told["ways"]:
        if way["meets_slo"] is False:
            name = SUBJECT[way["way"]]
            said.append(f"{name[:1].upper()}{name[1:]} misses the SLO.")
    return " ".join(said)


def render_levers(told: Told, name: str, as_of: str, spec: Written | None = None) -> str:
    """The page of levers replayed (`truecost replay SPEC --levers`)."""
    base = told["base"]
    opened = Opening(
        name=name,
        terms=f"{told['traffic']} on {plural(base['chips'], 'chip')} ({told['accelerator']}), prices as of "
        f"{day_name(as_of)}",
        headline=levers_answer(told).removesuffix("."),
        figures=_base_figures(base),
        method="Numbers as it is have 90 % intervals of the step times; a lever's change is of the middle.",
    )
    return run_page(opened, [levers(told)], spec=spec)


def _base_figures(base: Told) -> list[KeyFigure]:
    wanted = (
        ("usd_per_million_output_tokens", "USD", "for a million output tokens, as it is"),
        ("usd_per_month", "USD", "a month, as it is"),
        ("ttft_p99_s", "s", "to the first token, p99, as it is"),
        ("tpot_p99_s", "s", "a further token, p99, as it is"),
    )
    return [figure_of(base, *one) for one in wanted if base.get(one[0]) is not None]
