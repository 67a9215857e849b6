"""The engine at many settings of the sliders at once: what every line comes to in each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from truecost.plan.evaluate import WINDOW
from truecost.plan.panel.axes import FACTORS, OWN, PRICE
from truecost.plan.panel.interpolation import Settings
from truecost.plan.variants import Variant, Variants
from truecost.ranges import FloatArray


@dataclass(frozen=True, slots=True)
class Sampled:
    """What the engine answered: USD over the plan, (settings, draws); `queries` is None without demand."""

    lines: Mapping[str, FloatArray]
    revenue: FloatArray
    queries: FloatArray | None

    @property
    def cost(self) -> FloatArray:
        """All lines together."""
        return np.asarray(sum(self.lines.values(), start=np.zeros_like(self.revenue)))

    def part(self, settings: slice) -> Sampled:
        """Some of the settings."""
        queries = None if self.queries is None else self.queries[settings]
        return Sampled({n: v[settings] for n, v in self.lines.items()}, self.revenue[settings], queries)


def of_variant(variant: Variant, settings: int) -> Sampled:
    """The totals of a variant whose draws hold so many settings one after the other."""
    book = variant.book
    shape = (settings, book.draws.count // settings)
    lines = {name: _over_months(line.amortized, shape) for name, line in book.lines.items()}
    queries = book.outcomes.get("volumes.queries")
    return Sampled(
        lines, variant.revenue.sum(axis=0).reshape(shape), None if queries is None else queries.reshape(shape)
    )


def _over_months(monthly: FloatArray, shape: tuple[int, int]) -> FloatArray:
    """The sum over the months; a line that is the same in every draw is summed once."""
    if monthly.strides[-1] == 0:
        return np.full(shape, monthly[:, 0].sum())
    return monthly.sum(axis=0).reshape(shape)


def sample(variants: Variants, settings: Settings, draws: int) -> Sampled:
    """The engine at these settings, on so many draws each, the plan's decisions kept.

    Settings go through in windows, whose arrays stay in the processor's cache.
    """
    count = len(settings[PRICE])
    at_once = max(WINDOW // draws, 1)
    found: list[Sampled] = []
    for first in range(0, count, at_once):
        points = {FACTORS[key]: values[first : first + at_once] for key, values in settings.items()}
        found.append(of_variant(variants.grid((), points, draws=draws), min(at_once, count - first)))
    return joined(found)


def joined(samples: Sequence[Sampled]) -> Sampled:
    """Settings one after the other; a line that some of them do not have costs nothing there."""
    names = dict.fromkeys(name for each in samples for name in each.lines)
    lines = {n: np.concatenate([s.lines.get(n, np.zeros_like(s.revenue)) for s in samples]) for n in names}
    queries = [each.queries for each in samples if each.queries is not None]
    return Sampled(
        lines, np.concatenate([s.revenue for s in samples]), np.concatenate(queries) if queries else None
    )


def settings_of(changes: Sequence[Mapping[str, float]]) -> dict[str, FloatArray]:
    """Settings from what each changes of the plan's own."""
    return {key: np.array([change.get(key, own) for change in changes]) for key, own in OWN.items()}
