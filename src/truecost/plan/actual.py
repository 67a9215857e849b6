"""A plan against what was used: its cost lines joined with the ledger's usage of the same months.

A line of the plan that a vendor meters (calls of an API, chips that serve, chips that train) is joined with
the usage of the same model, or of the same kind of chip. Where the usage says what it was for in the plan's
own words (its request classes), each class is compared alone; else lines of one model are compared as one,
with the interval of their sum. Nothing is scaled: a month that is not over says how many days are in.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, TypeAlias

import numpy as np

from truecost.ledger.monthly import Bought, Covered, MonthlyUsage, monthly_usage
from truecost.lines import Category, Payee
from truecost.plan.evaluate import Evaluation, LineTotals
from truecost.plan.result import Result
from truecost.plan.statement import month_names, monthly_ranges
from truecost.ranges import FloatArray, Ranged

Family: TypeAlias = tuple[str, str]
"""What a line buys: the kind of usage (`api`, `fleet`, `training`), and the model where it is an API's."""

METERED = frozenset({Payee.CLOUD, Payee.CHIPS, Payee.POWER})
TRAINING = frozenset({"training", "fine_tune", "rlhf", "safety"})
NAMES = {"fleet": "Chips that serve", "training": "Chips that train"}


@dataclass(frozen=True, slots=True)
class Group:
    """Lines of the plan and usage that are compared as one; `name` is what a reader calls them."""

    name: str
    kind: str
    model: str
    components: tuple[str, ...]
    bought: tuple[Bought, ...]
    pooled_because: str = ""


@dataclass(frozen=True, slots=True)
class Against:
    """A plan set against usage (`to_dict` documents the keys)."""

    usage: MonthlyUsage
    months: tuple[str, ...]
    groups: tuple[Group, ...]
    unplanned: tuple[Bought, ...]
    evaluation: Evaluation

    def to_dict(self) -> dict[str, Any]:
        """Plain values: USD of the plan as numbers with their interval, those of the ledger as exact text.

        `lines` by month and over the months, `usage_without_line`, `lines_without_usage` (metered, nothing
        used), `not_in_a_ledger` (staff, fees), and the months of either side that the other has not.
        """
        covered = {one.month: one for one in self.usage.covered}
        return {
            "store": self.usage.store,
            "as_known": str(self.usage.as_known),
            "class_column": self.usage.label_column,
            "months": [_covered(covered[month]) for month in self.months],
            "lines": sorted((self._line(one) for one in self.groups if one.bought), key=_size),
            "total": self._compared(self._pooled(), self.months),
            "usage_without_line": self._without_line(),
            "lines_without_usage": sorted(
                (self._unused(one) for one in self.groups if not one.bought), key=_size
            ),
            "not_in_a_ledger": self._elsewhere(),
            "usage_outside_the_plan": self._outside(),
        }

    def _pooled(self) -> Group:
        """All lines that were compared, as one."""
        used = [one for one in self.groups if one.bought]
        components = tuple(name for one in used for name in one.components)
        return Group("All of these", "", "", components, tuple(row for one in used for row in one.bought))

    def _line(self, group: Group) -> dict[str, Any]:
        return {
            "name": group.name,
            "kind": group.kind,
            "model": group.model,
            "components": list(group.components),
            "pooled_because": group.pooled_because,
            "months": [{"month": month, **self._compared(group, (month,))} for month in self.months],
            "total": self._compared(group, self.months),
        }

    def _compared(self, group: Group, months: Sequence[str]) -> dict[str, Any]:
        """Planned and actual of a group over some months, and what the difference is of."""
        rows = [one for one in group.bought if one.month in months]
        planned = planned_usd(self.evaluation, group.components, months)
        actual = sum((one.usd for one in rows), Decimal(0))
        unpriced = sum(one.unpriced_entries for one in rows)
        whole = all(_is_whole(one) for one in self.usage.covered if one.month in months)
        unit, bought, used = self._quantities(group, rows, months)
        return {
            "planned_usd": planned,
            "actual_usd": format(actual, "f"),
            "difference_usd": in_planner(actual) - planned["mean"],
            "verdict": verdict(in_planner(actual), planned),
            "whole_months": whole,
            "unpriced_entries": unpriced,
            "quantity_unit": unit,
            "planned_quantity": bought,
            "actual_quantity": used,
            **_causes(planned["mean"], in_planner(actual), bought, used),
        }

    def _quantities(
        self, group: Group, rows: Iterable[Bought], months: Sequence[str]
    ) -> tuple[str, float | None, float | None]:
        """The unit that lines and usage are both counted in, and how much of it each has; None where none."""
        unit = {"api": "Mtok", "fleet": "chip-hours", "training": "chip-hours"}.get(group.kind, "")
        counted = [self.evaluation.lines[name] for name in group.components]
        counted = [one for one in counted if one.line.unit == unit and one.monthly_quantity is not None]
        if not unit or not counted:
            return "", None, None
        at = _places(self.evaluation, months)
        bought = sum(float(np.asarray(one.monthly_quantity)[at].sum()) for one in counted)
        if unit == "Mtok":
            return unit, bought, sum(one.tokens for one in rows) / 1e6
        return unit, bought, in_planner(sum((one.chip_hours for one in rows), Decimal(0)))

    def _without_line(self) -> list[dict[str, Any]]:
        """Usage in the months of the plan that no line of it buys, the dearest first."""
        found: dict[tuple[str, str, str | None], list[Bought]] = {}
        for one in self.unplanned:
            found.setdefault((one.kind, one.name, one.label), []).append(one)
        rows = [_summed(rows) for rows in found.values()]
        return sorted(rows, key=lambda row: (-Decimal(row["usd"]), -row["entries"], row["name"]))

    def _unused(self, group: Group) -> dict[str, Any]:
        return {
            "name": group.name,
            "kind": group.kind,
            "model": group.model,
            "components": list(group.components),
            "planned_usd": planned_usd(self.evaluation, group.components, self.months),
        }

    def _elsewhere(self) -> list[dict[str, Any]]:
        """Lines that no usage log has: people, fees, data."""
        joined = {name for group in self.groups for name in group.components}
        rest = [name for name in self.evaluation.lines if name not in joined]
        rows: list[dict[str, Any]] = [
            {
                "component": name,
                "label": self.evaluation.lines[name].line.label,
                "planned_usd": planned_usd(self.evaluation, (name,), self.months),
            }
            for name in rest
        ]
        return sorted((row for row in rows if row["planned_usd"]["mean"]), key=_size)

    def _outside(self) -> list[dict[str, Any]]:
        """Usage of months that the plan has not."""
        rows = [one for one in self.usage.bought if one.month not in self.months]
        months = sorted({one.month for one in rows})
        return [
            {
                "month": month,
                "usd": format(sum((one.usd for one in rows if one.month == month), Decimal(0)), "f"),
                "entries": sum(one.entries for one in rows if one.month == month),
            }
            for month in months
        ]


