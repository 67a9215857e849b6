"""A line of an invoice in one form, whatever the vendor's: what, when, how many tokens, how much money."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from enum import StrEnum

_MOST = Decimal(10) ** 15


class InvoiceError(ValueError):
    """An invoice that is not understood: file, line, field, value, what is allowed."""


class Category(StrEnum):
    """What a line charges: use, or something beside it."""

    USAGE = "usage"
    CREDIT = "credit"
    TAX = "tax"
    FEE = "fee"
    DISCOUNT = "discount"
    PURCHASE = "purchase"
    ADJUSTMENT = "adjustment"


TOKENS = ("input", "cache_read", "cache_write_5m", "cache_write_1h", "output")
"""Kinds of token that are compared by their count; `input` is the plain one."""
OTHER = "other"
"""Audio, images, searches and fees for requests: compared by their amounts."""


@dataclass(frozen=True, slots=True)
class Meter:
    """What a line is metered by; "" for a model or a kind of token that it does not tell.

    `tier` and `batch` are None where the line says nothing of them.
    """

    model: str = ""
    kind: str = ""
    tier: str | None = None
    batch: bool | None = None


@dataclass(frozen=True, slots=True)
class InvoiceLine:
    """A line: days from `since` on and before `until`, tokens, and an amount in the invoice's currency.

    `amount` is what the usage cost; `billed` is what the invoice asks for it, which differs where a
    commitment covers it. `at` says where the line stands.
    """

    at: str
    since: date | None
    until: date | None
    provider: str
    meter: Meter
    quantity: Decimal | None
    amount: Decimal
    billed: Decimal
    currency: str
    category: Category
    description: str


@dataclass(frozen=True, slots=True)
class Invoice:
    """The lines of a file, the format that it is in, and what was not taken for a bill of models."""

    file: str
    format: str
    lines: tuple[InvoiceLine, ...]
    provider: str = ""
    """The provider that such a file is of; "" where its lines or models say it."""
    span: tuple[date, date] | None = None
    """The days that the file says it covers, also those without a line; the last excluded."""
    left_out: int = 0
    """Lines of other services in the same bill."""
    left_out_amount: Decimal = field(default=Decimal(0))
    incomplete: bool = False
    """The file is a page of several, and says that another one follows."""


_UNCACHED = re.compile(r"uncached|no[ _.-]?cache")
_WRITE = re.compile(r"cache[ _.-]*(?:write|creation)|(?:write|creat)\w*[ _.-]+(?:to[ _.-])?cache")
_HOUR = re.compile(r"(?<!\d)1[ _.-]?h|hour")
_READ = re.compile(r"cached|cache[ _.-]*(?:read|hit)|cache_read")
_OTHER = re.compile(
    r"\b(?:audio|images?|web[ _]search|search(?:es)?|tools?|storage|vector|code[ _](?:execution|interpreter)|"
    r"sessions?|transcri\w+|speech|video|request fees?)\b|web_search|code_execution|session_usage"
)
_INPUT = re.compile(r"input|prompt")
_OUTPUT = re.compile(r"output|completion|response|reasoning")
_BATCH = re.compile(r"\bbatch(?:es)?\b")
_TIER = re.compile(r"\b(priority|flex|fast|scale)\b")
_CATEGORIES = (
    (Category.TAX, re.compile(r"\b(?:tax|vat|gst|hst|mwst|ust|iva|tva)\b")),
    (Category.CREDIT, re.compile(r"\b(?:credits?|refunds?|promo\w*|grant)\b")),
    (Category.DISCOUNT, re.compile(r"\b(?:discounts?|rebates?)\b")),
    (Category.PURCHASE, re.compile(r"\b(?:purchases?|commit\w+|reserv\w+|prepa\w+|top[- ]?up)\b")),
    (Category.FEE, re.compile(r"\b(?:fees?|support|surcharges?|minimum|subscriptions?|seats?)\b")),
    (Category.ADJUSTMENT, re.compile(r"\b(?:adjustments?|corrections?)\b")),
)  # fmt: skip


def kind_of(text: str) -> str:
    """The kind of token that a description or a vendor's token type means; "" where it says none.

    >>> [kind_of(one) for one in ("cached input", "uncached_input_tokens", "Output", "web search tool calls")]
    ['cache_read', 'input', 'output', 'other']
    >>> kind_of("cache_creation.ephemeral_1h_input_tokens"), kind_of("Cache Write")
    ('cache_write_1h', 'cache_write_5m')
    """
    low = text.lower()
    if _OTHER.search(low):
        return OTHER
    if _UNCACHED.search(low):
        return "input"
    if _WRITE.search(low):
        return "cache_write_1h" if _HOUR.search(low) else "cache_write_5m"
    if _READ.search(low):
        return "cache_read"
    if _OUTPUT.search(low):
        return "output"
    return "input" if _INPUT.search(low) else ""


def metered(text: str) -> Meter:
    """What a line's description says of model, kind of token, tier and batch.

    >>> metered("priority | gpt-5, cached input, long context")
    Meter(model='gpt-5', kind='cache_read', tier='priority', batch=None)
    >>> metered("Claude Sonnet 4.5 Usage - Input Tokens (Batch)")
    Meter(model='Claude Sonnet 4.5', kind='input', tier=None, batch=True)
    >>> metered("gpt-audio-mini-2025-12-15 audio, input").kind, metered("web search tool calls").model
    ('other', '')
    """
    before, bar, behind = text.partition("|")
    rest = behind if bar else text
    head, cut, tail = _cut(rest.strip())
    model, said = _model_in(head)
    about = f"{before if bar else ''} {said} {tail if cut else ''}"
    low = about.lower()
    tier = _TIER.search(low)
    batch = True if _BATCH.search(low) else None
    return Meter(model, kind_of(about), tier.group(1) if tier else None, batch)


def _cut(text: str) -> tuple[str, bool, str]:
    """What stands before and behind the first sign that ends a name."""
    found = re.search(r",|:| [-–—] |\(", text)
    return (text[: found.start()], True, text[found.start() + 1 :]) if found else (text, False, "")


def _model_in(head: str) -> tuple[str, str]:
    """The model that a phrase begins with, and the words behind it; no model without a digit in it."""
    words = head.split()
    name: list[str] = []
    for word in words:
        plain = word.lower().strip("()")
        if name and (kind_of(plain) or plain in {"usage", "tokens", "token", "batch", "text"}):
            break
        name.append(word)
    rest = " ".join(words[len(name) :])
    told = " ".join(name)
    if not any(one.isdigit() for one in told) or not any(one.isalpha() for one in told):
        return "", head
    return told, rest


def category_of(text: str) -> Category:
    """What a line charges that tells no kind of token.

    >>> category_of("VAT 19 %").value, category_of("Promotional credit").value, category_of("gpt-4.1").value
    ('tax', 'credit', 'usage')
    """
    low = text.lower()
    return next((one for one, pattern in _CATEGORIES if pattern.search(low)), Category.USAGE)


def amount(text: str, at: str, field_name: str) -> Decimal:
    """An amount or a count as it is written: signs of currency and thousands' commas go.

    >>> amount("($1,234.50)", "invoice.csv:2", "amount")
    Decimal('-1234.50')

    Raises InvoiceError for what is none, with where it stands.
    """
    plain = re.sub(r"^(?:usd|eur|gbp|chf)\s+|\s+(?:usd|eur|gbp|chf)$", "", text.strip(), flags=re.IGNORECASE)
    plain = re.sub(r"[$€£\s]", "", plain)
    bracketed = plain.startswith("(") and plain.endswith(")")
    plain = plain[1:-1] if bracketed else plain
    if re.fullmatch(r"[+-]?\d{1,3}(?:,\d{3})+(?:\.\d*)?", plain):
        plain = plain.replace(",", "")
    try:
        value = Decimal(plain)
    except InvalidOperation:
        value = Decimal("NaN")
    if not value.is_finite() or abs(value) >= _MOST:
        raise InvoiceError(f"{at}: {field_name}: {text[:40]!r} is no number; write 1234.50")
    return -value if bracketed else value


def day_of(text: str, at: str, field_name: str) -> tuple[date, date]:
    """The days that a date, a month or a moment names, the last excluded; in UTC.

    >>> [one.isoformat() for one in day_of("2026-10", "invoice.csv:2", "date")]
    ['2026-10-01', '2026-11-01']

    Raises InvoiceError for what is no date.
    """
    plain = text.strip()
    if re.fullmatch(r"\d{4}-\d{2}", plain):
        try:
            first = date.fromisoformat(f"{plain}-01")
        except ValueError:
            raise _no_date(text, at, field_name) from None
        return first, (first + timedelta(32)).replace(day=1)
    try:
        if plain.isdecimal() and len(plain) in (10, 13):
            found = datetime.fromtimestamp(int(plain) / (1000 if len(plain) == 13 else 1), UTC)
        else:
            found = datetime.fromisoformat(plain)
    except (ValueError, OverflowError, OSError):
        raise _no_date(text, at, field_name) from None
    if found.tzinfo is not None:
        found = found.astimezone(UTC)
    if not 2015 <= found.year < 2100:
        raise _no_date(text, at, field_name)
    return found.date(), found.date() + timedelta(1)


def _no_date(text: str, at: str, field_name: str) -> InvoiceError:
    return InvoiceError(f"{at}: {field_name}: {text[:40]!r} is no date; write 2026-10-05, or 2026-10")


def tokens_in(unit: str, at: str) -> Decimal | None:
    """How many tokens one of a unit is; None for a unit that is none of tokens.

    >>> [str(tokens_in(one, "")) for one in ("Tokens", "1K tokens", "1000000 Tokens", "Mtok", "Hours")]
    ['1', '1000', '1000000', '1000000', 'None']
    """
    low = unit.strip().lower().replace(",", "").replace("_", " ")
    found = re.fullmatch(r"(?:per )?(\d+)? ?(k|m|b|thousand|million|billion)? ?tok(?:en)?s?", low)
    if not found:
        return None
    scale = {"k": 3, "thousand": 3, "m": 6, "million": 6, "b": 9, "billion": 9}
    return Decimal(found[1] or 1) * Decimal(10) ** scale.get(found[2] or "", 0)
