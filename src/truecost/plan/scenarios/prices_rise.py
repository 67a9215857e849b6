"""Prices rise: every API price of serving a few times over, borne by the plan or passed on to its users."""

from __future__ import annotations

from truecost.plan.scenarios.assignments import what_if_too
from truecost.plan.scenarios.situation import Change, DoesNotApply, Situation

LARGEST_RISE = 1000.0


def prices_rise(before: Situation, multiple: float) -> Change:
    """Every API price of serving times `multiple`, from the first month."""
    before.must_pay_an_api()
    sets = (what_if_too(before.document.value, [{"api_price": multiple}]),)
    return Change(f"Every API price is {multiple:g} times what the plan has, from the first month.", sets)


def passed_on(before: Situation, multiple: float) -> Change:
    """The same, with prices asked from users raised so far that it would be covered if nobody left.

    Formula: 1 + mean extra cost / mean revenue after the fees in proportion to it. Users then respond by
    their tier's elasticity, or the catalog's.
    """
    borne = prices_rise(before, multiple)
    asked = covering_multiple(before, borne.sets)
    changes = [{"api_price": multiple}, {"asked_price": asked}]
    return Change(
        f"Every API price is {multiple:g} times what the plan has, and prices asked are {asked:g} times what "
        "they are: that would cover it if nobody left, but users respond.",
        (what_if_too(before.document.value, changes),),
        "how users answer a rise of this size: elasticities are measured on smaller ones",
    )


def covering_multiple(before: Situation, sets: tuple[str, ...]) -> float:
    """What all asked prices must be multiplied by to pay for what the assignments cost, if nobody leaves."""
    plan, dearer = before.variant, before.variants.of((*before.sets, *sets))
    fees = plan.outcome("fee_share")
    kept = float((plan.revenue.sum(axis=0) * (1 - (0.0 if fees is None else fees))).mean())
    if kept <= 0:
        raise DoesNotApply("nobody pays in this plan: there is no price that a rise could be passed on in")
    multiple = 1 + float((dearer.cost_usd - plan.cost_usd).mean()) / kept
    if multiple > LARGEST_RISE:
        raise DoesNotApply(f"prices would have to rise {multiple:,.0f} times over: nobody could pass that on")
    return float(f"{multiple:.4g}")
