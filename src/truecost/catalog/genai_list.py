"""The price list of genai-prices (Pydantic, MIT) as rows of one schema, read as data and never run.

The list ships as a Python literal of constructor calls. What it writes into names (a region, a batch tier)
becomes columns here. The prices that ship with the catalog are written of it by
`scripts/import_api_prices.py`; `truecost.catalog.price_updates` compares a newer one with them.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

from truecost.catalog.api_price_names import BEDROCK_VERSION, GEOGRAPHY
from truecost.catalog.api_prices import BY_THE_PIECE, STANDARD

GENAI_PRICES = "0.2.3"
"""The version of the list that the shipped prices are from."""
CHECKED = date(2026, 11, 22)
"""The day the two lists were read: a price with no earlier sighting is known from this day."""

BATCH_SINCE = {
    "openai": date(2024, 4, 15),
    "anthropic": date(2024, 10, 8),
    "mistral": date(2024, 11, 7),
    "google": date(2025, 7, 7),
}
"""When each vendor launched its batch discount of 50 % (days recalled from the announcements: estimates)."""

SEARCH_SINCE = {
    "anthropic": date(2025, 5, 7),
    "openai": date(2025, 9, 1),
    "google": date(2026, 1, 5),
}
"""From when each vendor took its present fee for a web search (days recalled: estimates)."""

CACHING_SINCE = date(2024, 10, 1)
"""By this day OpenAI, Anthropic, Google and DeepSeek all sold cached input; none is assumed before it."""

IMPLAUSIBLE_USD_PER_TOKEN = Decimal("1e-3")
"""Above it an entry of LiteLLM's is a slip of units (Jais, listed at 3,200 USD/Mtok for 3.20): left out."""

INCLUSIVE_THRESHOLDS = {"x-ai"}
"""xAI charges the long-context price from the threshold on; Google, OpenAI and Anthropic above it."""

GENAI_KINDS = {
    "input_mtok": ("input", ""),
    "output_mtok": ("output", ""),
    "cache_read_mtok": ("cache_read", ""),
    "cache_write_mtok": ("cache_write", ""),
    "cache_write_5m_mtok": ("cache_write", "5m"),
    "cache_write_1h_mtok": ("cache_write", "1h"),
    "output_reasoning_mtok": ("reasoning", ""),
    "input_audio_mtok": ("audio_input", ""),
    "output_audio_mtok": ("audio_output", ""),
    "requests_kcount": ("request", ""),
    "web_searches_kcount": ("search", ""),
}
NOT_SOLD = {("openai", name) for name in ("gpt-oss-120b", "gpt-oss-20b", "gpt-oss-safeguard-20b")}
"""Entries that carry a reseller's price under the maker, who does not sell the model.

OpenRouter's floating aliases (`~vendor/model-latest`) are left out too."""

PROMOTION = re.compile(r"[Pp]romotion|Introductory rates apply")
"""A comment of the first list that says of an entry's first prices that they are a promotion."""

CORRECTED = (
    (re.compile(r"previous \S+ input price was incorrect"), "input", False),
    (re.compile(r"previous \S+ output price was incorrect"), "output", False),
    (re.compile(r"^Corrected omitted long-context"), "", True),
)
"""Comments of the first list on a price that was listed wrongly: which kind, and if above a threshold."""


@dataclass(frozen=True)
class Price:
    """One row to be written; dates and source may still be filled in."""

    kind: str
    usd: Decimal
    lifetime: str = ""
    tier: str = STANDARD
    above: int = 0
    inclusive: bool = False
    hours: tuple[str, str] = ("", "")
    start: date = CHECKED
    end: date | None = None
    known: date = CHECKED
    source: str = ""
    confidence: str = "published"
    reason: str = ""


@dataclass(frozen=True)
class Seen:
    """When the standard prices of one model were first seen in a public catalog."""

    first: dict[tuple[Decimal, Decimal], date]

    def start(self, prices: Iterable[Price]) -> date:
        """The first day this pair of input and output price was on record, else the day the list was read."""
        shown = level(prices)
        pair = (shown.get("input", Decimal(0)), shown.get("output", Decimal(0)))
        return self.first.get(pair, CHECKED)

    def dated(self, price: Price, start: date) -> Price:
        """The price from its first day; a cache price from the day caching was on sale."""
        begun = max(start, CACHING_SINCE) if price.kind.startswith("cache") else start
        return replace(price, start=begun, known=min(begun, CHECKED))


