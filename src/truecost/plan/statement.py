"""The statement: an evaluation as stable, documented keys. Means of the lines add up to the total's mean."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from truecost.catalog.facts import Confidence, Fact
from truecost.lines import CostLine, Payee, add_months
from truecost.plan.evaluate import Evaluation, LineTotals
from truecost.plan.flow_rows import flow_rows
from truecost.plan.grounds import grounds
from truecost.plan.iceberg import iceberg
from truecost.plan.inference_wall_told import inference_wall
from truecost.plan.outcomes import TRAINING_GROUPS, UNIT_COSTS
from truecost.plan.own_chips import against_api
from truecost.plan.progress import progress
from truecost.plan.schema import Plan
from truecost.plan.view_rows import footprint_rows, human_ledger_rows
from truecost.plan.zero_margin import Product, price_for_zero_margin, users_for_zero_margin
from truecost.ranges import FloatArray, Range, Ranged, summarize
from truecost.spec import Document
from truecost.spec.sampling import leaves
from truecost.version import VERSION

SOURCES_SHOWN = 3
VOLUMES = ("queries", "tokens", "user_months", "tasks_done")
WEAKEST_FIRST = (Confidence.ESTIMATE, Confidence.QUOTED, Confidence.PUBLISHED, Confidence.MEASURED)


def cost_lines(evaluation: Evaluation, document: Document[Plan]) -> tuple[CostLine, ...]:
    """One line a component over the horizon, the dearest first."""
    made = [_line(n, t, source_of(n, evaluation, document)) for n, t in evaluation.lines.items()]
    return tuple(sorted(made, key=lambda line: -line.cost_usd["mean"]))


def source_of(name: str, evaluation: Evaluation, document: Document[Plan]) -> str:
    """What a line rests on: its own source, else the first of the plan's lines and facts behind it."""
    stated = evaluation.lines[name].line.source
    found = grounds(f"lines.{name}", evaluation, document)
    if stated or not found:
        return stated
    more = len(found) - SOURCES_SHOWN
    return "; ".join(found[:SOURCES_SHOWN]) + (f"; and {more} more" if more > 0 else "")


def _line(name: str, totals: LineTotals, source: str) -> CostLine:
    line, cost = totals.line, summarize(totals.cost_usd)
    by_month = totals.monthly_quantity
    quantity = None if by_month is None else float(by_month.sum())
    return CostLine(
        component=name,
        label=line.label,
        group=line.group,
        payee=line.payee,
        cost_usd=cost,
        cash_usd=summarize(totals.cash_usd),
        basis=line.basis,
        source=source,
        quantity=quantity,
        unit=line.unit,
        unit_price_usd=cost["mean"] / quantity if quantity else None,
        offer=line.offer,
        list_usd=float(totals.monthly_list_usd.sum()),
    )


def month_names(evaluation: Evaluation) -> list[str]:
    """The months of the plan, `YYYY-MM`."""
    return [add_months(evaluation.start, m).strftime("%Y-%m") for m in range(evaluation.plan.horizon_months)]


def monthly_lines(evaluation: Evaluation, document: Document[Plan]) -> tuple[CostLine, ...]:
    """One line a component and month; means from all draws, ranges from the first window of them."""
    names = month_names(evaluation)
    result: list[CostLine] = []
    for component, totals in evaluation.lines.items():
        line = totals.line
        cost = monthly_ranges(np.asarray(line.amortized), totals.monthly_cost_usd)
        same = line.cash is line.amortized
        cash = cost if same else monthly_ranges(np.asarray(line.cash), totals.monthly_cash_usd)
        source = source_of(component, evaluation, document)
        for month, name in enumerate(names):
            bought = None if totals.monthly_quantity is None else float(totals.monthly_quantity[month])
            result.append(
                CostLine(
                    component=component,
                    label=line.label,
                    group=line.group,
                    payee=line.payee,
                    cost_usd=cost[month],
                    cash_usd=cash[month],
                    basis=line.basis,
                    source=source,
                    period=name,
                    quantity=bought,
                    unit=line.unit,
                    unit_price_usd=cost[month]["mean"] / bought if bought else None,
                    offer=line.offer,
                    list_usd=float(totals.monthly_list_usd[month]),
                )
            )
    return tuple(result)


