"""Serving over an API: dated list prices by token kind, discounts, a price path, provisioned capacity,
a standby and a switch to another model."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from truecost.catalog.api_prices import STANDARD, ApiPrice, NoOffer
from truecost.lines import Basis, Offer, Payee
from truecost.lognormal import mean_share_below_cap, sigma_from_peak
from truecost.plan.book import HOURS_PER_MONTH, Book, first_of, given_or
from truecost.plan.price_trends import trend_fact
from truecost.plan.schema.serving import Api, OtherModel, PricePath, Provisioned, Switch
from truecost.plan.serving.work import Charge, Served, Work
from truecost.pricing.api import Usage, billing_notes, expected_cost
from truecost.pricing.path import price_multiples
from truecost.pricing.provisioned import provisioned_cost
from truecost.ranges import Value

MINUTES_PER_MONTH = HOURS_PER_MONTH * 60


def api(spec: Api, work: Work, path: str, book: Book) -> Served:
    """Charges of calling a model over an API, and of the model that stands by or takes over."""
    price = book.catalog.prices(spec.model, book.as_of, spec.provider)
    per_call, at_list = usd_per_call(spec, price, work, path, book)
    prices = path_multiples(spec, path, book)
    stays, others = _elsewhere(spec, work, path, book)
    charges: list[Charge] = []
    overflow: Value = 1.0
    if spec.provisioned is not None:
        charge, overflow = _provisioned(spec.provisioned, price, work, path, book)
        charges.append(replace(charge, amortized=charge.amortized * before_switch(spec, book)))
    calls = book.quantity(
        f"{path}.calls",
        work.calls * overflow * stays,
        "calls",
        "calls to the main model, less what bought capacity, own chips or another seller carry",
        (f"calls_to_model.{work.name}", *([f"{path}.provisioned.units"] if spec.provisioned else [])),
    )
    charges.append(
        Charge(
            "api",
            f"{spec.model} API",
            Payee.MODEL_VENDOR,
            calls * per_call * prices,
            "calls x USD a call at list price x price path",
            (f"{path}.calls", f"{path}.usd_per_call_at_start", f"{path}.price_path"),
            basis=Basis.FACT,
            source=price_source(price),
            quantity=calls * (work.input_tokens + work.output_tokens) / 1e6,
            unit="Mtok",
            offer=offer_of(price, service_tier(spec, price, work)),
            listed=None if at_list is None else calls * at_list * prices,
        )
    )
    at_start = first_of(stays) * per_call * first_of(prices)
    at_start = at_start + sum(first_of(o.share) * o.usd_per_call for o in others)
    charges += [o.charge for o in others]
    charges += _moves(spec, path, book)
    return Served("api", f"{spec.model} from {price.provider}", tuple(charges), {"usd_per_call": at_start})


@dataclass(frozen=True, slots=True)
class _Elsewhere:
    """Calls that another model answers: its charge, its share of the calls by month, its first price."""

    charge: Charge
    share: Value
    usd_per_call: Value


def before_switch(spec: Api, book: Book) -> Value:
    """1 in the months before the calls go to another model, 0 from then on."""
    return 1.0 if spec.switch is None else np.where(book.month_index < spec.switch.month, 1.0, 0.0)


def _elsewhere(spec: Api, work: Work, path: str, book: Book) -> tuple[Value, list[_Elsewhere]]:
    """The share of calls that stays with the main model, and what the others answer.

    The standby answers its share in every month; of the rest, all goes to the next model from the switch on.
    """
    standby = 0.0 if spec.standby is None else spec.standby.share
    before = before_switch(spec, book)
    found: list[_Elsewhere] = []
    if spec.standby is not None:
        found.append(_answered("standby", "standby", spec, (spec.standby, standby), (work, path, book)))
    if spec.switch is not None:
        moved = (1 - standby) * (1 - before)
        label = f"from month {spec.switch.month + 1}"
        found.append(_answered("switch", label, spec, (spec.switch, moved), (work, path, book)))
    return (1 - standby) * before, found


def _answered(
    part: str, label: str, spec: Api, other: tuple[OtherModel, Value], context: tuple[Work, str, Book]
) -> _Elsewhere:
    """What another model is paid for a share of the calls: its own list price, on the trend of the class.

    Neither the discount nor the shocks of the main model's price are the other seller's.
    """
    (named, share), (work, path, book) = other, context
    assert named.model is not None
    price = book.catalog.prices(named.model, book.as_of, named.provider)
    tier = spec.service_tier if spec.service_tier in price.tiers else None
    terms = Api.model_construct(model=named.model, provider=named.provider, service_tier=tier)
    per_call, _ = usd_per_call(terms, price, work, f"{path}.{part}", book)
    prices = path_of(without_shocks(spec.price_path), f"{path}.price_path", book) * book.move("api_price")
    calls = book.quantity(
        f"{path}.{part}.calls",
        work.calls * share,
        "calls",
        "calls x share that this model answers in the month",
        (f"calls_to_model.{work.name}", f"{path}.{part}.{'share' if part == 'standby' else 'month'}"),
    )
    charge = Charge(
        part,
        f"{named.model} API, {label}",
        Payee.MODEL_VENDOR,
        calls * per_call * prices,
        "calls x USD a call at list price x price path, without the main model's shocks",
        (f"{path}.{part}.calls", f"{path}.{part}.usd_per_call_at_start", f"{path}.price_path.trend_per_year"),
        basis=Basis.FACT,
        source=price_source(price),
        quantity=calls * (work.input_tokens + work.output_tokens) / 1e6,
        unit="Mtok",
        offer=offer_of(price, service_tier(terms, price, work)),
    )
    return _Elsewhere(charge, share, per_call * first_of(prices))


def _moves(spec: Api, path: str, book: Book) -> list[Charge]:
    """What moving takes, once: in the first month for a standby, in its month for a switch."""
    charges: list[Charge] = []
    if spec.standby is not None:
        charges.append(_move("standby", 0, spec.standby.migration_usd, path, book))
    if isinstance(spec.switch, Switch):
        charges.append(_move("switch", spec.switch.month, spec.switch.migration_usd, path, book))
    return charges


def _move(part: str, month: int, given: Value | None, path: str, book: Book) -> Charge:
    stated = f"{path}.{part}.migration_usd"
    return Charge(
        f"{part}.migration",
        "Preparing a standby" if part == "standby" else "Moving to another model",
        Payee.STAFF,
        (book.month_index == month) * book.number(stated, given, "migration/usd"),
        "USD once, in the month of the move",
        (stated,),
        basis=Basis.ASSUMPTION,
        variable_share=0.0,
    )


def price_source(price: ApiPrice) -> str:
    """Where the input price comes from."""
    return price.fact("input").source


def offer_of(price: ApiPrice, tier: str = STANDARD) -> Offer:
    """A model as its vendor's bill names it.

    >>> from datetime import date
    >>> from truecost.catalog.api_prices import prices
    >>> offer_of(prices("gpt-4.1", date(2026, 11, 22)), "batch").sku
    'openai/gpt-4.1/batch'
    """
    return Offer(price.provider, f"{price.model} API", f"{price.provider}/{price.model}/{tier}")


def service_tier(spec: Api, price: ApiPrice, work: Work) -> str:
    """The tier that is billed: as the plan says, batch for a class that can wait, else standard."""
    if spec.service_tier is not None:
        return spec.service_tier
    return "batch" if work.batch and price.has("input", tier="batch") else STANDARD


def usd_per_call(spec: Api, price: ApiPrice, work: Work, path: str, book: Book) -> tuple[Value, Value | None]:
    """Price of one call, negotiated discount off; and at list price, where that differs."""
    tier = service_tier(spec, price, work)
    kinds = [k for k in ("input", "output", "cache_read", "cache_write") if price.has(k, tier=tier)]
    for kind in kinds:
        book.fact(price.fact(kind, tier=tier))
    if work.batch and tier == STANDARD and spec.service_tier is None:
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
    undiscounted = expected_cost(price, usage, work.input_sigma, tier=tier)
    paid = book.quantity(
        f"{path}.usd_per_call_at_start",
        undiscounted * (1 - given_or(spec.discount, 0.0)),
        "USD/call",
        "input, cache and output tokens x their list prices x (1 - discount)",
        [f"demand.requests.{work.name}.{f}" for f in ("input_tokens", "output_tokens", "cacheable_share")]
        + [price.fact(kind, tier=tier).key for kind in kinds]
        + [f"{path}.discount"],
    )
    if price.at_list is price:
        return paid, None if spec.discount is None else undiscounted
    try:
        return paid, expected_cost(price.at_list, usage, work.input_sigma, tier=tier)
    except NoOffer:
        return paid, undiscounted


def path_multiples(spec: Api, path: str, book: Book) -> Value:
    """The price by month over the list price at the start: the class's own path, and the `what_if`."""
    if spec.price_path is None:
        return book.move("api_price")
    moves = path_of(spec.price_path, f"{path}.price_path", book) * book.move("api_price")
    return book.quantity(
        f"{path}.price_path",
        moves,
        "x",
        "(1 + trend)^(month / 12) x shocks so far",
        (f"{path}.price_path.trend_per_year",),
    )


