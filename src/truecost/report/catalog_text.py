"""The catalog for a terminal: lists as tables, an entry with its facts and sources, findings by kind."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from truecost.catalog.api_price_names import MAKERS
from truecost.report.grounds import unit_of, value_of
from truecost.report.layout import DEFAULT_WIDTH, Page, Style, glued, unglued
from truecost.report.phrases import plural, shown, words
from truecost.report.tables import Column, table

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Shown:
    """A column of a listing: its title and what it shows of a row; numbers stand right."""

    title: str
    cell: Callable[[Row], str]
    right: bool = False
    wraps: bool = False


def _text(key: str, title: str, *, wraps: bool = False) -> Shown:
    return Shown(title, lambda row: str(row.get(key) or ""), wraps=wraps)


def _number(key: str, title: str, unit: str = "") -> Shown:
    return Shown(title, lambda row: _figure(row.get(key), unit), right=True)


def _figure(value: object, unit: str) -> str:
    if isinstance(value, str):
        return value_of({"value": value, "unit": ""})
    return shown(float(value), unit) if isinstance(value, int | float) else ""


def _sold(row: Row) -> str:
    """A price by the name that `catalog show` takes, with its region."""
    return f"{row['provider']}/{row['model']}" + (f", {row['region']}" if row["region"] else "")


def split_value(row: Row) -> tuple[str, str]:
    """The value of a fact and its unit apart, for two columns; a share in per cent.

    >>> value, unit = split_value({"value": "0.84 .. 0.894", "unit": "share of buyer's price"})
    >>> value.replace(chr(160), " "), unit.replace(chr(160), " ")
    ('84 .. 89', "% of buyer's price")
    """
    told = value_of(row)
    first, dots, last = told.rpartition("..")
    unit = unit_of(last.strip())
    if not unit or (dots and unit_of(first.strip())):
        return told, ""
    return told.removesuffix(unit), unglued(unit).strip()


COLUMNS: dict[str, tuple[Shown, ...]] = {
    "accelerators": (
        _text("key", "chip", wraps=True),
        _number("dense_bf16_flops_per_s", "bf16 dense", "FLOP/s"),
        _number("memory_bytes", "memory", "bytes"),
        _number("memory_bandwidth_bytes_per_s", "bandwidth", "bytes/s"),
        _number("tdp_w", "TDP", "W"),
        _text("release", "released"),
    ),
    "models": (
        _text("name", "model", wraps=True),
        _number("total_parameters", "parameters"),
        _number("active_parameters", "active a token"),
        _number("num_hidden_layers", "layers"),
        _number("hidden_size", "hidden size"),
    ),
    "prices": (
        Shown("USD per Mtok\nprovider/model", _sold, wraps=True),
        _number("input_usd_per_mtok", "input"),
        _number("output_usd_per_mtok", "output"),
        _number("cache_read_usd_per_mtok", "cache\nread"),
        _number("batch_input_usd_per_mtok", "batch\ninput"),
        _number("batch_output_usd_per_mtok", "batch\noutput"),
        _text("valid_from", "valid\nfrom"),
    ),
    "rentals": (
        _text("chip", "chip", wraps=True),
        Shown("term", lambda row: words(row["term"])),
        _number("usd_per_chip_hour", "USD/chip-hour"),
        _text("confidence", ""),
        _text("checked", "checked"),
    ),
    "purchases": (
        _text("chip", "chip", wraps=True),
        _number("usd_per_chip", "USD/chip"),
        _text("confidence", ""),
        _text("checked", "checked"),
    ),
    "rates": (
        _text("key", "rate", wraps=True),
        Shown("value", lambda row: split_value(row)[0], right=True),
        Shown("unit", lambda row: split_value(row)[1], wraps=True),
        _text("confidence", ""),
    ),
}
ABOVE = {
    "prices": "USD a million tokens (Mtok); the makers' own prices first, the newest first.",
    "models": "Parameters and layers are counts.",
}
EXAMPLES = {
    "accelerators": "h100",
    "models": "llama",
    "prices": "gpt-4.1",
    "rentals": "h100 spot",
    "purchases": "h100",
    "rates": "annotation",
}
PLACES = ("carbon", "electricity", "water")
"""Groups of rates with a row a place."""
LISTED = 30
"""Rows that a listing shows when not all are asked for."""
SHOWN_FINDINGS = 8
ABOUT = (
    "full_name",
    "vendor",
    "kind",
    "release",
    "chips_per_server",
    "aliases",
    "as_of",
    "choice",
    "source",
    "message",
)
COUNTED = (
    ("total_parameters", "parameters"), ("active_parameters", "parameters active a token"),
    ("num_hidden_layers", "layers"), ("hidden_size", "hidden size"),
)  # fmt: skip


def matching(rows: Sequence[Row], texts: Sequence[str]) -> list[Row]:
    """The rows that hold every one of the texts, in any cell or in provider/model, whatever the case."""
    wanted = [text.lower() for text in texts]
    return [row for row in rows if all(text in _searched(row) for text in wanted)]


def _searched(row: Row) -> str:
    name = _sold(row) if "provider" in row else ""
    return " ".join([name, *map(str, row.values())]).lower()


def listing(
    section: str, rows: Sequence[Row], width: int = DEFAULT_WIDTH, *, everything: bool = False
) -> Page:
    """One section as a table; of a long one the first rows, and how to see the others."""
    page = Page(width)
    ordered = sorted(rows, key=ORDER[section]) if section in ORDER else rows
    kept = ordered if everything or len(rows) <= LISTED + 1 else ordered[:LISTED]
    if section in ABOVE:
        page.text(ABOVE[section], Style.FAINT)
    chosen = COLUMNS[section]
    columns = [
        Column(each.title, each.right, each.wraps, style=Style.PLAIN if each.title else Style.FAINT)
        for each in chosen
    ]
    page.extend(table(columns, [[each.cell(row) for each in chosen] for row in kept], width, indent=0))
    if len(kept) < len(rows):
        page.text(
            f"{len(rows) - len(kept):,} more; --all shows them, --json has every field. Words narrow it: "
            f"truecost catalog list {section} {EXAMPLES[section]}",
            Style.FAINT,
        )
        if section == "rates":
            page.text(f"Groups: {_groups(rows)}.", Style.FAINT)
    return page


def _groups(rows: Sequence[Row]) -> str:
    counted = Counter(str(row["key"]).partition("/")[0] for row in rows)
    return ", ".join(glued(f"{group} {count:,}") for group, count in sorted(counted.items()))


def _newest_of_makers(row: Row) -> tuple[bool, int, int, str]:
    """Makers before those who sell the models of others, the newest price first, then the better known."""
    seller = row["provider"]
    age = -date.fromisoformat(row["valid_from"]).toordinal()
    return seller not in MAKERS, age, MAKERS.index(seller) if seller in MAKERS else 0, _sold(row)


def _places_last(row: Row) -> tuple[bool, str]:
    return str(row["key"]).partition("/")[0] in PLACES, row["key"]


ORDER: dict[str, Callable[[Row], tuple[Any, ...]]] = {"prices": _newest_of_makers, "rates": _places_last}
"""What stands first in a listing for a reader; data keeps the order of names."""


def entry(found: Sequence[Row], width: int = DEFAULT_WIDTH) -> Page:
    """Everything under one name: what it is, each fact with its source, and where sources disagree."""
    page = Page(width)
    for part in found:
        page.blank()
        page.title(f"{part['name']} ({part['section']})")
        for key in ABOUT:
            if part.get(key):
                page.item(f"{words(key)}: {_joined(part[key])}")
        for key, title in COUNTED:
            if part.get(key) is not None:
                page.item(f"{title}: {shown(float(part[key]))}")
        facts(part["facts"], part["name"], page)
        for head, key in (("Other sources say", "disagrees"), ("Over time", "series")):
            if part.get(key):
                page.heading(head)
                facts(part[key], part["name"], page)
    return page


def _joined(value: object) -> str:
    return ", ".join(str(each) for each in value) if isinstance(value, list) else str(value)  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]


def facts(rows: Sequence[Row], name: str, page: Page) -> None:
    """Facts with value, confidence and date; a note or source that neighbours share is told once."""
    for number, row in enumerate(rows):
        key = str(row["key"]).removeprefix(f"accelerator/{name}/").removeprefix(f"price/{name}/")
        since = f" from {row['start']}" if row.get("start") else ""
        grounds = glued(f"[{row['confidence']}, checked {row['checked']}]")
        page.item(f"{key}{since} = {value_of(row)}  {grounds}")
        following: Row = rows[number + 1] if number + 1 < len(rows) else {}
        for part, indent in (("note", 6), ("source", 4)):
            if row[part] and row[part] != following.get(part):
                page.text(str(row[part]), Style.FAINT, indent=indent)


def findings(found: Sequence[Row], width: int = DEFAULT_WIDTH, *, everything: bool = False) -> Page:
    """What a check of the catalog found: a count of each kind, then the findings, the first few of each."""
    page = Page(width)
    kinds: dict[str, list[Row]] = {}
    for finding in found:
        kinds.setdefault(str(finding["kind"]), []).append(finding)
    page.title(
        f"{plural(len(found), 'finding')} in the catalog" if found else "Nothing found in the catalog."
    )
    for kind, each in kinds.items():
        page.heading(f"{words(kind)}: {len(each):,}")
        kept = each if everything or len(each) <= SHOWN_FINDINGS + 1 else each[:SHOWN_FINDINGS]
        for finding in kept:
            page.item(f"{finding['key']}: {finding['message']}")
        if len(kept) < len(each):
            page.text(
                f"Not shown: {len(each) - len(kept):,} more; --all or --json lists them.",
                Style.FAINT,
                indent=2,
            )
    return page
