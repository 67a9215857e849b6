"""The money of a fleet of chips: rented under a term, or bought, financed, housed, powered and staffed."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from truecost.catalog.facts import Fact
from truecost.finance.annuity import annuity_payment
from truecost.finance.cluster import cluster_usd_per_chip
from truecost.finance.discount import monthly_rate
from truecost.finance.holding import Holding, hold, in_force
from truecost.lines import Offer, Payee
from truecost.plan.book import HOURS_PER_MONTH, Book
from truecost.plan.power import energy_of, regional, server_overhead_key
from truecost.plan.schema.serving import Ownership, SelfHosted, Term
from truecost.plan.serving.api import path_of
from truecost.plan.serving.work import Charge, Work
from truecost.ranges import FloatArray, Range, Value

TERM_MONTHS = {"on_demand": 0, "spot": 0, "reserved_1y": 12, "reserved_3y": 36}


def held_chips(spec: SelfHosted, chips: FloatArray, book: Book) -> FloatArray:
    """Chips kept by month under the plan's way of paying for them."""
    if spec.purchase == "owned":
        return hold(chips, _life(spec.ownership or Ownership(), book)).held
    return hold(chips, TERM_MONTHS[spec.purchase]).held


def _life(terms: Ownership, book: Book) -> int:
    return terms.life_months or round(_median(book.rate_fact("hardware/life_months")))


def rented(spec: SelfHosted, term: Term, chips: FloatArray, path: str, book: Book) -> list[Charge]:
    """Rent: chips held under the term x hours x USD a chip-hour x its price path."""
    price = spec.usd_per_chip_hour
    key = f"{path}.usd_per_chip_hour"
    if price is None:
        price = book.default(key, book.catalog.rental(spec.chip, book.as_of, term))
    moves = path_of(spec.price_path, f"{path}.price_path", book) * book.move("chip_price")
    holding = hold(chips, TERM_MONTHS[term])
    held = holding.held
    at_price = in_force(holding.bought * moves, TERM_MONTHS[term]) if TERM_MONTHS[term] else held * moves
    return [
        Charge(
            "rent",
            f"Rented {spec.chip}",
            Payee.CLOUD,
            at_price * HOURS_PER_MONTH * price,
            "chips held x 730.5 hours x USD a chip-hour x price path (a commitment keeps its first price)",
            (f"{path}.chips_by_month", key, f"{path}.price_path.trend_per_year"),
            quantity=held * HOURS_PER_MONTH,
            unit="chip-hours",
            offer=Offer(service=f"{spec.chip}, {term.replace('_', ' ')}"),
        )
    ]


def fleet_charges(spec: SelfHosted, chips: FloatArray, work: Work, path: str, book: Book) -> list[Charge]:
    """Everything a number of chips by month costs: bought or rented, and looked after."""
    if spec.purchase == "owned":
        return [*owned(spec, chips, work, path, book), *operations(spec, chips, path, book)]
    return [*rented(spec, spec.purchase, chips, path, book), *operations(spec, chips, path, book)]


def owned(spec: SelfHosted, chips: FloatArray, work: Work, path: str, book: Book) -> list[Charge]:
    """Purchase by annuity, cost of capital, hosting and energy of chips of one's own."""
    terms = spec.ownership or Ownership()
    at = f"{path}.ownership"
    unit = _installed_usd_per_chip(spec, terms, at, book)
    life = _life(terms, book)
    yearly = book.number(f"{at}.capital_cost_per_year", terms.capital_cost_per_year, "capital/cost_per_year")
    holding = hold(chips, life)
    paid = holding.bought * book.move("chip_price")
    priced = Holding(in_force(np.asarray(paid, dtype=np.float64), life), np.asarray(paid, dtype=np.float64))
    depreciation, interest = financed(priced, unit, life, monthly_rate(yearly))
    return [
        Charge(
            "servers",
            f"Own servers, {spec.chip}",
            Payee.CHIPS,
            depreciation,
            "annuity of servers and network over their life, less its interest",
            (f"{path}.chips_by_month", f"{at}.installed_usd_per_chip", "hardware/life_months"),
            cash=paid * unit,
            quantity=holding.held,
            unit="chip-months",
        ),
        Charge(
            "capital",
            "Cost of capital in servers",
            Payee.CAPITAL,
            interest,
            "monthly rate x what is still owed on the servers",
            (f"{at}.capital_cost_per_year", f"{at}.installed_usd_per_chip"),
            cash=0.0,
        ),
        *_housed(spec, terms, holding, (work, path), book),
    ]


