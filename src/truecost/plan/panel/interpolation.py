"""Multilinear interpolation of tables over factors of a plan, in Python as the page does it in its script."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from math import prod
from typing import Any, TypeAlias

import numpy as np

from truecost.plan.panel.coding import coded, decoded
from truecost.ranges import FloatArray

FEW = 30
"""Values that are written out."""
Settings: TypeAlias = Mapping[str, FloatArray]
"""The value of every slider by its key, one a setting: shape (settings,)."""


@dataclass(frozen=True, slots=True)
class TableAxis:
    """One axis of a table: its coordinate is a product of powers of the sliders.

    >>> axis = TableAxis({"users": 1, "utilization": -1}, np.array([0.5, 2.0]))
    >>> axis.coordinate({"users": np.array([3.0]), "utilization": np.array([0.5])}).tolist()
    [6.0]
    """

    of: Mapping[str, int]
    knots: FloatArray

    def coordinate(self, settings: Settings) -> FloatArray:
        """Where on this axis each setting lies."""
        return product_of(self.of, settings)


def product_of(powers: Mapping[str, int], settings: Settings) -> FloatArray:
    """The product of the named sliders, each to its power; 1 for none."""
    ones = np.ones_like(next(iter(settings.values())))
    return prod((settings[name] ** float(power) for name, power in powers.items()), start=ones)


@dataclass(frozen=True, slots=True)
class Table:
    """Values at the knots of its axes, shape (knots of each axis, ...)."""

    axes: tuple[TableAxis, ...]
    values: FloatArray

    def at(self, settings: Settings) -> FloatArray:
        """Interpolated values, shape (settings, ...); outside the knots those of the nearest."""
        return interpolated(
            [axis.knots for axis in self.axes], self.values, [axis.coordinate(settings) for axis in self.axes]
        )

    def plain(self) -> dict[str, Any]:
        """As plain values: a few to five significant digits, many coded in two bytes each."""
        values = self.values.ravel()
        return {
            "axes": [{"of": dict(axis.of), "knots": rounded(axis.knots, 8)} for axis in self.axes],
            "values": rounded(values) if values.size <= FEW else coded(values, 2),
        }

    @classmethod
    def of(cls, plain: Mapping[str, Any]) -> Table:
        """The table back from its plain values."""
        axes = tuple(TableAxis(a["of"], np.array(a["knots"])) for a in plain["axes"])
        knots = [len(axis.knots) for axis in axes]
        given = plain["values"]
        values = np.array(given, dtype=np.float64) if isinstance(given, list) else decoded(given)
        return cls(axes, values.reshape(knots if values.size == prod(knots) else [*knots, -1]))


def over(every: Mapping[str, FloatArray], kept: Iterable[str], grid: FloatArray) -> Table:
    """A table over the sliders kept, of values over every slider (knots of each, ...).

    Of the others the middle knot, which is the plan's own setting.
    """
    held = set(kept)
    axes = tuple(TableAxis({name: 1}, knots) for name, knots in every.items() if name in held)
    sizes = grid.shape[: len(every)]
    index = (slice(None) if name in held else size // 2 for name, size in zip(every, sizes, strict=True))
    return Table(axes, grid[tuple(index)])


def rounded(values: FloatArray, digits: int = 5) -> list[float]:
    """Numbers to so many significant digits, whole ones as integers, which are shorter to write.

    >>> rounded(np.array([1.0, 0.123456789]))
    [1, 0.12346]
    """
    short = (float(f"{value:.{digits}g}") for value in values)
    return [int(value) if value.is_integer() else value for value in short]


def interpolated(knots: Sequence[FloatArray], values: FloatArray, at: Sequence[FloatArray]) -> FloatArray:
    """Multilinear interpolation at points: values (K1, ..., Kn, ...) to (points, ...).

    In each cell the sum over its corners of the value x the product of the shares of the way to them.

    >>> knots, square = [np.array([0.0, 1.0]), np.array([0.0, 10.0])], np.array([[0.0, 1.0], [2.0, 3.0]])
    >>> interpolated(knots, square, [np.array([0.5, 9.0]), np.array([5.0, 0.0])]).tolist()
    [1.5, 2.0]
    """
    cells = [_cell(each, points) for each, points in zip(knots, at, strict=True)]
    further = (1,) * (values.ndim - len(knots))
    total = np.zeros(1)
    for corner in product((0, 1), repeat=len(knots)):
        shares = [way if side else 1 - way for (_, way), side in zip(cells, corner, strict=True)]
        index = tuple(
            np.minimum(cell + side, len(each) - 1)
            for (cell, _), side, each in zip(cells, corner, knots, strict=True)
        )
        weight = np.asarray(prod(shares))
        total = total + weight.reshape(-1, *further) * values[index]
    return total


def _cell(knots: FloatArray, at: FloatArray) -> tuple[np.ndarray[Any, np.dtype[np.intp]], FloatArray]:
    """The cell each point lies in, and the share of the way through it."""
    if len(knots) == 1:
        return np.zeros(len(at), dtype=np.intp), np.zeros(len(at))
    cell = np.clip(np.searchsorted(knots, at, side="right") - 1, 0, len(knots) - 2)
    return cell, np.clip((at - knots[cell]) / (knots[cell + 1] - knots[cell]), 0.0, 1.0)
