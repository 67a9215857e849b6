"""`truecost glossary`: a list and one term, for a reader and for a program; every command it names runs."""

from __future__ import annotations

import json
import os
import shlex
from pathlib import Path

import pytest
from tests.unit.cli.conftest import Run

from truecost.catalog.glossary import load_glossary

ROOT = Path(__file__).parent.parent.parent.parent
SAMPLED = {"plan", "advise", "quick", "explain"}
COMMANDS = sorted({term.command for term in load_glossary().terms.values()})


def test_the_list_has_every_term_within_80_columns(run: Run) -> None:
    found = run("glossary")
    assert found.exit_code == 0
    lines = found.stdout.splitlines()
    for term in load_glossary().terms:
        assert any(line.startswith(f"  {term} ") for line in lines), term
    assert max(map(len, lines)) <= 80


@pytest.mark.parametrize("term", load_glossary().terms)
def test_one_term_has_every_part_within_80_columns(term: str, run: Run) -> None:
    found = run("glossary", term)
    assert found.exit_code == 0, found.output
    for part in ("formula:", "unit:", "For example", "in use: truecost", "see also:"):
        assert part in found.stdout
    assert max(map(len, found.stdout.splitlines())) <= 80


def test_several_words_are_one_term(run: Run) -> None:
    assert run("glossary", "KV", "cache").stdout == run("glossary", "kv-cache").stdout


def test_json_of_one_and_of_all(run: Run) -> None:
    every = json.loads(run("glossary", "--json").stdout)
    one = json.loads(run("glossary", "MFU", "--json").stdout)
    assert one == next(each for each in every if each["term"] == "MFU")
    assert set(one) == {
        *("term", "area", "aliases", "definition", "formula", "unit"),
        *("example", "missing", "command", "see_also"),
    }
    assert set(one["example"]) == {"subject", "value", "unit", "calculation", "law", "given", "facts"}
    assert all(fact["source"] and fact["checked"] for fact in one["example"]["facts"])


def test_an_unknown_term_names_the_nearest_and_exits_2(run: Run) -> None:
    found = run("glossary", "lorra")
    assert found.exit_code == 2
    assert not found.stdout
    assert "nearest: LoRA" in found.stderr


@pytest.mark.parametrize("words", [("--as-of", "yesterday"), ("--catalog", "nowhere.yaml"), ("", "")])
def test_bad_calls_exit_2(words: tuple[str, ...], run: Run) -> None:
    assert run("glossary", *words).exit_code == 2


def test_a_day_without_prices_is_said(run: Run) -> None:
    found = run("glossary", "Mtok price", "--as-of", "2020-01-01")
    assert found.exit_code == 0
    assert "no figure today" in found.stdout


@pytest.mark.parametrize("command", COMMANDS)
def test_the_command_of_a_term_runs(
    command: str, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    os.symlink(ROOT / "examples", tmp_path / "examples")
    monkeypatch.chdir(tmp_path)
    words = shlex.split(command)[1:]
    found = run(*words, *(("--draws", 16) if words[0] in SAMPLED else ()))
    assert found.exit_code == 0, f"{command}\n{found.output}"
    assert found.stdout.strip(), command
