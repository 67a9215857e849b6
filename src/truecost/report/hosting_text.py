"""Whether chips of one's own pay for a class, and what they would save over the plan, in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from truecost.report.phrases import averaged, has, negated

Case = Mapping[str, Any]


def by_stake(cases: Sequence[Case]) -> list[Case]:
    """The classes by the money that is at stake, most first: what the API costs over the plan."""
    return sorted(cases, key=lambda case: -case["api_usd"]["mean"] if has(case["api_usd"]) else 0.0)


def pays(case: Case) -> bool:
    """Whether the plan's first month has the volume from which own chips cost no more, in the median draw."""
    volume = case["self_host_tokens_per_month"]
    return has(volume) and volume["share_of_draws"] >= 0.5 and case["tokens_now"] >= volume["p50"]


def standing(case: Case) -> str:
    """Where the plan's first month stands."""
    return "already pay" if pays(case) else "do not pay yet"


def over_the_plan(case: Case) -> str:
    """What own chips save over the plan against the API, or lose; "" where that is not known.

    >>> never = {"p50": None, "share_of_draws": 0.0}
    >>> saved = {"p5": -30.0, "p50": -20.0, "p95": -10.0, "mean": -20.0}
    >>> case = {"self_host_tokens_per_month": never, "tokens_now": 5.0, "saved_usd": saved}
    >>> over_the_plan(case).replace(chr(160), " ")
    '; over the plan they lose 20 USD (10 – 30)'
    """
    saved = case["saved_usd"]
    if not has(saved):
        return ""
    gains = saved["mean"] >= 0
    told = f"save {averaged(saved, 'USD')}" if gains else f"lose {averaged(negated(saved), 'USD')}"
    return f"; {'' if gains == pays(case) else 'but '}over the plan they {told}"
