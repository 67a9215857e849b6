"""How many tokens one model counts for each that another counts of the same text.

Two models of one tokenizer count alike. Others do not: the ratio is a range, between the tokenizers of one
vendor from `data/tokenizers.yaml`, between vendors from the rates `tokenizers/ratio_*`. A price per token of
two models compares like with like only beside it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

from truecost.catalog.api_price_names import plain_name, without_date
from truecost.catalog.facts import Fact
from truecost.catalog.rates import load_rates, read_fact
from truecost.ranges import Range

EQUAL = Range(1.0, 1.0)


@dataclass(frozen=True, slots=True)
class TokenRatio:
    """Tokens of a model for each of another's of the same text: a 90 % range, why, and who says so.

    `fact` is None where the count is the same or taken to be; the range is then 1 .. 1.
    """

    range: Range
    why: str
    fact: Fact | None = None

    @property
    def is_equal(self) -> bool:
        """Whether both count alike."""
        return self.range == EQUAL


def token_ratio(model: str, other: str, rate: Callable[[str], Fact] | None = None) -> TokenRatio:
    """Tokens that `model` counts for each that `other` counts; `rate` gives rates in place of those shipped.

    >>> token_ratio("gpt-5-mini", "gpt-4.1").is_equal
    True
    >>> str(token_ratio("claude-sonnet-4-5", "gpt-4.1").range)
    '1.15 .. 1.85'
    >>> str(token_ratio("gpt-4.1", "claude-sonnet-4-5").range)
    '0.540541 .. 0.869565'
    """
    ours, theirs = (without_date(plain_name(name)) for name in (model, other))
    if ours == theirs:
        return TokenRatio(EQUAL, "the same model")
    one, two = family(ours), family(theirs)
    if one and one == two:
        return TokenRatio(EQUAL, f"both count by {one}")
    own, others = vendor(ours), vendor(theirs)
    if own and own == others:
        stated = _of_one_vendor(own, one, two)
        if stated is not None:
            return stated
    claude = own != others and "anthropic" in {own, others}
    fact = (rate or load_rates().fact)(f"tokenizers/ratio_{'anthropic' if claude else 'other_vendor'}")
    named = f"{other} and {model} count by tokenizers of two {'generations' if own == others else 'vendors'}"
    return TokenRatio(_inverse(fact) if claude and others == "anthropic" else _range(fact), named, fact)


def _of_one_vendor(name: str, one: str, two: str) -> TokenRatio | None:
    """Two models of a vendor; None where their tokenizers are known to differ, and not by how much."""
    facts = _ratios()
    if (one, two) in facts:
        return TokenRatio(
            _range(facts[one, two]), f"{name} changed its tokenizer: {two}, {one}", facts[one, two]
        )
    if (two, one) in facts:
        fact = facts[two, one]
        return TokenRatio(_inverse(fact), f"{name} changed its tokenizer: {two}, {one}", fact)
    if one and two:
        return None
    return TokenRatio(EQUAL, f"both are of {name}: taken to count alike, no record says otherwise")


def vendor(model: str) -> str:
    """Who made a model, by its name; "" where the name does not say.

    >>> vendor("anthropic.claude-3-5-sonnet-20240620-v1:0"), vendor("my-model")
    ('anthropic', '')
    """
    return _named(_table()["vendors"], plain_name(model))


def family(model: str) -> str:
    """The tokenizer that a model counts by; "" where none is on record.

    >>> family("gpt-4.1-mini-2025-04-14"), family("gpt-4-1106-preview"), family("grok-4")
    ('openai-o200k', 'openai-cl100k', '')
    """
    patterns = {name: body["models"] for name, body in _table()["families"].items()}
    return _named(patterns, plain_name(model))


def _named(patterns: Mapping[str, str], plain: str) -> str:
    return next((name for name, pattern in patterns.items() if re.match(pattern, plain)), "")


def _range(fact: Fact) -> Range:
    return fact.value if isinstance(fact.value, Range) else Range(fact.value, fact.value)


def _inverse(fact: Fact) -> Range:
    found = _range(fact)
    return Range(1 / found.high, 1 / found.low)


@cache
def _table() -> Mapping[str, Any]:
    text = (files("truecost.catalog") / "data" / "tokenizers.yaml").read_text(encoding="utf-8")
    return yaml.load(text, Loader=yaml.CSafeLoader)


@cache
def _ratios() -> dict[tuple[str, str], Fact]:
    found: dict[tuple[str, str], Fact] = {}
    for body in _table()["ratios"]:
        of, other = body["of"], body["for_one_of"]
        parts = {name: part for name, part in body.items() if name not in {"of", "for_one_of"}}
        found[of, other] = read_fact(f"tokenizers/{of}_for_one_of_{other}", parts, "tokenizers.yaml")
    return found
