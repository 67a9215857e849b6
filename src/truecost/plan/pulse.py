"""What the catalog's changes between two days do to a plan: each fact alone as it was, on the same draws.

The plan stays as it is written. What it asks of the catalog is answered as of the later day; then, one fact
at a time, as of the earlier. The difference is what that change costs the plan a month.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from truecost.catalog.api_prices import ApiPrice
from truecost.catalog.catalog import Catalog
from truecost.catalog.dated import Asked, DatedCatalog
from truecost.catalog.facts import Fact
from truecost.catalog.hardware_prices import load_hardware_prices
from truecost.plan.schema import Plan
from truecost.plan.variants import Variants
from truecost.ranges import FloatArray, Range, summarize
from truecost.spec import Document

DRAWS = 1024
MOST_ALONE = 12
"""Changed facts that are evaluated one by one, those that moved most."""
TOLD = 3
NOTHING = 1e-9
"""Of the plan's cost: a difference below it is rounding."""


@dataclass(frozen=True, slots=True)
class Change:
    """A fact that the plan takes, on both days."""

    asked: Asked
    before: Fact | ApiPrice
    after: Fact | ApiPrice

    @property
    def size(self) -> float:
        """How far it moved: the largest log of a ratio between its two values."""
        pairs = [(_numbers(self.before).get(name), value) for name, value in _numbers(self.after).items()]
        return max((_ratio(before, after) for before, after in pairs), default=0.0)


def moved(
    document: Document[Plan], catalog: Catalog, since: date, as_of: date, *, draws: int = DRAWS, seed: int = 1
) -> dict[str, Any]:
    """What the facts of two days do to a plan, in USD a month: all together, and the three that do most.

    `not_compared` names the facts without a value on one of the days; they keep that of the plan's own day.
    Raises SpecError where the plan cannot be computed with the facts of the later day.
    """
    own_day = document.value.as_of or date.today()
    asked, parts = _facts_asked(document, catalog, (own_day, draws, seed))
    changes, missing, same = _compared(asked, catalog, since, as_of)
    pinned = dict.fromkeys(missing, own_day)

    def cost(apart: Mapping[Asked, date]) -> FloatArray:
        at = DatedCatalog(*parts, own_day, as_of, {**pinned, **apart})
        variant = Variants(document, at, draws=draws, seed=seed).of()
        return variant.cost_usd / variant.plan.horizon_months

    now = cost({})
    chosen = sorted(changes, key=lambda change: -change.size)[:MOST_ALONE]
    rows = [_row(change, now, cost({change.asked: since}), (since, as_of)) for change in chosen]
    moving = [
        row for row in rows if abs(row["usd_per_month"]["mean"]) > NOTHING * max(float(now.mean()), 1.0)
    ]
    moving.sort(key=lambda row: -abs(row["usd_per_month"]["mean"]))
    before = cost({change.asked: since for change in changes}) if changes else now
    return {
        "name": document.value.name,
        "plan_as_of": own_day.isoformat(),
        "usd_per_month": summarize(now),
        "together_usd_per_month": summarize(now - before),
        "changes": moving[:TOLD],
        "smaller": moving[TOLD:],
        "without_effect": [_named(row) for row in rows if row not in moving],
        "not_evaluated_alone": len(changes) - len(chosen),
        "not_compared": [{"fact": _label(asked), "why": why} for asked, why in missing.items()],
        "same_on_both_days": same,
    }


def _facts_asked(
    document: Document[Plan], catalog: Catalog, told: tuple[date, int, int]
) -> tuple[list[Asked], tuple[Any, Any]]:
    """The facts that the plan as written asks for, and the parts of the catalog."""
    own_day, draws, seed = told
    parts = catalog.all_rates, catalog.laid_over
    written = DatedCatalog(*parts, own_day, own_day)
    Variants(document, written, draws=min(draws, 64), seed=seed).of()
    return list(written.asked), parts


