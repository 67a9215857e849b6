"""Usage that was billed in another period than it was logged in: found by the counts, never assumed.

Two things make it. Days that begin elsewhere than in UTC move both ends of the period by the same hours.
Usage that a vendor books late moves from the end of one period to the next. Either is taken only where it
makes a model's billed input and output equal to what was logged, both to the last token.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from truecost.ledger.reconciling.logged import EXACTLY, Bounds, Group

_HALF_HOURS = 28
"""Time zones are at most 14 hours from UTC."""
_MOST = 2000
"""How many moments before an end are tried: where there is more usage, no run of it is told apart."""
Measure = tuple[Fraction, ...]


@dataclass(frozen=True, slots=True)
class Billed:
    """What an invoice bills of a model: input and output tokens, or one amount in USD; how near is equal."""

    measure: Measure
    tolerance: Fraction
    by_tokens: bool

    def of(self, groups: Iterable[Group]) -> Measure:
        """The same measure of logged usage."""
        if not self.by_tokens:
            return (sum((group.total_usd for group in groups), Fraction(0)),)
        chosen = list(groups)
        output = sum(group.tokens["output"] for group in chosen)
        return (Fraction(sum(sum(one.tokens.values()) for one in chosen) - output), Fraction(output))

    def is_met(self, measure: Measure) -> bool:
        """Whether logged usage is what was billed."""
        return all(abs(a - b) <= self.tolerance for a, b in zip(self.measure, measure, strict=True))


@dataclass(frozen=True, slots=True)
class Late:
    """The ends of the period by model; `hours` is by how many all days begin after UTC's, if they do."""

    bounds: Mapping[str, Bounds]
    hours: tuple[float, float] | None = None


def found_late(groups: Sequence[Group], billed: Mapping[str, Billed]) -> Late:
    """The ends of the period that make logged usage what was billed, for models for which there are any."""
    by_key: dict[str, list[Group]] = {}
    for group in groups:
        if group.key in billed:
            by_key.setdefault(group.key, []).append(group)
    open_keys = {key for key, mine in by_key.items() if not _meets(billed[key], mine, EXACTLY)}
    if not open_keys:
        return Late({})
    shifts = {
        shift: len(met)
        for step in range(1, _HALF_HOURS + 1)
        for shift in (step * 1800, -step * 1800)
        if (met := _met(by_key, billed, (shift, shift), open_keys))
    }
    hours: tuple[float, float] | None = None
    bounds: dict[str, Bounds] = {}
    if shifts:
        best = max(shifts, key=lambda one: (shifts[one], -abs(one)))
        same = [one for one in shifts if shifts[one] == shifts[best] and (one > 0) == (best > 0)]
        hours = (min(same) / 3600, max(same) / 3600)
        bounds = dict.fromkeys(by_key, (best, best))
        open_keys -= _met(by_key, billed, (best, best), open_keys)
    for key in sorted(open_keys):
        if (run := _run(billed[key], by_key[key])) is not None:
            bounds[key] = run
    return Late(bounds, hours)


def _meets(billed: Billed, groups: Iterable[Group], bounds: Bounds) -> bool:
    return billed.is_met(billed.of(group for group in groups if group.within(bounds)))


def _met(
    by_key: Mapping[str, Sequence[Group]], billed: Mapping[str, Billed], bounds: Bounds, open_keys: set[str]
) -> set[str]:
    """The models that other ends of the period make equal; none where they make another one unequal."""
    touched = {
        key
        for key, groups in by_key.items()
        if any(group.within(bounds) != group.within(EXACTLY) for group in groups)
    }
    equal = touched <= open_keys and all(_meets(billed[key], by_key[key], bounds) for key in touched)
    return touched if equal else set()


def _run(billed: Billed, groups: Sequence[Group]) -> Bounds | None:
    """How much before each end was billed later than it was logged; None where nothing makes it equal."""
    inside = billed.of(group for group in groups if group.within(EXACTLY))
    drift = tuple(a - b for a, b in zip(billed.measure, inside, strict=True))
    gains, losses = (_summed(billed, groups, near) for near in ("since", "until"))
    if not billed.by_tokens:
        alone = [((low, 0), gained) for low, gained in gains[1:]]
        alone += [((0, high), tuple(-one for one in lost)) for high, lost in losses[1:]]
        near = billed.tolerance
        return next((ends for ends, moved in alone if abs(drift[0] - moved[0]) <= near), None)
    by_loss: dict[Measure, int] = {}
    for high, lost in losses:
        by_loss.setdefault(lost, high)
    for low, gained in gains:
        high = by_loss.get(tuple(g - d for g, d in zip(gained, drift, strict=True)))
        if high is not None and (low or high):
            return (low, high)
    return None


def _summed(billed: Billed, groups: Sequence[Group], near: str) -> list[tuple[int, Measure]]:
    """What lies before an end, added up from the end on backwards, by the second that it reaches back to."""
    by_second: dict[int, list[Group]] = {}
    for group in groups:
        if group.near == near and group.second < 0:
            by_second.setdefault(group.second, []).append(group)
    total = billed.of(())
    found = [(0, total)]
    for second in sorted(by_second, reverse=True)[:_MOST]:
        total = tuple(a + b for a, b in zip(total, billed.of(by_second[second]), strict=True))
        found.append((second, total))
    return found