def _housed(
    spec: SelfHosted, terms: Ownership, holding: Holding, where: tuple[Work, str], book: Book
) -> list[Charge]:
    work, path = where
    at = f"{path}.ownership"
    pue = book.number(f"{at}.pue", terms.pue, "pue/other")
    drawn = energy_of(book.catalog.accelerator(spec.chip), holding.held * HOURS_PER_MONTH, pue, book)
    rent = book.number(
        f"{at}.hosting_usd_per_kw_month", terms.hosting_usd_per_kw_month, "hosting/usd_per_kw_month"
    )
    usd_per_kwh, prices = terms.usd_per_kwh, (f"{at}.usd_per_kwh",)
    if usd_per_kwh is None:
        usd_per_kwh, prices = regional("electricity", work.regions, spec.region or book.region, book)
    return [
        Charge(
            "hosting",
            "Hosting of own servers",
            Payee.OTHER,
            holding.held * drawn.kw_per_chip * rent,
            "chips x TDP x server overhead x USD a kW-month",
            (f"{path}.chips_by_month", f"{at}.hosting_usd_per_kw_month", *drawn.inputs[:2]),
        ),
        Charge(
            "energy",
            "Energy of own servers",
            Payee.POWER,
            drawn.kwh * usd_per_kwh,
            "chip-hours x TDP x server overhead x load x PUE x USD a kWh",
            (f"{path}.chips_by_month", f"{at}.pue", *drawn.inputs, *prices),
            quantity=drawn.kwh,
            unit="kWh",
        ),
    ]


def _installed_usd_per_chip(spec: SelfHosted, terms: Ownership, at: str, book: Book) -> Value:
    bare = terms.usd_per_chip
    if bare is None:
        bare = book.default(f"{at}.usd_per_chip", book.catalog.purchase(spec.chip, book.as_of))
    family = server_overhead_key(book.catalog.accelerator(spec.chip).key)
    server = book.number(f"{at}.server_overhead", terms.server_overhead, family)
    network = book.number(
        f"{at}.interconnect_share", terms.interconnect_share, "interconnect/share_of_cluster"
    )
    return book.quantity(
        f"{at}.installed_usd_per_chip",
        cluster_usd_per_chip(bare, server, network),
        "USD/chip",
        "chip price x server overhead / (1 - network share of the cluster)",
        (f"{at}.usd_per_chip", f"{at}.server_overhead", f"{at}.interconnect_share"),
    )


def financed(holding: Holding, unit: Value, life: int, monthly_rate: Value) -> tuple[FloatArray, FloatArray]:
    """Depreciation and interest by month of chips paid off by a level annuity over their life.

    What is owed grows by interest and purchases and falls by the payment; depreciation is payment less
    interest, so purchases = depreciation + what is still owed at the end.
    """
    payment = holding.held * unit * annuity_payment(1.0, monthly_rate, life)
    owed = np.zeros(np.broadcast_shapes(payment[0].shape, np.shape(monthly_rate)))
    depreciation = np.empty((payment.shape[0], *owed.shape))
    interest = np.empty_like(depreciation)
    for month in range(payment.shape[0]):
        owed = owed + holding.bought[month] * unit
        interest[month] = owed * monthly_rate
        depreciation[month] = payment[month] - interest[month]
        owed = owed - depreciation[month]
    return depreciation, interest


def operations(spec: SelfHosted, chips: FloatArray, path: str, book: Book) -> list[Charge]:
    """People who keep a fleet running: as stated, or chips / chips an engineer looks after."""
    salary = book.rate("staff/ops_loaded")
    inputs: Sequence[str]
    if spec.operations_people is not None:
        people, inputs = spec.operations_people, (f"{path}.operations_people",)
    else:
        people, inputs = (
            chips / book.rate("operations/chips_per_engineer"),
            (
                f"{path}.chips_by_month",
                "operations/chips_per_engineer",
            ),
        )
    return [
        Charge(
            "operations",
            "Fleet operations staff",
            Payee.STAFF,
            people * salary / 12,
            "people x loaded salary / 12",
            (*inputs, "staff/ops_loaded"),
            quantity=people * np.ones((book.months, 1)),
            unit="person-months",
        )
    ]


def _median(fact: Fact) -> float:
    return fact.value.median if isinstance(fact.value, Range) else fact.value
