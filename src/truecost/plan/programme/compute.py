"""Compute of the programme: chip-hours of a run from its FLOPs, and the money for a chip-hour."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from truecost.finance.cluster import Energy, OwnCluster, energy_cost, run_cost_by_method
from truecost.lines import Payee
from truecost.physics.flops import training_flops, training_flops_from_parameters
from truecost.physics.training import (
    adapter_tuning_flops,
    chip_hours,
    chips_for_days,
    fine_tuning_flops,
    run_days,
)
from truecost.plan.book import Book, first_of, given_or
from truecost.plan.power import energy_of, regional, server_overhead_key
from truecost.plan.programme.run_share import final_run_share, fine_tune_share
from truecost.plan.schema.programme import Chips, FineTune, TrainingRun
from truecost.ranges import Value

CONTEXT_TOKENS = 4096.0


@dataclass(frozen=True, slots=True)
class ChipRate:
    """USD for a chip-hour, and who is paid; `own` where it is wear and energy of hardware of one's own."""

    usd_per_chip_hour: Value
    payee: Payee
    inputs: tuple[str, ...]
    own: Owned | None = None


@dataclass(frozen=True, slots=True)
class Owned:
    """Hardware behind a price of wear and energy: what it costs, the facts of that, and the energy's part."""

    cluster: OwnCluster
    price_inputs: tuple[str, ...]
    energy_share: Value
    """Share of the price of a chip-hour that is energy, paid as it is used; the rest is wear."""


def run_flops(
    model: str | dict[str, Any] | None, active: Value | None, tokens: Value, context: Value | None, book: Book
) -> Value:
    """Training FLOPs from an architecture, or 6 x active parameters x tokens where it is not public."""
    if model is not None:
        return training_flops(book.catalog.model(model), tokens, given_or(context, CONTEXT_TOKENS))
    return training_flops_from_parameters(given_or(active, 0.0), tokens)


def final_run_chip_hours(spec: TrainingRun, path: str, book: Book) -> Value:
    """Enter the chip-hours of the final run: as recorded, or FLOPs / (dense peak x utilization)."""
    if spec.chip_hours is not None:
        return book.quantity(
            "programme.final_run_chip_hours",
            spec.chip_hours,
            "chip-hours",
            "as recorded",
            (f"{path}.chip_hours",),
        )
    flops = spec.flops
    if flops is None:
        flops = run_flops(
            spec.model, spec.active_parameters, given_or(spec.tokens, 0.0), spec.context_tokens, book
        )
        book.quantity(
            "programme.final_run_flops",
            flops,
            "FLOP",
            "3 x forward FLOPs a token x tokens (6 x active parameters x tokens, plus attention)",
            (f"{path}.model", f"{path}.active_parameters", f"{path}.tokens"),
        )
    chip = book.catalog.accelerator(spec.chip)
    peak = chip.dense_peak(spec.precision)
    share = final_run_share(spec, flops, path, book)
    return book.quantity(
        "programme.final_run_chip_hours",
        chip_hours(flops, peak, share.value),
        "chip-hours",
        f"FLOPs / (dense {spec.precision} peak of {chip.name}, {peak:.4g} FLOP/s, x utilization x 3,600 s)",
        ("programme.final_run_flops" if spec.flops is None else f"{path}.flops", share.key),
    )


def fine_tune_chip_hours(spec: FineTune, path: str, book: Book) -> Value:
    """Enter the chip-hours of one fine-tune."""
    forward = (
        run_flops(spec.model, spec.active_parameters, spec.tokens, None, book)
        / 3
        / np.maximum(spec.tokens, 1.0)
    )
    law = adapter_tuning_flops if spec.method == "lora" else fine_tuning_flops
    flops = law(forward, spec.tokens)
    peak = book.catalog.accelerator(spec.chip).dense_peak(spec.precision)
    share = fine_tune_share(spec, path, book)
    return book.quantity(
        f"{path}.chip_hours",
        chip_hours(flops, peak, share.value),
        "chip-hours",
        "6 x active parameters x tokens (4 for LoRA) / (dense peak x utilization x 3,600 s)",
        (f"{path}.model", f"{path}.active_parameters", f"{path}.tokens", share.key),
    )


def chip_rate(spec: Chips, path: str, book: Book) -> ChipRate:
    """USD a chip-hour: as stated, the dated rent, or what own hardware wears and draws; first month."""
    key = f"{path}.usd_per_chip_hour"
    dearer = first_of(book.move("chip_price"))
    if spec.usd_per_chip_hour is not None:
        return ChipRate(spec.usd_per_chip_hour * dearer, Payee.CLOUD, (key,))
    if spec.pay == "rented":
        price = book.default(key, book.catalog.rental(spec.chip, book.as_of, spec.term))
        return ChipRate(price * dearer, Payee.CLOUD, (key,))
    own, energy, inputs = own_hardware(spec.chip, 1.0, book)
    cost = run_cost_by_method(1.0, own, energy)["amortized"]
    owned = Owned(own, inputs[:3], energy_cost(energy.kwh, energy.usd_per_kwh) / cost)
    book.quantity(
        key,
        cost,
        "USD/chip-hour",
        "installed chip price x replacement rate / 8,766 h + power x load x PUE x USD a kWh",
        inputs,
    )
    return ChipRate(cost, Payee.CHIPS, (key,), owned)


def chips_of_run(spec: TrainingRun, hours: Value, path: str, book: Book) -> Value | None:
    """Chips of the final run: as stated, or what its days take; None where the plan says neither."""
    if spec.chips is not None:
        book.quantity("programme.final_run_chips", spec.chips, "chips", "as stated", (f"{path}.chips",))
        book.quantity(
            "programme.final_run_days",
            run_days(hours, spec.chips),
            "days",
            "chip-hours / chips / 24",
            ("programme.final_run_chip_hours", f"{path}.chips"),
        )
        return spec.chips
    if spec.days is None:
        return None
    return book.quantity(
        "programme.final_run_chips",
        chips_for_days(hours, spec.days),
        "chips",
        "chip-hours / days / 24",
        ("programme.final_run_chip_hours", f"{path}.days"),
    )


def own_hardware(chip_name: str, hours: Value, book: Book) -> tuple[OwnCluster, Energy, tuple[str, ...]]:
    """Hardware of one's own at today's price and its energy over some chip-hours, and the facts used."""
    chip = book.catalog.accelerator(chip_name)
    price = book.catalog.purchase(chip_name, book.as_of)
    drawn = energy_of(chip, hours, book.rate("pue/hyperscaler"), book)
    usd_per_kwh, places = regional("electricity", {}, book.region, book)
    keys = (
        server_overhead_key(chip.key),
        "interconnect/share_of_cluster",
        "hardware/replacement_rate_per_year",
    )
    server, network, wear = (book.rate(k) for k in keys)
    bare = book.fact(price) * first_of(book.move("chip_price"))
    own = OwnCluster(bare, server, network, 0.0, wear / math.log(10))
    return own, Energy(drawn.kwh, usd_per_kwh), (price.key, *keys, *drawn.inputs, "pue/hyperscaler", *places)
