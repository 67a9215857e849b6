"""What each of pydantic's errors is called for a reader: a message, what is allowed, the nearest names."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import yaml

from truecost.spec.errors import REFUSED, nearest_names, shortened
from truecost.spec.shape import Shape

UNKNOWN = "unknown field"
NEEDED = "this field is needed"
Wording = tuple[str, Sequence[str], Sequence[str]]


@dataclass(frozen=True, slots=True)
class Found:
    """One pydantic error, located: `shape` is what the path leads to, `above` what holds it.

    `labels` are the choices of unions that the path passes: (depth in the path, pydantic's label).
    """

    path: tuple[str, ...]
    labels: tuple[tuple[int, str], ...]
    above: Shape
    shape: Shape
    kind: str
    given: object
    message: str
    context: Mapping[str, Any]

    @property
    def discriminator(self) -> str:
        """The field that chooses among the models of a tagged union, when the error is about it."""
        return str(self.context["discriminator"]).strip("'") if self.kind.startswith("union_tag") else ""


def worded(found: Found) -> Wording:
    """Message, what is allowed, nearest valid names."""
    word = _WORDINGS.get(found.kind)
    if word is not None:
        return word(found)
    if found.given is None:
        return "nothing is written here", _expected(found), ()
    for start, (needed, allowed) in _NEEDED.items():
        if found.kind.startswith(start):
            return f"{shortened(found.given)} is not {needed}", allowed or _expected(found), ()
    return f"{found.message[:1].lower()}{found.message[1:]}", (), ()


def _expected(found: Found) -> Sequence[str]:
    """What a field takes, where its shape tells; its example where the schema gives one."""
    shape = found.shape
    if shape.number is not None:
        return (shape.number.describe(),)
    if shape.example is not None:
        return (f"such as {_written(found.path[-1], shape.example)}",)
    return shape.values or tuple(shape.fields())


def _written(name: str, example: object) -> str:
    """An example as one line of YAML, with the field's name before a mapping or a list."""
    if not isinstance(example, Mapping | list):
        return str(example)
    line = yaml.safe_dump({name: example}, default_flow_style=True, sort_keys=False, width=10_000)
    return line.strip()[1:-1]


def _unknown_field(found: Found) -> Wording:
    names = tuple(found.above.fields())
    return UNKNOWN, names, nearest_names(found.path[-1], names)


def _missing(found: Found) -> Wording:
    return NEEDED, _expected(found), ()


def _refused(found: Found) -> Wording:
    return found.context["message"], found.context["allowed"], found.context["nearest"]


def _raised(found: Found) -> Wording:
    """A ValueError of a validator; one that knows near names (an unknown name) passes them on."""
    error = found.context.get("error")
    return str(error), (), tuple(getattr(error, "nearest", ()))


def _choice(found: Found) -> Wording:
    allowed = _quoted(str(found.context["expected"]))
    return f"{shortened(found.given)} is not a choice here", allowed, _nearest(found.given, allowed)


def _tag(found: Found) -> Wording:
    allowed = _quoted(str(found.context["expected_tags"]))
    tag = str(found.context["tag"])
    return f"{tag!r} is not a choice here", allowed, nearest_names(tag, allowed)


def _no_tag(found: Found) -> Wording:
    tags = [choice.tag or next(iter(choice.literals), "") for choice in found.shape.choices]
    return NEEDED, [tag for tag in tags if tag], ()


def _not_text(found: Found) -> Wording:
    if isinstance(found.given, int | float) and not isinstance(found.given, bool):
        return f"{found.given} is a number; put it in quotes to make it text", (), ()
    return (
        f"{shortened(found.given)} is not text" if found.given is not None else "nothing is written here",
        (),
        (),
    )


def _bound(sentence: str, key: str) -> Callable[[Found], Wording]:
    def word(found: Found) -> Wording:
        return f"{shortened(found.given)} is not {sentence} {found.context[key]}", (), ()

    return word


def _length(found: Found) -> Wording:
    counts = {"min_length": "at least", "max_length": "at most"}
    key = next(key for key in counts if key in found.context)
    number = found.context[key]
    one, many = ("character", "characters") if isinstance(found.given, str) else ("entry", "entries")
    expected = _expected(found) if found.shape.example is not None else ()
    return f"this needs {counts[key]} {number} {one if number == 1 else many}", expected, ()


def _quoted(text: str) -> tuple[str, ...]:
    """The names in pydantic's "'a', 'b' or 'c'"."""
    return tuple(re.findall(r"'((?:[^'\\]|\\.)*)'", text)) or (text,)


def _nearest(given: object, allowed: Sequence[str]) -> tuple[str, ...]:
    return nearest_names(given, allowed) if isinstance(given, str) else ()


_NEEDED: dict[str, tuple[str, tuple[str, ...]]] = {
    "int_": ("a whole number", ()),
    "float_": ("a number", ()),
    "bool_": ("true or false", ("true", "false")),
    "date_": ("a date", ("a day such as 2026-11-22",)),
    "list_": ("a list", ()),
    "tuple_": ("a list", ()),
    "dict_": ("a mapping of fields", ()),
    "mapping_": ("a mapping of fields", ()),
    "model_": ("a mapping of fields", ()),
}

_WORDINGS: dict[str, Callable[[Found], Wording]] = {
    REFUSED: _refused,
    "extra_forbidden": _unknown_field,
    "missing": _missing,
    "value_error": _raised,
    "assertion_error": _raised,
    "literal_error": _choice,
    "enum": _choice,
    "union_tag_invalid": _tag,
    "union_tag_not_found": _no_tag,
    "string_type": _not_text,
    "greater_than": _bound("above", "gt"),
    "greater_than_equal": _bound("at least", "ge"),
    "less_than": _bound("below", "lt"),
    "less_than_equal": _bound("at most", "le"),
    "too_short": _length,
    "too_long": _length,
    "string_too_short": _length,
    "string_too_long": _length,
}
