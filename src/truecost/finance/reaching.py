"""When a growing quantity reaches a level: the line itself, and the first of the observations scattered about
it.
"""

from __future__ import annotations

import math

import numpy as np

from truecost.finance.trends import LogLinear
from truecost.normal import normal_cdf
from truecost.ranges import FloatArray

FARTHEST_YEARS = 100.0
PARAMETER_DRAWS = 4000


def line_reaches(found: LogLinear, level: float, probability: float) -> float:
    """The year from which the line has reached a level with a probability; inf where it does not in 100
    years.

    Of a single group. The error is that of the fit alone: when a typical observation is there.
    """
    low, high = found.centre_year, found.centre_year + FARTHEST_YEARS
    if found.line(high).chance_above(level) < probability:
        return math.inf
    if found.line(low).chance_above(level) >= probability:
        return low
    while high - low > 1e-4:
        middle = (low + high) / 2
        low, high = (middle, high) if found.line(middle).chance_above(level) < probability else (low, middle)
    return high


def any_reaches(found: LogLinear, level: float, years: FloatArray, seed: int = 1) -> FloatArray:
    """Probability that at least one of the observations up to each of these times is above a level.

    `years` are the times of observations to come, in order. The line, and the scatter about it, are drawn
    from what the fit leaves open; given both, observations are independent: 1 - product of Phi over them.
    """
    source = np.random.Generator(np.random.Philox(key=seed))
    scatter = found.residual * np.sqrt(found.dof / source.chisquare(found.dof, PARAMETER_DRAWS))
    share = scatter / found.residual
    slope = found.slope + found.slope_error * share * source.standard_normal(PARAMETER_DRAWS)
    error = found.residual / math.sqrt(found.count)
    level_there = found.centre_log + error * share * source.standard_normal(PARAMETER_DRAWS)
    line = level_there[:, None] + slope[:, None] * (years - found.centre_year)[None, :]
    below = normal_cdf((math.log(level) - line) / scatter[:, None])
    return 1 - np.cumprod(below, axis=1).mean(axis=0)
