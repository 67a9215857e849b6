"""The catalog for a terminal: lists as tables, an entry with its facts and sources, findings by kind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from truecost.report.grounds import value_of
from truecost.report.layout import DEFAULT_WIDTH, Page, Style, glued
from truecost.report.phrases import plural, shown, words
from truecost.report.tables import Column, table

Row = Mapping[str, Any]
Cell = tuple[str, str, str | None]
"""Key of the row, title of the column, unit of a number (None for text)."""

COLUMNS: dict[str, tuple[Cell, ...]] = {
    "accelerators": (
        ("key", "chip", None), ("dense_bf16_flops_per_s", "bf16 dense", "FLOP/s"),
        ("memory_bytes", "memory", "bytes"), ("memory_bandwidth_bytes_per_s", "bandwidth", "bytes/s"),
        ("tdp_w", "TDP", "W"), ("release", "released", None),
    ),
    "models": (
        ("name", "model", None), ("total_parameters", "parameters", ""),
        ("active_parameters", "active a token", ""), ("num_hidden_layers", "layers", ""),
        ("hidden_size", "hidden size", ""),
    ),
    "prices": (
        ("model", "model", None), ("provider", "provider", None), ("region", "region", None),
        ("input_usd_per_mtok", "in", ""), ("output_usd_per_mtok", "out", ""),
        ("cache_read_usd_per_mtok", "cached", ""), ("confidence", "", None),
    ),
    "rentals": (
        ("chip", "chip", None), ("term", "term", None), ("usd_per_chip_hour", "USD/chip-hour", ""),
        ("confidence", "", None), ("checked", "checked", None),
    ),
    "purchases": (
        ("chip", "chip", None), ("usd_per_chip", "USD/chip", ""), ("confidence", "", None),
        ("checked", "checked", None),
    ),
    "rates": (
        ("key", "rate", None), ("value", "value", "unit"), ("unit", "unit", None), ("confidence", "", None),
    ),
}  # fmt: skip
UNITS_BELOW = {"prices": "USD per million tokens.", "models": "Parameters and layers are counts."}
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
    """The rows that hold every one of the texts, in any cell, whatever the case."""
    wanted = [text.lower() for text in texts]
    return [row for row in rows if all(w in " ".join(str(v) for v in row.values()).lower() for w in wanted)]


def listing(section: str, rows: Sequence[Row], width: int = DEFAULT_WIDTH) -> Page:
    """One section as a table."""
    page = Page(width)
    cells = COLUMNS[section]
    columns = [
        Column(
            title, right=unit is not None, wraps=place == 0, style=Style.FAINT if not title else Style.PLAIN
        )
        for place, (_, title, unit) in enumerate(cells)
    ]
    page.extend(
        table(columns, [[_cell(row, key, unit) for key, _, unit in cells] for row in rows], width, indent=0)
    )
    if section in UNITS_BELOW:
        page.text(UNITS_BELOW[section], Style.FAINT)
    return page


def _cell(row: Row, key: str, unit: str | None) -> str:
    value = row.get(key)
    if value is None or value == "":
        return ""
    if unit is None:
        return words(str(value)) if key == "term" else str(value)
    if isinstance(value, str) or unit == "unit":
        return value_of({"value": value, "unit": ""})
    return shown(float(value), unit)


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
