"""`truecost price` and `truecost catalog export`: what is printed, and which exit code."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from truecost.cli import main


def run(*words: str) -> Result:
    return CliRunner().invoke(main, [*words])


EXAMPLE = (
    "price", "gpt-4.1", "--input", "1M", "--cached", "200k", "--output", "50k", "--on", "2026-03-01",
)  # fmt: skip


def test_one_price_line_by_line() -> None:
    result = run(*EXAMPLE)
    assert result.exit_code == 0
    lines = [line.split() for line in result.stdout.splitlines()]
    assert ["input", "800,000", "2", "/Mtok", "1.6"] in lines
    assert ["cache", "read", "200,000", "0.5", "/Mtok", "0.1"] in lines
    assert ["output", "50,000", "8", "/Mtok", "0.4"] in lines
    assert ["total", "2.1"] in lines
    assert "known from" in result.stdout
    assert "genai-prices" in result.stdout
    assert max(map(len, result.stdout.splitlines())) <= 80


def test_json_has_the_same_to_the_last_digit() -> None:
    told = json.loads(run(*EXAMPLE, "--json").stdout)
    assert told["total_usd"] == "2.1"
    assert [(line["kind"], line["tokens"], line["usd"]) for line in told["lines"]] == [
        ("input", 800_000, "1.6"),
        ("cache_read", 200_000, "0.1"),
        ("output", 50_000, "0.4"),
    ]


def test_an_unknown_model_exits_2_with_the_nearest_names() -> None:
    result = run("price", "gpt-4.11", "--input", "1k", "--on", "2026-11-22")
    assert result.exit_code == 2
    assert "gpt-4.1" in result.stderr
    assert not result.stdout


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (("gpt-4.1", "--input", "1k", "--audio-input", "5"), "audio input"),
        (("claude-sonnet-4-5", "--input", "1k", "--tier", "flex"), "tier 'flex'"),
        (("deepseek-v4-pro", "--input", "1k", "--batch"), "batch"),
        (("gpt-4.1", "--images", "2"), "image"),
    ],
)
def test_a_kind_without_a_price_exits_1_and_is_named(words: tuple[str, ...], named: str) -> None:
    result = run("price", *words, "--on", "2026-11-22")
    assert result.exit_code == 1
    assert f"not priced: {words[0].split('-')[0]}" in result.stderr.replace("openai/", "").replace(
        "anthropic/", ""
    ).replace("deepseek/", "")
    assert named in result.stderr
    assert "no total" in result.stdout
    assert json.loads(run("price", *words, "--on", "2026-11-22", "--json").stdout)["total_usd"] is None


def test_a_day_before_the_first_price_exits_1() -> None:
    result = run("price", "gpt-4.1", "--input", "1k", "--on", "2020-01-01")
    assert result.exit_code == 1
    assert "the first is of 2025-04-14" in result.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "nothing was used"),
        (("--requests", "3"), "nothing was used"),
        (("--input", "-5"), "whole number"),
        (("--input", "1.5"), "whole number"),
        (("--input", "lots"), "--input lots"),
        (("--input", "1k", "--cached", "2k"), "exceed input_tokens"),
        (("--input", "1k", "--cache-life", "1h"), "--cache-write"),
        (("--input", "1k", "--batch", "--tier", "flex"), "not both"),
        (("--input", "1k", "--tier", "flx"), "flex"),
        (("--input", "1k", "--provider", "opnai"), "openai"),
        (("--input", "1k", "--cache-life", "2h"), "2h"),
        (("--input", "1k", "--at", "25:00"), "25:00"),
    ],
)
def test_what_is_not_understood_exits_2_with_a_message(words: tuple[str, ...], said: str) -> None:
    result = run("price", "gpt-4.1", "--on", "2026-11-22", *words)
    assert result.exit_code == 2
    assert said in result.stderr
    assert "Traceback" not in result.stderr


def test_the_cache_life_decides_the_write_price() -> None:
    base = (
        "price",
        "claude-sonnet-4-5",
        "--input",
        "100k",
        "--cache-write",
        "100k",
        "--on",
        "2026-11-22",
        "--json",
    )
    totals = [json.loads(run(*base, *life).stdout)["total_usd"] for life in ((), ("--cache-life", "1h"))]
    assert totals == ["0.375", "0.6"]


def test_hours_and_days_of_knowledge_are_options() -> None:
    peak = ("price", "deepseek-chat", "--input", "1M", "--on", "2025-07-01", "--json")
    assert json.loads(run(*peak, "--at", "12:00").stdout)["total_usd"] == "0.27"
    assert run(*peak).exit_code == 2
    then = ("price", "o3", "--input", "1M", "--on", "2025-06-20", "--json")
    assert json.loads(run(*then).stdout)["total_usd"] == "2"
    assert json.loads(run(*then, "--as-known", "2025-06-09").stdout)["total_usd"] == "10"


def test_own_prices_are_laid_over(tmp_path: Path) -> None:
    file = tmp_path / "own.yaml"
    file.write_text(
        "checked: 2026-11-01\nprices:\n  openai/gpt-4.1: {input: 1.5, output: 6}\n", encoding="utf-8"
    )
    result = run(*EXAMPLE, "--catalog", str(file))
    assert ["total", "1.6"] in [line.split() for line in result.stdout.splitlines()]
    assert "own.yaml" in result.stdout


def test_rates_are_exported_and_another_end_is_refused(tmp_path: Path) -> None:
    import duckdb

    target = tmp_path / "rates.parquet"
    result = run("catalog", "export", "rates", str(target))
    assert result.exit_code == 0
    with duckdb.connect() as opened:
        (count, kind) = opened.execute(
            "SELECT count(*), any_value(typeof(usd_per_token)) FROM read_parquet(?)", [str(target)]
        ).fetchone() or (0, "")
    assert (count > 30_000, kind) == (True, "DECIMAL(18,15)")
    assert run("catalog", "export", "rates", str(tmp_path / "rates.xlsx")).exit_code == 2
    assert run("catalog", "export", "rates", str(tmp_path / "nowhere" / "rates.csv")).exit_code == 2
    assert [path.name for path in tmp_path.iterdir()] == ["rates.parquet"]
