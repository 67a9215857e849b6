"""What stands behind one price: the rules that applied, what other sources say, when it changed and will."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from truecost.catalog.api_prices import STANDARD, source_title
from truecost.explained import Node
from truecost.pricing.call import PriceLine, hours
from truecost.pricing.rate_rows import BATCH, DAY_MINUTES, RateRow

if TYPE_CHECKING:
    from truecost.pricing.call import Price

Told = dict[str, Any]


def told(price: Price) -> Told:
    """Everything about a price as plain values; exact amounts as texts of decimal digits."""
    provider, model, region = price.offer
    return {
        "asked": price.asked,
        "provider": provider,
        "model": model,
        "region": region,
        "choice": price.cell.choice,
        "on": price.on.isoformat(),
        "at_utc": price.at.isoformat("minutes") if price.at else None,
        "as_known": price.as_known.isoformat() if price.as_known else None,
        "service_tier": price.tier,
        "batch": price.batch,
        "requests": price.requests,
        "input_tokens": price.input_tokens,
        "total_usd": None if price.total_usd is None else digits(price.total_usd),
        "priced_usd": digits(price.priced_usd),
        "lines": [_line(price, line) for line in price.lines],
        "gaps": [gap._asdict() for gap in price.gaps],
        "rules": list(rules(price)),
        "other_sources": list(other_sources(price)),
        "changes": list(changes(price)),
    }


def digits(amount: Decimal) -> str:
    """An exact amount without needless zeros.

    >>> digits(Decimal("1.600000")), digits(Decimal("2E+3"))
    ('1.6', '2000')
    """
    return f"{amount.normalize():f}"


def day(value: date | None) -> str | None:
    """A day in ISO form; None for one that stands for always."""
    return None if value is None or value == date.min else value.isoformat()


def per_mtok(row: RateRow) -> str | None:
    """USD a million tokens; None for what is no token."""
    return digits(row.usd_per_token * 1_000_000) if row.unit == "token" else None


def known_from(price: Price, row: RateRow) -> date:
    """The first day on which a row's price was known, whatever was known of its end."""
    same = (
        other.known_from
        for other in price.cell.every
        if other.valid_from == row.valid_from
        and other[: RateRow._fields.index("valid_from")] == row[: RateRow._fields.index("valid_from")]
        and other.usd_per_token == row.usd_per_token
    )
    return min(same, default=row.known_from)


def _line(price: Price, line: PriceLine) -> Told:
    row = line.rate
    return {
        "kind": line.kind,
        "cache_life": line.cache_life,
        "tokens": line.tokens,
        "unit": row.unit,
        "usd_per_token": digits(line.usd_per_token),
        "usd_per_mtok": per_mtok(row),
        "usd": digits(line.usd),
        "context_above_tokens": row.context_above_tokens,
        "context_inclusive": row.context_inclusive,
        "valid_from": day(row.valid_from),
        "valid_to": day(row.valid_to),
        "known_from": day(known_from(price, row)),
        "known_to": day(row.known_to),
        "reason": row.reason,
        "rule": row.rule,
        "source": row.source,
        "checked": row.checked.isoformat(),
        "confidence": row.confidence,
    }


# --- Rules ---


def rules(price: Price) -> Iterator[Told]:
    """The rules that made the price what it is: each with its name, a sentence, and its numbers."""
    yield from _long_context(price)
    yield from _time_of_day(price)
    yield from _tier(price)
    yield from _cache(price)
    said: dict[str, list[str]] = {}
    for line in price.lines:
        if line.rate.rule:
            said.setdefault(line.rate.rule, []).append(named(line))
    for rule, kinds in said.items():
        alone = len(kinds) == 1 and kinds[0] in rule
        yield {"rule": "fallback", "kinds": kinds, "says": rule if alone else f"{', '.join(kinds)}: {rule}"}


def named(line: PriceLine) -> str:
    """The kind of a line in words, a cache write with its life."""
    return f"{line.kind.replace('_', ' ')}{f' ({line.cache_life})' if line.cache_life else ''}"


