"""The spec of budgets: a list of limits in USD a month, quarter or year, each on what it matches.

budgets:
  - {name: agents, owner: ana, usd: 1500, period: month, match: {feature: agent, tag:team: search}}
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Annotated, Any, Literal, TypeAlias, cast

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema

from truecost.ledger.questions import TAG, TIMES
from truecost.ledger.usage import DIMENSIONS
from truecost.ranges import Range
from truecost.spec import Document, Number, Problems, Section, load, nearest_names, refuse
from truecost.spec.errors import shortened

Period: TypeAlias = Literal["month", "quarter", "year"]
_ALLOWED = "a text, a whole number, true or false, or a list of them"
_ONE: dict[str, Any] = {"type": ["string", "integer", "boolean"]}


def _single(value: float | Range) -> float:
    if isinstance(value, Range):
        raise refuse("a budget is one number, not a range", nearest=[f"{value.high:.6g}"])
    return value


def _column(name: str) -> str:
    """A column that usage may be matched by."""
    if name.startswith(TAG) and len(name) > len(TAG):
        return name
    if name in TIMES:
        raise refuse("a budget's days are those of its period; leave it out")
    if name not in DIMENSIONS:
        near = nearest_names(name, DIMENSIONS)
        raise refuse(f"usage has no column {name!r}", allowed=[*DIMENSIONS, "tag:NAME"], nearest=near)
    return name


def _values(given: object) -> tuple[str, ...]:
    """The values of a column that match, as text; a single one stands for a list of it."""
    values = cast("Sequence[object]", given) if isinstance(given, list | tuple) else [given]
    if not values:
        raise refuse("an empty list matches nothing; name a value or leave the column out")
    for one in values:
        if not isinstance(one, str | int):
            raise refuse(f"{shortened(one)} is no value of a column", allowed=[_ALLOWED])
    return tuple(str(one).lower() if isinstance(one, bool) else str(one) for one in values)


Usd: TypeAlias = Annotated[float, Number(unit="USD", most=1e12, above_zero=True), AfterValidator(_single)]
Column: TypeAlias = Annotated[str, AfterValidator(_column)]
Values: TypeAlias = Annotated[
    tuple[str, ...],
    BeforeValidator(_values),
    WithJsonSchema({"anyOf": [_ONE, {"type": "array", "items": _ONE, "minItems": 1}]}),
]


class Budget(Section):
    """A limit on what some usage may cost in a period."""

    name: str = Field(min_length=1, max_length=100, description="what it is called; once in a file")
    usd: Usd = Field(description="the most that it may cost in a period")
    period: Period = Field(default="month", description="month, quarter or year of the calendar, in UTC")
    owner: str = Field(default="", max_length=100, description="who answers for it")
    match: dict[Column, Values] = Field(
        default={},
        description="columns and their values, all of which must hold: feature, customer, model, tag:NAME,"
        ' ...; a list for any of several, "" for none; all usage without',
    )


class Budgets(Section):
    """The budgets of a file."""

    budgets: list[Budget] = Field(min_length=1, max_length=1000)


def load_budgets(path: str | os.PathLike[str]) -> Document[Budgets]:
    """The budgets of a YAML file. Raises SpecError with every problem, each with its file and line."""
    document = load(os.fspath(path), Budgets)
    problems = Problems()
    named: dict[str, int] = {}
    for at, one in enumerate(document.value.budgets):
        if one.name in named:
            problems.add(f"budgets.{at}.name", f"budget {named[one.name] + 1} has this name as well")
        named.setdefault(one.name, at)
    problems.raise_if_any(document)
    return document
