"""What to change in a plan: every lever alone, ranked by USD saved a month, and the best of them together."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from truecost.advise.assignments import as_written
from truecost.advise.levers.combination import Combination, combine
from truecost.advise.levers.every import every_lever
from truecost.advise.levers.lever import Lever, WhyNot
from truecost.advise.levers.mechanism import Moved, moved, own_cost, waiting
from truecost.advise.levers.trials import Trials, touches
from truecost.catalog.facts import Fact
from truecost.plan.variants import Variants
from truecost.ranges import FloatArray, summarize
from truecost.spec import SpecError

NOTHING = 1e-9
"""A difference below this share of the plan's cost in every draw is none."""


@dataclass(frozen=True, slots=True)
class Advised:
    """A lever tried alone: what it saves and costs a month, how, and what it does to waiting."""

    lever: Lever
    saved: FloatArray = field(repr=False)
    own_lines: tuple[str, ...]
    own: FloatArray = field(repr=False)
    mechanism: tuple[Moved, ...]
    latency: dict[str, Any]

    def to_dict(self) -> dict[str, Any]:
        """Plain values; see docs/advise.md."""
        lever = self.lever
        return {
            "lever": lever.key,
            "family": lever.family,
            "label": lever.label,
            "class": lever.class_name,
            "saved_usd_per_month": summarize(self.saved),
            "share_of_draws_it_saves": float((self.saved > 0).mean()),
            "own_cost_usd_per_month": summarize(self.own),
            "own_cost_lines": list(self.own_lines),
            "mechanism": [each.to_dict() for each in self.mechanism],
            "latency": self.latency,
            "quality": lever.quality,
            "not_combined": lever.apart,
            "assumed": [_assumed(fact) for fact in lever.assumed],
            "sets": list(lever.sets),
        }


@dataclass(frozen=True, slots=True)
class Advice:
    """Every lever of a plan, ranked; those it cannot pull; the best combination."""

    name: str
    months: int
    cost_usd_per_month: FloatArray = field(repr=False)
    levers: tuple[Advised, ...]
    not_applicable: tuple[WhyNot, ...]
    combination: Combination

    def to_dict(self) -> dict[str, Any]:
        """The whole advice as plain values; docs/advise.md documents the keys."""
        return {
            "name": self.name,
            "months": self.months,
            "cost_usd_per_month": summarize(self.cost_usd_per_month),
            "levers": [advised.to_dict() for advised in self.levers],
            "not_applicable": [
                {
                    "lever": no.key,
                    "family": no.family,
                    "label": no.label,
                    "class": no.class_name,
                    "why": no.why,
                }
                for no in self.not_applicable
            ],
            "combination": self.combination.to_dict(),
        }


def advice(variants: Variants, *, progress: Callable[[float], None] | None = None) -> Advice:
    """Every lever of the plan applied alone, and the best combination, on the draws of `variants`.

    A saving is the difference of the margins over the plan, draw by draw, over its months: revenue that a
    lever changes counts. `progress` is told the share that is done.
    """
    trials = Trials(variants)
    outcomes = list(every_lever(trials.base.plan, variants.catalog))
    levers = [outcome for outcome in outcomes if isinstance(outcome, Lever)]
    refused = [outcome for outcome in outcomes if isinstance(outcome, WhyNot)]
    found: list[Advised] = []
    for done, lever in enumerate(levers, start=1):
        tried = _tried(trials, lever)
        if isinstance(tried, WhyNot):
            refused.append(tried)
        else:
            found.append(tried)
        if progress is not None:
            progress(0.7 * done / len(levers))
    ranked = sorted(found, key=lambda a: (-float(a.saved.mean()), a.lever.key))
    helping = [(a.lever, a.saved) for a in ranked if a.saved.mean() > 0]
    combination = combine(trials, helping)
    if progress is not None:
        progress(1.0)
    base = trials.base
    return Advice(
        base.plan.name,
        trials.months,
        base.cost_usd / trials.months,
        tuple(ranked),
        tuple(refused),
        combination,
    )


def _tried(trials: Trials, lever: Lever) -> Advised | WhyNot:
    """A lever alone; the reason where it makes no legal plan or changes nothing."""
    part = touches(lever.sets)
    base = trials.before(part)
    try:
        variant = trials.of(lever.sets, part)
    except SpecError as error:
        return WhyNot(lever.key, lever.label, lever.class_name, error.problems[0].message)
    saved = trials.saving(lever.sets)
    if not np.isfinite(saved).all():
        return WhyNot(lever.key, lever.label, lever.class_name, "its cost comes out infinite or undefined")
    if np.all(np.abs(saved) <= NOTHING * np.maximum(np.abs(trials.base.cost_usd), 1.0) / trials.months):
        return WhyNot(lever.key, lever.label, lever.class_name, lever.idle)
    lines, own = own_cost(base, variant)
    return Advised(lever, saved, lines, own, moved(lever, base, variant), waiting(lever, base, variant))


def _assumed(fact: Fact) -> dict[str, Any]:
    return {
        "key": fact.key,
        "value": as_written(fact.value),
        "unit": fact.unit,
        "confidence": str(fact.confidence),
        "source": fact.source,
    }
