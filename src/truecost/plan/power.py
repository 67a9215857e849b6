"""Power and energy of chips: what they draw, what a kWh costs and emits where they stand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from truecost.catalog.accelerators import Accelerator
from truecost.physics.energy import energy_kwh
from truecost.plan.book import Book
from truecost.ranges import Value


@dataclass(frozen=True, slots=True)
class Drawn:
    """Energy of some chip-hours at the meter, the power of a chip with its part of the server, the facts."""

    kwh: Value
    kw_per_chip: Value
    inputs: tuple[str, ...]


def energy_of(chip: Accelerator, chip_hours: Value, pue: Value, book: Book) -> Drawn:
    """kWh = chip-hours x TDP x server overhead x average load x PUE; raises LookupError without a TDP."""
    if chip.tdp_w is None:
        raise LookupError(
            f"the catalog has no power figure for {chip.name}: give one with --catalog, or rent it"
        )
    load = "power/average_load_tpu" if chip.kind == "TPU" else "power/average_load_gpu"
    around = power_overhead_key(chip)
    tdp, overhead = book.fact(chip.tdp_w), book.rate(around)
    kwh = energy_kwh(chip_hours, tdp, overhead, book.rate(load), pue)
    return Drawn(kwh, tdp * overhead / 1000, (chip.tdp_w.key, around, load))


def power_overhead_key(chip: Accelerator) -> str:
    """The rate of server power over chip power on record for a chip: its family, TPUs, or the H100's."""
    if chip.kind == "TPU":
        return "power/server_overhead_tpu"
    family = next((f for f in ("a100", "v100") if f in chip.key), None)
    if family is None:
        return "power/server_overhead" if chip.vendor == "NVIDIA" else "power/server_overhead_other"
    return f"power/server_overhead_{family}"


def regional(
    kind: str, regions: Mapping[str, Value], fallback: str, book: Book
) -> tuple[Value, tuple[str, ...]]:
    """A regional rate ("electricity", "carbon") weighted over where the work is done, and its keys."""
    where = regions or {fallback: 1.0}
    keys = tuple(f"{kind}/{region}" for region in where)
    total: Value = 0.0
    for key, share in zip(keys, where.values(), strict=True):
        total = total + book.rate(key) * share
    return total, keys


def server_overhead_key(chip: str) -> str:
    """The rate of server price over chip price on record for a chip's family.

    >>> server_overhead_key("a100-sxm-80"), server_overhead_key("h100-sxm")
    ('server_overhead/a100', 'server_overhead/other')
    """
    family = next((f for f in ("a100", "v100", "p100") if f in chip), "other")
    return f"server_overhead/{family}"
