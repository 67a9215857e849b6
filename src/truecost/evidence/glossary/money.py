"""Examples of money: what an H100 costs bought, by the month and by the hour; margins, runway, payback."""

from __future__ import annotations

import math

import numpy as np

from truecost.catalog.facts import Fact
from truecost.evidence.glossary.example import (
    HOURS_PER_MONTH,
    HOURS_PER_YEAR,
    Example,
    Facts,
    middle,
    number,
    over,
)
from truecost.evidence.glossary.prices import SMALL, mean_call
from truecost.finance.annuity import annuity_payment
from truecost.finance.cluster import amortized_hardware_cost, cluster_usd_per_chip
from truecost.finance.crossing import payback_month
from truecost.finance.depreciation import price_after_progress
from truecost.finance.discount import monthly_rate, net_present_value
from truecost.finance.runway import cash_balance, runway_months
from truecost.physics.energy import energy_kwh
from truecost.units import show

W_PER_KW = 1000.0
SUBSCRIPTION_USD, QUERIES_PER_DAY, DAYS_PER_MONTH = 20.0, 15.0, 30.4375
CHURN = 0.05
CASH_USD, ENGINEERS, MONTHS_AHEAD = 1.5e6, 5, 120
YEARS = 3.0
Rests = tuple[Fact, ...]


def installed_usd(facts: Facts) -> tuple[float, Rests]:
    """USD of an H100 with its part of server and network, and the facts behind it."""
    bare = facts.catalog.purchase("h100-sxm", facts.as_of)
    server, network = facts.rate("server_overhead/other"), facts.rate("interconnect/share_of_cluster")
    usd = cluster_usd_per_chip(middle(bare), middle(server), middle(network))
    return number(usd), (bare, server, network)


def power_usd_per_month(facts: Facts) -> tuple[float, Rests]:
    """USD of an H100's electricity for a month in the United States, and the facts behind it."""
    tdp = facts.chip("h100-sxm").tdp_w
    assert tdp is not None
    keys = ("power/server_overhead", "power/average_load_gpu", "pue/hyperscaler", "electricity/us")
    server, load, pue, price = (facts.rate(key) for key in keys)
    kwh = energy_kwh(HOURS_PER_MONTH, middle(tdp), middle(server), middle(load), middle(pue))
    return number(kwh) * middle(price), (tdp, server, load, pue, price)


def hosting_usd_per_month(facts: Facts) -> tuple[float, Rests]:
    """USD of an H100's place in a data centre for a month, and the facts behind it."""
    tdp = facts.chip("h100-sxm").tdp_w
    assert tdp is not None
    server, hosting = facts.rate("power/server_overhead"), facts.rate("hosting/usd_per_kw_month")
    return middle(tdp) * middle(server) / W_PER_KW * middle(hosting), (tdp, server, hosting)


def level_usd_per_month(facts: Facts) -> tuple[float, Rests]:
    """USD a month that repays an installed H100 over its life, and the facts behind it."""
    usd, rests = installed_usd(facts)
    cost, life = facts.rate("capital/cost_per_year"), facts.rate("hardware/life_months")
    payment = annuity_payment(usd, monthly_rate(middle(cost)), middle(life))
    return number(payment), (*rests, cost, life)


def net_rent_usd_per_month(facts: Facts) -> tuple[float, Rests]:
    """USD a month that an H100 brings when rented out, less its power and its place."""
    rent, busy = facts.rent("h100-sxm"), facts.rate("serving/target_utilization_at_peak")
    power, hosting = power_usd_per_month(facts), hosting_usd_per_month(facts)
    income = middle(rent) * middle(busy) * HOURS_PER_MONTH
    return income - power[0] - hosting[0], (rent, busy, *power[1], *hosting[1])


def installed_price_of_h100(facts: Facts) -> Example:
    """An H100 with its part of server and network."""
    usd, rests = installed_usd(facts)
    bare, server, network = (middle(fact) for fact in rests)
    return Example(
        "H100 SXM, installed",
        f"{show(bare, 'USD')} x {server:g} / (1 - {network:g})",
        usd,
        "USD/chip",
        "truecost.finance.cluster.cluster_usd_per_chip",
        rests,
    )


def power_of_h100_for_a_month(facts: Facts) -> Example:
    """A month's electricity of an H100."""
    usd, rests = power_usd_per_month(facts)
    tdp, server, load, pue, price = (middle(fact) for fact in rests)
    return Example(
        "H100 SXM, electricity in the United States",
        f"{tdp:g} W x {server:.3g} x {load:g} x {pue:g} x {HOURS_PER_MONTH:g} h x {price:g} USD/kWh",
        usd,
        "USD/chip-month",
        "truecost.physics.energy.energy_kwh",
        rests,
    )


def owning_h100_by_the_hour(facts: Facts) -> Example:
    """An hour of an H100 of one's own, staff left out."""
    parts = [part(facts) for part in (level_usd_per_month, power_usd_per_month, hosting_usd_per_month)]
    level, power, hosting = (usd for usd, _ in parts)
    return Example(
        "H100 SXM of one's own, staff left out",
        f"({level:,.0f} + {power:,.0f} + {hosting:,.0f} USD/month) / {HOURS_PER_MONTH:g} h",
        (level + power + hosting) / HOURS_PER_MONTH,
        "USD/chip-hour",
        "truecost.finance.annuity.annuity_payment",
        tuple(fact for _, rests in parts for fact in rests),
    )


