"""A spec as a YAML text for a person to go on from: plain where YAML allows it, a comment where asked for."""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Iterator, Mapping
from typing import cast

from truecost.spec.scalars import scalar

WIDTH = 110
_INDENT = "  "
_PLAIN = re.compile(r"[A-Za-z0-9.$_][^\x00-\x1f:#]*")
"""Text that means itself in YAML without quotes: nothing in it that YAML gives a meaning."""


def yaml_text(spec: Mapping[str, object], comments: Mapping[str, str]) -> str:
    """Nested mappings, numbers and texts as YAML; `comments` by dotted path.

    A comment stands behind its value where both fit on a line, and else above it.

    >>> print(yaml_text({"a": {"b": 2.0, "c": "1 .. 2"}}, {"a.b": "why"}), end="")
    a:
      b: 2  # why
      c: 1 .. 2
    """
    return "".join(f"{line}\n" for line in _lines(spec, comments, "", ""))


def _lines(spec: Mapping[str, object], comments: Mapping[str, str], above: str, indent: str) -> Iterator[str]:
    for key, value in spec.items():
        path, comment = above + key, comments.get(above + key, "")
        is_mapping = isinstance(value, Mapping)
        line = f"{indent}{_name(key)}:" + ("" if is_mapping else f" {written(value)}")
        is_beside = len(line) + len(comment) + 4 <= WIDTH
        if comment and not is_beside:
            marked = f"{indent}# "
            yield from textwrap.wrap(comment, WIDTH, initial_indent=marked, subsequent_indent=marked)
        yield f"{line}  # {comment}" if comment and is_beside else line
        if is_mapping:
            yield from _lines(cast("Mapping[str, object]", value), comments, f"{path}.", indent + _INDENT)


def _name(key: str) -> str:
    return key if _PLAIN.fullmatch(key) and key == key.strip() else json.dumps(key, ensure_ascii=False)


def written(value: object) -> str:
    """A number or a text as YAML reads it back; a whole number without its ".0".

    >>> [written(value) for value in (2000.0, 0.5, "2k", "5 .. 30", "2000", "a: b")]
    ['2000', '0.5', '2k', '5 .. 30', '"2000"', '"a: b"']
    """
    if isinstance(value, str):
        is_plain = _PLAIN.fullmatch(value) and scalar(value) == value and value == value.strip()
        return value if is_plain else json.dumps(value, ensure_ascii=False)
    return repr(tidy(value))


def tidy(value: object) -> object:
    """A whole number as an integer, the rest as it is."""
    return int(value) if isinstance(value, float) and value.is_integer() else value