def monthly_ranges(values: FloatArray, means: FloatArray | None = None) -> list[Ranged]:
    """5 %, 50 %, 95 % and mean by month of (months, draws)."""
    if values.strides[-1] == 0:
        flat = values[:, :1]
        points = np.repeat(flat, 3, axis=1)
    else:
        points = np.quantile(values, (0.05, 0.5, 0.95), axis=1).T
    middle = values.mean(axis=1) if means is None else means
    return [
        {"p5": float(p[0]), "p50": float(p[1]), "p95": float(p[2]), "mean": float(m)}
        for p, m in zip(points, middle, strict=True)
    ]


def outcome(evaluation: Evaluation, key: str) -> Ranged | None:
    """The range of an outcome; None where the plan does not have it. See `month_outcome` for months."""
    values = evaluation.outcomes.get(key)
    if values is None or np.isnan(values).all():
        return None
    return summarize(values)


def event(evaluation: Evaluation, key: str) -> dict[str, Any] | None:
    """An outcome that may never happen (inf): its range, and the share of draws, where it does."""
    values = evaluation.outcomes.get(key)
    if values is None:
        return None
    happens = np.isfinite(values)
    share = float(happens.mean())
    return {**_ranged(values[happens]), "share_of_draws": share}


def _ranged(values: FloatArray) -> dict[str, float | None]:
    """The range of some draws; nulls where there are none."""
    if not values.size:
        return dict.fromkeys(("p5", "p50", "p95", "mean"))
    found = summarize(values)
    return {"p5": found["p5"], "p50": found["p50"], "p95": found["p95"], "mean": found["mean"]}


def statement(evaluation: Evaluation, document: Document[Plan], warnings: tuple[str, ...]) -> dict[str, Any]:
    """The whole result as plain values; the keys are documented in docs/result.md."""

    plan = evaluation.plan
    return {
        "truecost": {"version": VERSION, "verb": "plan", "schema": "plan/1"},
        "name": plan.name,
        "as_of": str(plan.as_of),
        "start": evaluation.start.strftime("%Y-%m"),
        "horizon_months": plan.horizon_months,
        "draws": evaluation.draws,
        "seed": evaluation.seed,
        "catalog_overlay": evaluation.first.catalog.overlay,
        "total_usd": outcome(evaluation, "total_usd"),
        "cash_total_usd": outcome(evaluation, "cash_total_usd"),
        "revenue_usd": outcome(evaluation, "revenue_usd"),
        "margin_usd": outcome(evaluation, "margin_usd"),
        "gross_margin_share": outcome(evaluation, "gross_margin_share"),
        "inference_share": outcome(evaluation, "inference_share"),
        "share_of_users_served_at_a_loss": outcome(evaluation, "share_of_users_served_at_a_loss"),
        "crossover_month": event(evaluation, "crossover_month"),
        "falls_behind_month": falls_behind(evaluation),
        "payback_month": event(evaluation, "payback_month"),
        "runway_months": event(evaluation, "runway_months"),
        "discounted_total_usd": outcome(evaluation, "discounted_total_usd"),
        "net_present_value_usd": outcome(evaluation, "net_present_value_usd"),
        "first_month_usd": outcome(evaluation, "first_month_usd"),
        "first_month_revenue_usd": outcome(evaluation, "first_month_revenue_usd"),
        "unit_costs": {name: outcome(evaluation, f"unit_costs.{name}") for name in UNIT_COSTS},
        "volumes": {name: outcome(evaluation, f"volumes.{name}") for name in VOLUMES},
        "iceberg": iceberg(evaluation),
        "training_compute_by_method_usd": compute_by_method(evaluation),
        "training_compute_used": method_used(evaluation),
        "lines": [line.to_dict() for line in cost_lines(evaluation, document)],
        "monthly": [line.to_dict() for line in monthly_lines(evaluation, document)],
        "series": series(evaluation),
        "tiers": tier_rows(evaluation),
        "serving": serving_rows(evaluation),
        "break_even": break_even(evaluation),
        "flows": flow_rows(evaluation),
        "footprint": footprint_rows(evaluation),
        "human_ledger": human_ledger_rows(evaluation),
        "inference_wall": inference_wall(evaluation),
        "progress": progress(evaluation),
        "reconciliation": reconciliation(evaluation),
        "left_out": [{"part": part, "consequence": why} for part, why in evaluation.first.left_out.items()],
        "warnings": [*warnings, *evaluation.first.warnings.values()],
        "assumptions": assumptions(evaluation, document),
    }


