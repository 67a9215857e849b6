"""What API usage costs: one request, a column of requests, or a request of random length.

**The convention, stated once:** `input_tokens` is the whole input of a request, cached tokens included
(OpenTelemetry's and OpenAI's meaning). Cache reads and writes and audio tokens are parts of it and are billed
at their own prices; plain input is what is left. Anthropic's and Bedrock's logs leave cached tokens out of
the input, and come in through `Usage.excluding_cache`. Reasoning and audio are parts of `output_tokens`.

**One element is one request.** A long-context price applies to every token of a request whose whole input is
above a threshold, so requests are priced one by one (or by their expected cost), never as a sum of tokens.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from truecost.catalog.api_prices import STANDARD, ApiPrice, NoOffer
from truecost.catalog.facts import Fact
from truecost.normal import normal_cdf
from truecost.pricing.rates import KINDS, Rate, rate
from truecost.ranges import Value

BATCH = "batch"
PARTS_OF_INPUT = ("cache_read", "cache_write", "audio_input")
PARTS_OF_OUTPUT = ("reasoning", "audio_output")


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of one request (floats) or of many (arrays that broadcast). What includes what: the module."""

    input_tokens: Value
    output_tokens: Value
    cache_read_tokens: Value = 0.0
    cache_write_tokens: Value = 0.0
    reasoning_tokens: Value = 0.0
    audio_input_tokens: Value = 0.0
    audio_output_tokens: Value = 0.0
    images: Value = 0.0
    searches: Value = 0.0

    def __post_init__(self) -> None:
        for name in ("input", "output", *PARTS_OF_INPUT, *PARTS_OF_OUTPUT):
            given = getattr(self, f"{name}_tokens")
            if not np.all(np.isfinite(given) & np.greater_equal(given, 0)):
                raise ValueError(f"{name}_tokens must be finite numbers of 0 or more")
        for name in ("images", "searches"):
            given = getattr(self, name)
            if not np.all(np.isfinite(given) & np.greater_equal(given, 0)):
                raise ValueError(f"{name} must be finite numbers of 0 or more")
        if np.any(self.of_input > np.multiply(self.input_tokens, 1 + 1e-9)):
            raise ValueError(
                "cache_read_tokens + cache_write_tokens + audio_input_tokens exceed input_tokens, which "
                "includes them; for logs that leave cached tokens out of the input (Anthropic, Bedrock) use "
                "Usage.excluding_cache"
            )
        if np.any(np.greater(self.of_output, np.multiply(self.output_tokens, 1 + 1e-9))):
            raise ValueError(
                "reasoning_tokens exceed output_tokens, which includes them and audio_output_tokens"
            )

    @property
    def of_input(self) -> Value:
        """The tokens of the input that are not plain: cached, written to a cache, audio."""
        return self.cache_read_tokens + self.cache_write_tokens + self.audio_input_tokens

    @property
    def of_output(self) -> Value:
        """The tokens of the output that are not plain: reasoning, audio."""
        return self.reasoning_tokens + self.audio_output_tokens

    @classmethod
    def excluding_cache(
        cls,
        input_tokens: Value,
        output_tokens: Value,
        cache_read_tokens: Value = 0.0,
        cache_write_tokens: Value = 0.0,
    ) -> Usage:
        """Usage as Anthropic and Bedrock report it, with cached tokens outside the input.

        >>> Usage.excluding_cache(100.0, 50.0, cache_read_tokens=900.0).input_tokens
        1000.0
        """
        whole = input_tokens + cache_read_tokens + cache_write_tokens
        return cls(whole, output_tokens, cache_read_tokens, cache_write_tokens)

    def tokens(self, kind: str, split_reasoning: bool) -> Value:
        """What is billed as a kind: each token once, and one request for the fee of a request."""
        if kind == "input":
            return np.maximum(self.input_tokens - self.of_input, 0.0)
        if kind == "output":
            apart = self.of_output if split_reasoning else self.audio_output_tokens
            return np.maximum(self.output_tokens - apart, 0.0)
        if kind in {"image", "search"}:
            return self.images if kind == "image" else self.searches
        return 1.0 if kind == "request" else getattr(self, f"{kind}_tokens")


@dataclass(frozen=True, slots=True)
class TokenCost:
    """One kind of token: how many, at which price, how much, the price's fact, the rule if one applied."""

    kind: str
    tokens: Value
    usd_per_token: Value
    usd: Value
    fact: Fact
    note: str = ""


