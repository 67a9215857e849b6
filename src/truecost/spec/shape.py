"""What a pydantic annotation holds, as far as places, errors and draws need to know.

A shape is a number, a model, an item that repeats (of a mapping or a list), or a choice of these.
"""

from __future__ import annotations

import collections.abc
import types
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, Tag
from pydantic.fields import FieldInfo

from truecost.spec.numbers import Number

_MAPPINGS = (dict, collections.abc.Mapping, collections.abc.MutableMapping)
_LISTS = (list, tuple, set, frozenset, collections.abc.Sequence, collections.abc.Iterable)


@dataclass(frozen=True, slots=True)
class Shape:
    """One annotation. `tag` is the name that chooses it in a tagged union, `values` are those of a Literal.

    `example` is the first of the field's `examples`: what a message shows where the field is missing.
    """

    number: Number | None = None
    model: type[BaseModel] | None = None
    items: object = None
    is_mapping: bool = False
    is_list: bool = False
    choices: tuple[Shape, ...] = ()
    tag: str = ""
    values: tuple[str, ...] = ()
    example: object = None

    @property
    def is_known(self) -> bool:
        """Whether this says what is allowed below it."""
        return bool(self.number or self.model or self.choices or self.is_mapping or self.is_list)

    def below(self) -> Shape:
        """The shape of every item of a mapping or list (of the first choice that has items)."""
        for shape in (self, *self.choices):
            if shape.is_mapping or shape.is_list:
                return shape_of(shape.items)
        return _UNKNOWN

    def fields(self) -> dict[str, Shape]:
        """The fields of the model, by the name a user writes; over all choices, the first one's first."""
        shapes = [shape for shape in (self, *self.choices) if shape.model]
        found: dict[str, Shape] = {}
        for shape in shapes:
            for written, inner in fields_of(shape.model).values() if shape.model else ():
                found.setdefault(written, inner)
        return found

    def chosen(self, label: str) -> Shape:
        """The choice that pydantic calls by this label in the location of an error."""
        for choice in self.choices:
            if choice.answers_to(label):
                return choice
        return _UNKNOWN

    @property
    def literals(self) -> tuple[str, ...]:
        """The values of the model's Literal fields: what a discriminator chooses it by."""
        return _literals(self.model) if self.model else ()

    def answers_to(self, label: str) -> bool:
        """Whether pydantic's label in an error's location means this choice."""
        if self.model is not None:
            return label in (self.tag, self.model.__name__, *self.literals)
        if self.number is not None:
            return label.startswith("function-")
        return label.startswith(("dict", "mapping") if self.is_mapping else ("list", "tuple", "set"))


_UNKNOWN = Shape()


def shape_of(annotation: object, metadata: Sequence[object] = ()) -> Shape:
    """The shape of an annotation with its metadata (`FieldInfo` keeps the two apart)."""
    number = next((entry for entry in metadata if isinstance(entry, Number)), None)
    tag = next((entry.tag for entry in metadata if isinstance(entry, Tag)), "")
    if number is not None:
        return Shape(number=number)
    alias_value = getattr(annotation, "__value__", None)
    if alias_value is not None:
        return shape_of(alias_value, metadata)
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return shape_of(arguments[0], (*metadata, *arguments[1:]))
    if origin in (Union, types.UnionType):
        return _choice(arguments)
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return Shape(model=annotation, tag=tag)
    if origin in _MAPPINGS:
        return Shape(items=arguments[1], is_mapping=True)
    if origin in _LISTS:
        return Shape(items=arguments[0], is_list=True)
    if origin is Literal:
        return Shape(values=tuple(str(value) for value in arguments))
    return _UNKNOWN


def _choice(arguments: tuple[object, ...]) -> Shape:
    shapes = tuple(shape_of(argument) for argument in arguments if argument is not type(None))
    if len(shapes) == 1:
        return shapes[0]
    number = next((shape.number for shape in shapes if shape.number), None)
    return Shape(number=number, choices=shapes)


@cache
def fields_of(model: type[BaseModel]) -> dict[str, tuple[str, Shape]]:
    """Each field of a model: the name a user writes (its alias, if it has one) and its shape."""
    return {name: (written_name(name, info), _field_shape(info)) for name, info in model.model_fields.items()}


def _field_shape(info: FieldInfo) -> Shape:
    shape = shape_of(info.annotation, info.metadata)
    return replace(shape, example=info.examples[0]) if info.examples else shape


def written_name(name: str, info: FieldInfo) -> str:
    """The name a user writes for a field."""
    return info.validation_alias if isinstance(info.validation_alias, str) else name


@cache
def _literals(model: type[BaseModel]) -> tuple[str, ...]:
    found: list[Any] = []
    for info in model.model_fields.values():
        if get_origin(info.annotation) is Literal:
            found += get_args(info.annotation)
    return tuple(str(value) for value in found)