def against_usage(
    result: Result,
    store: str | os.PathLike[str],
    *,
    class_column: str = "feature",
    as_known: date | None = None,
) -> Against:
    """A plan's result set against the usage in a store, in the months that both have.

    `class_column` is the column of the usage (or `tag:NAME`) that holds the plan's request classes;
    `as_known` prices by what was known on a day (today), and the own prices that the plan was evaluated with
    go before those that ship for the usage too. Raises NoStore, and ValueError for a column that
    usage has not and where plan and usage have no month in common.
    """
    evaluation = result.evaluation
    facts = evaluation.first.catalog
    usage = monthly_usage(store, class_column, as_known=as_known, catalog=facts if facts.overlay else None)
    planned = month_names(evaluation)
    months = tuple(one.month for one in usage.covered if one.month in planned)
    if not months:
        raise ValueError(f"{store}: {_no_month(usage, planned)}")
    rows = [one for one in usage.bought if one.month in months]
    groups = tuple(_groups(evaluation, rows, class_column))
    taken = {id(one) for group in groups for one in group.bought}
    unplanned = tuple(one for one in rows if id(one) not in taken)
    return Against(usage, months, groups, unplanned, evaluation)


def _no_month(usage: MonthlyUsage, planned: Sequence[str]) -> str:
    if not usage.covered:
        return "there is no usage in this store"
    first, last = usage.covered[0].month, usage.covered[-1].month
    span = first if first == last else f"{first} to {last}"
    return (
        f"its usage is of {span}, the plan of {planned[0]} to {planned[-1]}: no month in common"
        f" (--set start={first} moves the plan)"
    )


def family(component: str, totals: LineTotals) -> Family | None:
    """What a line buys that usage is logged of; None for what nobody meters."""
    line = totals.line
    if line.offer.sku:
        return "api", line.offer.sku.rpartition("/")[0]
    if line.payee not in METERED or line.offer.category is Category.AI:
        return None
    room = component.partition(".")[0]
    if room == "inference":
        return "fleet", ""
    return ("training", "") if room in TRAINING else None


