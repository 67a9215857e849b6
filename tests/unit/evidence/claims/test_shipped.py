"""Every shipped claim has a verdict that follows from numbers, with the steps that lead to it."""

from __future__ import annotations

import math

import pytest

from truecost.evidence.claims import Kind, Report
from truecost.evidence.claims.calculations import calculations
from truecost.evidence.claims.model import TOPICS, Interval
from truecost.evidence.claims.reading import quantities, shipped

NAMES = list(shipped())


def test_all_75_are_there_and_spread_over_the_kinds(report: Report) -> None:
    assert len(report.all) == 75
    counts = report.counts()
    assert sum(counts.values()) == 75
    assert all(counts[kind.value] > 0 for kind in Kind)


@pytest.mark.parametrize("name", NAMES)
def test_each_has_a_statement_an_interval_and_a_calculation(report: Report, name: str) -> None:
    checked = report[name]
    claim = checked.claim
    assert claim.topic in TOPICS
    assert len(claim.statement) > 20
    assert claim.published
    assert claim.recompute_from
    assert claim.interval() is not None
    assert claim.calculation in calculations()


@pytest.mark.parametrize("name", NAMES)
def test_each_verdict_rests_on_steps_or_names_what_is_missing(report: Report, name: str) -> None:
    checked = report[name]
    outcome, verdict = checked.outcome, checked.verdict
    assert outcome is not None
    if verdict.kind is Kind.UNKNOWN:
        assert verdict.needs
        return
    assert outcome.steps
    assert outcome.result is not None
    assert all(step.what and step.formula for step in outcome.steps)
    assert all(math.isfinite(step.value["p50"]) for step in outcome.steps)
    if verdict.kind in (Kind.OFF, Kind.CONTRADICTS):
        assert verdict.direction
    if verdict.kind is Kind.HOLDS_IF:
        assert verdict.conditions or verdict.ways


@pytest.mark.parametrize("name", NAMES)
def test_every_input_says_where_it_is_from(report: Report, name: str) -> None:
    outcome = report[name].outcome
    assert outcome is not None
    for found in outcome.inputs.values():
        assert found.source, found.name
        if found.kind == "fact":
            assert found.confidence, found.name
        if found.kind == "assumed":
            assert found.source != "our assumption: ", found.name


@pytest.mark.parametrize("name", NAMES)
def test_a_condition_lies_where_the_input_is_admissible(report: Report, name: str) -> None:
    verdict = report[name].verdict
    if verdict.kind is Kind.CONTRADICTS:
        return
    for condition in verdict.conditions:
        least, most = condition.within
        assert least * (1 - 1e-6) - 1e-9 <= condition.low <= condition.high <= most * (1 + 1e-6) + 1e-9


@pytest.mark.parametrize("name", NAMES)
def test_at_the_condition_the_figure_is_in_the_claim(report: Report, name: str) -> None:
    import numpy as np

    checked, ready = report[name], report.prepared(name)
    interval = checked.claim.interval()
    assert ready is not None
    assert interval is not None
    for condition in checked.verdict.conditions[:2]:
        middle = np.array([math.sqrt(condition.low * condition.high) if condition.low > 0 else condition.low])
        result = float(ready.along(condition.input, middle, condition.way or None)[0])
        assert Interval(interval.low, interval.high).loosened().contains(result), condition


def test_shared_quantities_are_declared(report: Report) -> None:
    known = quantities()["quantities"]
    for claim in report.claims.values():
        assert all(statement.quantity in known for statement in claim.statements())


def test_the_figures_are_those_published() -> None:
    """A few by hand: meaning unchanged, whatever we think of them."""
    found = shipped()
    assert (found["gpt4-training"].low, found["gpt4-training"].high) == (78e6, 191e6)
    assert (found["h100-peak"].low, found["h100-peak"].unit) == (3.35e15, "FLOP/s")
    assert (found["api-markup-2"].low, found["api-markup-2"].high) == (10, 100)
    assert found["claude3-training"].high is None
    assert found["h100-hbm"].figures == {"the chip": 80.0, "the other cards": 24.0}


def test_no_claim_is_named_in_the_code() -> None:
    """The machinery knows no claim: ids occur in the data alone, but for the examples of the docstrings."""
    from pathlib import Path

    import truecost.evidence.claims as room

    for file in Path(room.__file__).parent.rglob("*.py"):
        lines = [line for line in file.read_text(encoding="utf-8").splitlines() if ">>>" not in line]
        text = "\n".join(lines)
        for name in (name for name in NAMES if "-" in name):
            assert f'"{name}"' not in text, (file.name, name)
            assert f"'{name}'" not in text, (file.name, name)
