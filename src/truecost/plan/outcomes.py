"""What a whole plan comes to: totals, margins, unit costs, the month one cost passes another."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from truecost.finance.crossing import crossover_month, payback_month
from truecost.plan.book import Book
from truecost.plan.break_even import price_for_zero_margin, shock_tolerance
from truecost.plan.business import fee_per_revenue, runway
from truecost.plan.demand import Traffic
from truecost.plan.generations import Schedule, treadmill
from truecost.plan.programme.training_run import EXPERIMENTS, FINAL_RUN
from truecost.plan.schema import Plan
from truecost.plan.serving import ClassServing
from truecost.ranges import FloatArray

TRAINING_GROUPS = (FINAL_RUN, EXPERIMENTS)
COST_OF_REVENUE_GROUPS = ("Inference", "People in the loop")
DIRECT_BUSINESS_LINES = ("business.payment_fees", "business.support")
UNIT_COSTS = {
    "usd_per_query": ("total_usd", "queries", 1.0),
    "usd_per_mtok": ("total_usd", "tokens", 1e6),
    "usd_per_active_user_month": ("total_usd", "user_months", 1.0),
    "usd_per_successful_task": ("total_usd", "tasks_done", 1.0),
    "marginal_usd_per_query": ("marginal_usd", "queries", 1.0),
    "marginal_revenue_usd_per_query": ("revenue", "queries", 1.0),
}
"""Each unit cost: which amount, over which volume, times what."""


def outcomes_of(
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
    book.quantity(
        "total_usd", total, "USD", "sum of the lines, amortized view", [f"lines.{n}" for n in book.lines]
    )
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
        book.outcome(
            "crossover_month", crossover_month(np.cumsum(inference, axis=0), np.cumsum(training, axis=0))
        )
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
    """Enter the volumes of the plan, and what each unit of them costs, all in and at the margin."""
    shape = total.shape
    tokens = sum((s.work.tokens for s in served.values()), start=np.zeros((1, 1)))
    done = sum((c.queries * c.success_share for c in demand.classes.values()), start=np.zeros((1, 1)))
    volumes = {
        "queries": (demand.queries, "queries", "sum over tiers", [f"queries.{n}" for n in demand.tiers]),
        "tokens": (tokens, "tokens", "calls x (input + output tokens)", [f"calls.{n}" for n in served]),
        "user_months": (
            demand.users, "user-months", "active users summed over the months",
            [f"demand.tiers.{n}.users" for n in demand.tiers],
        ),
        "tasks_done": (
            done, "tasks", "queries x share that succeeds, retries and people counted",
            [f"calls_per_query.{n}" for n in demand.classes],
        ),
    }  # fmt: skip
    for name, (value, unit, formula, inputs) in volumes.items():
        by_month = np.broadcast_to(np.asarray(value, dtype=np.float64), shape)
        book.quantity(name, by_month, unit, formula, inputs)
        book.outcome(name, by_month.sum(axis=0))
    marginal = book.total(*COST_OF_REVENUE_GROUPS)
    parts = [f"lines.{n}" for n, line in book.lines.items() if line.group in COST_OF_REVENUE_GROUPS]
    book.quantity(
        "marginal_usd", marginal, "USD", "sum of the lines of serving and people in the loop", parts
    )
    amounts = {"total_usd": total, "marginal_usd": marginal, "revenue": income}
    for name, (amount, volume, scale) in UNIT_COSTS.items():
        value = _ratio(amounts[amount].sum(axis=0) * scale, book.outcomes[volume])
        book.outcome(f"unit_costs.{name}", value)
        formula = f"{amount} / {volume}" + ("" if scale == 1 else f" x {scale:,.0f}")
        book.quantity(f"unit_costs.{name}", value, "USD", formula, (amount, volume))


def _ratio(part: FloatArray, whole: FloatArray) -> FloatArray:
    return np.divide(part, whole, out=np.full(part.shape, np.nan), where=whole != 0)
