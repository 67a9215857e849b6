"""`truecost catalog`: lists with filters, entries with sources, checks with an exit code."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.unit.cli.conftest import Run

from truecost.cli.catalog import SECTIONS

DAY = ("--as-of", "2026-11-01")


@pytest.mark.parametrize("section", SECTIONS)
def test_every_section_lists(run: Run, section: str) -> None:
    result = run("catalog", "list", section, *DAY)
    assert result.exit_code == 0
    assert max(len(line) for line in result.stdout.split("\n")) <= 80
    rows = json.loads(run("catalog", "list", section, *DAY, "--json").stdout, parse_constant=pytest.fail)
    assert len(rows) > 20
    assert result.stderr == f"truecost: {len(rows):,} {section}\n"


def test_texts_filter_rows(run: Run) -> None:
    result = run("catalog", "list", "models", "llama", "70b", *DAY)
    assert "llama-3.1-70b" in result.stdout
    assert "8b" not in result.stdout
    assert " of " in result.stderr


def test_a_word_narrows_prices_to_what_holds_it(run: Run) -> None:
    result = run("catalog", "list", "prices", "gpt-4.1", "openai", *DAY)
    assert "openai/gpt-4.1-mini" in result.stdout
    assert "claude" not in result.stdout


def test_all_and_json_show_what_a_listing_cuts(run: Run) -> None:
    short, full = (run("catalog", "list", "prices", *DAY, *more) for more in ((), ("--all",)))
    rows = json.loads(run("catalog", "list", "prices", *DAY, "--json").stdout)
    assert " more; --all" in short.stdout
    assert len(short.stdout.split("\n")) < 60
    assert " more; --all" not in full.stdout
    assert len(full.stdout.split("\n")) > len(rows)
    assert short.stderr == full.stderr
    gpt = next(row for row in rows if (row["provider"], row["model"]) == ("openai", "gpt-4.1"))
    assert (gpt["input_usd_per_mtok"], gpt["batch_output_usd_per_mtok"]) == (2, 4)
    assert gpt["valid_from"] == "2025-05-07"
    assert {"output_usd_per_mtok", "cache_read_usd_per_mtok", "source", "checked", "confidence"} <= set(gpt)


def test_a_model_that_only_an_overlay_prices_is_listed(run: Run, tmp_path: Path) -> None:
    overlay = tmp_path / "ours.yaml"
    overlay.write_text(
        "checked: 2026-11-01\nprices: {ourhost/our-model: {input: 0.5, output: 2}}\n", encoding="utf-8"
    )
    result = run("catalog", "list", "prices", "our-model", *DAY, "--catalog", overlay)
    assert "ourhost/our-model" in result.stdout


def test_nothing_found_is_nothing_printed(run: Run) -> None:
    result = run("catalog", "list", "models", "no such thing", *DAY)
    assert (result.exit_code, result.stdout) == (0, "")
    assert "0 of" in result.stderr
    assert json.loads(run("catalog", "list", "models", "no such thing", "--json").stdout) == []


@pytest.mark.parametrize(
    "name", ["h100-sxm", "NVIDIA H100 SXM5 80GB", "gpt-4.1-mini", "pue/hyperscaler", "pue"]
)
def test_a_name_shows_its_facts_with_sources(run: Run, name: str) -> None:
    result = run("catalog", "show", name, *DAY)
    assert result.exit_code == 0
    assert "checked 20" in result.stdout
    assert json.loads(run("catalog", "show", name, *DAY, "--json").stdout)[0]["facts"]


def test_an_unknown_name_names_the_nearest(run: Run) -> None:
    result = run("catalog", "show", "h100-smx")
    assert result.exit_code == 2
    assert "h100-sxm" in result.stderr
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize(
    "arguments", [["list", "chips"], ["list"], ["show"], ["shw", "x"], ["check", "--as-of", "now"]]
)
def test_bad_calls_exit_2(run: Run, arguments: list[str]) -> None:
    result = run("catalog", *arguments)
    assert result.exit_code == 2
    assert "Traceback" not in result.stderr


def test_check_finds_and_says_so(run: Run) -> None:
    result = run("catalog", "check", *DAY)
    assert result.exit_code == 0
    assert "findings in the catalog" in result.stdout
    assert "single sourced" in result.stdout
    assert run("catalog", "check", *DAY, "--strict").exit_code == 1


def test_check_years_later_finds_everything_stale(run: Run) -> None:
    found = json.loads(run("catalog", "check", "--as-of", "2030-01-01", "--json").stdout)
    assert {"kind", "key", "message"} == set(found[0])
    assert "stale" in {finding["kind"] for finding in found}


def test_all_shows_what_the_short_form_counts(run: Run) -> None:
    short, full = run("catalog", "check", *DAY).stdout, run("catalog", "check", *DAY, "--all").stdout
    assert "Not shown" in short
    assert "Not shown" not in full


def test_an_overlay_is_part_of_the_catalog(run: Run, tmp_path: Path) -> None:
    overlay = tmp_path / "ours.yaml"
    overlay.write_text("checked: 2026-11-01\nrates: {electricity: {our-hall: 0.05}}\n", encoding="utf-8")
    result = run("catalog", "show", "electricity/our-hall", "--catalog", overlay)
    assert result.exit_code == 0
    assert "0.05 USD/kWh" in result.stdout


def test_a_bad_overlay_lists_its_problems(run: Run, tmp_path: Path) -> None:
    overlay = tmp_path / "ours.yaml"
    overlay.write_text("checked: 2026-11-01\nrentals: {h100-smx: {on_demand: 2}}\n", encoding="utf-8")
    result = run("catalog", "list", "rentals", "--catalog", overlay)
    assert result.exit_code == 2
    assert "ours.yaml:2" in result.stderr
    assert "h100-sxm" in result.stderr
