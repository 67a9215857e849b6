"""The scenarios that ship: each reads a plan and says what it changes in it, or why it does not apply."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from truecost.plan.scenarios.commoditization import commoditization
from truecost.plan.scenarios.consolidation import diversified, price_doubles, provider_gone
from truecost.plan.scenarios.prices_rise import passed_on, prices_rise
from truecost.plan.scenarios.situation import Change, Situation

Build = Callable[[Situation], Change]

SHIPPED: Mapping[str, Build] = {
    "prices-rise-3x": partial(prices_rise, multiple=3.0),
    "prices-rise-5x": partial(prices_rise, multiple=5.0),
    "prices-rise-3x-passed-on": partial(passed_on, multiple=3.0),
    "prices-rise-5x-passed-on": partial(passed_on, multiple=5.0),
    "consolidation-price-doubles": price_doubles,
    "consolidation-provider-gone": provider_gone,
    "consolidation-diversified": diversified,
    "commoditization": commoditization,
}

FAMILIES: Mapping[str, tuple[str, ...]] = {
    family: tuple(name for name in SHIPPED if name.startswith(f"{family}-"))
    for family in ("prices-rise", "consolidation")
}
"""Names that stand for several scenarios."""
