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
from truecost.finance.crossing import crossover_month, payback_month
from truecost.plan.book import Book, Line
from truecost.plan.break_even import price_for_zero_margin, self_hosting, shock_tolerance
from truecost.plan.business import business, fee_per_revenue, revenue, runway
from truecost.plan.demand import Traffic, traffic
from truecost.plan.generations import Schedule, schedule, treadmill
from truecost.plan.programme import programme
from truecost.plan.programme.training_run import EXPERIMENTS, FINAL_RUN
from truecost.plan.schema import Plan
from truecost.plan.serving import ClassServing, serve
from truecost.plan.tiers import tiers
from truecost.ranges import Draws, FloatArray, Value
from truecost.spec.sampling import sample

WINDOW = 4096
SCOUT_DRAWS = 256
TRAINING_GROUPS = (FINAL_RUN, EXPERIMENTS)
COST_OF_REVENUE_GROUPS = ("Inference", "People in the loop")
DIRECT_BUSINESS_LINES = ("business.payment_fees", "business.support")


@dataclass(frozen=True, slots=True)
class LineTotals:
    """One component over all draws: a number a draw, and means by month."""

    line: Line
    cost_usd: FloatArray
    cash_usd: FloatArray
    monthly_cost_usd: FloatArray
    monthly_cash_usd: FloatArray
    quantity: float | None


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
    series: Mapping[str, FloatArray]
    served: Mapping[str, ClassServing]
    alternatives: Mapping[str, dict[str, object]]


@dataclass(slots=True)
class _Gathered:
    cost: list[FloatArray]
    cash: list[FloatArray]
    monthly_cost: FloatArray
    monthly_cash: FloatArray
    quantity: float


def evaluate(
    plan: Plan,
    catalog: Catalog,
    *,
    draws: int,
    seed: int,
    progress: Callable[[int], None] | None = None,
) -> Evaluation:
    """Evaluate a checked plan (as_of and start set) over `draws` draws."""
    assert plan.as_of is not None  # noqa: S101
    assert plan.start is not None  # noqa: S101
    start = date.fromisoformat(f"{plan.start}-01")
    decisions: dict[str, float] = {}
    if any(s.hybrid is not None for s in plan.serving.values()):
        evaluate_window(plan, catalog, Draws(seed, 0, min(SCOUT_DRAWS, draws)), start, decisions)
    gathered: dict[str, _Gathered] = {}
    outcomes: dict[str, list[FloatArray]] = {}
    first: tuple[Book, dict[str, ClassServing], dict[str, FloatArray], dict[str, dict[str, object]]] | None = None
    for begin in range(0, draws, WINDOW):
        window = Draws(seed, begin, min(WINDOW, draws - begin))
        evaluated = evaluate_window(plan, catalog, window, start, decisions)
        book = evaluated[0]
        for name, line in book.lines.items():
            _gather(gathered, name, line)
        for name, values in book.outcomes.items():
            outcomes.setdefault(name, []).append(values)
        first = first or evaluated
        if progress is not None:
            progress(begin + window.count)
    assert first is not None  # noqa: S101
    book, served, series, alternatives = first
    lines = {n: _totals(book.lines[n], g, draws) for n, g in gathered.items()}
    joined = {n: np.concatenate(parts) for n, parts in outcomes.items()}
    return Evaluation(plan, start, draws, seed, book, lines, joined, series, served, alternatives)


def evaluate_window(
    plan: Plan, catalog: Catalog, draws: Draws, start: date, decisions: dict[str, float]
) -> tuple[Book, dict[str, ClassServing], dict[str, FloatArray], dict[str, dict[str, object]]]:
    """One window of draws through every law: its book, the classes served, the series, the alternatives.

    `decisions` holds what was decided once for all windows (the split of a hybrid) and is added to.
    """
    assert plan.as_of is not None  # noqa: S101
    book = Book(plan.horizon_months, draws, plan.as_of, catalog, decisions=decisions)
    drawn = sample(plan, draws)
    made = schedule(drawn.programme.generations if drawn.programme else None, book)
    growth = made.serving_multiple(book.months) if drawn.programme and drawn.programme.generations else 1.0
    by_method = programme(drawn.programme, drawn.region, made, book)
    for method, cost in by_method.items():
        book.outcome(f"training_compute_usd.{method}", cost)
    demand, served, earned, alternatives = _product(drawn, growth, start, book)
    series = _outcomes(drawn, (made, demand, served), earned, book)
    return book, served, series, alternatives


