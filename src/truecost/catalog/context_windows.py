"""How long an input an API model takes, where a price list says so.

The table is `data/context_windows.csv.gz`, written by `scripts/import_context_windows.py`: provider, plain
name without date, tokens. A model that is not in it has no known limit, which is not the same as none.
"""

from __future__ import annotations

import csv
from datetime import date
from functools import cache

from truecost.catalog.api_price_names import plain_name, read_table, without_date
from truecost.catalog.facts import Confidence, Fact


def context_window(provider: str, model: str) -> Fact | None:
    """The most input tokens of one request to a provider's model; None where none is on record.

    >>> found = context_window("openai", "gpt-5-mini")
    >>> found.value, found.unit
    (272000.0, 'tokens')
    >>> context_window("openai", "gpt-17") is None
    True
    """
    return _windows().get((provider, without_date(plain_name(model))))


@cache
def _windows() -> dict[tuple[str, str], Fact]:
    rows = csv.reader(read_table("context_windows.csv.gz").splitlines()[1:])
    return {
        (provider, model): Fact(
            f"context_window/{provider}/{model}", float(tokens), unit, source,
            date.fromisoformat(checked), Confidence(confidence),
        )
        for provider, model, tokens, unit, source, checked, confidence in rows
    }  # fmt: skip
