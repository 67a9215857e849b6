"""Training against inference, side by side, for one plan: what each is made of, when, on what, who bears it.

Training is everything that makes the model (runs, experiments, data, judgement, safety, staff); inference is
serving and the people in the loop of it. Elasticities are per cent of cost a per cent of what moves it: the
plan evaluated again with a tenth more and a tenth less.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from truecost.lines import Payee
from truecost.plan.book import HOURS_PER_MONTH, Book, Line
from truecost.plan.business import GROUP as BUSINESS
from truecost.plan.evaluate import evaluate_window
from truecost.plan.footprint import own_months_from, run_mw
from truecost.plan.outcomes import COST_OF_REVENUE_GROUPS, TRAINING_GROUPS
from truecost.plan.programme.cluster import LINE as CLUSTER
from truecost.plan.splits import INTERMEDIARY, parts_of
from truecost.plan.variants import Variants
from truecost.ranges import Draws, FloatArray, Ranged, summarize

DRAWS = 256
"""Draws of what is told of the plan as it is."""
MOVED_DRAWS = 64
STEP = 1.1
SIDES = ("training", "inference")
ASPECTS = ("structure", "timing", "hardware", "energy", "borne by", "optimised by", "scales with")
KINDS = {
    "chips and clouds": frozenset({Payee.CHIPS.value, Payee.CLOUD.value, Payee.CAPITAL.value}),
    "energy": frozenset({Payee.POWER.value}),
    "people": frozenset({Payee.STAFF.value, Payee.LABELLERS.value, INTERMEDIARY}),
    "data": frozenset({Payee.DATA_OWNERS.value}),
    "model vendors": frozenset({Payee.MODEL_VENDOR.value}),
}
OTHER = "other"
SCALES = {"users": "users", "queries_per_user": "queries a user", "model_size": "size of the model"}
LEVERS = {
    "utilization": "utilization of chips",
    "chip_price": "price of chips",
    "api_price": "price of APIs",
    "queries_per_user": "queries a user",
    "model_size": "size of the model",
}
"""What can be made better: factors of a what-if, and what they are called."""
UNMOVED = "nothing that can be moved"
LEAST = 0.005
"""Elasticities below this move nothing."""


@dataclass(frozen=True, slots=True)
class Side:
    """The lines of one side, and their cost by month and draw."""

    name: str
    lines: Mapping[str, Line]
    usd: FloatArray

    @classmethod
    def of(cls, name: str, book: Book) -> Side:
        """One side of a book; no lines where the plan does not have it."""
        inference = name == "inference"
        lines = {
            key: line
            for key, line in book.lines.items()
            if line.group != BUSINESS and (line.group in COST_OF_REVENUE_GROUPS) == inference
        }
        shape = (book.months, book.draws.count)
        usd = sum((line.amortized for line in lines.values()), start=np.zeros(shape))
        return cls(name, lines, np.asarray(usd))

    @property
    def total(self) -> FloatArray:
        """USD over the plan, one number a draw."""
        return self.usd.sum(axis=0)


def train_and_infer(variants: Variants) -> dict[str, Any] | None:
    """Rows of {aspect, what, unit, training, inference}, values ranged or a text; None without both sides."""
    plan = variants.plan
    if plan.programme is None or plan.demand is None:
        return None
    assert plan.start is not None
    book, _, series, _ = evaluate_window(
        plan, variants.catalog, Draws(variants.seed, 0, DRAWS), plan.start, dict(variants.of().book.decisions)
    )
    sides = {name: Side.of(name, book) for name in SIDES}
    if any(not side.total.any() for side in sides.values()):
        return None
    moved = _elasticities(variants)
    rows = [
        *_structure(sides, book),
        *_timing(sides),
        *_hardware(sides, book),
        *_optimised(moved),
        _borne(sides, np.broadcast_to(series["revenue"], sides["training"].usd.shape)),
        *_energy(book, own_months_from(plan)),
        *_scaling(moved),
    ]
    told = [row for row in rows if row["training"] or row["inference"]]
    return {"draws": DRAWS, "rows": sorted(told, key=lambda row: ASPECTS.index(row["aspect"]))}


Told: TypeAlias = Ranged | str | None


def _row(aspect: str, what: str, unit: str, training: Told, inference: Told) -> dict[str, Any]:
    return {"aspect": aspect, "what": what, "unit": unit, "training": training, "inference": inference}


def _structure(sides: Mapping[str, Side], book: Book) -> list[dict[str, Any]]:
    """Cost, and the share of each kind of payee in it; rents told apart by who gets them in the end."""
    parts = parts_of(book.outcomes)
    shares: dict[str, dict[str, FloatArray]] = {}
    for name, side in sides.items():
        for component, line in side.lines.items():
            split = parts.get(component) or {line.payee.value: ""}
            for payee, key in split.items():
                paid = book.outcomes[key] if key else line.amortized.sum(axis=0)
                kind = next((kind for kind, payees in KINDS.items() if payee in payees), OTHER)
                kinds = shares.setdefault(kind, {n: np.zeros(book.draws.count) for n in SIDES})
                kinds[name] = kinds[name] + paid
    rows = [_row("structure", "cost over the plan", "USD", *(summarize(sides[n].total) for n in SIDES))]
    for kind in (*KINDS, OTHER):
        if kind in shares:
            told = [_share(shares[kind][name], sides[name].total) for name in SIDES]
            rows.append(_row("structure", f"share of {kind}", "share", told[0], told[1]))
    return rows


def _share(part: FloatArray, whole: FloatArray) -> Ranged | None:
    return summarize(part / whole) if np.all(whole > 0) else None


def _timing(sides: Mapping[str, Side]) -> list[dict[str, Any]]:
    """In how many months it is paid for, and the dearest month over the mean one."""
    busy = [summarize((sides[n].usd > 0).sum(axis=0).astype(np.float64)) for n in SIDES]
    lumps = [_share(sides[n].usd.max(axis=0), sides[n].usd.mean(axis=0)) for n in SIDES]
    first = [_share(sides[n].usd[:12].sum(axis=0), sides[n].total) for n in SIDES]
    return [
        _row("timing", "months with spending", "months", busy[0], busy[1]),
        _row("timing", "dearest month over the mean month", "x", lumps[0], lumps[1]),
        _row("timing", "share in the first twelve months", "share", first[0], first[1]),
    ]


def _hardware(sides: Mapping[str, Side], book: Book) -> list[dict[str, Any]]:
    """Chip-months; of an API or a quote nobody says how many."""
    trained = None
    if "programme.final_run_chip_hours" in book.quantities:
        hours, usd = (
            np.asarray(book.quantities[f"programme.final_run_{unit}"].value, dtype=np.float64)
            for unit in ("chip_hours", "usd")
        )
        lines = [
            line
            for n, line in sides["training"].lines.items()
            if line.group in TRAINING_GROUPS and n != CLUSTER
        ]
        spent = np.asarray(sum((line.amortized for line in lines), start=np.zeros((1, 1)))).sum(axis=0)
        trained = summarize(np.broadcast_to(spent / usd * hours / HOURS_PER_MONTH, (book.draws.count,)))
    held = [_chip_months(line) for line in sides["inference"].lines.values()]
    served = [months for months in held if months is not None]
    inferred = summarize(np.asarray(sum(served))) if served else None
    return [_row("hardware", "chips x months", "chip-months", trained, inferred)]


def _chip_months(line: Line) -> FloatArray | None:
    per = {"chip-hours": HOURS_PER_MONTH, "chip-months": 1.0}.get(line.unit)
    if per is None or line.quantity is None:
        return None
    shaped = np.broadcast_to(np.asarray(line.quantity, dtype=np.float64), line.amortized.shape)
    return shaped.sum(axis=0) / per


def _borne(sides: Mapping[str, Side], revenue: FloatArray) -> dict[str, Any]:
    """The share that revenue of the same month pays, serving first; the rest is borne by whoever funds it."""
    inference, training = sides["inference"].usd, sides["training"].usd
    to_serving = np.minimum(revenue, inference)
    to_training = np.minimum(revenue - to_serving, training)
    told = [
        _share(p.sum(axis=0), s.sum(axis=0)) for p, s in ((to_training, training), (to_serving, inference))
    ]
    return _row(
        "borne by", "customers, out of the same month's revenue, serving first", "share", told[0], told[1]
    )


def _energy(book: Book, own_from: int) -> list[dict[str, Any]]:
    """kWh a month of the plan, and in the highest month by the means of the draws.

    What was trained before the plan begins counts in the mean and is no month's; the power of training is at
    least that of the first final run.
    """
    mean, highest = dict[str, Ranged | None](), dict[str, FloatArray | None]()
    for name in SIDES:
        whole, months = book.outcomes.get(f"footprint.{name}_kwh"), book.by_month.get(f"footprint.{name}_kwh")
        mean[name] = None if whole is None else summarize(whole / book.months)
        highest[name] = None
        if whole is not None and months is not None and np.any(months):
            own = months[own_from:] if name == "training" else months
            highest[name] = float(np.max(own, initial=0.0) / np.sum(months)) * whole
    power = {n: None if kwh is None else kwh / HOURS_PER_MONTH / 1000 for n, kwh in highest.items()}
    run, trained = run_mw(book), power["training"]
    if run is not None:
        power["training"] = run if trained is None else np.maximum(trained, run)
    peaks, megawatts = ([_any(found[n]) for n in SIDES] for found in (highest, power))
    return [
        _row("energy", "a month", "kWh", mean["training"], mean["inference"]),
        _row("energy", "in the highest month", "kWh", peaks[0], peaks[1]),
        _row("hardware", "power in the highest month, mean over its hours", "MW", megawatts[0], megawatts[1]),
    ]


def _any(values: FloatArray | None) -> Ranged | None:
    return None if values is None or not values.any() else summarize(values)


def _elasticities(variants: Variants) -> dict[str, dict[str, FloatArray]]:
    """Per cent of each side's cost for a per cent of each factor, one number a draw."""
    found: dict[str, dict[str, FloatArray]] = {}
    for factor in dict.fromkeys((*SCALES, *LEVERS)):
        moved = variants.grid((), {factor: np.array([1 / STEP, STEP])}, draws=MOVED_DRAWS)
        found[factor] = {name: _slope(Side.of(name, moved.book).total) for name in SIDES}
    return found


def _slope(total: FloatArray) -> FloatArray:
    below, above = total.reshape(2, MOVED_DRAWS)
    safe = np.maximum(below, 1e-300), np.maximum(above, 1e-300)
    return np.log(safe[1] / safe[0]) / (2 * np.log(STEP))


def _optimised(moved: Mapping[str, Mapping[str, FloatArray]]) -> list[dict[str, Any]]:
    """What the cost of each side answers to most."""
    names: list[str] = []
    values: list[Ranged] = []
    for side in SIDES:
        best = max(LEVERS, key=lambda factor: abs(float(moved[factor][side].mean())))
        moves = abs(float(moved[best][side].mean())) >= LEAST
        names.append(LEVERS[best] if moves else UNMOVED)
        values.append(summarize(moved[best][side]))
    return [
        _row("optimised by", "what its cost answers to most", "", names[0], names[1]),
        _row("optimised by", "per cent of cost a per cent of that", "elasticity", values[0], values[1]),
    ]


def _scaling(moved: Mapping[str, Mapping[str, FloatArray]]) -> list[dict[str, Any]]:
    return [
        _row("scales with", name, "elasticity", *(summarize(moved[factor][side]) for side in SIDES))
        for factor, name in SCALES.items()
    ]
