"""Who pays and who gets, as the statement tells it: payers, payees, links between them, returns."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from truecost.plan.book import Quantity
from truecost.plan.evaluate import Evaluation
from truecost.plan.flows import CREDITS, FREE, PAYERS
from truecost.plan.returns import Return, generations, investor
from truecost.plan.splits import OWN_USD, RENT_USD, parts_of, payee_of
from truecost.ranges import FloatArray, Ranged, summarize

CREDITS_COVER = frozenset({"cloud", "model vendor"})
"""Payees of the lines that credits may pay."""


def flow_rows(evaluation: Evaluation) -> dict[str, Any]:
    """The key `flows` of the statement; see docs/result.md."""
    paid, got = paying(evaluation), receiving(evaluation)
    outcomes = evaluation.outcomes
    return {
        "view": "amortized",
        "payers": {name: summarize(outcomes[f"{PAYERS}.{name}"]) for name in paid},
        "payees": {name: summarize(draws) for name, (draws, _, _) in got.items()},
        "links": links(evaluation),
        "cloud_rent": _rent(evaluation),
        "free_users": _free_users(evaluation),
        "returns": returns(evaluation),
        "by_month": {
            "payers": {name: months.tolist() for name, months in paid.items()},
            "payees": {name: months.tolist() for name, (_, months, _) in got.items()},
        },
    }


def paying(evaluation: Evaluation) -> dict[str, FloatArray]:
    """Means by month of what each payer pays, the largest first; those who pay nothing are left out."""
    found = {
        key.removeprefix(f"{PAYERS}."): months
        for key, months in evaluation.by_month.items()
        if key.startswith(f"{PAYERS}.") and evaluation.outcomes[key].any()
    }
    return dict(sorted(found.items(), key=lambda item: -float(item[1].sum())))


def receiving(evaluation: Evaluation) -> dict[str, tuple[FloatArray, FloatArray, list[str]]]:
    """What each payee gets, the largest first: one number a draw, means by month, the keys it is a sum of."""
    found: dict[str, tuple[FloatArray, FloatArray, list[str]]] = {}
    for payee, draws, months, key in _payments(evaluation):
        sums = found.get(payee, (np.zeros(evaluation.draws), np.zeros(len(months)), []))
        found[payee] = (sums[0] + draws, sums[1] + months, [*sums[2], key])
    kept = {payee: sums for payee, sums in found.items() if sums[0].any()}
    return dict(sorted(kept.items(), key=lambda item: -float(item[1][1].sum())))


def _payments(evaluation: Evaluation) -> list[tuple[str, FloatArray, FloatArray, str]]:
    """Every line, or each of its parts: who gets it, how much by draw and by month, under which key."""
    parts, found = parts_of(evaluation.by_month), list[tuple[str, FloatArray, FloatArray, str]]()
    for component, totals in evaluation.lines.items():
        for payee, key in parts.get(component, {}).items():
            found.append((payee, evaluation.outcomes[key], evaluation.by_month[key], key))
        if component not in parts:
            payee, key = payee_of(component, totals.line), f"lines.{component}"
            found.append((payee, totals.cost_usd, totals.monthly_cost_usd, key))
    return found


def links(evaluation: Evaluation) -> dict[str, dict[str, float]]:
    """Mean USD from each payer to each payee: month by month in proportion, credits to what they cover."""
    paid, got = paying(evaluation), receiving(evaluation)
    credits_name = CREDITS.removeprefix(f"{PAYERS}.")
    months = evaluation.plan.horizon_months
    credit = paid.get(credits_name, np.zeros(months))
    eligible = _eligible(evaluation)
    covered = np.asarray(sum(eligible.values(), start=np.zeros(months)))
    used = np.divide(credit, covered, out=np.zeros(months), where=covered > 0)
    left = {name: by_month - eligible.get(name, 0.0) * used for name, (_, by_month, _) in got.items()}
    rest = np.asarray(sum(left.values(), start=np.zeros(months)))
    result: dict[str, dict[str, float]] = {}
    for payer, by_month in paid.items():
        share = np.divide(by_month, rest, out=np.zeros(months), where=rest > 0)
        flows = {
            name: float(
                (eligible.get(name, 0.0) * used if payer == credits_name else left[name] * share).sum()
            )
            for name in got
        }
        result[payer] = {name: usd for name, usd in flows.items() if usd > 0}
    return result


def _eligible(evaluation: Evaluation) -> dict[str, FloatArray]:
    """Means by month of what credits may pay, by who gets it in the end."""
    covered = {n for n, t in evaluation.lines.items() if t.line.payee.value in CREDITS_COVER}
    parts, found = parts_of(evaluation.by_month), dict[str, FloatArray]()
    for name in covered:
        shares = {p: evaluation.by_month[key] for p, key in parts.get(name, {}).items()} or {
            payee_of(name, evaluation.lines[name].line): evaluation.lines[name].monthly_cost_usd
        }
        for payee, months in shares.items():
            found[payee] = found.get(payee, 0.0) + months
    return found


def _rent(evaluation: Evaluation) -> dict[str, Any] | None:
    if RENT_USD not in evaluation.outcomes:
        return None
    rent, own = evaluation.outcomes[RENT_USD], evaluation.outcomes[OWN_USD]
    share = np.divide(own, rent, out=np.zeros_like(own), where=rent > 0)
    return {"usd": summarize(rent), "own_cost_usd": summarize(own), "own_cost_share": summarize(share)}


def _free_users(evaluation: Evaluation) -> dict[str, dict[str, Ranged]]:
    found: dict[str, dict[str, Ranged]] = {}
    for key, values in evaluation.outcomes.items():
        if key.startswith(f"{FREE}."):
            tier, _, figure = key.removeprefix(f"{FREE}.").rpartition(".")
            found.setdefault(tier, {})[figure] = summarize(values)
    return found


def returns(evaluation: Evaluation) -> dict[str, Any] | None:
    """What each generation and an investor get back; None where nothing is earned."""
    key = "flows.returns.discount_rate_per_year"
    if key not in evaluation.outcomes:
        return None
    invested = investor(evaluation)
    return {
        "discount_rate_per_year": summarize(evaluation.outcomes[key]),
        "generations": {number: _return(made) for number, made in generations(evaluation).items()},
        "investor": None if invested is None else _return(invested),
    }


def _return(made: Return) -> dict[str, Any]:
    return {
        "put_in_usd": summarize(made.put_in_usd),
        "got_back_usd": summarize(made.got_back_usd),
        "net_present_value_usd": summarize(made.net_present_value_usd),
        "payback_month": event_of(made.payback_month),
        "return_per_year": event_of(made.return_per_year),
    }


def event_of(values: FloatArray) -> dict[str, Any]:
    """A range over the draws in which something happens, with their share; nulls where it never does."""
    happens = np.isfinite(values)
    found: Mapping[str, float | None] = dict.fromkeys(("p5", "p50", "p95", "mean"))
    if happens.any():
        ranged = summarize(values[happens])
        found = {"p5": ranged["p5"], "p50": ranged["p50"], "p95": ranged["p95"], "mean": ranged["mean"]}
    return {**found, "share_of_draws": float(happens.mean())}


def flow_formulas(evaluation: Evaluation) -> list[Quantity]:
    """The formulas of what is only known once every draw is: payees, links."""
    told = float("nan")
    got = receiving(evaluation)
    found = [
        Quantity(
            f"flows.payees.{name}", told, "USD", "lines, and parts of lines, that go to them", tuple(keys)
        )
        for name, (_, _, keys) in got.items()
    ]
    formula = "month by month in proportion to what each payee gets, in means; credits to what they cover"
    for payer, flows in links(evaluation).items():
        ends = (f"{PAYERS}.{payer}",)
        found += [
            Quantity(f"flows.links.{payer}.{name}", told, "USD", formula, (*ends, f"flows.payees.{name}"))
            for name in flows
        ]
    return found