def _product(
    plan: Plan, growth: Value, start: date, book: Book
) -> tuple[Traffic | None, dict[str, ClassServing], dict[str, FloatArray], dict[str, dict[str, object]]]:
    if plan.demand is None:
        book.leave_out("demand", "no users, no queries, no revenue: unit costs are unknown")
        business(plan.business, None, None, {}, book)
        return None, {}, {}, {}
    demand = traffic(plan.demand, book, start)
    book.quantity("queries", demand.queries, "queries", "sum over tiers", [f"queries.{t}" for t in demand.tiers])
    served = serve(plan.demand, plan.serving, demand, growth, book)
    earned = revenue(plan.demand, demand, served, book)
    business(plan.business, plan.demand, demand, earned, book)
    tiers(plan, demand, served, earned, book)
    alternatives = self_hosting(plan, served, book)
    return demand, served, earned, alternatives


def _outcomes(
    plan: Plan,
    parts: tuple[Schedule, Traffic | None, Mapping[str, ClassServing]],
    earned: Mapping[str, FloatArray],
    book: Book,
) -> dict[str, FloatArray]:
    """Enter what the whole plan comes to, one number a draw; returns the series worth drawing."""
    made, demand, served = parts
    total = book.total()
    cash = book.total(cash=True)
    inference, training = book.total("Inference"), book.total(*TRAINING_GROUPS)
    income = np.asarray(sum(earned.values(), start=np.zeros_like(total)))
    book.quantity("total_usd", total, "USD", "sum of the lines, amortized view", [f"lines.{n}" for n in book.lines])
    book.outcome("total_usd", total.sum(axis=0))
    book.outcome("cash_total_usd", cash.sum(axis=0))
    book.outcome("revenue_usd", income.sum(axis=0))
    book.outcome("margin_usd", (income - total).sum(axis=0))
    book.outcome("inference_share", _ratio(inference.sum(axis=0), total.sum(axis=0)))
    book.outcome("first_month_usd", total[0])
    book.outcome("first_month_revenue_usd", income[0])
    book.outcome("final_run_usd", book.total(FINAL_RUN).sum(axis=0))
    _business_outcomes(plan, (total, income, cash), book)
    if training.any() and inference.any():
        book.outcome("crossover_month", crossover_month(np.cumsum(inference, axis=0), np.cumsum(training, axis=0)))
    if demand is not None:
        _unit_costs(demand, served, total, income, book)
    series = {"total": total, "cash": cash, "inference": inference, "training": training, "revenue": income}
    if plan.programme is not None and plan.programme.generations is not None:
        series |= {f"treadmill.{n}": v for n, v in treadmill(made, book.months).items()}
    return series


def _business_outcomes(plan: Plan, money: tuple[FloatArray, FloatArray, FloatArray], book: Book) -> None:
    total, income, cash = money
    if income.any():
        kept = 1 - fee_per_revenue(plan.business, book)[0]
        book.outcome("fee_share", 1 - kept)
        direct = book.total(*COST_OF_REVENUE_GROUPS)
        for component in DIRECT_BUSINESS_LINES:
            if component in book.lines:
                direct = direct + book.lines[component].amortized
        book.outcome("gross_margin_share", _ratio((income - direct).sum(axis=0), income.sum(axis=0)))
        book.outcome("price_multiple_for_zero_margin", price_for_zero_margin(total, income, kept))
        book.outcome("payback_month", payback_month(np.cumsum(income - cash, axis=0)))
        for key, counted in (("shock_tolerance", direct), ("shock_tolerance_all_in", total)):
            tolerance = shock_tolerance(book, income, counted)
            if tolerance is not None:
                book.outcome(key, tolerance)
    months_left = runway(plan.business, income, book)
    if months_left is not None:
        book.outcome("runway_months", months_left)
    if plan.business is not None and plan.business.discount_rate_per_year is not None:
        factor = (1 + plan.business.discount_rate_per_year) ** (-(book.month_index + 0.5) / 12)
        book.outcome("discounted_total_usd", (total * factor).sum(axis=0))
        book.outcome("net_present_value_usd", ((income - cash) * factor).sum(axis=0))


