"""How prices move when they do: how often up, how far."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np

from truecost.catalog.series import Observation, Series

SAME = 1e-9


def moves(series: Series) -> dict[str, Any]:
    """Of all changes of a group's price from one observation to the next: the share that rise, and the sizes.

    Sizes are factors (median of the rises, of the falls). `asked_again` counts pairs, `unchanged` those at
    the same price. Of price lists `same_model` are the changes without a new model.
    """
    pairs = [pair for group in series.groups().values() for pair in pairwise(group)]
    changed = [pair for pair in pairs if abs(_log(pair)) > SAME]
    same = [pair for pair in changed if pair[0].label == pair[1].label]
    return {
        "asked_again": len(pairs),
        "unchanged": len(pairs) - len(changed),
        **_sizes(changed),
        "same_model": _sizes(same) if series.holds else None,
    }


def _sizes(changed: list[tuple[Observation, Observation]]) -> dict[str, Any]:
    logs = np.array([_log(pair) for pair in changed])
    up, down = logs[logs > 0], logs[logs < 0]
    return {
        "changes": len(logs),
        "rises": len(up),
        "share_that_rise": len(up) / len(logs) if len(logs) else None,
        "median_rise": float(np.exp(np.median(up))) if len(up) else None,
        "median_fall": float(np.exp(np.median(down))) if len(down) else None,
        "largest_rise": float(np.exp(up.max())) if len(up) else None,
        "largest_fall": float(np.exp(down.min())) if len(down) else None,
    }


def _log(pair: tuple[Observation, Observation]) -> float:
    return float(np.log(pair[1].value / pair[0].value))
