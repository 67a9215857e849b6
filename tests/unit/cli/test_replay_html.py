"""`truecost replay --html`: the page of every question, beside what is printed, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.unit.cli.conftest import Run

SPEC = """\
name: Small replay
as_of: 2026-11-22
model: llama-3.1-8b
fleet: {accelerator: h100-sxm}
traffic:
  synthetic: {requests: 100, input_tokens: 512, output_tokens: 64, arrival: {rate_per_s: 4}}
slo: {ttft_p99_s: 100}
price: {usd_per_chip_hour: 2}
"""
QUESTIONS = {
    "one": ((), 'id="latencies"'),
    "fleets": (("--fleets", "1xh100,1xb200"), 'id="frontier"'),
    "search": (("--search", "h100,b200", "--max-chips", "2"), 'id="fleets"'),
    "compare": (("--compare", "api,self-host"), 'id="break-even"'),
    "levers": (("--levers",), 'id="levers"'),
}


@pytest.fixture
def spec_file(tmp_path: Path) -> Path:
    path = tmp_path / "replay.yaml"
    path.write_text(SPEC, encoding="utf-8")
    return path


@pytest.mark.parametrize("question", QUESTIONS)
def test_every_question_has_its_page(run: Run, spec_file: Path, tmp_path: Path, question: str) -> None:
    options, mark = QUESTIONS[question]
    page = tmp_path / "out.html"
    done = run("replay", spec_file, *options, "--html", page)
    assert done.exit_code == 0, done.output
    assert "Small replay" in done.stdout
    text = page.read_text(encoding="utf-8")
    assert mark in text
    assert "model: llama-3.1-8b" in text
    assert "<script" not in text


def test_the_page_goes_to_stdout_alone_and_beside_json(run: Run, spec_file: Path, tmp_path: Path) -> None:
    done = run("replay", spec_file, "--html", "-", "--set", "slo.ttft_p99_s=50")
    assert done.stdout.lstrip().startswith("<!doctype html>")
    assert "--set slo.ttft_p99_s=50" in done.stdout
    both = run("replay", spec_file, "--html", tmp_path / "out.html", "--json")
    assert both.stdout.startswith("{")
    clash = run("replay", spec_file, "--html", "-", "--json")
    assert clash.exit_code == 2
    assert "both write to stdout" in clash.output


def test_a_missed_slo_has_a_page_and_exits_1(run: Run, spec_file: Path, tmp_path: Path) -> None:
    page = tmp_path / "out.html"
    done = run("replay", spec_file, "--slo", "e2e p99 < 1 ms", "--html", page)
    assert done.exit_code == 1
    assert "The SLO is missed, E2E p99" in page.read_text(encoding="utf-8")


def test_what_cannot_be_drawn_or_written_is_refused_first(run: Run, spec_file: Path, tmp_path: Path) -> None:
    cases = tmp_path / "cases.csv"
    cases.write_text("fleet.replicas\n1\n", encoding="utf-8")
    for options, said in (
        (("--sweep", cases, "--html", tmp_path / "out.html"), "a sweep is a table"),
        (("--html", tmp_path / "no" / "out.html"), "there is no directory"),
        (("--html", spec_file), "that is the input as well"),
        (("--levers", "--html", tmp_path), "this is a directory"),
    ):
        done = run("replay", spec_file, *options)
        assert done.exit_code == 2, options
        assert said in done.output
