"""The cheapest fleet for some traffic: chip by chip, the least replicas that keep the SLO in any layout."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import repeat
from typing import TYPE_CHECKING, Any, get_args

from truecost.replay.fleet_trials import SPOT, Choice, Impossible, Row, Trials, impossible_row, price_of
from truecost.replay.fleets import LARGEST_FLEET, MOST_WHOLE, At, about, checked_load, outcome, rank, widths
from truecost.replay.frontier import broken, cheaper_by_itself, cheaper_than, frontier
from truecost.replay.schema import MOST_REPLICAS, ActivationPrecision, RentTerm, ReplaySpec
from truecost.spec import Document, nearest_names

if TYPE_CHECKING:
    from truecost.catalog.catalog import Catalog

ALL = "all"
DEFAULT_MAX_CHIPS = 64
PRECISIONS: tuple[str, ...] = get_args(ActivationPrecision)
TERMS: tuple[str, ...] = get_args(RentTerm)
BUDGETS = (1.0, 2.0, 4.0)
"""Times the money of the cheapest fleet: what the frontier shows of every chip and width beside it."""
NEAREST_CHIPS = 3
"""Other chips that are tried for less money than the cheapest fleet."""
GALLOP = 4
"""How far apart two numbers of replicas are for the next one tried to be their geometric mean."""


@dataclass(frozen=True, slots=True)
class Space:
    """What is searched: chips, how many of them at most, precisions of the weights, terms of rent.

    None stands for the precision and the price that the spec has.
    """

    chips: Sequence[str]
    max_chips: int = DEFAULT_MAX_CHIPS
    precisions: Sequence[str | None] = (None,)
    terms: Sequence[str | None] = (None,)


def read_space(
    chips: str, max_chips: int | None, precisions: str | None, terms: str | None, catalog: Catalog
) -> Space:
    """A search as a user writes it: "h100,b200" or "all". Raises ValueError, which names the nearest."""
    if chips.strip().lower() == ALL:
        keys = list(catalog.accelerators())
    else:
        keys = _unlike("--search", [catalog.accelerator(part.strip()).key for part in chips.split(",")])
    most = DEFAULT_MAX_CHIPS if max_chips is None else max_chips
    if not 1 <= most <= LARGEST_FLEET:
        raise ValueError(f"--max-chips: {most:,}; from 1 to {LARGEST_FLEET:,}")
    return Space(
        keys,
        most,
        _names("--precisions", precisions, PRECISIONS) or (None,),
        _names("--terms", terms, TERMS) or (None,),
    )


def _names(option: str, text: str | None, known: Sequence[str]) -> tuple[str, ...]:
    if text is None:
        return ()
    found = [part.strip().lower() for part in text.split(",")]
    for name in found:
        if name not in known:
            near = nearest_names(name, known)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            raise ValueError(f"{option}: no {name!r}{hint} (of {', '.join(known)})")
    return tuple(_unlike(option, found))


def _unlike(option: str, names: Sequence[str]) -> list[str]:
    twice = [name for i, name in enumerate(names) if name in names[:i]]
    if twice:
        raise ValueError(f"{option}: {twice[0]} is named twice")
    return list(names)


def least(keeps: Callable[[int], bool], most: int, above: int = 0) -> int | None:
    """The least number in (above, most] that keeps something, more keeping it too; None where none does.

    By halving, geometrically while the ends are far apart: the number before it was tried and does not keep.

    >>> least(lambda n: n >= 5, 64), least(lambda n: n >= 5, 4)
    (5, None)
    """
    if most <= above or not keeps(most):
        return None
    low, high = above, most
    while high - low > 1:
        far = high > GALLOP * max(low, 1)
        middle = round(math.sqrt(max(low, 1) * high)) if far else (low + high) // 2
        middle = min(max(middle, low + 1), high - 1)
        low, high = (low, middle) if keeps(middle) else (middle, high)
    return high


def searched(
    document: Document[ReplaySpec],
    catalog: Catalog,
    space: Space,
    limits: Mapping[str, float],
    *,
    at: At | None = None,
    workers: int | None = None,
) -> dict[str, Any]:
    """The cheapest fleet of each chip that keeps the SLO, as plain values in the shape of `compared`.

    For each chip, precision and width (a power of 2 within a server) the least replicas that keep the SLO,
    of at most `max_chips` chips, taking it that more replicas never make latencies longer. Of those the
    cheapest an hour; of terms of rent the cheapest. `surest` is the cheapest fleet found that keeps the SLO
    over the whole interval. Raises ValueError without an SLO, or for terms of chips that are not rented, and
    SpecError for a spec that is wrong itself or a fleet that scales itself.
    """
    if not limits:
        raise ValueError(
            "--search looks for the least that keeps an SLO: give one with --slo, or in the spec"
        )
    if document.value.price.basis == "own" and space.terms != (None,):
        raise ValueError("--terms: the terms are of rented chips, and price.basis is own")
    trials = Trials(document, catalog, checked_load(document, catalog, "--search"), limits)
    search = _Search(trials, catalog, space)
    with ThreadPoolExecutor(workers or os.cpu_count() or 1) as threads:
        for done, _ in enumerate(threads.map(search.chip, space.chips), start=1):
            if at is not None:
                at(done)
        rows = sorted(search.rows(), key=rank)
        best = next((row for row in rows if row["possible"] and row["meets_slo"]), None)
        on_it = search.frontier(best, threads)
        surest = search.surest(rows, threads) if best else None
        cheaper = search.cheaper(best, threads) if best else []
        rows = search.with_intervals(rows, threads)
    names = [_layout_of(row) for row in on_it]
    marked = [row | {"on_frontier": _layout_of(row) in names} if row["possible"] else row for row in rows]
    return {
        "question": "search",
        **about(trials),
        **outcome(marked),
        "surest": surest,
        "best_sure": None if surest is None else surest["fleet"],
        "fleets": marked,
        "frontier": on_it,
        "one_step_cheaper": cheaper,
        "max_chips": space.max_chips,
        "precisions": [one for one in space.precisions if one is not None],
        "terms": [one for one in space.terms if one is not None],
        "simulations": len(trials.rows),
    }


def _layout_of(row: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple(row[name] for name in ("fleet", "tensor_parallel_size", "weights", "term"))


@dataclass(slots=True)
class _Search:
    """What is found of each chip so far."""

    trials: Trials
    catalog: Catalog
    space: Space
    found: dict[str, Choice] = field(default_factory=dict[str, Choice])
    """The cheapest fleet of a chip that keeps the SLO, or the closest."""
    reasons: dict[str, str] = field(default_factory=dict[str, str])
    offers: dict[str, list[str | None]] = field(default_factory=dict[str, "list[str | None]"])
    kinds: dict[str, dict[Choice, int | None]] = field(default_factory=dict[str, "dict[Choice, int | None]"])
    """Of each chip, every kind of replica that may run, and the least of them that keep the SLO; None where
    as many as cost less than another kind do not."""

    def chip(self, chip: str) -> None:
        """Find the least of each of a chip's layouts, and the cheapest of those."""
        best: Choice | None = None
        closest: Choice | None = None
        self.kinds[chip] = dict.fromkeys(self._replicas(chip))
        for replica in self.kinds[chip]:
            most = self._most(replica, None if best is None else self._usd_per_hour(best))
            if most < 1:
                continue
            closest = self._closer(closest, replica._replace(replicas=most))
            count = least(lambda n, one=replica: self._keeps(one._replace(replicas=n)), most)
            self.kinds[chip][replica] = count
            if count is not None:
                best = self._cheaper(best, replica._replace(replicas=count))
        if chosen := best or closest:
            self.found[chip] = chosen

    def rows(self) -> list[Row]:
        """The fleet found of each chip, or why there is none."""
        return [
            dict(self.trials.row(self.found[chip]))
            if chip in self.found
            else impossible_row(chip, chip, self.reasons.get(chip, "no layout of it is within the bounds"))
            for chip in self.space.chips
        ]

    def _replicas(self, chip: str) -> list[Choice]:
        """Every kind of replica that may run: precision, term, width; the impossible are left out."""
        made: list[Choice] = []
        for weights in self.space.precisions:
            if weights is not None and weights not in self.catalog.accelerator(chip).peak_flops:
                self.reasons[chip] = f"{chip} does not compute in {weights}"
                continue
            fitting = [
                Choice(chip, width, 1, weights)
                for width in widths(self.space.max_chips, self.catalog, chip)
                if self._fits(Choice(chip, width, 1, weights, self.space.terms[0]))
            ]
            made += [one._replace(term=term) for one in fitting for term in self._terms(fitting[0])]
        return made

    def _fits(self, choice: Choice) -> bool:
        try:
            self.trials.setup(choice)
        except Impossible as refused:
            self.reasons[choice.accelerator] = str(refused)
            return False
        return True

    def _terms(self, one: Choice) -> list[str | None]:
        """The cheapest of the terms without interruptions, and those with."""
        if one.accelerator not in self.offers:
            steady = [term for term in self.space.terms if term != SPOT]
            prices = {term: self._usd_per_chip_hour(one._replace(term=term)) for term in steady}
            cheapest = [min(steady, key=lambda term: prices[term])] if steady else []
            self.offers[one.accelerator] = cheapest + [t for t in self.space.terms if t == SPOT]
        return self.offers[one.accelerator]

    def _usd_per_chip_hour(self, choice: Choice) -> float:
        price = self.trials.setup(choice).rates.usd_per_chip_hour
        return price.middle if price.is_known else math.inf

    def _most(self, replica: Choice, usd_per_hour: float | None) -> int:
        """Replicas within the bounds that cost no more than so much; an unknown price bounds nothing."""
        most = min(self.space.max_chips // replica.width, MOST_REPLICAS)
        price = self._usd_per_hour(replica)
        if usd_per_hour is None or not self.trials.load.is_paced or not math.isfinite(price):
            return most
        return most if math.isinf(usd_per_hour) else min(most, int(usd_per_hour / price + 1e-9))

    def _keeps(self, choice: Choice) -> bool:
        return bool(self.trials.row(choice)["meets_slo"])

    def _surely(self, choice: Choice) -> bool:
        return self._keeps(choice) and bool(self.trials.whole_row(choice)["sure"])

    def _closer(self, one: Choice | None, other: Choice) -> Choice:
        if one is None:
            return other
        return min(one, other, key=lambda choice: self.trials.row(choice)["worst_over"])

    def _cheaper(self, one: Choice | None, other: Choice) -> Choice:
        return other if one is None else min(one, other, key=self._price)

    def _price(self, choice: Choice) -> tuple[float, float, float]:
        """An hour's price where traffic sets the length of the run, else that of the run; then room."""
        row = self.trials.row(choice)
        usd = self._usd_per_hour(choice) if self.trials.load.is_paced else price_of(row)
        return (usd, choice.chips, row["worst_over"])

    def _usd_per_hour(self, choice: Choice) -> float:
        return choice.chips * self._usd_per_chip_hour(choice)

    def with_intervals(self, rows: Sequence[Row], threads: ThreadPoolExecutor) -> list[Row]:
        """Intervals for the cheapest that keep the SLO, as far as a page shows them."""
        keeping = [i for i, row in enumerate(rows) if row["possible"] and row["meets_slo"]][:MOST_WHOLE]
        made = list(rows)
        whole = threads.map(self.trials.whole_row, [self.found[rows[i]["accelerator"]] for i in keeping])
        for i, row in zip(keeping, whole, strict=True):
            made[i] = row
        return made

    def frontier(self, best: Row | None, threads: ThreadPoolExecutor) -> list[Row]:
        """Cost against latency: everything simulated, and what more money buys of each kind of replica."""
        if best is not None and best["usd_per_hour"] is not None:
            kinds = [kind for of_chip in self.kinds.values() for kind in of_chip]
            budgets = [times * best["usd_per_hour"] for times in BUDGETS]
            counts = {kind._replace(replicas=self._most(kind, usd)) for kind in kinds for usd in budgets}
            some = sorted((one for one in counts if one.replicas > 0), key=str)
            list(threads.map(self.trials.row, some))
        return frontier(
            [self.trials.rows[one] for one in sorted(self.trials.rows, key=str)], self.trials.limits
        )

    def surest(self, rows: Sequence[Row], threads: ThreadPoolExecutor) -> Row | None:
        """The cheapest that keeps the SLO over the whole interval: of one chip, then of others for less."""
        chips = [row["accelerator"] for row in rows if row["possible"] and row["meets_slo"]]
        first = self._surest_of(chips[0], None)
        usd = None if first is None else self._usd_per_hour(first)
        others = threads.map(self._surest_of, chips[1:], repeat(usd))
        found = [one for one in (first, *others) if one is not None]
        return dict(self.trials.whole_row(min(found, key=self._price))) if found else None

    def _surest_of(self, chip: str, usd_per_hour: float | None) -> Choice | None:
        best: Choice | None = None
        for replica, count in self.kinds[chip].items():
            usd = usd_per_hour if best is None else self._usd_per_hour(best)
            above = 0 if count is None else count - 1
            found = least(
                lambda n, one=replica: self._surely(one._replace(replicas=n)), self._most(replica, usd), above
            )
            if found is not None:
                best = self._cheaper(best, replica._replace(replicas=found))
        return best

    def cheaper(self, best: Row, threads: ThreadPoolExecutor) -> list[Row]:
        """What the next cheaper fleets would break: a replica fewer, and the closest of other chips for less.

        Of other chips those count whose most for less money costs most.
        """
        chosen = self.found[best["accelerator"]]
        usd = self._usd_per_hour(chosen)
        others: list[tuple[float, list[Choice]]] = []
        for chip, kinds in self.kinds.items():
            if chip != best["accelerator"] and math.isfinite(usd):
                less = [kind._replace(replicas=self._most(kind, usd * (1 - 1e-6))) for kind in kinds]
                some = [one for one in less if one.replicas > 0]
                if some:
                    others.append((max(map(self._usd_per_hour, some)), some))
        nearest = sorted(others, key=lambda one: -one[0])[:NEAREST_CHIPS]
        rows = list(threads.map(self.trials.row, [one for _, some in nearest for one in some]))
        found = [cheaper_by_itself(self.trials, chosen)]
        closest = min(cheaper_than(rows, best), key=lambda row: row["worst_over"], default=None)
        found.append(closest and {"step": "other_chip"} | closest)
        return [broken(one, best) for one in found if one is not None and not one.get("meets_slo")]
