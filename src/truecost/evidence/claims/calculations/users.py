"""Users, features and people: how uneven use is, what is left of revenue, what labelling pays."""

from __future__ import annotations

import numpy as np

from truecost.evidence.claims.working import Curve, Line, Needed, Working, calculation_of, mid
from truecost.normal import normal_cdf, normal_quantile
from truecost.ranges import Value

RAISED = {
    "OpenAI": "claims/raised_openai_2024",
    "Anthropic": "claims/raised_anthropic_2024",
    "Inflection": "claims/raised_inflection_2023",
}


@calculation_of(
    "concentration",
    "Share of the cost that falls on the dearest features",
    "share",
    {
        "dearest": Needed("the dearest features, as a share of all", "share"),
        "sigma": Needed(
            "spread of cost over features (sigma of its logarithm)",
            "",
            {"rate": "usage/lognormal_sigma"},
        ),
    },
)
def concentration(at: Working) -> Value:
    """Lognormal costs: Phi(sigma - z), z the quantile of the rest; against the share of features as a
    curve.
    """
    z = normal_quantile(np.atleast_1d(1 - np.asarray(at["dearest"], dtype=np.float64)))
    share = normal_cdf(np.asarray(at["sigma"], dtype=np.float64) - z)
    plain = np.ndim(at.values["dearest"]) or np.ndim(at.values["sigma"])
    at.curve(lambda: _lorenz(mid(at.values["sigma"])))
    return at.step(
        "their share of the cost",
        "Φ(sigma - z), z the quantile of the other features",
        share if plain else float(share[0]),
        "share",
    )


def _lorenz(sigma: float) -> Curve:
    features = tuple(round(0.05 * step, 2) for step in range(1, 20))
    shares = normal_cdf(sigma - np.asarray(normal_quantile(1 - np.array(features))))
    return Curve(
        "Share of the cost by share of the dearest features",
        "dearest features",
        "share",
        "their share of the cost",
        "share",
        features,
        (Line(f"spread {sigma:.2f}", tuple(float(s) for s in shares)),),
        is_log=False,
    )


@calculation_of(
    "gross_margin",
    "What is left of revenue after direct cost",
    "share",
    {"revenue": Needed("revenue", "USD/year"), "direct_cost": Needed("direct cost", "USD/year")},
)
def gross_margin(at: Working) -> Value:
    """1 - direct cost / revenue."""
    left = at.step("left", "revenue - direct cost", at["revenue"] - at["direct_cost"], "USD/year")
    return at.step("gross margin", "left / revenue", left / at["revenue"], "share")


@calculation_of(
    "take_home",
    "What a labeller takes home of what the buyer pays",
    "USD/hour",
    {
        "buyer_price": Needed("paid by the buyer", "USD/hour", {"rate": "annotation/buyer_price_sama"}),
        "intermediary_share": Needed(
            "kept by the intermediary", "share", {"rate": "annotation/intermediary_share"}
        ),
        "other_record": Needed(
            "pay of the same employer's moderators", "USD/hour", {"rate": "wages/sama_moderator_kenya_2022"}
        ),
        "living_wage": Needed("living wage", "USD/hour", {"rate": "wages/living_kenya"}),
    },
)
def take_home(at: Working) -> Value:
    """Buyer's price x (1 - intermediary's share); beside it another record, and a living wage."""
    home = at.step(
        "take-home",
        "paid by the buyer × (1 - kept)",
        at["buyer_price"] * (1 - at["intermediary_share"]),
        "USD/hour",
    )
    at.way("from the buyer's price", home)
    at.way(
        "by another record",
        at.step("another record", "the same employer, a year later", at["other_record"], "USD/hour"),
    )
    at.step("over a living wage", "take-home / living wage", home / at["living_wage"], "share")
    return home


@calculation_of(
    "runway",
    "How long sums of money last",
    "months",
    {"usd_per_month": Needed("what is spent a month", "USD/month")},
    {"sums": {}},
)
def runway(at: Working) -> Value:
    """Each sum over what is spent a month."""
    from typing import cast

    result: Value = 0.0
    for name, usd in cast("dict[str, float]", at.texts["sums"]).items():
        result = at.step(name, "sum / spent a month", float(usd) / at["usd_per_month"], "months")
        at.way(str(name), result)
    return result


@calculation_of(
    "recorded_sums",
    "Sums as recorded, and how long they last",
    "USD",
    {
        **{name: Needed(name, "USD", {"rate": rate}) for name, rate in RAISED.items()},
        "usd_per_generation": Needed(
            "a generation of GPT-4's time, experiments and staff", "USD", {"rate": "development/gpt4"}
        ),
        "growth": Needed(
            "growth of what a frontier run costs",
            "x a year",
            {"rate": "generations/training_cost_growth_per_year"},
        ),
    },
)
def recorded_sums(at: Working) -> Value:
    """The sums on record, and how long each pays for one generation a year, each dearer than the last.

    Spending S e^(g t) a year adds up to a sum M after ln(1 + g M / S) / g years.
    """
    spent, growth = at["usd_per_generation"], np.log(at["growth"])
    for name in RAISED:
        raised = at[name]
        at.way(name, at.step(f"raised by {name}", "as recorded", raised, "USD"))
        at.step(f"generations that {name} could pay", "sum / a generation", raised / spent, "generations")
        at.step(
            f"what {name} raised lasts",
            "one generation a year, dearer every year by the growth",
            np.log1p(growth * raised / spent) / growth,
            "years",
        )
    return at.ways["OpenAI"]
