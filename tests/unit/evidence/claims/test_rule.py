"""The rule from numbers to verdicts: monotone, symmetric where it should be, moved by its inputs alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from truecost.catalog import load
from truecost.evidence.claims import Kind, Report, claims
from truecost.evidence.claims.conflicts import agree, overlap
from truecost.evidence.claims.misread import same_digits
from truecost.evidence.claims.model import Claim, Interval, Source
from truecost.evidence.claims.outcome import prepared, recomputed
from truecost.evidence.claims.reading import shipped
from truecost.evidence.claims.verdict import Verdict, judge, mixed_ways
from truecost.ranges import Range


def product(
    low: float | None, high: float | None, *, kind: str = "assumed", free: Range | None = None
) -> Verdict:
    """The verdict on a claim whose recomputation is a x b, 2 to 8 with 4 in the middle."""
    claim = Claim(
        "made",
        "price",
        "a times b",
        low,
        high,
        "USD",
        "nowhere",
        date(2026, 11, 1),
        "",
        "arithmetic",
        {
            "a": Source(kind, Range(1.0, 4.0), {"why": "made"}, free),
            "b": Source(kind, 2.0, {"why": "made"}),
        },
        formula={"c": "a * b"},
    )
    ready = prepared(claim, {}, load())
    return judge(claim, ready, recomputed(ready, 256))


def test_each_kind_comes_of_numbers_alone() -> None:
    assert product(3, 5).kind is Kind.HOLDS
    assert product(10, 12).kind is Kind.OFF
    assert product(10, 12).direction == "too high"
    assert product(0.5, 1).direction == "too low"
    assert product(6, 7).kind is Kind.HOLDS_IF
    assert product(10, 12, kind="stated").kind is Kind.CONTRADICTS
    assert product(10, 12, free=Range(1.0, 10.0)).kind is Kind.HOLDS_IF


def test_the_condition_is_solved_for() -> None:
    condition = product(10, 12, free=Range(1.0, 10.0)).conditions[0]
    assert (condition.input, condition.instead_of) == ("a", pytest.approx(2.0))
    assert (condition.low, condition.high) == (pytest.approx(5.0, rel=1e-3), pytest.approx(6.0, rel=1e-3))


POSITIVE = st.floats(0.01, 1000.0)


@settings(max_examples=60, deadline=None)
@given(low=POSITIVE, width=st.floats(1.0, 20.0), below=st.floats(1.0, 50.0), above=st.floats(1.0, 50.0))
def test_widening_a_claim_never_turns_holds_into_off(
    low: float, width: float, below: float, above: float
) -> None:
    narrow, wide = product(low, low * width), product(low / below, low * width * above)
    if narrow.kind is Kind.HOLDS:
        assert wide.kind is Kind.HOLDS
    if narrow.kind is Kind.HOLDS_IF:
        assert wide.kind in (Kind.HOLDS_IF, Kind.HOLDS)
    assert wide.share_inside is not None
    assert narrow.share_inside is not None
    assert wide.share_inside >= narrow.share_inside


def test_what_is_missing_is_named_with_the_value_that_would_do() -> None:
    claim = Claim(
        "made",
        "price",
        "a times b",
        100.0,
        None,
        "USD",
        "nowhere",
        date(2026, 11, 1),
        "",
        "arithmetic",
        {
            "a": Source("missing", "the count of a", {}, Range(1.0, 1000.0)),
            "b": Source("assumed", 2.0, {"why": "x"}),
        },
        formula={"c": "a * b"},
    )
    ready = prepared(claim, {}, load())
    verdict = judge(claim, ready, recomputed(ready))
    assert verdict.kind is Kind.UNKNOWN
    assert verdict.needs == ("the count of a",)
    assert verdict.conditions[0].low == pytest.approx(50.0, rel=1e-3)


def test_ends_of_two_ways_of_counting_are_told() -> None:
    ways = {"one": np.full(8, 10.0), "other": np.full(8, 50.0)}
    assert mixed_ways(Interval(10.0, 50.0), ways) == ("one", "other")
    assert mixed_ways(Interval(9.0, 11.0), ways) == ()
    assert mixed_ways(Interval(20.0, 22.0), ways) == ()


def test_digits_must_agree_to_be_a_misreading() -> None:
    assert same_digits(3.35e15, 3.35e12)
    assert not same_digits(3.35e15, 3.35e15)
    assert not same_digits(3.35e15, 3.5e12)


def overlay(tmp_path: Path, text: str) -> str:
    file = tmp_path / "facts.yaml"
    file.write_text(f"checked: 2026-11-01\nsource: made for a test\n{text}", encoding="utf-8")
    return str(file)


def test_an_overlay_moves_a_verdict(report: Report, tmp_path: Path) -> None:
    assert report["cars"].verdict.kind is Kind.HOLDS_IF
    clean = claims("cars", catalog=overlay(tmp_path, "rates:\n  carbon: {us: 0.03}\n"))
    assert clean.verdict.kind is Kind.HOLDS
    assert report["h100-price"].verdict.kind is Kind.HOLDS
    cheap = claims("h100-price", catalog=overlay(tmp_path, "purchases:\n  h100-sxm: 9000\n"))
    assert cheap.verdict.kind is Kind.OFF
    assert cheap.verdict.direction == "too high"


def test_an_input_moves_a_verdict(report: Report) -> None:
    batching = shipped()["batching"]
    small = replace(batching, inputs={"batch": Source("assumed", 4.0, {"why": "a test"})})
    ready = prepared(small, shipped(), load())
    assert judge(small, ready, recomputed(ready)).kind is Kind.HOLDS
    stated = replace(
        shipped()["gpt4-hardware-time"],
        inputs={
            "chips": Source("stated", 8000.0),
            "days": Source("stated", Range(90, 120)),
            "usd_per_chip_hour": Source("stated", 2.5),
        },
    )
    ready = prepared(stated, shipped(), load())
    assert judge(stated, ready, recomputed(ready)).kind is Kind.HOLDS


INTERVALS = st.tuples(POSITIVE, st.floats(1.0, 30.0)).map(lambda ends: Interval(ends[0], ends[0] * ends[1]))


@given(one=INTERVALS, other=INTERVALS)
def test_conflict_is_symmetric(one: Interval, other: Interval) -> None:
    assert agree(one, other) == agree(other, one)
    assert overlap(one, other) == pytest.approx(overlap(other, one))
    assert agree(one, one)


def test_conflicts_name_what_reconciles_them(report: Report) -> None:
    found = {frozenset(conflict.ids): conflict for conflict in report.conflicts}
    cents = found[frozenset(("query-cost", "query-cost-2"))].reconciled
    assert cents.kind == "input"
    assert cents.conditions[0].input == "output_tokens"
    assert cents.low is not None
    markup = found[frozenset(("api-markup", "api-markup-2"))].reconciled
    assert (markup.kind, markup.low, markup.high) == ("overlap", 10, 30)
    tokens = found[frozenset(("consumer-day", "self-host-cost"))].reconciled
    assert (tokens.kind, tokens.low, tokens.high) == ("relation", pytest.approx(20e3), pytest.approx(40e3))
    assert found[frozenset(("compute-share", "data-share-2"))].reconciled.kind == "whole"


def test_no_conflict_is_listed_twice_and_each_knows_the_other(report: Report) -> None:
    pairs = [(conflict.quantity, frozenset(conflict.ids)) for conflict in report.conflicts]
    assert len(pairs) == len(set(pairs))
    by_id = {checked.claim.id: set(checked.conflicts_with) for checked in report.all}
    for one, others in by_id.items():
        assert all(one in by_id[other] for other in others)
