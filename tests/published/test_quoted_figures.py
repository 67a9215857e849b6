"""The figures of the README are those the commands beside them compute."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest
from click.testing import CliRunner

from truecost.cli import main

ROOT = Path(__file__).parent.parent.parent


@cache
def printed(command: str) -> str:
    """What a command of the program prints."""
    result = CliRunner().invoke(main, command.split())
    assert result.exit_code == 0, result.output
    return result.stdout


QUOTED = [
    (
        "18.7 % mean error, 13.2 % median, 39.9 % at P90, bias +3.0 %; the 90 % range covers 88 %",
        "evidence serving",
        r"models left out +1,472 +18\.7 +13\.2 +39\.9 +\+3\.0 +88 %",
    ),
    (
        "36.1 % for the best constant share of the roofline, 223 % for a constant utilization",
        "evidence serving",
        r"share of the roofline +1,472 +36\.1(.|\n)*constant utilization +1,472 +223\.[0-9]",
    ),
    (
        "14.5 % mean error, bias -7.2 %; covers 97 %",
        "evidence serving",
        r"never fitted +1,297 +14\.5.* -7\.2 +97 %",
    ),
    (
        "1,222 measured steps, each of 16 sources left out) | 13.0 % mean error, sources weighing the same; "
        "the 90 % interval covers 89 % | 18.1 % for the best constant MFU",
        "evidence training",
        r"same: 13\.0 % mean error, 89 % inside; one\s+MFU 18\.1 %\. All 1,222",
    ),
    (
        "54 %, 77 %, 94 % within 1.25x, 1.5x, 2x; the 90 % interval covers 89 %",
        "evidence training",
        r"factor +54 % +77 % +94 %(.|\n)*either side; 89 \(",
    ),
    (
        "40 %, 77 %, 89 % at the usual 0.375; 69 %, 86 %, 94 % at 0.29",
        "evidence training",
        r"of 0\.29 +69 % +86 % +94 %(.|\n)*of 0\.375 +40 % +77 % +89 %",
    ),
    (
        "5.0 % mean error | 7.5 % for the best constant share of the rating",
        "evidence training",
        r"power law is 5\.0 % off; the best constant share\s+of the rating 7\.5 %",
    ),
    (
        "67 of 82 amortized and 31 of 35 cloud figures within 1 %",
        "evidence epoch",
        r"amortized +82 +67(.|\n)*cloud +35 +31",
    ),
    ("needed 0.45 of the chips", "evidence serving", r"1,814 chips on average; the law says 4,058"),
]


@pytest.mark.parametrize(("text", "command", "pattern"), QUOTED)
def test_the_readme_quotes_what_the_command_prints(text: str, command: str, pattern: str) -> None:
    readme = " ".join((ROOT / "README.md").read_text(encoding="utf-8").split())
    assert text in readme
    shown = printed(command).replace("\N{NO-BREAK SPACE}", " ")
    assert re.search(pattern, shown), f"the README quotes {text!r}; truecost {command} prints otherwise"


def test_the_laws_quote_the_record_as_the_command_prints_it() -> None:
    laws = " ".join((ROOT / "docs" / "laws.md").read_text(encoding="utf-8").split())
    shown = printed("evidence training")
    assert "within 1.5x for 80 % of the runs; the usual 0.375 for 76 %" in laws
    assert re.search(r"median of the record +56 % +80 %", shown)
    assert re.search(r"0\.375 +40 % +76 %", shown)
