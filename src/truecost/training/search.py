"""The fastest layout of a model on a cluster: every legal one is worked out, none is sampled.

For one cluster the cheapest layout is the fastest, since all chips are paid for as long as the run takes;
over numbers of chips the two differ (`truecost.training.frontier`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, fields

import numpy as np
from numpy.typing import NDArray

from truecost.physics.training_step.constants import StepConstants
from truecost.physics.training_step.memory import memory_parts, usable_bytes
from truecost.physics.training_step.setup import Setup, chips, stack_setups
from truecost.physics.training_step.step import step_parts
from truecost.ranges import FloatArray, Value
from truecost.training.search_space import LAYOUTS_AT_ONCE, Fixed, Grid, Split, cases_of, grids
from truecost.units import show_share

TABLE_ROWS = 20
GIB = 2.0**30
CLEAR_GAIN = 0.01
"""A step shorter by this share without the memory limit is worth naming."""


class NoLayout(ValueError):  # noqa: N818 - the name says what happened
    """No layout is legal, or none fits; says why."""


@dataclass(frozen=True, slots=True)
class Found:
    """A layout with the time of its step and the memory it takes on each chip."""

    setup: Setup
    step_time_s: float
    memory_bytes_per_chip: float


@dataclass(frozen=True, slots=True)
class SearchResult:
    """What a search over all legal layouts found."""

    table: tuple[Found, ...]
    """The fastest layouts that fit, one for each split of the chips over tensor, pipeline, context and expert
    parallelism; the fastest first."""
    examined: int
    """Legal layouts, all of them worked out."""
    fit: int
    """Those of them that fit into the chips' memory."""
    smallest: Found | None
    """The layout that takes the least memory; None where none is legal."""
    fastest_unlimited: Found | None
    """The fastest layout if memory were no limit; None where only layouts that fit were timed."""
    usable_bytes_per_chip: float
    largest_cost: str
    """The part of the best step that takes longest, the products themselves apart."""

    @property
    def best(self) -> Found | None:
        """The fastest layout that fits, on one cluster also the cheapest; None where none fits."""
        return self.table[0] if self.table else None

    @property
    def binds(self) -> str:
        """What keeps the step from being shorter, in a sentence."""
        usable = self.usable_bytes_per_chip / GIB
        if self.smallest is None:
            return "no layout is legal: nothing divides heads, layers, batch and chips at once"
        if self.best is None:
            least = self.smallest.memory_bytes_per_chip / GIB
            return (
                f"memory: the layout that takes least needs {least:.1f} of {usable:.1f} GiB usable on a chip"
            )
        unlimited = self.fastest_unlimited or self.best
        gain = 1 - unlimited.step_time_s / self.best.step_time_s
        if gain >= CLEAR_GAIN:
            return (
                f"memory: without the limit of {usable:.1f} GiB a chip the step would be {show_share(gain)} "
                "shorter"
            )
        part = self.largest_cost.replace("_", " ")
        return f"time: {part} is the largest part of the step beside matrix products"


def search(
    setup: Setup,
    constants: StepConstants,
    fixed: Fixed | None = None,
    *,
    table_rows: int = TABLE_ROWS,
    layouts_at_once: int = LAYOUTS_AT_ONCE,
    only_fitting: bool = False,
    beyond_node: bool = False,
) -> SearchResult:
    """Every legal layout of a setup's model, cluster and batch by the memory law and the step law.

    What the setup itself says of the layout counts only for the fields named in `fixed`. Memory stays bounded
    by `layouts_at_once`. `only_fitting` times no layout that does not fit: faster, but the result cannot say
    what the memory limit costs. Tensor parallelism stays inside a node unless it is fixed, `beyond_node` is
    set or nothing fits otherwise. Raises ValueError for a field that is no part of a layout.
    """
    result = _searched(
        setup,
        constants,
        grids(setup, fixed, layouts_at_once=layouts_at_once, beyond_node=beyond_node),
        table_rows,
        only_fitting,
    )
    if result.best is None and not beyond_node:
        return search(
            setup,
            constants,
            fixed,
            table_rows=table_rows,
            layouts_at_once=layouts_at_once,
            only_fitting=only_fitting,
            beyond_node=True,
        )
    return result


