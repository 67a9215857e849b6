"""The best levers together: each step adds the one that gains most beside those already pulled."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from truecost.advise.levers.every import levers_of_class
from truecost.advise.levers.lever import Lever
from truecost.advise.levers.trials import Trials, overlap, touches
from truecost.ranges import FloatArray, summarize
from truecost.spec import SpecError

OPTION = "option."
"""What the group of levers that change the option of a class begins with."""
LEAST_GAIN = 0.005
"""A step that adds less than this share of what is saved with it is not worth taking."""


@dataclass(frozen=True, slots=True)
class Step:
    """A lever added to the combination: what it saves there and alone, USD a month."""

    lever: Lever
    gained: FloatArray = field(repr=False)
    alone: float | None
    """None for a lever that another step makes possible."""

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "lever": self.lever.key,
            "label": self.lever.label,
            "class": self.lever.class_name,
            "gained_usd_per_month": summarize(self.gained),
            "alone_usd_per_month": self.alone,
        }


@dataclass(frozen=True, slots=True)
class Combination:
    """Levers pulled together; `saved` is USD a month, one number a draw, interactions computed."""

    steps: tuple[Step, ...]
    saved: FloatArray = field(repr=False)

    @property
    def sets(self) -> tuple[str, ...]:
        """What repeats it by hand."""
        return tuple(dict.fromkeys(text for step in self.steps for text in step.lever.sets))

    def to_dict(self) -> dict[str, Any]:
        """Plain values; see docs/advise.md."""
        return {
            "sets": list(self.sets),
            "steps": [step.to_dict() for step in self.steps],
            "saved_usd_per_month": summarize(self.saved),
            "share_of_draws_it_saves": float((self.saved > 0).mean()),
            "sum_of_single_usd_per_month": sum(step.alone or 0.0 for step in self.steps),
        }


@dataclass(slots=True)
class _Candidate:
    """A lever not yet pulled: what it last was seen to gain, and beside how many others."""

    lever: Lever
    gain: float
    beside: int = 0


def combine(
    trials: Trials, helping: Sequence[tuple[Lever, FloatArray]], progress: Callable[[], None] | None = None
) -> Combination:
    """The combination of levers that help alone, given with what each saves, by greedy steps.

    A step takes the lever with the largest gain in mean margin beside those already taken. What a lever was
    seen to gain before stands as long as nothing taken since acts on what it acts on; of the others only
    those are evaluated again, roughly, that could still be first; the steps taken are evaluated on all draws.
    Levers of one group exclude each other; a step to another option (own chips) brings its levers with it.
    """
    alone = {lever.key: saved for lever, saved in helping}
    left: list[_Candidate] = []
    left += [_Candidate(lever, float(saved.mean())) for lever, saved in helping if not lever.apart]
    taken: list[Lever] = []
    steps: list[Step] = []
    total = np.zeros(trials.variants.draws)
    while left:
        best = _next(trials, left, taken, progress)
        if best is None or best.gain <= LEAST_GAIN * (float(total.mean()) + best.gain):
            break
        gained = trials.saving(best.lever.sets, _sets(taken))
        left.remove(best)
        if gained.mean() <= LEAST_GAIN * (float(total.mean()) + best.gain):
            continue
        total = total + gained
        taken.append(best.lever)
        on_its_own = alone.get(best.lever.key)
        steps.append(Step(best.lever, gained, None if on_its_own is None else float(on_its_own.mean())))
        left = [c for c in left if c.lever.exclusive != best.lever.exclusive]
        if best.lever.exclusive.startswith(OPTION):
            left.extend(_Candidate(lever, float("inf")) for lever in _opened(trials, taken))
    return Combination(tuple(steps), total)


def _opened(trials: Trials, taken: Sequence[Lever]) -> list[Lever]:
    """The levers that another option of a class has and the one before it had not: those of own chips."""
    catalog, name = trials.variants.catalog, taken[-1].class_name
    groups = {lever.exclusive for lever in taken}
    known = {o.key for o in levers_of_class(trials.base.plan, catalog, name) if isinstance(o, Lever)}
    found = levers_of_class(trials.plan_of(_sets(taken)), catalog, name)
    return [
        lever
        for lever in found
        if isinstance(lever, Lever)
        and lever.key not in known
        and not lever.apart
        and not lever.exclusive.startswith(OPTION)
        and lever.exclusive not in groups
    ]


def _next(
    trials: Trials, left: list[_Candidate], taken: Sequence[Lever], progress: Callable[[], None] | None
) -> _Candidate | None:
    """The candidate that gains most now; one that is no longer legal is dropped."""
    while left:
        best = max(left, key=lambda c: c.gain)
        if best.gain <= 0 or not _is_stale(best, taken):
            return best
        if progress is not None:
            progress()
        try:
            best.gain = trials.about(best.lever.sets, _sets(taken))
        except SpecError:
            left.remove(best)
        best.beside = len(taken)
    return None


def _is_stale(candidate: _Candidate, taken: Sequence[Lever]) -> bool:
    """Whether something taken since it was last seen acts on what it acts on."""
    if np.isinf(candidate.gain):
        return True
    own = touches(candidate.lever.sets)
    return any(overlap(own, touches(lever.sets)) for lever in taken[candidate.beside :])


def _sets(levers: Sequence[Lever]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(text for lever in levers for text in lever.sets))
