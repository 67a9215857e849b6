"""The ledger: what it did cost, and whom. Logs become usage, usage becomes priced lines, lines are added up.

>>> from truecost.ledger import import_usage, usage_report
>>> import_usage(["examples/usage/openai-chat.jsonl"], "usage")  # doctest: +SKIP
>>> usage_report("usage", by=["feature", "user"], month="2026-10").total_usd  # doctest: +SKIP
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from truecost.ledger.door import Ledger
    from truecost.ledger.importing import ImportResult, import_usage
    from truecost.ledger.reporting import UsageReport, usage_report

__all__ = ["ImportResult", "Ledger", "UsageReport", "import_usage", "usage_report"]

_HOMES = {
    "ImportResult": "importing",
    "Ledger": "door",
    "UsageReport": "reporting",
    "import_usage": "importing",
    "usage_report": "reporting",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'truecost.ledger' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"truecost.ledger.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
