"""Chips: what they cost, hold and can do."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from truecost.evidence.claims.working import MissingFact, Needed, Working, calculation_of
from truecost.ranges import Value

if TYPE_CHECKING:
    from truecost.catalog.accelerators import Accelerator


@calculation_of(
    "chip_price",
    "Price of a chip",
    "USD",
    {"usd_per_chip": Needed("price of a chip", "USD/chip", {"purchase": "$chip"})},
    {"chip": "h100-sxm"},
)
def chip_price(at: Working) -> Value:
    """Bare chip, over sellers near the day."""
    return at.step("a chip", "sellers' prices near the day, without server", at["usd_per_chip"], "USD")


@calculation_of(
    "chip_price_and_rent",
    "Price and rent of a chip",
    "USD",
    {
        "usd_per_chip": Needed("price of a chip", "USD/chip", {"purchase": "$chip"}),
        "usd_per_chip_hour": Needed("rent on demand", "USD/chip-hour", {"rental": "$chip"}),
    },
    {"chip": "a100-sxm-80"},
)
def chip_price_and_rent(at: Working) -> Value:
    """Both; the price is the result."""
    price = at.step("a chip", "sellers' prices near the day, without server", at["usd_per_chip"], "USD")
    rent = at.step("its rent", "sellers' prices on demand", at["usd_per_chip_hour"], "USD/chip-hour")
    at.step("hours of rent in the price", "price / rent", price / rent, "hours")
    return price


@calculation_of(
    "memory_cost_share",
    "Memory's share of a chip's price",
    "share",
    {
        "memory_bytes": Needed("memory", "bytes", {"chip": "$chip", "has": "memory_bytes"}),
        "usd_per_gb": Needed("price of high-bandwidth memory", "USD/GB", {"rate": "claims/hbm_usd_per_gb"}),
        "usd_per_chip": Needed("price of a chip", "USD/chip", {"purchase": "$chip"}),
        "cost_of_making": Needed("cost of making a chip", "USD/chip", {"rate": "claims/h100_cost_of_making"}),
    },
    {"chip": "h100-sxm"},
)
def memory_cost_share(at: Working) -> Value:
    """GB x price a GB over the chip's price; beside it over the cost of making it."""
    memory = at.step("its memory", "GB × price a GB", at["memory_bytes"] / 1e9 * at["usd_per_gb"], "USD")
    of_price = at.step("of the price", "memory / price", memory / at["usd_per_chip"], "share")
    at.way("of the chip's price", of_price)
    at.way(
        "of the cost of making it",
        at.step("of the cost of making it", "memory / cost", memory / at["cost_of_making"], "share"),
    )
    return of_price


@calculation_of(
    "chip_saving",
    "What another chip saves for the same work, bought and rented",
    "share",
    {
        "gain": Needed(
            "share of its peak it reaches, over the other's", "x", {"rate": "claims/other_chip_efficiency"}
        )
    },
    {"chip": "h100-sxm", "others": ["mi300x", "gaudi2"], "precision": "bf16"},
)
def chip_saving(at: Working) -> Value:
    """1 - (price / peak x efficiency) over the same of the reference chip, by chip and way to pay."""
    reference = at.chip()
    gain = at["gain"]
    savings: list[Value] = []
    for name in at.words("others"):
        other = at.catalog.accelerator(name)
        speed = other.dense_peak(at.word("precision")) / reference.dense_peak(at.word("precision"))
        at.step(f"{other.name}, peak", f"over {reference.name}", speed, "ratio")
        for way, ask in (("bought", at.catalog.purchase), ("rented", at.catalog.rental)):
            asked = [at.fact(f"{chip.name}, {way}", ask(chip.key, at.as_of)) for chip in (other, reference)]
            price = asked[0] / asked[1]
            at.step(f"{other.name}, {way}", f"price over {reference.name}", price, "ratio")
            saving = at.step(
                f"{other.name} {way} saves",
                "1 - price ratio / (peak ratio × efficiency)",
                1 - price / (speed * gain),
                "share",
            )
            at.way(f"{other.name} {way}", saving)
            savings.append(saving)
    if not savings:
        raise MissingFact("another chip")
    return savings[0]


@calculation_of(
    "chip_peak",
    "What a chip can do at its dense peak",
    "FLOP/s",
    {},
    {"chip": "h100-sxm", "precisions": ["bf16", "fp8"]},
)
def chip_peak(at: Working) -> Value:
    """Dense peak by precision, and the chip's other figures."""
    chip = at.chip()
    for precision in at.words("precisions"):
        said = f"dense {precision}"
        peak = at.fact(f"{chip.name}, {said}", chip.dense_peak_fact(precision))
        at.way(said, at.step(said, "datasheet", peak, "FLOP/s"))
    for what, fact, unit in (
        ("memory bandwidth", chip.memory_bandwidth_bytes_per_s, "bytes/s"),
        ("memory", chip.memory_bytes, "bytes"),
    ):
        at.step(what, "datasheet", at.fact(f"{chip.name}, {what}", fact), unit)
    return next(iter(at.ways.values()))


def _memory(at: Working, chip: Accelerator) -> float:
    """GB of a chip, noted."""
    return at.fact(f"{chip.name}, memory", chip.memory_bytes) / 1e9


@calculation_of(
    "memories",
    "Memory of a chip, and the most of another class by the day",
    "GB",
    {},
    {"chip": "h100-sxm", "class": ["rtx-3090", "rtx-4090", "rtx-5090"]},
)
def memories(at: Working) -> Value:
    """The chip's memory; the largest of the class released by the day."""
    own = at.step(at.chip().name, "datasheet", _memory(at, at.chip()), "GB")
    at.way("the chip", own)
    sizes: list[float] = []
    for name in at.words("class"):
        chip = at.catalog.accelerator(name)
        if chip.release is not None and chip.release <= at.as_of:
            sizes.append(float(at.step(f"{chip.name}, {chip.release}", "datasheet", _memory(at, chip), "GB")))
    if not sizes:
        raise MissingFact(f"a chip of the class before {at.as_of}")
    at.way(
        "the other cards",
        at.step("the most of the class", "of those released by the day", float(np.max(sizes)), "GB"),
    )
    return own


@calculation_of(
    "class_prices", "Prices of the chips of a class", "USD", {}, {"class": ["rtx-4090", "rtx-5090"]}
)
def class_prices(at: Working) -> Value:
    """Sellers' prices near the day, by chip."""
    for name in at.words("class"):
        chip = at.catalog.accelerator(name)
        at.way(
            chip.name,
            at.step(
                chip.name,
                "sellers' prices near the day",
                at.fact(chip.name, at.catalog.purchase(name, at.as_of)),
                "USD",
            ),
        )
    if not at.ways:
        raise MissingFact("a chip of the class with a price")
    return next(iter(at.ways.values()))
