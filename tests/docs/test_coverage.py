"""docs/coverage.md: no empty cell, no dead command, no test that is not there, no page out of date."""

from __future__ import annotations

import importlib.util
import os
import sys
from pathlib import Path
from types import ModuleType

import pytest
from click.testing import CliRunner
from tests.docs.running import made_short

from truecost.cli import main

ROOT = Path(__file__).parent.parent.parent


def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("coverage_table", ROOT / "scripts" / "coverage_table.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


TABLE = script()
ROWS = TABLE.read((ROOT / "docs" / "coverage.yaml").read_text(encoding="utf-8"))
COMMANDS = list(dict.fromkeys(row.command for row in ROWS))
ROW = {"what": "A", "command": "truecost glossary", "test": "tests/docs/test_docs.py::test_x"}


def text_of(*rows: dict[str, object]) -> str:
    import yaml

    return yaml.safe_dump({"Area": list(rows)})


def test_the_page_is_current() -> None:
    page = (ROOT / "docs" / "coverage.md").read_text(encoding="utf-8")
    assert page == TABLE.page(), "run: python scripts/coverage_table.py"


def test_every_test_is_there() -> None:
    assert TABLE.missing_tests(ROWS) == []
    assert len(ROWS) >= 60


def test_every_verb_is_shown() -> None:
    from truecost.cli import VERBS

    shown = {row.arguments[0] for row in ROWS}
    assert set(VERBS) <= shown, f"no row shows {set(VERBS) - shown}"


@pytest.mark.parametrize("command", COMMANDS)
def test_the_command_runs(command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    os.symlink(ROOT / "examples", tmp_path / "examples")
    monkeypatch.chdir(tmp_path)
    words = next(row.arguments for row in ROWS if row.command == command)
    result = CliRunner().invoke(main, made_short(words))
    assert result.exit_code == 0, f"{command}\n{result.output}"
    assert result.stdout.strip(), f"{command} prints nothing"


@pytest.mark.parametrize("cell", ["what", "command", "test"])
def test_an_empty_cell_is_refused(cell: str) -> None:
    for empty in ({**ROW, cell: " "}, {name: text for name, text in ROW.items() if name != cell}):
        with pytest.raises(ValueError, match=f"no {cell}"):
            TABLE.read(text_of(empty))


def test_what_is_no_row_is_refused() -> None:
    with pytest.raises(ValueError, match="told twice: A"):
        TABLE.read(text_of(ROW, ROW))
    with pytest.raises(ValueError, match="unknown cell note"):
        TABLE.read(text_of({**ROW, "note": "x"}))
    with pytest.raises(ValueError, match="begins with truecost"):
        TABLE.read(text_of({**ROW, "command": "make demo"}))


def test_a_test_that_does_not_exist_is_found() -> None:
    nowhere = TABLE.read(text_of({**ROW, "test": "tests/docs/test_docs.py::test_nothing"}))
    no_file = TABLE.read(text_of({**ROW, "test": "tests/docs/nowhere.py::test_the_page_is_current"}))
    here = TABLE.read(text_of({**ROW, "test": "tests/docs/test_coverage.py::test_the_page_is_current"}))
    assert TABLE.missing_tests(nowhere) == ["tests/docs/test_docs.py::test_nothing"]
    assert len(TABLE.missing_tests(no_file)) == 1
    assert TABLE.missing_tests(here) == []
