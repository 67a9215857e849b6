"""A fleet over time, from its spec: the autoscaler, seconds of a start, interruptions of spot chips."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from truecost.physics.memory import weight_bytes
from truecost.replay.autoscale import Autoscaler
from truecost.replay.engine_outcome import Outcome
from truecost.replay.engine_requests import Replicas
from truecost.replay.spot import SECONDS_PER_HOUR, drawn_interruptions
from truecost.spec import Problems

if TYPE_CHECKING:
    from datetime import date

    from truecost.catalog.catalog import Catalog
    from truecost.replay.assumptions import Assumed
    from truecost.replay.provider import Layout
    from truecost.replay.schema import Autoscale, Fleet, ReplaySpec
    from truecost.spec import Document

LOADING = "serving/weight_load_bytes_per_s"
STARTING = "serving/engine_start_s"
INTERRUPTIONS = "serving/spot_interruptions_per_hour"
AUTOSCALE = "fleet.autoscale"


@dataclass(frozen=True, slots=True)
class Elastic:
    """How the replicas of a fleet come and go; by default they do not."""

    autoscaler: Autoscaler | None = None
    interruptions_per_hour: float = 0.0
    """Of each replica that is up."""
    replace_s: float = 0.0
    """From an interruption until the replacement takes requests."""


def most_replicas(fleet: Fleet) -> int:
    """Replicas that a fleet has at most."""
    return fleet.autoscale.max_replicas if fleet.autoscale is not None else fleet.replicas


def initial_replicas(fleet: Fleet) -> int:
    """Replicas up at the begin: as written; with an autoscaler its fewest where nothing is written."""
    if fleet.autoscale is None or "replicas" in fleet.model_fields_set:
        return fleet.replicas
    return fleet.autoscale.min_replicas


def check_elastic(spec: ReplaySpec, problems: Problems) -> None:
    """What contradicts itself, and settings that would have no effect."""
    scale, price = spec.fleet.autoscale, spec.price
    if scale is not None:
        _check_autoscale(scale, initial_replicas(spec.fleet), problems)
        committed = price.basis == "own" or (price.term or "").startswith("reserved")
        if committed:
            chips = "own" if price.basis == "own" else "committed"
            said = f"{chips} chips are paid while none is up too; here their hours down are someone else's"
            problems.warn(AUTOSCALE, said)
    if price.term == "spot":
        return
    for name in ("interruptions_per_hour", "replacement_s"):
        if getattr(price, name) is not None:
            problems.add(f"price.{name}", "only spot chips are interrupted: it belongs to term spot")


def check_fixed(document: Document[ReplaySpec], option: str) -> None:
    """Refuse a fleet that scales itself where an option compares numbers of replicas; raises SpecError."""
    problems = Problems()
    if document.value.fleet.autoscale is not None:
        problems.add(AUTOSCALE, f"{option} compares fixed fleets: leave the autoscaler out", nearest=["null"])
    problems.raise_if_any(document)


def _check_autoscale(scale: Autoscale, initial: int, problems: Problems) -> None:
    if scale.min_replicas > scale.max_replicas:
        problems.add(
            f"{AUTOSCALE}.min_replicas",
            f"more than max_replicas, {scale.max_replicas}",
            nearest=[str(scale.max_replicas)],
        )
    elif not scale.min_replicas <= initial <= scale.max_replicas:
        said = f"at the begin it is not from min_replicas, {scale.min_replicas}, to {scale.max_replicas}"
        problems.add("fleet.replicas", said, nearest=[str(scale.min_replicas)])
    if scale.scale_down_at is not None and scale.scale_down_at > scale.scale_up_at:
        problems.add(
            f"{AUTOSCALE}.scale_down_at",
            f"more than scale_up_at, {scale.scale_up_at:g}: what is added would be taken away at once",
            nearest=[f"{scale.scale_up_at:g}"],
        )


def elastic_of(
    spec: ReplaySpec, layout: Layout, facts: tuple[Catalog, date], problems: Problems, assumed: Assumed
) -> Elastic:
    """How a checked spec's replicas come and go; what it leaves out is assumed, with its source."""
    scale, price = spec.fleet.autoscale, spec.price
    if scale is None and price.term != "spot":
        return Elastic()
    start_s = scale.start_s if scale is not None else None
    if start_s is None and (scale is not None or price.replacement_s is None):
        path = f"{AUTOSCALE}.start_s" if scale is not None else "price.replacement_s"
        start_s = _start_s(path, layout, facts, assumed)
    scaler = _autoscaler(spec.fleet, scale, start_s or 0.0, assumed) if scale is not None else None
    if price.term != "spot":
        return Elastic(scaler)
    per_hour = _interruptions_per_hour(spec, layout, facts, assumed)
    replace_s = price.replacement_s if price.replacement_s is not None else start_s or 0.0
    if per_hour * replace_s >= SECONDS_PER_HOUR:
        said = f"a replica is taken away before it has started, which takes {replace_s:,.0f} s"
        problems.add("price.interruptions_per_hour", said)
    return Elastic(scaler, per_hour, replace_s)


