"""The variable nearest to flipping a verdict, and the value at which it flips."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from truecost.advise.assignments import what_if
from truecost.advise.decision import Choice, Decision
from truecost.plan.variants import Variants
from truecost.ranges import FloatArray

DRAWS = 24
WIDE = np.geomspace(0.1, 10.0, 11)
VARIABLES: Mapping[str, tuple[str, FloatArray]] = {
    "api_price": ("API prices", WIDE),
    "chip_price": ("chip prices and rents", WIDE),
    "users": ("users", WIDE),
    "queries_per_user": ("queries a user", WIDE),
    "utilization": ("load on a chip", np.geomspace(0.1, 2.0, 9)),
}
"""What a flip is looked for in: factors on the plan as written, and how far they go."""
STEPS = 6
CLOSE = 0.01


@dataclass(frozen=True, slots=True)
class Flip:
    """A factor on one variable of the plan at which another option leaves more."""

    variable: str
    label: str
    factor: float
    to: Choice
    set: str

    def to_dict(self) -> dict[str, Any]:
        """Plain values; `set` is the assignment that moves the plan just past the flip."""
        return {
            "variable": f"what_if.{self.variable}",
            "label": self.label,
            "factor": self.factor,
            "to_option": self.to.option.key,
            "to_label": self.to.option.label,
            "set": self.set,
        }


def nearest_flip(variants: Variants, decision: Decision) -> Flip | None:
    """The smallest change of one variable that makes another option the best; None within a factor of ten.

    A coarse grid with few draws finds where the lead changes sign; the nearest of those is then placed by
    false position with every draw of the comparison and every choice (layout, split) made anew.
    """
    if len(decision.choices) < 2:
        return None
    found: list[tuple[float, str, float, float, Choice]] = []
    for name, (_, factors) in VARIABLES.items():
        for inner, outer, to in _sign_changes(variants, decision, name, factors):
            found.append((abs(float(np.log(inner * outer))) / 2, name, inner, outer, to))
    for _, name, inner, outer, to in sorted(found, key=lambda f: f[0])[:3]:
        placed = _placed(variants, decision, name, (inner, outer), to)
        if placed is not None:
            return placed
    return None


def _sign_changes(
    variants: Variants, decision: Decision, name: str, factors: FloatArray
) -> list[tuple[float, float, Choice]]:
    """The first interval on each side of the plan where another option takes the lead."""
    at = np.sort(np.append(factors, 1.0))
    margins = np.stack(
        [
            variants.grid(c.option.sets, {name: at}, draws=DRAWS)
            .margin_usd.reshape(len(at), DRAWS)
            .mean(axis=1)
            for c in decision.choices
        ]
    )
    start = int(np.searchsorted(at, 1.0))
    exact = np.array([c.margin for c in decision.choices])
    margins += (exact - margins[:, start])[:, None]
    lead = margins[1:].max(axis=0) - margins[0]
    rival = margins[1:].argmax(axis=0) + 1
    result: list[tuple[float, float, Choice]] = []
    for side in (range(start + 1, len(at)), range(start - 1, -1, -1)):
        for here in side:
            if lead[here] > 0:
                back = here - 1 if here > start else here + 1
                result.append((float(at[back]), float(at[here]), decision.choices[int(rival[here])]))
                break
    return result


def _placed(
    variants: Variants, decision: Decision, name: str, between: tuple[float, float], to: Choice
) -> Flip | None:
    """The flip between two factors, by false position in their logarithm; None where nothing changes sign."""
    best = decision.best

    def lead(factor: float) -> float:
        """How much more the rival leaves at a factor, in USD."""
        moved = what_if(variants.plan, **{name: factor})
        rival, held = (variants.of((*c.option.sets, moved)).margin_usd.mean() for c in (to, best))
        return float(rival - held)

    inner, outer = (float(np.log(f)) for f in between)
    behind = to.margin - best.margin if between[0] == 1 else lead(between[0])
    ahead = lead(between[1])
    if behind > 0 or ahead <= 0:
        return None
    for _ in range(STEPS):
        share = float(np.clip(-behind / (ahead - behind), 0.05, 0.95))
        middle = inner + (outer - inner) * share
        found = lead(float(np.exp(middle)))
        if found > 0:
            outer, ahead = middle, found
        else:
            inner, behind = middle, found
        if abs(outer - inner) < CLOSE:
            break
    factor = _past(float(np.exp(outer)))
    label = VARIABLES[name][0]
    return Flip(name, label, factor, to, what_if(variants.plan, **{name: factor}))


def _past(factor: float) -> float:
    """The factor to three digits, on the far side of the flip from 1."""
    digits = 2 - int(np.floor(np.log10(factor)))
    away = math.ceil if factor > 1 else math.floor
    return round(away(factor * 10.0**digits) / 10.0**digits, digits)
