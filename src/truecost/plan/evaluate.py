"""From a plan to what it costs: windows of draws through the laws, gathered into totals.

Work goes through in windows of a few thousand draws, so memory stays bounded and the arrays stay in the
processor's cache; what is kept of each window is one number a draw for every line and outcome.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np

from truecost.catalog.catalog import Catalog
from truecost.plan.book import Book, Line
from truecost.plan.break_even import self_hosting
from truecost.plan.business import business, revenue
from truecost.plan.demand import Traffic, traffic
from truecost.plan.gaps import name_gaps
from truecost.plan.generations import schedule
from truecost.plan.inference_wall import enter_wall
from truecost.plan.outages import with_outages
from truecost.plan.outcomes import outcomes_of
from truecost.plan.programme import programme
from truecost.plan.progress import enter_progress
from truecost.plan.schema import Plan
from truecost.plan.serving import ClassServing, serve
from truecost.plan.tiers import tiers
from truecost.plan.views import views
from truecost.plan.what_if import MODEL_SIZE, moves, with_points
from truecost.ranges import Draws, FloatArray, Value
from truecost.spec.sampling import sample

WINDOW = 4096
SCOUT_DRAWS = 256


@dataclass(frozen=True, slots=True)
class LineTotals:
    """One component over all draws: a number a draw, and means by month."""

    line: Line
    cost_usd: FloatArray
    cash_usd: FloatArray
    monthly_cost_usd: FloatArray
    monthly_cash_usd: FloatArray
    monthly_list_usd: FloatArray
    monthly_quantity: FloatArray | None


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Everything the draws gave; `first` is the first window, whose named quantities `explain` walks."""

    plan: Plan
    start: date
    draws: int
    seed: int
    first: Book
    lines: Mapping[str, LineTotals]
    outcomes: Mapping[str, FloatArray]
    by_month: Mapping[str, FloatArray]
    """Means by month, shape (months,), of the outcomes that are told by month too."""
    series: Mapping[str, FloatArray]
    served: Mapping[str, ClassServing]
    alternatives: Mapping[str, dict[str, object]]


@dataclass(slots=True)
class _Gathered:
    cost: list[FloatArray]
    cash: list[FloatArray]
    monthly_cost: FloatArray
    monthly_cash: FloatArray
    monthly_list: FloatArray
    monthly_quantity: FloatArray


def evaluate(
    plan: Plan,
    catalog: Catalog,
    *,
    draws: int,
    seed: int,
    progress: Callable[[int], None] | None = None,
) -> Evaluation:
    """Evaluate a checked plan (as_of and start set) over `draws` draws."""
    assert plan.as_of is not None
    assert plan.start is not None
    start = plan.start
    decisions: dict[str, float] = {}
    if has_decisions(plan):
        evaluate_window(plan, catalog, Draws(seed, 0, SCOUT_DRAWS), start, decisions)
    gathered: dict[str, _Gathered] = {}
    outcomes: dict[str, list[FloatArray]] = {}
    by_month: dict[str, FloatArray] = {}
    first: (
        tuple[Book, dict[str, ClassServing], dict[str, FloatArray], dict[str, dict[str, object]]] | None
    ) = None
    for begin in range(0, draws, WINDOW):
        window = Draws(seed, begin, min(WINDOW, draws - begin))
        evaluated = evaluate_window(plan, catalog, window, start, decisions)
        book = evaluated[0]
        for name, line in book.lines.items():
            _gather(gathered, name, line)
        for name, values in book.outcomes.items():
            outcomes.setdefault(name, []).append(values)
        for name, values in book.by_month.items():
            by_month[name] = by_month.get(name, 0.0) + values / draws
        first = first or evaluated
        if progress is not None:
            progress(begin + window.count)
    assert first is not None
    book, served, series, alternatives = first
    lines = {n: _totals(book.lines[n], g, draws) for n, g in gathered.items()}
    joined = {n: np.concatenate(parts) for n, parts in outcomes.items()}
    return Evaluation(plan, start, draws, seed, book, lines, joined, by_month, series, served, alternatives)


