"""Why usage cost more or less than expected: how many requests, how long, which models, prices, how cached.

A cost is requests x share of a model x (tokens a request x price a token), summed over models. Each factor's
effect is what changing it alone does, averaged over all orders in which the factors could change (Shapley),
so the effects sum to the whole difference, whatever changed together.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import factorial
from typing import TypeAlias

import numpy as np

from truecost.ranges import FloatArray

COLUMNS = (
    "requests", "input_tokens", "cache_read_tokens", "output_tokens",
    "uncached_usd", "cache_read_usd", "output_usd", "rest_usd",
)  # fmt: skip
"""Sums a model, that a difference is made of; `uncached_usd` is input that was not read from a cache."""
FACTORS: tuple[str, ...] = (
    "requests", "model_mix", "input_tokens_per_request", "cache_read_share", "output_tokens_per_request",
    "usd_per_token", "other_usd_per_request",
)  # fmt: skip
Sums: TypeAlias = Mapping[str, FloatArray]
_Parts: TypeAlias = dict[str, FloatArray]


@dataclass(frozen=True, slots=True)
class Effect:
    """What one factor did: USD of the difference, and the factor itself before and after.

    Of the mix and the price, `before` is 1 and `after` how many times dearer it made what was used.
    """

    factor: str
    usd: float
    before: float
    after: float


def effects(usual: Sums, odd: Sums, expected_usd: float) -> tuple[Effect, ...]:
    """The effects of a difference, the largest first; they sum to what `odd` cost less `expected_usd`.

    Both have COLUMNS, arrays by model. `usual` is scaled to the cost that was expected. Empty where either
    side cost nothing: then there is nothing to compare.

    >>> one = dict(zip(COLUMNS, ([2.0], [200.0], [50.0], [9.0], [3.0], [0.5], [0.5], [0.0])))
    >>> usual = {name: np.array(values) for name, values in one.items()}
    >>> found = effects(usual, {name: 3 * values for name, values in usual.items()}, 4.0)[0]
    >>> found.factor, round(found.usd, 9), found.before, found.after
    ('requests', 8.0, 2.0, 6.0)
    """
    usual_usd, odd_usd = _cost(usual), _cost(odd)
    if usual_usd <= 0 or odd_usd <= 0 or expected_usd <= 0:
        return ()
    before, after = _parts(usual, odd), _parts(odd, usual)
    before["requests"] = before["requests"] * expected_usd / usual_usd
    worth = _shapley(before, after)
    found = [_effect(factor, usd, before, after) for factor, usd in zip(FACTORS, worth, strict=True)]
    return tuple(sorted(found, key=lambda one: -abs(one.usd)))


def _cost(sums: Sums) -> float:
    return float(sum(sums[name].sum() for name in COLUMNS if name.endswith("_usd")))


def _parts(mine: Sums, other: Sums) -> _Parts:
    """The factors of one side; what it did not use is as on the other side, and has no share in the mix."""

    def ratio(of: str, over: str) -> FloatArray:
        here, there = mine[over] > 0, other[over] > 0
        own = mine[of] / np.where(here, mine[over], 1.0)
        others = other[of] / np.where(there, other[over], 1.0)
        return np.where(here, own, np.where(there, others, 0.0))

    uncached, uncached_there = (one["input_tokens"] - one["cache_read_tokens"] for one in (mine, other))
    mine, other = {**mine, "uncached": uncached}, {**other, "uncached": uncached_there}
    requests = mine["requests"]
    return {
        "requests": np.array([requests.sum()]),
        "model_mix": requests / max(float(requests.sum()), 1e-300),
        "input_tokens_per_request": ratio("input_tokens", "requests"),
        "cache_read_share": ratio("cache_read_tokens", "input_tokens"),
        "output_tokens_per_request": ratio("output_tokens", "requests"),
        "usd_per_token": np.stack(
            [
                ratio("uncached_usd", "uncached"),
                ratio("cache_read_usd", "cache_read_tokens"),
                ratio("output_usd", "output_tokens"),
            ]
        ),
        "other_usd_per_request": ratio("rest_usd", "requests"),
    }


def _total(parts: _Parts) -> float:
    """What such factors cost."""
    uncached, cached, output = parts["usd_per_token"]
    share, length = parts["cache_read_share"], parts["input_tokens_per_request"]
    each = (
        length * ((1 - share) * uncached + share * cached)
        + parts["output_tokens_per_request"] * output
        + parts["other_usd_per_request"]
    )
    return float(parts["requests"][0] * (parts["model_mix"] * each).sum())


def _shapley(before: _Parts, after: _Parts) -> list[float]:
    """What each of FACTORS is worth, averaged over the orders in which they change."""
    cost = {
        changed: _total({name: (after if name in changed else before)[name] for name in FACTORS})
        for size in range(len(FACTORS) + 1)
        for changed in map(frozenset, combinations(FACTORS, size))
    }
    orders = factorial(len(FACTORS))
    worth: list[float] = []
    for factor in FACTORS:
        total = 0.0
        for changed, usd in cost.items():
            if factor not in changed:
                weight = factorial(len(changed)) * factorial(len(FACTORS) - len(changed) - 1) / orders
                total += weight * (cost[changed | {factor}] - usd)
        worth.append(total)
    return worth


def _effect(factor: str, usd: float, before: _Parts, after: _Parts) -> Effect:
    if factor == "requests":
        return Effect(factor, usd, float(before[factor][0]), float(after[factor][0]))
    if factor in ("model_mix", "usd_per_token"):
        return Effect(factor, usd, 1.0, _total({**before, factor: after[factor]}) / _total(before))
    shares = _weights(factor, before), _weights(factor, after)
    mean = [float((parts[factor] * s).sum()) for parts, s in zip((before, after), shares, strict=True)]
    return Effect(factor, usd, *mean)


def _weights(factor: str, parts: _Parts) -> FloatArray:
    """By what models are averaged: requests, of the cache the input."""
    weights = parts["model_mix"]
    if factor == "cache_read_share":
        weights = weights * parts["input_tokens_per_request"]
    return weights / max(float(weights.sum()), 1e-300)


def no_sums(models: int) -> dict[str, FloatArray]:
    """COLUMNS of nothing."""
    return {name: np.zeros(models) for name in COLUMNS}


def sums_by_model(rows: Sequence[Sequence[object]]) -> tuple[dict[str, FloatArray], dict[str, FloatArray]]:
    """(usual, odd) of rows (model, is odd, *COLUMNS), each model at the same place of both."""
    models = {model: at for at, model in enumerate(dict.fromkeys(row[0] for row in rows))}
    sides = no_sums(len(models)), no_sums(len(models))
    for model, is_odd, *values in rows:
        for column, value in zip(COLUMNS, values, strict=True):
            sides[bool(is_odd)][column][models[model]] += float(str(value or 0))
    return sides
