"""Documents: places, what was given, sources that cannot be read, and no crash on any text at all."""

from __future__ import annotations

from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from truecost.ranges import Range
from truecost.spec import Problems, SpecError, changed, load, load_text


@pytest.fixture
def document(plan_schema: type[Any], good_text: str) -> Any:
    return load_text(good_text, "plan.yaml", plan_schema)


def test_values_are_read_in_the_units_of_their_fields(document: Any) -> None:
    plan = document.value
    assert plan.start == date(2026, 12, 1)
    assert plan.tiers["free"].users == Range(1e6, 2e6)
    assert plan.tiers["free"].growth == 0.03
    assert plan.serving.options["chat"].usd_per_query == Range(0.01, 0.05)
    assert plan.serving.utilization.quantile(np.array([0.9])) == pytest.approx(0.45)


def test_a_merge_takes_in_what_is_not_written(document: Any) -> None:
    paid = document.value.tiers["paid"]
    assert (paid.users, paid.price) == (Range(1e6, 2e6), 20.0)
    assert document.place("tiers.paid.users") == "plan.yaml:6"
    assert document.place("tiers.paid.price") == "plan.yaml:10"


def test_places_name_the_line_of_the_field_or_of_what_is_above_it(document: Any) -> None:
    assert document.place("name") == "plan.yaml:2"
    assert document.place("serving.options.chat.model") == "plan.yaml:13"
    assert document.place("serving.memory") == "plan.yaml:11"
    assert document.place("tiers.free.contract.seats") == "plan.yaml:5"
    assert document.written("tiers.free.users") == "1M .. 2M"
    assert document.written("tiers.free") == document.written("nothing.here") == ""


def test_given_is_what_was_written(document: Any) -> None:
    assert {"name", "tiers", "tiers.free", "tiers.paid.users", "serving.utilization.p50"} <= document.given
    assert not {"months", "serving.memory", "tiers.free.price"} & document.given


def test_a_key_with_dots_has_its_place(plan_schema: type[Any]) -> None:
    text = "name: x\nstart: 2026-12\ntiers: {}\nserving:\n  rates:\n    gpt-4.1: 3\n"
    document = load_text(
        text, "p.yaml", plan_schema, sets=["serving.rates.gpt-4.1=5", "serving.rates.pue=1.1"]
    )
    assert document.value.serving.rates == {"gpt-4.1": 5.0, "pue": 1.1}
    assert document.place("serving.rates.gpt-4.1") == "--set"


def test_yaml_1_2_scalars_reach_the_schema(plan_schema: type[Any]) -> None:
    text = "name: NO\nstart: 2026-12\ntiers: {on: {users: 15.6e12}, off: {users: 0o17}, 2026: {users: 1e6}}\n"
    plan = load_text(text, "p.yaml", plan_schema).value
    assert plan.name == "NO"
    assert {name: tier.users for name, tier in plan.tiers.items()} == {
        "on": 15.6e12,
        "off": 15.0,
        "2026": 1e6,
    }


def test_a_mapping_is_a_spec_without_places(plan_schema: type[Any]) -> None:
    source = {"name": "x", "start": date(2026, 12, 5), "tiers": {"free": {"users": Range(1, 2)}}}
    document = load(source, plan_schema)
    assert document.value.start == date(2026, 12, 1)
    assert document.value.tiers["free"].users == Range(1, 2)
    assert document.place("name") == document.name == document.text == ""
    with pytest.raises(SpecError) as caught:
        load({"name": "x", "tiers": {"free": {"users": "?"}}, "start": "2026-12"}, plan_schema)
    assert str(caught.value) == (
        "tiers.free.users: '?' is not a number (allowed: a number of at least 0 in users)"
    )


def test_a_mapping_that_contains_itself_is_refused(plan_schema: type[Any]) -> None:
    source: dict[str, Any] = {"name": "x"}
    source["tiers"] = source
    with pytest.raises(SpecError, match="nested more than 40 levels deep"):
        load(source, plan_schema)


@pytest.fixture
def in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_a_file_is_called_as_the_user_called_it(
    plan_schema: type[Any], good_text: str, in_folder: None
) -> None:
    Path("plan.yaml").write_text("\ufeff" + good_text, encoding="utf-8")
    assert load("plan.yaml", plan_schema).place("name") == "plan.yaml:2"
    assert load(Path("plan.yaml"), plan_schema).text == good_text


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("plans.yaml", None, "plans.yaml: there is no such file; did you mean 'plan.yaml'?"),
        (".", None, ".: this is a directory, not a YAML file"),
        ("nowhere/plan.yaml", None, "nowhere/plan.yaml: there is no such file"),
        ("plan.yaml/x", None, "plan.yaml/x: the file cannot be read: Not a directory"),
        ("a\0b", None, "a\0b: the file cannot be read: embedded null byte"),
        ("latin.yaml", b"a: 1\nname: caf\xe9\n", "latin.yaml:2: the file is not UTF-8 text"),
        ("large.yaml", b"#" * 1_000_001, "large.yaml: the file is larger than 1,000,000 bytes"),
        (
            "comment.yaml",
            b"# only\n",
            "comment.yaml:1: the file is empty; a spec is a mapping of fields, 'name: value'",
        ),
    ],
)
def test_files_that_cannot_be_read(
    name: str,
    content: bytes | None,
    message: str,
    plan_schema: type[Any],
    in_folder: None,
) -> None:
    Path("plan.yaml").write_text("a: 1")
    if content is not None:
        Path(name).write_bytes(content)
    with pytest.raises(SpecError) as caught:
        load(name, plan_schema)
    assert str(caught.value) == message


