"""Commoditization: open models catch up, API prices and chip prices fall on their paths; and the month from
which self-hosting is the cheaper of the two, if ever.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from truecost.plan.break_even import STAND_IN
from truecost.plan.scenarios.assignments import assignment, what_if_too
from truecost.plan.scenarios.situation import Change, Situation
from truecost.plan.schema import Plan
from truecost.plan.schema.serving import PricePath
from truecost.plan.variants import Variant, Variants
from truecost.ranges import FloatArray
from truecost.spec import SpecError

TRENDS = {
    "api_price_trend_per_year": "market/api_price_trend_per_year",
    "chip_price_trend_per_year": "market/chip_price_trend_per_year",
}


def commoditization(before: Situation) -> Change:
    """API and chip prices fall on the market's path, which takes the place of the plan's own trends."""
    written = before.document.value
    trends = {name: before.value(rate) for name, rate in TRENDS.items()}
    sets = [*_own_trends(written), what_if_too(written, [trends])]
    return Change(
        "Open models catch up: API prices for the same quality and prices of chips fall on the path of "
        "recent years, which takes the place of the plan's own trends.",
        tuple(sets),
        "whether the plan can move to each cheaper model, and what each move takes",
    )


def _own_trends(plan: Plan) -> list[str]:
    """Take away what the plan itself says of the same trends."""
    sets: list[str] = []
    for name, serving in plan.serving.items():
        for option in ("api", "self_hosted"):
            given = getattr(serving, option)
            path: PricePath | None = given.price_path if given is not None else None
            at = f"serving.{name}.{option}.price_path"
            if path is not None and path.trend is not None:
                sets.append(assignment(at, {"shocks": [*path.shocks]}))
            elif path is not None and path.trend_per_year is not None:
                sets.append(assignment(f"{at}.trend_per_year", None))
    return sets


def self_hosting_from(variants: Variants, sets: Sequence[str]) -> dict[str, FloatArray]:
    """For each class on an API alone: the month, from 1, from which own chips cost no more for good, or inf.

    Own chips are those the plan states for the class, else an open stand-in on one kind of chip. Cost is by
    month: what porting takes is in it only where the plan states it.
    """
    on_api = variants.of(sets)
    classes = [n for n, s in on_api.plan.serving.items() if s.options[0] == "api"]
    if not classes:
        return {}
    try:
        on_chips = variants.of((*sets, *_on_chips(on_api.plan, classes)))
    except SpecError:
        return {}
    return {name: lasting_month(_monthly(on_api, name), _monthly(on_chips, name)) for name in classes}


def _on_chips(plan: Plan, classes: Sequence[str]) -> list[str]:
    sets: list[str] = []
    for name in classes:
        if plan.serving[name].self_hosted is None:
            sets.append(assignment(f"serving.{name}.self_hosted", STAND_IN))
        sets.append(assignment(f"serving.{name}.use", "self_hosted"))
    return sets


def _monthly(variant: Variant, name: str) -> FloatArray:
    return np.broadcast_to(variant.served[name].cost, variant.cost.shape)


def lasting_month(api_usd: FloatArray, own_usd: FloatArray) -> FloatArray:
    """The month, from 1, from which the second costs no more than the first to the end, or inf; one a draw.

    >>> lasting_month(np.array([[5.0], [5.0], [5.0]]), np.array([[6.0], [5.0], [4.0]])).tolist()
    [2.0]
    """
    loses = own_usd > api_usd
    months = len(loses)
    last = np.where(loses.any(axis=0), months - np.argmax(loses[::-1], axis=0), 0)
    return np.where(last == months, np.inf, last + 1.0)
