"""`truecost trace`: what a user types, what comes back, and the exit codes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.unit.cli.conftest import Run
from tests.unit.replay.traces.files import FILES, case

from truecost.report.layout import width_of


@pytest.mark.parametrize("name", FILES)
def test_the_page_of_every_dialect_is_80_columns_wide(run: Run, name: str, tmp_path: Path) -> None:
    done = run("trace", "info", case(tmp_path, name))
    assert done.exit_code == 0, done.output
    assert max(map(width_of, done.stdout.splitlines())) <= 80
    assert f"Read as {FILES[name][2]}." in done.stdout


@pytest.mark.parametrize("width", [40, 60, 100])
def test_the_pages_keep_to_any_width(width: int) -> None:
    from truecost.replay.traces import describe, likeness, read_trace
    from truecost.report.trace_text import info_page, likeness_page

    info = describe(read_trace("mooncake-conversation"))
    told = info.to_dict()
    for page in (info_page(told, width), likeness_page(told, likeness(info, info).to_dict(), width)):
        assert max(map(width_of, page.plain().splitlines())) <= width


def test_the_finding_comes_first(run: Run) -> None:
    done = run("trace", "info", "azure-conv-2023")
    assert done.stdout.splitlines()[0] == "azure-conv-2023: 19,366 requests in 58.4 min, 5.53 a second"
    assert "variation of the gaps         1.09" in done.stdout


def test_info_as_json_has_units_in_its_keys(run: Run) -> None:
    told = json.loads(run("trace", "info", "mooncake-conversation", "--json").stdout)
    assert told["requests"] == 12_031
    assert told["ideal_block_hit_fraction"] == pytest.approx(0.366, abs=0.001)
    assert told["input_tokens"]["p50"] == 6909
    assert told["block_tokens"] == 512


def test_list_names_traces_licences_and_dialects(run: Run) -> None:
    done = run("trace", "list")
    assert max(map(width_of, done.stdout.splitlines())) <= 80
    for word in ("azure-conv-2023", "CC-BY-4.0", "Splitwise", "qwen-bailian", "burstgpt"):
        assert word in done.stdout
    told = json.loads(run("trace", "list", "--json").stdout)
    assert [one["requests"] for one in told["traces"]] == [19_366, 8_819, 12_031]


def test_synth_says_how_like_it_is(run: Run, tmp_path: Path) -> None:
    out = tmp_path / "big.parquet"
    done = run("trace", "synth", "--like", "azure-code-2023", "--rate", "3x", "--days", "0.5", "-o", out)
    assert done.exit_code == 0, done.output
    assert max(map(width_of, done.stdout.splitlines())) <= 80
    assert "quantiles of the lengths within" in " ".join(done.stdout.split())
    again = run("trace", "info", out, "--json")
    assert json.loads(again.stdout)["requests_per_s"] == pytest.approx(3 * 8818 / 3435.948, rel=0.05)
    told = json.loads(
        run("trace", "synth", "--like", out, "--rate", "2/s", "--days", "0.1", "-o", out.with_suffix(".csv"),
            "--json").stdout
    )  # fmt: skip
    assert told["likeness"]["worst_quantile_error"] < 0.1


def test_convert_writes_what_info_reads(run: Run, tmp_path: Path) -> None:
    out = tmp_path / "own.jsonl"
    done = run("trace", "convert", case(tmp_path, "bailian"), "-o", out)
    assert done.exit_code == 0
    assert done.stdout == "qwen: 4 requests, read as qwen-bailian\n"
    assert json.loads(out.read_text().splitlines()[2])["session_id"] == 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["info", "azure-conv-2032"], "azure-conv-2023"),
        (["info", "."], "this is a directory"),
        (["convert", "azure-conv-2023", "-o", "x.xlsx"], "x.parquet"),
        (["convert", "azure-conv-2023", "-o", "-"], "written to a file"),
        (["convert", "azure-conv-2023", "-o", "nowhere/x.csv"], "there is no directory"),
        (
            ["synth", "--like", "azure-conv-2023", "--rate", "fast", "--days", "1", "-o", "x.csv"],
            "such as 3x",
        ),
        (["synth", "--like", "azure-conv-2023", "--rate", "0x", "--days", "1", "-o", "x.csv"], "not above 0"),
        (["synth", "--like", "azure-conv-2023", "--rate", "3x", "--days", "-1", "-o", "x.csv"], "days: -1"),
        (["synth", "--like", "lengths.json", "--rate", "3x", "--days", "1", "-o", "x.csv"], "has no times"),
    ],
)
def test_what_is_wrong_exits_2_and_leaves_nothing(
    run: Run, words: list[str], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    case(tmp_path, "lengths")
    monkeypatch.chdir(tmp_path)
    done = run("trace", *words)
    assert done.exit_code == 2
    assert said in done.stderr
    assert not list(tmp_path.glob("x*"))


def test_a_file_does_not_overwrite_what_it_is_made_of(run: Run, tmp_path: Path) -> None:
    path = case(tmp_path, "azure")
    done = run("trace", "convert", path, "-o", path)
    assert done.exit_code == 2
    assert "the input" in done.stderr
