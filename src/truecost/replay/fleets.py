"""The same traffic on other fleets: each in its best layout, the cheapest that keeps the SLO."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from truecost.catalog.named import names_from
from truecost.replay.assumptions import Assumed
from truecost.replay.result import ReplayResult
from truecost.replay.run import answered, prepared
from truecost.replay.schema import ReplaySpec
from truecost.replay.setups import DoesNotFit, Setup
from truecost.replay.traffic import Load, load_of
from truecost.spec import Document, SpecError, changed

if TYPE_CHECKING:
    from truecost.catalog.catalog import Catalog

_FLEET = re.compile(r"\s*(\d{1,5})\s*x\s*(\S.*?)\s*")
LARGEST_FLEET = 4096
SHOWN = (
    *(
        "ttft_p50_s",
        "ttft_p99_s",
        "tpot_p50_s",
        "tpot_p99_s",
        "e2e_p99_s",
        "utilization",
        "output_tokens_per_s",
    ),
    *("served", "rejected", "unfinished", "goodput_fraction", "cost_usd", "usd_per_million_output_tokens"),
)
"""Outputs of each fleet that the comparison holds."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A number of chips of one kind."""

    count: int
    accelerator: str

    @property
    def name(self) -> str:
        """As it is written."""
        return f"{self.count}x{self.accelerator}"


def read_fleets(text: str, catalog: Catalog) -> list[Asked]:
    """The fleets of "1xh100,2xh100,4xl40s". Raises ValueError, which names the nearest chip."""
    found: list[Asked] = []
    for part in text.split(","):
        match = _FLEET.fullmatch(part.lower())
        if match is None:
            raise ValueError(f"--fleets: {part.strip()!r} is not a number of chips such as 2xh100")
        count, chip = int(match[1]), catalog.accelerator(match[2]).key
        if not 1 <= count <= LARGEST_FLEET:
            raise ValueError(f"--fleets: {part.strip()!r}: from 1 to {LARGEST_FLEET:,} chips")
        if Asked(count, chip) in found:
            raise ValueError(f"--fleets: {count}x{chip} is named twice")
        found.append(Asked(count, chip))
    return found


def compared(
    document: Document[ReplaySpec], catalog: Catalog, fleets: Sequence[Asked], limits: Mapping[str, float]
) -> dict[str, Any]:
    """Every fleet in its best layout, as plain values: those that keep the SLO first, the cheapest first.

    A fleet of n chips is tried as every number of replicas whose width is a power of 2, divides n and is
    within a server; its best layout keeps the SLO and costs least, or is closest to it (then without an
    interval). `best` is None where none keeps it. A
    price that the spec states is of its own chip; that of another is the dated record's.
    """
    load = load_of(document.value, Assumed())

    def best_of(asked: Asked) -> dict[str, Any]:
        return _best(document, catalog, asked, load, limits)

    with ThreadPoolExecutor(os.cpu_count() or 1) as threads:
        rows = list(threads.map(best_of, fleets))
    possible = [row for row in rows if row["possible"]]
    keeping = [row for row in possible if row["meets_slo"]]
    best = min(keeping, key=_price_of)["fleet"] if keeping else None
    closest = None if keeping or not possible else min(possible, key=lambda row: row["worst_over"])["fleet"]
    ordered = sorted(rows, key=_rank)
    return {"slo": dict(limits), "fleets": ordered, "best": best, "closest": closest, "requests": len(load)}


def _rank(row: Mapping[str, Any]) -> tuple[bool, bool, float, float]:
    if not row["possible"]:
        return (True, True, 0.0, 0.0)
    return (False, not row["meets_slo"], _price_of(row) if row["meets_slo"] else 0.0, row["worst_over"])


def _price_of(row: Mapping[str, Any]) -> float:
    return float("inf") if row["cost_usd"] is None else float(row["cost_usd"])


def _best(
    document: Document[ReplaySpec], catalog: Catalog, asked: Asked, load: Load, limits: Mapping[str, float]
) -> dict[str, Any]:
    """One fleet in its best layout, or why it has none. Layouts are compared by the middle of step times."""
    found: list[tuple[dict[str, Any], Setup]] = []
    reason = ""
    for width in _widths(asked, catalog):
        try:
            setup = _setup(document, catalog, (asked, width), load, limits)
        except DoesNotFit as refused:
            reason = str(refused)
        except SpecError as refused:
            reason = refused.problems[0].message
        else:
            found.append((_row(asked, setup, ends=False), setup))
    if not found:
        return {"fleet": asked.name, "possible": False, "reason": reason}
    keeping = [one for one in found if one[0]["meets_slo"]]
    best = min(keeping or found, key=lambda one: _order(one[0]))
    return _row(asked, best[1], ends=True) if keeping else best[0]


def _widths(asked: Asked, catalog: Catalog) -> list[int]:
    """Powers of 2 that divide a number of chips, up to those of a server (or a rack that is one)."""
    chip = catalog.accelerator(asked.accelerator)
    most = min(asked.count, max(chip.chips_per_server, chip.scale_up_chips))
    return [1 << power for power in range(most.bit_length()) if asked.count % (1 << power) == 0]


def _order(row: Mapping[str, Any]) -> tuple[float, float]:
    """Layouts of one fleet: by price where they keep the SLO, by how far they are off where not."""
    return (_price_of(row) if row["meets_slo"] else 0.0, row["worst_over"])


def _setup(
    document: Document[ReplaySpec],
    catalog: Catalog,
    layout: tuple[Asked, int],
    load: Load,
    limits: Mapping[str, float],
) -> Setup:
    asked, width = layout
    sets: dict[str, str | int] = {
        "fleet.accelerator": asked.accelerator,
        "fleet.tensor_parallel_size": width,
        "fleet.replicas": asked.count // width,
        "fleet.data_parallel_size": 1,
        "fleet.expert_parallel_size": 1,
    }
    if asked.accelerator != catalog.accelerator(document.value.fleet.accelerator).key:
        sets["price.usd_per_chip_hour"] = "null"
    with names_from(catalog):
        moved = changed(document, [f"{path}={value}" for path, value in sets.items()])
    return prepared(moved, catalog, load, limits)[0]


def _row(asked: Asked, setup: Setup, *, ends: bool) -> dict[str, Any]:
    """What the comparison holds of a fleet."""
    told = ReplayResult(setup, answered(setup, ends=ends)).to_dict()
    over = [row["over"] if row["over"] is not None else float("inf") for row in told["slo"]]
    if any(row["over"] is not None and row["over"] <= 1 and not row["met"] for row in told["slo"]):
        over.append(1 + told["slo"][0]["unanswered"])
    names = [f"{name}{end}" for name in SHOWN for end in ("", "_p5", "_p95")]
    return {
        "fleet": asked.name,
        "possible": True,
        "reason": "",
        "tensor_parallel_size": setup.layout.tensor_parallel_size,
        "replicas": setup.spec.fleet.replicas,
        "meets_slo": all(row["met"] for row in told["slo"]),
        "sure": all(row["confidence"] == "whole interval" for row in told["slo"]),
        "worst_over": max(over, default=told["ttft_p99_s"] or float("inf")),
        "slo": told["slo"],
        "limited_by": told["limited_by"],
        "usd_per_chip_hour": told["rates"]["usd_per_chip_hour"],
        **{name: told[name] for name in names if name in told},
    }
