"""From a spec with ranges to a spec with draws, and every number in it by its dotted path."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple, TypeVar, cast

import numpy as np
from pydantic import BaseModel

from truecost.ranges import Draws, Range
from truecost.spec.numbers import Number
from truecost.spec.shape import Shape, fields_of

M = TypeVar("M", bound=BaseModel)


class Leaf(NamedTuple):
    """One number of a spec: its dotted path, its value, and what its field allows (None outside Number)."""

    path: str
    value: float | Range
    number: Number | None


def sample(model: M, draws: Draws) -> M:
    """The same model with every range replaced by its draws, an array of shape (draws.count,).

    A draw depends on (seed, dotted path, index) alone. Parts without a range are the same objects.
    """
    return cast(M, _sampled(model, Shape(model=type(model)), "", draws))


def leaves(model: BaseModel) -> Iterator[Leaf]:
    """Every number in a model, written by the user or a default, in the order of its fields."""
    return _leaves(model, Shape(model=type(model)), "")


def _sampled(value: object, shape: Shape, path: str, draws: Draws) -> object:
    if isinstance(value, Range):
        drawn = np.asarray(draws.of(path, value), dtype=np.float64)
        return shape.number.within(drawn) if shape.number else drawn
    children = list(_children(value, shape, path))
    sampled = [_sampled(child, inner, below, draws) for _, child, inner, below in children]
    if all(new is old for new, (_, old, _, _) in zip(sampled, children, strict=True)):
        return value
    return _rebuilt(value, {key: new for new, (key, _, _, _) in zip(sampled, children, strict=True)})


def _rebuilt(value: object, parts: dict[Any, object]) -> object:
    if isinstance(value, BaseModel):
        return type(value).model_construct(set(value.model_fields_set), **parts)
    if isinstance(value, Mapping):
        return parts
    return tuple(parts.values()) if isinstance(value, tuple) else list(parts.values())


def _leaves(value: object, shape: Shape, path: str) -> Iterator[Leaf]:
    if isinstance(value, Range | int | float) and not isinstance(value, bool):
        yield Leaf(path, value, shape.number)
    for _, child, inner, below in _children(value, shape, path):
        yield from _leaves(child, inner, below)


def _children(value: object, shape: Shape, path: str) -> Iterator[tuple[Any, object, Shape, str]]:
    """The parts of a model, mapping or list: key, value, shape and dotted path."""
    prefix = f"{path}." if path else ""
    if isinstance(value, BaseModel):
        for name, (written, inner) in fields_of(type(value)).items():
            yield name, getattr(value, name), inner, prefix + written
    elif isinstance(value, Mapping):
        for key, child in cast("Mapping[object, object]", value).items():
            yield key, child, shape.below(), f"{prefix}{key}"
    elif isinstance(value, list | tuple):
        for index, child in enumerate(cast("list[object]", value)):
            yield index, child, shape.below(), f"{prefix}{index}"
