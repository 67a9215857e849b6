"""Examples of people and planet: a labeller's pay, a red team, a site's energy, a chip's emissions."""

from __future__ import annotations

from truecost.evidence.glossary.example import HOURS_PER_YEAR, Example, Facts, middle, number, over
from truecost.physics.energy import carbon_tco2e, energy_kwh
from truecost.units import show

HOURS_PER_ATTEMPT = 0.5
"""Set for the example; no record gives it."""


def take_home_of_a_labeller(facts: Facts) -> Example:
    """What a labeller keeps of the buyer's price."""
    price, taken = facts.rate("annotation/buyer_price_sama"), facts.rate("annotation/intermediary_share")
    return Example(
        "of an hour that the buyer paid 12.50 USD for"
        if middle(price) == 12.5
        else "of an hour of the buyer's",
        f"{middle(price):g} USD x (1 - {taken.value})",
        over(taken, lambda share: middle(price) * (1 - share)),
        "USD/hour",
        "truecost.plan.programme.judgement",
        (price, taken),
    )


def red_team_of_2022(facts: Facts) -> Example:
    """What a red team of the size on record costs."""
    attacks, price = facts.rate("safety/anthropic_2022_attacks"), facts.rate("safety/red_team_usd_per_hour")
    hours = middle(attacks) * HOURS_PER_ATTEMPT
    return Example(
        f"{middle(attacks):,.0f} attempts of half an hour",
        f"{show(hours, 'h')} x {price.value} USD/hour",
        over(price, lambda usd: hours * usd),
        "USD",
        "truecost.plan.programme.safety",
        (attacks, price),
        ("half an hour an attempt",),
    )


def pue_of_the_industry(facts: Facts) -> Example:
    """The mean PUE of the industry beside that of the largest operators."""
    mean, best = facts.rate("pue/industry_average"), facts.rate("pue/hyperscaler")
    return Example(
        f"the industry's mean; {middle(best):g} at the largest",
        "as recorded",
        middle(mean),
        "ratio of facility to server energy",
        "truecost.catalog",
        (mean, best),
    )


def emissions_of_a_chip_year(facts: Facts) -> Example:
    """A year of an H100 on the grid of the United States."""
    tdp = facts.chip("h100-sxm").tdp_w
    assert tdp is not None
    keys = ("power/server_overhead", "power/average_load_gpu", "pue/hyperscaler", "carbon/us")
    server, load, pue, grid = (facts.rate(key) for key in keys)
    kwh = number(energy_kwh(HOURS_PER_YEAR, middle(tdp), middle(server), middle(load), middle(pue)))
    return Example(
        "an H100 for a year, scope 2, United States",
        f"{show(kwh, 'kWh')} x {middle(grid):.3g} kgCO2e/kWh / 1,000",
        number(carbon_tco2e(kwh, middle(grid))),
        "tCO2e",
        "truecost.physics.energy.carbon_tco2e",
        (tdp, server, load, pue, grid),
    )


FIGURES = (take_home_of_a_labeller, red_team_of_2022, pue_of_the_industry, emissions_of_a_chip_year)
