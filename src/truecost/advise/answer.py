"""The answer to a plan: verdict, options, scenarios, advice and sensitivity, each computed when asked for."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

from truecost.advise.curve import curve
from truecost.advise.decision import Decision, decide, table
from truecost.advise.flip import nearest_flip
from truecost.advise.knowledge import fine_tune_or_retrieve
from truecost.advise.levers import advice
from truecost.advise.verdict import verdict
from truecost.catalog.catalog import Catalog
from truecost.plan.evaluate import SCOUT_DRAWS
from truecost.plan.scenarios import scenarios
from truecost.plan.schema import Plan
from truecost.plan.schema.scenarios import ScenarioFile
from truecost.plan.sensitivity import sensitivity
from truecost.plan.train_and_infer import train_and_infer
from truecost.plan.variants import COMPARED_DRAWS, Variants
from truecost.spec import Document

COMPARED_SCOUT = SCOUT_DRAWS
FEWEST_DRAWS = 64
MOST_TIER_MONTH_DRAWS = 4_000_000
VERDICT_DRAWS = 64
"""Draws of the verdict under a scenario: only which option is the best is asked."""
PARTS = ("verdict", "options", "scenarios", "advice", "sensitivity", "training_against_inference")
"""The keys of `to_dict`, as `truecost.plan.result.ANSWER_PARTS` names them."""


def compared_draws(plan: Plan, draws: int) -> int:
    """Draws of a comparison: fewer for a plan of very many tiers, whose variants would not fit in memory."""
    tiers = len(plan.demand.tiers) if plan.demand is not None else 1
    fitting = MOST_TIER_MONTH_DRAWS // (plan.horizon_months * tiers)
    return min(draws, COMPARED_DRAWS, max(fitting, FEWEST_DRAWS))


class Answer:
    """What to do with a plan, on draws that all parts share."""

    def __init__(self, document: Document[Plan], catalog: Catalog, *, draws: int, seed: int) -> None:
        self.variants = Variants(
            document, catalog, draws=compared_draws(document.value, draws), seed=seed, scout=COMPARED_SCOUT
        )

    @cached_property
    def decision(self) -> Decision:
        """Every option, evaluated; the best first."""
        return decide(self.variants)

    @cached_property
    def verdict(self) -> dict[str, Any]:
        """What to do, what it saves, what flips it, how sure."""
        flip = nearest_flip(self.variants, self.decision)
        return verdict(self.variants.plan, self.decision, flip)

    @cached_property
    def table(self) -> list[dict[str, Any]]:
        """The decision table, the best option first."""
        return table(self.decision)

    @cached_property
    def options(self) -> dict[str, Any]:
        """The decision table, cost by volume, fine-tuning against retrieval."""
        return {
            "table": self.table,
            "curve": curve(self.variants, self.decision),
            "fine_tune_or_retrieve": fine_tune_or_retrieve(self.variants),
        }

    def scenarios_named(
        self, names: Sequence[str] | None = None, files: Sequence[Document[ScenarioFile]] = ()
    ) -> list[dict[str, Any]]:
        """Scenarios side by side, all that apply when none is named, each with its verdict."""
        found = [each.to_dict() for each in scenarios(self.variants, names, files)]
        for row in found:
            if row["applies"] and row["kind"] != "mixture":
                row["verdict"] = self._verdict_under(row["set"])
        return found

    def _verdict_under(self, sets: Sequence[str]) -> dict[str, str]:
        decision = self.decision
        if sets:
            there = self.variants.document_of(sets)
            few = Variants(
                there,
                self.variants.catalog,
                draws=VERDICT_DRAWS,
                seed=self.variants.seed,
                scout=VERDICT_DRAWS,
            )
            decision = decide(few)
        best = decision.best.option
        return {"option": best.key, "label": best.label}

    @cached_property
    def scenarios(self) -> list[dict[str, Any]]:
        """Every scenario that applies to the plan."""
        return self.scenarios_named()

    @cached_property
    def advice(self) -> dict[str, Any]:
        """Every lever alone and the best combination."""
        return advice(self.variants).to_dict()

    @cached_property
    def sensitivity(self) -> dict[str, Any]:
        """What the total hangs on, and which input is worth measuring first."""
        return self.sensitivity_of("total_usd")

    def sensitivity_of(self, outcome: str) -> dict[str, Any]:
        """The same for any outcome of the plan. Raises UnknownName, with the nearest, for one it lacks."""
        margins = {c.option.key: c.variant.margin_usd for c in self.decision.choices}
        others = [c.variant for c in self.decision.choices]
        return sensitivity(self.variants, outcome, options=margins, option_variants=others).to_dict()

    @cached_property
    def training_against_inference(self) -> dict[str, Any] | None:
        """Both sides of a plan that trains and serves; None for others."""
        return train_and_infer(self.variants)

    @cached_property
    def what_if(self) -> dict[str, Any] | None:
        """The grid of the what-if panel."""
        from truecost.plan.panel import panel

        return panel(self.variants)

    def first(self, *, everything: bool = False) -> dict[str, Any]:
        """What a terminal opens with: the verdict and the decision table, the other comparisons on demand."""
        if not everything:
            return {"verdict": self.verdict, "options": {"table": self.table}}
        parts = ("verdict", "options", "training_against_inference")
        return {name: getattr(self, name) for name in parts}

    def to_dict(self) -> dict[str, Any]:
        """Every part as plain values, in the order of `PARTS`."""
        return {name: getattr(self, name) for name in PARTS}
