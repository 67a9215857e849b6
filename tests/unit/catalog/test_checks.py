"""The checks: old, weak and contradictory facts are found and named; sound ones are not."""

from __future__ import annotations

from datetime import date

import pytest

from truecost.catalog import check, load
from truecost.catalog.checks import (
    Finding,
    all_facts,
    check_contradictory,
    check_low_confidence,
    check_single_sourced,
    check_stale,
    count_sources,
    summary,
)
from truecost.catalog.facts import Confidence, Fact
from truecost.ranges import Range

TODAY = date(2026, 11, 22)
FINDINGS = check(load(), TODAY)


def fact(value: float | Range = 1.0, source: str = "a page", **parts: object) -> Fact:
    given = {"checked": TODAY, "confidence": Confidence.PUBLISHED, **parts}
    return Fact("pue/x", value, "ratio", source, **given)  # type: ignore[arg-type]


def kinds(findings: list[Finding]) -> set[str]:
    return {finding.kind for finding in findings}


def test_a_fact_is_stale_after_a_year_and_not_before() -> None:
    assert not check_stale([fact(checked=date(2025, 11, 22))], TODAY)
    (finding,) = check_stale([fact(checked=date(2025, 11, 21))], TODAY)
    assert (finding.kind, finding.key) == ("stale", "pue/x")
    assert "2025-11-21" in finding.message


def test_everything_shipped_is_fresh_today_and_stale_in_two_years() -> None:
    facts = list(all_facts(load(), TODAY))
    assert check_stale(facts, TODAY) == []
    assert len(check_stale(facts, date(2028, 12, 1))) == len(facts)


def test_an_estimate_has_low_confidence() -> None:
    (finding,) = check_low_confidence([fact(confidence=Confidence.ESTIMATE), fact()])
    assert finding.kind == "low_confidence"


@pytest.mark.parametrize(
    ("source", "count"),
    [
        ("stripe.com/pricing", 1),
        ("TIME 2023-01-18, time.com/6247678", 1),
        ("aiwatch.dog/licensing; Bloomberg 2024-02", 2),
        ("epoch-research/training-cost-trends energy.py@2663ad6", 1),
        ("arXiv:2503.05804 (1.5), arXiv:2205.01068 (2.0)", 2),
        ("a book", 1),
    ],
)
def test_sources_are_counted(source: str, count: int) -> None:
    assert count_sources(source) == count


def test_single_sourced_facts_are_named_the_quoted_first() -> None:
    quoted = Fact("b/b", 1.0, "ratio", "one page", TODAY, Confidence.QUOTED)
    published = Fact("a/a", 1.0, "ratio", "one paper", TODAY, Confidence.PUBLISHED)
    measured = Fact("c/c", 1.0, "ratio", "own meter", TODAY, Confidence.MEASURED)
    found = check_single_sourced([published, quoted, measured])
    assert [finding.key for finding in found] == ["b/b", "a/a"]
    assert check_single_sourced([published], {"a/a"}) == []


@pytest.mark.parametrize(
    ("used", "other", "found"),
    [
        (1.0, 1.05, False),
        (1.0, 1.2, True),
        (1.0, 0.8, True),
        (Range(1, 2), 1.5, False),
        (Range(1, 2), 2.1, False),
        (Range(1, 2), 3.0, True),
        (Range(1, 2), Range(1.9, 9), False),
    ],
)
def test_two_sources_contradict_when_they_lie_apart(
    used: float | Range, other: float | Range, found: bool
) -> None:
    findings = check_contradictory({"pue/x": fact(used)}, {"pue/x": [fact(other, "another page")]})
    assert bool(findings) is found
    if findings:
        assert "a page" in findings[0].message
        assert "another page" in findings[0].message


def test_the_catalog_reports_its_contradictions_first() -> None:
    print(summary(FINDINGS))
    assert FINDINGS[0].kind == "contradictory"
    assert kinds(FINDINGS) == {"contradictory", "low_confidence", "single_sourced"}
    keys = {finding.key for finding in FINDINGS if finding.kind == "contradictory"}
    assert any(key.startswith("carbon/") for key in keys)
    assert any(key.startswith("accelerator/") for key in keys)
    assert any(key.startswith("price/") for key in keys)


def test_the_weak_price_of_a_pair_is_reported() -> None:
    found = {(finding.kind, finding.key) for finding in FINDINGS}
    assert ("single_sourced", "annotation/scale_pair") in found
    assert ("low_confidence", "operations/chips_per_engineer") in found
