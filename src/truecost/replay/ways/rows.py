"""A way of serving as a row: USD a month, its parts, and whether it keeps the SLO."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from truecost.replay.points import Points, total
from truecost.replay.power import chip_load
from truecost.replay.result import numbers_told
from truecost.replay.run import answered
from truecost.replay.slo import judged
from truecost.replay.ways.api_cost import ApiCost, api_usd
from truecost.replay.ways.apis import Api
from truecost.replay.ways.break_even_told import ends_told
from truecost.replay.ways.splits import Split, Splits, cheapest
from truecost.replay.ways.trials import FAST, REJECTED, SLOW, Case, Trials, keeps_up
from truecost.replay.ways.volume import Volume
from truecost.units import show, show_share

KINDS = {
    "input": "input tokens",
    "cache_read": "cached input",
    "cache_write": "input written to the cache",
    "output": "output tokens",
    "reasoning": "reasoning tokens",
    "request": "fee a request",
    "api": "the API, for what the base has no room for",
    "all": "the API, for every request",
    "rent": "rent",
    "stated": "chips, at the stated price",
    "servers": "own servers",
    "hosting": "hosting",
    "staff": "staff",
    "energy": "energy",
}
NO_LATENCY = "the price book says nothing of latencies"


def api_row(api: Api, cost: ApiCost | None, volume: Volume, reason: str = "") -> dict[str, Any]:
    """All requests on an API. What it would take to answer them in time is not known."""
    rounds = volume.rounds_per_month
    usd = None if cost is None else cost.usd * rounds
    sellers = () if cost is None else cost.by_seller
    name = api.name if len(sellers) < 2 else f"{api.name}, {len(sellers)} sellers"
    row = _row("api", name, usd, volume, 1.0)
    ratio = ends_told("tokenizer_ratio", api.ratio)
    return row | {
        "meets_slo": None,
        "note": reason or NO_LATENCY,
        "parts": [] if cost is None else _parts({kind: usd * rounds for kind, usd in cost.parts.items()}),
        "model": api.name,
        "seller": None if cost is None else cost.seller.provider,
        "sellers": [
            {"provider": offer.provider, "model": offer.model, "usd_per_month": usd * rounds}
            for offer, usd in sellers
        ],
        **ratio,
        "batch_share": api.batch_share,
        "cached_input": "trace" if api.cached else "none",
        "billing_notes": [] if cost is None else list(cost.notes),
        "share_on_api": 1.0,
    }


def self_host_row(trials: Trials) -> dict[str, Any]:
    """The spec's fleet, held all month; whether it keeps the SLO, and how many replicas would."""
    setup, volume = trials.setup, trials.volume
    answer = answered(setup)
    replicas = setup.spec.fleet.replicas
    ran = answer.driven.ran
    load = chip_load(setup, answer.driven).times(ran.makespan_s / volume.period_s)
    parts = trials.fleet_usd(replicas, load)
    slo = judged(numbers_told(answer.numbers), setup.limits)
    goes_on = keeps_up(answer.driven, volume)
    lost = ran.count("rejected") + ran.count("unfinished")
    row = _row("self-host", _fleet(trials, replicas), total(parts), volume, 1 - lost / len(volume.load))
    needed = trials.needed(1.0)
    usd = None if needed is None else total(trials.fleet_usd(needed, load.times(replicas / needed)))
    return row | {
        "meets_slo": (all(one["met"] for one in slo) and goes_on) if slo or not goes_on else None,
        "note": _missed(slo, goes_on),
        "parts": _parts(parts),
        "replicas": replicas,
        "chips": setup.chips,
        "utilization": min(ran.busy_s / (volume.period_s * replicas), 1.0),
        "keeps_up": goes_on,
        "slo": slo,
        "needed_replicas": needed,
        **ends_told("needed_usd_per_month", usd),
        "share_on_api": 0.0,
    }


def _missed(slo: list[dict[str, Any]], goes_on: bool) -> str:
    """What the fleet misses, in words."""
    if not goes_on:
        return "requests come faster than the fleet answers them"
    missed = [one for one in slo if not one["met"]]
    said = [
        f"{one['limit'].removesuffix('_s').replace('_', ' ')}: {show(one['value_s'], 's')} against "
        f"{show(one['limit_s'], 's')}"
        if one["over"] is not None and one["over"] > 1
        else f"{show_share(one['unanswered'])} of the requests get no answer"
        for one in missed
    ]
    if said:
        return "misses " + ", ".join(dict.fromkeys(said))
    return "" if all(one["confidence"] == "whole interval" for one in slo) else "not at the slow end"


