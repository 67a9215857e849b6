"""Own base load, API above it: the split is the one that costs least over the plan."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from truecost.plan.book import Book
from truecost.plan.schema.serving import Api, Hybrid, SelfHosted
from truecost.plan.serving.api import api
from truecost.plan.serving.self_hosted import self_hosted
from truecost.plan.serving.work import Served, Work
from truecost.ranges import Value

SPLITS = tuple(float(x) for x in np.linspace(0.0, 2.4, 13))
"""Base capacity over mean load that the search tries."""
STRIDE = 3


def hybrid(spec: Hybrid, options: tuple[SelfHosted, Api], work: Work, path: str, book: Book) -> Served:
    """Charges of a base fleet and of the API calls above it."""
    level: Value | None = spec.base_multiple_of_mean
    if level is None:
        key = f"{path}.hybrid.base_multiple_of_mean"
        found = book.decide(key, lambda: best_split(options, work, path, book))
        level = book.quantity(
            key, found, "x", "the multiple of mean load, of those tried, that costs least over the plan"
        )
    return split(options, work, path, book, level)


def split(options: tuple[SelfHosted, Api], work: Work, path: str, book: Book, level: Value) -> Served:
    """Both parts at one base capacity; a base of 0 is the API alone."""
    own, burst = options
    if np.ndim(level) == 0 and float(level) == 0:
        alone = api(burst, work, f"{path}.api", book)
        return Served("hybrid", f"API alone is cheapest: {alone.title}", alone.charges, {"base_share": 0.0})
    base = self_hosted(own, work, f"{path}.self_hosted", book, level)
    on_base = base.details["carried_share"]
    if own.porting is not None:
        on_base = np.where(book.month_index < own.porting.months, 0.0, on_base)
    book.quantity(
        f"{path}.hybrid.base_share_by_month",
        on_base,
        "share",
        "share of calls below the built capacity (0 until ported); hours drawn lognormal around the mean",
        (
            f"{path}.hybrid.base_multiple_of_mean",
            f"{path}.self_hosted.chips_by_month",
            f"{path}.self_hosted.peak_to_mean",
        ),
    )
    above = api(burst, replace(work, calls=work.calls * (1 - on_base)), f"{path}.api", book)
    return Served(
        "hybrid",
        f"{base.title}; above it {above.title}",
        base.charges + above.charges,
        {**base.details, "base_share": on_base, "base_multiple_of_mean": level},
    )


def best_split(options: tuple[SelfHosted, Api], work: Work, path: str, book: Book) -> float:
    """The base capacity with the least mean cost over the plan: every third of those tried, then between."""
    shape = (book.months, book.draws.count)
    costs: dict[int, float] = {}

    def cost(index: int) -> float:
        if index not in costs:
            served = split(options, work, path, book.aside(), SPLITS[index])
            costs[index] = float(np.broadcast_to(served.cost(), shape).mean())
        return costs[index]

    coarse = min(range(0, len(SPLITS), STRIDE), key=cost)
    near = range(max(coarse - STRIDE + 1, 0), min(coarse + STRIDE, len(SPLITS)))
    return SPLITS[min(near, key=cost)]