def _compared(
    asked: Iterable[Asked], catalog: Catalog, since: date, as_of: date
) -> tuple[list[Change], dict[Asked, str], int]:
    """The facts that differ, those that one day has no value of (and why), and how many are the same."""
    changes: list[Change] = []
    missing: dict[Asked, str] = {}
    same = 0
    for each in asked:
        try:
            change = Change(each, each.on(catalog, since), each.on(catalog, as_of))
        except LookupError as error:
            missing[each] = str(error)
            continue
        if lacking := _lacking(change):
            missing[each] = f"no standard price of {lacking} is on record for {since}"
        elif change.size > 0:
            changes.append(change)
        else:
            same += 1
    return changes, missing, same


def _lacking(change: Change) -> str:
    """The kinds of token that a list prices on the later day and not on the earlier one."""
    before, after = change.before, change.after
    if isinstance(before, Fact) or isinstance(after, Fact):
        return ""
    return ", ".join(kind for kind in ("input", "output") if after.has(kind) and not before.has(kind))


def _row(change: Change, now: FloatArray, then: FloatArray, days: tuple[date, date]) -> dict[str, Any]:
    return {
        "fact": _label(change.asked),
        "kind": change.asked.kind,
        "before": _told(change.before),
        "after": _told(change.after),
        "new_records": _new_records(change, days),
        "usd_per_month": summarize(now - then),
        "share_of_draws_dearer": float((now > then).mean()),
    }


def _named(row: Mapping[str, Any]) -> str:
    return row["fact"]


def _label(asked: Asked) -> str:
    """A fact as a reader names it."""
    if asked.kind == "price":
        return f"API price of {asked.of + '/' if asked.of else ''}{asked.name}"
    if asked.kind == "rental":
        return f"rent of {asked.name}, {asked.of.replace('_', ' ')}"
    return f"price of {asked.name}" if asked.kind == "purchase" else asked.name


def _new_records(change: Change, days: tuple[date, date]) -> int | None:
    """Price records of a chip that came in between; None for what is not made of records.

    A range over sellers can move with none: records of old days drop out of its window.
    """
    if change.asked.kind not in {"rental", "purchase"}:
        return None
    prices = load_hardware_prices()
    quotes = prices.rentals if change.asked.kind == "rental" else prices.purchases
    since, as_of = days
    return sum(quote.chip == change.asked.name and since < quote.date <= as_of for quote in quotes)


def _numbers(fact: Fact | ApiPrice) -> dict[str, float]:
    """The numbers of a fact by name: the ends of a range, each price of a list in USD a million tokens."""
    if isinstance(fact, Fact):
        value = fact.value
        return {"low": value.low, "high": value.high} if isinstance(value, Range) else {"value": value}
    found: dict[str, float] = {}
    for row in fact.rows:
        name = " ".join(str(part) for part in (*row.condition, row.utc_from or ""))
        found[name] = float(row.usd_per_token) * 1e6
    return found


def _ratio(before: float | None, after: float) -> float:
    if before is None or before == after:
        return 0.0
    low, high = sorted((abs(before), abs(after)))
    return math.log(high / low) if low > 0 else math.inf


def _told(fact: Fact | ApiPrice) -> dict[str, Any]:
    """A fact as data: its value and unit, of a price list its input and output price."""
    if isinstance(fact, Fact):
        value = str(fact.value) if isinstance(fact.value, Range) else fact.value
        return {"value": value, "unit": fact.unit, "source": fact.source, "note": fact.note}
    prices = {kind: fact.fact(kind) for kind in ("input", "output") if fact.has(kind)}
    return {
        "provider": fact.provider,
        **{f"{kind}_usd_per_mtok": float(f"{_middle(price) * 1e6:.10g}") for kind, price in prices.items()},
        "source": "; ".join(dict.fromkeys(price.source for price in prices.values())),
    }


def _middle(fact: Fact) -> float:
    return fact.value.median if isinstance(fact.value, Range) else fact.value
