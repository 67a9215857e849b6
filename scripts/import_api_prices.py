"""Write the API price tables of the catalog from published price lists.

A maintainer's command, never run by a user:

    python scripts/import_api_prices.py      # pip downloads the two wheels, then writes the three tables

It reads
- genai-prices (Pydantic, MIT), first source: prices with the dates and hours they change, and match rules;
- LiteLLM's price table (Berri AI, MIT), for breadth, and as a second opinion on what the first also lists.
  Both are read from their wheels as data: neither package is installed or imported;
- `src/truecost/catalog/data/api_prices_history.csv`, kept by hand. A row of basis `first_seen` says when a
  pair of input and output price (USD/Mtok) was first listed in a public catalog: the day a list's price is
  known from. A row of basis `price` states a price from one day until another (or until now), and overrules
  the lists then. A day mined from a catalog's history is when the catalog changed, not when the price did.

It writes `api_prices.csv.gz`, `api_prices_names.csv.gz` and `api_prices_sources.csv` beside that file. The
same inputs give the same bytes.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import io
import json
import re
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from api_price_lists import (
    BATCH_SINCE,
    CHECKED,
    GENAI_PRICES,
    NOT_SOLD,
    TEXT_MODES,
    Price,
    Seen,
    clauses,
    genai_identity,
    genai_prices_of,
    genai_providers,
    level,
    litellm_identity,
    litellm_prices,
    usable,
)

from truecost.catalog.api_price_names import MAKERS, plain_name, without_date
from truecost.catalog.api_prices import STANDARD

LITELLM = "1.109.1"
DATA = Path(__file__).parents[1] / "src/truecost/catalog/data"
COLUMNS = (
    "name", "provider", "model", "kind", "cache_lifetime", "tier", "region", "context_above_tokens",
    "context_rule", "utc_from", "utc_until", "usd_per_token", "valid_from", "valid_until", "known_from",
    "source", "checked", "confidence", "reason",
)  # fmt: skip

ALIASES_MOVED = {("mistral", "mistral-large-2512"): "mistral-large-latest"}
"""Aliases that moved after the list was written; of two models the newer price goes (Mistral Large 3)."""


@dataclass
class Model:
    """A provider's model: its plain name, its prices per region and source, and the names it goes by."""

    provider: str
    model: str
    name: str = ""
    prices: dict[str, list[Price]] = field(default_factory=dict[str, list[Price]])
    aliases: set[str] = field(default_factory=set[str])
    rules: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])


Models = dict[tuple[str, str], Model]


# --- Merging the lists ---


def genai_models(providers: list[dict[str, Any]], history: History) -> Models:
    models: Models = {}
    for provider in providers:
        for info in provider["models"]:
            identifier, region, tier = genai_identity(provider["id"], info["id"])
            if (provider["id"], identifier) in NOT_SOLD or identifier.startswith("~"):
                continue
            model = models.setdefault((provider["id"], identifier), Model(provider["id"], identifier))
            prices = list(genai_prices_of(info, provider["id"], history.seen(provider["id"], identifier)))
            if region == "" or provider["id"] != "aws":
                prices = history.apply(provider["id"], identifier, prices)
            if tier != STANDARD:
                prices = [replace(price, tier=tier) for price in prices if price.tier == STANDARD]
            model.prices.setdefault(region, []).extend(usable(prices))
            model.aliases.add(identifier)
            for rule, text in clauses(info["match"]):
                if rule == "equals":
                    model.aliases.add(text)
                else:
                    model.rules.append((rule, text.lower() if rule != "regex" else text))
    for key in ALIASES_MOVED.keys() & models.keys():
        models[key].aliases.add(ALIASES_MOVED[key])
    return {key: model for key, model in models.items() if any(model.prices.values())}


Offer = tuple[str, list[Price]]
"""A name in LiteLLM's table, and its prices."""


