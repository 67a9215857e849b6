"""Which model a name means: vendor ids with dates, provider paths, Bedrock ids and ARNs, loose spellings.

The names are `data/api_prices_names.csv.gz`: every alias in its plain form, the model's plain name (equal at
all providers, so that one model is found at each of them), the provider and the provider's own id; and the
match rules of the price lists, tried where no alias fits.
"""

from __future__ import annotations

import csv
import gzip
import re
from collections.abc import Iterable, Iterator
from functools import cache
from importlib.resources import files
from typing import TypeAlias

from truecost.catalog.names import UnknownName

Entry: TypeAlias = tuple[str, str, str]
"""A model at a provider: its plain name (equal at all providers), the provider, the provider's id."""

MAKERS = (
    "openai", "anthropic", "google", "mistral", "x-ai", "deepseek", "cohere", "moonshotai", "minimax", "zai",
    "meta", "perplexity", "voyageai", "dashscope", "ai21", "amazon_nova",
)  # fmt: skip
"""Providers that sell models they made. A model named without its provider is taken from its maker."""

HOSTS = frozenset({
    "aws", "azure", "baseten", "cerebras", "cloudflare", "databricks", "deepinfra", "fireworks", "groq",
    "hyperbolic", "lambda_ai", "nebius", "novita", "nscale", "ovhcloud", "sambanova", "together", "vertex",
})  # fmt: skip
"""Providers that run others' models themselves. The rest resell: taken only when none of these lists it."""

PROVIDERS = {
    "xai": "x-ai", "gemini": "google", "bedrock": "aws", "amazon-bedrock": "aws", "bedrock_converse": "aws",
    "bedrock_mantle": "aws", "azure_ai": "azure", "azure_text": "azure", "vertex_ai": "vertex",
    "google-vertex": "vertex", "together_ai": "together", "togetherai": "together",
    "fireworks_ai": "fireworks", "fireworks-ai": "fireworks", "moonshot": "moonshotai",
    "mistralai": "mistral", "codestral": "mistral", "cohere_chat": "cohere", "voyage": "voyageai",
    "text-completion-openai": "openai", "z-ai": "zai", "bigmodel": "zhipuai", "meta_llama": "meta",
    "alibaba": "dashscope",
}  # fmt: skip
"""Other spellings of a provider's name."""

GEOGRAPHY = re.compile(r"^(global|regional|us-gov|us|eu|apac|au|jp|ca|in|sa)\.(?=[a-z])")
_VENDOR = re.compile(
    r"^(anthropic|amazon|meta|mistral|cohere|ai21|deepseek|openai|qwen|google|nvidia|writer|minimax|moonshotai"
    r"|moonshot|zai|xai|twelvelabs|luma|stability)\.(?=[a-z])"
)
BEDROCK_VERSION = re.compile(r"(-v1|(?<=\d{8})-v\d+)?(:\d+)?$")
"""`-v1:0`; a `-v2` counts only after a date, for Titan v1 and v2 are two models."""
_LLAMA = re.compile(r"^(?:meta-)?llama-?v?(?=\d)")
_DATE = re.compile(r"[-@](20\d{2}-?(0[1-9]|1[0-2])-?(0[1-9]|[12]\d|3[01]))$|@default$")


def plain_name(name: str) -> str:
    """The form in which all spellings of one model are equal: no path, vendor, region or version.

    >>> plain_name("arn:aws:bedrock:eu-west-1::inference-profile/eu.anthropic.claude-haiku-4-5-20251001-v1:0")
    'claude-haiku-4-5-20251001'
    >>> plain_name("meta-llama/Meta-Llama-3.1-70B-Instruct"), plain_name("llama-v3p1-70b-instruct")
    ('llama-3-1-70b-instruct', 'llama-3-1-70b-instruct')
    """
    text = name.strip().lower().rsplit("/", 1)[-1]
    text = _VENDOR.sub("", GEOGRAPHY.sub("", text))
    text = BEDROCK_VERSION.sub("", text)
    text = re.sub(r"(?<=\d)p(?=\d)", "-", text)
    return _LLAMA.sub("llama-", re.sub(r"[\s._@]+", "-", text))


def without_date(plain: str) -> str:
    """A plain name without the date of its snapshot.

    >>> without_date("gpt-4.1-mini-2025-04-14")
    'gpt-4.1-mini'
    """
    return _DATE.sub("", plain)


