"""`truecost compare`: a page for a reader, JSON for a program, exit codes as everywhere."""

from __future__ import annotations

import json
from pathlib import Path

import yaml
from click.testing import CliRunner, Result
from tests.unit.plan.specs import product

from truecost.cli import main


def files(folder: Path, **changes: object) -> list[str]:
    """Two plan files that differ by some changes."""
    paths = [folder / "one.yaml", folder / "other.yaml"]
    paths[0].write_text(yaml.safe_dump(product()), encoding="utf-8")
    paths[1].write_text(yaml.safe_dump(product(**changes)), encoding="utf-8")
    return [str(path) for path in paths]


def run(*words: str) -> Result:
    return CliRunner().invoke(main, ["compare", *words, "--draws", "64"])


def test_a_page_says_which_leaves_more_and_why(tmp_path: Path) -> None:
    found = run(*files(tmp_path, demand__tiers__pro__price_usd_per_month=30))
    assert found.exit_code == 0
    text = " ".join(found.stdout.split())
    assert "B leaves" in text
    assert "100 % of the draws" in text
    assert "demand.tiers.pro.price_usd_per_month" in text.replace("_ ", "_").replace(". ", ".")
    assert max(map(len, found.stdout.splitlines())) <= 80


def test_a_plan_against_itself(tmp_path: Path) -> None:
    found = run(*files(tmp_path))
    assert found.exit_code == 0
    assert "nothing differs" in found.stdout


def test_json_has_every_part(tmp_path: Path) -> None:
    found = run(*files(tmp_path, horizon_months=6), "--json")
    told = json.loads(found.stdout)
    assert set(told) >= {"first", "second", "difference", "lines", "inputs", "together_usd"}
    assert told["inputs"][0]["path"] == "horizon_months"
    assert told["inputs"][0]["set"] == "horizon_months=6"


def test_bad_input_is_said_of_the_file_it_is_in(tmp_path: Path) -> None:
    one, other = files(tmp_path, serving__chat__api__model="gpt-nine")
    found = run(one, other)
    assert found.exit_code == 2
    assert not found.stdout
    assert "other.yaml" in found.stderr
    assert run(one, str(tmp_path / "nowhere.yaml")).exit_code == 2


def test_stdin_is_one_plan() -> None:
    found = run("-", "-")
    assert found.exit_code == 2
    assert "only one of the two" in found.stderr
