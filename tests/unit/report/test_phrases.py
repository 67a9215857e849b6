"""Values in words."""

from __future__ import annotations

import math
from typing import Any

import pytest

from truecost.report.layout import unglued
from truecost.report.phrases import ends, has, month, months, negated, plural, ranged, share, shown

ALWAYS = {"p5": 3.0, "p50": 5.0, "p95": 9.0, "mean": 5.5, "share_of_draws": 1.0}
NEVER: dict[str, Any] = {"p5": None, "p50": None, "p95": None, "mean": None, "share_of_draws": 0.0}


@pytest.mark.parametrize(
    ("event", "words"),
    [
        (ALWAYS, "month 5 (3 – 9)"),
        (ALWAYS | {"share_of_draws": 0.998}, "month 5 (3 – 9)"),
        (ALWAYS | {"share_of_draws": 0.8}, "month 5 (3 – 9) in 80 % of the draws; never in the others"),
        (ALWAYS | {"share_of_draws": 0.2}, "never in 80 % of the draws; month 5 (3 – 9) in the others"),
        (ALWAYS | {"share_of_draws": 0.001}, "never"),
        (NEVER, "never"),
    ],
)
def test_what_may_never_happen_says_how_often_it_does(event: dict[str, Any], words: str) -> None:
    assert unglued(month(event, "never")) == words


def test_months_are_counted_whole() -> None:
    assert unglued(months({"p5": 4.6, "p50": 4.6, "p95": 4.6, "share_of_draws": 1.0}, "on")) == "5 months"


def test_a_loss_is_a_range_turned_round() -> None:
    assert negated({"p5": -3.0, "p50": -2.0, "p95": -1.0, "mean": -2.1}) == {
        "p5": 1.0, "p50": 2.0, "p95": 3.0, "mean": 2.1,
    }  # fmt: skip


def test_nothing_to_show_is_empty() -> None:
    assert (shown(None), share(None), ends({"p5": 1.0, "p50": 1.0, "p95": 1.0})) == ("", "", "")
    assert not has(None)
    assert not has(NEVER)
    assert not has({"p50": math.nan})


def test_the_mean_can_stand_in_the_middle() -> None:
    value = {"p5": 1e6, "p50": 2e6, "p95": 4e6, "mean": 2.5e6}
    assert unglued(ranged(value, "USD", "mean")) == "2.50 M USD (1.00 M – 4.00 M)"


def test_one_is_singular() -> None:
    assert [plural(n, "line") for n in (0, 1, 1200)] == ["0 lines", "1 line", "1,200 lines"]
