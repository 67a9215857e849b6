"""Accelerators: what one chip can do, each number a fact; read from `data/accelerators.yaml`.

Peak rates are dense. Where sources contradict each other, the value used stands beside the others in
`Accelerator.disagreements`. What a chip costs is in `hardware_prices`; how much of its peak is reached
is a law, and lives in physics.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Any, NamedTuple, TypeAlias, cast

import yaml

from truecost.catalog.facts import Confidence, Fact
from truecost.catalog.names import normalise, resolve
from truecost.ranges import Range

Entry: TypeAlias = Mapping[str, Any]

UNITS = {
    "peak_flops": "FLOP/s",
    "memory_bytes": "bytes",
    "memory_bandwidth_bytes_per_s": "bytes/s",
    "scale_up_bytes_per_s": "bytes/s, both directions together",
    "scale_out_bits_per_s": "bits/s",
    "tdp_w": "W",
}
"""The attributes of a chip that are facts, and their units."""

COMPUTED_AS = {
    "fp4": ("fp4", "fp8", "bf16", "fp16"),
    "int8": ("int8", "bf16", "fp16"),
    "fp8": ("fp8", "bf16", "fp16"),
    "bf16": ("bf16", "fp16", "fp32"),
    "fp16": ("fp16", "bf16", "fp32"),
    "tf32": ("tf32", "fp32"),
    "fp32": ("fp32",),
}
"""For each precision, the units that do the work, best first: a chip without FP8 units multiplies FP8
weights in BF16, one without BF16 units (V100, T4) in FP16. FP8 never runs on INT8 units: that is another
number format, and the weights would have to be quantized again."""

_PARTS = {
    "name", "vendor", "kind", "generation", "release", "chips_per_server", "scale_up_chips", "aliases",
    "disagrees",
} | set(UNITS)  # fmt: skip
_ORIGIN_PARTS = {"source", "checked", "confidence"}
_FACT_PARTS = {"value", "note"} | _ORIGIN_PARTS
_NEEDED = (
    "name",
    "vendor",
    "kind",
    "chips_per_server",
    "peak_flops",
    "memory_bytes",
    "memory_bandwidth_bytes_per_s",
)


@dataclass(frozen=True, slots=True)
class Accelerator:
    """One chip: a GPU, a TPU or another accelerator, by its stable `key` ("h100-sxm").

    `peak_flops` maps a precision ("bf16", "fp8", "int8", "fp4", ...) to the dense rate in FLOP/s.
    `scale_up_bytes_per_s` is the link to its peers in one server or pod, both directions added up;
    `scale_out_bits_per_s` the network to other servers, one direction. `chips_per_server` is what is
    bought or rented together, `scale_up_chips` how many the fast link joins: a server, a rack, a pod.
    `generation` is the family of designs ("hopper") whose kernels reach about the same share of their peak,
    empty where it is not known.
    `disagreements` maps an attribute ("tdp_w", "peak_flops/bf16") to what
    other sources say of it.
    """

    key: str
    name: str
    vendor: str
    kind: str
    release: date | None
    peak_flops: Mapping[str, Fact]
    memory_bytes: Fact
    memory_bandwidth_bytes_per_s: Fact
    scale_up_bytes_per_s: Fact | None
    scale_out_bits_per_s: Fact | None
    tdp_w: Fact | None
    generation: str
    chips_per_server: int
    scale_up_chips: int
    aliases: tuple[str, ...]
    disagreements: Mapping[str, tuple[Fact, ...]]

    def dense_peak_fact(self, precision: str) -> Fact:
        """The dense peak at which this chip multiplies `precision` numbers, falling back as in COMPUTED_AS.

        Raises ValueError for a precision that is unknown or that the chip can only emulate.
        """
        if precision not in COMPUTED_AS:
            raise ValueError(f"unknown precision {precision!r}; one of {', '.join(sorted(COMPUTED_AS))}")
        for units in COMPUTED_AS[precision]:
            if units in self.peak_flops:
                return self.peak_flops[units]
        raise ValueError(
            f"{self.key} has no published rate for {precision}; it has {', '.join(self.peak_flops)}"
        )

    def dense_peak(self, precision: str) -> float:
        """The value of `dense_peak_fact`, in FLOP/s.

        >>> load_accelerators()["a100-sxm-80"].dense_peak("fp8") / 1e12
        312.0
        """
        return _number(self.dense_peak_fact(precision))

    def facts(self) -> list[Fact]:
        """Every fact of this chip, without the disagreeing ones."""
        others = (
            self.memory_bytes, self.memory_bandwidth_bytes_per_s,
            self.scale_up_bytes_per_s, self.scale_out_bits_per_s, self.tdp_w,
        )  # fmt: skip
        return [*self.peak_flops.values(), *(fact for fact in others if fact is not None)]


@cache
def load_accelerators() -> Mapping[str, Accelerator]:
    """Every accelerator the package ships, by key."""
    text = (files("truecost.catalog") / "data" / "accelerators.yaml").read_text(encoding="utf-8")
    return parse_accelerators(yaml.load(text, Loader=yaml.CBaseLoader))


def accelerator(name: str) -> Accelerator:
    """The accelerator a name stands for: its key, an alias or another spelling of either.

    Raises UnknownName with the nearest keys.

    >>> accelerator("NVIDIA H100 SXM5 80GB").key
    'h100-sxm'
    """
    return load_accelerators()[resolve(name, _shipped_index(), "accelerator")]


def alias_index(chips: Mapping[str, Accelerator]) -> dict[str, str]:
    """The key of every normalised key, name and alias; ValueError where one stands for two chips."""
    index: dict[str, str] = {}
    for chip in chips.values():
        for spelling in (chip.key, chip.name, *chip.aliases):
            if index.setdefault(normalise(spelling), chip.key) != chip.key:
                raise ValueError(f"{spelling!r} stands for {index[normalise(spelling)]} and for {chip.key}")
    return index


def parse_accelerators(document: Mapping[str, Any]) -> dict[str, Accelerator]:
    """Accelerators from a document shaped like `data/accelerators.yaml`: `sources`, `defaults`, `chips`.

    Scalars may be strings or numbers. Raises ValueError naming the chip and the attribute at fault.
    """
    sources = cast("Mapping[str, str]", document.get("sources", {}))
    defaults = cast("Entry", document.get("defaults", {}))
    chips = cast("Mapping[str, Entry]", document.get("chips", {}))
    return {key: _chip(key, {**defaults, **entry}, sources) for key, entry in chips.items()}


class _Origin(NamedTuple):
    """Where facts come from, and the names by which data files abbreviate sources."""

    source: str
    checked: str
    confidence: str
    names: Mapping[str, str]

    def overridden_by(self, entry: Entry) -> _Origin:
        source = _joined(entry["source"], self.names) if "source" in entry else self.source
        checked = str(entry.get("checked", self.checked))
        return _Origin(source, checked, str(entry.get("confidence", self.confidence)), self.names)


def _joined(source: object, names: Mapping[str, str]) -> str:
    items = cast("Iterable[str]", [source] if isinstance(source, str) else source)
    return "; ".join(names.get(item, item) for item in items)


def _chip(key: str, entry: Entry, names: Mapping[str, str]) -> Accelerator:
    _check_parts(key, entry, _PARTS | _ORIGIN_PARTS)
    if missing := [part for part in (*_NEEDED, *sorted(_ORIGIN_PARTS)) if part not in entry]:
        raise ValueError(f"accelerator {key}: {', '.join(missing)} missing")
    origin = _Origin("", "", "", names).overridden_by(entry)
    fact = {
        name: _fact(key, name, entry[name], origin)
        for name in UNITS
        if name in entry and name != "peak_flops"
    }
    peaks = cast("Entry", entry["peak_flops"])
    if unknown := set(peaks) - set(COMPUTED_AS):
        raise ValueError(f"accelerator {key}: unknown precision {', '.join(sorted(unknown))}")
    release = entry.get("release")
    return Accelerator(
        key=key,
        name=str(entry["name"]),
        vendor=str(entry["vendor"]),
        kind=str(entry["kind"]),
        release=date.fromisoformat(str(release)) if release else None,
        peak_flops={name: _fact(key, f"peak_flops/{name}", value, origin) for name, value in peaks.items()},
        memory_bytes=fact["memory_bytes"],
        memory_bandwidth_bytes_per_s=fact["memory_bandwidth_bytes_per_s"],
        scale_up_bytes_per_s=fact.get("scale_up_bytes_per_s"),
        scale_out_bits_per_s=fact.get("scale_out_bits_per_s"),
        tdp_w=fact.get("tdp_w"),
        generation=str(entry.get("generation", "")),
        chips_per_server=int(entry["chips_per_server"]),
        scale_up_chips=int(entry.get("scale_up_chips", entry["chips_per_server"])),
        aliases=tuple(str(alias) for alias in entry.get("aliases", ())),
        disagreements={
            attribute: tuple(_fact(key, attribute, other, origin) for other in others)
            for attribute, others in cast("Mapping[str, list[Entry]]", entry.get("disagrees", {})).items()
        },
    )


def _fact(chip: str, attribute: str, entry: object, origin: _Origin) -> Fact:
    parts = cast("Entry", entry if isinstance(entry, Mapping) else {"value": entry})
    _check_parts(f"{chip}: {attribute}", parts, _FACT_PARTS)
    from_here = origin.overridden_by(parts)
    unit = "OP/s" if attribute.endswith("int8") else UNITS[attribute.partition("/")[0]]
    try:
        value, checked = float(parts["value"]), date.fromisoformat(from_here.checked)
        confidence = Confidence(from_here.confidence)
    except (KeyError, ValueError, TypeError) as error:
        raise ValueError(f"accelerator {chip}: {attribute}: {error}") from error
    if not 0 < value < float("inf"):
        raise ValueError(f"accelerator {chip}: {attribute} must be a positive number, not {value:g}")
    key = f"accelerator/{chip}/{attribute}"
    return Fact(key, value, unit, from_here.source, checked, confidence, str(parts.get("note", "")))


def _check_parts(where: str, entry: Entry, allowed: set[str]) -> None:
    if unknown := set(entry) - allowed:
        raise ValueError(f"accelerator {where}: unknown {', '.join(sorted(unknown))}")


def _number(fact: Fact) -> float:
    return fact.value.median if isinstance(fact.value, Range) else fact.value


@cache
def _shipped_index() -> dict[str, str]:
    return alias_index(load_accelerators())
