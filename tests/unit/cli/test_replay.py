"""`truecost replay`: what a user types, what comes back, and the exit codes."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest
from tests.unit.cli.conftest import REPLAY, Run


def test_the_answer_comes_first_and_the_page_is_80_columns_wide(run: Run, replay_file: Path) -> None:
    done = run("replay", replay_file)
    assert done.exit_code == 0, done.output
    lines = done.stdout.splitlines()
    assert lines[0] == "Small replay"
    assert max(map(len, lines)) <= 80
    order = [
        "100 requests get",
        "SLO: met",
        "What users see",
        "Where the time goes",
        "What it costs",
        "Assumed",
    ]
    assert [done.stdout.index(text) for text in order] == sorted(done.stdout.index(text) for text in order)


@pytest.mark.parametrize("width", [40, 60, 100])
def test_the_pages_keep_to_any_width(replay_file: Path, width: int) -> None:
    from truecost.catalog.catalog import load
    from truecost.replay import replay
    from truecost.replay.fleets import compared, read_fleets
    from truecost.replay.reading import read
    from truecost.report import replay_fleets_text, replay_text
    from truecost.report.layout import width_of

    told = compared(
        read(replay_file, load()), load(), read_fleets("1xh100,1xl4", load()), {"ttft_p99_s": 0.2}
    )
    for page in (
        replay_text.page(replay(replay_file).to_dict(), width),
        replay_fleets_text.page(told, "Fleets", width),
    ):
        assert max(map(width_of, page.plain().splitlines())) <= width


def test_json_has_the_names_of_the_spec_and_the_answer(run: Run, replay_file: Path) -> None:
    told = json.loads(run("replay", replay_file, "--json", "--set", "fleet.replicas=2").stdout)
    assert told["fleet"]["replicas"] == 2
    assert told["chips"] == 2
    assert told["ttft_p99_s_p5"] < told["ttft_p99_s"] < told["ttft_p99_s_p95"]


def test_a_limit_that_is_missed_exits_1_and_says_by_how_much(run: Run, replay_file: Path) -> None:
    done = run("replay", replay_file, "--slo", "tpot p99 < 1 us")
    assert done.exit_code == 1
    assert "1 of 2 limits met" in done.stdout
    assert "x the limit" in done.stdout
    assert run("replay", replay_file, "--slo", "ttfb p99 < 1 s").exit_code == 2


def test_a_model_that_does_not_fit_exits_1(run: Run, replay_file: Path) -> None:
    done = run("replay", replay_file, "--set", "model=llama-3.1-405b")
    assert done.exit_code == 1
    assert "does not fit" in done.stderr


def test_traffic_that_nothing_of_can_be_answered_exits_1(run: Run, replay_file: Path) -> None:
    done = run("replay", replay_file, "--set", "engine.max_model_len=100")
    assert done.exit_code == 1
    assert "None of 100 requests is answered" in done.stdout
    assert "unknown" not in done.stdout


def test_a_misspelt_field_exits_2_with_its_line(run: Run, replay_file: Path) -> None:
    replay_file.write_text(REPLAY.replace("price:", "prize:"), encoding="utf-8")
    done = run("replay", replay_file)
    assert done.exit_code == 2
    assert "replay.yaml:8: prize" in done.stderr
    assert "'price'" in done.stderr


def test_every_request_in_a_file(run: Run, replay_file: Path, tmp_path: Path) -> None:
    out = tmp_path / "requests.csv"
    assert run("replay", replay_file, "--requests", out).exit_code == 0
    rows = list(csv.DictReader(io.StringIO(out.read_text(encoding="utf-8"))))
    assert len(rows) == 100
    assert {row["state"] for row in rows} == {"served"}
    assert float(rows[3]["e2e_s"]) > float(rows[3]["ttft_s"]) > 0
    assert run("replay", replay_file, "--requests", tmp_path / "requests.parquet").exit_code == 0
    assert (tmp_path / "requests.parquet").stat().st_size > 100
    assert run("replay", replay_file, "--requests", tmp_path / "requests.txt").exit_code == 2


def test_a_sweep_appends_the_answer(run: Run, replay_file: Path, tmp_path: Path) -> None:
    cases = tmp_path / "cases.csv"
    cases.write_text("fleet.replicas,_id\n1,a\n2,b\n", encoding="utf-8")
    done = run("replay", replay_file, "--sweep", cases)
    rows = list(csv.DictReader(io.StringIO(done.stdout)))
    assert [row["_id"] for row in rows] == ["a", "b"]
    assert float(rows[1]["chip_hours"]) > 1.9 * float(rows[0]["chip_hours"])
    assert "2 cases" in done.stderr


def test_fleets_are_compared(run: Run, replay_file: Path) -> None:
    done = run("replay", replay_file, "--fleets", "1xh100,2xh100", "--slo", "ttft p99 < 60 s")
    assert done.exit_code == 0, done.output
    assert "the cheapest" in done.stdout
    none = run("replay", replay_file, "--fleets", "1xh100", "--slo", "ttft p99 < 1 ms", "--json")
    assert none.exit_code == 1
    assert json.loads(none.stdout)["closest"] == "1xh100-sxm"


def test_the_cheapest_fleet_is_searched(run: Run, replay_file: Path) -> None:
    done = run("replay", replay_file, "--search", "h100,l4", "--max-chips", "4", "--slo", "tpot p99 < 100 ms")
    assert done.exit_code == 0, done.output
    assert max(map(len, done.stdout.splitlines())) <= 80
    assert "the cheapest" in done.stdout
    none = run(
        "replay", replay_file, "--search", "h100", "--max-chips", "2", "--slo", "tpot p99 < 1 us", "--json"
    )
    assert none.exit_code == 1
    told = json.loads(none.stdout)
    assert told["closest"] is not None
    assert told["fleets"][0]["worst_over"] > 1


def test_levers_are_replayed(run: Run, replay_file: Path) -> None:
    done = run("replay", replay_file, "--levers", "--cached", "20%", "--slo", "tpot p99 < 100 ms")
    assert done.exit_code == 0, done.output
    lines = done.stdout.splitlines()
    assert max(map(len, lines)) <= 80
    assert "To repeat one by hand" in lines
    assert "What does not apply" in lines
    told = json.loads(run("replay", replay_file, "--levers", "--json").stdout)
    assert {"base", "levers", "slo"} <= set(told)
    assert run("replay", replay_file, "--levers", "--slo", "ttft p99 < 1 us").exit_code == 1


@pytest.mark.parametrize(
    "options",
    [
        ["--max-chips", "4"],
        ["--fleets", "1xh100", "--terms", "spot"],
        ["--search", "h100", "--smaller", "llama-3.1-8b:0.3"],
        ["--cached", "0.3"],
        ["--search", ""],
        ["--levers", "--search", "h100"],
        ["--levers", "--smaller", ""],
        ["--fleets", "1xh100", "--sweep", "x.csv"],
        ["--out", "x.csv"],
        ["--sweep", "x.csv", "--json"],
        ["--sweep", "x.csv", "--slo", "ttft p99 < 1 s"],
    ],
)
def test_options_that_say_different_things_are_refused(
    run: Run, replay_file: Path, options: list[str]
) -> None:
    assert run("replay", replay_file, *options).exit_code == 2


def test_the_schema_of_a_replay(run: Run) -> None:
    assert "traffic" in json.loads(run("schema", "replay").stdout)["properties"]
