"""A model's life: what its answers cost against what its training did, and when one passes the other."""

from __future__ import annotations

import numpy as np

from truecost.evidence.claims.working import Curve, Line, Needed, Working, calculation_of, floats, mid, spaced
from truecost.finance.crossing import crossover_month
from truecost.ranges import Value
from truecost.units import show

DAYS_PER_YEAR = 365.0
DAYS_PER_MONTH = DAYS_PER_YEAR / 12
HORIZON_MONTHS = 120
DEMAND = {
    "queries_per_day": Needed("queries a day", "queries/day"),
    "usd_per_query": Needed("cost of a query", "USD/query", {"rate": "claims/usd_per_query"}),
}
SERVED_MONTHS = Needed(
    "months a generation is served",
    "months",
    {
        "assumed": "6 .. 18",
        "why": "from the usual time between a vendor's releases to the longest life that articles give",
    },
)
TRAINING = Needed("training of a generation, experiments included", "USD", {"rate": "development/gpt4"})


@calculation_of(
    "inference_share",
    "Inference's share of inference and training",
    "share",
    {
        **DEMAND,
        "training_usd": TRAINING,
        "months": SERVED_MONTHS,
    },
)
def inference_share(at: Working) -> Value:
    """Inference / (inference + training) over a generation; against queries a day as a curve."""
    days = at["months"] * DAYS_PER_MONTH
    inference = at.step(
        "inference", "queries × cost × days", at["queries_per_day"] * at["usd_per_query"] * days, "USD"
    )
    training = at.step("training", "of the generation", at["training_usd"], "USD")
    at.curve(lambda: _by_queries(at))
    return at.step(
        "inference's share", "inference / (inference + training)", inference / (inference + training), "share"
    )


def _by_queries(at: Working) -> Curve:
    queries = spaced(1e5, 1e9, 41)
    per_query = mid(at.values["usd_per_query"]) * mid(at.values["months"]) * DAYS_PER_MONTH
    training = mid(at.values["training_usd"])
    shares = [q * per_query / (q * per_query + training) for q in queries]
    return Curve(
        "Inference's share by demand",
        "queries a day",
        "queries/day",
        "inference's share",
        "share",
        queries,
        (Line("inference's share", tuple(shares)),),
        marks=(("80 %", 0.8), ("90 %", 0.9)),
    )


@calculation_of(
    "crossover_month",
    "The month in which cumulative inference passes training",
    "months",
    {
        **DEMAND,
        "training_usd": TRAINING,
        "growth_per_month": Needed(
            "growth of demand",
            "share a month",
            {
                "assumed": "0 .. 0.15",
                "support": "real",
                "why": "from a settled product to one that grows fivefold a year",
            },
        ),
    },
)
def crossover(at: Working) -> Value:
    """First month in which queries x cost, growing, add up to the training."""
    first = at.step(
        "inference of the first month",
        "queries × cost × 365/12 days",
        at["queries_per_day"] * at["usd_per_query"] * DAYS_PER_MONTH,
        "USD",
    )
    growth = np.broadcast_arrays(np.asarray(at["growth_per_month"], dtype=np.float64), np.asarray(first))[0]
    months = np.arange(HORIZON_MONTHS, dtype=np.float64).reshape(-1, *(1,) * growth.ndim)
    inference = np.cumsum(first * np.power(1 + growth, months), axis=0)
    training = np.broadcast_to(np.asarray(at["training_usd"], dtype=np.float64), inference.shape)
    found = crossover_month(inference, training)
    return at.step("crossover", f"first month with more, in {HORIZON_MONTHS}", found, "months")


@calculation_of(
    "weeks_to_repay",
    "How long inference takes to burn what training cost",
    "weeks",
    {
        "training_usd": Needed("training", "USD"),
        "usd_per_day": Needed("inference a day", "USD/day"),
        "usd_per_day_more": Needed("inference of a larger product a day", "USD/day"),
    },
)
def weeks_to_repay(at: Working) -> Value:
    """Training / inference a day / 7, at both days."""
    training = at["training_usd"]
    for name in ("usd_per_day", "usd_per_day_more"):
        said = f"at {show(mid(at[name]), 'USD/day')}"
        days = at.step(f"days {said}", "training / inference a day", training / at[name], "days")
        at.way(said, at.step(f"weeks {said}", "days / 7", days / 7, "weeks"))
    return next(iter(at.ways.values()))


@calculation_of(
    "lifetime_tokens",
    "Tokens of a model's life over those it was trained on",
    "ratio",
    {
        "queries_per_day": Needed("queries a day", "queries/day"),
        "input_tokens": Needed("input tokens", "tokens/query", {"rate": "usage/conversation_input_tokens"}),
        "output_tokens": Needed(
            "output tokens", "tokens/query", {"rate": "usage/conversation_output_tokens"}
        ),
        "months": SERVED_MONTHS,
        "training_tokens": Needed("training tokens", "tokens", {"rate": "claims/frontier_training_tokens"}),
    },
)
def lifetime_tokens(at: Working) -> Value:
    """Queries x tokens x days / training tokens; those written, and all of them."""
    calls = at["queries_per_day"] * at["months"] * DAYS_PER_MONTH
    written = at.step("tokens written", "queries × output × days", calls * at["output_tokens"], "tokens")
    passed = at.step(
        "tokens read and written",
        "queries × (input + output) × days",
        calls * (at["input_tokens"] + at["output_tokens"]),
        "tokens",
    )
    known = at["training_tokens"]
    at.way(
        "written",
        at.step("written over training", "tokens written / training tokens", written / known, "ratio"),
    )
    at.way(
        "read and written",
        at.step("all over training", "all tokens / training tokens", passed / known, "ratio"),
    )
    return at.ways["written"]


@calculation_of(
    "training_exponent",
    "How fast training cost grows with the size of the model",
    "exponent",
    {
        "tokens_exponent": Needed(
            "growth of the dataset with the model",
            "exponent",
            {"assumed": 0, "why": "a fixed dataset, as stated"},
        )
    },
)
def training_exponent(at: Working) -> Value:
    """d ln(6 N D) / d ln N with D proportional to N ^ a, by doubling N."""
    from truecost.physics.flops import training_flops_from_parameters

    parameters, tokens, doubled = 1e10, 1e12, 2.0
    once = training_flops_from_parameters(parameters, tokens)
    twice = training_flops_from_parameters(
        doubled * parameters, tokens * np.power(doubled, at["tokens_exponent"])
    )
    growth = at.step("twice the model", "6 N D of twice the parameters / of once", twice / once, "ratio")
    return at.step("exponent", "ln(growth) / ln 2", np.log(growth) / np.log(doubled), "exponent")


@calculation_of(
    "energy_ratio",
    "Electricity of serving over that of training",
    "ratio",
    {
        "queries_per_day": Needed("queries a day", "queries/day"),
        "wh_per_query": Needed("electricity of a query", "Wh/query", {"rate": "claims/wh_per_query"}),
        "months": SERVED_MONTHS,
        "training_kwh": Needed("electricity of training", "kWh", {"rate": "claims/frontier_training_kwh"}),
    },
)
def energy_ratio(at: Working) -> Value:
    """Queries x Wh x days / training."""
    kwh = at["queries_per_day"] * at["wh_per_query"] / 1000 * at["months"] * DAYS_PER_MONTH
    served = at.step("serving", "queries × Wh × days", kwh, "kWh")
    return at.step("serving over training", "one over the other", served / at["training_kwh"], "ratio")


__all__ = ["floats"]
