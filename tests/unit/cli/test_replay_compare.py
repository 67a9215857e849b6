"""`truecost replay --compare`: the same traffic each way, and its exit codes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.unit.cli.conftest import REPLAY, Run

from truecost.report.layout import width_of


def test_three_ways_in_usd_a_month(run: Run, replay_file: Path) -> None:
    done = run("replay", replay_file, "--compare", "api,self-host,hybrid")
    assert done.exit_code == 0, done.output
    assert max(map(len, done.stdout.splitlines())) <= 80
    order = [
        "The API costs",
        "A month, each way",
        "What it is made of",
        "Break-even",
        "What it rests on",
        "Assumed",
    ]
    assert [done.stdout.index(text) for text in order] == sorted(done.stdout.index(text) for text in order)
    told = json.loads(run("replay", replay_file, "--compare", "hybrid,api", "--json").stdout)
    assert [row["way"] for row in told["ways"]] == ["api", "hybrid"]
    assert told["break_even"] is None


@pytest.mark.parametrize("width", [40, 60, 100])
def test_the_page_keeps_to_any_width(replay_file: Path, width: int) -> None:
    from truecost.catalog.catalog import load
    from truecost.replay.reading import read
    from truecost.replay.ways.compared import WAYS, compared_ways
    from truecost.report.replay_ways_text import page

    told = compared_ways(read(replay_file, load()), load(), WAYS, {})
    for line in page(told, width).lines:
        assert width_of("".join(span.text for span in line).rstrip()) <= width


def test_a_fleet_that_misses_the_slo_alone_is_no_answer(run: Run, replay_file: Path) -> None:
    done = run("replay", replay_file, "--compare", "self-host", "--slo", "ttft p99 < 1 ms")
    assert done.exit_code == 1
    assert "does not keep the SLO" in " ".join(done.stdout.split())


def test_a_term_of_the_api_without_effect_exits_2_with_its_line(run: Run, replay_file: Path) -> None:
    replay_file.write_text(REPLAY + "api: {model: gpt-4.1-mini, cached_input: trace}\n", encoding="utf-8")
    done = run("replay", replay_file)
    assert done.exit_code == 2
    assert f"{replay_file}:9" in done.stderr
    assert "api.cached_input" in done.stderr


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--compare", "api,selfhost"], "did you mean 'self-host'"),
        (["--compare", "api", "--fleets", "1xh100"], "two questions"),
        (["--compare", "api", "--requests", "x.csv"], "two questions"),
        (["--compare", "api", "--set", "api.model=gpt-9"], "api.model"),
    ],
)
def test_what_is_not_understood_exits_2(run: Run, replay_file: Path, options: list[str], said: str) -> None:
    done = run("replay", replay_file, *options)
    assert done.exit_code == 2
    assert said in done.stderr


def test_a_sweep_refuses_what_only_a_comparison_uses(run: Run, replay_file: Path, tmp_path: Path) -> None:
    cases = tmp_path / "cases.csv"
    cases.write_text("fleet.replicas,api.batch_share\n1,0.5\n", encoding="utf-8")
    done = run("replay", replay_file, "--sweep", cases)
    assert done.exit_code == 2
    assert "ask --compare" in done.stderr
