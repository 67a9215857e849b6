"""Levers tried on a plan: what each leaves, on the plan's own draws, computing only what can change."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import TypeAlias

import numpy as np

from truecost.plan.checks import check
from truecost.plan.evaluate import SCOUT_DRAWS, evaluate_window
from truecost.plan.schema import Plan, Programme, Serving
from truecost.plan.variants import Variant, Variants
from truecost.ranges import Draws, FloatArray, Range, Value

_OF_A_CLASS = re.compile(r"(?:serving|demand\.requests)\.([^.=]+)")
PROGRAMME = "*programme"
ONLY_PROGRAMME = frozenset({PROGRAMME})
PRODUCT = "*product"
SPLIT = ".hybrid.base_multiple_of_mean"


_State: TypeAlias = tuple[frozenset[str], tuple[str, ...]]
"""A part of a plan, and the assignments made in it."""


@dataclass(frozen=True, slots=True)
class RememberedDraws(Draws):
    """Draws that are made once and shared by all trials: a path has the same ones in each."""

    made: dict[tuple[str, object], Value] = field(default_factory=dict[tuple[str, object], Value])

    def of(self, path: str, value: float | Range) -> Value:
        """See Draws.of."""
        if not isinstance(value, Range):
            return value
        key = (path, value)
        if key not in self.made:
            self.made[key] = value.quantile(self.uniform(path))
        return self.made[key]


class Trials:
    """A plan with levers pulled, each evaluated on the part of the plan that it touches.

    What the classes of a plan, and its programme, cost and earn adds up, and none depends on another's
    serving: the difference that a lever makes is that of its own part, which is evaluated alone, with the
    layouts and splits it needs chosen anew as `Variants` does.
    """

    def __init__(self, variants: Variants) -> None:
        self.variants = variants
        self.base = variants.of()
        self.months = self.base.book.months
        self._margins: dict[_State, FloatArray] = {}
        self._decided: dict[_State, dict[str, float]] = {}
        self._scout = RememberedDraws(variants.seed, 0, min(SCOUT_DRAWS, variants.draws))
        self._draws = RememberedDraws(variants.seed, 0, variants.draws)
        self._plain: dict[frozenset[str], Variant] = {}

    def before(self, part: frozenset[str]) -> Variant:
        """A part of the plan as written."""
        if part not in self._plain:
            self._plain[part] = self.of((), part)
        return self._plain[part]

    def of(self, sets: Sequence[str], part: frozenset[str]) -> Variant:
        """A part of the plan with assignments made. Raises SpecError where the whole is no legal plan."""
        plan = _part(self.plan_of(sets), part)
        decisions: dict[str, float] = {}
        if any(map(_is_decided, plan.serving.values())):
            self._evaluated(plan, self._scout, decisions)
        variant = self._evaluated(plan, self._draws, decisions, tuple(sets))
        self._margins[part, tuple(sets)] = variant.margin_usd
        self._decided[part, tuple(sets)] = dict(decisions)
        return variant

    def _evaluated(
        self, plan: Plan, draws: Draws, decisions: dict[str, float], sets: tuple[str, ...] = ()
    ) -> Variant:
        assert plan.start is not None
        with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
            book, served, series, _ = evaluate_window(
                plan, self.variants.catalog, draws, plan.start, decisions, compared=True
            )
        shape = (book.months, book.draws.count)
        cost, cash, revenue = (np.broadcast_to(series[name], shape) for name in ("total", "cash", "revenue"))
        return Variant(sets, plan, book, served, cost, cash, revenue)

    def plan_of(self, sets: Sequence[str]) -> Plan:
        """The checked plan with assignments made. Raises SpecError where it is no legal plan."""
        if not sets:
            return self.base.plan
        return check(self.variants.document_of(sets), self.variants.catalog, date.today())[0]

    def saving(self, sets: Sequence[str], beside: Sequence[str] = ()) -> FloatArray:
        """USD a month that assignments leave more, beside others made already; one number a draw."""
        part = touches(sets)
        with_them = tuple(dict.fromkeys((*beside, *sets)))
        return (self._margin(with_them, part) - self._margin(beside, part)) / self.months

    def about(self, sets: Sequence[str], beside: Sequence[str]) -> float:
        """The mean of `saving`, roughly and fast: on the scout's draws, the split of a hybrid as it was."""
        part = touches(sets)
        before = self._felt(beside, part)
        margin = self._margin(before, part)[: self._scout.count]
        kept = {k: v for k, v in self._decided[part, before].items() if k.endswith(SPLIT)}
        plan = _part(self.plan_of(self._felt((*beside, *sets), part)), part)
        after = self._evaluated(plan, self._scout, kept).margin_usd
        return float((after - margin).mean()) / self.months

    def _margin(self, sets: Sequence[str], part: frozenset[str]) -> FloatArray:
        """The margin of a part of the plan; assignments that do not touch it make no difference."""
        felt = self._felt(sets, part)
        if (part, felt) not in self._margins:
            self.of(felt, part)
        return self._margins[part, felt]

    def _felt(self, sets: Sequence[str], part: frozenset[str]) -> tuple[str, ...]:
        """Those of the assignments that touch a part, each once."""
        return tuple(dict.fromkeys(text for text in sets if overlap(touches([text]), part)))


def touches(sets: Iterable[str]) -> frozenset[str]:
    """The parts that assignments change: classes, PROGRAMME, or PRODUCT for all classes and tiers.

    >>> sorted(touches(["serving.chat.use=api", "demand.requests.chat.latency=batch"]))
    ['chat']
    """
    return frozenset(_touched(text) for text in sets)


def _touched(text: str) -> str:
    match = _OF_A_CLASS.match(text)
    if match:
        return match[1]
    return PROGRAMME if text.startswith("programme.") else PRODUCT


def overlap(one: frozenset[str], other: frozenset[str]) -> bool:
    """Whether a change of one part is felt in the other."""
    if PRODUCT in one:
        return other != ONLY_PROGRAMME
    if PRODUCT in other:
        return one != ONLY_PROGRAMME
    return bool(one & other)


def _part(plan: Plan, part: frozenset[str]) -> Plan:
    """The plan without what a change of the part cannot reach."""
    if part == ONLY_PROGRAMME:
        return plan.model_copy(update={"demand": None, "serving": {}, "business": None})
    if PROGRAMME in part:
        return plan
    business = plan.business and plan.business.model_copy(update={"operating": {}})
    programme = plan.programme and Programme(generations=plan.programme.generations)
    serving = {name: s for name, s in plan.serving.items() if PRODUCT in part or name in part}
    return plan.model_copy(update={"serving": serving, "programme": programme, "business": business})


def _is_decided(serving: Serving) -> bool:
    """Whether a layout or a split is chosen for what answers the class."""
    student = serving.levers is not None and serving.levers.distillation is not None
    return serving.options[0] in {"self_hosted", "hybrid"} or student
