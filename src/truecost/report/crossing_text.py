"""When all inference so far has cost more than all training so far, and whether it stays so, in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from truecost.report.layout import glued
from truecost.report.phrases import ALMOST_ALL, has, month, plural, ranged, share

Statement = Mapping[str, Any]


def passes(statement: Statement) -> str:
    """The month inference passes training, the month from which it is behind again, in how many draws.

    >>> event = {"p5": 1.0, "p50": 2.0, "p95": 7.0, "mean": 2.9, "share_of_draws": 0.7}
    >>> later = {"p5": 14.0, "p50": 27.0, "p95": 36.0, "mean": 26.0, "share_of_draws": 0.3}
    >>> told = {"crossover_month": event, "falls_behind_month": later, "horizon_months": 36}
    >>> passes(told).replace(chr(160), " ")
    'month 2 (1 – 7) in 70 % of the draws; behind again from month 27 (14 – 36) in 30 %'
    """
    event = statement["crossover_month"]
    never = f"not within {glued(plural(statement['horizon_months'], 'month'))}"
    told = month_of(event) if has(event) and event["share_of_draws"] >= 0.5 else month(event, never)
    return told + again(statement, "; behind again")


def overtaking(statement: Statement) -> str:
    """The same in the order of a sentence: "month 2 (1 – 7) in 70 % of the draws, then ..."."""
    event = statement["crossover_month"]
    return f"{month_of(event)}{again(statement, ', then falls behind again')}"


def month_of(event: Mapping[str, Any]) -> str:
    """When something happens, and in which share of the draws where it is not all of them.

    >>> month_of({"p5": 11, "p50": 14, "p95": 20, "share_of_draws": 0.63}).replace(chr(160), " ")
    'month 14 (11 – 20) in 63 % of the draws'
    """
    happens = event["share_of_draws"]
    return _when(event) if happens >= ALMOST_ALL else f"{_when(event)} in {share(happens)} of the draws"


def _when(event: Mapping[str, Any]) -> str:
    return glued("month ") + ranged({point: float(round(event[point])) for point in ("p5", "p50", "p95")})


def again(statement: Statement, joined: str) -> str:
    """That inference is behind again to the end, `joined` to what is said before; "" where it hardly is."""
    event = statement["falls_behind_month"]
    if event is None or not has(event) or event["share_of_draws"] <= 1 - ALMOST_ALL:
        return ""
    often = event["share_of_draws"]
    case = "" if often >= ALMOST_ALL else f" in {share(often)}"
    return f"{joined} from {_when(event)}{case}"
