"""The catalog in a terminal."""

from __future__ import annotations

from datetime import date

import pytest

from truecost.catalog import load
from truecost.report.catalog_text import COLUMNS, entry, findings, listing, matching
from truecost.report.layout import width_of

DAY = date(2026, 11, 1)


@pytest.mark.parametrize("section", list(COLUMNS))
def test_a_section_fits_and_names_every_row(section: str) -> None:
    rows = load().list(section, DAY)[:60]
    made = listing(section, rows)
    assert max(width_of(line) for line in made.plain().split("\n")) <= 80
    squeezed = "".join("".join(line[1].text.split()) for line in made.lines if len(line) > 1)
    assert all("".join(str(row[COLUMNS[section][0][0]]).split()) in squeezed for row in rows)


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
