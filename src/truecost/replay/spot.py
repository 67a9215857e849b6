"""Interruptions of rented replicas: when which one is taken away."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

SECONDS_PER_HOUR = 3600.0
CHUNK = 1024
"""Interruptions drawn at once: what is drawn does not depend on how far it is drawn."""


@dataclass(frozen=True, slots=True, eq=False)
class Interruptions:
    """Moments in seconds, in the order of time, and the replica that is taken away at each.

    Nothing happens where the replica is not up at that moment. It takes requests again `replace_s` later: a
    replacement that starts at once, and is paid. Raises ValueError for moments out of order.
    """

    at_s: NDArray[np.float64]
    replica: NDArray[np.int64]
    replace_s: float

    def __post_init__(self) -> None:
        if len(self.at_s) != len(self.replica):
            raise ValueError("interruptions: as many moments as replicas")
        if np.any(self.at_s[1:] < self.at_s[:-1]) or not np.all(np.isfinite(self.at_s)):
            raise ValueError("interruptions: in the order of time")
        if len(self.at_s) and (self.at_s[0] < 0 or self.replica.min() < 0):
            raise ValueError("interruptions: moments and replicas from 0")
        if not 0 <= self.replace_s < np.inf:
            raise ValueError(f"replace_s: {self.replace_s}; seconds, at least 0")


def drawn_interruptions(
    per_hour: float, replicas: int, until_s: float, replace_s: float, *, seed: int = 0
) -> Interruptions:
    """Interruptions at random, `per_hour` of each replica (a Poisson process), up to a moment.

    The same seed gives the same ones, however far they are drawn. What real ones do and these do not: come
    in crowds, when a zone runs short of chips.

    >>> drawn = drawn_interruptions(0.5, 4, 100 * 3600.0, 60.0)
    >>> len(drawn_interruptions(0.0, 4, 3600.0, 60.0).at_s), 150 < len(drawn.at_s) < 250
    (0, True)
    """
    random = np.random.default_rng(seed)
    moments, places = [np.empty(0)], [np.empty(0, dtype=np.int64)]
    reached = 0.0
    while per_hour > 0 and reached <= until_s:
        gaps = random.exponential(SECONDS_PER_HOUR / (per_hour * replicas), CHUNK)
        moments.append(reached + np.cumsum(gaps))
        places.append(random.integers(0, replicas, CHUNK))
        reached = float(moments[-1][-1])
    at_s, replica = np.concatenate(moments), np.concatenate(places)
    return Interruptions(at_s[at_s <= until_s], replica[at_s <= until_s], replace_s)
