"""Stores of daily usage for tests: so many USD a day of a model at 0.40 USD a million tokens."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from tests.unit.ledger.logs import take

FIRST = date(2026, 7, 6)
"""A Monday."""
TOKENS_A_USD = 2_500_000
KNOWN = date(2026, 11, 22)
WEEK = (1.0, 1.1, 1.1, 1.0, 1.0, 0.5, 0.5)


def row(day: int, usd: float, **more: Any) -> dict[str, Any]:
    """Usage of a day, at 12:00, that costs so much."""
    counts = {"input_tokens": round(usd * TOKENS_A_USD), "output_tokens": 0}
    ts = f"{FIRST + timedelta(day)}T12:00:00Z"
    return {"ts": ts, "provider": "openai", "model": "gpt-4.1-mini", **counts, **more}


def wiggle(day: int) -> float:
    """A few per cent up and down, the same for ever."""
    return 1 + 0.05 * ((day * 37) % 11 - 5) / 5


def weeks(days: int, usd: float = 10.0, **more: Any) -> list[dict[str, Any]]:
    """Days with a weekly season."""
    return [row(day, usd * WEEK[day % 7] * wiggle(day), **more) for day in range(days)]


def stored(folder: Path, *parts: Iterable[dict[str, Any]]) -> Path:
    """A store of rows."""
    rows = [one for part in parts for one in part]
    result = take(folder, *rows)
    assert result.rows == len(rows), result
    return folder / "usage"
