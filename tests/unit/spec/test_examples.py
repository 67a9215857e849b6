"""What is missing comes with an example from the schema's own metadata, on one line, ready to be copied."""

from __future__ import annotations

from typing import Annotated, Literal

import pytest
import yaml
from pydantic import Field

from truecost.ranges import Value
from truecost.spec import Number, Section, SpecError, load

Users = Annotated[Value, Number("positive", "users")]


class Group(Section):
    kind: Literal["free", "paid"]
    users: Users


class Survey(Section):
    groups: dict[str, Group] = Field(min_length=1, examples=[{"first": {"kind": "free", "users": "1k"}}])
    days: list[str] = Field(examples=[["monday"]])
    model: str = Field(examples=["gpt-4.1-mini"])
    others: dict[str, Group] = Field(default={})


GROUPS = "such as groups: {first: {kind: free, users: 1k}}"
RIGHT = {"groups": {"first": {"kind": "free", "users": 1}}, "days": ["friday"], "model": "m"}


def allowed(spec: dict[str, object]) -> dict[str, tuple[str, ...]]:
    with pytest.raises(SpecError) as caught:
        load(spec, Survey)
    return {problem.field: problem.allowed for problem in caught.value.problems}


def test_all_that_is_missing_has_its_example() -> None:
    assert allowed({}) == {
        "groups": (GROUPS,),
        "days": ("such as days: [monday]",),
        "model": ("such as gpt-4.1-mini",),
    }


@pytest.mark.parametrize("given", [{}, None, 5, "free"])
def test_an_empty_or_wrong_mapping_has_it_too(given: object) -> None:
    assert allowed({**RIGHT, "groups": given}) == {"groups": (GROUPS,)}


def test_what_an_example_shows_can_be_pasted() -> None:
    pasted = yaml.safe_load(GROUPS.removeprefix("such as "))
    assert load({**RIGHT, **pasted}, Survey).value.groups["first"].kind == "free"


def test_a_choice_that_is_missing_names_the_choices() -> None:
    found = allowed({**RIGHT, "groups": {"first": {"users": 1}}})
    assert found == {"groups.first.kind": ("free", "paid")}


def test_one_entry_is_one_entry() -> None:
    with pytest.raises(SpecError, match="this needs at least 1 entry "):
        load({**RIGHT, "groups": {}}, Survey)
