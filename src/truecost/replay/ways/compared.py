"""The same traffic by API, on the spec's fleet and by both, as plain values; docs/replay.md has the keys."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from truecost.catalog.api_prices import NoOffer
from truecost.replay.money import HOURS_PER_MONTH
from truecost.replay.points import Points, total
from truecost.replay.reaching import OVER_ALL
from truecost.replay.result import provider_told
from truecost.replay.run import prepared
from truecost.replay.schema import ReplaySpec
from truecost.replay.setups import Setup
from truecost.replay.traffic import Load
from truecost.replay.ways.api_cost import ApiCost, api_usd, usd_of_seller
from truecost.replay.ways.apis import Api, Asking, apis_of
from truecost.replay.ways.break_even import Search
from truecost.replay.ways.break_even_told import break_even_told
from truecost.replay.ways.prefixes import Mask, ideal_cache
from truecost.replay.ways.rows import api_row, hybrid_row, self_host_row
from truecost.replay.ways.splits import Splits
from truecost.replay.ways.trials import Trials
from truecost.replay.ways.volume import Volume, volume_of
from truecost.spec import Document, Problems, nearest_names

if TYPE_CHECKING:
    from truecost.catalog.catalog import Catalog

API, SELF_HOST, HYBRID = "api", "self-host", "hybrid"
WAYS = (API, SELF_HOST, HYBRID)
OVER_THESE = "requests, tokens and USD are of those that are not: the cache is in front of every way"


def read_ways(text: str) -> list[str]:
    """The ways of "api,self-host,hybrid", in that order. Raises ValueError, which names the nearest.

    >>> read_ways("hybrid, api")
    ['api', 'hybrid']
    """
    asked = [part.strip().lower().replace("_", "-") for part in text.split(",")]
    for one in asked:
        if one not in WAYS:
            near = nearest_names(one, WAYS)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            raise ValueError(f"--compare: {one!r} is no way to serve{hint} (allowed: {', '.join(WAYS)})")
        if asked.count(one) > 1:
            raise ValueError(f"--compare: {one} is named twice")
    return [one for one in WAYS if one in asked]


@dataclass(frozen=True, slots=True)
class _Priced:
    """An API with what the trace costs on it; None, and why, where its seller does not price what is used."""

    api: Api
    cost: ApiCost | None
    reason: str = ""

    @property
    def usd(self) -> float:
        """Of the trace, in the middle; infinite where it is unknown."""
        return math.inf if self.cost is None else self.cost.usd.middle


def compared_ways(
    document: Document[ReplaySpec], catalog: Catalog, ways: Sequence[str], limits: Mapping[str, float]
) -> dict[str, Any]:
    """USD a month of each way, the cheapest, and the volume from which the fleet is cheaper than the API.

    `limits` are added to the SLO of the spec. Raises SpecError for traffic without a clock, and for an API
    that is not on record; DoesNotFit.
    """
    setup, warnings = prepared(document, catalog, limits=limits)
    problems = Problems()
    if setup.spec.fleet.autoscale is not None:
        said = "a comparison holds the fleet all month: a fixed number of replicas, whose best it looks for"
        problems.add("fleet.autoscale", said, nearest=["null"])
    try:
        volume = volume_of(setup.load)
    except ValueError as refused:
        problems.add("traffic" if setup.spec.traffic.trace else "traffic.synthetic.arrival", str(refused))
        problems.raise_if_any(document)
        raise
    problems.raise_if_any(document)
    priced: list[_Priced] = []
    if API in ways or HYBRID in ways:
        asking = Asking(setup.spec, setup.layout.architecture, setup.load, catalog, setup.as_of)
        apis = apis_of(asking, setup.assumed, problems)
        problems.raise_if_any(document)
        priced = [_priced(api, volume) for api in apis]
    return _told(setup, volume, priced, ways) | {"warnings": list(warnings)}


def _priced(api: Api, volume: Volume) -> _Priced:
    try:
        return _Priced(api, api_usd(api, volume.load))
    except NoOffer as missing:
        return _Priced(api, None, str(missing.args[0]))


def _told(setup: Setup, volume: Volume, priced: Sequence[_Priced], ways: Sequence[str]) -> dict[str, Any]:
    best = min((one for one in priced if one.cost is not None), key=lambda one: one.usd, default=None)
    rows, found = _answers(setup, volume, (priced, best), ways)
    layout = setup.layout
    return {
        "name": setup.spec.name or f"{layout.architecture.name} on {setup.chips:,} {layout.chip.key}",
        "as_of": setup.as_of.isoformat(),
        "model": layout.architecture.name,
        "accelerator": layout.chip.key,
        "hours_per_month": HOURS_PER_MONTH,
        "traffic": _traffic(volume),
        "slo_limits": dict(setup.limits),
        "ways": rows,
        "cheapest": cheapest_told(rows),
        "break_even": found,
        "provider": provider_told(setup),
        "assumptions": [dict(row) for row in setup.assumed.rows],
        "unknown": dict(setup.assumed.gaps) | {f"API {p.api.name}": p.reason for p in priced if p.reason},
    }


def _answers(
    setup: Setup, volume: Volume, apis: tuple[Sequence[_Priced], _Priced | None], ways: Sequence[str]
) -> tuple[list[dict[str, Any]], dict[str, Any] | None]:
    """The rows, and break-even with the cheapest API where both it and the fleet have a price."""
    priced, best = apis
    trials = Trials(setup, volume, None if best is None else _payer(best))
    month = Points(math.nan)
    if best is not None and best.cost is not None:
        month = best.cost.usd * volume.rounds_per_month
    both = month.is_known and total(trials.fleet_usd(1)).is_known
    splits = Splits(trials, month.middle) if both and HYBRID in ways else None
    rows: list[dict[str, Any]] = []
    if API in ways:
        rows += [api_row(one.api, one.cost, volume, one.reason) for one in priced]
    if SELF_HOST in ways:
        rows.append(self_host_row(trials))
    if HYBRID in ways:
        rows.append(hybrid_row(trials, splits, None if best is None else best.api))
    if not both or best is None or not {API, SELF_HOST} <= set(ways):
        return rows, None
    found = Search(trials, month, splits).found()
    return rows, {"against": best.api.name} | break_even_told(found, volume)


def _payer(priced: _Priced) -> Callable[[Load, Mask], float]:
    """USD of a load's requests on an API, by its seller in the middle."""
    api, cost = priced.api, priced.cost
    assert cost is not None
    return lambda load, asked: usd_of_seller(api, cost.seller, load, asked)