def path_of(given: PricePath | None, path: str, book: Book) -> Value:
    """The price by month over the price at the start, of an API or of rented chips.

    A trend by name is entered as the fact that stands in for the yearly trend: what is drawn of it is shared
    by all prices that follow it.
    """
    if given is None:
        return 1.0
    yearly = given_or(given.trend_per_year, 0.0)
    if given.trend is not None:
        fact = trend_fact(given.trend, book.as_of, book.months)
        yearly = book.default(f"{path}.trend_per_year", fact) - 1
    return price_multiples(book.months, yearly, [(s.month, s.multiple) for s in given.shocks])


def without_shocks(given: PricePath | None) -> PricePath | None:
    """The trend of a path alone."""
    return None if given is None else given.model_copy(update={"shocks": ()})


def _provisioned(
    terms: Provisioned, price: ApiPrice, work: Work, path: str, book: Book
) -> tuple[Charge, Value]:
    """The fixed charge, and the share of calls above the bought capacity in the hours of the month."""
    capacity = terms.units * terms.tokens_per_unit_minute * MINUTES_PER_MONTH
    load = sigma_from_peak(book.rate("usage/peak_to_mean"))
    carried = mean_share_below_cap(capacity / np.maximum(work.tokens, 1e-9), load)
    fixed = provisioned_cost(terms.units, terms.usd_per_unit_hour, HOURS_PER_MONTH)
    charge = Charge(
        "provisioned",
        "Provisioned capacity",
        Payee.MODEL_VENDOR,
        fixed * book.move("api_price") * np.ones((book.months, 1)),
        "units x USD a unit-hour x 730.5 hours",
        (f"{path}.provisioned.units", f"{path}.provisioned.usd_per_unit_hour"),
        basis=Basis.ASSUMPTION,
        variable_share=0.0,
        offer=Offer(price.provider, f"{price.model} provisioned capacity"),
    )
    return charge, 1 - carried
