"""Pydantic's errors in a user's terms: each with the field's path and place, and little noise."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any, cast

from pydantic import BaseModel, ValidationError

from truecost.spec.errors import REFUSED, Placed, Problem, shortened
from truecost.spec.shape import Shape
from truecost.spec.wording import NEEDED, UNKNOWN, Found, worded

_ABOUT_NAMES = frozenset({"extra_forbidden", "missing", "union_tag_not_found"})


def translated(error: ValidationError, schema: type[BaseModel], source: Placed) -> list[Problem]:
    """One problem for each thing wrong, in the order of the lines it was written on."""
    found = [
        _located(cast("Mapping[str, Any]", details), schema) for details in error.errors(include_url=False)
    ]
    problems = _without_misspelt([_problem(one, source) for one in _without_noise(found)])
    return sorted(problems, key=lambda problem: (source.position(problem.field), problem.field))


def _without_misspelt(problems: Sequence[Problem]) -> list[Problem]:
    """Leave out that a field is missing where it was written with a slip, which is reported itself."""
    slips = [one for one in problems if one.message == UNKNOWN]
    meant = {_beside(one.field, name) for one in slips for name in one.nearest}
    return [one for one in problems if one.message != NEEDED or one.field not in meant]


def _beside(path: str, name: str) -> str:
    above, dot, _ = path.rpartition(".")
    return f"{above}{dot}{name}"


def _located(details: Mapping[str, Any], schema: type[BaseModel]) -> Found:
    """Tell the parts of an error's location that lead through the data from the labels of unions."""
    path: list[str] = []
    labels: list[tuple[int, str]] = []
    above = shape = Shape(model=schema)
    for element in cast("Sequence[str | int]", details["loc"]):
        if shape.choices:
            labels.append((len(path), str(element)))
            shape = shape.chosen(str(element))
        elif element != "[key]":
            path.append(str(element))
            above, shape = shape, shape.fields().get(str(element)) or shape.below()
    context = cast("Mapping[str, Any]", details.get("ctx", {}))
    if context.get("at"):
        path += str(context["at"]).split(".")
    kind, given, message = details["type"], details.get("input"), details["msg"]
    return Found(tuple(path), tuple(labels), above, shape, kind, given, message, context)


def _without_noise(found: Sequence[Found]) -> list[Found]:
    """Where a value fits no choice of a union, only the errors of the choice that it fits best."""
    kept = [one for one in found if not one.labels]
    unions: dict[tuple[str, ...], dict[str, list[Found]]] = {}
    for one in found:
        if one.labels:
            depth, label = one.labels[0]
            unions.setdefault(one.path[:depth], {}).setdefault(label, []).append(one)
    for choices in unions.values():
        fitting = [errors for errors in choices.values() if not _is_of_another_kind(errors)]
        if fitting:
            best = min(fitting, key=len)
            kept += _without_noise([replace(one, labels=one.labels[1:]) for one in best])
        else:
            kept.append(_merged([errors[0] for errors in choices.values()]))
    return kept


def _is_of_another_kind(errors: Sequence[Found]) -> bool:
    """Whether the value is no candidate for this choice: refused as a whole, not in a part of it."""
    return any(len(one.path) == one.labels[0][0] and one.kind != "value_error" for one in errors)


def _merged(errors: Sequence[Found]) -> Found:
    """One error for a value of no kind that is allowed, in our own checks' words where they have some."""
    chosen = next((one for one in errors if one.kind == REFUSED), errors[0])
    allowed = dict.fromkeys(entry for one in errors for entry in worded(one)[1])
    message, _, nearest = worded(chosen)
    context = {**chosen.context, "message": message, "allowed": tuple(allowed), "nearest": nearest}
    return replace(chosen, labels=(), kind=REFUSED, context=context)


def _problem(found: Found, source: Placed) -> Problem:
    message, allowed, nearest = worded(found)
    path = ".".join(filter(None, (*found.path, found.discriminator)))
    value = "" if found.kind in _ABOUT_NAMES else _quoted(found.given)
    return Problem(source.place(path), path, value, message, tuple(allowed), tuple(nearest))


def _quoted(given: object) -> str:
    """A single value as a message quotes it; "" for a mapping, a list or nothing."""
    is_single = isinstance(given, str | int | float | date)
    return shortened(given) if is_single else ""
