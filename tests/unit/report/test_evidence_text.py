"""The scorecards in words: what a reader sees of made-up scores."""

from __future__ import annotations

import re
from typing import Any

import pytest

from truecost.evidence.scorecards import scorecards
from truecost.report.evidence_phrases import (
    QUANTITIES,
    covering,
    finding,
    one_in_hundred,
    peer,
    percent,
    reason,
    signed,
)
from truecost.report.evidence_serving import power_sentence
from truecost.report.evidence_text import detail, overview
from truecost.report.scatter_text import scatter


@pytest.fixture(scope="module")
def told() -> dict[str, object]:
    return scorecards(["training-steps", "whole-runs", "power", "lost-time", "training-costs"])


@pytest.fixture(scope="module")
def serving() -> dict[str, Any]:
    return scorecards(["serving"])


@pytest.mark.parametrize("width", [40, 60, 80, 100])
def test_the_serving_card_fits_the_terminal(serving: dict[str, Any], width: int) -> None:
    for page in (overview(serving, width), detail(serving, width)):
        assert max(map(len, page.plain().splitlines())) <= width


def test_seen_and_unseen_stand_apart(serving: dict[str, Any]) -> None:
    law = serving["laws"][0]
    text = detail(serving, 80).plain()
    unseen, _, rest = text.partition("Seen: no prediction")
    seen, _, later = rest.partition("90 % intervals of measured over predicted")
    assert "an interpolation" in " ".join(seen.split())
    assert "models left out" not in seen
    for what in ("model", "chip"):
        left = law["left_out"][what]
        part = unseen.partition(f"{left['groups']} {what}s left out")[2]
        for name, one in left["quantities"].items():
            line = next(line for line in part.splitlines() if line.split()[:1] == [QUANTITIES[name]])
            cells = [cell for cell in line.split() if not cell.startswith("(")]
            assert (f"({one['groups']})" in line) == (one["groups"] < left["groups"])
            assert cells[1:4] == [
                f"{one['cases']:,}",
                percent(one["mean_error"]),
                percent(one["median_error"]),
            ]
            assert line.split()[-1] == percent(one["baseline"]["median_error"])
    fitted, _, near = seen.partition("corrected by runs nearby")
    for part, scores in ((fitted, law["seen"]), (near, law["corrected"])):
        for name, one in scores.items():
            line = next(line for line in part.splitlines() if line.split()[:1] == [QUANTITIES[name]])
            assert percent(one["median_error"]) in line.split()
    for run in law["requests"]:
        assert f"{run['chip']}, vLLM" in later
        assert all(signed(one["error"]) in later for one in run["latencies"])


def test_a_constant_that_does_better_is_said_to() -> None:
    row = {"cases": 9, "mean_error": 0.2, "median_error": 0.1, "p90_error": 0.3, "bias": 0.1}
    shares = {"idle_share": 0.25, "memory_share": 0.5, "arithmetic_share": 1.04}
    power = row | {"groups": 3, "coverage": 0.5, "low": 0.7, "high": 1.4, "constants": shares}
    law = {
        "aimed": {"chip_power": {"watts": 0.1}},
        "chip_power": power | {"baseline": row | {"mean_error": 0.19}},
    }
    said = power_sentence(law)
    assert "A constant does better" in said
    assert "each of 3 models left out" in said
    assert "draws 0.25 of its rating, 0.50 more while it reads memory, 1.04 while it multiplies" in said
    law["chip_power"] = power | {"baseline": row | {"mean_error": 0.21}}
    assert "A constant does worse" in power_sentence(law)


@pytest.mark.parametrize("width", [40, 60, 80, 100])
def test_nothing_runs_off_the_terminal(told: dict[str, object], width: int) -> None:
    for page in (overview(told, width), detail(told, width)):
        assert max(map(len, page.plain().splitlines())) <= width


def test_the_card_prints_what_the_data_say(told: dict[str, object]) -> None:
    laws = told["laws"]
    assert isinstance(laws, list)
    source = laws[0]["left_out"]["source"]
    text = detail(told, 80).plain()
    for one in source["groups"]:
        line = next(line for line in text.splitlines() if line.startswith(f"{one['name']} "))
        numbers = line.split()
        assert numbers[1:4] == [
            f"{one['cases']:,}",
            percent(one["mean_error"]),
            percent(one["median_error"]),
        ]
        assert f"{one['coverage'] * 100:.0f} (" in line
    assert f"{percent(source['macro']['mean_error'])} % mean error" in " ".join(text.split())


def test_a_reason_names_the_part_and_what_it_would_have_to_be() -> None:
    worst = {"part": "launch", "share": 0.6, "usual_share": 0.1, "part_factor": 0.5}
    said = reason(worst).replace("\N{NO-BREAK SPACE}", " ")
    assert said == "kernel launches: 60 % of the predicted step, 10 % in the usual one; would fit at 0.5x"
    assert "more than this part" in reason({**worst, "part_factor": None})


def test_a_claim_is_not_a_measurement() -> None:
    row = {
        "tool": "A", "version": "", "data": "b", "error": 0.1, "statistic": "mean", "how": "claimed",
        "source": "c", "note": "d",
    }  # fmt: skip
    assert peer(row)[0] == "A"
    assert peer(row)[1] == "b; d"
    assert peer(row)[3] == "claimed"
    assert peer({**row, "error": None})[2] == ""


def test_figures() -> None:
    assert percent(12.3456) == "1,234.6"
    assert signed(-0.123) == "-12.3"
    assert one_in_hundred(0.999).endswith("%")
    assert covering({"coverage": 1.0, "coverage_low": 0.37, "coverage_high": 1.0}) == "100 (37-100)"


def test_the_finding_sets_the_law_beside_the_constant() -> None:
    law = {
        "key": "training-steps",
        "left_out": {"source": {"macro": {"mean_error": 0.1, "baseline": {"mean_error": 0.3}}}},
    }
    assert re.search(r"10\.0\s% off.*in hindsight, 30\.0\s%", finding(law))


def test_the_best_constant_is_the_one_shown() -> None:
    law = {
        "key": "whole-runs", "cases": 9, "factors": [1.5], "shares_within": [0.5],
        "constants": [
            {"utilization": 0.1, "shares_within": [0.2]}, {"utilization": 0.3, "shares_within": [0.7]},
        ],
    }  # fmt: skip
    assert "0.3, 70" in finding(law)


def test_points_stand_where_they_belong() -> None:
    lines = [
        "".join(s.text for s in line) for line in scatter([(1, 1), (100, 1)], "{:g}".format, ("x", "y"), 40)
    ]
    bottom = next(line for line in lines if line.strip().startswith("1 |"))
    assert bottom.rstrip().endswith(".")
    assert bottom.partition("|")[2].startswith(".")
    top = next(line for line in lines if line.strip().startswith("100 |"))
    assert "." not in top.partition("|")[2]


def test_one_value_alone_can_be_drawn() -> None:
    assert scatter([(2.0, 2.0)], "{:g}".format, ("x", "y"), 40)
