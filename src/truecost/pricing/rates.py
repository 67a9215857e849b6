"""At which price a kind of token is billed: the price itself, or what vendors bill where they list none.

- Input and output have a price in the tier asked for, or the request cannot be priced: a discount that the
  vendor does not offer (batch at half price) is never assumed.
- Cache reads without a price are billed as plain input, and so are cache writes where the vendor prices no
  writes at all. A write lifetime that the vendor does not sell (1 h) is an error.
- A service tier that lists no cache price of its own keeps the standard one, as OpenAI's batch tier does; a
  cache read never costs more than plain input of its tier.
- A service tier that lists no long-context price pays the standard one above the threshold: vendors serve
  such requests at the standard tier or not at all.
- Reasoning tokens are output, at the output price unless the vendor prices them apart.
- A web search that the vendor makes has a fee of its own, the same in every tier, or cannot be priced.
- Audio tokens and images are billed at a price of their own, or cannot be priced: text's is never taken.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from truecost.catalog.api_prices import STANDARD, ApiPrice, NoOffer, PriceRow
from truecost.catalog.facts import Fact
from truecost.ranges import Range, Value

KINDS = (
    "input", "cache_read", "cache_write", "audio_input", "output", "reasoning", "audio_output", "image",
    "search", "request",
)  # fmt: skip
"""What a request is billed for. `request` is its fee, `image` one image, `search` one web search of the
vendor's; the others are tokens."""


@dataclass(frozen=True, slots=True)
class Step:
    """The price of every token of a request whose whole input is above a number of tokens (or at it)."""

    above_tokens: int
    inclusive: bool
    usd_per_token: float
    rows: tuple[PriceRow, ...] = ()
    """The rows it comes from: one, or one for each window of the day."""


@dataclass(frozen=True, slots=True)
class Rate:
    """What one kind of token is billed at: the base price, its long-context steps, the fact, and why."""

    kind: str
    usd_per_token: float
    steps: tuple[Step, ...]
    fact: Fact
    note: str = ""
    """Which rule applied, when the vendor lists no price for exactly this."""
    rows: tuple[PriceRow, ...] = ()
    """The rows of the base price: one, or one for each window of the day."""

    def at(self, input_tokens: Value) -> Value:
        """USD per token in a request with this much input in all, cached tokens included.

        >>> from datetime import date
        >>> from truecost.catalog.api_prices import prices
        >>> gemini = rate(prices("gemini-2.5-pro", date(2026, 11, 22)), "input")
        >>> gemini.at(np.array([200_000.0, 200_001.0])).tolist()
        [1.25e-06, 2.5e-06]
        """
        price: Value = self.usd_per_token
        for step in self.steps:
            reached = np.greater_equal if step.inclusive else np.greater
            price = np.where(reached(input_tokens, step.above_tokens), step.usd_per_token, price)
        return price if np.ndim(price) else float(price)


def rate(price: ApiPrice, kind: str, tier: str = STANDARD, *, cache_lifetime: str = "5m") -> Rate | None:
    """The rate of one of `KINDS`; None for a fee or a split that the vendor does not make.

    Raises NoOffer when the vendor does not sell this kind in this tier, or this cache lifetime.
    """
    if kind in {"input", "output", "audio_input", "audio_output", "image"}:
        return _listed(price, kind, tier, cache_lifetime)
    if kind in {"reasoning", "request", "search"}:
        # A fee for each request or search holds in every tier that lists none of its own.
        own = tier if price.has(kind, tier) or kind == "reasoning" else STANDARD
        return _listed(price, kind, own, cache_lifetime) if price.has(kind, own) else None
    if price.has(kind, tier, cache_lifetime=cache_lifetime):
        return _listed(price, kind, tier, cache_lifetime)
    _refuse_other_lifetime(price, kind, tier, cache_lifetime)
    return _unlisted_cache(price, kind, tier, cache_lifetime)


def billed(price: ApiPrice, kind: str, tier: str = STANDARD, *, cache_lifetime: str = "5m") -> Rate | None:
    """The rate at which a kind is billed when it is counted apart: `rate`, and reasoning as the output it is.

    None for a fee that the vendor does not take. Raises NoOffer as `rate` does.
    """
    found = rate(price, kind, tier, cache_lifetime=cache_lifetime)
    if found is not None or kind != "reasoning":
        return found
    output = _listed(price, "output", tier, cache_lifetime)
    return replace(output, kind=kind, note=output.note or "reasoning is output, at the price of output")


def _listed(price: ApiPrice, kind: str, tier: str, lifetime: str) -> Rate:
    fact = price.fact(kind, tier, cache_lifetime=lifetime)
    steps: list[Step] = []
    note = ""
    context_tiers = price.context_tiers(tier)
    source = tier
    if not context_tiers and tier != STANDARD:
        context_tiers, source = price.context_tiers(STANDARD), STANDARD
    for above, inclusive in context_tiers:
        try:
            long = price.fact(kind, source, context_above_tokens=above, cache_lifetime=lifetime)
        except NoOffer:
            continue
        rows = price.rows_for(kind, source, context_above_tokens=above, cache_lifetime=lifetime)
        steps.append(Step(above, inclusive, _number(long), tuple(rows)))
        if source != tier:
            note = f"{tier} lists no price above {above:,} input tokens: billed at the standard one"
    base = tuple(price.rows_for(kind, tier, cache_lifetime=lifetime))
    return Rate(kind, _number(fact), tuple(steps), fact, note, base)


def _unlisted_cache(price: ApiPrice, kind: str, tier: str, lifetime: str) -> Rate:
    plain = _listed(price, "input", tier, lifetime)
    named = kind.replace("_", " ")
    if tier == STANDARD or not price.has(kind, STANDARD, cache_lifetime=lifetime):
        note = f"no price of a {named} is listed: billed as plain input"
        return replace(plain, kind=kind, note=note)
    standard = _listed(price, kind, STANDARD, lifetime)
    if kind == "cache_read" and standard.usd_per_token > plain.usd_per_token:
        note = f"{tier} lists no {named}, and plain input of {tier} costs less than the standard one"
        return replace(plain, kind=kind, note=note)
    note = f"{tier} lists no {named}: billed at the standard one"
    return replace(standard, kind=kind, note=note)


def _refuse_other_lifetime(price: ApiPrice, kind: str, tier: str, lifetime: str) -> None:
    """A cache write sold only for other lifetimes is no reason to bill it as input."""
    if kind != "cache_write":
        return
    sold = {
        row.cache_lifetime or "5m" for row in price.rows if row.kind == kind and row.tier in {tier, STANDARD}
    }
    if sold and not price.has(kind, STANDARD, cache_lifetime=lifetime):
        raise NoOffer(
            f"{price.provider}/{price.model} has no known price of a cache write for {lifetime!r} on "
            f"{price.as_of}; lifetimes with a price: {', '.join(sorted(sold))}"
        )


def _number(fact: Fact) -> float:
    return fact.value.median if isinstance(fact.value, Range) else fact.value
