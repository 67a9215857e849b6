"""Checks on the catalog: what in it is old, weak, or at odds. They find and say; they change nothing.

Each `check_*` looks for one thing and returns findings; `check` runs them all on a catalog at a day.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Literal, TypeAlias

from truecost.catalog.facts import Confidence, Fact
from truecost.ranges import Range

if TYPE_CHECKING:
    from truecost.catalog.api_prices import Disagreement
    from truecost.catalog.catalog import Catalog

Kind: TypeAlias = Literal["stale", "contradictory", "low_confidence", "single_sourced", "updated"]

STALE_AFTER = timedelta(days=365)
TOLERANCE = 0.10
"""How far two sources may differ, relative to the value used, before that is worth a finding."""

_REFERENCE = re.compile(
    r"arXiv:\d{4}\.\d{4,5}|[\w.-]+/[\w.-]+@[0-9a-f]{6,}|\b[\w-]+\.(?:com|org|ai|net|io|gov|edu|in|dog|global|news)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to know about a fact: of what kind, which fact, and what about it."""

    kind: Kind
    key: str
    message: str


def check(catalog: Catalog, as_of: date) -> list[Finding]:
    """All findings at a day, the gravest kind first, each kind in order of its keys."""
    from truecost.catalog.api_prices import disagreements

    facts = list(all_facts(catalog, as_of))
    rates = catalog.all_rates
    chips = catalog.accelerators().values()
    chip_facts = {f.key: f for chip in chips for f in chip.facts()}
    chip_others = {
        f"accelerator/{chip.key}/{name}": others
        for chip in chips
        for name, others in chip.disagreements.items()
    }
    return [
        *check_contradictory({fact.key: fact for fact in catalog.rates()}, rates.others),
        *check_contradictory(chip_facts, chip_others, tolerance=0.0),
        *check_price_disagreements(disagreements(as_of)),
        *check_stale(facts, as_of),
        *check_low_confidence(facts),
        *check_single_sourced(facts, {*rates.others, *chip_others}),
        *check_updated(as_of),
    ]


def all_facts(catalog: Catalog, as_of: date) -> Iterator[Fact]:
    """Every fact a plan could be given at a day: rates, chips, rentals, purchases, and list prices."""
    yield from catalog.all_rates.latest()
    for chip in catalog.accelerators().values():
        yield from chip.facts()
        yield from _hardware_prices(catalog, chip.key, as_of)
    yield from _list_prices(catalog, as_of)


def _hardware_prices(catalog: Catalog, chip: str, as_of: date) -> Iterator[Fact]:
    from truecost.catalog.hardware_prices import TERMS

    for term in TERMS:
        try:
            yield catalog.rental(chip, as_of, term)
        except LookupError:
            continue
    try:
        yield catalog.purchase(chip, as_of)
    except LookupError:
        return


def _list_prices(catalog: Catalog, as_of: date) -> Iterator[Fact]:
    from truecost.catalog.api_prices import listing

    for listed in listing(as_of):
        price = catalog.laid_over.priced(listed) if catalog.laid_over else listed
        for kind in ("input", "output"):
            if price.has(kind):
                yield price.fact(kind)


def check_updated(as_of: date) -> list[Finding]:
    """API prices known by a day that do not ship: `truecost catalog update` found them in a newer list."""
    from truecost.catalog.price_updates import COLUMNS, updates

    found: list[Finding] = []
    for cells in updates().prices:
        row = dict(zip(COLUMNS, cells, strict=True))
        if row["known_from"] > as_of.isoformat():
            continue
        tier = "" if row["tier"] == "standard" else f"/{row['tier']}"
        above = (
            ""
            if row["context_above_tokens"] == "0"
            else f" above {int(row['context_above_tokens']):,} tokens"
        )
        said = f"{float(row['usd_per_token']) * 1e6:.6g} USD a million{above} from {row['valid_from']} on"
        key = f"price/{row['provider']}/{row['model']}/{row['kind']}{tier}"
        found.append(Finding("updated", key, f"{said}, known from {row['known_from']}: {row['source']}"))
    return sorted(found, key=lambda one: one.key)


