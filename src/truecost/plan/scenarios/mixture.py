"""Several scenarios as one distribution: with the probability of each, the draws of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from truecost.ranges import FloatArray, Ranged

Weighted = Sequence[tuple[float, FloatArray]]
"""Probabilities that sum to 1, each with its draws."""


def mixed(parts: Weighted) -> Ranged:
    """The range and the mean of a mixture; its mean is exactly the weighted mean of the means.

    >>> mixed([(0.75, np.array([0.0, 0.0])), (0.25, np.array([8.0, 8.0]))])["mean"]
    2.0
    """
    values, weights = _pooled(parts)
    p5, p50, p95 = (float(v) for v in weighted_quantiles(values, weights, (0.05, 0.5, 0.95)))
    mean = sum(share * float(draws.mean()) for share, draws in parts)
    return {"p5": p5, "p50": p50, "p95": p95, "mean": mean}


def mixed_event(parts: Weighted) -> dict[str, Any]:
    """The same of something that may never happen (inf): its range where it does, and how likely that is."""
    values, weights = _pooled(parts)
    happens = np.isfinite(values)
    share = float(weights[happens].sum())
    if not share:
        return {**dict.fromkeys(("p5", "p50", "p95", "mean")), "share_of_draws": 0.0}
    found, likely = values[happens], weights[happens]
    points = weighted_quantiles(found, likely, (0.05, 0.5, 0.95))
    named = {name: float(point) for name, point in zip(("p5", "p50", "p95"), points, strict=True)}
    return {**named, "mean": float(np.average(found, weights=likely)), "share_of_draws": share}


def _pooled(parts: Weighted) -> tuple[FloatArray, FloatArray]:
    """Every draw of the parts that can happen, with its share of the probability."""
    kept = [(share, draws) for share, draws in parts if share > 0]
    values = np.concatenate([draws for _, draws in kept])
    return values, np.concatenate([np.full(len(draws), share / len(draws)) for share, draws in kept])


def weighted_quantiles(values: FloatArray, weights: FloatArray, at: Sequence[float]) -> FloatArray:
    """Quantiles of weighted values, between them on a line; with equal weights those of `numpy.quantile`.

    Formula: value k stands at (W_k - w_k/2 - w_1/2) / (W_n - w_n/2 - w_1/2), W_k the weight up to it.

    >>> weighted_quantiles(np.array([3.0, 1.0, 2.0]), np.ones(3), (0.0, 0.25, 1.0)).tolist()
    [1.0, 1.5, 3.0]
    """
    order = np.argsort(values)
    ordered, weight = values[order], weights[order]
    middle = np.cumsum(weight) - weight / 2
    span = middle[-1] - middle[0]
    if span <= 0:
        return np.full(len(at), ordered[0])
    return np.interp(np.asarray(at), (middle - middle[0]) / span, ordered)
