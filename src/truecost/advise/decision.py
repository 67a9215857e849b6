"""The decision table: every way to meet the same demand on the same draws, the best first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from truecost.advise.options import AS_WRITTEN, SAME_MODEL, NoOption, Option, options
from truecost.plan.variants import Variant, Variants
from truecost.ranges import FloatArray, Range, summarize
from truecost.spec import SpecError

COST_AT_MONTHS = (1, 12, 36)
NEGLIGIBLE = 0.002
"""A difference below this share of the plan's cost is none: the plan as written is kept."""


@dataclass(frozen=True, slots=True)
class Choice:
    """An option with what it comes to."""

    option: Option
    variant: Variant = field(repr=False)
    saving_usd: FloatArray = field(repr=False)
    """Margin over the plan less that of the plan as written, one number a draw; positive is better."""

    @property
    def margin(self) -> float:
        """Mean margin over the plan, by which options are ranked."""
        return float(self.variant.margin_usd.mean())


@dataclass(frozen=True, slots=True)
class Decision:
    """Every option of a plan, the best first, and those the plan cannot be changed to."""

    choices: tuple[Choice, ...]
    refused: tuple[NoOption, ...]
    months: dict[str, float]

    @property
    def best(self) -> Choice:
        """The option with the highest mean margin; the plan as written where nothing is better."""
        return self.choices[0]

    @property
    def as_written(self) -> Choice:
        """The plan as it is."""
        return next(c for c in self.choices if c.option.key == AS_WRITTEN)

    @property
    def best_with_same_models(self) -> Choice:
        """The best among those that keep to the models the plan names."""
        return next(c for c in self.choices if c.option.models == SAME_MODEL)

    def wins(self, choice: Choice) -> float:
        """Share of the draws in which a choice leaves at least as much as every other."""
        margins = np.stack([c.variant.margin_usd for c in self.choices])
        return float((choice.variant.margin_usd >= margins.max(axis=0) - 1e-9 * np.abs(margins).max()).mean())


def decide(variants: Variants) -> Decision:
    """Evaluate every option of a plan. Without demand there is none but the plan itself."""
    base = variants.of()
    found: list[Choice] = []
    refused: list[NoOption] = []
    for option in options(base.plan, variants.catalog):
        if isinstance(option, NoOption):
            refused.append(option)
            continue
        try:
            variant = variants.of(option.sets)
        except SpecError as error:
            refused.append(NoOption(option.key, option.label, error.problems[0].message))
            continue
        if option.key != AS_WRITTEN and not option.sets:
            refused.append(NoOption(option.key, option.label, "this is what the plan as written does"))
            continue
        twin = next((c for c in found if np.array_equal(c.variant.margin_usd, variant.margin_usd)), None)
        if twin is not None:
            refused.append(
                NoOption(option.key, option.label, f"it comes to the same as: {twin.option.label}")
            )
            continue
        found.append(Choice(option, variant, variant.margin_usd - base.margin_usd))
    return Decision(
        tuple(_ranked(found, float(base.cost_usd.mean()))), tuple(refused), _months(variants, found)
    )


def _ranked(found: Sequence[Choice], cost: float) -> list[Choice]:
    """By mean margin; the plan as written first among those that differ from it by next to nothing."""
    as_written = next((c.margin for c in found if c.option.key == AS_WRITTEN), 0.0)

    def place(choice: Choice) -> tuple[float, bool]:
        is_same = abs(choice.margin - as_written) < NEGLIGIBLE * abs(cost)
        return -(as_written if is_same else choice.margin), choice.option.key != AS_WRITTEN

    return sorted(found, key=place)


def _months(variants: Variants, found: Sequence[Choice]) -> dict[str, float]:
    """Months to get there, by option: the middle of the rate; 0 for what is there already."""
    plan = variants.plan
    assert plan.as_of is not None
    result: dict[str, float] = {}
    for choice in found:
        key = choice.option.months
        value = variants.catalog.rate(key, plan.as_of).value if key else 0.0
        result[choice.option.key] = value.median if isinstance(value, Range) else float(value)
    return result


def table(decision: Decision) -> list[dict[str, Any]]:
    """The options as rows of plain values, the best first; see docs/result.md."""
    return [_row(choice, decision) for choice in decision.choices] + [
        {"option": no.key, "label": no.label, "applies": False, "why": no.why} for no in decision.refused
    ]


def _cash_needed(variant: Variant) -> FloatArray:
    """The deepest that cash paid runs ahead of revenue: what must be there until it carries itself."""
    return np.maximum(np.cumsum(variant.cash - variant.revenue, axis=0).max(axis=0), 0.0)


def _row(choice: Choice, decision: Decision) -> dict[str, Any]:
    variant = choice.variant
    months = variant.cost.shape[0]
    cumulative = np.cumsum(variant.cost, axis=0)
    shown = sorted({m for m in COST_AT_MONTHS if m < months} | {months})
    return {
        "option": choice.option.key,
        "label": choice.option.label,
        "applies": True,
        "draws": variant.book.draws.count,
        "total_usd": summarize(variant.cost_usd),
        "margin_usd": summarize(variant.margin_usd),
        "saving_usd": summarize(choice.saving_usd),
        "wins_share_of_draws": decision.wins(choice),
        "cost_usd_by_month": {str(m): summarize(cumulative[m - 1]) for m in shown},
        "cash_needed_usd": summarize(_cash_needed(variant)),
        "months_to_get_there": decision.months[choice.option.key],
        "commits_to": choice.option.commits,
        "models": choice.option.models,
        "set": list(choice.option.sets),
    }
