"""Pages of usage reports for tests: one of a quiet month, one of labels out to break it, an empty one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from tests.unit.ledger.days import KNOWN, row, stored

from truecost.ledger.behind_report import behind_report
from truecost.ledger.reporting import usage_report
from truecost.report.ledger_page import render

PAGES = ("quiet", "hostile", "empty")
MARKUP = "<img src=x onerror=alert(1)></svg></style><script>alert('label')</script>"
LONG = "x" * 250
USERS = 400
BY = {"quiet": ("feature",), "hostile": ("user", "feature"), "empty": ("model",)}


def _quiet() -> Iterator[dict[str, Any]]:
    """6 USD: 3 on the first day, none on the second, 3 on the third."""
    yield row(0, 2.0, feature="chat", user="ann")
    yield row(0, 1.0, feature="search", user="bob")
    yield row(2, 3.0, feature="chat", user="ann")


def _hostile() -> Iterator[dict[str, Any]]:
    yield row(1, 0, provider="", model="credit", kind="other", stated_usd="-5", user="credited")
    yield row(2, 0, provider="nebius", model="h100-sxm", kind="fleet", chip_hours="10")
    labels = [MARKUP, LONG, "=cmd|' /C calc'!A0", "Ünïcode 计划 \u202e", "line\nend", "&amp;"]
    for number in range(USERS):
        name = labels[number] if number < len(labels) else f"user-{number:03} {'y' * 200}"
        feature = (*labels, "chat", "agent")[number % 8]
        status = {7: "error", 11: "cut"}.get(number % 20, "ok")
        yield row(number % 90, 400.0 / (number + 1) ** 2, user=name, feature=feature, status=status)
    for model in (MARKUP, LONG, *(f"house-{n}" for n in range(10))):
        yield row(5, 1.0, model=model, user=MARKUP)
    yield row(41, 900.0, user="one day", feature="chat")
    yield row(3, 1.0, model="claude-sonnet-4-5", provider="anthropic", batch=True)
    yield row(3, 1.0, model="claude-sonnet-4-5", provider="anthropic")


@cache
def store_of(name: str) -> Path:
    """The store of a page, in a folder of its own."""
    rows = {"quiet": _quiet, "hostile": _hostile, "empty": _quiet}[name]
    folder = Path(mkdtemp(prefix="<b>ledger"))
    return stored(folder, rows())


@cache
def told_of(name: str, by: Sequence[str] | None = None, where: str | None = None) -> tuple[Any, Any]:
    """The report of a page and what stands behind it."""
    chosen = list(by or BY[name])
    how: dict[str, Any] = {"as_known": KNOWN, "month": "2026-01" if name == "empty" else None, "where": where}
    told = usage_report(store_of(name), chosen, **how).to_dict()
    return told, behind_report(store_of(name), chosen, **how).to_dict()


@cache
def page_of(name: str) -> str:
    """The page by its name."""
    return render(*told_of(name))