def _unit_costs(
    demand: Traffic, served: Mapping[str, ClassServing], total: FloatArray, income: FloatArray, book: Book
) -> None:
    def summed(value: Value) -> FloatArray:
        return np.broadcast_to(np.asarray(value, dtype=np.float64), total.shape).sum(axis=0)

    everything = total.sum(axis=0)
    queries, users = summed(demand.queries), summed(demand.users)
    tokens = summed(sum((s.work.tokens for s in served.values()), start=np.zeros((1, 1))))
    done = summed(sum((c.queries * c.success_share for c in demand.classes.values()), start=np.zeros((1, 1))))
    marginal = book.total(*COST_OF_REVENUE_GROUPS).sum(axis=0)
    figures = {
        "usd_per_query": (everything, queries, "all cost lines / queries", "queries"),
        "usd_per_mtok": (everything * 1e6, tokens, "all cost lines / (input and output tokens / 1e6)", "tokens"),
        "usd_per_active_user_month": (everything, users, "all cost lines / active user-months", "user_months"),
        "usd_per_successful_task": (everything, done, "all cost lines / tasks that succeed", "tasks_done"),
        "marginal_usd_per_query": (marginal, queries, "serving and people in the loop / queries", "queries"),
        "marginal_revenue_usd_per_query": (income.sum(axis=0), queries, "revenue / queries", "queries"),
    }
    for name, (top, bottom, formula, below) in figures.items():
        value = _ratio(top, bottom)
        book.outcome(f"unit_costs.{name}", value)
        above = {"marginal_usd_per_query": "marginal_usd", "marginal_revenue_usd_per_query": "revenue"}
        book.quantity(f"unit_costs.{name}", value, "USD", formula, (above.get(name, "total_usd"), below))
    inputs = [f"lines.{n}" for n, line in book.lines.items() if line.group in COST_OF_REVENUE_GROUPS]
    book.quantity("marginal_usd", marginal, "USD", "sum of the lines of serving and people in the loop", inputs)
    book.quantity("tokens", tokens, "tokens", "calls x (input + output tokens), over the plan",
                  [f"calls.{n}" for n in served])  # fmt: skip
    book.quantity("user_months", users, "user-months", "active users summed over the months",
                  [f"demand.tiers.{n}.users" for n in demand.tiers])  # fmt: skip
    book.quantity("tasks_done", done, "tasks", "queries x share that succeeds, retries and people counted",
                  [f"calls_per_query.{n}" for n in demand.classes])  # fmt: skip
    for name, value in {"queries": queries, "user_months": users, "tokens": tokens, "tasks_done": done}.items():
        book.outcome(name, value)


def _ratio(part: FloatArray, whole: FloatArray) -> FloatArray:
    return np.divide(part, whole, out=np.full(part.shape, np.nan), where=whole != 0)


def _gather(gathered: dict[str, _Gathered], name: str, line: Line) -> None:
    cost, cash = np.asarray(line.amortized), np.asarray(line.cash)
    months = cost.shape[0]
    if name not in gathered:
        gathered[name] = _Gathered([], [], np.zeros(months), np.zeros(months), 0.0)
    kept = gathered[name]
    per_draw, by_month = cost.sum(axis=0), cost.sum(axis=1)
    kept.cost.append(per_draw)
    kept.monthly_cost += by_month
    same = line.cash is line.amortized
    kept.cash.append(per_draw if same else cash.sum(axis=0))
    kept.monthly_cash += by_month if same else cash.sum(axis=1)
    if line.quantity is not None:
        shaped = np.broadcast_to(np.asarray(line.quantity, dtype=np.float64), cost.shape)
        kept.quantity += float(shaped.sum())


def _totals(line: Line, gathered: _Gathered, draws: int) -> LineTotals:
    return LineTotals(
        line,
        np.concatenate(gathered.cost),
        np.concatenate(gathered.cash),
        gathered.monthly_cost / draws,
        gathered.monthly_cash / draws,
        None if line.quantity is None else gathered.quantity / draws,
    )