def falls_behind(evaluation: Evaluation) -> dict[str, Any] | None:
    """The month from which cumulative inference is behind training again to the end, from the first draws.

    It happens where inference passes training and is behind it at the end; None where neither is paid for.
    """
    if "crossover_month" not in evaluation.outcomes:
        return None
    inference, training = (_cumulative(evaluation, name) for name in ("inference", "training"))
    ahead = inference > training
    last_ahead = len(ahead) - ahead[::-1].argmax(axis=0)
    return _event_of(np.where(ahead.any(axis=0) & ~ahead[-1], last_ahead + 1.0, np.inf))


def _cumulative(evaluation: Evaluation, name: str) -> FloatArray:
    """A series of the first draws summed up to each month, (months, draws)."""
    shape = (evaluation.plan.horizon_months, evaluation.first.draws.count)
    return np.cumsum(np.broadcast_to(evaluation.series[name], shape), axis=0)


def compute_by_method(evaluation: Evaluation) -> dict[str, Ranged | None]:
    """One final run counted every way the catalog allows, and as the plan pays for it."""
    prefix = "training_compute_by_method_usd."
    found = {
        key.removeprefix(prefix): outcome(evaluation, key)
        for key in evaluation.outcomes
        if key.startswith(prefix)
    }
    used, run = method_used(evaluation), evaluation.first.quantities.get("programme.final_run_usd")
    if used is not None and used not in found and run is not None:
        found[used] = summarize(_flat(run.value))
    return found


RENTED = {
    "on_demand": "cloud-on-demand", "reserved_1y": "cloud-1y", "reserved_3y": "cloud", "spot": "cloud-spot"
}  # fmt: skip
"""The method that counts a run by the rent of a term."""


def method_used(evaluation: Evaluation) -> str | None:
    """The method of `training_compute_by_method_usd` by which the plan pays for its runs, if it has one."""
    programme = evaluation.plan.programme
    run = programme.training if programme is not None else None
    if run is None:
        return None
    if run.usd_per_chip_hour is not None:
        return "stated-price"
    return "amortized" if run.pay == "amortized" else RENTED[run.term]


def series(evaluation: Evaluation) -> dict[str, Any]:
    """Monthly and cumulative series worth drawing: ranges from the first window of draws, means of cost from
    all of them, so that they add up to those of the lines."""
    months = month_names(evaluation)
    groups: dict[str, FloatArray] = {}
    for totals in evaluation.lines.values():
        group = totals.line.group
        groups[group] = groups.get(group, np.zeros(len(months))) + totals.monthly_cost_usd
    result: dict[str, Any] = {
        "months": months,
        "cost_by_group_usd": {name: values.tolist() for name, values in groups.items()},
    }
    for name, means in _means(groups, len(months)).items():
        values = np.broadcast_to(evaluation.series[name], (len(months), evaluation.first.draws.count))
        so_far = None if means is None else np.cumsum(means)
        result[f"{name}_usd"] = monthly_ranges(np.ascontiguousarray(values), means)
        result[f"cumulative_{name}_usd"] = monthly_ranges(np.cumsum(values, axis=0), so_far)
    for name in evaluation.series:
        if name.startswith("treadmill."):
            shaped = np.broadcast_to(evaluation.series[name], (len(months), evaluation.first.draws.count))
            result[name] = monthly_ranges(np.ascontiguousarray(shaped))
    return result


