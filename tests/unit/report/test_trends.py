"""The pages of a trend: the finding first, everything said, nothing wider than it may be."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

import pytest

from truecost.evidence.trends import TRENDS, trend
from truecost.report.layout import width_of
from truecost.report.trends_html import render
from truecost.report.trends_text import page, score_rows, seen_by_year
from truecost.report.trends_words import answers, judged, title, verdict_line

TODAY = date(2026, 11, 22)


@pytest.fixture(scope="module", params=list(TRENDS))
def found(request: pytest.FixtureRequest) -> dict[str, Any]:
    return trend(request.param, TODAY, 2030)


@pytest.mark.parametrize("width", [60, 80, 100])
def test_the_page_fits_its_width(found: dict[str, Any], width: int) -> None:
    for line in page(found, width).plain().splitlines():
        assert width_of(line) <= width, line


def test_the_page_opens_with_the_finding_and_ends_with_what_it_is_not(found: dict[str, Any]) -> None:
    text = page(found, 80).plain()
    assert " ".join(text.split()).startswith(" ".join(title(found).split()))
    assert "What this is not" in text
    for fit in found["fits"]:
        assert fit["title"] in text


def test_every_horizon_at_which_the_trend_loses_is_said(found: dict[str, Any]) -> None:
    for fit in found["fits"]:
        said = " ".join(judged(fit)).replace("\N{NO-BREAK SPACE}", " ")
        lost = [v for v in fit["backtest"]["verdicts"] if v["verdict"] == "loses"]
        for verdict in lost:
            assert f"{verdict['horizon']} (error ×{verdict['error_over_random_walk']:.2f}" in said
        assert ("loses" in said) is bool(lost)


def test_verdicts_follow_the_numbers() -> None:
    fit = {"backtest": {"scores": [], "verdicts": [
        {"scope": "each", "horizon": "3 months", "verdict": "loses"},
        {"scope": "each", "horizon": "6 months", "verdict": "loses"},
        {"scope": "each", "horizon": "12 months", "verdict": "beats"},
    ]}}  # fmt: skip
    assert verdict_line(fit).replace("\N{NO-BREAK SPACE}", " ") == (
        "On values it never saw, the trend loses to a random walk at 3 months and 6 months; "
        "it beats a random walk at 12 months"
    )


def test_intervals_that_did_not_hold_are_said() -> None:
    (fit,) = trend("gpu-hour", TODAY, 2027)["fits"]
    assert "too narrow at" in judged(fit)[-1]


def test_questions_are_answered() -> None:
    amortized, cloud = trend("training-cost", TODAY, 2030)["fits"]
    said = " ".join(answers(amortized)).replace("\N{NO-BREAK SPACE}", " ")
    assert "reaches 1.00 B USD in 2028 (2027 – 2029)" in said
    assert re.search(r"at the end of 2027 costs 1.00 B USD or more with a probability of \d+ %", said)
    assert any("On record already: Grok-3" in each for each in answers(cloud))
    tokens = " ".join(answers(trend("token-price", TODAY, 2030)["fits"][0]))
    assert "of them rises" in tokens
    assert "the median rise" in tokens
    assert "An H100-hour on demand" in answers(trend("gpu-hour", TODAY, 2030)["fits"][0])[0]


def test_the_chart_has_every_year(found: dict[str, Any]) -> None:
    text = page(found, 80).plain()
    for fit in found["fits"]:
        for year in seen_by_year(fit):
            assert f"  {year} " in text
    for year in range(2026, 2031):
        assert f"  end {year} " in text


def test_scores_name_each_horizon_once() -> None:
    (fit,) = trend("price-performance", TODAY, 2027)["fits"]
    rows = score_rows(fit["backtest"]["scores"])
    named = [row[0] for row in rows if row[0]]
    assert len(named) == len(set(named))
    assert len(rows) == 3 * len(named)


def test_the_html_is_self_contained_and_has_a_table_under_each_chart(found: dict[str, Any]) -> None:
    text = render(found)
    assert "<script" not in text
    assert not re.search(r"(src|href)=[\"']?https?:", text)
    assert text.count("<figure") == 2 * len(found["fits"])
    assert text.count("<details") >= text.count("<figure")
    assert "NaN" not in text
    assert text.count('class="wide"') == text.count('class="narrow"') == text.count("<figure")
