"""What users see, kept word for word: the statement of examples, the ten lines, a tree.

`TRUECOST_UPDATE_GOLDEN=1 pytest tests/golden` writes the files anew; read the difference before keeping it.
Numbers may move by a hundredth (another processor rounds the last digit otherwise); words and order may not.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from truecost.cli import main

HERE = Path(__file__).parent
EXAMPLES = HERE.parents[1] / "examples"
DRAWS = ("--draws", "1024", "--seed", "1")
QUICK = ("quick", "--users", "2000", "--queries", "15", "--model", "gpt-4.1-mini", "--price", "20")
COMMANDS: dict[str, tuple[str, ...]] = {
    "consumer-assistant": ("plan", "consumer-assistant.yaml", *DRAWS),
    "startup-on-apis": ("plan", "startup-on-apis.yaml", *DRAWS),
    "deepseek-v3": ("plan", "deepseek-v3.yaml", *DRAWS),
    "quick": (*QUICK, "--as-of", "2026-11-01", *DRAWS),
    "explain": ("explain", "startup-on-apis.yaml", "unit_costs.usd_per_query", "--depth", "3", *DRAWS),
}
NUMBER = re.compile(r"\d[\d,]*\.?\d*(?:e\d+)?")
BARS = re.compile(r"[█▒]+")
TOLERANCE = 0.01


def words_of(text: str) -> list[str]:
    """The text without its numbers and bars."""
    return NUMBER.sub("#", BARS.sub("", text)).split()


def numbers_of(text: str) -> list[float]:
    return [float(number.replace(",", "")) for number in NUMBER.findall(text)]


@pytest.mark.parametrize("name", list(COMMANDS))
def test_the_text_is_as_kept(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(EXAMPLES)
    result = CliRunner().invoke(main, list(COMMANDS[name]), prog_name="truecost")
    assert result.exit_code == 0, result.stderr
    kept = HERE / f"{name}.txt"
    if os.environ.get("TRUECOST_UPDATE_GOLDEN"):
        kept.write_text(result.stdout, encoding="utf-8")
    expected = kept.read_text(encoding="utf-8")
    if result.stdout != expected:
        assert words_of(result.stdout) == words_of(expected)
        assert numbers_of(result.stdout) == pytest.approx(numbers_of(expected), rel=TOLERANCE)


def test_kept_texts_fit_80_columns() -> None:
    for name in COMMANDS:
        lines = (HERE / f"{name}.txt").read_text(encoding="utf-8").split("\n")
        assert max(len(line) for line in lines) <= 80
