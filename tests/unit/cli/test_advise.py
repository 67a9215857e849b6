"""`truecost advise`: a page for a reader, JSON for a program, exit codes as everywhere."""

from __future__ import annotations

import json
from pathlib import Path

from click.testing import CliRunner

from truecost.cli import main

EXAMPLE = "examples/startup-on-apis.yaml"


def run(*words: str, text: str | None = None) -> tuple[int, str, str]:
    result = CliRunner().invoke(main, ["advise", *words], input=text)
    return result.exit_code, result.stdout, result.stderr


def test_a_page_by_default() -> None:
    code, out, _ = run(EXAMPLE, "--draws", "64")
    assert code == 0
    assert "The best combination" in out
    assert len(out.splitlines()) <= 40


def test_json_is_the_whole_advice() -> None:
    code, out, _ = run(EXAMPLE, "--draws", "64", "--json")
    assert code == 0
    found = json.loads(out)
    assert {"levers", "not_applicable", "combination"} <= set(found)


def test_overrides_stdin_and_all() -> None:
    text = Path(EXAMPLE).read_text(encoding="utf-8")
    waiting = ("--set", "demand.requests.draft.latency=batch")
    code, out, _ = run("-", "--draws", "64", "--all", *waiting, text=text)
    assert code == 0
    assert "already in the plan (latency: batch)" in " ".join(out.split())


def test_a_bad_plan_is_not_understood() -> None:
    code, out, err = run(EXAMPLE, "--set", "serving.draft.api.model=gpt-nine")
    assert code == 2
    assert not out
    assert "gpt-nine" in err


def test_a_file_that_is_not_there() -> None:
    assert run("nowhere.yaml")[0] == 2


def test_fewer_draws_than_4096_by_default() -> None:
    assert "1024" in CliRunner().invoke(main, ["advise", "--help"]).output
