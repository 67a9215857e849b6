"""How a lever works: which quantities it moves, what it costs itself, what it does to waiting."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from truecost.advise.levers.lever import Lever
from truecost.plan.serving import ClassServing
from truecost.plan.variants import Variant
from truecost.ranges import FloatArray, Value

MOST_SHOWN = 3
UNMOVED = 0.005
"""A quantity that changes by less than this share has not moved."""
NONE_IS_ZERO = ("chips", "calls on own chips")
"""Quantities that are nothing where the law has none; the others are only compared where both exist."""
TIMES = {"ttft_s": "to the first token", "tpot_s": "a token"}


@dataclass(frozen=True, slots=True)
class Moved:
    """A quantity before and after: means over months and draws."""

    quantity: str
    unit: str
    before: float
    after: float

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        return {"quantity": self.quantity, "unit": self.unit, "before": self.before, "after": self.after}


def moved(lever: Lever, base: Variant, variant: Variant) -> tuple[Moved, ...]:
    """The quantities of the lever's class (or tier, or run) that moved, from the cause to what follows."""
    before, after = dict(_quantities(lever, base)), dict(_quantities(lever, variant))
    both = [
        Moved(*key, before.get(key, 0.0), after.get(key, 0.0))
        for key in {**before, **after}
        if (key in before and key in after) or key[0] in NONE_IS_ZERO
    ]
    return tuple([m for m in both if _has_moved(m)][:MOST_SHOWN]) or _lines_moved(base, variant)


def _has_moved(each: Moved) -> bool:
    return abs(each.after - each.before) > UNMOVED * max(abs(each.before), abs(each.after))


def _lines_moved(base: Variant, variant: Variant) -> tuple[Moved, ...]:
    """The cost lines that changed, the largest change first: for what has no quantity of its own."""
    lines = [
        (base.book.lines.get(n), variant.book.lines.get(n)) for n in {**base.book.lines, **variant.book.lines}
    ]
    found: list[Moved] = []
    for before, after in lines:
        label = next(line.label for line in (before, after) if line is not None)
        usd = [0.0 if line is None else float(line.amortized.sum(axis=0).mean()) for line in (before, after)]
        found.append(Moved(label, "USD/month", usd[0] / base.book.months, usd[1] / base.book.months))
    changed = sorted(filter(_has_moved, found), key=lambda m: -abs(m.after - m.before))
    return tuple(changed[:MOST_SHOWN])


def _quantities(lever: Lever, variant: Variant) -> Iterator[tuple[tuple[str, str], float]]:
    if lever.class_name in variant.served:
        yield from _of_class(lever.class_name, variant.served[lever.class_name], variant)
    elif f"queries.{lever.class_name}" in variant.book.quantities:
        for name, unit in (("users", "users"), ("queries", "queries/month"), ("revenue", "USD/month")):
            quantity = variant.book.quantities[f"{name}.{lever.class_name}"]
            yield (f"{name} of {lever.class_name}", unit), _mean(quantity.value)
    else:
        yield from _of_run(variant)


def _of_class(name: str, served: ClassServing, variant: Variant) -> Iterator[tuple[tuple[str, str], float]]:
    work, details = served.work, served.used.details
    yield ("calls to the model", "calls/month"), _mean(work.calls)
    yield ("input of a call", "tokens"), _mean(work.input_tokens)
    yield ("output of a call", "tokens"), _mean(work.output_tokens)
    yield ("input read from the cache", "share"), _mean(work.cache_read_share)
    if "usd_per_call" in details:
        yield ("price of a call", "USD/call"), _mean(details["usd_per_call"])
    rent = variant.book.lines.get(f"inference.{name}.rent")
    if rent is not None and rent.quantity is not None:
        hours = np.broadcast_to(np.asarray(rent.quantity, dtype=np.float64), rent.amortized.shape)
        yield ("rent of a chip", "USD/chip-hour"), float(rent.amortized.sum() / max(hours.sum(), 1e-12))
    host = f"serving.{name}.{'hybrid' if served.used.option == 'hybrid' else 'self_hosted'}"
    seconds = variant.book.quantities.get(f"{host}.replica_seconds_per_call")
    if seconds is not None:
        chips = _mean(details.get("chips_per_replica", 1.0))
        yield ("work of a call", "chip-seconds"), _mean(seconds.value) * chips
    for key, words, unit in (
        ("chips", "chips", "chips"),
        ("base_share", "calls on own chips", "share"),
        ("batch", "sequences in a batch", ""),
    ):
        if key in details:
            yield (words, unit), _mean(details[key])


def _of_run(variant: Variant) -> Iterator[tuple[tuple[str, str], float]]:
    found = variant.book.quantities
    for key, words, unit in (
        ("programme.final_run_chip_hours", "final run", "chip-hours"),
        ("programme.final_run_usd", "final run", "USD"),
    ):
        if key in found:
            yield (words, unit), _mean(found[key].value)
    hours, usd = found.get("programme.final_run_chip_hours"), found.get("programme.final_run_usd")
    if hours is not None and usd is not None:
        yield ("a chip-hour", "USD/chip-hour"), _mean(np.asarray(usd.value) / np.asarray(hours.value))


def own_cost(base: Variant, variant: Variant) -> tuple[tuple[str, ...], FloatArray]:
    """The lines that a lever adds, by what they are called, and their USD a month, one number a draw."""
    added = [line for name, line in variant.book.lines.items() if name not in base.book.lines]
    months = variant.book.months
    total = sum((line.amortized.sum(axis=0) for line in added), start=np.zeros(variant.book.draws.count))
    return tuple(line.label for line in added), total / months


def waiting(lever: Lever, base: Variant, variant: Variant) -> dict[str, Any]:
    """Seconds to the first token and for each further one before and after, where the law computes both."""
    result: dict[str, Any] = {"note": lever.latency}
    if lever.class_name not in base.served or lever.class_name not in variant.served:
        return result
    before, after = (v.served[lever.class_name].used.details for v in (base, variant))
    for key in TIMES:
        if key in before and key in after:
            result[key] = [_mean(before[key]), _mean(after[key])]
    return result


def _mean(value: Value) -> float:
    return float(np.mean(value))
