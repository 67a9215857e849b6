"""An SLO as a user says it, and whether a replay keeps it, with which confidence and by how much."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from truecost import units
from truecost.replay.metrics import LATENCIES, LATENCY_NAMES, QUANTILES, STATISTICS
from truecost.spec import nearest_names

ROUNDING = 1e-9
_CLAUSE = re.compile(r"(?P<name>[a-z0-9]+)[\s_]+(?P<stat>[a-z0-9]+)(?:_s)?\s*(?:<=|<|≤)\s*(?P<limit>.+)")


def read_slo(text: str) -> dict[str, float]:
    """The limits of "ttft p99 < 1 s, tpot p99 < 50 ms", by output name, in seconds.

    >>> read_slo("ttft p99 < 1 s, tpot p99 < 50 ms")
    {'ttft_p99_s': 1.0, 'tpot_p99_s': 0.05}

    Raises ValueError, which names the nearest.
    """
    found: dict[str, float] = {}
    for clause in (part.strip() for part in text.split(",")):
        match = _CLAUSE.fullmatch(clause.lower())
        if match is None:
            raise ValueError(f"--slo: {clause!r} is not a limit such as 'ttft p99 < 1 s'")
        name = f"{match['name']}_{match['stat']}_s"
        if name not in LATENCY_NAMES:
            near = nearest_names(name, LATENCY_NAMES)
            hint = f"; did you mean '{near[0].removesuffix('_s').replace('_', ' ')}'?" if near else ""
            raise ValueError(
                f"--slo: no {match['name']} {match['stat']} is computed{hint} "
                f"(of {', '.join(LATENCIES)}: {', '.join(STATISTICS)})"
            )
        if name in found:
            raise ValueError(f"--slo: {match['name']} {match['stat']} is limited twice")
        found[name] = _seconds(match["limit"].strip(), clause)
    return found


def _seconds(text: str, clause: str) -> float:
    try:
        value = units.parse(text, "s")
    except units.UnitError as error:
        raise ValueError(f"--slo: {clause!r}: {error}") from None
    if value <= 0:
        raise ValueError(f"--slo: {clause!r}: the limit is not above 0")
    return value


def judged(told: Mapping[str, Any], limits: Mapping[str, float]) -> list[dict[str, Any]]:
    """Each limit against the result: the value, its interval, whether it is met and how far it is off.

    `confidence` is "whole interval" where the slow end keeps the limit as well, "middle" where only the
    middle does, "none" where not even that. `over` is the value over the limit: 0.8 is 20 % to spare; 0 where
    no answer has this latency (those of one token have no TPOT), so that there is nothing to miss; None where
    there is no answer. No limit is met while more requests go without an answer than its percentile leaves
    out (1 % for a mean).
    """
    rows: list[dict[str, Any]] = []
    lost = told["rejected"] + told["unfinished"]
    answered = told["served"] + told["truncated"]
    all_of_them = lost + answered
    for name, limit in limits.items():
        value, slow = told[name], told.get(f"{name}_p95")
        left_out = 1 - QUANTILES.get(name.split("_")[1], 0.99)
        over = value / limit if value is not None else 0.0 if answered else None
        met = over is not None and over <= 1 and lost <= left_out * all_of_them + ROUNDING
        sure = met and (slow is None or slow <= limit)
        rows.append(
            {
                "limit": name,
                "limit_s": limit,
                "value_s": value,
                "p5_s": told.get(f"{name}_p5"),
                "p95_s": slow,
                "met": met,
                "confidence": "whole interval" if sure else "middle" if met else "none",
                "unanswered": lost / all_of_them if all_of_them else None,
                "over": over,
            }
        )
    return rows
