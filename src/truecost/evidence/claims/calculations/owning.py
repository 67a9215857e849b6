"""What an hour of a chip of one's own costs: the price of the cluster over its life, its place, its power."""

from __future__ import annotations

from truecost.evidence.claims.working import Needed, Working
from truecost.finance.annuity import annuity_payment
from truecost.finance.cluster import cluster_usd_per_chip
from truecost.finance.discount import monthly_rate
from truecost.ranges import Value

HOURS_PER_MONTH = 730.0
OWNED = {
    "usd_per_chip": Needed("price of a chip", "USD/chip", {"purchase": "$chip"}),
    "server_overhead": Needed("server price over chip price", "x", {"rate": "server_overhead/other"}),
    "interconnect_share": Needed(
        "network's share of the cluster", "share", {"rate": "interconnect/share_of_cluster"}
    ),
    "life_months": Needed("life of the hardware", "months", {"rate": "hardware/life_months"}),
    "cost_of_capital": Needed("cost of capital", "share a year", {"rate": "capital/cost_per_year"}),
    "chip_tdp_w": Needed("rated power of a chip", "W", {"chip": "$chip", "has": "tdp_w"}),
    "server_power": Needed("server power over chip power", "x", {"rate": "power/server_overhead"}),
    "hosting": Needed("hosting", "USD/kW-month", {"rate": "hosting/usd_per_kw_month"}),
    "usd_per_kwh": Needed("electricity", "USD/kWh", {"rate": "electricity/us"}),
}


def held_and_power(at: Working) -> tuple[Value, Value]:
    """USD a month that a chip costs used or not, and USD of electricity an hour of use, noted."""
    price = cluster_usd_per_chip(at["usd_per_chip"], at["server_overhead"], at["interconnect_share"])
    price = at.step("a chip with server and network", "chip × overhead / (1 - network's share)", price, "USD")
    payment = annuity_payment(price, monthly_rate(at["cost_of_capital"]), at["life_months"])
    payment = at.step("its annuity", "level payment over its life", payment, "USD/month")
    kw = at["chip_tdp_w"] * at["server_power"] / 1000
    held = at.step("held, used or not", "annuity + kW × hosting", payment + kw * at["hosting"], "USD/month")
    power = at.step("electricity in use", "kW × price", kw * at["usd_per_kwh"], "USD/chip-hour")
    return held, power


def own_hour(at: Working) -> Value:
    """USD an hour of a chip of one's own that runs all day, noted."""
    held, power = held_and_power(at)
    return at.step(
        "an hour of a chip of one's own",
        "held a month / 730 h + electricity",
        held / HOURS_PER_MONTH + power,
        "USD/chip-hour",
    )
