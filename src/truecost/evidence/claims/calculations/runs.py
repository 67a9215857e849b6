"""Training runs: chip-hours from what is known of a run, and what they cost by each way of counting."""

from __future__ import annotations

from truecost.evidence.claims.working import Needed, Working, calculation_of
from truecost.finance.cluster import (
    Energy,
    OwnCluster,
    Rental,
    acquisition_cost,
    run_cost_by_method,
)
from truecost.physics.energy import energy_kwh
from truecost.physics.flops import training_flops_from_parameters
from truecost.physics.training import HOURS_PER_DAY, chip_hours, run_days
from truecost.ranges import Value

WAYS = {
    "cloud": ("rented for three years", "chip-hours × the price under a 3-year commitment"),
    "cloud-on-demand": ("rented on demand", "chip-hours × the on-demand price"),
    "amortized": ("wear and energy of own chips", "chip-hours × wear of the cluster an hour + energy"),
}
PAID = {
    "reserved_usd_per_chip_hour": Needed(
        "rent under a 3-year commitment", "USD/chip-hour", {"rental": "$chip", "term": "reserved_3y"}
    ),
    "on_demand_usd_per_chip_hour": Needed(
        "rent on demand", "USD/chip-hour", {"rental": "$chip", "term": "on_demand"}
    ),
    "usd_per_chip": Needed("price of a chip", "USD/chip", {"purchase": "$chip"}),
    "server_overhead": Needed("server price over chip price", "x", {"rate": "server_overhead/other"}),
    "interconnect_share": Needed(
        "network's share of the cluster", "share", {"rate": "interconnect/share_of_cluster"}
    ),
    "decline_ooms_per_year": Needed(
        "decline of price per performance",
        "orders of magnitude a year",
        {"rate": "claims/hardware_decline_ooms"},
    ),
    "years_since_purchase": Needed(
        "from purchase to the run", "years", {"assumed": 0, "why": "bought at the price of the day"}
    ),
    "chip_tdp_w": Needed("rated power of a chip", "W", {"chip": "$chip", "has": "tdp_w"}),
    "server_power": Needed("server power over chip power", "x", {"rate": "power/server_overhead"}),
    "average_load": Needed("average load", "share", {"rate": "power/average_load_gpu"}),
    "pue": Needed("power usage effectiveness", "x", {"rate": "pue/hyperscaler"}),
    "usd_per_kwh": Needed("electricity", "USD/kWh", {"rate": "electricity/us"}),
}
UTILIZATION = Needed("utilization of the whole run", "share", {"rate": "utilization/whole_run"})
PEAK = Needed("dense peak of a chip", "FLOP/s", {"chip": "$chip", "has": "peak_flops/bf16"})
CHIP_TEXT = {"chip": "h100-sxm"}


def cost_by_way(at: Working, hours: Value, chips: Value | None = None) -> Value:
    """The cost of chip-hours by each way, noted; the first way is the result."""
    own = OwnCluster(
        at["usd_per_chip"],
        at["server_overhead"],
        at["interconnect_share"],
        at["years_since_purchase"],
        at["decline_ooms_per_year"],
        chips,
    )
    kwh = energy_kwh(hours, at["chip_tdp_w"], at["server_power"], at["average_load"], at["pue"])
    rental = Rental(at["reserved_usd_per_chip_hour"], at["on_demand_usd_per_chip_hour"])
    costs = run_cost_by_method(hours, own, Energy(kwh, at["usd_per_kwh"]), rental)
    for method, (name, formula) in WAYS.items():
        at.way(name, at.step(name, formula, costs[method], "USD"))
    if chips is not None:
        cluster = acquisition_cost(chips, own.usd_per_chip)
        at.step("the whole cluster bought", "chips × price of a chip with server and network", cluster, "USD")
    return costs["cloud"]


@calculation_of(
    "run_from_tokens",
    "A run from its parameters and tokens, by way of counting",
    "USD",
    {
        "parameters": Needed("parameters", "parameters"),
        "tokens": Needed("tokens", "tokens"),
        "peak_flops": PEAK,
        "utilization": UTILIZATION,
        **PAID,
    },
    CHIP_TEXT,
    has_methods=True,
)
def run_from_tokens(at: Working) -> Value:
    """6 N D, chip-hours at the utilization, then the cost by way of counting."""
    flops = at.step(
        "compute",
        "6 × parameters × tokens",
        training_flops_from_parameters(at["parameters"], at["tokens"]),
        "FLOP",
    )
    hours = at.step(
        "chip-hours",
        "compute / (peak × utilization × 3,600 s)",
        chip_hours(flops, at["peak_flops"], at["utilization"]),
        "chip-hours",
    )
    return cost_by_way(at, hours)


@calculation_of(
    "run_from_flops",
    "A run from its compute, by way of counting",
    "USD",
    {
        "flops": Needed("compute of the run", "FLOP"),
        "chips": Needed(
            "chips of the cluster", "chips", {"assumed": 1, "why": "size of the cluster not used"}
        ),
        "peak_flops": PEAK,
        "utilization": UTILIZATION,
        **PAID,
    },
    CHIP_TEXT,
    has_methods=True,
)
def run_from_flops(at: Working) -> Value:
    """Chip-hours at the utilization, then the cost by way of counting."""
    hours = at.step(
        "chip-hours",
        "compute / (peak × utilization × 3,600 s)",
        chip_hours(at["flops"], at["peak_flops"], at["utilization"]),
        "chip-hours",
    )
    return cost_by_way(at, hours, at["chips"])


@calculation_of(
    "run_from_chip_hours",
    "A run from its chip-hours, by way of counting",
    "USD",
    {"chip_hours": Needed("chip-hours of the run", "chip-hours"), **PAID},
    CHIP_TEXT,
    has_methods=True,
)
def run_from_chip_hours(at: Working) -> Value:
    """The cost by way of counting."""
    return cost_by_way(at, at["chip_hours"])


@calculation_of(
    "run_from_cluster",
    "A run from its chips and days, by way of counting",
    "USD",
    {"chips": Needed("chips", "chips"), "days": Needed("days", "days"), **PAID},
    CHIP_TEXT,
    has_methods=True,
)
def run_from_cluster(at: Working) -> Value:
    """Chips x days x 24 h, then the cost by way of counting."""
    hours = at.step(
        "chip-hours", "chips × days × 24 h", at["chips"] * at["days"] * HOURS_PER_DAY, "chip-hours"
    )
    return cost_by_way(at, hours, at["chips"])


@calculation_of(
    "run_duration",
    "How long a run takes on so many chips",
    "months",
    {
        "flops": Needed("compute of the run", "FLOP"),
        "chips": Needed("chips", "chips"),
        "peak_flops": PEAK,
        "utilization": UTILIZATION,
    },
    CHIP_TEXT,
    has_methods=True,
)
def run_duration(at: Working) -> Value:
    """Chip-hours over chips; a month is 30.4 days."""
    hours = at.step(
        "chip-hours",
        "compute / (peak × utilization × 3,600 s)",
        chip_hours(at["flops"], at["peak_flops"], at["utilization"]),
        "chip-hours",
    )
    days = at.step("days", "chip-hours / (chips × 24 h)", run_days(hours, at["chips"]), "days")
    return at.step("months", "days × 12 / 365", days * 12 / 365, "months")