def api_cost(
    price: ApiPrice,
    usage: Usage,
    *,
    batch: bool = False,
    tier: str = STANDARD,
    cache_lifetime: str = "5m",
) -> Value:
    """USD of each request in `usage`: the sum over kinds of tokens x price of that kind.

    Raises NoOffer when the vendor has no known price for what is used: a batch or other tier it does not
    offer, a cache lifetime it does not sell.

    >>> from datetime import date
    >>> from truecost.catalog.api_prices import prices
    >>> price = prices("gpt-4.1-mini", date(2026, 11, 22))
    >>> round(api_cost(price, Usage(10_000.0, 1_000.0, cache_read_tokens=8_000.0)), 6)
    0.0032
    """
    lines = api_cost_lines(price, usage, batch=batch, tier=tier, cache_lifetime=cache_lifetime)
    return _total(usage, [line.usd for line in lines])


def api_cost_lines(
    price: ApiPrice,
    usage: Usage,
    *,
    batch: bool = False,
    tier: str = STANDARD,
    cache_lifetime: str = "5m",
) -> tuple[TokenCost, ...]:
    """The same, split by kind; kinds the usage has none of are left out. The lines sum to `api_cost`."""
    lines: list[TokenCost] = []
    for found, tokens in _billed(price, usage, _tier(batch, tier), cache_lifetime):
        usd_per_token = found.at(usage.input_tokens)
        usd = _plain(np.multiply(tokens, usd_per_token))
        lines.append(TokenCost(found.kind, tokens, usd_per_token, usd, found.fact, found.note))
    return tuple(lines)


def expected_cost(
    price: ApiPrice,
    usage: Usage,
    sigma: Value,
    *,
    batch: bool = False,
    tier: str = STANDARD,
    cache_lifetime: str = "5m",
) -> Value:
    r"""Expected USD of a request of random length: `usage` holds the means.

    The input length L is lognormal with mean `usage.input_tokens` and spread `sigma` (the standard deviation
    of ln L). Cached tokens are a fixed share of it; output does not depend on it. With a long-context price
    above T tokens, at a price higher by d per token:

        input, cache:  mean x (p + d x E[L; L > T] / E[L]),  E[L; L > T] / E[L] = 1 - Phi(z - sigma)
        output:        mean x (p + d x P[L > T]),            P[L > T] = 1 - Phi(z)
        z = (ln(T / E[L]) + sigma^2 / 2) / sigma

    Without a long-context price this is `api_cost` of the means. Errors as there.
    """
    parts: list[Value] = []
    for found, tokens in _billed(price, usage, _tier(batch, tier), cache_lifetime):
        weight: Value = found.usd_per_token
        below = found.usd_per_token
        scales = found.kind in {"input", *PARTS_OF_INPUT}
        for step in found.steps:
            share = _share_above(step.above_tokens, usage.input_tokens, sigma, by_length=scales)
            weight = weight + (step.usd_per_token - below) * share
            below = step.usd_per_token
        parts.append(_plain(np.multiply(tokens, weight)))
    return _total(usage, parts)


def billing_notes(
    price: ApiPrice,
    usage: Usage,
    *,
    batch: bool = False,
    tier: str = STANDARD,
    cache_lifetime: str = "5m",
) -> tuple[str, ...]:
    """What was billed by a rule because the vendor lists no price for exactly it, in words."""
    found = _billed(price, usage, _tier(batch, tier), cache_lifetime)
    return tuple(dict.fromkeys(one.note for one, _ in found if one.note))


def _billed(price: ApiPrice, usage: Usage, tier: str, lifetime: str) -> Iterator[tuple[Rate, Value]]:
    """The rate and the tokens of every kind that the usage has some of."""
    split = price.has("reasoning", tier)
    for kind in KINDS:
        tokens = usage.tokens(kind, split)
        if (kind == "reasoning" and not split) or not np.any(tokens):
            continue
        found = rate(price, kind, tier, cache_lifetime=lifetime)
        if found is None and kind == "search":
            raise NoOffer(
                f"{price.provider}/{price.model} has no known fee for a web search on {price.as_of}"
            )
        if found is not None:
            yield found, tokens


def _tier(batch: bool, tier: str) -> str:
    if batch and tier not in {STANDARD, BATCH}:
        raise ValueError(f"a request is sent as a batch or at tier {tier!r}, not both")
    return BATCH if batch else tier


def _share_above(threshold: int, mean: Value, sigma: Value, *, by_length: bool) -> Value:
    spread = np.maximum(sigma, 1e-9)
    z = (np.log(threshold / np.maximum(mean, 1e-9)) + np.square(spread) / 2) / spread
    return 1 - normal_cdf(z - spread if by_length else z)


def _total(usage: Usage, parts: list[Value]) -> Value:
    total = 0.0 * (usage.input_tokens + usage.output_tokens)  # the shape of the usage, even without any part
    for part in parts:
        total = total + part
    return _plain(total)


def _plain(value: Value) -> Value:
    return value if np.ndim(value) else float(value)
