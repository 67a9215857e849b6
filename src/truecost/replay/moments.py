"""A moment in a spec: when traffic begins, so that its hours have a time of day."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, TypeAlias

from pydantic import BeforeValidator, WithJsonSchema

from truecost.spec import refuse

ALLOWED = "a day and a time such as 2026-11-22 08:30"
DAY_BEGINS, DAY_ENDS = 8, 20
"""Hours of the clock between which it is day; the rest is night."""


def _moment(given: object) -> datetime:
    if isinstance(given, datetime):
        return given.replace(tzinfo=None)
    if isinstance(given, date):
        return datetime(given.year, given.month, given.day)
    try:
        return datetime.fromisoformat(given).replace(tzinfo=None) if isinstance(given, str) else _none()
    except ValueError:
        raise refuse(f"{given!r} is no moment", allowed=[ALLOWED]) from None


def _none() -> datetime:
    raise ValueError


Moment: TypeAlias = Annotated[
    datetime, BeforeValidator(_moment), WithJsonSchema({"type": "string", "format": "date-time"})
]
"""A day and a time of the clock where the users are."""


def part_of_day(moment: datetime) -> str:
    """ "day" from 8:00 to 20:00, else "night".

    >>> part_of_day(datetime(2026, 11, 22, 19, 59)), part_of_day(datetime(2026, 11, 22, 20))
    ('day', 'night')
    """
    return "day" if DAY_BEGINS <= moment.hour < DAY_ENDS else "night"
