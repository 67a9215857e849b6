"""`truecost trends` as a user meets it."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from tests.unit.cli.conftest import Run

NAMES = ("training-cost", "token-price", "gpu-hour", "price-performance")
AT = ("--as-of", "2026-11-22")
DOCS = Path(__file__).parent.parent.parent.parent / "docs" / "trends.md"


@pytest.mark.parametrize("name", NAMES)
def test_text_and_json(run: Run, name: str) -> None:
    text = run("trends", name, *AT)
    assert text.exit_code == 0, text.output
    assert "random walk" in text.stdout
    told = json.loads(run("trends", name, *AT, "--json").stdout)
    assert told["trend"] == name
    assert told["as_of"] == "2026-11-22"
    assert told["fits"]


@pytest.mark.parametrize("name", NAMES)
def test_every_key_is_documented(run: Run, name: str) -> None:
    page = DOCS.read_text(encoding="utf-8")
    told = json.loads(run("trends", name, *AT, "--json").stdout)
    keys = {*told, *(key for fit in told["fits"] for key in fit)}
    keys |= {key for fit in told["fits"] for row in fit["backtest"]["scores"][:1] for key in row}
    missing = sorted(key for key in keys if f"`{key}`" not in page)
    assert not missing


def test_until_moves_the_last_year(run: Run) -> None:
    told = json.loads(run("trends", "gpu-hour", *AT, "--until", 2028, "--json").stdout)
    assert told["fits"][0]["forecast"][-1]["on"] == "2028-12-31"
    refused = run("trends", "gpu-hour", *AT, "--until", 2025)
    assert refused.exit_code == 2
    assert "before the year of 2026-11-22" in refused.stderr


def test_html_is_written(run: Run, tmp_path: Path) -> None:
    target = tmp_path / "page.html"
    assert run("trends", "token-price", *AT, "--html", target).exit_code == 0
    assert (
        target.read_text(encoding="utf-8").startswith("\n<!doctype html>")
        or "<!doctype html>" in target.read_text()
    )


def test_an_unknown_trend_names_the_nearest(run: Run) -> None:
    refused = run("trends", "gpu-hours")
    assert refused.exit_code == 2
    assert re.search(r"unknown trend 'gpu-hours'; nearest: gpu-hour", refused.stderr)
    assert "training-cost" in refused.stderr


def test_too_little_known_is_an_error_that_says_so(run: Run) -> None:
    refused = run("trends", "token-price", "--as-of", "2023-06-01")
    assert refused.exit_code == 2
    assert "cannot be fitted to what was known on 2023-06-01" in refused.stderr


def test_help_names_the_trends(run: Run) -> None:
    text = run("trends", "--help").stdout
    for name in NAMES:
        assert name in text


def test_the_names_are_those_of_the_trends() -> None:
    from truecost.cli import trends
    from truecost.evidence.trends import TRENDS

    assert tuple(TRENDS) == trends.NAMES


def test_without_a_name_the_finding_of_each(run: Run) -> None:
    told = run("trends", *AT)
    assert told.exit_code == 0
    assert all(name in told.stdout for name in NAMES)
    assert "counted as rent" in " ".join(told.stdout.split())
    refused = run("trends", *AT, "--json")
    assert refused.exit_code == 2
    assert "price-performance" in refused.stderr
