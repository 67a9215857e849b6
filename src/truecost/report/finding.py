"""The finding: the sentence a page opens with, what follows from it, and the four figures that carry it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from truecost.report.charts.timeline import day_name, horizon, month_name
from truecost.report.crossing_text import overtaking
from truecost.report.phrases import (
    STATISTICS,
    around_mean,
    averaged,
    ends,
    has,
    negated,
    plural,
    share,
    shown,
)
from truecost.report.verdict import UNIT_COSTS, inference_share

Statement = Mapping[str, Any]
FIGURES = 4
FINAL_RUN = "final training run"
"""What a statement's iceberg calls its tip when the plan trains a model."""


@dataclass(frozen=True, slots=True)
class KeyFigure:
    """A number worth large type: value, unit, interval in words, what it is; `strip` draws the interval.

    `drawing` draws what is no interval.
    """

    value: str
    unit: str
    interval: str
    what: str
    strip: Strip | None = None
    drawing: Markup | None = None


@dataclass(frozen=True, slots=True)
class Strip:
    """Shares of a small axis that runs from 0 to the far end of an interval."""

    zero: float
    low: float
    middle: float
    high: float


def headline(statement: Statement) -> str:
    """The finding in a sentence."""
    total, span = statement["total_usd"], horizon(statement["horizon_months"])
    if not has(total) or not total["p95"] > 0:
        return "Nothing in this plan costs anything: see what it leaves out"
    cost = shown(total["mean"], "USD")
    berg, query = statement["iceberg"], statement["unit_costs"]["usd_per_query"]
    if berg["quotable"] == FINAL_RUN:
        return _of_the_run(cost, span, berg["quotable_share"])
    earned = statement["unit_costs"]["revenue_usd_per_query"]
    if has(query) and has(earned) and earned["p95"] > 0:
        return f"Each query costs {shown(query['mean'], 'USD')} and earns {shown(earned['mean'], 'USD')}"
    if has(query):
        return f"Each query costs {shown(query['mean'], 'USD')} and earns nothing: {cost} over {span}"
    first = statement["lines"][0]
    part = first["cost_usd"]["mean"] / total["mean"]
    return f"It costs {cost} over {span}; {share(part)} of it is {first['group'].lower()}"


def _of_the_run(cost: str, span: str, part: float) -> str:
    if part > 0.995:
        return f"The run costs {cost}; nothing around it is in this plan"
    return f"Everything costs {cost} over {span}; the run everyone quotes is {share(part)} of it"


def standfirst(statement: Statement) -> list[str]:
    """What follows from the finding, a sentence each."""
    sentences = [_range(statement), _earns(statement), _crossing(statement), _shock(statement)]
    return [sentence for sentence in sentences if sentence]


def _range(statement: Statement) -> str:
    total = statement["total_usd"]
    if not has(total) or not total["p95"] > 0 or total["p5"] == total["p95"]:
        return ""
    low, high = shown(total["p5"], "USD"), shown(total["p95"], "USD")
    return f"In nine of ten draws the total lies between {low} and {high}."


def _earns(statement: Statement) -> str:
    revenue, margin = statement["revenue_usd"], statement["margin_usd"]
    if not has(revenue) or not revenue["p95"] > 0:
        is_said = statement["iceberg"]["quotable"] != FINAL_RUN
        return "The plan earns nothing." if statement["tiers"] and not is_said else ""
    if margin["mean"] < 0:
        return f"It earns {shown(revenue['mean'], 'USD')} and so loses {averaged(negated(margin), 'USD')}."
    return f"It earns {shown(revenue['mean'], 'USD')} and so leaves {averaged(margin, 'USD')}."


def _crossing(statement: Statement) -> str:
    event = statement["crossover_month"]
    if event is None or not has(event) or event["share_of_draws"] < 0.5:
        return ""
    return f"Inference overtakes training in {overtaking(statement)}."


def _shock(statement: Statement) -> str:
    tolerance = statement["break_even"]["shock_tolerance"]
    if tolerance is None:
        return ""
    today, threefold = (tolerance[f"survives_{m}x_share_of_draws"] for m in (1, 3))
    if today < 0.5:
        covered = f"are covered in only {share(today)} of the draws"
        return f"Already at the plan's API prices serving, fees and support {covered}."
    return (
        f"At three times the plan's API prices, serving, fees and support are still covered in "
        f"{share(threefold)} of the draws."
    )


