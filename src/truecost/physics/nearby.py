"""Measured runs of a setup near to the one asked for: by how much the serving law was off on them.

Residuals of one model on one chip, engine and precision are alike, and alike the more the nearer their
widths, loads and lengths. Where the same was measured nearby, the law's times are corrected by the mean of
these residuals, each weighing by its distance (Nadaraya 1964, Watson 1964), shrunk towards none where little
is near. That is an interpolation of measurements, not a prediction, and results say so.
"""

from __future__ import annotations

import csv
import math
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from truecost.ranges import FloatArray

FILE = "serving_measured.csv"
KEYS = ("parameters", "layers", "chip", "engine", "precision")
PLACES = ("chips", "ranks", "concurrency", "input_tokens", "output_tokens")
RATIOS = ("tpot", "ttft", "throughput")
BANDWIDTHS = (0.3, 0.3, 0.5, 0.5, 1.0)
"""Of the logarithms of PLACES: a run so far away counts for 0.6 of one at the place itself."""
SHRINKAGE = 0.1
"""Weight of no correction beside that of the measured ones."""
NEAR = 1.0
"""Weight from which on measurements count as near: one run at the place itself, or two at some distance."""


class Group(NamedTuple):
    """What must be the same: the model by its sizes, the chip, the engine, the precision of the weights."""

    parameters: int
    layers: int
    chip: str
    engine: str
    precision: str


class Place(NamedTuple):
    """Where a run is among those of its group."""

    chips: float
    ranks: float
    concurrency: float
    """Requests at once on a replica."""
    input_tokens: float
    output_tokens: float


class Correction(NamedTuple):
    """What to multiply the law's times by; 1 where nothing is known."""

    steps: float = 1.0
    first_token: float = 1.0
    runs: int = 0
    """Measured runs of the same group."""
    weight: float = 0.0
    """Of those nearby: a run at the place itself counts 1."""

    @property
    def is_near(self) -> bool:
        """Whether enough was measured nearby for the narrower interval of seen setups."""
        return self.weight >= NEAR


@dataclass(frozen=True, slots=True, eq=False)
class Residuals:
    """Measured runs: logarithms of PLACES, and ln(measured / law) by RATIOS, NaN where not measured."""

    places: FloatArray
    ratios: FloatArray

    def near(self, place: Place, kept: NDArray[np.bool_] | None = None) -> tuple[FloatArray, FloatArray]:
        """The shrunk mean of each ratio around a place and the weight it rests on; `kept` leaves runs out."""
        apart = (self.places - np.log(np.array(place))) / np.array(BANDWIDTHS)
        weights = np.exp(-0.5 * np.sum(apart**2, axis=1))
        if kept is not None:
            weights = weights * kept
        known = np.isfinite(self.ratios) * weights[:, None]
        total = known.sum(axis=0)
        return np.asarray((known * np.nan_to_num(self.ratios)).sum(axis=0) / (total + SHRINKAGE)), total


def correction(group: Group, place: Place, *, queued: bool = False) -> Correction:
    """By how much the law was off near a place; nothing where the group was never measured.

    `queued`: everything waits from the start, so that throughputs count first.
    """
    found = measured().get(group)
    if found is None:
        return Correction()
    means, weights = found.near(place)
    order = ("throughput", "tpot") if queued else ("tpot", "throughput")
    at = [RATIOS.index(name) for name in order]
    steps = at[0] if weights[at[0]] > 0 else at[1]
    first = RATIOS.index("ttft")
    offset = means[first] if weights[first] > 0 else means[steps]
    return Correction(math.exp(means[steps]), math.exp(offset), len(found.places), float(weights[steps]))


@cache
def measured() -> dict[Group, Residuals]:
    """Everything measured that the package ships, by group."""
    text = (files("truecost.physics") / FILE).read_text(encoding="utf-8")
    rows: dict[Group, list[list[float]]] = {}
    for row in csv.DictReader(text.splitlines()):
        group = Group(int(row["parameters"]), int(row["layers"]), *(row[name] for name in KEYS[2:]))
        cells = [math.log(float(row[name])) for name in PLACES]
        rows.setdefault(group, []).append([*cells, *(float(row[name] or "nan") for name in RATIOS)])
    tables = {group: np.array(found) for group, found in rows.items()}
    return {
        group: Residuals(table[:, : len(PLACES)], table[:, len(PLACES) :]) for group, table in tables.items()
    }
