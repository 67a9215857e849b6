"""Scenarios: the same plan under other circumstances, in a section of the plan or in a file of its own."""

from __future__ import annotations

from typing import Annotated, Any, TypeAlias

from pydantic import AfterValidator, Field

from truecost.plan.schema.names import PlainName
from truecost.plan.schema.quantities import Section
from truecost.plan.schema.what_if import WhatIf
from truecost.ranges import Range
from truecost.spec import Number, refuse

FIXED = ("as_of", "start", "horizon_months")
"""What a scenario cannot set: it would not be the same plan any more, and could not be set beside it."""
OWN = {"scenarios": "scenarios do not change scenarios; use includes", "what_if": "write it beside `set`"}


def _one_number(share: float | Range) -> float:
    if isinstance(share, Range):
        raise refuse("a probability is one number", allowed=["0 to 1, or such as 20 %"])
    return float(share)


def _settable(assignments: dict[str, Any]) -> dict[str, Any]:
    for path in assignments:
        first = path.partition(".")[0].strip()
        if first in FIXED:
            raise refuse(f"a scenario cannot change {first}: it would not be the same plan", at=path)
        if first in OWN:
            raise refuse(f"a scenario cannot set {first}: {OWN[first]}", at=path)
        if not path or not all(part.strip() for part in path.split(".")) or "=" in path:
            raise refuse(f"{path!r} is no path of a plan", allowed=["a.dotted.path: value"])
    return assignments


Probability: TypeAlias = Annotated[float, Number("share"), AfterValidator(_one_number)]
Assignments: TypeAlias = Annotated[dict[str, Any], AfterValidator(_settable)]


class Scenario(Section):
    """The same plan with some things changed; what it does not name stays as the plan has it."""

    description: str = Field(default="", max_length=400, description="what happens, in a sentence")
    probability: Probability | None = Field(
        default=None, description="how likely it is; what is left goes to the plan as written"
    )
    what_if: tuple[WhatIf, ...] = Field(
        default=(), max_length=50, description="changes of the plan as a whole, beside those it has"
    )
    set: Assignments = Field(
        default_factory=dict[str, Any],
        max_length=200,
        description="values by dotted path, as --set takes them",
    )
    includes: tuple[str, ...] = Field(
        default=(), max_length=50, description="names of scenarios, shipped or own, that it builds on"
    )


class ScenarioFile(Section):
    """A file of scenarios: the same section that a plan can hold."""

    scenarios: dict[PlainName, Scenario] = Field(
        min_length=1, max_length=50, description="by name: the same plan, some things changed"
    )