def _searched(
    setup: Setup, constants: StepConstants, every: Iterable[Grid], table_rows: int, only_fitting: bool
) -> SearchResult:
    usable = float(np.asarray(usable_bytes(chips(setup))))
    ranking = _Ranking(setup, max(1, table_rows))
    for whole in every:
        grid = whole
        memory = _over(memory_parts(cases_of(setup, grid.layout)).total, grid)
        fits = grid.legal & (memory <= usable)
        ranking.weigh(grid, memory, fits)
        if only_fitting:
            kept = np.asarray(fits.any(axis=_CHOICES))
            grid, memory, fits = grid.columns(kept), memory[..., kept], fits[..., kept]
        if grid.examined:
            seconds = _over(step_parts(cases_of(setup, grid.layout), constants).total, grid)
            ranking.time(grid, np.where(grid.legal, seconds, np.inf), memory, fits)
    table = ranking.table
    return SearchResult(
        table=table,
        examined=ranking.examined,
        fit=ranking.fit,
        smallest=ranking.smallest(constants),
        fastest_unlimited=None if only_fitting else ranking.fastest,
        usable_bytes_per_chip=usable,
        largest_cost=_largest_cost(table[0].setup, constants) if table else "",
    )


def found_of(setup: Setup, constants: StepConstants) -> Found:
    """One layout by the laws of the search."""
    case = stack_setups([setup])
    seconds, memory = step_parts(case, constants).total, memory_parts(case).total
    return Found(setup, float(np.sum(seconds)), float(np.sum(memory)))


def best_layout(setup: Setup, constants: StepConstants, fixed: Fixed | None = None) -> Setup:
    """The setup in its fastest layout that fits; fields in `fixed` keep what they say there.

    Raises NoLayout where no layout is legal or none fits.
    """
    result = search(setup, constants, fixed, table_rows=1, only_fitting=True)
    if result.best is None:
        raise NoLayout(result.binds)
    return result.best.setup


@dataclass(slots=True)
class _Ranking:
    """The best layouts so far. Of equals the first counts: grids come with the simpler choice first."""

    template: Setup
    rows: int
    best: dict[Split, Found] = field(default_factory=dict[Split, Found])
    examined: int = 0
    fit: int = 0
    least: tuple[Grid, int, float] | None = None
    fastest: Found | None = None

    @property
    def table(self) -> tuple[Found, ...]:
        return tuple(sorted(self.best.values(), key=lambda found: found.step_time_s))

    def weigh(self, grid: Grid, memory: FloatArray, fits: NDArray[np.bool_]) -> None:
        """Count the layouts of a grid, and keep the one that takes least memory."""
        self.examined += grid.examined
        self.fit += int(np.count_nonzero(fits))
        legal = np.where(grid.legal, memory, np.inf)
        index = int(legal.argmin())
        if grid.examined and (self.least is None or legal.flat[index] < self.least[2]):
            self.least = grid, index, float(legal.flat[index])

    def smallest(self, constants: StepConstants) -> Found | None:
        """The layout of least memory, timed."""
        if self.least is None:
            return None
        grid, index, _ = self.least
        return found_of(grid.setup(index, self.template), constants)

    def time(self, grid: Grid, seconds: FloatArray, memory: FloatArray, fits: NDArray[np.bool_]) -> None:
        """Rank the layouts of a grid; `seconds` is infinite where a layout is not legal."""

        def found(index: int) -> Found:
            return Found(
                grid.setup(index, self.template), float(seconds.flat[index]), float(memory.flat[index])
            )

        first = int(seconds.argmin())
        if self.fastest is None or seconds.flat[first] < self.fastest.step_time_s:
            self.fastest = found(first)
        width = grid.legal.shape[-1]
        fitting = np.where(fits, seconds, np.inf).reshape(-1, width)
        variants = fitting.argmin(axis=0)
        times = fitting[variants, np.arange(width)]
        for column in np.argsort(times, kind="stable"):
            if not times[column] < self._worst():
                break
            split = grid.split(int(column))
            known = self.best.get(split)
            if known is None or times[column] < known.step_time_s:
                self.best[split] = found(int(variants[column]) * width + int(column))
            if len(self.best) > self.rows:
                del self.best[max(self.best, key=lambda one: self.best[one].step_time_s)]

    def _worst(self) -> float:
        """The time a layout has to be below to enter the table."""
        if len(self.best) < self.rows:
            return np.inf
        return max(found.step_time_s for found in self.best.values())


def _over(values: Value, grid: Grid) -> FloatArray:
    return np.broadcast_to(values, grid.legal.shape)


def _largest_cost(setup: Setup, constants: StepConstants) -> str:
    parts = step_parts(stack_setups([setup]), constants)
    seconds = {part.name: float(np.asarray(getattr(parts, part.name)).sum()) for part in fields(parts)}
    return max((name for name in seconds if name not in _PRODUCTS), key=lambda name: seconds[name])


_CHOICES = (0, 1, 2, 3)
"""The axes of a grid but the last."""
_PRODUCTS = ("matrices", "experts")
