"""The people whose judgement a model is made of: their hours, what is paid for them, what they take home.

Tasks are those of annotation, the comparisons of RLHF, and red-teaming. What an hour brings home is set
against a living wage of the country where the plan says they work; what it does not say is left out by name.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from truecost.plan.book import Book, given_or, over_months
from truecost.plan.schema import Plan
from truecost.plan.schema.programme import Annotation, RedTeam, Rlhf
from truecost.ranges import FloatArray, Value

ROOM = "human_ledger"
TASKS = f"{ROOM}.tasks"
MINUTES = "annotation/minutes_per_preference"


@dataclass(frozen=True, slots=True)
class Task:
    """One kind of work: the plan's section and its path, and the lines that pay for it."""

    name: str
    path: str
    spec: Annotation | Rlhf | RedTeam
    lines: tuple[str, ...]

    def hours(self, book: Book) -> tuple[Value, tuple[str, ...]] | None:
        """Hours over the plan, checks included, and what they are computed from; None if unknown."""
        bought = np.zeros(book.draws.count)
        for component in self.lines:
            bought = bought + over_months(given_or(book.lines[component].quantity, 0.0), book.months)
        behind = tuple(f"lines.{component}" for component in self.lines)
        if isinstance(self.spec, RedTeam) or (isinstance(self.spec, Annotation) and self.spec.items is None):
            return bought, (*behind, f"{self.path}.hours")
        if isinstance(self.spec, Rlhf):
            path = f"{self.path}.minutes_per_preference"
            each = book.number(path, self.spec.minutes_per_preference, MINUTES)
            return bought * each / 60, (*behind, path)
        path = f"{self.path}.minutes_per_item"
        if self.spec.minutes_per_item is None:
            unknown = "the hours behind these items, and what one brings home, are unknown"
            book.leave_out(f"{TASKS}.{self.name}.hours", f"{unknown}: {path}")
            return None
        return bought * self.spec.minutes_per_item / 60, (*behind, path)

    def firm_share(self, book: Book) -> tuple[Value, tuple[str, ...]]:
        """The share of the price that a firm between keeps."""
        path, stated = f"{self.path}.intermediary_share", self.spec.intermediary_share
        if isinstance(self.spec, RedTeam) and stated is None:
            gap = f"{TASKS}.{self.name}.intermediary_share"
            book.leave_out(gap, f"no firm stands between buyer and red-teamer: {path}")
            return 0.0, ()
        return book.number(path, stated, "annotation/intermediary_share"), (path,)


def tasks(plan: Plan) -> Iterator[Task]:
    """The tasks that a plan pays for."""
    programme = plan.programme
    if programme is None:
        return
    for name, spec in programme.annotation.items():
        lines = tuple(f"annotation.{name}.{part}" for part in ("labellers", "intermediary"))
        yield Task(f"annotation.{name}", f"programme.annotation.{name}", spec, lines)
    if programme.rlhf is not None:
        yield Task("rlhf", "programme.rlhf", programme.rlhf, ("rlhf.preferences",))
    if programme.safety is not None and programme.safety.red_team is not None:
        path = "programme.safety.red_team"
        yield Task("red_team", path, programme.safety.red_team, ("safety.red_team",))


def human_ledger(plan: Plan, book: Book) -> None:
    """Enter each task, and the sums over them."""
    found = [_task(task, book) for task in tasks(plan)]
    if not found:
        return
    for figure, unit, formula in (
        ("hours", "hours", "sum over the tasks"),
        ("buyer_usd", "USD", "sum over the tasks"),
        ("take_home_usd", "USD", "sum over the tasks"),
        ("harmful_hours", "hours", "sum over the tasks whose share is stated"),
        ("to_living_wage_usd", "USD", "sum over the tasks whose country is stated"),
    ):
        keys = [f"{TASKS}.{name}.{figure}" for name in found if f"{TASKS}.{name}.{figure}" in book.outcomes]
        if keys:
            book.result(
                f"{ROOM}.{figure}", np.asarray(sum(book.outcomes[k] for k in keys)), unit, formula, keys
            )
    added = f"{ROOM}.to_living_wage_usd"
    if added in book.outcomes:
        share = _ratio(book.outcomes[added], book.outcomes["total_usd"])
        book.result(f"{ROOM}.to_living_wage_share_of_plan", share, "share", "what it adds / all cost",
                    (added, "total_usd"))  # fmt: skip


