"""The README and every page of docs/ run: Python blocks are executed, `$ truecost ...` lines must exit 0."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner

from truecost.cli import main

ROOT = Path(__file__).parent.parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)


def blocks(language: str) -> list[tuple[str, str]]:
    """(page, text) of every fenced block in a language."""
    return [
        (page.name, text)
        for page in PAGES
        for kind, text in BLOCK.findall(page.read_text(encoding="utf-8"))
        if kind == language
    ]


def commands() -> list[str]:
    """Every `truecost` command in the console blocks."""
    lines = [line for _, text in blocks("console") for line in text.splitlines()]
    return list(dict.fromkeys(line[2:] for line in lines if line.startswith("$ truecost")))


@pytest.mark.parametrize(("page", "text"), blocks("python"))
def test_python_blocks_run(page: str, text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    exec(compile(text, page, "exec"), {"__name__": page})  # noqa: S102


@pytest.mark.parametrize("command", commands())
def test_commands_exit_0(command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    monkeypatch.chdir(tmp_path)
    words = shlex.split(command.split("#")[0])
    target: str | None = None
    if ">" in words:
        at = words.index(">")
        words, target = words[:at], words[at + 1]
    result = CliRunner().invoke(main, words[1:])
    assert result.exit_code == 0, result.output
    if target is not None:
        (tmp_path / target).write_text(result.stdout, encoding="utf-8")


def test_there_is_something_to_run() -> None:
    assert len(commands()) >= 8
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
    result = truecost.plan(ROOT / "examples" / "startup-on-apis.yaml", draws=64).to_dict()
    missing = [key for key in result if f"`{key}`" not in page]
    assert not missing
