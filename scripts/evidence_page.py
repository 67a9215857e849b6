"""Writes what the commands of docs/evidence.md print into it: `python scripts/evidence_page.py`.

A console block with one command and a text block behind it belong together; the text is replaced.
"""

from __future__ import annotations

import re
import shlex
from pathlib import Path

from click.testing import CliRunner

from truecost.cli import main

PAGE = Path(__file__).parent.parent / "docs" / "evidence.md"
PAIR = re.compile(r"(```console\n\$ truecost ([^\n]+)\n```\n\n```text\n)(.*?)(\n```)", re.DOTALL)


def page(text: str) -> str:
    """The page with every output as the command beside it prints it now."""
    return PAIR.sub(lambda found: f"{found[1]}{printed(found[2])}{found[4]}", text)


def printed(command: str) -> str:
    """What a command of the program prints on 80 columns."""
    result = CliRunner().invoke(main, shlex.split(command))
    if result.exit_code:
        raise SystemExit(f"truecost {command} exits {result.exit_code}: {result.stderr}")
    return result.stdout.rstrip("\n")


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
