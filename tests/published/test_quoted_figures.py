"""The figures of the README are those the commands beside them compute."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from truecost.cli import main
from truecost.physics.calibration import load_calibration

ROOT = Path(__file__).parent.parent.parent


@cache
def printed(command: str) -> str:
    """What a command of the program prints."""
    result = CliRunner().invoke(main, command.split())
    assert result.exit_code == 0, result.output
    return result.stdout


QUOTED = [
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
]


@pytest.mark.parametrize(("text", "command", "pattern"), QUOTED)
def test_the_readme_quotes_what_the_command_prints(text: str, command: str, pattern: str) -> None:
    readme = " ".join((ROOT / "README.md").read_text(encoding="utf-8").split())
    assert text in readme
    shown = printed(command).replace("\N{NO-BREAK SPACE}", " ")
    assert re.search(pattern, shown), f"the README quotes {text!r}; truecost {command} prints otherwise"


def share(value: float) -> str:
    """As the README has it: per cent with one decimal."""
    return f"{value * 100:.1f} %"


def serving_quotes() -> list[str]:
    """What the README says of the serving law, with the figures of now."""
    law = json.loads(printed("evidence serving --json"))["laws"][0]
    model, chip = (law["left_out"][what]["quantities"] for what in ("model", "chip"))
    near, power = law["corrected"], law["chip_power"]
    means = [
        {one["latency"]: one["error"] for one in run["latencies"] if one["statistic"] == "mean"}
        for run in law["requests"]
    ]
    said = ["TPOT", "TTFT", "E2E"]

    def medians(rows: Mapping[str, Any]) -> str:
        return ", ".join(f"{name} {share(rows[name.lower()]['median_error'])}" for name in said)

    naive = ", ".join(share(model[name.lower()]["baseline"]["median_error"]) for name in said)
    runs = "; ".join(", ".join(f"{run[name.lower()] * 100:+.1f} %" for name in said) for run in means)
    service = law["service"]
    return [
        f"({model['tpot']['cases']:,} measured points, median error, each of "
        f"{model['tpot']['groups']} models left out) | {medians(model)}; "
        f"chips left out {medians(chip)} | {naive} for hardware at the best share of its peaks",
        f"offline throughput, models left out ({model['throughput']['cases']:,} points) | median "
        f"{share(model['throughput']['median_error'])}, mean {share(model['throughput']['mean_error'])} "
        f"| {share(model['throughput']['baseline']['median_error'])}",
        f"between measured runs of the same setup, an interpolation and no prediction | {medians(near)}",
        "mean TPOT, TTFT, E2E of two logs of vLLM on an RTX 4090 and an RTX PRO 6000, never fitted "
        f"| {runs} |",
        f"power of chips that serve ({power['cases']} setups on H100, each of {power['groups']} models left "
        f"out) | {share(power['median_error'])} median error, {share(power['mean_error'])} mean, bias "
        f"{power['bias'] * 100:+.1f} % | {share(power['baseline']['median_error'])} and "
        f"{share(power['baseline']['mean_error'])} for 0.75 of the rating",
        f"needed {service['measured_chips'] / service['predicted_chips']:.2f} of the chips",
        f"time to first token ({model['ttft']['mean_error'] * 100:.0f} % mean error)",
    ]


@pytest.mark.parametrize("place", range(7))
def test_the_readme_quotes_the_serving_law_as_it_is(place: int) -> None:
    readme = " ".join((ROOT / "README.md").read_text(encoding="utf-8").split())
    text = serving_quotes()[place]
    assert text in readme, f"the README should say: {text}"


def test_the_laws_quote_the_record_as_the_command_prints_it() -> None:
    laws = " ".join((ROOT / "docs" / "laws.md").read_text(encoding="utf-8").split())
    shown = printed("evidence training")
    assert "within 1.5x for 80 % of the runs; the usual 0.375 for 76 %" in laws
    assert re.search(r"median of the record +56 % +80 %", shown)
    assert re.search(r"0\.375 +40 % +76 %", shown)


def test_the_laws_quote_the_residual_that_a_plan_draws() -> None:
    laws = " ".join((ROOT / "docs" / "laws.md").read_text(encoding="utf-8").split())
    residual = load_calibration().residual_90
    text = f"the residual that a plan draws ({residual.low:.2f} .. {residual.high:.2f})"
    assert text in laws, f"docs/laws.md should say: {text}"
