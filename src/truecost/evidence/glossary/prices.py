"""Examples of prices: a call, a cache, a batch, a commitment, a rise."""

from __future__ import annotations

from truecost.catalog.facts import Fact
from truecost.evidence.glossary.example import HOURS_PER_MONTH, Example, Facts, middle, number, over
from truecost.pricing.api import Usage, api_cost
from truecost.pricing.provisioned import provisioned_cost
from truecost.units import show

SMALL = "gpt-4.1-mini"
WRITTEN = "claude-sonnet-5"
TIMES_DEARER = 2.0


def mean_call(facts: Facts) -> tuple[float, tuple[Fact, ...]]:
    """USD of the mean conversation call on record with a small model, and the facts behind it."""
    asked = facts.rate("usage/conversation_input_tokens_azure_2023")
    answered = facts.rate("usage/conversation_output_tokens_azure_2023")
    price = facts.catalog.prices(SMALL, facts.as_of)
    usd = number(api_cost(price, Usage(middle(asked), middle(answered))))
    return usd, (asked, answered, price.fact("input"), price.fact("output"))


def call_of_gpt_4_1_mini(facts: Facts) -> Example:
    """USD of a call of gpt-4.1-mini."""
    usd, rests = mean_call(facts)
    asked, answered, read, written = (middle(fact) for fact in rests)
    return Example(
        f"a call of {SMALL}",
        f"{asked:,.0f} x {read * 1e6:g} + {answered:,.0f} x {written * 1e6:g} USD/Mtok",
        usd,
        "USD/call",
        "truecost.pricing.api.api_cost",
        rests,
    )


def input_cost_with_a_prefix_cache(facts: Facts) -> Example:
    """What input costs with the cache hits of a published service, over input without a cache."""
    share, read = facts.rate("usage/cache_hit_share_deepseek"), facts.price(SMALL, "cache_read")
    plain = facts.price(SMALL, "input")
    ratio = middle(read) / middle(plain)
    return Example(
        f"{SMALL}, {middle(share):.0%} of the input found",
        f"1 - {middle(share):.3g} x (1 - {ratio:.3g})",
        1 - middle(share) * (1 - ratio),
        "share of the input cost",
        "truecost.pricing.api.api_cost",
        (share, read, plain),
    )


def cache_read_over_input(facts: Facts) -> Example:
    """The price of a cached token over that of a plain one."""
    read, plain = facts.price(SMALL, "cache_read"), facts.price(SMALL, "input")
    return Example(
        SMALL,
        f"{middle(read) * 1e6:g} / {middle(plain) * 1e6:g} USD/Mtok",
        middle(read) / middle(plain),
        "share of the input price",
        "truecost.catalog.api_prices.ApiPrice.fact",
        (read, plain),
    )


def reads_that_pay_a_cache_write(facts: Facts) -> Example:
    """Reads after which a cache write has paid for itself."""
    written, read, plain = (facts.price(WRITTEN, kind) for kind in ("cache_write", "cache_read", "input"))
    write_usd, read_usd, plain_usd = (middle(fact) * 1e6 for fact in (written, read, plain))
    return Example(
        f"{WRITTEN}, kept for five minutes",
        f"({write_usd:g} - {plain_usd:g}) / ({plain_usd:g} - {read_usd:g})",
        (write_usd - plain_usd) / (plain_usd - read_usd),
        "reads",
        "truecost.catalog.api_prices.ApiPrice.fact",
        (written, read, plain),
    )


def batch_over_standard(facts: Facts) -> Example:
    """A batch's price over the standard one."""
    batch, plain = facts.price(SMALL, "output", "batch"), facts.price(SMALL, "output")
    return Example(
        f"{SMALL}, a token of output",
        f"{middle(batch) * 1e6:g} / {middle(plain) * 1e6:g} USD/Mtok",
        middle(batch) / middle(plain),
        "share of the price",
        "truecost.catalog.api_prices.ApiPrice.fact",
        (batch, plain),
    )


def a_unit_held_for_a_month(facts: Facts) -> Example:
    """One unit of capacity held for a month, priced like a rented H100."""
    rent = facts.rent("h100-sxm")
    return Example(
        "a unit at the rent of an H100",
        f"1 x {rent.value} USD x {HOURS_PER_MONTH:g} h",
        over(rent, lambda usd: provisioned_cost(1.0, usd, HOURS_PER_MONTH)),
        "USD/month",
        "truecost.pricing.provisioned.provisioned_cost",
        (rent,),
        ("a unit priced like a rented H100: the catalog holds no vendor's price of a unit",),
    )


def busy_share_that_pays_a_reservation(facts: Facts) -> Example:
    """How busy a chip must be for a year's commitment to pay."""
    reserved, free = facts.rent("h100-sxm", "reserved_1y"), facts.rent("h100-sxm")
    return Example(
        "H100 SXM, one year against on demand",
        f"{middle(reserved):.3g} / {middle(free):.3g} USD/chip-hour, medians",
        middle(reserved) / middle(free),
        "share of hours",
        "truecost.catalog.hardware_prices.rental",
        (reserved, free),
    )


def spot_price_of_h100(facts: Facts) -> Example:
    """The spot price of an H100."""
    fact = facts.rent("h100-sxm", "spot")
    law = "truecost.catalog.hardware_prices.rental"
    return Example("H100 SXM", "over sellers near the day", fact.value, "USD/chip-hour", law, (fact,))


def users_kept_after_a_price_rise(facts: Facts) -> Example:
    """The share of users who stay when the price doubles."""
    fact = facts.rate("demand/price_elasticity")
    return Example(
        "a price that doubles",
        f"{TIMES_DEARER:g}^({fact.value})",
        over(fact, lambda elasticity: TIMES_DEARER**elasticity),
        "share of users",
        "truecost.plan.demand",
        (fact,),
        ("a price that doubles",),
    )


def marginal_cost_of_a_call(facts: Facts) -> Example:
    """A thousand more calls of a small model."""
    usd, rests = mean_call(facts)
    return Example(
        f"a thousand more calls of {SMALL}",
        f"1,000 x {show(usd, 'USD')}",
        1000 * usd,
        "USD a thousand calls",
        "truecost.pricing.api.api_cost",
        rests,
    )


FIGURES = (
    call_of_gpt_4_1_mini,
    input_cost_with_a_prefix_cache,
    cache_read_over_input,
    reads_that_pay_a_cache_write,
    batch_over_standard,
    a_unit_held_for_a_month,
    busy_share_that_pays_a_reservation,
    spot_price_of_h100,
    users_kept_after_a_price_rise,
    marginal_cost_of_a_call,
)
