"""The prices a usage report used and the logs it was made of: sections of its page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from truecost.report.charts.timeline import day_name
from truecost.report.ledger_words import clipped, listed
from truecost.report.phrases import plural
from truecost.report.sections.section import Listing, Section, Table
from truecost.report.sources import breakable, linked

Told = Mapping[str, Any]
A_MILLION = Decimal(1_000_000)
PER_TOKEN = {
    "input_usd": "input",
    "cache_read_usd": "cache read",
    "cache_write_5m_usd": "cache write, 5 min",
    "cache_write_1h_usd": "cache write, 1 h",
    "output_usd": "output",
    "reasoning_usd": "reasoning",
    "audio_input_usd": "audio in",
    "audio_output_usd": "audio out",
}
PER_UNIT = {
    "image_usd": "an image",
    "search_usd": "a search",
    "request_usd": "a request",
    "chip_hour_usd": "a chip-hour",
}
MOST_PRICES, MOST_RULES, MOST_FILES = 80, 80, 60
ASIDE = {
    "duplicates": "known before",
    "conflicts": "told anew",
    "rolled_up": "sums of spans",
    "rejected": "kept aside",
}


def prices(told: Told, behind: Told) -> Section | None:
    """The prices of what was used, with their rules and sources; None where none was looked up."""
    found: Sequence[Told] = behind["prices"]
    if not found:
        return None
    offers = list(dict.fromkeys(one["priced_as"] for one in found))
    over = f" Prices of {told['catalog']} go before those that ship." if told.get("catalog") else ""
    guessed = sum(one["is_estimate"] for one in found)
    facts = [f"{plural(guessed, 'of these prices is', 'of these prices are')} an estimate." if guessed == 1
             else f"{guessed:,} of these prices are estimates."] if guessed else []  # fmt: skip
    if len(found) > MOST_PRICES:
        facts.append(f"The table has the first {MOST_PRICES}; truecost ledger rates STORE writes them all.")
    return Section(
        "prices",
        f"Prices of the day of use, as known on {day_name(told['as_known'])}: "
        f"{plural(len(found), 'row')} of {plural(len(offers), 'offer')}",
        "List prices in USD of what was used, also those that no request met (longer ones, other hours)."
        f"{over}",
        facts=facts,
        tables=_tables(found[:MOST_PRICES]),
        listings=[_sources(found), _rules(found, offers)],
    )


def _tables(found: Sequence[Told]) -> list[Table]:
    """A row a price: by the million tokens, or by the unit."""
    kinds = [key for key in (*PER_TOKEN, *PER_UNIT) if any(key in one["usd"] for one in found)]
    changing = {_case(one) for one in found if sum(_case(one) == _case(other) for other in found) > 1}
    rows = [
        [
            clipped(one["priced_as"]),
            _when(one, is_dated=_case(one) in changing),
            *(_amount(one["usd"].get(key), key) for key in kinds),
        ]
        for one in found
    ]
    head = ("offer", "when", *({**PER_TOKEN, **PER_UNIT}[key] for key in kinds))
    return [
        Table(head, rows, "USD a million tokens; an image, a search, a request and a chip-hour one by one", 2)
    ]


def _case(one: Told) -> tuple[Any, ...]:
    """What tells prices of one offer apart, but for the days."""
    keys = ("priced_as", "service_tier", "batch", "input_tokens_from", "utc_minute_from")
    return tuple(one[key] for key in keys)


def _when(one: Told, *, is_dated: bool) -> str:
    said = ["batch"] if one["batch"] else []
    said += [one["service_tier"]] if one["service_tier"] not in ("", "standard") else []
    if one["input_tokens_from"]:
        said.append(f"from {one['input_tokens_from']:,} input tokens")
    elif one["input_tokens_to"]:
        said.append(f"below {one['input_tokens_to']:,} input tokens")
    if (one["utc_minute_from"], one["utc_minute_to"]) != (0, 24 * 60):
        said.append(f"{_clock(one['utc_minute_from'])} – {_clock(one['utc_minute_to'])} UTC")
    if is_dated:
        said.append(f"{day_name(one['first_day'])} to {day_name(one['last_day'])}")
    said += ["estimate"] if one["is_estimate"] else []
    return ", ".join(said) or "standard"


def _clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


def _amount(usd: str | None, key: str) -> str:
    """A price without digits that say nothing; not rounded, it is what was calculated with."""
    if usd is None:
        return ""
    value = Decimal(usd) * (A_MILLION if key in PER_TOKEN else 1)
    return f"{value.normalize():f}"


def _sources(found: Sequence[Told]) -> Listing:
    """Each source with the offers whose prices it has."""
    offers: dict[str, list[str]] = {}
    for one in found:
        for source in one["sources"].split("; "):
            mine = offers.setdefault(source, [])
            mine += [one["priced_as"]] if one["priced_as"] not in mine else []
    rows = [(linked(clipped(source, 2000)), clipped(listed(names), 400)) for source, names in offers.items()]
    return Listing("Where the prices are from", rows[:MOST_RULES], is_open=True)


def _rules(found: Sequence[Told], offers: Sequence[str]) -> Listing:
    """Each offer with what the logs call it, and the rules of its prices."""
    rows: list[tuple[str, str]] = []
    for offer in offers[:MOST_RULES]:
        mine = [one for one in found if one["priced_as"] == offer]
        names = listed(list(dict.fromkeys(name for one in mine for name in one["names"])))
        rules = dict.fromkeys(rule for one in mine for rule in one["rules"].split("; ") if rule)
        said = f"logged as {names}" + (f"; {'; '.join(rules)}" if rules else "")
        rows.append((breakable(clipped(offer)), clipped(said, 600)))
    return Listing("Rules, by offer", rows)


def logs(told: Told, behind: Told) -> Section:
    """The logs of the store, what became of their lines, and what was kept aside."""
    store = behind["logs"]
    files = store["files"]
    aside = sum(one["rejected"] for one in files)
    kept = f"{plural(aside, 'line')} kept aside" if aside else "no line kept aside"
    dialects = list(dict.fromkeys(name for one in files for name in one["dialects"]))
    read = f" They are of {plural(len(dialects), 'dialect')}: {listed(dialects)}." if dialects else ""
    when = f"{plural(store['imports'], 'import')}, the last on {day_name(store['committed_at'][:10])}."
    return Section(
        "logs",
        f"Where the numbers come from: {plural(len(files), 'log')}, {kept}",
        f"The store {told['store']} holds {plural(store['rows'], 'line')} of usage.{read} "
        f"{when if store['imports'] else ''}",
        facts=_aside(told, store, files),
        tables=[_files(files)] if files else [],
    )  # fmt: skip


def _aside(told: Told, store: Told, files: Sequence[Told]) -> list[str]:
    said: list[str] = []
    if told["total"]["entries"] < store["rows"]:
        said.append(
            f"This page is of {told['total']['entries']:,} of them: of the days and the filter asked for."
        )
    sums = {key: sum(one[key] for one in files) for key in ASIDE}
    if sums["rejected"]:
        named = f", {store['rejects'][-1]}" if store["rejects"] else ""
        said.append(f"Why a line was kept aside, by file and line: in the store{named}.")
    if sums["conflicts"]:
        many = plural(sums["conflicts"], "request was", "requests were")
        said.append(f"{many} told again with other content: kept aside too.")
    if sums["duplicates"]:
        many = plural(sums["duplicates"], "request was", "requests were")
        said.append(f"{many} told before in the same words: counted once.")
    if sums["rolled_up"]:
        many = plural(sums["rolled_up"], "span", "spans")
        said.append(f"{many} that only summed others: left out.")
    if len(files) > MOST_FILES:
        said.append(f"The table has the first {MOST_FILES} logs, those with the most lines.")
    return said


def _files(files: Sequence[Told]) -> Table:
    """A row a log, the one with the most lines first."""
    keys = [key for key in ASIDE if any(one[key] for one in files)]
    ordered = sorted(files, key=lambda one: (-one["rows"], one["file"]))[:MOST_FILES]
    rows = [
        [
            breakable(clipped(one["file"], 120)), clipped(listed(one["dialects"])), f"{one['rows']:,}",
            *(f"{one[key]:,}" if one[key] else "" for key in keys),
        ]
        for one in ordered
    ]  # fmt: skip
    return Table(
        ("log", "dialect", "lines", *(ASIDE[key] for key in keys)), rows, "Logs of the store", words=2
    )
