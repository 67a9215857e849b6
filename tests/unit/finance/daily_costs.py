"""Made-up daily costs of the kinds that stores have: what the daily laws are scored on."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from truecost.ranges import FloatArray

Maker = Callable[[np.random.Generator, int], FloatArray]
WEEK = np.array([1.15, 1.2, 1.2, 1.15, 1.0, 0.65, 0.65])


def noise(rng: np.random.Generator, days: int, spread: float = 0.15) -> FloatArray:
    """Factors about 1, days in a row alike."""
    logs = np.zeros(days)
    last = rng.normal(0, spread)
    for day in range(days):
        last = 0.4 * last + rng.normal(0, spread * np.sqrt(1 - 0.16))
        logs[day] = last
    return np.exp(logs)


def week(rng: np.random.Generator, days: int, shape: FloatArray = WEEK) -> FloatArray:
    """The weekdays, from any of them on."""
    return shape[(np.arange(days) + rng.integers(7)) % 7]


def flat(rng: np.random.Generator, days: int) -> FloatArray:
    """Every day alike."""
    return 100 * noise(rng, days)


def weekly(rng: np.random.Generator, days: int) -> FloatArray:
    """Less at weekends."""
    return week(rng, days) * flat(rng, days)


def trend(rng: np.random.Generator, days: int) -> FloatArray:
    """Falling by 16 % a month to growing by 43 %."""
    return weekly(rng, days) * np.exp(rng.uniform(-0.006, 0.012) * np.arange(days))


def level_shift(rng: np.random.Generator, days: int) -> FloatArray:
    """Once, down by 18 to 45 % or up by 22 to 82 %."""
    factor = np.exp(rng.choice([-1, 1]) * rng.uniform(0.2, 0.6))
    return weekly(rng, days) * np.where(np.arange(days) < rng.integers(20, days - 7), 1, factor)


def launch(rng: np.random.Generator, days: int) -> FloatArray:
    """A second feature, taken up within two weeks."""
    taken_up = 1 / (1 + np.exp(-(np.arange(days) - rng.integers(25, days - 10) - 7) / 4))
    return weekly(rng, days) + rng.uniform(0.3, 0.8) * taken_up * weekly(rng, days)


def zero_weekends(rng: np.random.Generator, days: int) -> FloatArray:
    """Nothing on Saturdays and Sundays."""
    return flat(rng, days) * week(rng, days, np.array([1, 1.1, 1.1, 1, 0.9, 0, 0]))


def spiky(rng: np.random.Generator, days: int) -> FloatArray:
    """One day in 25 at two to five times as much."""
    return weekly(rng, days) * np.where(rng.random(days) < 0.04, rng.uniform(2, 5, days), 1)


def random_walk(rng: np.random.Generator, days: int) -> FloatArray:
    """A level that strays by 3 % a day."""
    walk = np.exp(np.cumsum(rng.normal(0, 0.03, days)))
    return 100 * week(rng, days) * noise(rng, days, 0.1) * walk


MAKERS: Mapping[str, Maker] = {
    one.__name__: one for one in (flat, weekly, trend, level_shift, launch, zero_weekends, spiky, random_walk)
}