def test_later_stages_report_with_places(document: Any) -> None:
    problems = Problems()
    problems.warn("serving.utilization.p90", "higher than any recorded run")
    problems.raise_if_any(document)
    problems.add("tiers.free.users", "more than there are people")
    problems.add("serving.options.chat.model", "no such model", allowed=["a", "b"], nearest=["gpt-4.1-mini"])
    problems.add("serving.options.chat.model", "no such model", allowed=["a", "b"], nearest=["gpt-4.1-mini"])
    with pytest.raises(SpecError) as caught:
        problems.raise_if_any(document)
    assert str(caught.value) == (
        "plan.yaml:6: tiers.free.users: 1M .. 2M: more than there are people\n"
        "plan.yaml:13: serving.options.chat.model: gpt-4.1: no such model;"
        " did you mean 'gpt-4.1-mini'? (allowed: a, b)"
    )
    (warning,) = problems.warnings(document)
    assert str(warning) == "plan.yaml:14: serving.utilization.p90: 0.45: higher than any recorded run"


@settings(deadline=None)
@given(text=st.text(max_size=300))
def test_any_text_is_a_plan_or_a_spec_error(text: str, plan_schema: type[Any]) -> None:
    with suppress(SpecError):
        load_text(text, "plan.yaml", plan_schema)


YAMLISH = st.lists(
    st.sampled_from(
        [
            *"\n\n\n:-[]{},&*!|>'\"%@`#?~ \t",
            *("  ", ": ", "- ", "a", "name", "users: ", "<<: ", "&a", "*a", "tiers:\n", "---\n", "...\n"),
            *("%YAML 1.1\n", "!!str", "1 .. 3", "0.5", "\u2028", "\x85", "start: 2026-12\n", "null"),
        ]
    ),
    max_size=40,
).map("".join)


@settings(deadline=None)
@given(text=YAMLISH)
def test_almost_yaml_is_a_plan_or_a_spec_error_that_names_a_line(text: str, plan_schema: type[Any]) -> None:
    try:
        load_text(text, "plan.yaml", plan_schema)
    except SpecError as error:
        for problem in error.problems:
            assert problem.place.startswith("plan.yaml:")
            assert 1 <= int(problem.place.rpartition(":")[2]) <= len(text.splitlines()) + 1
            assert problem.message


@settings(deadline=None)
@given(data=st.data())
def test_a_good_plan_with_damage_is_a_plan_or_a_spec_error(
    data: st.DataObject, plan_schema: type[Any], good_text: str
) -> None:
    start = data.draw(st.integers(0, len(good_text)))
    stop = data.draw(st.integers(start, min(len(good_text), start + 12)))
    damage = data.draw(st.text(":-[]{}&*<#\n \t.0aM%$", max_size=6))
    with suppress(SpecError):
        load_text(good_text[:start] + damage + good_text[stop:], "plan.yaml", plan_schema)


@settings(deadline=None)
@given(content=st.binary(max_size=200))
def test_any_bytes_are_a_plan_or_a_spec_error(
    content: bytes, plan_schema: type[Any], tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.getbasetemp() / "fuzzed.yaml"
    path.write_bytes(content)
    with suppress(SpecError):
        load(path, plan_schema)


PYTHON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.dates(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["users", "kind", "p50", "low", "a.b", "", "price"]), inner, max_size=3
        )
    ),
    max_leaves=8,
)


@settings(deadline=None)
@given(
    source=st.dictionaries(
        st.sampled_from(["name", "start", "months", "tiers", "serving", "x"]), PYTHON_VALUES
    )
)
def test_any_mapping_is_a_plan_or_a_spec_error(source: dict[str, object], plan_schema: type[Any]) -> None:
    with suppress(SpecError):
        load(source, plan_schema)


def test_a_number_taken_from_elsewhere_is_placed_there(plan_schema: type[Any]) -> None:
    spec = {"name": "x", "start": "2026-12", "tiers": {"free": {"users": 10, "price": 3}}}
    document = load(spec, plan_schema, origins={"tiers.free.price": "a price list"})
    assert document.place("tiers.free.price") == "a price list"
    assert document.place("tiers.free.users") == ""
    assert changed(document, ["tiers.free.users=3"]).place("tiers.free.price") == "a price list"
    assert changed(document, ["tiers.free.price=4"]).place("tiers.free.price") == "--set"