def _means(groups: Mapping[str, FloatArray], months: int) -> dict[str, FloatArray | None]:
    """Means by month over all draws of what the series of cost are sums of; None for revenue."""
    nothing = np.zeros(months)
    return {
        "total": sum(groups.values(), start=nothing),
        "revenue": None,
        "inference": groups.get("Inference", nothing),
        "training": sum((groups.get(name, nothing) for name in TRAINING_GROUPS), start=nothing),
    }


def tier_rows(evaluation: Evaluation) -> list[dict[str, Any]]:
    """Each tier: what it earns, costs and leaves, and whom it serves at a loss."""
    if evaluation.plan.demand is None:
        return []
    figures: dict[str, dict[str, Ranged | None]] = {name: {} for name in evaluation.plan.demand.tiers}
    for key in evaluation.outcomes:
        room, _, path = key.partition(".")
        name, _, figure = path.partition(".")
        if room == "tiers" and name in figures:
            figures[name][figure] = outcome(evaluation, key)
    return [
        {"tier": name, "kind": tier.kind, "product": tier.product, **figures[name]}
        for name, tier in evaluation.plan.demand.tiers.items()
    ]


def serving_rows(evaluation: Evaluation) -> list[dict[str, Any]]:
    """Every option of every class beside the one in use: USD a query and a Mtok, over the plan."""
    rows: list[dict[str, Any]] = []
    for name, served in evaluation.served.items():
        months = evaluation.plan.horizon_months
        shape = (months, evaluation.first.draws.count)
        queries = np.broadcast_to(served.work.queries, shape).sum(axis=0)
        tokens = np.broadcast_to(served.work.all_tokens, shape).sum(axis=0)
        for option, charged in served.options.items():
            cost = np.broadcast_to(np.asarray(charged.cost(), dtype=np.float64), shape).sum(axis=0)
            details = {k: summarize(_flat(v)) for k, v in charged.details.items()}
            rows.append(
                {
                    "class": name,
                    "option": option,
                    "used": charged is served.used,
                    "title": charged.title,
                    "usd_per_query": _per(cost, queries),
                    "usd_per_mtok": _per(cost * 1e6, tokens),
                    "total_usd": summarize(cost),
                    "tokens_per_query": _per(tokens, queries),
                    **details,
                }
            )
    return [*rows, *_implied(rows)]