def add_litellm(models: Models, table: dict[str, dict[str, Any]], history: History) -> list[str]:
    """Merge LiteLLM's prices: as a second source where a name is known, as new models where it is not.

    Returns the pages its entries cite, in the order of their source ids.
    """
    urls = sorted({page for entry in table.values() if isinstance(page := entry.get("source", ""), str)})
    index = {(key[0], plain_name(alias)): key for key, model in models.items() for alias in model.aliases}
    offers: dict[tuple[str, str, str], list[Offer]] = {}
    for key, entry in sorted(table.items()):
        if entry.get("mode") not in TEXT_MODES or "claude_platform/" in key:
            continue
        provider, name, region = litellm_identity(key, entry["litellm_provider"])
        url = entry.get("source", "")
        source = f"litellm/{urls.index(url) if url in urls else 0}"
        listed = litellm_prices(entry, provider)
        if prices := usable([replace(row, source=source, confidence="quoted") for row in listed]):
            known = index.get((provider, plain_name(name))) or by_rule(models, provider, name, prices)
            identifier = known[1] if known else undated(name, region, provider, table)
            offers.setdefault((provider, identifier, region), []).append((name, prices))
    for (provider, identifier, region), listed_here in sorted(offers.items()):
        merge(models, history, (provider, identifier, region), listed_here)
    return urls


def undated(name: str, region: str, provider: str, table: dict[str, dict[str, Any]]) -> str:
    """The name without its date, where the table has it too (they are merged if their price is the same)."""
    short = without_date(name)
    folder = f"{provider}/{region}/" if region else f"{provider}/"
    return short if f"{folder}{short}" in table or short in table else name


def merge(models: Models, history: History, key: tuple[str, str, str], offers: list[Offer]) -> None:
    """Of several names of one model one price list is kept; a name at another price is a model of its own."""
    provider, identifier, region = key
    exact = [offer for offer in offers if plain_name(offer[0]) == plain_name(identifier)]
    first_name, first = min(exact or offers, key=lambda offer: (len(offer[0]), offer[0]))
    for name, prices in offers:
        same = level(prices) == level(first)
        if name == first_name and prices is not first and not same:
            continue  # two entries of one name, as of Azure's two services: the first is kept
        owner = (provider, identifier if same else name)
        model = models.setdefault(owner, Model(*owner))
        model.aliases.add(name)
        if prices is first or not same:
            model.prices.setdefault(region, []).extend(since(prices, history.seen(*owner), provider))


def by_rule(models: Models, provider: str, name: str, prices: list[Price]) -> tuple[str, str] | None:
    """A model whose rules match this name and whose standard price is the same."""
    for key, model in models.items():
        if model.provider != provider:
            continue
        current = [row for row in model.prices.get("", []) if row.end is None]
        fits = any(matches(rule, text, name.lower()) for rule, text in model.rules)
        if fits and level(current) == level(prices):
            return key
    return None


def matches(rule: str, text: str, name: str) -> bool:
    if rule == "regex":
        return re.search(text, name) is not None
    return name.startswith(text) if rule == "starts_with" else text in name


def since(prices: list[Price], seen: Seen, provider: str) -> Iterator[Price]:
    start = seen.start(prices)
    for price in prices:
        begun = seen.dated(price, start)
        if price.kind == "search":
            begun = replace(price, start=CHECKED, known=CHECKED)
        elif price.tier != STANDARD:
            first = max(start, BATCH_SINCE.get(provider, CHECKED)) if price.tier == "batch" else CHECKED
            begun = replace(price, start=first, known=first)
        yield begun


# --- History: kept by hand ---


