"""Statements to draw: a rich one that has every section, and poor ones."""

from __future__ import annotations

from typing import Any

import pytest

import truecost

DRAWS = 200
RICH: dict[str, Any] = {
    "name": "Everything at once",
    "as_of": "2026-11-01",
    "start": "2026-12",
    "horizon_months": 18,
    "demand": {
        "tiers": {
            "free": {"kind": "free", "users": 20000, "queries_per_user_per_day": 4},
            "pro": {
                "kind": "subscription",
                "users": 900,
                "price_usd_per_month": 20,
                "heavy_tail": {"p50": 8, "p90": 40},
                "churn_per_month": "0.03 .. 0.06",
                "converts_from": {"tier": "free", "share_per_month": "0.005 .. 0.02"},
            },
        },
        "requests": {
            "chat": {"input_tokens": "600 .. 2000", "output_tokens": 300, "share": 0.7},
            "draft": {"input_tokens": 3000, "output_tokens": "400 .. 900", "share": 0.3, "latency": "batch"},
        },
    },
    "serving": {
        "chat": {
            "use": "quoted",
            "quoted": {"usd_per_query": "0.002 .. 0.01", "source": "a newspaper"},
            "api": {"model": "gpt-4.1-mini"},
            "self_hosted": {
                "model": "meta-llama/Llama-3.1-70B",
                "chip": "h100-sxm",
                "precision": "fp8",
                "purchase": "owned",
            },
        },
        "draft": {
            "use": "self_hosted",
            "self_hosted": {"model": "meta-llama/Llama-3.1-8B", "chip": "h100-sxm", "purchase": "owned"},
            "api": {"model": "gpt-4.1-mini"},
        },
    },
    "programme": {
        "training": {"chip_hours": "50e3 .. 90e3", "chip": "h100-sxm"},
        "data": {"licences": {"news": {"usd_per_year": 50000}}},
        "generations": {"every_months": 9, "training_growth": 2, "serving_growth": 1.3},
    },
    "business": {
        "cash_usd": 3e6,
        "operating": {"team": {"usd_per_month": 40000}},
        "discount_rate_per_year": 0.1,
    },
}


@pytest.fixture(scope="session")
def statement() -> dict[str, Any]:
    """A plan with free and paid tiers, three ways to serve, a programme, cash; nothing in it is tuned."""
    return truecost.plan(RICH, draws=DRAWS).statement()


@pytest.fixture(scope="session")
def programme_only() -> dict[str, Any]:
    """A training run and nothing else: no users, no revenue."""
    run = {"chip_hours": 2788000, "chip": "h800-sxm", "usd_per_chip_hour": 2}
    spec = {"name": "A run", "as_of": "2024-12-26", "horizon_months": 6, "programme": {"training": run}}
    return truecost.plan(spec, draws=DRAWS).statement()


@pytest.fixture(scope="session")
def business_only() -> dict[str, Any]:
    """One line of cost and nothing else, over one month."""
    rent = {"operating": {"rent": {"usd_per_month": 1000}}}
    spec = {"name": "Rent", "as_of": "2026-11-01", "horizon_months": 1, "business": rent}
    return truecost.plan(spec, draws=DRAWS).statement()
