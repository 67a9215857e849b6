"""What every schema of a spec is made of: the base of its models, and its dates."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, WithJsonSchema

from truecost.spec.errors import refuse, shortened

_DAY = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")
_MONTH = re.compile(r"([0-9]{4})-([0-9]{2})(?:-01)?")


class Section(BaseModel):
    """One mapping of a spec: frozen, no field it does not know, defaults validated like what is written.

    The docstring under a field is its description in the JSON Schema.
    """

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        validate_default=True,
        use_attribute_docstrings=True,
        protected_namespaces=(),
        allow_inf_nan=False,
    )


def _day(given: object) -> date:
    """A day from "2026-11-22" or a date."""
    if isinstance(given, date):
        return given.date() if isinstance(given, datetime) else given
    return _date(given, _DAY, "a day such as 2026-11-22")


def _month(given: object) -> date:
    """The first day of a month from "2026-12" or a date."""
    if isinstance(given, date):
        return date(given.year, given.month, 1)
    return _date(given, _MONTH, "a month such as 2026-12")


def _date(given: object, pattern: re.Pattern[str], allowed: str) -> date:
    match = pattern.fullmatch(given.strip()) if isinstance(given, str) else None
    if match is None:
        raise refuse(f"{shortened(given)} is not a date", allowed=[allowed])
    year, month, day = (int(part) for part in (*match.groups(), "1")[:3])
    try:
        return date(year, month, day)
    except ValueError as error:
        raise refuse(f"{shortened(given)} is no date: {error}", allowed=[allowed]) from None


Day = Annotated[date, BeforeValidator(_day), WithJsonSchema({"type": "string", "format": "date"})]
"""A day, written 2026-11-22."""
Month = Annotated[
    date, BeforeValidator(_month), WithJsonSchema({"type": "string", "pattern": "^\\d{4}-\\d{2}$"})
]
"""The first day of a month, written 2026-12."""
