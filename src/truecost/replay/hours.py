"""A replay hour by hour: what came, how many replicas were up, how busy, what it cost; by day and night."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import numpy as np

from truecost.ranges import FloatArray
from truecost.replay.moments import part_of_day
from truecost.replay.power import chip_load

if TYPE_CHECKING:
    from truecost.replay.run import Answer
    from truecost.replay.setups import Setup

HOUR_S = 3600.0
WHOLE_HOURS_FROM_S = 2 * HOUR_S
SHORTER_S = (60.0, 300.0)
MOST_SHORTER = 24
"""Runs of up to two hours are told in the shortest of these that makes no more than so many."""


def width_of(makespan_s: float, period_s: float) -> float:
    """Seconds of a stretch: an hour; less for a run of up to two, more where the engine's sums are wider.

    >>> width_of(900, 1.76), width_of(7000, 14.1), width_of(7201, 14.1), width_of(1e7, 28800.0)
    (60.0, 300.0, 3600.0, 28800.0)
    """
    if makespan_s > WHOLE_HOURS_FROM_S:
        return max(HOUR_S, period_s)
    return next(width for width in SHORTER_S if makespan_s <= MOST_SHORTER * width)


def hours_told(setup: Setup, answer: Answer) -> list[dict[str, Any]]:
    """Stretches of an hour (or less, for a short run) from the first arrival to the last token.

    Requests count when they arrive, output tokens when their answer ends. Rent goes by the replicas that are
    up, energy by their power at the load of the stretch; the costs add up to `cost_usd`. `starts_at` and
    `part` (day or night) are None where it is not known when the traffic began.
    """
    ran, load = answer.driven.ran, answer.driven.timeline
    width_s = width_of(ran.makespan_s, load.width_s)
    count = max(1, math.ceil(ran.makespan_s / width_s))
    starts = width_s * np.arange(count, dtype=np.float64)
    lasts = np.minimum(ran.makespan_s - starts, width_s)
    edges = np.append(starts, starts[-1] + width_s)
    periods = np.minimum(load.width_s * np.arange(len(load.up_s) + 1), ran.makespan_s)
    paid, busy = (_parted(values, periods, edges) for values in (load.up_s, load.busy_s))
    answered = ran.answered
    asked = _counted(ran.arrival_s, None, edges)
    written = _counted(ran.finished_s[answered], ran.output_tokens[answered], edges)
    used = np.minimum(busy / np.maximum(paid, 1e-12), 1.0)
    usd = _usd(setup, answer, paid, used)
    return [
        {
            "hour": n,
            "start_s": float(starts[n]),
            "seconds": float(lasts[n]),
            **_when(setup, float(starts[n]), width_s),
            "requests": int(asked[n]),
            "output_tokens": int(written[n]),
            "replicas": float(paid[n] / lasts[n]) if lasts[n] else 0.0,
            "utilization": float(used[n]),
            "cost_usd": None if usd is None else float(usd[n]),
        }
        for n in range(count)
    ]


def _when(setup: Setup, start_s: float, width_s: float) -> dict[str, str | None]:
    began = setup.load.starts_at
    if began is None:
        return {"starts_at": None, "part": None}
    start = began + timedelta(seconds=start_s)
    part = part_of_day(start + timedelta(seconds=width_s / 2)) if width_s <= HOUR_S else None
    return {"starts_at": start.isoformat(sep=" ", timespec="seconds"), "part": part}


def _parted(values: FloatArray, periods: FloatArray, edges: FloatArray) -> FloatArray:
    """Sums of periods as sums of stretches; a period over an edge is parted by time."""
    sums = np.interp(edges, periods, np.concatenate([[0.0], np.cumsum(values)]))
    sums[-1] = values.sum()
    return np.diff(sums)


def _counted(times_s: FloatArray, weights: Any, edges: FloatArray) -> FloatArray:
    places = np.clip(np.searchsorted(edges, times_s, side="right") - 1, 0, len(edges) - 2)
    return np.bincount(places, weights=weights, minlength=len(edges) - 1).astype(np.float64)


def _usd(setup: Setup, answer: Answer, paid: FloatArray, used: FloatArray) -> FloatArray | None:
    """The cost of each stretch; None where there is no price."""
    cost, rates, driven = answer.numbers["cost_usd"], setup.rates, answer.driven
    if not cost.is_known:
        return None
    energy_usd = 0.0
    if rates.usd_per_kwh.middle:
        energy_usd = answer.numbers["energy_kwh"].middle * rates.usd_per_kwh.middle
    whole = driven.ran.busy_s / driven.ran.paid_s if driven.ran.paid_s else 0.0
    busy = chip_load(setup, driven).times(1 / whole if whole else 0.0)
    watts = np.array([rates.watts_per_chip(busy.times(float(one)), setup.calibration).middle for one in used])
    drawn = paid * watts if energy_usd else paid
    return (cost.middle - energy_usd) * _shares(paid) + energy_usd * _shares(drawn)


def _shares(values: FloatArray) -> FloatArray:
    total = values.sum()
    return values / total if total else np.full(len(values), 1 / len(values))


def day_and_night(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The hours of day and those of night, each together; nothing where the time of day is not known."""
    parts = [part for part in ("day", "night") if any(row["part"] == part for row in rows)]
    return [_together(part, [row for row in rows if row["part"] == part]) for part in parts]


def _together(part: str, rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    seconds = sum(row["seconds"] for row in rows)
    up_s = sum(row["replicas"] * row["seconds"] for row in rows)
    busy_s = sum(row["utilization"] * row["replicas"] * row["seconds"] for row in rows)
    tokens = sum(row["output_tokens"] for row in rows)
    known = all(row["cost_usd"] is not None for row in rows)
    usd = sum(row["cost_usd"] for row in rows) if known else None
    return {
        "part": part,
        "hours": seconds / HOUR_S,
        "requests": sum(row["requests"] for row in rows),
        "output_tokens": tokens,
        "replicas": up_s / seconds if seconds else 0.0,
        "utilization": busy_s / up_s if up_s else 0.0,
        "cost_usd": usd,
        "usd_per_million_output_tokens": usd / tokens * 1e6 if usd is not None and tokens else None,
    }