def _implied(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """For each quote beside a law's figure: the tokens a query would need for it to be true (in means)."""
    for row in rows:
        if row["option"] != "quoted":
            continue
        quote = row["usd_per_query"]["mean"]
        others = [
            r for r in rows if r["class"] == row["class"] and r["option"] != "quoted" and r["usd_per_mtok"]
        ]
        row["implied"] = [
            {
                "option": other["option"],
                "title": other["title"],
                "quote_over_law": quote / other["usd_per_query"]["mean"],
                "implied_tokens_per_query": quote / other["usd_per_mtok"]["mean"] * 1e6,
                "tokens_per_query": other["tokens_per_query"]["mean"],
            }
            for other in others
        ]
    return []


def _flat(value: Any) -> FloatArray:
    array = np.asarray(value, dtype=np.float64)
    return array[0] if array.ndim == 2 else array


def _per(part: FloatArray, whole: FloatArray) -> Ranged | None:
    return summarize(part / whole) if np.all(whole > 0) else None


def break_even(evaluation: Evaluation) -> dict[str, Any]:
    """Volumes, prices and shocks at which the plan's answer changes."""
    tolerance = evaluation.outcomes.get("break_even.shock_tolerance.multiple")
    all_in = evaluation.outcomes.get("break_even.shock_tolerance.all_in_multiple")
    shock = None
    if tolerance is not None and all_in is not None:
        shock = {
            "multiple": summarize(tolerance),
            "all_in_multiple": summarize(all_in),
            **{f"survives_{m}x_share_of_draws": float((tolerance >= m).mean()) for m in (1, 3, 5)},
            **{f"all_in_survives_{m}x_share_of_draws": float((all_in >= m).mean()) for m in (1, 3, 5)},
        }
    hosting = [
        {
            "class": name,
            **about,
            "self_host_tokens_per_month": event(
                evaluation, f"break_even.self_hosting.{name}.self_host_tokens_per_month"
            ),
            **against_api(name, evaluation),
        }
        for name, about in evaluation.alternatives.items()
    ]
    return {
        "shock_tolerance": shock,
        "price_multiple_for_zero_margin": outcome(evaluation, "break_even.price_multiple_for_zero_margin"),
        "self_hosting": hosting,
        "tiers": _tier_break_evens(evaluation),
    }


def _tier_break_evens(evaluation: Evaluation) -> list[dict[str, Any]]:
    """For each tier with a flat price or a contract: users a month and price without a margin.

    Both are null where they cannot change it: users of a tier that pays by contract alone, the price of one
    that has none. Users come from the first draws alone; see `truecost.plan.zero_margin`.
    """
    if evaluation.plan.demand is None:
        return []
    rows: list[dict[str, Any]] = []
    asked = [n for n, t in evaluation.plan.demand.tiers.items() if t.kind in {"subscription", "enterprise"}]
    product = Product.of(evaluation) if asked else None
    for name in asked:
        users = users_for_zero_margin(evaluation, name, product)
        price = price_for_zero_margin(evaluation, name)
        rows.append(
            {
                "tier": name,
                "users_for_zero_margin": None if users is None else _event_of(users),
                "usd_per_user_month_for_zero_margin": None if price is None else summarize(price),
            }
        )
    return rows


def _event_of(values: FloatArray) -> dict[str, Any]:
    happens = np.isfinite(values)
    return {**_ranged(values[happens]), "share_of_draws": float(happens.mean())}


def reconciliation(evaluation: Evaluation) -> dict[str, Any]:
    """Cash = amortized + still on the books at the end - interest on own money (never paid out)."""
    capital = np.zeros(evaluation.draws)
    book_value = np.zeros(evaluation.draws)
    for totals in evaluation.lines.values():
        if totals.line.payee is Payee.CAPITAL:
            capital = capital + totals.cost_usd
        else:
            book_value = book_value + totals.cash_usd - totals.cost_usd
    return {
        "amortized_usd": outcome(evaluation, "total_usd"),
        "closing_book_value_usd": summarize(book_value),
        "interest_on_own_money_usd": summarize(capital),
        "cash_usd": outcome(evaluation, "cash_total_usd"),
    }


def assumptions(evaluation: Evaluation, document: Document[Plan]) -> list[dict[str, Any]]:
    """Every fact used and every number stated, weakest confidence first."""
    replaced = {fact: path for path, fact in evaluation.first.defaults.items()}
    beside = evaluation.first.view_facts
    facts = sorted(
        evaluation.first.facts.values(),
        key=lambda f: (WEAKEST_FIRST.index(f.confidence), f.key in beside, f.key),
    )
    stated = [
        {
            "key": leaf.path,
            "value": _shown(leaf.value),
            "unit": leaf.number.asked_unit if leaf.number else "",
            "confidence": "stated",
            "source": document.place(leaf.path) or "the plan",
            "checked": "",
            "stands_in_for": "",
            "note": "",
        }
        for leaf in leaves(evaluation.plan)
        if leaf.path in document.given
    ]
    return [_assumption(fact, replaced.get(fact.key, "")) for fact in facts] + stated


def _assumption(fact: Fact, path: str) -> dict[str, Any]:
    return {
        "key": fact.key,
        "value": _shown(fact.value),
        "unit": fact.unit,
        "confidence": fact.confidence.value,
        "source": fact.source,
        "checked": fact.checked.isoformat(),
        "stands_in_for": path,
        "note": fact.note,
    }


def _shown(value: float | Range) -> float | str:
    return str(value) if isinstance(value, Range) else value