def _start_s(path: str, layout: Layout, facts: tuple[Catalog, date], assumed: Assumed) -> float:
    """Seconds from a replica's start to its first request: weights over what loads them, and all the rest."""
    catalog, as_of = facts
    rate = assumed.fact(f"{path} (weights)", catalog.rate(LOADING, as_of), "how fast a replica loads them")
    rest = assumed.fact(f"{path} (rest)", catalog.rate(STARTING, as_of), "server, container, engine")
    size = weight_bytes(layout.architecture, layout.weights)
    seconds = float(f"{size / rate.middle + rest.middle:.3g}")
    return assumed.take(path, seconds, f"{size / 1e9:,.0f} GB of weights loaded, and the rest", "s")


def _autoscaler(fleet: Fleet, scale: Autoscale, start_s: float, assumed: Assumed) -> Autoscaler:
    down_at = scale.scale_down_at
    if down_at is None:
        said = "half of scale_up_at, so that what is drained is not started again at once"
        down_at = assumed.take(f"{AUTOSCALE}.scale_down_at", scale.scale_up_at / 2, said, "requests")
    return Autoscaler(
        min_replicas=scale.min_replicas,
        scale_up_at=scale.scale_up_at,
        scale_down_at=down_at,
        start_s=start_s,
        interval_s=scale.interval_s,
        upscale_delay_s=scale.upscale_delay_s,
        downscale_delay_s=scale.downscale_delay_s,
        initial_replicas=initial_replicas(fleet),
    )


def _interruptions_per_hour(
    spec: ReplaySpec, layout: Layout, facts: tuple[Catalog, date], assumed: Assumed
) -> float:
    """Of a replica: as stated, or the record's of a server times the servers that it is spread over."""
    if spec.price.interruptions_per_hour is not None:
        return spec.price.interruptions_per_hour
    catalog, as_of = facts
    servers = math.ceil(layout.chips / layout.chip.chips_per_server)
    reason = "interruptions of a rented server" + (f", {servers} a replica" if servers > 1 else "")
    return (
        servers
        * assumed.fact("price.interruptions_per_hour", catalog.rate(INTERRUPTIONS, as_of), reason).middle
    )


def simulated(
    elastic: Elastic,
    replicas: Replicas,
    span_s: float,
    simulate: Callable[[Replicas], Outcome],
) -> Outcome:
    """A simulation of replicas that come and go; interruptions are drawn as far as it turns out to last."""
    if elastic.interruptions_per_hour == 0:
        return simulate(_with(replicas, elastic, None))
    until_s = 2 * span_s + SECONDS_PER_HOUR
    while True:
        outcome = simulate(_with(replicas, elastic, until_s))
        if outcome.totals.makespan_s <= until_s:
            return outcome
        until_s *= 4


def _with(replicas: Replicas, elastic: Elastic, until_s: float | None) -> Replicas:
    lost = None
    if until_s is not None:
        lost = drawn_interruptions(elastic.interruptions_per_hour, replicas.count, until_s, elastic.replace_s)
    return replace(replicas, autoscaler=elastic.autoscaler, interruptions=lost)