def check_stale(facts: Iterable[Fact], as_of: date) -> list[Finding]:
    """Facts last checked more than a year before a day.

    >>> fact = Fact("pue/x", 1.1, "ratio", "a page", date(2025, 1, 1), Confidence.PUBLISHED)
    >>> [finding.message for finding in check_stale([fact], date(2026, 6, 1))]
    ['last checked 2025-01-01, 516 days before 2026-06-01']
    """
    return [
        Finding(
            "stale",
            fact.key,
            f"last checked {fact.checked}, {(as_of - fact.checked).days} days before {as_of}",
        )
        for fact in _by_key(facts)
        if as_of - fact.checked > STALE_AFTER
    ]


def check_low_confidence(facts: Iterable[Fact]) -> list[Finding]:
    """Facts that are somebody's estimate: nobody measured, published or quoted them."""
    return [
        Finding("low_confidence", fact.key, f"an estimate: {fact.source}")
        for fact in _by_key(facts)
        if fact.confidence is Confidence.ESTIMATE
    ]


def check_single_sourced(facts: Iterable[Fact], confirmed: Iterable[str] = ()) -> list[Finding]:
    """Facts that rest on one source, the least trusted first; `confirmed` keys have a second one elsewhere.

    Estimates are left out (they have a check of their own), and so are measurements (they are their own
    source) and list prices (a vendor's price list has no second source).
    """
    other = set(confirmed)
    ranked = sorted(_by_key(facts), key=lambda fact: fact.confidence is not Confidence.QUOTED)
    return [
        Finding("single_sourced", fact.key, f"{fact.confidence}, by one source: {fact.source}")
        for fact in ranked
        if fact.confidence in {Confidence.QUOTED, Confidence.PUBLISHED}
        and fact.key not in other
        and not fact.key.startswith("price/")
        and count_sources(fact.source) < 2
    ]


def count_sources(source: str) -> int:
    """How many sources a text names: its parts between semicolons, or the papers, pages and files in it.

    >>> count_sources("arXiv:2503.05804 (1.5), arXiv:2205.01068 (2.0)"), count_sources("a page; a book")
    (2, 2)
    >>> count_sources("TIME 2023-01-18, time.com/6247678")
    1
    """
    parts = [part for part in source.split(";") if part.strip()]
    return max(len(parts), len({match.lower() for match in _REFERENCE.findall(source)}))


def check_contradictory(
    used: Mapping[str, Fact], others: Mapping[str, Sequence[Fact]], tolerance: float = TOLERANCE
) -> list[Finding]:
    """Facts of which another source says something else: by more than a share, or outside their range."""
    return [
        Finding("contradictory", key, _contradiction(used[key], other))
        for key in sorted(others)
        if key in used
        for other in others[key]
        if _gap(used[key], other) > tolerance
    ]


def check_price_disagreements(found: Iterable[Disagreement]) -> list[Finding]:
    """API prices that two sources state differently."""
    return [
        Finding(
            "contradictory",
            f"price/{each.provider}/{each.model}/{each.kind}",
            "; ".join(f"{usd * 1e6:.6g} USD/Mtok by {source}" for source, usd in each.usd_per_token.items())
            + (f" (region {each.region})" if each.region else ""),
        )
        for each in found
    ]


def summary(findings: Iterable[Finding]) -> dict[str, int]:
    """How many findings there are of each kind."""
    return dict(Counter(finding.kind for finding in findings))


def _by_key(facts: Iterable[Fact]) -> list[Fact]:
    return sorted(facts, key=lambda fact: fact.key)


def _ends(fact: Fact) -> tuple[float, float]:
    return (fact.value.low, fact.value.high) if isinstance(fact.value, Range) else (fact.value, fact.value)


def _gap(used: Fact, other: Fact) -> float:
    """How far the other value lies outside the one used, relative to it; 0 inside a range."""
    (low, high), (other_low, other_high) = _ends(used), _ends(other)
    outside = max(low - other_high, other_low - high, 0.0)
    return outside / high if high else float(outside > 0)


def _contradiction(used: Fact, other: Fact) -> str:
    return f"{used.value} {used.unit} by {used.source}, but {other.value} by {other.source}"