def level(prices: Iterable[Price]) -> dict[str, Decimal]:
    """The standard input and output price that two entries of one price list share."""
    return {
        price.kind: price.usd.normalize()
        for price in prices
        if price.kind in {"input", "output"} and price.tier == STANDARD and not price.above and price.usd
    }


def literal(node: ast.expr) -> Any:
    """The value of a constant, list, dict or constructor call; a call becomes a dict of its arguments."""
    match node:
        case ast.Constant():
            return node.value
        case ast.List():
            return [literal(item) for item in node.elts]
        case ast.Dict():
            pairs = zip(node.keys, node.values, strict=True)
            return {literal(key): literal(value) for key, value in pairs if key is not None}
        case ast.Attribute():
            return node.attr
        case ast.Call(func=ast.Name(id="Decimal")):
            return Decimal(literal(node.args[0]))
        case ast.Call():
            called = node.func.id if isinstance(node.func, ast.Name) else literal(node.func)
            named = {word.arg: literal(word.value) for word in node.keywords}
            return {"call": called, "args": [literal(item) for item in node.args], **named}
        case _:
            raise ValueError(f"line {node.lineno}: not a literal")


def genai_providers(source: str) -> list[dict[str, Any]]:
    """The provider list of `genai_prices/data.py`."""
    for statement in ast.parse(source).body:
        if isinstance(statement, ast.AnnAssign) and statement.value is not None:
            return literal(statement.value)
    raise ValueError("no provider list in genai_prices/data.py")


def genai_identity(provider: str, identifier: str) -> tuple[str, str, str]:
    """(model, region, tier): what genai-prices writes into a name becomes a column."""
    if provider == "aws":
        return bedrock_identity(identifier)[0], bedrock_identity(identifier)[1], STANDARD
    if identifier.endswith(":batch"):
        return identifier.removesuffix(":batch"), "", "batch"
    return identifier, "", STANDARD


def bedrock_identity(identifier: str) -> tuple[str, str]:
    """A Bedrock id without its geography and version, and the geography as a region."""
    found = GEOGRAPHY.match(identifier)
    bare = identifier[found.end() :] if found else identifier
    return BEDROCK_VERSION.sub("", bare), found[1] if found else ""


