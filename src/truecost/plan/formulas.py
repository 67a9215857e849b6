"""The formulas of what the statement itself works out of the lines, the options and the outcomes.

What a law computes is entered in the book with its formula; here is what is only known once every draw is.
A path here is the path in the JSON.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from truecost.lines import Payee
from truecost.plan.book import Quantity, over_months
from truecost.plan.evaluate import Evaluation
from truecost.plan.flow_rows import flow_formulas
from truecost.plan.iceberg import quotable
from truecost.plan.paths import Figure
from truecost.plan.view_formulas import VIEW_FORMULAS
from truecost.ranges import Value

TOLD = float("nan")
"""The value of what the statement tells: its own."""
OPTION = r"(serving\.(.+)\.(?:quoted|hybrid|self_hosted|api))\."
IMPLIED = r"(serving\.(.+)\.quoted)\.implied\.(.+)\."
HOST = "break_even.self_hosting."
REQUEST = ("demand.requests.{1}.input_tokens", "demand.requests.{1}.output_tokens")
LAW = (*REQUEST, "serving.{1}.self_hosted.tpot_limit", "serving.{1}.self_hosted.max_batch")
FORMULAS: tuple[tuple[str, str, str, tuple[str, ...]], ...] = (
    (IMPLIED + "quote_over_law", "x", "quoted USD a query / USD a query of the law, in means",
     ("{0}.total_usd", "serving.{1}.{2}.total_usd")),
    (IMPLIED + "implied_tokens_per_query", "tokens", "quoted USD a query / USD a token of the law, in means",
     ("{0}.total_usd", "serving.{1}.{2}.usd_per_mtok")),
    (IMPLIED + "tokens_per_query", "tokens", "tokens / queries, in means",
     ("serving.{1}.tokens", "serving.{1}.queries")),
    (OPTION + "usd_per_query", "USD/query", "all charges / queries",
     ("{0}.total_usd", "serving.{1}.queries")),
    (OPTION + "usd_per_mtok", "USD/Mtok", "all charges / tokens x 1,000,000",
     ("{0}.total_usd", "serving.{1}.tokens")),
    (OPTION + "tokens_per_query", "tokens", "tokens / queries",
     ("serving.{1}.tokens", "serving.{1}.queries")),
    (OPTION + "chips", "chips", "in the first month", ("{0}.chips_by_month",)),
    (OPTION + "chips_per_replica", "chips", "as stated, or the cheapest layout tried that holds the model",
     ("serving.{1}.self_hosted.tensor_parallel_size",)),
    (OPTION + "batch", "requests",
     "requests in progress on a replica: as many as memory, the limit on a token and the engine allow", LAW),
    (OPTION + "output_tokens_per_second_per_chip", "tokens/s",
     "output tokens / (seconds of a replica a request x chips a replica), roofline law before its error",
     ("{0}.chips_per_replica", *LAW)),
    (OPTION + "tpot_s", "s", "a decode step and others' prefill in between, a token (roofline law)", LAW),
    (OPTION + "ttft_s", "s", "prefill of the prompt on an idle replica (roofline law)", LAW),
    (OPTION + "utilization", "share", "replicas at work in the mean hour / replicas, in the first month",
     ("{0}.replica_seconds_per_call", "{0}.chips_by_month")),
    (OPTION + "carried_share", "share",
     "share of the calls below the built capacity, in the first month; 1 for a fleet that carries all",
     ("{0}.chips_by_month", "serving.{1}.self_hosted.peak_to_mean")),
    (OPTION + "kwh_per_month", "kWh", "in the first month", ("{0}.kwh_by_month",)),
    (OPTION + "tco2e_per_month", "tCO2e", "in the first month", ("{0}.tco2e_by_month",)),
    (OPTION + "base_share", "share", "in the first month", ("{0}.base_share_by_month",)),
    (OPTION + "base_multiple_of_mean", "x", "as stated", ("{0}.base_multiple_of_mean",)),
    (OPTION + "usd_per_call", "USD/call", "USD a call at the start x price path, in the first month",
     ("{0}.usd_per_call_at_start", "{0}.price_path")),
    (OPTION + "quoted_usd_per_query", "USD/query", "as quoted", ("{0}.usd_per_query",)),
    (r"break_even\.shock_tolerance\.(|all_in_)survives_(\d+)x_share_of_draws", "share",
     "share of the draws in which the multiple is at least {1}", ("break_even.shock_tolerance.{0}multiple",)),
    (r"break_even\.tiers\.(.+)\.users_for_zero_margin", "users",
     "mean users a month from which revenue stays at or above all cost, users of every month scaled together",
     ("margin_usd", "users.{0}", "tiers.{0}.revenue_per_user_month_usd",
      "tiers.{0}.cost_per_user_month_usd")),
    (r"break_even\.tiers\.(.+)\.usd_per_user_month_for_zero_margin", "USD/user-month",
     "(paid by price - margin / (1 - fees in proportion)) / user-months, at least 0",
     ("tiers.{0}.revenue_usd", "margin_usd", "fee_share", "tiers.{0}.user_months")),
    (r"break_even\.self_hosting\.(.+)\.tokens_now", "tokens a month", "tokens of the first month, mean",
     ("serving.{0}.tokens",)),
    (r"break_even\.self_hosting\.(.+)\.api_usd", "USD", "what the API charges for the class over the plan",
     ("serving.{0}.api.total_usd",)),
    (r"break_even\.self_hosting\.(.+)\.own_chips_usd", "USD",
     "what own chips charge for the same work over the plan; the stand-in's where the plan names none",
     ("serving.{0}.self_hosted.total_usd", HOST + "{0}.stand_in.replica_seconds_per_call")),
    (r"break_even\.self_hosting\.(.+)\.saved_usd", "USD", "the API's bill - own chips",
     (HOST + "{0}.api_usd", HOST + "{0}.own_chips_usd")),
    (r"falls_behind_month", "month",
     "the month from which cumulative serving is below cumulative training again to the end",
     ("inference_usd", "training_usd")),
    (r"training_compute_by_method_usd\.(.+)", "USD", "chip-hours x USD a chip-hour, as the plan pays for it",
     ("programme.final_run_usd",)),
    (r"reconciliation\.amortized_usd", "USD", "the all-in cost", ("total_usd",)),
    (r"reconciliation\.cash_usd", "USD", "amortized + still on the books - interest on own money, as paid",
     ("reconciliation.amortized_usd", "reconciliation.closing_book_value_usd",
      "reconciliation.interest_on_own_money_usd")),
    (r"iceberg\.quotable_share", "share", "mean of what is quoted / mean of all cost",
     ("iceberg.quotable_usd", "total_usd")),
    (r"(lines\..+)\.unit_price_usd", "USD", "mean cost / quantity", ("{0}", "{0}.quantity")),
    (r"(lines\..+)\.list_usd", "USD", "mean cost before any negotiated discount", ("{0}",)),
)  # fmt: skip
"""Path, unit, formula and inputs; {0}, {1} are the groups of the path."""
TREADMILL = {
    "training_cost_multiple": ("training growth ^ generation", ("training_growth", "every_months")),
    "serving_growth_multiple": ("serving growth ^ generation", ("serving_growth", "every_months")),
    "efficiency_multiple": ("(1 - efficiency a year) ^ (months / 12)", ("efficiency_per_year",)),
    "net_serving_multiple": (
        "growth x efficiency",
        ("serving_growth", "efficiency_per_year", "every_months"),
    ),
}


def formulas(evaluation: Evaluation, figures: Mapping[str, Figure]) -> dict[str, Quantity]:
    """The formula of every figure of a statement that no law entered, by path."""
    found = [quantity for key in figures for quantity in _from_table(key)]
    found += flow_formulas(evaluation)
    for make in (_lines, _iceberg, _cash, _options, _series):
        found += make(evaluation)
    return {quantity.key: quantity for quantity in found}


def _from_table(key: str) -> Iterator[Quantity]:
    for pattern, unit, formula, inputs in (*FORMULAS, *VIEW_FORMULAS):
        match = re.fullmatch(pattern, key)
        if match is not None:
            named = tuple(path.format(*match.groups()) for path in inputs)
            yield Quantity(key, TOLD, unit, formula.format(*match.groups()), named)
            return


def _usd(key: str, value: Value, formula: str, inputs: Sequence[str]) -> Quantity:
    return Quantity(key, value, "USD", formula, tuple(inputs))


def _lines(evaluation: Evaluation) -> Iterator[Quantity]:
    """What a line pays and buys."""
    for name, totals in evaluation.lines.items():
        key, line = f"lines.{name}", totals.line
        inputs = evaluation.first.quantities[key].inputs
        if line.cash is line.amortized:
            yield _usd(f"{key}.cash_usd", totals.cash_usd, "paid in the month it is charged", (key,))
        else:
            formula = "what is paid in its month: purchases in full, interest on own money never"
            yield _usd(f"{key}.cash_usd", totals.cash_usd, formula, inputs)
        if totals.monthly_quantity is not None:
            bought = float(totals.monthly_quantity.sum())
            formula = "what the line buys over the plan, mean over the draws"
            yield Quantity(f"{key}.quantity", bought, line.unit, formula, inputs)


def _iceberg(evaluation: Evaluation) -> Iterator[Quantity]:
    """What is quoted, and everything else by group."""
    name, above = quotable(evaluation)
    below: dict[str, list[str]] = {}
    for component, totals in evaluation.lines.items():
        if component not in above:
            below.setdefault(totals.line.group, []).append(f"lines.{component}")
    tip = [f"lines.{component}" for component in evaluation.lines if component in above]
    yield _usd("iceberg.quotable_usd", TOLD, f"what is quoted: {name}", tip)
    groups = [f"iceberg.groups.{group}" for group in below]
    yield _usd("iceberg.below_waterline_usd", TOLD, "every line that is not quoted, by group", groups)
    for group, lines in below.items():
        yield _usd(f"iceberg.groups.{group}", TOLD, "sum of its lines that are not quoted", lines)


def _cash(evaluation: Evaluation) -> Iterator[Quantity]:
    """What leads from the amortized view to cash."""
    spread = {n: t.line for n, t in evaluation.lines.items() if t.line.cash is not t.line.amortized}
    capital = [f"lines.{n}" for n, line in spread.items() if line.payee is Payee.CAPITAL]
    bought = [f"lines.{n}" for n, line in spread.items() if line.payee is not Payee.CAPITAL]
    both = [key for line in bought for key in (f"{line}.cash_usd", line)]
    at = "reconciliation."
    yield _usd(f"{at}closing_book_value_usd", TOLD, "paid for own hardware - charged for it so far", both)
    yield _usd(f"{at}interest_on_own_money_usd", TOLD, "sum of the lines of cost of capital", capital)


def _options(evaluation: Evaluation) -> Iterator[Quantity]:
    """What each option of each class charges, and the work it is charged for."""
    months = evaluation.plan.horizon_months
    for name, served in evaluation.served.items():
        at, work = f"serving.{name}", served.work
        tokens = (f"calls_to_model.{name}", *(path.format("", name) for path in REQUEST))
        formula = "calls x (input + output tokens), those of other models too"
        yield Quantity(f"{at}.tokens", work.all_tokens, "tokens", formula, tokens)
        for option, charged in served.options.items():
            entered = charged is served.used
            prefix = f"lines.inference.{name}" if entered else f"{at}.{option}.charges"
            parts = {f"{prefix}.{charge.part}": charge for charge in charged.charges}
            yield _usd(f"{at}.{option}.total_usd", TOLD, "sum of what the option charges", list(parts))
            for key, charge in parts.items() if not entered else ():
                yield _usd(key, over_months(charge.amortized, months), charge.formula, charge.inputs)


def _series(evaluation: Evaluation) -> Iterator[Quantity]:
    """What the series by month come to: groups in sum, the treadmill in the mean of the months."""
    groups: dict[str, list[str]] = {}
    for name, totals in evaluation.lines.items():
        groups.setdefault(totals.line.group, []).append(name)
    for group, names in groups.items():
        value = sum((evaluation.lines[n].cost_usd for n in names), start=np.zeros(1))
        lines = [f"lines.{n}" for n in names]
        yield _usd(f"series.cost_by_group_usd.{group}", value, "sum of the lines of the group", lines)
    for name, (formula, stated) in TREADMILL.items():
        values = evaluation.series.get(f"treadmill.{name}")
        if values is not None:
            inputs = tuple(f"programme.generations.{field}" for field in stated)
            yield Quantity(f"series.treadmill.{name}", values, "x", formula, inputs)
