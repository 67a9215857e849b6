"""What a plain YAML scalar means: the core schema of YAML 1.2 (https://yaml.org/spec/1.2.2/, section 10.3.2).

Unlike YAML 1.1, `15.6e12` is a number, and `NO`, `on` and `2026-12-01` are text.
"""

from __future__ import annotations

import re

_NULLS = frozenset({"", "~", "null", "Null", "NULL"})
_BOOLEANS = {
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_INTEGER = re.compile(r"[-+]?[0-9]+")
_BASED = re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_NOT_FINITE = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
_MOST_DIGITS = 300

Scalar = str | int | float | bool | None


def scalar(text: str) -> Scalar:
    """The value of an unquoted scalar.

    >>> [scalar(text) for text in ("15.6e12", "0o17", "NO", "true", "~", "2026-12", "80 GB", "007")]
    [15600000000000.0, 15, 'NO', True, None, '2026-12', '80 GB', 7]
    """
    if text in _NULLS:
        return None
    if text in _BOOLEANS:
        return _BOOLEANS[text]
    if _INTEGER.fullmatch(text) and len(text) <= _MOST_DIGITS:
        return int(text)
    if _BASED.fullmatch(text) and len(text) <= _MOST_DIGITS:
        return int(text, base=0)
    if _FLOAT.fullmatch(text):
        return float(text)
    if _NOT_FINITE.fullmatch(text):
        return float(text.replace(".", ""))
    return text
