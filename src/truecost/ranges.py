"""Ranged values: `low .. high` as a 90 % interval, and the draws that carry it through a law.

A law is a pure function over `Value`: a float, or a float64 array with the draws on its last axis.
The support of a field decides the shape of its distribution: positive is lognormal, share is
logit-normal, real is normal. A bound that the first two cannot reach (a low of exactly 0, or a share
of exactly 1) makes it a normal truncated at the bounds of its support.

A draw depends on (seed, path, index) alone: chunks, scenarios and sensitivity share their draws.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from typing import TypeAlias, TypedDict

import numpy as np
from numpy.typing import NDArray

from truecost.normal import Z90, Z95, normal_cdf, normal_quantile

FloatArray: TypeAlias = NDArray[np.float64]
Value: TypeAlias = float | FloatArray


class Support(StrEnum):
    """Where a quantity can lie, which decides how a range of it is drawn."""

    POSITIVE = "positive"
    SHARE = "share"
    REAL = "real"


class Ranged(TypedDict):
    """A value with its 90 % interval, as it appears in every JSON result."""

    p5: float
    p50: float
    p95: float
    mean: float


@dataclass(frozen=True, slots=True)
class Range:
    """A 90 % interval: 5 % of the probability lies below `low`, 5 % above `high`."""

    low: float
    high: float
    support: Support = Support.POSITIVE

    def __post_init__(self) -> None:
        if not (math.isfinite(self.low) and math.isfinite(self.high)):
            raise ValueError("both ends of a range must be finite numbers")
        if self.low > self.high:
            raise ValueError(f"a range runs from low to high, not {self.low:g} .. {self.high:g}")
        if self.support is not Support.REAL and self.low < 0:
            raise ValueError(f"{self.low:g} is below 0")
        if self.support is Support.SHARE and self.high > 1:
            raise ValueError(f"{self.high:g} is above 1")

    @classmethod
    def from_quantiles(cls, p50: float, p90: float, support: Support = Support.POSITIVE) -> Range:
        """The range whose median and 90 % quantile are given, in the shape of its support.

        >>> print(Range.from_quantiles(100, 200))
        41.0802 .. 243.426
        """
        if p90 < p50:
            raise ValueError(f"p90 ({p90:g}) must not lie below p50 ({p50:g})")
        if p90 == p50:
            return cls(p50, p50, support)
        centre, upper = _to_normal(p50, support), _to_normal(p90, support)
        half = (upper - centre) * Z95 / Z90
        low, high = (_from_normal(centre + sign * half, support) for sign in (-1, 1))
        return cls(low, high, support)

    def quantile(self, probability: FloatArray) -> FloatArray:
        """The values of this range at given probabilities (array in, array of that shape out)."""
        if self.low == self.high:
            return np.full_like(probability, self.low)
        bottom = -math.inf if self.support is Support.REAL else 0.0
        top = 1.0 if self.support is Support.SHARE else math.inf
        if self.support is not Support.REAL and (self.low <= bottom or self.high >= top):
            return _truncated_normal_quantile(self, (bottom, top), probability)
        low, high = _to_normal(self.low, self.support), _to_normal(self.high, self.support)
        centre, deviation = (low + high) / 2, (high - low) / (2 * Z95)
        return _from_normal_array(centre + deviation * normal_quantile(probability), self.support)

    @property
    def median(self) -> float:
        """The value half of the probability lies below."""
        return float(self.quantile(np.array([0.5]))[0])

    def __str__(self) -> str:
        return f"{self.low:g} .. {self.high:g}"


def _to_normal(value: float, support: Support) -> float:
    if support is Support.REAL:
        return value
    if value <= 0 or (support is Support.SHARE and value >= 1):
        raise ValueError(f"{value:g} is not inside the support of a {support} quantity")
    return math.log(value) if support is Support.POSITIVE else math.log(value / (1 - value))


def _from_normal(value: float, support: Support) -> float:
    return float(_from_normal_array(np.array([value]), support)[0])


def _from_normal_array(value: FloatArray, support: Support) -> FloatArray:
    if support is Support.REAL:
        return value
    return np.exp(value) if support is Support.POSITIVE else 1 / (1 + np.exp(-value))


def _truncated_normal_quantile(
    interval: Range, bounds: tuple[float, float], probability: FloatArray
) -> FloatArray:
    centre = (interval.low + interval.high) / 2
    deviation = (interval.high - interval.low) / (2 * Z95)
    below, above = normal_cdf([(bounds[0] - centre) / deviation, (bounds[1] - centre) / deviation])
    inside = below + (above - below) * probability
    return np.clip(centre + deviation * normal_quantile(inside), *bounds)


@dataclass(frozen=True, slots=True)
class Draws:
    """A window of draws: `count` of them from index `start`, reproducible from the seed and a path."""

    seed: int
    start: int
    count: int

    def uniform(self, path: str) -> FloatArray:
        """Uniform numbers in (0, 1), shape (count,), a function of (seed, path, index) alone.

        >>> whole, part = Draws(7, 0, 8).uniform("a.b"), Draws(7, 3, 5).uniform("a.b")
        >>> bool((whole[3:] == part).all())
        True
        """
        digest = hashlib.blake2b(f"{self.seed}:{path}".encode(), digest_size=16).digest()
        words_per_counter_step = 4
        skipped = self.start % words_per_counter_step
        source = np.random.Philox(
            key=np.frombuffer(digest, dtype=np.uint64), counter=self.start // words_per_counter_step
        )
        drawn = np.random.Generator(source).random(self.count + skipped)[skipped:]
        return np.clip(drawn, 2.0**-53, 1 - 2.0**-53)

    def of(self, path: str, value: float | Range) -> Value:
        """A number as it is, a range as its draws (shape (count,)), not to be written to."""
        if not isinstance(value, Range):
            return value
        if self.count > MOST_KEPT_DRAWS:
            return value.quantile(self.uniform(path))
        return _kept_draws(self.seed, self.start, self.count, path, value)


MOST_KEPT_DRAWS = 1024
"""Windows up to this size are those of comparisons, in which the same draws are asked for again and again."""


@lru_cache(maxsize=2048)
def _kept_draws(seed: int, start: int, count: int, path: str, value: Range) -> FloatArray:
    drawn = value.quantile(Draws(seed, start, count).uniform(path))
    drawn.flags.writeable = False
    return drawn


@dataclass(frozen=True, slots=True)
class TiledDraws(Draws):
    """The same draws again for each of a number of cases, so that a law answers all of them at once.

    `count` is all of them, the draws of a case together; `held` fixes the uniform number of some paths
    (or, under "", of all others), one a case: what is asked with one input at its 95 % point.

    >>> TiledDraws(7, 0, 4, cases=2).uniform("a").reshape(2, 2)[0] == Draws(7, 0, 2).uniform("a")
    array([ True,  True])
    """

    cases: int = 1
    held: Mapping[str, FloatArray] = field(default_factory=dict[str, FloatArray])

    def uniform(self, path: str) -> FloatArray:
        """Uniform numbers, shape (count,): case after case."""
        held = self._held(path)
        return np.tile(self._each.uniform(path), self.cases) if held is None else held

    def of(self, path: str, value: float | Range) -> Value:
        """A number as it is, a range as its draws, case after case."""
        if not isinstance(value, Range):
            return value
        held = self._held(path)
        return np.tile(self._each.of(path, value), self.cases) if held is None else value.quantile(held)

    @property
    def _each(self) -> Draws:
        return Draws(self.seed, self.start, self.count // self.cases)

    def _held(self, path: str) -> FloatArray | None:
        held = self.held.get(path, self.held.get(""))
        return None if held is None else np.repeat(held, self.count // self.cases)


def summarize(values: Value) -> Ranged:
    """The 5 %, 50 % and 95 % points and the mean over all draws of a value.

    >>> summarize(3.0)
    {'p5': 3.0, 'p50': 3.0, 'p95': 3.0, 'mean': 3.0}
    """
    array = np.atleast_1d(np.asarray(values, dtype=np.float64))
    p5, p50, p95 = (float(v) for v in np.quantile(array, (0.05, 0.5, 0.95)))
    return {"p5": p5, "p50": p50, "p95": p95, "mean": float(array.mean())}