def _task(task: Task, book: Book) -> str:
    at = f"{TASKS}.{task.name}"
    paid = np.asarray(sum(book.lines[c].amortized.sum(axis=0) for c in task.lines))
    kept, share_behind = task.firm_share(book)
    lines = tuple(f"lines.{c}" for c in task.lines)
    home = (f"{at}.buyer_usd", *share_behind)
    book.result(f"{at}.buyer_usd", paid, "USD", "what the plan pays", lines)
    book.result(f"{at}.take_home_usd", paid * (1 - kept), "USD", "paid x (1 - the firm's share)", home)
    if share_behind:
        book.result(f"{at}.intermediary_share", kept, "share", "kept by the firm between", share_behind)
    worked = task.hours(book)
    if worked is not None:
        book.result(f"{at}.hours", worked[0], "hours", "what is bought x time each", worked[1])
        _hourly(task, at, kept, share_behind, book)
    return task.name


def _hourly(task: Task, at: str, kept: Value, share_behind: tuple[str, ...], book: Book) -> None:
    """What an hour is paid, what it brings home, and whether it meets harmful content."""
    hours, path = book.outcomes[f"{at}.hours"], f"{task.path}.harmful_share"
    rate = _ratio(book.outcomes[f"{at}.buyer_usd"], hours)
    inputs = (f"{at}.buyer_usd", f"{at}.hours")
    book.result(f"{at}.buyer_usd_per_hour", rate, "USD/hour", "paid / hours", inputs)
    formula, inputs = "buyer's rate x (1 - the firm's share)", (f"{at}.buyer_usd_per_hour", *share_behind)
    book.result(f"{at}.take_home_usd_per_hour", rate * (1 - kept), "USD/hour", formula, inputs)
    _wage(task, at, hours, rate * (1 - kept), book)
    if task.spec.harmful_share is None:
        book.leave_out(f"{at}.harmful_hours", f"exposure to harmful content is unknown: {path}")
        return
    exposed = hours * task.spec.harmful_share
    book.result(f"{at}.harmful_hours", exposed, "hours", "hours x share", (f"{at}.hours", path))


def _wage(task: Task, at: str, hours: Value, take_home: FloatArray, book: Book) -> None:
    """What an hour would have to bring for a living, and what paying that would add, all of it to people."""
    country = task.spec.country
    if country is None:
        unknown = "take-home is not set against a living wage"
        book.leave_out(f"{at}.living_wage_usd_per_hour", f"{unknown}: {task.path}.country")
        return
    rate = book.catalog.rate(f"wages/living_{country}", book.as_of)
    living = book.fact(rate)
    gap = np.maximum(living - take_home, 0.0) * hours
    home = f"{at}.take_home_usd_per_hour"
    for figure, value, unit, formula, inputs in (
        ("living_wage_usd_per_hour", living, "USD/hour", f"a living wage in {country}", (rate.key,)),
        ("take_home_over_living_wage", take_home / living, "x", "take-home / living wage", (home, rate.key)),
        ("to_living_wage_usd", gap, "USD", "hours x (living wage - take-home), where it is below",
         (f"{at}.hours", home, rate.key)),
    ):  # fmt: skip
        book.result(f"{at}.{figure}", value, unit, formula, inputs)


def _ratio(part: Value, whole: Value) -> FloatArray:
    """part / whole; 0 where there is nothing to divide by."""
    top, bottom = np.broadcast_arrays(np.asarray(part, dtype=np.float64), np.asarray(whole, dtype=np.float64))
    return np.divide(top, bottom, out=np.zeros(top.shape), where=bottom > 0)
