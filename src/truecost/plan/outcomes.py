"""What a whole plan comes to: totals, margins, unit costs, the month one cost passes another."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from truecost.finance.crossing import crossover_month, payback_month
from truecost.finance.discount import present_value
from truecost.plan.book import Book
from truecost.plan.break_even import price_multiple_for_zero_margin, shock_tolerance
from truecost.plan.business import fee_per_revenue, metered_revenue, runway
from truecost.plan.demand import ClassTraffic, Traffic
from truecost.plan.generations import Schedule, treadmill
from truecost.plan.programme.training_run import EXPERIMENTS, FINAL_RUN, LATER_RUNS
from truecost.plan.schema import Plan
from truecost.plan.serving import ClassServing
from truecost.ranges import FloatArray

TRAINING_GROUPS = (FINAL_RUN, LATER_RUNS, EXPERIMENTS)
COST_OF_REVENUE_GROUPS = ("Inference", "People in the loop")
DIRECT_BUSINESS_LINES = ("business.payment_fees", "business.support")
UNIT_COSTS = {
    "usd_per_query": ("total_usd", "volumes.queries", 1.0),
    "usd_per_mtok": ("total_usd", "volumes.tokens", 1e6),
    "usd_per_active_user_month": ("total_usd", "volumes.user_months", 1.0),
    "usd_per_successful_task": ("total_usd", "volumes.tasks_done", 1.0),
    "revenue_usd_per_query": ("revenue_usd", "volumes.queries", 1.0),
    "marginal_usd_per_query": ("marginal_usd", "volumes.queries", 1.0),
    "marginal_revenue_usd_per_query": ("usage_revenue_usd", "volumes.queries", 1.0),
}
"""Each unit cost: which amount, over which volume, times what."""
UNIT_OF = {
    "volumes.queries": "USD/query",
    "volumes.tokens": "USD/Mtok",
    "volumes.user_months": "USD/user-month",
    "volumes.tasks_done": "USD/task",
}


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
    lines = [f"lines.{n}" for n in book.lines]
    paid_lines = [
        f"lines.{n}" if line.cash is line.amortized else f"lines.{n}.cash_usd"
        for n, line in book.lines.items()
    ]
    served_lines = [f"lines.{n}" for n, line in book.lines.items() if line.group == "Inference"]
    training_lines = [f"lines.{n}" for n, line in book.lines.items() if line.group in TRAINING_GROUPS]
    spent, earned_usd = total.sum(axis=0), income.sum(axis=0)
    book.result("total_usd", spent, "USD", "sum of the lines, amortized view", lines)
    book.result("cash_total_usd", cash.sum(axis=0), "USD", "what is paid, line by line", paid_lines)
    book.result("revenue_usd", earned_usd, "USD", "sum over tiers", [f"revenue.{n}" for n in earned])
    book.result(
        "margin_usd", earned_usd - spent, "USD", "revenue - all cost lines", ("revenue_usd", "total_usd")
    )
    book.quantity("inference_usd", inference, "USD", "sum of the lines of serving", served_lines)
    book.quantity("training_usd", training, "USD", "final runs, experiments and failed runs", training_lines)
    share = _ratio(inference.sum(axis=0), spent)
    book.result("inference_share", share, "share", "serving / all cost lines", ("inference_usd", "total_usd"))
    formula = "sum of the lines in the first month (the inputs are over the plan)"
    book.result("first_month_usd", total[0], "USD", formula, lines)
    formula = "sum over tiers in the first month (the inputs are over the plan)"
    book.result("first_month_revenue_usd", income[0], "USD", formula, [f"revenue.{n}" for n in earned])
    _business_outcomes(plan, (total, income, cash), book)
    if training.any() and inference.any():
        month = crossover_month(np.cumsum(inference, axis=0), np.cumsum(training, axis=0))
        formula = "the first month in which cumulative serving is above cumulative training"
        book.result("crossover_month", month, "month", formula, ("inference_usd", "training_usd"))
    if demand is not None:
        metered = metered_revenue(plan, demand, served, total.shape)
        _unit_costs(demand, served, (total, income, metered), book)
    series = {"total": total, "cash": cash, "inference": inference, "training": training, "revenue": income}
    if plan.programme is not None and plan.programme.generations is not None:
        series |= {f"treadmill.{n}": v for n, v in treadmill(made, book.months).items()}
    return series


def _business_outcomes(plan: Plan, money: tuple[FloatArray, FloatArray, FloatArray], book: Book) -> None:
    total, income, cash = money
    if income.any():
        kept = 1 - fee_per_revenue(plan.business, book)[0]
        fees = ("business.payment_fee_share", "business.sales_share_of_revenue")
        book.result("fee_share", 1 - kept, "share", "payment fees and sales in proportion to revenue", fees)
        direct = book.total(*COST_OF_REVENUE_GROUPS)
        for component in DIRECT_BUSINESS_LINES:
            if component in book.lines:
                direct = direct + book.lines[component].amortized
        paid = [f"lines.{c}" for c in DIRECT_BUSINESS_LINES if c in book.lines]
        served = [f"lines.{n}" for n, line in book.lines.items() if line.group in COST_OF_REVENUE_GROUPS]
        counted = ("revenue_usd", *served, *paid)
        book.result(
            "gross_margin_share",
            _ratio((income - direct).sum(axis=0), income.sum(axis=0)),
            "share",
            "(revenue - serving - people in the loop - payment fees - support) / revenue",
            counted,
        )
        book.result(
            "break_even.price_multiple_for_zero_margin",
            price_multiple_for_zero_margin(total, income, kept),
            "x",
            "(all cost - fees in proportion to revenue) / (revenue less those fees)",
            ("total_usd", "revenue_usd"),
        )
        book.result(
            "payback_month",
            payback_month(np.cumsum(income - cash, axis=0)),
            "month",
            "the month from which cumulative revenue stays above cumulative cash cost",
            ("revenue_usd", "cash_total_usd"),
        )
        for key, cost, inputs in (
            ("break_even.shock_tolerance.multiple", direct, counted),
            ("break_even.shock_tolerance.all_in_multiple", total, ("revenue_usd", "total_usd")),
        ):
            tolerance = shock_tolerance(book, income, cost)
            if tolerance is not None:
                formula = "(revenue - cost other than model vendors) / paid to model vendors"
                book.result(key, tolerance, "x of the plan's API prices", formula, inputs)
    months_left = runway(plan.business, income, book)
    if months_left is not None:
        formula = "whole months before cash, rounds and credits less net spending fall below 0"
        stated = ("business.cash_usd", "business.cloud_credits_usd", "revenue_usd", "cash_total_usd")
        book.result("runway_months", months_left, "months", formula, stated)
    if plan.business is not None and plan.business.discount_rate_per_year is not None:
        yearly = plan.business.discount_rate_per_year
        rate = "business.discount_rate_per_year"
        formula = "each month's amount x (1 + rate)^(-months / 12), at the end of the month"
        book.result("discounted_total_usd", present_value(total, yearly), "USD", formula, ("total_usd", rate))
        worth = present_value(income - cash, yearly)
        book.result("net_present_value_usd", worth, "USD", formula, ("revenue_usd", "cash_total_usd", rate))


def tasks_done(name: str, demand: ClassTraffic, served: Mapping[str, ClassServing]) -> FloatArray:
    """Queries of a class that end well: those handed to a person do, the others by their success share."""
    handed = served[name].work.handed_over if name in served else 0.0
    return demand.queries * (handed + (1 - handed) * demand.success_share)


def _unit_costs(
    demand: Traffic,
    served: Mapping[str, ClassServing],
    money: tuple[FloatArray, FloatArray, FloatArray],
    book: Book,
) -> None:
    """Enter the volumes of the plan, and what each unit of them costs, all in and at the margin."""
    total, income, metered = money
    shape = total.shape
    tokens = sum((s.work.all_tokens for s in served.values()), start=np.zeros((1, 1)))
    done = sum((tasks_done(n, c, served) for n, c in demand.classes.items()), start=np.zeros((1, 1)))
    volumes = {
        "volumes.queries": (
            demand.queries, "queries", "sum over tiers", [f"queries.{n}" for n in demand.tiers],
        ),
        "volumes.tokens": (
            tokens, "tokens", "calls x (input + output tokens), routed ones too",
            [f"calls_to_model.{n}" for n in served],
        ),
        "volumes.user_months": (
            demand.users, "user-months", "active users summed over the months",
            [f"users.{n}" for n in demand.tiers],
        ),
        "volumes.tasks_done": (
            done, "tasks", "queries x share that succeeds, retries and people counted",
            [f"calls_per_query.{n}" for n in demand.classes],
        ),
    }  # fmt: skip
    for name, (value, unit, formula, inputs) in volumes.items():
        by_month = np.broadcast_to(np.asarray(value, dtype=np.float64), shape)
        book.quantity(name, by_month, unit, formula, inputs)
        book.outcome(name, by_month.sum(axis=0))
    people = book.total("People in the loop")
    marginal = sum((s.marginal_usd for s in served.values()), start=people)
    parts = [f"lines.{n}" for n, line in book.lines.items() if line.group in COST_OF_REVENUE_GROUPS]
    formula = "the part of the serving lines that grows with the traffic, and people in the loop"
    book.quantity("marginal_usd", marginal, "USD", formula, parts)
    formula = "revenue by the query and by the token; flat prices and contracts earn nothing more"
    book.quantity("usage_revenue_usd", metered, "USD", formula, ("volumes.queries",))
    amounts = {
        "total_usd": total,
        "revenue_usd": income,
        "marginal_usd": marginal,
        "usage_revenue_usd": metered,
    }
    for name, (amount, volume, scale) in UNIT_COSTS.items():
        value = _ratio(amounts[amount].sum(axis=0) * scale, book.outcomes[volume])
        formula = f"{amount} / {volume}" + ("" if scale == 1 else f" x {scale:,.0f}")
        book.result(f"unit_costs.{name}", value, UNIT_OF[volume], formula, (amount, volume))


def _ratio(part: FloatArray, whole: FloatArray) -> FloatArray:
    return np.divide(part, whole, out=np.full(part.shape, np.nan), where=whole != 0)
