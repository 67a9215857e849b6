"""`--set path=value`: what it can reach, what it creates, what it refuses."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from truecost.ranges import Range
from truecost.spec import SpecError, load_text

TEXT = """\
name: x
start: 2026-12
tiers:
  free: &free {users: 10, series: [1, 2, 3]}
  paid: *free
"""


def loaded(schema: type[Any], *sets: str) -> Any:
    return load_text(TEXT, "plan.yaml", schema, sets=sets)


@pytest.mark.parametrize(
    ("assignment", "path", "expected"),
    [
        ("name=NO", "name", "NO"),
        ("name = spaced out ", "name", "spaced out"),
        ("name='15'", "name", "15"),
        ("name=a=b", "name", "a=b"),
        ("months=12", "months", 12.0),
        ("tiers.free.users=1k .. 2k", "tiers.free.users", Range(1000, 2000)),
        ("tiers.free.users={p50: 3, p90: 3}", "tiers.free.users", Range(3, 3)),
        ("tiers.free.series.1=7 users", "tiers.free.series", [1.0, 7.0, 3.0]),
        ("tiers.free.series=[4, 5]", "tiers.free.series", [4.0, 5.0]),
        ("tiers.free.series=null", "tiers.free.series", None),
        ("tiers.free.contract.signed=2026-11-22", "tiers.free.contract.seats", 1),
        ("serving.latency=batch", "serving.latency", "batch"),
        ("serving.rates.pue/hyperscaler=1.1", "serving.rates", {"pue/hyperscaler": 1.1}),
        ("serving.rates.gpt-5.1=2", "serving.rates", {"gpt-5.1": 2.0}),
        ("is_public=true", "is_public", True),
    ],
)
def test_sets(assignment: str, path: str, expected: object, plan_schema: type[Any]) -> None:
    document = loaded(plan_schema, assignment)
    value = document.value
    for part in path.split("."):
        value = value[part] if isinstance(value, dict) else getattr(value, part)
    assert value == expected
    written = assignment.partition("=")[0].strip()
    assert document.place(written) == "--set"
    assert written in document.given


def test_setting_one_alias_leaves_the_other(plan_schema: type[Any]) -> None:
    tiers = loaded(plan_schema, "tiers.paid.users=99").value.tiers
    assert (tiers["free"].users, tiers["paid"].users) == (10.0, 99.0)


def test_setting_below_an_empty_field_fills_it(plan_schema: type[Any]) -> None:
    document = load_text(TEXT + "serving:\n", "plan.yaml", plan_schema, sets=["serving.memory=40 GB"])
    assert document.value.serving.memory == 40e9


def test_the_last_assignment_wins(plan_schema: type[Any]) -> None:
    assert loaded(plan_schema, "months=12", "months=24").value.months == 24.0


@pytest.mark.parametrize(
    ("assignment", "message"),
    [
        ("months", "--set: 'months' is not an assignment (allowed: a.dotted.path=value)"),
        ("=3", "--set: '=3' is not an assignment (allowed: a.dotted.path=value)"),
        ("a..b=3", "--set: 'a..b=3' is not an assignment (allowed: a.dotted.path=value)"),
        ("months=", "--set: months: no value; write null to take a value away"),
        (
            "months=500",
            "--set: months: 500 is above 120 (allowed: a whole number above 0 and up to 120 in months)",
        ),
        (
            "tiers.fre.users=3",
            "--set: tiers.fre: tiers has no entry 'fre'; did you mean 'free'? (allowed: free, paid)",
        ),
        (
            "tiers.free.prise=3",
            "--set: tiers.free.prise: unknown field; did you mean 'price'?"
            " (allowed: users, price, growth, series, contract)",
        ),
        (
            "tiers.free.series.3=1",
            "--set: tiers.free.series.3: tiers.free.series has no item '3' (allowed: 0 to 2)",
        ),
        (
            "tiers.free.users.p50=1",
            "--set: tiers.free.users.p50: tiers.free.users is one value, '10'; it has no part 'p50'",
        ),
        (
            "tiers.free.price.p50=1",
            "--set: tiers.free.price.p50: tiers.free.price has no part 'p50'; set it as a whole",
        ),
        ("name=[1,", "--set: name: '[1,' cannot be read: a value is missing"),
    ],
)
def test_refuses(assignment: str, message: str, plan_schema: type[Any]) -> None:
    with pytest.raises(SpecError) as caught:
        loaded(plan_schema, assignment)
    assert str(caught.value) == message


def test_every_assignment_is_reported_with_the_files_own_problems(plan_schema: type[Any]) -> None:
    with pytest.raises(SpecError) as caught:
        load_text("nam: x\n" + TEXT, "plan.yaml", plan_schema, sets=["tiers.fre.users=1", "months=x"])
    assert [problem.place for problem in caught.value.problems] == ["plan.yaml:1", "--set", "--set"]


PATHS = st.lists(
    st.sampled_from(["tiers", "free", "users", "series", "0", "serving", "rates", "a.b", "", "x"]), max_size=6
)
VALUES = st.text(max_size=20) | st.sampled_from(
    ["{a: b}", "[1, [2]]", "1 .. 2", "'q'", "{", "~", "*a", "{<<: 3}"]
)


@settings(deadline=None)
@given(path=PATHS.map(".".join) | st.text(max_size=20), value=VALUES, again=VALUES)
def test_any_assignment_is_made_or_refused(path: str, value: str, again: str, plan_schema: type[Any]) -> None:
    with suppress(SpecError):
        loaded(plan_schema, f"{path}={value}", f"{path}.x={again}", f"{path}={again}")
