"""Assignments as a user would type them after `--set`."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, cast

from pydantic import BaseModel

from truecost.plan.schema import Plan
from truecost.ranges import Range


def assignment(path: str, value: object) -> str:
    """`path=value`, with mappings, lists and ranges as a spec writes them.

    >>> assignment("serving.chat.levers.route", {"share": Range(0.2, 0.4), "model": "m"})
    'serving.chat.levers.route={"share": "0.2 .. 0.4", "model": "m"}'
    """
    plain = as_written(value)
    return f"{path}={plain if isinstance(plain, str) else json.dumps(plain)}"


def as_written(value: object) -> Any:
    """A value as a spec writes it: models and mappings as mappings, a range as `low .. high`."""
    if isinstance(value, Range):
        return str(value)
    if isinstance(value, BaseModel):
        fields = {name: getattr(value, name) for name in type(value).model_fields}
        return {k: as_written(v) for k, v in fields.items() if v is not None and v != ()}
    if isinstance(value, Mapping):
        return {str(k): as_written(v) for k, v in cast("Mapping[object, object]", value).items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [as_written(v) for v in cast("Sequence[object]", value)]
    return value


def what_if(plan: Plan, **changes: float) -> str:
    """The assignment that adds one change to the plan's own `what_if`."""
    return assignment("what_if", [*plan.what_if, changes])
