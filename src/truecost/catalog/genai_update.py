"""What a newer genai-prices says that the catalog does not know yet: new models, and prices that changed.

The package is read as data where it is installed; nothing is fetched and nothing of it is run. A price begins
on the day that its list states, else on the day of the update, and is known from that day.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from truecost.catalog.api_price_names import MAKERS, plain_name, without_date
from truecost.catalog.api_prices import BY_THE_PIECE, STANDARD, PriceRow, offers
from truecost.catalog.genai_list import (
    CHECKED,
    GENAI_PRICES,
    NOT_SOLD,
    Price,
    Seen,
    clauses,
    genai_identity,
    genai_prices_of,
    genai_providers,
    usable,
)
from truecost.catalog.price_updates import add, is_second, updates

Offer = tuple[str, str, str]
"""Provider, model, region."""
Condition = tuple[str, str, str, int]
"""Kind, life of a cache write, service tier, tokens above which it holds."""


@dataclass(frozen=True, slots=True)
class Change:
    """A price that is another one from a day on; `before_usd` is None for one that is new."""

    provider: str
    model: str
    region: str
    kind: str
    cache_life: str
    service_tier: str
    context_above_tokens: int
    unit: str
    before_usd: Decimal | None
    after_usd: Decimal
    valid_from: date


@dataclass(frozen=True, slots=True)
class Update:
    """What an update found and did; `installed` is None where genai-prices is not installed."""

    shipped: str
    shipped_read: date
    known: str
    """The version that the catalog's prices are from before this update: shipped, or of the last update."""
    installed: str | None
    on: date
    models_added: tuple[str, ...] = ()
    changes: tuple[Change, ...] = ()
    models_gone: tuple[str, ...] = ()
    """Models that the newer list leaves out: what is known of them stays."""
    written: Path | None = None

    def to_dict(self) -> dict[str, Any]:
        """Plain values with stable keys; amounts as text, to the last digit."""
        changes = [
            {
                **asdict(one),
                "before_usd": None if one.before_usd is None else f"{one.before_usd:f}",
                "after_usd": f"{one.after_usd:f}",
                "valid_from": one.valid_from.isoformat(),
            }
            for one in self.changes
        ]
        return {
            "shipped": self.shipped, "shipped_read": self.shipped_read.isoformat(), "known": self.known,
            "installed": self.installed, "on": self.on.isoformat(), "models_added": list(self.models_added),
            "changes": changes, "models_gone": list(self.models_gone),
            "written": None if self.written is None else str(self.written),
        }  # fmt: skip


def known_version() -> str:
    """The version of genai-prices whose prices the catalog has."""
    found = [re.match(r"genai-prices (\S+?),? ", f"{row[15]} ") for row in updates().prices]
    return max([GENAI_PRICES, *(one[1] for one in found if one)], key=_version)