class History:
    """The hand-kept history: first sightings, and earlier prices, which overrule the lists in their time."""

    def __init__(self, path: Path) -> None:
        with path.open(newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        self.first: dict[tuple[str, str], dict[tuple[Decimal, Decimal], date]] = {}
        self.prices: dict[tuple[str, str], list[Price]] = {}
        self.citations = sorted({citation(row) for row in rows if row["basis"] == "price"})
        for row in rows:
            key = (row["provider"], row["model"])
            if row["basis"] == "first_seen":
                pair = (per_token(row["input"]), per_token(row["output"]))
                self.first.setdefault(key, {})[pair] = date.fromisoformat(row["valid_from"])
            else:
                self.prices.setdefault(key, []).extend(self.read(row))
        self.used: set[tuple[str, str]] = set()

    def read(self, row: dict[str, str]) -> Iterator[Price]:
        start = date.fromisoformat(row["valid_from"])
        end = date.fromisoformat(row["valid_until"]) if row["valid_until"] else None
        for kind in ("input", "cache_read", "cache_write", "output"):
            if row[kind]:
                yield Price(
                    kind, per_token(row[kind]), tier=row["tier"] or STANDARD,
                    above=int(row["context_above_tokens"] or 0), hours=(row["utc_from"], row["utc_until"]),
                    start=start, end=end, known=start,
                    source=f"history/{self.citations.index(citation(row))}", confidence=row["confidence"],
                )  # fmt: skip

    def seen(self, provider: str, model: str) -> Seen:
        return Seen(self.first.get((provider, model), {}))

    def apply(self, provider: str, model: str, prices: list[Price]) -> list[Price]:
        """The list's prices outside the spans of the history, and the history's inside.

        A standard price of the history overrules the list's prices of every tier: they were quoted beside
        another standard price. A tier's price overrules that tier alone.
        """
        own = self.prices.get((provider, model), [])
        self.used.add((provider, model))
        left: list[Price] = []
        for price in prices:
            spans = {(row.start, row.end or date.max) for row in own if row.tier in {STANDARD, price.tier}}
            left += outside(price, sorted(spans))
        return left + own


def citation(row: dict[str, str]) -> str:
    return f"{row['source']} ({row['note']})" if row["note"] else row["source"]


def outside(price: Price, spans: list[tuple[date, date]]) -> list[Price]:
    """What is left of a price's time outside the given spans."""
    pieces = [(price.start, price.end or date.max)]
    for low, high in spans:
        pieces = [
            part
            for start, end in pieces
            for part in ((start, min(end, low)), (max(start, high), end))
            if part[0] < part[1]
        ]
        pieces = list(dict.fromkeys(pieces))
    return [
        replace(price, start=start, end=None if end == date.max else end, known=max(price.known, start)
                if start <= CHECKED else price.known)
        for start, end in pieces
    ]  # fmt: skip


def per_token(usd_per_mtok: str) -> Decimal:
    return (Decimal(usd_per_mtok or "0") / 1_000_000).normalize()


# --- Names and files ---


def name_models(models: Models) -> None:
    """Give every model the plain name under which all its providers are found: its maker's, if it has one.

    A vendor's shorter forms become aliases too, where no other model of the vendor goes by them: the name
    without `-latest`, and the text its names start with.
    """
    makers: dict[str, str] = {}
    taken = {(key[0], plain_name(alias)) for key, model in models.items() for alias in model.aliases}
    for model in sorted(models.values(), key=lambda model: rank(model.provider)):
        prefixes = {text.rstrip("-@") for rule, text in model.rules if rule == "starts_with"}
        shorter = {alias.removesuffix("-latest") for alias in model.aliases} | prefixes
        model.aliases |= {alias for alias in shorter if (model.provider, plain_name(alias)) not in taken}
        if model.provider in MAKERS:
            for alias in sorted(model.aliases):
                makers.setdefault(plain_name(alias), plain_name(model.model))
    for model in models.values():
        plain = plain_name(model.model)
        model.name = makers.get(plain) or makers.get(without_date(plain)) or plain


def rank(provider: str) -> int:
    return MAKERS.index(provider) if provider in MAKERS else len(MAKERS)


def reason(price: Price, listed: list[Price]) -> str:
    """Why a price began: what a list says of it, else what the dates show; "" where nothing is on record."""
    if price.kind == "search":
        return ""  # its first day is that of reading, or recalled
    if price.reason or price.known < price.start:
        return price.reason or "scheduled"
    same = (price.kind, price.lifetime, price.tier, price.above)
    before = (
        other
        for other in listed
        if other.end == price.start and (other.kind, other.lifetime, other.tier, other.above) == same
    )
    return "change" if any(other.usd != price.usd for other in before) else ""


def price_rows(models: Models) -> Iterator[list[str]]:
    for model in models.values():
        for region, prices in model.prices.items():
            claude = "claude" in model.model
            for price in prices:
                if price.end is not None and price.end <= price.start:
                    continue
                lifetime = price.lifetime or ("5m" if price.kind == "cache_write" and claude else "")
                source = price.source or f"genai-prices/{model.provider}"
                rule = "whole_request_inclusive" if price.inclusive else "whole_request_exclusive"
                yield [
                    model.name, model.provider, model.model, price.kind, lifetime, price.tier, region,
                    str(price.above), rule if price.above else "", *price.hours,
                    f"{exact(price.usd):f}", price.start.isoformat(),
                    price.end.isoformat() if price.end else "", price.known.isoformat(),
                    source, CHECKED.isoformat(), price.confidence, reason(price, prices),
                ]  # fmt: skip


def exact(usd: Decimal) -> Decimal:
    """A price per token to 15 places, the precision of the ledger; the lists carry the noise of floats."""
    return usd.quantize(Decimal("1e-15")).normalize()


def name_rows(models: Models) -> Iterator[list[str]]:
    for model in models.values():
        for alias in {plain_name(alias) for alias in {*model.aliases, model.model}} | {model.name}:
            yield [alias, model.name, model.provider, model.model, ""]
        for rule, text in model.rules:
            yield [text, model.name, model.provider, model.model, rule]


def source_rows(providers: list[dict[str, Any]], urls: list[str], history: History) -> Iterator[list[str]]:
    for provider in providers:
        url = " ".join(provider.get("pricing_urls") or [])
        yield [f"genai-prices/{provider['id']}", f"genai-prices {GENAI_PRICES}", url, "MIT"]
    for index, url in enumerate(urls):
        yield [f"litellm/{index}", f"LiteLLM price table {LITELLM}", url, "MIT"]
    for index, citation in enumerate(history.citations):
        yield [f"history/{index}", citation, "", ""]
    note = "the vendor's batch discount of 50 % since its launch (day recalled), on the price of that time"
    yield ["batch/since", note, "", ""]
    note = (
        "the vendor's fee for a web search as listed on the day it was read, since its launch (day recalled)"
    )
    yield ["search/since", note, "", ""]


def write_csv(path: Path, columns: Iterable[str], rows: Iterable[list[str]]) -> None:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(sorted({tuple(row) for row in rows}))
    data = text.getvalue().encode()
    path.write_bytes(gzip.compress(data, mtime=0) if path.suffix == ".gz" else data)


def wheel(requirement: str, given: Path | None, folder: Path) -> zipfile.ZipFile:
    """The wheel of a pinned requirement, downloaded with pip unless a file is given."""
    if given is None:
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:"]
        subprocess.run([*command, "--dest", str(folder), requirement], check=True)
        given = next(folder.glob(f"{requirement.partition('==')[0].replace('-', '_')}*.whl"))
    return zipfile.ZipFile(given)


def main() -> None:
    layout = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=layout)
    parser.add_argument("--genai-prices", type=Path, help="a wheel already downloaded")
    parser.add_argument("--litellm", type=Path, help="a wheel already downloaded")
    parser.add_argument("--out", type=Path, default=DATA)
    options = parser.parse_args()
    history = History(DATA / "api_prices_history.csv")
    with tempfile.TemporaryDirectory() as folder:
        genai = wheel(f"genai-prices=={GENAI_PRICES}", options.genai_prices, Path(folder))
        providers = genai_providers(genai.read("genai_prices/data.py").decode())
        lite = wheel(f"litellm=={LITELLM}", options.litellm, Path(folder))
        table = json.loads(lite.read("litellm/model_prices_and_context_window_backup.json"))
    models = genai_models(providers, history)
    urls = add_litellm(models, table, history)
    unused = sorted(set(history.prices) - history.used)
    if unused:
        raise SystemExit(f"history of models the lists do not know: {unused}")
    name_models(models)
    write_csv(options.out / "api_prices.csv.gz", COLUMNS, price_rows(models))
    columns = ("alias", "name", "provider", "model", "rule")
    write_csv(options.out / "api_prices_names.csv.gz", columns, name_rows(models))
    write_csv(
        options.out / "api_prices_sources.csv",
        ("id", "title", "url", "licence"),
        source_rows(providers, urls, history),
    )


if __name__ == "__main__":
    main()
