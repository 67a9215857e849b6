"""Chips that are kept: committed to or bought to cover a need that moves, until their life ends."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from truecost.ranges import FloatArray


@dataclass(frozen=True, slots=True)
class Holding:
    """Chips held by month: needed, and kept because they were committed to or bought."""

    held: FloatArray
    bought: FloatArray


def hold(needed: FloatArray, life_months: int) -> Holding:
    """Chips bought so that those alive (bought within their life) always cover the need.

    A life of 0 months means nothing is kept: held equals needed.

    >>> hold(np.array([[4.0], [2.0], [6.0]]), 2).held.ravel().tolist()
    [4.0, 4.0, 6.0]
    """
    if life_months == 0:
        return Holding(needed, needed)
    held, bought = np.empty_like(needed), np.zeros_like(needed)
    alive = np.zeros_like(needed[0])
    for month in range(needed.shape[0]):
        if month >= life_months:
            alive = alive - bought[month - life_months]
        bought[month] = np.maximum(needed[month] - alive, 0)
        alive = alive + bought[month]
        held[month] = alive
    return Holding(held, bought)


def in_force(started: FloatArray, life_months: int) -> FloatArray:
    """What was started in each of the last `life_months` months, summed: shape of the input.

    >>> in_force(np.array([[4.0], [0.0], [2.0]]), 2).ravel().tolist()
    [4.0, 4.0, 2.0]
    """
    total = np.cumsum(started, axis=0)
    total[life_months:] -= np.cumsum(started, axis=0)[:-life_months]
    return total
