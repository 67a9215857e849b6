"""The catalog in a terminal."""

from __future__ import annotations

from datetime import date

import pytest

from truecost.catalog import load
from truecost.report.catalog_text import COLUMNS, LISTED, entry, findings, listing, matching, split_value
from truecost.report.layout import unglued, width_of

DAY = date(2026, 11, 1)


@pytest.mark.parametrize("section", list(COLUMNS))
def test_a_section_fits_and_names_every_row(section: str) -> None:
    rows = load().list(section, DAY)[:60]
    made = listing(section, rows, everything=True)
    assert max(width_of(line) for line in made.plain().split("\n")) <= 80
    squeezed = "".join("".join(line[1].text.split()) for line in made.lines if len(line) > 1)
    assert all("".join(COLUMNS[section][0].cell(row).split()) in squeezed for row in rows)


@pytest.mark.parametrize("section", list(COLUMNS))
def test_every_row_stands_in_a_table_and_not_in_a_block(section: str) -> None:
    """Where a name is too long, it wraps: a listing never becomes a record a row."""
    text = listing(section, load().list(section, DAY), everything=True).plain()
    heads = [column.title.split("\n")[-1] for column in COLUMNS[section] if column.title]
    assert any(all(head in line for head in heads) for line in text.split("\n")[:5])
    assert max(width_of(line) for line in text.split("\n")) <= 80


def test_a_long_listing_is_cut_and_says_by_how_much() -> None:
    rows = load().list("rates", DAY)
    text = " ".join(listing("rates", rows).plain().split())
    assert f"{len(rows) - LISTED:,} more; --all shows them" in text
    assert "truecost catalog list rates annotation" in text
    assert "carbon 346" in text
    assert "annotation/ab7_pair" in text
    assert "carbon/" not in text
    few = listing("rates", rows[: LISTED + 1]).plain()
    assert "more;" not in few


def test_prices_have_columns_for_what_is_billed_and_a_date() -> None:
    found = matching(load().list("prices", DAY), ["openai/gpt-4.1"])
    mine = [row for row in found if (row["provider"], row["model"]) == ("openai", "gpt-4.1")]
    cells = listing("prices", mine).plain().split("\n")
    assert "USD" in cells[0]
    assert cells[-2].split() == ["openai/gpt-4.1", "2", "8", "0.5", "1", "4", "2025-05-07"]


def test_makers_stand_first_then_the_newest() -> None:
    rows = [
        {"provider": provider, "model": model, "region": "", "valid_from": since, "input_usd_per_mtok": 1.0}
        for provider, model, since in (
            ("azure", "b", "2026-10-01"),
            ("openai", "old", "2025-01-01"),
            ("anthropic", "new", "2026-10-01"),
            ("openai", "new", "2026-10-01"),
        )
    ]
    text = listing("prices", rows).plain()
    names = [line.split()[0] for line in text.split("\n") if "/" in line and "provider" not in line]
    assert names == ["openai/new", "anthropic/new", "openai/old", "azure/b"]


@pytest.mark.parametrize(
    ("value", "unit", "expected"),
    [
        (0.4, "USD/kWh", ("0.4", "USD/kWh")),
        ("0.84 .. 0.894", "share of buyer's price", ("84 .. 89", "% of buyer's price")),
        ("104e3 .. 202e3", "USD/year", ("104 k .. 202 k", "USD/year")),
        ("0.06 .. 1", "s", ("60 ms .. 1 s", "")),
        (1.3, "", ("1.3", "")),
        ("text", "", ("text", "")),
    ],
)
def test_a_value_and_its_unit_stand_apart(value: object, unit: str, expected: tuple[str, str]) -> None:
    assert tuple(map(unglued, split_value({"value": value, "unit": unit}))) == expected


def test_units_stand_by_the_numbers() -> None:
    text = listing("accelerators", matching(load().list("accelerators", DAY), ["h100-sxm"])).plain()
    assert "989 TFLOP/s" in text
    assert "3.35 TB/s" in text
    assert "700 W" in text


@pytest.mark.parametrize(
    "name", ["h100-sxm", "gpt-4.1-mini", "pue", "electricity/us", "meta-llama/Llama-3.1-70B"]
)
def test_an_entry_has_every_fact_with_source_and_date(name: str) -> None:
    found = load().show(name, DAY)
    text = entry(found).plain()
    assert max(width_of(line) for line in text.split("\n")) <= 80
    squeezed = "".join(text.split())
    for part in found:
        for fact in part["facts"]:
            assert "".join(fact["source"].split()) in squeezed
            assert f"[{fact['confidence']},checked{fact['checked']}]" in squeezed


def test_prices_are_shown_for_a_million_tokens() -> None:
    text = entry(load().show("gpt-4.1-mini", DAY)).plain()
    assert "USD/Mtok" in text
    assert "USD/token" not in text


def test_all_texts_must_match() -> None:
    rows = [{"name": "llama-3.1-70b"}, {"name": "llama-3.1-8b"}]
    assert matching(rows, ["LLAMA", "70b"]) == [{"name": "llama-3.1-70b"}]
    assert matching(rows, []) == rows


def test_findings_are_counted_by_kind_and_the_rest_is_counted() -> None:
    found = [{"kind": "stale", "key": f"pue/{n}", "message": "last checked long ago"} for n in range(30)]
    found.append({"kind": "single_sourced", "key": "x", "message": "one page"})
    short, full = findings(found).plain(), findings(found, everything=True).plain()
    assert short.startswith("31 findings in the catalog")
    assert "stale: 30" in short
    assert "single sourced: 1" in short
    assert "Not shown: 22 more" in short
    assert full.count("last checked long ago") == 30
    assert findings([]).plain() == "Nothing found in the catalog.\n"