def cheapest_told(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any] | None:
    """The way that costs least of those that do not miss the SLO, and by how much; None without a price."""
    able = [row for row in rows if row["usd_per_month"] is not None and row["meets_slo"] is not False]
    if not able:
        return None
    first, *others = sorted(able, key=lambda row: row["usd_per_month"])
    next_best = next((row for row in others if row["way"] != first["way"]), others[0] if others else None)
    return {
        "way": first["way"],
        "name": first["name"],
        "usd_per_month": first["usd_per_month"],
        "next": None if next_best is None else next_best["way"],
        "saves_usd_per_month": None
        if next_best is None
        else next_best["usd_per_month"] - first["usd_per_month"],
    }


def _traffic(volume: Volume) -> dict[str, Any]:
    load = volume.load
    hits = None
    if load.prefix_blocks is not None:
        hits = float(ideal_cache(load).read_tokens.sum() / load.input_tokens.sum())
    return {
        "name": load.name,
        "requests": len(load),
        "span_s": float(load.arrival_s[-1]),
        "requests_per_s": volume.requests_per_s,
        "requests_per_month": volume.requests_per_month,
        "input_tokens_mean": float(load.input_tokens.mean()),
        "output_tokens_mean": float(load.output_tokens.mean()),
        "tokens_per_month": volume.tokens_per_month,
        "prefix_hit_fraction_ideal": hits,
        "notes": [OVER_THESE if note == OVER_ALL else note for note in load.notes],
    }