def wear_of_h100_by_the_hour(facts: Facts) -> Example:
    """What an hour's use takes off the value of a new H100."""
    usd, rests = installed_usd(facts)
    decline = facts.rate("claims/hardware_decline_ooms")
    return Example(
        "H100 SXM, new, by the hour",
        f"{show(usd, 'USD')} x {middle(decline):g} x ln 10 / {HOURS_PER_YEAR:,.0f} h",
        number(amortized_hardware_cost(1.0, usd, 0.0, middle(decline))),
        "USD/chip-hour",
        "truecost.finance.cluster.amortized_hardware_cost",
        (*rests, decline),
    )


def level_payment_for_h100(facts: Facts) -> Example:
    """The monthly payment for an installed H100."""
    usd, rests = level_usd_per_month(facts)
    cost, life = rests[-2:]
    return Example(
        "H100 SXM, installed, over its life",
        f"{show(installed_usd(facts)[0], 'USD')} at {middle(cost):.1%} a year over {middle(life):.0f} months",
        usd,
        "USD/month",
        "truecost.finance.annuity.annuity_payment",
        rests,
    )


def value_of_a_chip_after_3_years(facts: Facts) -> Example:
    """What is left of a chip's price after three years of progress."""
    decline = facts.rate("claims/hardware_decline_ooms")
    return Example(
        "a chip after 3 years",
        f"10^(-{middle(decline):g} x {YEARS:g})",
        number(price_after_progress(1.0, YEARS, middle(decline))),
        "share of the price",
        "truecost.finance.depreciation.price_after_progress",
        (decline,),
        (f"{YEARS:g} years",),
    )


def margin_of_a_subscriber(facts: Facts) -> Example:
    """The margin of a subscriber of the mean use, the model's cost alone."""
    usd, rests = mean_call(facts)
    cost = usd * QUERIES_PER_DAY * DAYS_PER_MONTH
    return Example(
        f"20 USD a month, 15 calls a day of {SMALL}",
        f"(20 - {cost:.3g}) / 20, the cost of the model alone",
        (SUBSCRIPTION_USD - cost) / SUBSCRIPTION_USD,
        "share of revenue",
        "truecost.pricing.api.api_cost",
        rests,
        ("20 USD a month", "15 calls a day"),
    )


def tokens_a_second_that_pay_an_h100(facts: Facts) -> Example:
    """Output tokens a second that a rented H100 must write to cost less than an API."""
    rent, written = facts.rent("h100-sxm"), facts.price(SMALL, "output")
    return Example(
        f"a rented H100 against the output of {SMALL}",
        f"{rent.value} USD / 3,600 s / {middle(written) * 1e6:g} USD/Mtok",
        over(rent, lambda usd: usd / 3600 / middle(written)),
        "tokens/s",
        "truecost.plan.break_even",
        (rent, written),
        ("output alone, of equal quality",),
    )


def months_of_a_customer(facts: Facts) -> Example:
    """How long the mean customer stays."""
    del facts
    law = "truecost.plan.demand"
    return Example("5 % leave a month", f"1 / {CHURN:g}", 1 / CHURN, "months", law, (), ("5 % a month",))


def runway_of_a_team(facts: Facts) -> Example:
    """How long a team's cash lasts without revenue."""
    salary = facts.rate("staff/engineer_loaded")
    spent = np.full(MONTHS_AHEAD, ENGINEERS * middle(salary) / 12)
    return Example(
        f"{ENGINEERS} engineers on {show(CASH_USD, 'USD')}",
        f"{show(CASH_USD, 'USD')} less {show(float(spent[0]), 'USD')} a month",
        number(runway_months(cash_balance(CASH_USD, spent))),
        "months",
        "truecost.finance.runway.runway_months",
        (salary,),
        (f"{show(CASH_USD, 'USD')} of cash", f"{ENGINEERS} people, no revenue"),
    )


def payback_of_a_bought_chip(facts: Facts) -> Example:
    """The month in which an H100 rented out has paid for itself."""
    usd, rests = installed_usd(facts)
    income, more = net_rent_usd_per_month(facts)
    balance = np.cumsum(np.full(MONTHS_AHEAD, income)) - usd
    month = number(payback_month(balance))
    if math.isinf(month):
        raise LookupError("at today's rent a bought H100 does not pay for itself in ten years")
    return Example(
        "H100 SXM bought and rented out",
        f"{show(usd, 'USD')} against {show(income, 'USD')} a month after power and hosting",
        month,
        "months",
        "truecost.finance.crossing.payback_month",
        (*rests, *more),
    )


def npv_of_renting_out_h100(facts: Facts) -> Example:
    """What an H100 rented out is worth over its life, less its price."""
    usd, rests = installed_usd(facts)
    income, more = net_rent_usd_per_month(facts)
    cost, life = facts.rate("capital/cost_per_year"), facts.rate("hardware/life_months")
    months = round(middle(life))
    series = f"{show(income, 'USD')} a month for {months} months"
    return Example(
        "H100 SXM bought and rented out",
        f"{series} at {middle(cost):.1%} a year - {show(usd, 'USD')}",
        number(net_present_value(np.full(months, income), middle(cost), upfront_usd=usd)),
        "USD",
        "truecost.finance.discount.net_present_value",
        (*rests, *more, cost, life),
        ("rent that stays what it is",),
    )


FIGURES = (
    installed_price_of_h100,
    power_of_h100_for_a_month,
    owning_h100_by_the_hour,
    wear_of_h100_by_the_hour,
    level_payment_for_h100,
    value_of_a_chip_after_3_years,
    margin_of_a_subscriber,
    tokens_a_second_that_pay_an_h100,
    months_of_a_customer,
    runway_of_a_team,
    payback_of_a_bought_chip,
    npv_of_renting_out_h100,
)
