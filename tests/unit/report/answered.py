"""A statement with an answer, built by hand: every part of it that the report draws."""

from __future__ import annotations

import copy
from typing import Any


def ranged(mean: float, spread: float = 0.3) -> dict[str, float]:
    """A range around a mean; its median lies below."""
    low, high = sorted((mean * (1 - spread), mean * (1 + 2 * spread)))
    return {"p5": low, "p50": mean * 0.95, "p95": high, "mean": mean}


def choice(option: str, label: str, saving: float, wins: float, **more: Any) -> dict[str, Any]:
    """A row of the decision table that applies."""
    cost = 4e6 - saving
    return {
        "option": option,
        "label": label,
        "applies": True,
        "total_usd": ranged(cost),
        "margin_usd": ranged(-cost),
        "saving_usd": ranged(saving),
        "wins_share_of_draws": wins,
        "cost_usd_by_month": {"1": ranged(cost / 40), "12": ranged(cost / 4), "36": ranged(cost)},
        "cash_needed_usd": ranged(cost / 30),
        "draws": 1024,
        "months_to_get_there": 1.7,
        "commits_to": f"{label}'s terms",
        "models": "the models of the plan",
        "set": [f"serving.chat.use={option}"],
        **more,
    }


TABLE = [
    choice("hybrid", "Hybrid: own <base>", 5e5, 0.9, models="another model: test it"),
    choice("as_written", "The plan as written", 0.0, 0.1, months_to_get_there=0.0, set=[]),
    choice("train_own", "Train your own", -6e7, 0.0),
    {
        "option": "retrieve",
        "label": "Retrieve (RAG)",
        "applies": False,
        "why": "the plan <retrieves> already",
    },
]
VERDICT = {
    "option": "hybrid",
    "label": "Hybrid: own <base>",
    "sentence": "Hybrid: own <base>: it saves 500 k USD (350 k – 800 k) against the plan as written over "
    "36 months, best in 90 % of the draws; it flips to “The plan as written” if API prices fall to 0.7 x the "
    "plan's.",
    "saving_usd": ranged(5e5),
    "wins_share_of_draws": 0.9,
    "models": "another model: test it",
    "commits_to": "a year of chips at a time",
    "months_to_get_there": 4.6,
    "flip": {
        "variable": "what_if.api_price",
        "label": "API prices",
        "factor": 0.7,
        "to_option": "as_written",
        "to_label": "The plan as written",
        "set": 'what_if=[{"api_price": 0.7}]',
    },
    "second": {"option": "as_written", "label": "The plan as written", "behind_usd": ranged(5e5)},
    "with_the_models_of_the_plan": {
        "option": "as_written",
        "label": "The plan as written",
        "saving_usd": ranged(0.0),
    },
    "set": ["serving.chat.use=hybrid"],
}
AT = [1e5, 1e6, 1e7]
CURVE = {
    "users_factor": [0.1, 1.0, 10.0],
    "queries_per_month": AT,
    "plan_queries_per_month": 1e6,
    "options": [
        {
            "option": option,
            "label": label,
            "usd_per_month": usd,
            "usd_per_month_p5": [0.8 * u for u in usd],
            "usd_per_month_p95": [1.3 * u for u in usd],
        }
        for option, label, usd in (
            ("as_written", "The plan as written", [1e4, 5e4, 4e5]),
            ("hybrid", "Hybrid: own <base>", [4e4, 5.5e4, 2e5]),
        )
    ],
    "crossings": [
        {"users_factor": 1.3, "queries_per_month": 1.3e6, "from_option": "as_written", "to_option": "hybrid"}
    ],
}


def way(
    label: str, total: float, tokens: float, *, training: float = 0.0, finding: float = 0.0
) -> dict[str, Any]:
    """A way to give a model its knowledge."""
    return {
        "way": label,
        "label": label,
        "input_tokens_per_call": ranged(tokens),
        "usd_per_query": ranged(total / 1e8),
        "training_and_refresh_usd": ranged(training),
        "retrieval_usd": ranged(finding),
        "total_usd": ranged(total),
        "set": [],
    }


KNOWLEDGE = {
    "ways": [
        way("Fine-tune, on own chips", 3e6, 600, training=2e5),
        way("Retrieve, over an API", 4e6, 5000, finding=1.5e5),
    ],
    "best": "fine_tune",
    "crossing": {"users_factor": 0.5, "queries_per_month": 5e5, "fine_tune_leads": True},
}


