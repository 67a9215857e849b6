"""The catalog as rows to print: one section as a table, and everything that goes by a name.

A row is a plain dict: text, numbers and dates as text, units in the names; a range is "low .. high", as a
spec writes it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import date
from typing import TYPE_CHECKING

from truecost.catalog.facts import Fact
from truecost.catalog.names import UnknownName, resolve
from truecost.ranges import Range

if TYPE_CHECKING:
    from truecost.catalog.accelerators import Accelerator
    from truecost.catalog.api_prices import ApiPrice
    from truecost.catalog.architectures import Architecture
    from truecost.catalog.catalog import Catalog, Row, Rows

_LISTED_PRICES = ("input", "output", "cache_read", "cache_write")
_BATCH_PRICES = ("input", "output")
_TOKENS_PER_MTOK = 1_000_000


def fact_row(fact: Fact) -> Row:
    """A fact as a row: key, value, unit, source, checked, confidence, note."""
    return {
        "key": fact.key,
        "value": str(fact.value) if isinstance(fact.value, Range) else fact.value,
        "unit": fact.unit,
        "source": fact.source,
        "checked": fact.checked.isoformat(),
        "confidence": fact.confidence.value,
        "note": fact.note,
    }


def list_section(catalog: Catalog, section: str, as_of: date) -> Rows:
    """See Catalog.list."""
    known = resolve(section, {name: name for name in SECTIONS}, "section of the catalog")
    return list(SECTIONS[known](catalog, as_of))


def show_name(catalog: Catalog, name: str, as_of: date) -> Rows:
    """See Catalog.show."""
    found: Rows = []
    nearest: list[str] = []
    for look in (_shown_group, _shown_rate, _shown_chip, _shown_model, _shown_price):
        try:
            found += look(catalog, name, as_of)
        except UnknownName as error:
            nearest += error.nearest[:2]
        except (LookupError, ValueError) as error:
            found.append({"section": "note", "name": name, "message": str(error), "facts": []})
    if not found:
        raise UnknownName("name in the catalog", name, dict.fromkeys(nearest))
    return found


def _accelerators(catalog: Catalog, as_of: date) -> Iterator[Row]:
    del as_of
    for key, chip in sorted(catalog.accelerators().items()):
        yield {
            "key": key,
            "name": chip.name,
            "vendor": chip.vendor,
            "kind": chip.kind,
            "release": chip.release.isoformat() if chip.release else None,
            "dense_bf16_flops_per_s": _peak(chip, "bf16"),
            "dense_fp8_flops_per_s": _peak(chip, "fp8"),
            "memory_bytes": chip.memory_bytes.value,
            "memory_bandwidth_bytes_per_s": chip.memory_bandwidth_bytes_per_s.value,
            "tdp_w": chip.tdp_w.value if chip.tdp_w else None,
            "confidence": chip.memory_bytes.confidence.value,
        }


def _peak(chip: Accelerator, precision: str) -> float | None:
    try:
        return chip.dense_peak(precision)
    except ValueError:
        return None


def _models(catalog: Catalog, as_of: date) -> Iterator[Row]:
    del as_of
    for name in catalog.models():
        yield _model_row(catalog.model(name))


def _model_row(arch: Architecture) -> Row:
    return {
        "name": arch.name,
        "total_parameters": arch.total_parameters,
        "active_parameters": arch.active_parameters,
        "num_hidden_layers": arch.num_hidden_layers,
        "hidden_size": arch.hidden_size,
        "source": arch.source,
        "confidence": arch.confidence.value,
    }


def _prices(catalog: Catalog, as_of: date) -> Iterator[Row]:
    from truecost.catalog.api_prices import listing

    laid_over = catalog.laid_over
    listed = listing(as_of)
    for price in listed:
        yield _price_row(laid_over.priced(price) if laid_over else price)
    if laid_over:
        known = {(price.provider, price.model) for price in listed}
        for seller, model in laid_over.prices.keys() - known:
            own = laid_over.own_price(model, as_of, seller)
            if own is not None:
                yield _price_row(own)


def _price_row(price: ApiPrice) -> Row:
    """USD a million tokens at the standard and the batch tier; dates and source are those of the input."""
    usd = {f"{kind}_usd_per_mtok": _usd_per_mtok(price, kind) for kind in _LISTED_PRICES}
    batch = {f"batch_{kind}_usd_per_mtok": _usd_per_mtok(price, kind, "batch") for kind in _BATCH_PRICES}
    first = next((row for row in price.rows if (row.kind, row.tier) == ("input", "standard")), price.rows[0])
    fact = price.fact(first.kind, first.tier, context_above_tokens=first.context_above_tokens)
    return {
        "provider": price.provider,
        "model": price.model,
        "region": first.region,
        **usd,
        **batch,
        "valid_from": first.valid_from.isoformat(),
        "tiers": ", ".join(price.tiers),
        "context_above_tokens": ", ".join(str(above) for above, _ in price.context_tiers()),
        "source": fact.source,
        "checked": fact.checked.isoformat(),
        "confidence": fact.confidence.value,
    }


def _usd_per_mtok(price: ApiPrice, kind: str, tier: str = "standard") -> float | None:
    if not price.has(kind, tier):
        return None
    value = price.fact(kind, tier).value
    return float(f"{value * _TOKENS_PER_MTOK:.10g}") if isinstance(value, float) else None


def _rentals(catalog: Catalog, as_of: date) -> Iterator[Row]:
    from truecost.catalog.hardware_prices import TERMS

    for key in sorted(catalog.accelerators()):
        for term in TERMS:
            fact = _known(lambda key=key, term=term: catalog.rental(key, as_of, term))
            if fact is not None:
                yield {"chip": key, "term": term, **_priced(fact, "usd_per_chip_hour")}


def _purchases(catalog: Catalog, as_of: date) -> Iterator[Row]:
    for key in sorted(catalog.accelerators()):
        fact = _known(lambda key=key: catalog.purchase(key, as_of))
        if fact is not None:
            yield {"chip": key, **_priced(fact, "usd_per_chip")}


def _known(ask: Callable[[], Fact]) -> Fact | None:
    try:
        return ask()
    except LookupError:
        return None


def _priced(fact: Fact, name: str) -> Row:
    row = fact_row(fact)
    return {name: row["value"], **{part: row[part] for part in ("confidence", "checked", "source", "note")}}


def _rates(catalog: Catalog, as_of: date) -> Iterator[Row]:
    for key in sorted(catalog.all_rates.series):
        yield fact_row(catalog.rate(key, as_of))


SECTIONS: dict[str, Callable[[Catalog, date], Iterable[Row]]] = {
    "accelerators": _accelerators,
    "models": _models,
    "prices": _prices,
    "rentals": _rentals,
    "purchases": _purchases,
    "rates": _rates,
}
"""The sections of the catalog, and what lists each."""


def _shown_group(catalog: Catalog, name: str, as_of: date) -> Rows:
    keys = [key for key in sorted(catalog.all_rates.series) if key.startswith(f"{name}/")]
    facts = [fact_row(catalog.rate(key, as_of)) for key in keys]
    return [{"section": "rates", "name": name, "facts": facts}] if facts else []


def _shown_rate(catalog: Catalog, name: str, as_of: date) -> Rows:
    if "/" not in name:
        raise UnknownName("rate", name)
    fact = catalog.rate(name, as_of)
    series = [dict(fact_row(dated), start=str(start)) for start, dated in catalog.all_rates.series[fact.key]]
    others = [fact_row(other) for other in catalog.all_rates.others.get(fact.key, ())]
    entry: Row = {"section": "rate", "name": fact.key, "facts": [fact_row(fact)], "disagrees": others}
    return [entry | ({"series": series} if len(series) > 1 else {})]


def _shown_chip(catalog: Catalog, name: str, as_of: date) -> Rows:
    from truecost.catalog.hardware_prices import TERMS

    chip = catalog.accelerator(name)
    asked = [_known(lambda term=term: catalog.rental(chip.key, as_of, term)) for term in TERMS]
    asked.append(_known(lambda: catalog.purchase(chip.key, as_of)))
    entry: Row = {
        "section": "accelerator",
        "name": chip.key,
        "full_name": chip.name,
        "vendor": chip.vendor,
        "kind": chip.kind,
        "release": chip.release.isoformat() if chip.release else None,
        "chips_per_server": chip.chips_per_server,
        "aliases": list(chip.aliases),
        "as_of": as_of.isoformat(),
        "facts": [fact_row(fact) for fact in (*chip.facts(), *(fact for fact in asked if fact))],
        "disagrees": [fact_row(fact) for facts in chip.disagreements.values() for fact in facts],
    }
    return [entry]


def _shown_model(catalog: Catalog, name: str, as_of: date) -> Rows:
    del as_of
    arch = catalog.model(name)
    facts = (arch.published_parameters, arch.published_active_parameters)
    row = _model_row(arch)
    return [{"section": "model", **row, "facts": [fact_row(fact) for fact in facts if fact]}]


def _shown_price(catalog: Catalog, name: str, as_of: date) -> Rows:
    price = catalog.prices(name, as_of)
    asked = {(row.kind, row.tier, row.context_above_tokens, row.cache_lifetime) for row in price.rows}
    facts = [
        price.fact(kind, tier, context_above_tokens=above, cache_lifetime=lifetime or "5m")
        for kind, tier, above, lifetime in sorted(asked)
    ]
    entry: Row = {
        "section": "price",
        "name": f"{price.provider}/{price.model}",
        "as_of": as_of.isoformat(),
        "choice": price.choice,
        "facts": [fact_row(fact) for fact in facts],
    }
    return [entry]
