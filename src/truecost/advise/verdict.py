"""The verdict: what to do, what it saves, what would flip it, how sure that is, in one computed sentence."""

from __future__ import annotations

from typing import Any

from truecost.advise.decision import Choice, Decision
from truecost.advise.flip import Flip
from truecost.advise.options import AS_WRITTEN, SAME_MODEL
from truecost.plan.schema import Plan
from truecost.ranges import FloatArray, summarize
from truecost.units import show, show_range


def verdict(plan: Plan, decision: Decision, flip: Flip | None) -> dict[str, Any]:
    """The verdict as plain values; docs/result.md documents the keys."""
    best = decision.best
    second = decision.choices[1] if len(decision.choices) > 1 else None
    return {
        "option": best.option.key,
        "label": best.option.label,
        "sentence": sentence(plan, decision, flip),
        "saving_usd": summarize(best.saving_usd),
        "wins_share_of_draws": decision.wins(best),
        "models": best.option.models,
        "commits_to": best.option.commits,
        "months_to_get_there": decision.months[best.option.key],
        "flip": None if flip is None else flip.to_dict(),
        "second": None if second is None else _second(best, second),
        "with_the_models_of_the_plan": _same_models(decision),
        "set": list(best.option.sets),
    }


def _second(best: Choice, second: Choice) -> dict[str, Any]:
    return {
        "option": second.option.key,
        "label": second.option.label,
        "behind_usd": summarize(best.variant.margin_usd - second.variant.margin_usd),
    }


def _same_models(decision: Decision) -> dict[str, Any] | None:
    """The best way that keeps the models of the plan, where the verdict's does not."""
    if decision.best.option.models == SAME_MODEL:
        return None
    kept = decision.best_with_same_models
    return {
        "option": kept.option.key,
        "label": kept.option.label,
        "saving_usd": summarize(kept.saving_usd),
    }


def sentence(plan: Plan, decision: Decision, flip: Flip | None) -> str:
    """The verdict in one sentence."""
    best = decision.best
    if len(decision.choices) < 2:
        return "There is nothing to choose: this plan has one way to do what it does."
    sure = f"best in {show(decision.wins(best), 'share')} of the draws"
    if best.option.key == AS_WRITTEN:
        second = decision.choices[1]
        behind = _around_mean(best.variant.margin_usd - second.variant.margin_usd)
        opening = f"Keep the plan as written: the next best, “{second.option.label}”, leaves {behind} less"
        sure = f"and this is {sure}"
    else:
        saved = _around_mean(best.saving_usd)
        opening = f"{best.option.label}{_condition(best)}: it saves {saved} against the plan as written"
    return f"{opening} over {plan.horizon_months} months, {sure}; {_turn(flip)}."


def _around_mean(usd: FloatArray) -> str:
    points = summarize(usd)
    return show_range({"p5": points["p5"], "p50": points["mean"], "p95": points["p95"]}, "USD")


def _condition(choice: Choice) -> str:
    """What has to be true that money does not show; "" where the models of the plan answer."""
    models = choice.option.models
    return "" if models == SAME_MODEL else f", if the answers of {models} will do"


def _turn(flip: Flip | None) -> str:
    if flip is None:
        return "no single change of prices, volume or load within ten times flips it"
    rises = "rise" if flip.factor > 1 else "fall"
    return (
        f"it flips to “{flip.to.option.label}” if {flip.label} {rises} to {show(flip.factor, 'x')} the plan's"
    )
