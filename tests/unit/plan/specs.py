"""Small plans that the tests vary."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

AS_OF = "2026-11-01"


def example_plans() -> list[Path]:
    """The shipped plans; a training run, which has a `model`, stands among them and is none."""
    examples = (Path(__file__).parents[3] / "examples").glob("*.yaml")
    return sorted(path for path in examples if "\nmodel:" not in path.read_text(encoding="utf-8"))


def product(**changes: Any) -> dict[str, Any]:
    """One subscription tier on one API; `changes` are dotted paths with __ for the dot."""
    spec: dict[str, Any] = {
        "name": "small",
        "as_of": AS_OF,
        "start": "2026-12",
        "horizon_months": 12,
        "demand": {
            "tiers": {
                "pro": {
                    "kind": "subscription",
                    "users": 2000,
                    "price_usd_per_month": 20,
                    "queries_per_user_per_day": 15,
                }
            },
            "requests": {"chat": {"input_tokens": 1000, "output_tokens": 300}},
        },
        "serving": {"chat": {"api": {"model": "gpt-4.1-mini"}}},
    }
    return changed(spec, **changes)


def fleet(**changes: Any) -> dict[str, Any]:
    """The same product on chips of its own."""
    spec = product()
    spec["serving"]["chat"] = {
        "self_hosted": {"model": "meta-llama/Llama-3.1-70B", "chip": "h100-sxm", "precision": "fp8"}
    }
    return changed(spec, **changes)


def programme(**changes: Any) -> dict[str, Any]:
    """A training programme with everything in it, and no product."""
    spec: dict[str, Any] = {
        "name": "lab",
        "as_of": AS_OF,
        "start": "2026-12",
        "horizon_months": 24,
        "programme": {
            "developer": "open_lab",
            "training": {"chip_hours": 1e6, "chip": "h100-sxm", "usd_per_chip_hour": 2},
            "experiments": {"multiplier": 2},
            "data": {
                "licences": {"news": {"usd_per_year": 12e6}},
                "undisclosed_licences": 2,
                "acquisition_usd": 1e6,
                "curation": {"tokens": 10e12},
                "synthetic": {"tokens": 1e9, "kept_share": 0.5, "usd_per_mtok": 2},
            },
            "annotation": {"labels": {"items": 1e5, "usd_per_item": 1, "quality_overhead": 1.5}},
            "rlhf": {
                "cycles_per_year": 4,
                "preferences": 1e5,
                "usd_per_preference": 1,
                "compute_share": 0.01,
            },
            "fine_tunes": {
                "safety": {
                    "active_parameters": 70e9,
                    "tokens": 1e9,
                    "chip": "h100-sxm",
                    "every_months": 6,
                    "attempts": 2,
                    "data_usd": 1e4,
                }
            },
            "safety": {
                "red_team": {"hours": 1000, "usd_per_hour": 50, "compute": 1e4, "bounty_usd": 1e5},
                "evaluations": {"usd_per_release": 1e5, "growth_per_generation": 2},
                "delay": {"months": 2, "usd_per_month": 1e5},
            },
            "staff": {"research": {"people": 10}, "legal": {"people": 1, "usd_per_year": 2e5}},
            "infrastructure_usd_per_month": 1e5,
            "legal_usd_per_year": 1.2e6,
            "carbon_usd_per_tonne": 100,
            "generations": {
                "every_months": 12,
                "training_growth": 2,
                "serving_growth": 1.5,
                "efficiency_per_year": 0.3,
            },
        },
    }
    return changed(spec, **changes)


def changed(spec: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """A deep copy with values set at dotted paths (`__` for the dot)."""
    result = copy.deepcopy(spec)
    for path, value in changes.items():
        *above, last = path.split("__")
        inner = result
        for part in above:
            inner = inner.setdefault(part, {})
        inner[last] = value
    return result