def scenario(kind: str, name: str, margin: float, verdict: str | None, **more: Any) -> dict[str, Any]:
    """A column of the scenarios."""
    best = None if verdict is None else {"option": verdict, "label": f"option {verdict}"}
    return {
        "kind": kind,
        "name": name,
        "description": f"about {name}.",
        "probability": None,
        "applies": True,
        "why_not": None,
        "set": [],
        "unknown": ["what <users> do"],
        "total_usd": ranged(4e6),
        "revenue_usd": ranged(3e6),
        "margin_usd": ranged(margin),
        "margin_change_usd": ranged(margin + 1e6),
        "gross_margin_share": ranged(0.4),
        "runway_months": None,
        "self_hosting_from_month": None,
        "verdict": best,
        **more,
    }


SCENARIOS = [
    scenario(
        "plan", "plan as written", -1e6, None, description="", probability=0.8, margin_change_usd=ranged(0.0)
    ),
    scenario("scenario", "prices-rise-3x", -3e6, "api", probability=0.2),
    scenario("scenario", "consolidation-provider-gone", -1.1e6, "hybrid"),
    scenario("scenario", "mine", 0.0, None, applies=False, why_not="nobody <pays>", margin_usd=None),
    scenario("mixture", "mixture", -1.4e6, None, probability=1.0),
]


def lever(key: str, label: str, saved: float, **more: Any) -> dict[str, Any]:
    """A lever tried alone."""
    return {
        "lever": f"{key}.chat",
        "family": key,
        "label": label,
        "class": "chat",
        "saved_usd_per_month": ranged(saved),
        "share_of_draws_it_saves": 0.97,
        "own_cost_usd_per_month": ranged(95.0),
        "own_cost_lines": ["Cache: chat"],
        "mechanism": [
            {"quantity": "calls to the model", "unit": "calls/month", "before": 2e6, "after": 1.5e6}
        ],
        "latency": {"note": "no effect", "ttft_s": [0.25, 0.2]},
        "quality": f"whether {key} <does>",
        "not_combined": "",
        "assumed": [],
        "sets": [f"serving.chat.levers.{key}=0.3"],
        **more,
    }


ADVICE = {
    "name": "a plan",
    "months": 36,
    "cost_usd_per_month": ranged(1.1e5),
    "levers": [
        lever("cache", "Cache whole <responses>", 4660.0),
        lever("shorter", "Ask for shorter answers", 1900.0),
        lever("people", "Hand the hardest to people", -3e4),
    ],
    "not_applicable": [
        {
            "lever": "quantize.chat",
            "family": "quantize",
            "label": "Quantize",
            "class": "chat",
            "why": "no own <chips>",
        }
    ],
    "combination": {
        "sets": ["serving.chat.levers.cache=0.3"],
        "steps": [
            {
                "lever": f"{key}.chat",
                "label": label,
                "class": "chat",
                "gained_usd_per_month": ranged(gained),
                "alone_usd_per_month": alone,
            }
            for key, label, gained, alone in (
                ("cache", "Cache whole <responses>", 4660.0, 4660.0),
                ("shorter", "Ask for shorter answers", 1500.0, 1900.0),
            )
        ],
        "saved_usd_per_month": ranged(6160.0),
        "share_of_draws_it_saves": 1.0,
        "sum_of_single_usd_per_month": 6560.0,
    },
}


def influence(key: str, low: float, high: float, at_low: float, at_high: float) -> dict[str, Any]:
    """What an input does to the total."""
    return {
        "key": key,
        "label": key.replace(".", ", "),
        "unit": "tokens",
        "low": low,
        "high": high,
        "outcome_low": at_low,
        "outcome_high": at_high,
        "swing": abs(at_high - at_low),
        "direction": "up" if at_high > at_low else "down",
        "rank_correlation": 0.5,
        "variance_share": 0.3,
        "narrowing_share": 0.16,
        "value_of_information_usd": 3650.0,
        "place": "plan.yaml:7",
        "source": "the plan",
        "stands_in_for": [],
    }


SENSITIVITY = {
    "outcome": "total_usd",
    "unit": "USD",
    "draws": 1024,
    "share_of_draws": 1.0,
    "at_medians": 3.9e6,
    "spread": ranged(4e6),
    "inputs": [
        influence("requests.chat.<calls>", 2, 5, 3.6e6, 4.3e6),
        influence("tiers.pro.churn", 0.04, 0.07, 4.0e6, 3.75e6),
        influence("pue", 1.1, 1.2, 3.9e6, 3.9e6),
    ],
    "worth_measuring_first": "requests.chat.<calls>",
    "value_of_perfect_information_usd": 40_500.0,
    "note": "",
}


def answered(statement: dict[str, Any], **keys: Any) -> dict[str, Any]:
    """A copy of a statement with every part of an answer, some of them replaced."""
    answer = {
        "verdict": VERDICT,
        "options": {"table": TABLE, "curve": CURVE, "fine_tune_or_retrieve": KNOWLEDGE},
        "scenarios": SCENARIOS,
        "advice": ADVICE,
        "sensitivity": SENSITIVITY,
    }
    return copy.deepcopy({**statement, **answer, **keys})
