"""The README and every page of docs/ run: Python blocks are executed, `$ truecost ...` lines must exit 0."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner
from tests.docs.running import made_short

from truecost.cli import main

ROOT = Path(__file__).parent.parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
REPEATED = {"plan", "advise", "compare", "catalog", "claims", "pulse", "train", "replay", "price"}
"""Verbs that say the same on every page when all they name are examples."""
OF_FILES = {".yaml", ".json", ".jsonl", ".csv", ".parquet", ".html", ".txt"}
ran: set[tuple[str, ...]] = set()
"""Their commands that exited 0 on an earlier page."""
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)


def blocks(language: str) -> list[tuple[str, str]]:
    """(page, text) of every fenced block in a language."""
    return [
        (page.name, text)
        for page in PAGES
        for kind, text in BLOCK.findall(page.read_text(encoding="utf-8"))
        if kind == language
    ]


def commands() -> dict[str, list[str]]:
    """The `truecost` commands of each page, in order."""
    found: dict[str, list[str]] = {}
    for page, text in blocks("console"):
        found.setdefault(page, []).extend(
            line[2:] for line in text.splitlines() if line.startswith("$ truecost")
        )
    return found


def is_again(words: list[str]) -> bool:
    """Whether a command ran on an earlier page, and has no file but examples to read or write."""
    named = [word for word in words if Path(word).suffix in OF_FILES and not word.startswith("examples/")]
    return tuple(words) in ran and words[0] in REPEATED and not named


@pytest.mark.parametrize(("page", "text"), blocks("python"))
def test_python_blocks_run(page: str, text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    exec(compile(text, page, "exec"), {"__name__": page})


@pytest.mark.parametrize("page", commands())
def test_the_commands_of_a_page_exit_0(page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    monkeypatch.chdir(tmp_path)
    for command in commands()[page]:
        words = shlex.split(command.split("#")[0])
        target = words[words.index(">") + 1] if ">" in words else None
        words = words[1 : words.index(">")] if target else words[1:]
        if is_again(words) and target is None:
            continue
        result = CliRunner().invoke(main, made_short(words))
        assert result.exit_code == 0, f"{command}\n{result.output}"
        if target is not None:
            Path(target).write_text(result.stdout, encoding="utf-8")
        ran.add(tuple(words))


def test_there_is_something_to_run() -> None:
    assert sum(map(len, commands().values())) >= 15
    assert blocks("python")


def test_the_field_reference_is_current() -> None:
    import importlib.util

    spec = importlib.util.spec_from_file_location("plan_reference", ROOT / "scripts" / "plan_reference.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    page = (ROOT / "docs" / "plan-fields.md").read_text(encoding="utf-8")
    assert page == module.reference(), "run: python scripts/plan_reference.py"


def test_every_key_of_the_result_is_documented() -> None:
    import truecost

    page = (ROOT / "docs" / "result.md").read_text(encoding="utf-8")
    result = truecost.plan(ROOT / "examples" / "startup-on-apis.yaml", draws=16).to_dict()
    missing = [key for key in result if f"`{key}`" not in page]
    assert not missing