def split_provider(model: str, provider: str | None) -> tuple[str, str | None]:
    """A model's name without its provider, and the provider, if one was named or stands before the slash.

    Raises UnknownName for a provider nobody lists.

    >>> split_provider("xai/grok-4", None), split_provider("meta-llama/Llama-3.3-70B-Instruct", None)
    (('grok-4', 'x-ai'), ('meta-llama/Llama-3.3-70B-Instruct', None))
    """
    known = _providers()
    if provider is not None:
        named = PROVIDERS.get(provider.lower(), provider.lower())
        if named not in known:
            raise UnknownName("provider", provider, _close(provider, known))
        return model, named
    head, separator, rest = model.partition("/")
    named = PROVIDERS.get(head.lower(), head.lower())
    if separator and named in known:
        return rest, named
    if model.startswith("arn:aws:bedrock") or GEOGRAPHY.match(model) or _VENDOR.match(model):
        return model.rsplit("/", 1)[-1], "aws"
    return model, None


def find(model: str, provider: str | None) -> list[Entry]:
    """All models that go by this name: by alias, else by a vendor's match rule, else however it is spaced."""
    plain = plain_name(model)
    for alias in dict.fromkeys((plain, without_date(plain))):
        found = [entry for entry in _aliases(alias) if provider in {None, entry[1]}]
        exact = [entry for entry in found if entry[2].lower() == model.lower()]
        if found and provider is None and not any(entry[1] in MAKERS for entry in found):
            return [*found, *_by_rule(model, provider)]
        if found:
            return exact if provider and exact else found
    by_rule = _by_rule(model, provider)
    if by_rule:
        return by_rule
    return [
        entry
        for alias, entry in _all_aliases()
        if alias.replace("-", "") == plain.replace("-", "") and provider in {None, entry[1]}
    ]


def _by_rule(model: str, provider: str | None) -> list[Entry]:
    """The model of a provider, or of any maker, whose longest match rule fits the name."""
    owners = (provider,) if provider else MAKERS
    fitting = [
        (len(pattern), -owners.index(entry[1]), entry)
        for rule, pattern, entry in _rules()
        if entry[1] in owners and _matches(rule, pattern, model.lower())
    ]
    return [max(fitting)[-1]] if fitting else []


def _matches(rule: str, pattern: str, text: str) -> bool:
    if rule == "regex":
        return re.search(pattern, text) is not None
    return text.startswith(pattern) if rule == "starts_with" else pattern in text


def nearest(model: str, provider: str | None) -> list[str]:
    """Up to three listed models whose names are close."""
    names = {entry[2] for _, entry in _all_aliases() if provider in {None, entry[1]}}
    by_plain = {plain_name(name): name for name in sorted(names, key=lambda name: (-name.count("/"), name))}
    return [by_plain[name] for name in _close(without_date(plain_name(model)), by_plain)]


def _close(name: str, known: Iterable[str]) -> list[str]:
    import difflib

    return difflib.get_close_matches(name, list(known), n=3, cutoff=0.5)


@cache
def read_table(name: str) -> str:
    """The text of one of the price tables, with what `truecost catalog update` found since."""
    from truecost.catalog.price_updates import with_updates

    return with_updates(name, shipped_table(name))


def shipped_table(name: str) -> str:
    """The text of one of the price tables as it ships."""
    raw = (files("truecost.catalog") / "data" / name).read_bytes()
    return (gzip.decompress(raw) if name.endswith(".gz") else raw).decode()


@cache
def _providers() -> frozenset[str]:
    return frozenset(entry[1] for _, entry in _all_aliases())


def lines_starting(text: str, prefix: str) -> Iterator[str]:
    """The lines whose first cell is `prefix`; the tables are sorted, so they lie together."""
    start = text.find(f"\n{prefix},") + 1
    while start and text.startswith(f"{prefix},", start):
        end = text.index("\n", start)
        yield text[start:end]
        start = end + 1


def _aliases(alias: str) -> list[Entry]:
    found = csv.reader(lines_starting(read_table("api_prices_names.csv.gz"), alias))
    return [(name, provider, model) for _, name, provider, model, rule in found if not rule]


@cache
def _name_rows() -> list[list[str]]:
    return list(csv.reader(read_table("api_prices_names.csv.gz").splitlines()[1:]))


def _all_aliases() -> Iterator[tuple[str, Entry]]:
    return (
        (alias, (name, provider, model)) for alias, name, provider, model, rule in _name_rows() if not rule
    )


def _rules() -> Iterator[tuple[str, str, Entry]]:
    return ((rule, text, (name, who, model)) for text, name, who, model, rule in _name_rows() if rule)
