"""Writes docs/coverage.md from docs/coverage.yaml: `python scripts/coverage_table.py`."""

from __future__ import annotations

import ast
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import yaml

ROOT = Path(__file__).parent.parent
SOURCE = ROOT / "docs" / "coverage.yaml"
TARGET = ROOT / "docs" / "coverage.md"
PROGRAM = "truecost"
CELLS = ("what", "command", "test")
HEAD = """# What is covered

Written by `python scripts/coverage_table.py` from [coverage.yaml](coverage.yaml). Each line is a mechanism
or a statement of the field, the command that shows it, and the test that holds it. A test runs every command,
finds every test, and fails on an empty cell or on a page that is out of date.
"""


@dataclass(frozen=True, slots=True)
class Row:
    """One mechanism or statement: the command that shows it and the test that holds it."""

    area: str
    what: str
    command: str
    test: str

    @property
    def arguments(self) -> list[str]:
        """The words of the command after the program's name."""
        return shlex.split(self.command)[1:]


def read(text: str) -> list[Row]:
    """The rows of the data file. Raises ValueError for an empty cell, an unknown one, or a row told twice."""
    areas = cast("Mapping[str, list[Mapping[str, Any]]]", yaml.safe_load(text))
    rows = [_row(area, cells) for area, listed in areas.items() for cells in listed]
    told = [row.what for row in rows]
    if twice := {what for what in told if told.count(what) > 1}:
        raise ValueError(f"told twice: {', '.join(sorted(twice))}")
    return rows


def _row(area: str, cells: Mapping[str, Any]) -> Row:
    found = {name: str(cells.get(name) or "").strip() for name in CELLS}
    if empty := [name for name, text in found.items() if not text]:
        raise ValueError(f"{area}: {found['what'] or cells}: no {', '.join(empty)}")
    if unknown := set(cells) - set(CELLS):
        raise ValueError(f"{area}: {found['what']}: unknown cell {sorted(unknown)[0]}")
    if found["command"].split()[0] != PROGRAM:
        raise ValueError(f"{area}: {found['what']}: a command begins with {PROGRAM}")
    return Row(area, **found)


def missing_tests(rows: list[Row], root: Path = ROOT) -> list[str]:
    """The tests that are named and not there."""
    known: dict[str, set[str]] = {}
    missing: list[str] = []
    for row in rows:
        file, _, name = row.test.partition("::")
        if file not in known:
            path = root / file
            known[file] = _functions(path) if path.is_file() else set()
        if name not in known[file]:
            missing.append(row.test)
    return missing


def _functions(path: Path) -> set[str]:
    body = ast.parse(path.read_text(encoding="utf-8")).body
    return {node.name for node in body if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")}


def table(rows: list[Row]) -> Iterator[str]:
    """The page's tables, one an area."""
    for area in dict.fromkeys(row.area for row in rows):
        yield f"\n## {area}\n"
        yield "| what | command | test |\n|---|---|---|"
        for row in rows:
            if row.area == area:
                file, _, name = row.test.partition("::")
                yield f"| {_cell(row.what)} | `{_cell(row.command)}` | [{name}](../{file}) |"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def page() -> str:
    """The whole page."""
    return HEAD + "\n".join(table(read(SOURCE.read_text(encoding="utf-8")))) + "\n"


if __name__ == "__main__":
    TARGET.write_text(page(), encoding="utf-8")
    print(f"wrote {TARGET.name}")