def _version(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", text))


def installed() -> tuple[str, Path] | None:
    """The version of the genai-prices that is installed and the file of its list; None without one."""
    from importlib.metadata import PackageNotFoundError, distribution

    try:
        package = distribution("genai-prices")
    except PackageNotFoundError:
        return None
    return package.version, Path(str(package.locate_file("genai_prices/data.py")))


def update(on: date, *, dry_run: bool = False) -> Update:
    """Compare the installed list with the catalog and write what is new to the user's folder.

    Raises ValueError where the installed list cannot be read, OSError where the folder cannot be written.
    """
    found, known = installed(), known_version()
    if found is None or _version(found[0]) <= _version(known):
        return Update(GENAI_PRICES, CHECKED, known, found[0] if found else None, on)
    version, path = found
    try:
        providers = genai_providers(path.read_text(encoding="utf-8"))
        listed = _listed(providers)
    except (OSError, ValueError, KeyError, TypeError, SyntaxError) as error:
        raise ValueError(
            f"{path}: this version's list is written in a way that is not understood ({type(error).__name__}:"
            f" {error}); the catalog stays as it is"
        ) from None
    return _compared(listed, (version, known, on), providers, dry_run=dry_run)


@dataclass(slots=True)
class _Listed:
    """An offer as the newer list has it: its prices, and the names it goes by with their rule."""

    prices: list[Price]
    names: set[tuple[str, str]]


def _listed(providers: Iterable[Mapping[str, Any]]) -> dict[Offer, _Listed]:
    found: dict[Offer, _Listed] = {}
    for provider in providers:
        seller = provider["id"]
        for info in provider["models"]:
            model, region, tier = genai_identity(seller, info["id"])
            if (seller, model) in NOT_SOLD or model.startswith("~"):
                continue
            prices = list(genai_prices_of(info, seller, Seen({})))
            if tier != STANDARD:
                prices = [replace(price, tier=tier) for price in prices if price.tier == STANDARD]
            offer = found.setdefault((seller, model, region), _Listed([], {(model, "")}))
            offer.prices += usable(prices)
            for rule, text in clauses(info["match"]):
                offer.names.add((text, "") if rule == "equals" else (text, rule))
    return {offer: one for offer, one in found.items() if one.prices}


def _compared(
    listed: Mapping[Offer, _Listed],
    when: tuple[str, str, date],
    providers: Iterable[Mapping[str, Any]],
    *,
    dry_run: bool,
) -> Update:
    version, known, on = when
    urls = {one["id"]: " ".join(one.get("pricing_urls") or []) for one in providers}
    number = 1 + max((int(row[-1]) for row in updates().prices), default=0)
    ours = {offer: [row for row in rows if not is_second(row.source)] for offer, rows in offers().items()}
    plain = _names_of_models(ours)
    changes: list[Change] = []
    rows: list[list[str]] = []
    names: list[list[str]] = []
    fresh: set[str] = set()
    for offer, one in sorted(listed.items()):
        mine = [row for row in ours.get(offer, []) if _stands(row, on)]
        source = ", ".join(part for part in (f"genai-prices {version}", urls.get(offer[0], "")) if part)
        name = plain.get(offer[:2]) or _plain(offer[1], plain)
        for condition, prices in _by_condition(offer, one.prices, on).items():
            before = [row for row in mine if row.condition == condition_of(condition)]
            if any(row.source.startswith("history/") for row in before) or _same(before, prices):
                continue
            changes.append(_change(offer, condition, (before, prices), on))
            rows += (_row((name, *offer), condition, price, (on, source, number)) for price in prices)
        if not ours.get(offer) and offer[:2] not in {known_offer[:2] for known_offer in ours}:
            fresh.add("/".join(offer[:2]))
            names += _name_rows(name, offer, one)
    gone = {
        "/".join(o[:2]) for o, kept in ours.items() if o not in listed and any(_of_list(row) for row in kept)
    }
    gone -= {"/".join(offer[:2]) for offer in listed}
    written = None if dry_run or not rows else add(rows, names)
    return Update(
        GENAI_PRICES,
        CHECKED,
        known,
        version,
        on,
        tuple(sorted(fresh)),
        tuple(changes),
        tuple(sorted(gone)),
        written,
    )


def condition_of(condition: Condition) -> tuple[str, str, str, int]:
    """The condition as `PriceRow.condition` has it."""
    kind, life, tier, above = condition
    return kind, tier, life, above


def _of_list(row: PriceRow) -> bool:
    return row.source.startswith("genai-prices") and row.valid_until is None


def _stands(row: PriceRow, on: date) -> bool:
    """Whether a price holds on a day or is announced for later."""
    return row.valid_until is None or (row.valid_until > on and row.valid_until > row.valid_from)


def _names_of_models(ours: Mapping[Offer, list[PriceRow]]) -> dict[tuple[str, str], str]:
    return {offer[:2]: rows[0].name for offer, rows in ours.items() if rows}


def _plain(model: str, known: Mapping[tuple[str, str], str]) -> str:
    """The name under which all providers of a model are found: its maker's, where it has one."""
    makers = {plain_name(name): plain for (provider, name), plain in known.items() if provider in MAKERS}
    short = plain_name(model)
    return makers.get(short) or makers.get(without_date(short)) or short


def _by_condition(offer: Offer, prices: Iterable[Price], on: date) -> dict[Condition, list[Price]]:
    """The prices from a day on, by what they are of; Claude's cache writes are of 5 minutes unless said."""
    found: dict[Condition, list[Price]] = {}
    for price in prices:
        if price.end is not None and price.end <= on:
            continue
        life = price.lifetime or ("5m" if price.kind == "cache_write" and "claude" in offer[1] else "")
        found.setdefault((price.kind, life, price.tier, price.above), []).append(price)
    return found


def _same(before: Iterable[PriceRow], after: Iterable[Price]) -> bool:
    """Whether what stands is what the list says: amounts, hours of the day, and what follows them."""
    ours = {
        (row.usd_per_token, _clock(row.utc_from), _clock(row.utc_until), row.inclusive, row.valid_until)
        for row in before
    }
    theirs = {(_exact(one.usd), *one.hours, one.inclusive and bool(one.above), one.end) for one in after}
    return ours == theirs


def _clock(value: Any) -> str:
    return value.strftime("%H:%M") if value is not None else ""


def _exact(usd: Decimal) -> Decimal:
    return usd.quantize(Decimal("1e-15")).normalize()


def _begins(price: Price, on: date) -> date:
    """The day that the list states, else that of the update."""
    return price.start if price.start > CHECKED else on


def _change(
    offer: Offer, condition: Condition, prices: tuple[list[PriceRow], list[Price]], on: date
) -> Change:
    (kind, life, tier, above), (before, after) = condition, prices
    old = next((row.usd_per_token for row in before), None)
    new = next((one for one in after if old is None or _exact(one.usd) != old), after[0])
    unit = kind if kind in BY_THE_PIECE else "token"
    return Change(*offer, kind, life, tier, above, unit, old, _exact(new.usd), _begins(new, on))


def _row(
    named: tuple[str, str, str, str], condition: Condition, price: Price, read: tuple[date, str, int]
) -> list[str]:
    """A row of the file of updates."""
    (name, provider, model, region), (kind, life, tier, above) = named, condition
    on, source, number = read
    stated = _begins(price, on)
    rule = "whole_request_inclusive" if price.inclusive else "whole_request_exclusive"
    reason = price.reason or ("scheduled" if stated > on else "")
    return [
        name, provider, model, kind, life, tier, region, str(above), rule if above else "", *price.hours,
        f"{_exact(price.usd):f}", stated.isoformat(), price.end.isoformat() if price.end else "",
        on.isoformat(), source, on.isoformat(), price.confidence, reason, str(number),
    ]  # fmt: skip


def _name_rows(name: str, offer: Offer, one: _Listed) -> Iterator[list[str]]:
    """The names that a new model goes by."""
    aliases = {plain_name(text) for text, rule in one.names if not rule} | {plain_name(offer[1]), name}
    yield from ([alias, name, *offer[:2], ""] for alias in sorted(aliases))
    yield from (
        [text if rule == "regex" else text.lower(), name, *offer[:2], rule]
        for text, rule in sorted(one.names)
        if rule
    )
