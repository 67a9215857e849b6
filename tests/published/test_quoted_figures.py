"""The figures of the README are those the commands beside them compute."""

from __future__ import annotations

import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent


@cache
def printed(module: str) -> str:
    """What a scorecard prints."""
    command = [sys.executable, "-m", module]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


QUOTED = [
    (
        "18.7 % mean error, 13.2 % median, 39.9 % at P90, bias +3.0 %; the 90 % range covers 88 %",
        "truecost.evidence",
        r"law, model left out +1,472 +18\.7% +13\.2% +39\.9% +\+3\.0% +88%",
    ),
    (
        "36.1 % for the best constant share of the roofline, 223 % for a constant utilization",
        "truecost.evidence",
        r"constant utilization +1,472 223\.[0-9]%(.|\n)*share of the roofline +1,472 +36\.1%",
    ),
    (
        "14.5 % mean error, bias -7.2 %; covers 97 %",
        "truecost.evidence",
        r"never fitted +1,297 +14\.5%.* -7\.2% +97%",
    ),
    ("within 1.5x for 80 %", "truecost.evidence", r"median of the record +56% +80%"),
    (
        "76 % at the usual 0.375, 24 % at a benchmark's 0.50",
        "truecost.evidence",
        r"0\.375 +40% +76%(.|\n)*0\.50 +4% +24%",
    ),
    (
        "67 of 82 amortized and 31 of 35 cloud figures within 1 %",
        "truecost.evidence.epoch",
        r"amortized +82 +67(.|\n)*cloud +35 +31",
    ),
    ("needed 0.45 of the chips", "truecost.evidence", r"1,814 chips on average; the law says 4,058"),
]


@pytest.mark.parametrize(("text", "module", "pattern"), QUOTED)
def test_the_readme_quotes_what_the_command_prints(text: str, module: str, pattern: str) -> None:
    readme = " ".join((ROOT / "README.md").read_text(encoding="utf-8").split())
    assert text in readme
    assert re.search(pattern, printed(module)), f"the README quotes {text!r}; {module} prints otherwise"