def hybrid_row(trials: Trials, splits: Splits | None, api: Api | None) -> dict[str, Any]:
    """The cheapest base with the API above it; without a price of either, an unknown."""
    if splits is None or api is None:
        return _row("hybrid", "a base and an API above it", None, trials.volume, 1.0) | {
            "meets_slo": None, "note": "without a price of both there is no split", "parts": [],
            "model": None if api is None else api.name, "replicas": None, "chips": None,
            "most_outstanding": None, "requests_on_base": None, "requests_on_api": None,
            "share_on_api": None, "utilization": None, "splits": [],
        }  # fmt: skip
    tried = splits.tried(1.0)
    best = cheapest(tried)
    parts, away = _hybrid_parts(trials, best, api)
    count = len(trials.volume.load)
    row = _row("hybrid", _split_name(best, away, count), total(parts), trials.volume, 1.0)
    limited = bool(trials.setup.limits)
    return row | {
        "meets_slo": True if limited and best.replicas else None,
        "note": _split_note(trials, best, alone=len(tried) == 1),
        "parts": _parts(parts),
        "model": api.name,
        "replicas": best.replicas,
        "chips": best.replicas * trials.setup.layout.chips,
        "most_outstanding": best.most_outstanding,
        "requests_on_base": count - away,
        "requests_on_api": away,
        "share_on_api": away / count,
        "utilization": None if best.trial is None else best.trial.busy_share,
        "splits": [_split_told(one, limited=limited) for one in tried],
    }


def _hybrid_parts(trials: Trials, best: Split, api: Api) -> tuple[dict[str, Points], int]:
    """USD a month of the base and of the API above it, and the requests of the trace that go there.

    The API's interval is that of its price, and of how much more or less goes there at the ends of the step
    times, with the same base and the same limit.
    """
    volume = trials.volume
    rounds = volume.rounds_per_month
    if best.trial is None:
        return {"all": api_usd(api, volume.load).usd * rounds}, len(volume.load)
    case = Case(1.0, best.replicas, best.most_outstanding)
    parts = trials.fleet_usd(best.replicas, best.trial.load)
    _, driven, _ = trials.run(case)
    away = driven.ran.state == REJECTED
    priced = api_usd(api, volume.load, away).usd * rounds if away.any() else Points(0.0)
    if trials.has_ends:
        ends = [trials.trial(case._replace(end=end)).usd_on_api for end in (FAST, SLOW)]
        middle = priced.middle
        low = math.hypot(middle - (middle if priced.p5 is None else priced.p5), max(middle - min(ends), 0.0))
        high = math.hypot((middle if priced.p95 is None else priced.p95) - middle, max(max(ends) - middle, 0))
        if low or high:
            priced = Points(middle, max(middle - low, 0.0), middle + high)
    return parts | {"api": priced}, int(away.sum())


def _split_name(best: Split, away: int, count: int) -> str:
    if best.replicas == 0:
        return "no base: all on the API"
    if away == 0:
        return f"{_replicas(best.replicas)}, nothing on the API"
    return f"{_replicas(best.replicas)} and {show_share(away / count)} of the requests on the API"


def _split_note(trials: Trials, best: Split, *, alone: bool) -> str:
    """What to know of the split; `alone`: no base could be tried."""
    if best.replicas == 0 and trials.needed(1.0) is None and alone:
        return "no base keeps the SLO"
    if best.replicas == 0:
        return "no base costs less than the API alone"
    if not trials.setup.limits:
        return "a request goes to the API where no seat is free"
    said = "judged on the base: the API's latencies are not known"
    slow = Case(1.0, best.replicas, best.most_outstanding, SLOW)
    if trials.has_ends and not trials.trial(slow).keeps_slo:
        said += "; the base misses it at the slow end"
    return said


def _split_told(one: Split, *, limited: bool) -> dict[str, Any]:
    possible = math.isfinite(one.usd)
    return {
        "replicas": one.replicas,
        "most_outstanding": one.most_outstanding,
        "share_on_api": one.share_on_api,
        "usd_per_month": one.usd if possible else None,
        "usd_per_month_fleet": one.usd_fleet if possible else None,
        "usd_per_month_api": one.usd_api,
        "meets_slo": None if one.replicas == 0 or not limited else possible,
    }


def _fleet(trials: Trials, replicas: int) -> str:
    layout = trials.setup.layout
    return f"{_replicas(replicas)} of {layout.chips} x {layout.chip.key}"


def _replicas(count: int) -> str:
    return f"{count:,} replica{'s' if count != 1 else ''}"


def _row(way: str, name: str, usd: Points | None, volume: Volume, with_answer: float) -> dict[str, Any]:
    """What every row has. `with_answer` is the share of requests that get one."""
    known = usd is not None and usd.is_known
    requests = volume.requests_per_month * with_answer
    return {
        "way": way,
        "name": name,
        **ends_told("usd_per_month", usd),
        "usd_per_million_tokens": usd.middle / volume.tokens_per_month * 1e6 if known and usd else None,
        "usd_per_request": usd.middle / requests if known and usd and requests else None,
    }


def _parts(parts: Mapping[str, Points]) -> list[dict[str, Any]]:
    return [
        {"part": name, "label": KINDS.get(name, name), **ends_told("usd_per_month", usd)}
        for name, usd in parts.items()
    ]
