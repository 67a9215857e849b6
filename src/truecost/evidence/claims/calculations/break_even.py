"""From which volume serving oneself costs no more than an API; from which load owning beats renting."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from truecost.evidence.claims.calculations.owning import HOURS_PER_MONTH, OWNED, held_and_power
from truecost.evidence.claims.calculations.serving import MODEL, REQUEST, SERVED, layout, point_of
from truecost.evidence.claims.working import Curve, Line, Needed, Working, calculation_of, mid, spaced
from truecost.physics.serving import ServingSetup
from truecost.ranges import Value

if TYPE_CHECKING:
    from truecost.catalog.architectures import Architecture

SECONDS_PER_MONTH = HOURS_PER_MONTH * 3600.0
PER_MTOK = 1e-6
SIZES = {"llama-3.1-8b": "8B", "llama-3.1-70b": "70B", "llama-3.1-405b": "405B"}


def volume(usd_per_token: Value, usd_per_replica: Value, tokens_per_replica: Value, spare: Value) -> Value:
    """Tokens a month from which whole replicas and spares cost no more than the API for good; inf for never.

    n = the largest whole number below (R spare + a K) / (a K - R), the answer R (n + spare) / a: the law of
    `truecost.plan.break_even.self_hosting_volume` without a fixed part, and without loading the plans.

    >>> float(volume(1.0, 4.0, 10.0, 1.0)), float(volume(1.0, 40.0, 10.0, 1.0))
    (12.0, inf)
    """
    saved = usd_per_token * tokens_per_replica
    gain = saved - usd_per_replica
    pays = np.greater(gain, 0)
    bound = (usd_per_replica * spare + saved) / np.where(pays, gain, 1.0)
    replicas = np.maximum(np.ceil(bound) - 1, 1.0)
    found = np.where(pays, usd_per_replica * (replicas + spare) / usd_per_token, np.inf)
    return found if np.ndim(found) else float(found)


@calculation_of(
    "self_hosting_volume",
    "Tokens a month from which serving oneself costs no more than the API",
    "tokens/month",
    {
        **REQUEST,
        "usd_per_mtok": Needed("API price of a mixed token", "USD/Mtok"),
        **SERVED,
        "spare": Needed("spare replicas", "replicas", {"rate": "serving/spare_replicas"}),
    },
    MODEL,
)
def self_hosting_volume(at: Working) -> Value:
    """Whole replicas and spares against the API; against its price as curves, by model and load."""
    setup = layout(
        at.model(),
        at.chip(),
        ServingSetup(at["input_tokens"], at["output_tokens"], precision=at.word("precision")),
    )
    chips = setup.tensor_parallel_size
    rent = at.step(
        f"{at.model().name} on {chips} × {at.chip().name}",
        "chips × rent × 730 h",
        chips * at["usd_per_chip_hour"] * HOURS_PER_MONTH,
        "USD/month",
    )
    tokens = at["input_tokens"] + at["output_tokens"]
    seconds = point_of(at.model(), at.chip(), setup).replica_seconds_per_request * at["residual"]
    capacity = at.step(
        "tokens of a replica",
        "seconds of a month × load / seconds a request × tokens",
        SECONDS_PER_MONTH * at["utilization"] / seconds * tokens,
        "tokens/month",
    )
    result = volume(at["usd_per_mtok"] * PER_MTOK, rent, capacity, at["spare"])
    at.curve(lambda: _by_price(at))
    return at.step(
        "break-even volume", "whole replicas and spares cost what the API does", result, "tokens/month"
    )


def _by_price(at: Working) -> Curve:
    prices = spaced(0.1, 30.0, 41)
    lines: list[Line] = []
    for name, size in SIZES.items():
        for load in (0.1, 0.5):
            found = _volumes(at, at.catalog.model(name), load, prices)
            lines.append(Line(f"{size} at {load * 100:.0f} %", found))
    return Curve(
        "Break-even volume by the API's price, for Llama 3.1 by size and load",
        "API price",
        "USD/Mtok",
        "break-even volume",
        "tokens/month",
        prices,
        tuple(lines),
        marks=(("1 B tokens a month", 1e9),),
    )


def _volumes(at: Working, model: Architecture, load: float, prices: tuple[float, ...]) -> tuple[float, ...]:
    question, answer = mid(at.values["input_tokens"]), mid(at.values["output_tokens"])
    setup = layout(model, at.chip(), ServingSetup(question, answer, precision=at.word("precision")))
    rent = setup.tensor_parallel_size * mid(at.values["usd_per_chip_hour"]) * HOURS_PER_MONTH
    seconds = float(np.median(point_of(model, at.chip(), setup).replica_seconds_per_request)) * mid(
        at.values["residual"]
    )
    capacity = SECONDS_PER_MONTH * load / seconds * (question + answer)
    return tuple(float(volume(price * PER_MTOK, rent, capacity, mid(at.values["spare"]))) for price in prices)


@calculation_of(
    "owning_load",
    "The load from which own chips cost less than rent by the hour",
    "share",
    {
        **OWNED,
        "usd_per_chip_hour": Needed(
            "rent by the hour", "USD/chip-hour", {"rental": "$chip", "term": "on_demand"}
        ),
    },
    {"chip": "h100-sxm"},
)
def owning_load(at: Working) -> Value:
    """(Annuity + hosting) a month over (rent - electricity an hour) x 730 h; against the load as a curve."""
    held, power = held_and_power(at)
    rent = at["usd_per_chip_hour"]
    load = held / (np.maximum(rent - power, 1e-9) * HOURS_PER_MONTH)
    at.curve(lambda: _own_and_rent(mid(held), mid(power), mid(rent)))
    return at.step(
        "load from which owning is cheaper", "held a month / ((rent - electricity) × 730 h)", load, "share"
    )


def _own_and_rent(held: float, power: float, rent: float) -> Curve:
    loads = spaced(0.02, 1.0, 31)
    return Curve(
        "An hour of use of a chip, owned and rented by the hour",
        "share of the hours in use",
        "share",
        "cost of an hour of use",
        "USD/chip-hour",
        loads,
        (
            Line("owned", tuple(held / (load * HOURS_PER_MONTH) + power for load in loads)),
            Line("rented by the hour", tuple(rent for _ in loads)),
        ),
    )


@calculation_of(
    "own_training_pays",
    "Spending on an API from which training a model of one's own pays",
    "USD",
    {
        "programme_usd": Needed(
            "a generation of GPT-4's time, experiments and staff",
            "USD",
            {"rate": "development/gpt4"},
        ),
        "saved_share": Needed(
            "saved of the API's bill by own chips",
            "share",
            {
                "assumed": "0.25 .. 0.94",
                "support": "share",
                "why": "list prices of 1.3 to 17 times the cost of serving oneself, as api-markup comes out",
            },
        ),
    },
)
def own_training_pays(at: Working) -> Value:
    """Programme / share saved."""
    return at.step("spending", "programme / share saved", at["programme_usd"] / at["saved_share"], "USD")