def key_figures(statement: Statement) -> list[KeyFigure]:
    """The first four that the plan has; none where nothing is priced."""
    if not has(statement["total_usd"]) or not statement["total_usd"]["p95"] > 0:
        return []
    return [figure for figure, _ in zip(_candidates(statement), range(FIGURES), strict=False)]


def _candidates(statement: Statement) -> Iterator[KeyFigure]:
    span = horizon(statement["horizon_months"])
    yield key_figure(statement["total_usd"], "USD", f"all in, over {span}")
    yield from _earning(statement)
    berg = statement["iceberg"]
    if berg["quotable"] == FINAL_RUN:
        yield key_figure(berg["quotable_usd"], "USD", "the final training run, the number that gets quoted")
    for key, noun in UNIT_COSTS[1:]:
        if has(statement["unit_costs"][key]):
            yield key_figure(statement["unit_costs"][key], "USD", noun)
    part = inference_share(statement)
    if part is not None and 0 < part["mean"] < 1:
        yield key_figure(part, "share", "of it is inference")
    hidden = berg["below_waterline_usd"]
    if berg["quotable_share"] and hidden["mean"] > 0:
        yield key_figure(hidden, "USD", "below the waterline")
    for group in berg["groups"]:
        if group["cost_usd"]["mean"] > 0 and len(berg["groups"]) > 1:
            yield key_figure(group["cost_usd"], "USD", group["group"].lower())


def _earning(statement: Statement) -> Iterator[KeyFigure]:
    """A query, its margin, what ends the money, what the product survives."""
    query, earned = (statement["unit_costs"][k] for k in ("usd_per_query", "revenue_usd_per_query"))
    if has(query):
        pays = f"; earns {shown(earned['mean'], 'USD')}" if has(earned) and earned["p95"] > 0 else ""
        yield key_figure(query, "USD", f"a query, everything in{pays}")
    if has(statement["gross_margin_share"]):
        yield key_figure(statement["gross_margin_share"], "share", "gross margin")
    tolerance = statement["break_even"]["shock_tolerance"]
    if tolerance is not None:
        multiple = tolerance["multiple"]
        survived = shown(multiple["p50"])
        yield KeyFigure(
            survived,
            "×",
            ends(multiple),
            "API price at which serving, fees and support are still covered",
            strip_of(multiple, "p50"),
        )
    runway = statement["runway_months"]
    if has(runway):
        happens = runway["share_of_draws"]
        doubt = f", in {share(happens)} of the draws" if happens < 1 else ""
        left = str(round(runway["p50"]))
        yield KeyFigure(
            left, "months", ends(runway), f"until the money is gone{doubt}", strip_of(runway, "p50")
        )
    elif runway is not None:
        yield KeyFigure("no end", "", "", "to the money within the plan")


def key_figure(value: Mapping[str, float], unit: str, what: str) -> KeyFigure:
    """A quantity by its mean and its interval, drawn."""
    digits, _, rest = shown(value["mean"], unit).partition("\N{NO-BREAK SPACE}")
    return KeyFigure(digits, rest, around_mean(value, unit), what, strip_of(value, "mean"))


def strip_of(value: Mapping[str, float], centre: str) -> Strip | None:
    """The interval drawn on an axis that holds 0; None where there is none."""
    low, high = min(0.0, value["p5"], value[centre]), max(0.0, value["p95"], value[centre])
    if value["p5"] == value["p95"] or not high > low:
        return None
    zero, first, middle, last = (
        (v - low) / (high - low) for v in (0.0, value["p5"], value[centre], value["p95"])
    )
    return Strip(zero, first, middle, last)


def terms(statement: Statement) -> str:
    """Under which terms the numbers hold: name, span, date of prices."""
    return (
        f"{horizon(statement['horizon_months'])} from {month_name(statement['start'])}, "
        f"prices as of {day_name(statement['as_of'])}"
    )


def method(statement: Statement) -> str:
    """How the ranges came about, in a sentence."""
    overlay = statement["catalog_overlay"]
    changed = f" Facts from {overlay} replace the shipped ones." if overlay else ""
    return (
        f"{STATISTICS} {plural(statement['draws'], 'draw')} (seed {statement['seed']}). "
        f"Amounts are US dollars.{changed}"
    )