def has_decisions(plan: Plan) -> bool:
    """Whether something is chosen on the scout's draws: a layout of chips, the split of a hybrid."""
    return any(s.self_hosted is not None or s.api is not None for s in plan.serving.values())


def evaluate_window(
    plan: Plan,
    catalog: Catalog,
    draws: Draws,
    start: date,
    decisions: dict[str, float],
    *,
    points: Mapping[str, Value] | None = None,
    compared: bool = False,
) -> tuple[Book, dict[str, ClassServing], dict[str, FloatArray], dict[str, dict[str, object]]]:
    """One window of draws through every law: its book, the classes served, the series, the alternatives.

    `decisions` holds what was decided once for all windows (the split of a hybrid) and is added to.
    `points` are factors of a `what_if`, one a draw, on top of the plan's own; `compared` asks for totals
    alone: no option beside the one used, no tiers, no break-evens.
    """
    assert plan.as_of is not None
    drawn = sample(plan, draws)
    changed = with_points(moves(drawn.what_if, plan.horizon_months), points or {})
    book = Book(
        plan.horizon_months,
        draws,
        plan.as_of,
        catalog,
        plan.region,
        decisions=decisions,
        moves=changed,
        written=plan,
        compared=compared,
    )
    made = schedule(drawn.programme.generations if drawn.programme else None, book)
    growth = made.serving_multiple(book.months) if drawn.programme and drawn.programme.generations else 1.0
    growth = growth * book.move(MODEL_SIZE)
    programme(drawn.programme, made, book)
    demand, served, earned, alternatives = _product(drawn, growth, start, book)
    name_gaps(drawn, book)
    series = outcomes_of(drawn, (made, demand, served), earned, book)
    if not compared:
        views(drawn, (made, demand, served), earned, series, book)
        enter_wall(drawn, made, served, book)
        if demand is not None or drawn.programme is not None:
            enter_progress(made, demand, book)
    return book, served, series, alternatives


def _product(
    plan: Plan, growth: Value, start: date, book: Book
) -> tuple[Traffic | None, dict[str, ClassServing], dict[str, FloatArray], dict[str, dict[str, object]]]:
    if plan.demand is None:
        book.leave_out("demand", "no users, no queries, no revenue: unit costs are unknown")
        business(plan.business, None, None, {}, book)
        return None, {}, {}, {}
    demand = with_outages(traffic(plan.demand, book, start), plan.serving, book)
    by_tier = [f"queries.{t}" for t in demand.tiers]
    book.quantity("volumes.queries", demand.queries, "queries", "sum over tiers", by_tier)
    served = serve(plan.demand, plan.serving, demand, growth, book)
    earned = revenue(plan.demand, demand, served, book)
    business(plan.business, plan.demand, demand, earned, book)
    if book.compared:
        return demand, served, earned, {}
    tiers(plan, demand, served, earned, book)
    return demand, served, earned, self_hosting(plan, served, book)


def _gather(gathered: dict[str, _Gathered], name: str, line: Line) -> None:
    cost, cash = line.amortized, line.cash
    if name not in gathered:
        gathered[name] = _Gathered([], [], *(np.zeros(len(cost)) for _ in range(4)))
    kept = gathered[name]
    per_draw, by_month = cost.sum(axis=0), cost.sum(axis=1)
    kept.cost.append(per_draw)
    kept.monthly_cost += by_month
    same = line.cash is line.amortized
    kept.cash.append(per_draw if same else cash.sum(axis=0))
    kept.monthly_cash += by_month if same else cash.sum(axis=1)
    kept.monthly_list += by_month if line.listed is None else line.listed.sum(axis=1)
    if line.quantity is not None:
        shaped = np.broadcast_to(np.asarray(line.quantity, dtype=np.float64), cost.shape)
        kept.monthly_quantity += shaped.sum(axis=1)


def _totals(line: Line, gathered: _Gathered, draws: int) -> LineTotals:
    return LineTotals(
        line,
        np.concatenate(gathered.cost),
        np.concatenate(gathered.cash),
        gathered.monthly_cost / draws,
        gathered.monthly_cash / draws,
        gathered.monthly_list / draws,
        None if line.quantity is None else gathered.monthly_quantity / draws,
    )
