"""Serving over an API: dated list prices by token kind, discounts, a price path, provisioned capacity."""

from __future__ import annotations

import numpy as np

from truecost.catalog.api_prices import ApiPrice
from truecost.lines import Basis, Payee
from truecost.lognormal import mean_share_below_cap, sigma_from_peak
from truecost.plan.book import HOURS_PER_MONTH, Book, given_or
from truecost.plan.schema.serving import Api, Provisioned
from truecost.plan.serving.work import Charge, Served, Work
from truecost.pricing.api import Usage, billing_notes, expected_cost
from truecost.pricing.path import price_multiples
from truecost.pricing.provisioned import provisioned_cost
from truecost.ranges import Value

MINUTES_PER_MONTH = HOURS_PER_MONTH * 60


def api(spec: Api, work: Work, path: str, book: Book) -> Served:
    """Charges of calling a model over an API."""
    price = book.catalog.prices(spec.model, book.as_of, spec.provider)
    per_call = usd_per_call(spec, price, work, path, book)
    prices = path_multiples(spec, path, book)
    charges: list[Charge] = []
    overflow: Value = 1.0
    if spec.provisioned is not None:
        charge, overflow = _provisioned(spec.provisioned, work, path, book)
        charges.append(charge)
    calls = book.quantity(
        f"{path}.calls",
        work.calls * overflow,
        "calls",
        "calls to the main model, less what bought capacity or own chips carry",
        (f"calls_to_model.{work.name}", *([f"{path}.provisioned.units"] if spec.provisioned else [])),
    )
    charges.append(
        Charge(
            "api",
            f"{spec.model} API",
            Payee.MODEL_VENDOR,
            calls * per_call * prices,
            "calls x USD a call at list price x price path",
            (f"{path}.calls", f"{path}.usd_per_call", f"{path}.price_path"),
            basis=Basis.FACT,
            source=price_source(price),
            quantity=calls * (work.input_tokens + work.output_tokens) / 1e6,
            unit="Mtok",
        )
    )
    details = {"usd_per_call": per_call * first_of(prices)}
    return Served("api", f"{spec.model} from {price.provider}", tuple(charges), details)


def first_of(by_month: Value) -> Value:
    """The first month of a monthly value."""
    return by_month if np.ndim(by_month) == 0 else np.asarray(by_month)[0]


def price_source(price: ApiPrice) -> str:
    """Where the input price comes from."""
    return price.fact("input").source


def usd_per_call(spec: Api, price: ApiPrice, work: Work, path: str, book: Book) -> Value:
    """List price of one call, negotiated discount off."""
    batch = work.batch and spec.service_tier is None and price.has("input", tier="batch")
    tier = "batch" if batch else (spec.service_tier or "standard")
    kinds = [k for k in ("input", "output", "cache_read", "cache_write") if price.has(k, tier=tier)]
    for kind in kinds:
        book.fact(price.fact(kind, tier=tier))
    if work.batch and not batch and spec.service_tier is None:
        book.warn(
            path,
            f"{spec.model} has no batch price on record: the class that can wait pays the standard price",
        )
    usage = Usage(
        input_tokens=work.input_tokens,
        output_tokens=work.output_tokens,
        cache_read_tokens=work.input_tokens * work.cache_read_share,
        cache_write_tokens=work.input_tokens * work.cache_write_share,
    )
    for note in billing_notes(price, usage, tier=tier):
        book.warn(f"{path}: {note}", f"{path}: {note}")
    cost = expected_cost(price, usage, work.input_sigma, tier=tier) * (1 - given_or(spec.discount, 0.0))
    return book.quantity(
        f"{path}.usd_per_call",
        cost,
        "USD/call",
        "input, cache and output tokens x their list prices x (1 - discount)",
        [f"demand.requests.{work.name}.{f}" for f in ("input_tokens", "output_tokens", "cacheable_share")]
        + [price.fact(kind, tier=tier).key for kind in kinds]
        + [f"{path}.discount"],
    )


def path_multiples(spec: Api, path: str, book: Book) -> Value:
    """The price by month over the price at the start."""
    if spec.price_path is None:
        return 1.0
    shocks = [(s.month, s.multiple) for s in spec.price_path.shocks]
    moves = price_multiples(book.months, given_or(spec.price_path.trend_per_year, 0.0), shocks)
    return book.quantity(
        f"{path}.price_path",
        moves,
        "x",
        "(1 + trend)^(month / 12) x shocks so far",
        (f"{path}.price_path.trend_per_year",),
    )


def _provisioned(terms: Provisioned, work: Work, path: str, book: Book) -> tuple[Charge, Value]:
    """The fixed charge, and the share of calls above the bought capacity in the hours of the month."""
    capacity = terms.units * terms.tokens_per_unit_minute * MINUTES_PER_MONTH
    load = sigma_from_peak(book.rate("usage/peak_to_mean"))
    carried = mean_share_below_cap(capacity / np.maximum(work.tokens, 1e-9), load)
    fixed = provisioned_cost(terms.units, terms.usd_per_unit_hour, HOURS_PER_MONTH)
    charge = Charge(
        "provisioned",
        "Provisioned capacity",
        Payee.MODEL_VENDOR,
        fixed * np.ones((book.months, 1)),
        "units x USD a unit-hour x 730.5 hours",
        (f"{path}.provisioned.units", f"{path}.provisioned.usd_per_unit_hour"),
        basis=Basis.ASSUMPTION,
        variable_share=0.0,
    )
    return charge, 1 - carried
