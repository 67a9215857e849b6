"""Assignments as one types them after `--set`."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, cast

from pydantic import BaseModel

from truecost.plan.schema import Plan
from truecost.ranges import Range
from truecost.spec.scalars import scalar


def assignment(path: str, value: object) -> str:
    """`path=value`, the value as a spec writes it: ranges as `low .. high`, the rest as JSON.

    >>> assignment("serving.chat.api.switch", {"month": 12, "model": "m"})
    'serving.chat.api.switch={"month": 12, "model": "m"}'
    >>> assignment("demand.tiers.pro.users", Range(1.0, 2.0)), assignment("name", "5")
    ('demand.tiers.pro.users=1.0 .. 2.0', 'name="5"')
    >>> assignment("region", None)
    'region=null'
    """
    plain = written(value)
    is_text = isinstance(plain, str) and plain.strip() == plain and plain and plain[0] not in "[{\"'"
    return f"{path}={plain if is_text and isinstance(scalar(cast('str', plain)), str) else json.dumps(plain)}"


def written(value: object) -> Any:
    """A value as a spec writes it: sections as mappings without their defaults, ranges as text."""
    if isinstance(value, Range):
        return f"{value.low!r} .. {value.high!r}"
    if isinstance(value, BaseModel):
        return {
            name: written(getattr(value, name))
            for name in type(value).model_fields
            if name in value.model_fields_set
        }
    if isinstance(value, Mapping):
        return {str(k): written(v) for k, v in cast("Mapping[object, object]", value).items()}
    if isinstance(value, list | tuple):
        return [written(v) for v in cast("Iterable[object]", value)]
    return value


def what_if_too(plan: Plan, changes: Iterable[object]) -> str:
    """The assignment that makes these changes beside those that the plan makes already."""
    return assignment("what_if", [*plan.what_if, *changes])


def once(sets: Iterable[str]) -> tuple[str, ...]:
    """The assignments without those that a later one replaces: to the same path, or to one above it.

    >>> once(["a.x=1", "b=2", "a=3", "a.y=4"])
    ('b=2', 'a=3', 'a.y=4')
    """
    kept: dict[str, str] = {}
    for text in sets:
        path = text.partition("=")[0].strip()
        kept = {p: t for p, t in kept.items() if p != path and not p.startswith(f"{path}.")}
        kept[path] = text
    return tuple(kept.values())