def clauses(match: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """The alternatives of a match rule; a conjunction with a text test is kept as that test."""
    if match["call"] in {"ClauseOr", "ClauseAnd"}:
        parts: list[dict[str, Any]] = match.get("or_") or match.get("and_") or []
        if match["call"] == "ClauseAnd":
            parts = [part for part in parts if part["call"] != "ClauseRegex"][:1]
        for part in parts:
            yield from clauses(part)
    else:
        key = next(key for key in match if key not in {"call", "args"})
        yield ("regex", re.escape(match[key]) + "$") if key == "ends_with" else (key, match[key])


def genai_prices_of(info: dict[str, Any], provider: str, seen: Seen) -> Iterator[Price]:
    """The dated price rows of one model: standard prices, daily windows, then service tiers."""
    listed: Any = info.get("prices") or []
    conditional: list[dict[str, Any]] = [{"prices": listed}] if isinstance(listed, dict) else listed
    starts = [dated(item.get("constraint")) for item in conditional]
    comment = info.get("price_comments") or ""
    standard: list[Price] = []
    fees: list[Price] = []
    for index, item in enumerate(conditional):
        constraint: dict[str, Any] = item.get("constraint") or {}
        listed_here = kinds(item["prices"], provider)
        base = [with_reason(price, comment, first=index == 0) for price in listed_here]
        if constraint.get("call") == "TimeOfDateConstraint":
            start = max((day for day in starts if day), default=seen.start(base))
            hours = (clock(constraint["start_time"]), clock(constraint["end_time"]))
            standard += [replace(seen.dated(price, start), hours=hours) for price in base]
            continue
        later = [day for day in starts[index + 1 :] if day]
        start = starts[index] or seen.start(base)
        if later and start >= later[0]:
            if later[0] <= CHECKED:
                continue  # ended before anybody recorded it: its beginning is unknown
            start = CHECKED
        end = later[0] if later else None
        standard += [replace(seen.dated(price, start), end=end) for price in base if price.kind != "search"]
        searches = [price for price in base if price.kind == "search"]
        fees += [row for price in searches for row in fee(price, (start, end), provider)]
    yield from standard
    yield from fees
    yield from variants(info.get("price_variants") or [], standard, provider)


def fee(price: Price, days: tuple[date, date | None], provider: str) -> Iterator[Price]:
    """The fee of a web search from the day the list was read on; an estimate from its launch until then."""
    begin, end = days
    first = max(begin, SEARCH_SINCE.get(provider, CHECKED))
    known = replace(price, start=max(begin, CHECKED), known=CHECKED, end=end)
    until = min(end or CHECKED, known.start)
    before = {"source": "search/since", "confidence": "estimate"}
    if first < until:
        yield replace(price, start=first, known=first, end=until, **before)
    if end is None or known.start < end:
        yield known


def with_reason(price: Price, comment: str, *, first: bool) -> Price:
    """A standard price with why it began, where the list's comment on the model says it."""
    for said, kind, long in CORRECTED:
        if said.search(comment) and kind in {"", price.kind} and long == bool(price.above):
            return replace(price, reason="correction")
    return replace(price, reason="promotion" if first and PROMOTION.search(comment) else "")


def variants(listed: list[dict[str, Any]], standard: list[Price], provider: str) -> Iterator[Price]:
    """Service tiers, each from the day it was verified, and a batch discount of half back to its launch."""
    for index, item in enumerate(listed):
        tier = item["when"].get("service_tier") or item["when"].get("speed") or item["when"].get("processing")
        if tier in {None, "default"}:
            continue
        start = dated(item.get("constraint"))
        same = (other for other in listed[index + 1 :] if other["when"] == item["when"])
        end = min((day for other in same if (day := dated(other.get("constraint")))), default=None)
        for price in kinds(item["prices"], provider):
            if price.kind == "search":
                continue  # of another kind of search, which usage does not tell apart
            base = [row for row in standard if row.kind == price.kind and not row.above]
            first = start or min((row.start for row in base), default=CHECKED)
            row = replace(price, tier=tier, start=first, known=min(first, CHECKED), end=end)
            yield row
            yield from batch_before(row, standard, BATCH_SINCE.get(provider))


def batch_before(row: Price, standard: list[Price], launched: date | None) -> Iterator[Price]:
    """The same batch price before the day it was verified, where it is half the standard price of then."""
    if launched is None or row.tier != "batch":
        return
    for base in standard:
        same = (base.kind, base.lifetime, base.above) == (row.kind, row.lifetime, row.above)
        if same and base.start < row.start <= (base.end or date.max) and row.usd * 2 == base.usd:
            start = max(base.start, launched)
            yield replace(
                row, start=start, known=start, end=row.start, source="batch/since", confidence="estimate"
            )


def kinds(prices: dict[str, Any], provider: str) -> Iterator[Price]:
    """The text and audio prices of one price set, one row for every context tier."""
    listed = dict(prices)
    if "input_mtok" not in listed and "input_text_mtok" in listed:
        listed["input_mtok"] = listed["input_text_mtok"]
    for key, (kind, lifetime) in GENAI_KINDS.items():
        value = listed.get(key)
        if value is None:
            continue
        per = Decimal(1000) if kind in BY_THE_PIECE else Decimal(1_000_000)
        if isinstance(value, Decimal):
            yield Price(kind, value / per, lifetime)
            continue
        yield Price(kind, value["base"] / per, lifetime)
        for tier in value["tiers"]:
            inclusive = tier["start"] % 1000 == 999
            yield Price(
                kind, tier["price"] / per, lifetime, above=tier["start"] + inclusive,
                inclusive=inclusive or provider in INCLUSIVE_THRESHOLDS,
            )  # fmt: skip


def dated(constraint: dict[str, Any] | None) -> date | None:
    """The day from which a condition holds, where it states one."""
    return date(*constraint["start_date"]["args"]) if constraint and "start_date" in constraint else None


def clock(value: dict[str, Any]) -> str:
    """A time of day as 16:30."""
    return "{:02d}:{:02d}".format(*value["args"])


def usable(prices: list[Price]) -> list[Price]:
    """The prices of one model that are prices.

    A model whose input and output are both free is on a free tier or a subscription: that is no price.
    Nor is a price of 0 for cached tokens, sound or images: it stands for "not priced".
    """
    if not any(price.usd for price in prices if price.kind in {"input", "output"}):
        return []
    if any(price.usd > IMPLAUSIBLE_USD_PER_TOKEN for price in prices if price.kind not in BY_THE_PIECE):
        return []
    unpriced = ("cache", "audio", "image", "search")
    return [price for price in prices if price.usd or not price.kind.startswith(unpriced)]
