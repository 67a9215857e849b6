"""Break-even as plain values."""

from __future__ import annotations

import math
from typing import Any

from truecost.replay.points import Points
from truecost.replay.ways.break_even import BreakEven, Rate
from truecost.replay.ways.trials import MOST_REPLICAS
from truecost.replay.ways.volume import Volume


def break_even_told(found: BreakEven, volume: Volume) -> dict[str, Any]:
    """The volume with its range, or how far it is; the curve of costs."""
    rate, tokens = volume.requests_per_s, volume.tokens_per_month
    told: dict[str, Any] = {"found": found.times is not None}
    for name, of in (("requests_per_s", rate), ("tokens_per_month", tokens), ("times_the_trace", 1.0)):
        for end, times in (("", found.times), ("_p5", found.low), ("_p95", found.high)):
            told[f"{name}{end}"] = None if times is None else times * of
    at = next((one for one in found.curve if one.times == found.times), None)
    closest = None
    if found.closest is not None:
        times, ratio = found.closest
        closest = {"requests_per_s": times * rate, "self_host_over_api": ratio, "replicas": MOST_REPLICAS}
    return told | {
        "requests_per_month": None if found.times is None else found.times * volume.requests_per_month,
        "usd_per_month": None if at is None else at.api.middle,
        "replicas": found.replicas,
        "first_requests_per_s": None if found.first is None else found.first * rate,
        "searched_requests_per_s": [found.curve[0].times * rate, found.curve[-1].times * rate],
        "most_replicas": MOST_REPLICAS,
        "closest": closest,
        "reason": _reason(found),
        "curve": [_point(one, volume) for one in found.curve],
    }


def _reason(found: BreakEven) -> str:
    """Why there is no break-even; "" where there is one."""
    if found.times is not None:
        return ""
    if found.closest is None:
        return f"no fleet of up to {MOST_REPLICAS} replicas keeps the SLO"
    return f"a fleet of {MOST_REPLICAS} replicas, full, costs {found.closest[1]:.3g} times the API"


def _point(one: Rate, volume: Volume) -> dict[str, Any]:
    told: dict[str, Any] = {
        "requests_per_s": one.times * volume.requests_per_s,
        "times_the_trace": one.times,
        "tokens_per_month": one.times * volume.tokens_per_month,
    }
    told |= ends_told("usd_per_month_api", one.api)
    told |= ends_told("usd_per_month_self_host", one.self_host)
    split = one.hybrid
    return told | {
        "usd_per_month_hybrid": None if split is None else split.usd,
        "replicas": one.replicas,
        "hybrid_replicas": None if split is None else split.replicas,
        "hybrid_share_on_api": None if split is None else split.share_on_api,
    }


def ends_told(name: str, value: Points | None) -> dict[str, float | None]:
    """A number with the ends of its interval; None for what is unknown, and for an end without bound."""
    if value is None or not value.is_known:
        return {name: None, f"{name}_p5": None, f"{name}_p95": None}
    ends = {"_p5": value.p5, "_p95": value.p95}
    return {name: value.middle} | {
        f"{name}{end}": at if at is not None and math.isfinite(at) else None for end, at in ends.items()
    }