def _rows_of(price: Price, kind: str, life: str = "") -> tuple[RateRow, ...]:
    return price.cell.rates.get((price.tier, price.batch), {}).get((kind, life), ())


def _long_context(price: Price) -> Iterator[Told]:
    """The thresholds of the request's length, and which side of each it is on."""
    found = {
        (row.context_above_tokens, row.context_inclusive)
        for line in price.lines
        for row in _rows_of(price, line.kind, line.cache_life)
        if row.context_above_tokens
    }
    for above, inclusive in sorted(found):
        applies = price.input_tokens >= above if inclusive else price.input_tokens > above
        begins = f"{'from' if inclusive else 'above'} {above:,} input tokens"
        terms = "this many included" if inclusive else "this many not included"
        terms += "; cached tokens count; all tokens of the request pay it"
        outcome = "applies" if applies else "does not apply"
        yield {
            "rule": "long_context",
            "above_tokens": above,
            "inclusive": inclusive,
            "whole_request": True,
            "counts_cached": True,
            "applies": applies,
            "says": f"long-context price {begins} ({terms}): a request here has {price.input_tokens:,}, "
            f"so it {outcome}",
        }


def _time_of_day(price: Price) -> Iterator[Told]:
    windows = {hours(line.rate) for line in price.lines if not _all_day(line.rate)}
    for window in sorted(windows):
        yield {"rule": "time_of_day", "utc": window, "says": f"price of the hours {window} UTC"}


def _all_day(row: RateRow) -> bool:
    return row.utc_minute_from == 0 and row.utc_minute_to == DAY_MINUTES


def _tier(price: Price) -> Iterator[Told]:
    """What a batch or another tier costs over the standard one, kind by kind."""
    if not price.batch and price.tier == STANDARD:
        return
    name = BATCH if price.batch else price.tier
    standard = price.cell.rates.get((STANDARD, False), {})
    times: dict[str, list[str]] = {}
    for line in price.lines:
        beside = _same_terms(standard.get((line.kind, line.cache_life), ()), line.rate)
        listed = not line.rate.rule and line.kind not in {"request", "search"}
        if listed and beside is not None and beside.usd_per_token:
            times.setdefault(_times(line.usd_per_token, beside.usd_per_token), []).append(named(line))
    for times_standard, kinds in times.items():
        yield {
            "rule": "service_tier",
            "tier": name,
            "times_standard": times_standard,
            "kinds": kinds,
            "says": f"{name}: {times_standard} x the standard price ({', '.join(kinds)})",
        }


def _cache(price: Price) -> Iterator[Told]:
    """What cached tokens cost over plain input: reads a part of it, writes a multiple by their life."""
    for line in price.lines:
        if line.kind not in {"cache_read", "cache_write"}:
            continue
        plain = _same_terms(_rows_of(price, "input"), line.rate)
        if plain is not None and plain.usd_per_token:
            times = _times(line.usd_per_token, plain.usd_per_token)
            yield {
                "rule": line.kind,
                "cache_life": line.cache_life,
                "times_input": times,
                "says": f"{named(line)}: {times} x the price of plain input; these tokens are billed once, "
                "inside the input",
            }


def _same_terms(rows: tuple[RateRow, ...], like: RateRow) -> RateRow | None:
    """The row of another kind or tier for the same length of request and time of day."""
    for row in rows:
        length = (
            row.input_tokens_from
            <= like.input_tokens_from
            < (row.input_tokens_to or like.input_tokens_from + 1)
        )
        if length and row.utc_minute_from <= like.utc_minute_from < row.utc_minute_to:
            return row
    return None


def _times(usd: Decimal, over: Decimal) -> str:
    return f"{float(usd / over):.4g}"


# --- Other sources, and other days ---