def _groups(evaluation: Evaluation, rows: Sequence[Bought], class_column: str) -> Iterable[Group]:
    """Lines and usage that are compared as one, in the order of the plan."""
    families: dict[Family, list[str]] = {}
    for component, totals in evaluation.lines.items():
        found = family(component, totals)
        if found is not None:
            families.setdefault(found, []).append(component)
    for (kind, model), components in families.items():
        mine = [one for one in rows if one.kind == kind and (not model or one.name == model)]
        classes: dict[str, list[str]] = {}
        for component in components:
            classes.setdefault(class_of(component), []).append(component)
        name = NAMES.get(kind) or evaluation.lines[components[0]].line.offer.service
        strangers = sorted({one.label or "(none)" for one in mine if one.label not in classes})
        if not strangers:
            for each, parts in classes.items():
                found_rows = tuple(one for one in mine if one.label == each)
                yield Group(f"{name}: {each}", kind, model, tuple(parts), found_rows)
            continue
        because = ""
        if len(classes) > 1:
            told = ", ".join(strangers[:3]) + (", ..." if len(strangers) > 3 else "")
            because = f"the {class_column} of its usage is not only a class of the plan: {told}"
        yield Group(f"{name}: {', '.join(classes)}", kind, model, tuple(components), tuple(mine), because)


def class_of(component: str) -> str:
    """The request class, the run or the data that a component is of.

    >>> class_of("inference.draft.api"), class_of("training.final_run")
    ('draft', 'final_run')
    """
    return component.split(".")[1]


def planned_usd(evaluation: Evaluation, components: Iterable[str], months: Sequence[str]) -> Ranged:
    """USD of some lines over some months: the mean of all draws, the interval of the first window of them."""
    at = _places(evaluation, months)
    lines = [evaluation.lines[name] for name in components]
    total = sum((_drawn(one, at) for one in lines), np.zeros(evaluation.first.draws.count))
    mean = sum(float(one.monthly_cost_usd[at].sum()) for one in lines)
    return monthly_ranges(np.asarray(total)[np.newaxis, :], np.array([mean]))[0]


def _drawn(totals: LineTotals, at: Sequence[int]) -> FloatArray:
    """USD of a line over some months, a number a draw."""
    return np.asarray(totals.line.amortized)[at].sum(axis=0)


def _places(evaluation: Evaluation, months: Sequence[str]) -> list[int]:
    names = month_names(evaluation)
    return [names.index(month) for month in months]


def in_planner(amount: Decimal) -> float:
    """An amount of the ledger among the planner's numbers: the one place where exact becomes float64."""
    return float(amount)


def verdict(actual: float, planned: Ranged) -> str:
    """Whether an amount lies in the plan's 90 % interval: `inside`, `above` or `below`.

    An interval of one point takes what is within a millionth of it.

    >>> planned: Ranged = {"p5": 8.0, "p50": 10.0, "p95": 12.0, "mean": 10.0}
    >>> verdict(11.0, planned), verdict(13.0, planned)
    ('inside', 'above')
    """
    slack = 1e-6 * abs(planned["p95"])
    if actual > planned["p95"] + slack:
        return "above"
    return "below" if actual < planned["p5"] - slack else "inside"


def _causes(
    planned: float, actual: float, bought: float | None, used: float | None
) -> dict[str, float | None]:
    """The difference as more or less of the unit at the planned price, and another price of what was used.

    volume = (used - bought) x planned / bought; price = actual - used x planned / bought; they sum to
    actual - planned. None where nothing is counted on both sides.
    """
    if not bought or used is None:
        return {"difference_by_volume_usd": None, "difference_by_price_usd": None}
    each = planned / bought
    return {
        "difference_by_volume_usd": (used - bought) * each,
        "difference_by_price_usd": actual - used * each,
    }


def _size(row: dict[str, Any]) -> float:
    """The largest plan first."""
    planned: Ranged = row.get("total", row)["planned_usd"]
    return -planned["mean"]


def _is_whole(one: Covered) -> bool:
    return one.days == one.days_in_month


def _covered(one: Covered) -> dict[str, Any]:
    return {
        "month": one.month,
        "first_day": str(one.first_day),
        "last_day": str(one.last_day),
        "days": one.days,
        "days_in_month": one.days_in_month,
        "days_with_usage": one.days_with_usage,
    }


def _summed(rows: Sequence[Bought]) -> dict[str, Any]:
    """Usage of several months as one row."""
    first = rows[0]
    return {
        "kind": first.kind,
        "name": first.name,
        "class": first.label,
        "months": sorted({one.month for one in rows}),
        "usd": format(sum((one.usd for one in rows), Decimal(0)), "f"),
        "entries": sum(one.entries for one in rows),
        "unpriced_entries": sum(one.unpriced_entries for one in rows),
    }