def other_sources(price: Price) -> Iterator[Told]:
    """What other price lists state for the same thing on the same day, where it differs."""
    for line in price.lines:
        row = line.rate
        tier = BATCH if row.batch else row.service_tier
        lives = {"5m": ("5m", "")}.get(row.cache_life, (row.cache_life,))
        stated = {
            (other.usd_per_token, source_title(other.source), other.checked)
            for other in price.cell.listed
            if other.kind == line.kind
            and (other.tier, other.context_above_tokens) == (tier, row.context_above_tokens)
            and other.cache_lifetime in lives
            and other.holds(price.on, price.as_known)
        }
        if any(usd == line.usd_per_token for usd, source, _ in stated if source != row.source):
            continue
        for usd, source, checked in sorted(stated):
            if source != row.source and usd != line.usd_per_token and not row.rule:
                yield {
                    "kind": line.kind,
                    "cache_life": line.cache_life,
                    "usd_per_token": digits(usd),
                    "usd_per_mtok": digits(usd * 1_000_000) if row.unit == "token" else None,
                    "source": source,
                    "checked": checked.isoformat(),
                }


def changes(price: Price) -> Iterator[Told]:
    """Of each line, when its price last became another and when it will; None where that is not on record."""
    for line in price.lines:
        series = _series(price, line.rate)
        here = next(i for i, row in enumerate(series) if row.valid_from == line.rate.valid_from)
        last = next((i for i in range(here, 0, -1) if _differ(series[i - 1], series[i])), None)
        following = next((i for i in range(here, len(series) - 1) if _differ(series[i], series[i + 1])), None)
        ends = series[-1].valid_to
        yield {
            "kind": line.kind,
            "cache_life": line.cache_life,
            "first_known": day(series[0].valid_from),
            "last": None if last is None else _change(series[last - 1], series[last]),
            "next": None if following is None else _change(series[following], series[following + 1]),
            "no_price_known_from": None if following is not None else day(ends),
        }


def _differ(before: RateRow, after: RateRow) -> bool:
    return before.usd_per_token != after.usd_per_token


def _change(before: RateRow, after: RateRow) -> Told:
    return {
        "on": day(after.valid_from),
        "from_usd_per_token": digits(before.usd_per_token),
        "to_usd_per_token": digits(after.usd_per_token),
        "from_usd_per_mtok": per_mtok(before),
        "to_usd_per_mtok": per_mtok(after),
        "reason": after.reason,
    }


def _series(price: Price, like: RateRow) -> list[RateRow]:
    """The same price on all days: its kind and tier, for a request as long at the same time of day."""
    wanted = like.token_kind, like.cache_life, like.service_tier, like.batch
    rows = (
        row
        for row in price.cell.rows
        if (row.token_kind, row.cache_life, row.service_tier, row.batch) == wanted
    )
    fit = (row for row in rows if _same_terms((row,), _at_length(like, price.input_tokens)) is not None)
    return sorted(fit, key=lambda row: row.valid_from)


def _at_length(row: RateRow, input_tokens: int) -> RateRow:
    return row._replace(input_tokens_from=input_tokens)


# --- The tree ---


def tree(price: Price) -> Node:
    """The total, its lines, and of each the price with its source and dates."""
    provider, model, _ = price.offer
    children = tuple(_branch(price, line) for line in price.lines)
    gaps = tuple(Node(gap.kind, None, "USD", gap.why) for gap in price.gaps)
    total = None if price.total_usd is None else digits(price.total_usd)
    how = "the sum of its lines" if total is not None else "unknown: a part has no known price"
    return Node(f"{provider}/{model} on {price.on}", total, "USD", how, children=children + gaps)


def _branch(price: Price, line: PriceLine) -> Node:
    row = line.rate
    until = f" until {row.valid_to}" if row.valid_to else ""
    known = day(known_from(price, row)) or "any day"
    how = f"valid from {day(row.valid_from) or 'any day'}{until}; known from {known}"
    how += f"; {row.rule}" if row.rule else ""
    fact = Node(
        f"price of {named(line)}", digits(row.usd_per_token), f"USD/{row.unit}", how, source=row.source
    )
    count = Node(f"{row.unit}s of {named(line)}", line.tokens, f"{row.unit}s", "as asked")
    return Node(named(line), digits(line.usd), "USD", "count x price", children=(count, fact))
