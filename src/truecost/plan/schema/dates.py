"""Dates of a plan: inside the years that facts and plans can be about."""

from __future__ import annotations

from datetime import date
from typing import Annotated, TypeAlias

from pydantic import AfterValidator

from truecost.spec import Day, Month, refuse

FIRST_YEAR = 2000
LAST_YEAR = 2100


def _of_our_time(day: date) -> date:
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise refuse(
            f"the year {day.year} is outside what a plan can be about",
            allowed=[f"{FIRST_YEAR} to {LAST_YEAR}"],
        )
    return day


PlanDay: TypeAlias = Annotated[Day, AfterValidator(_of_our_time)]
"""A day from 2000 to 2100, written 2026-11-22."""
PlanMonth: TypeAlias = Annotated[Month, AfterValidator(_of_our_time)]
"""The first day of a month from 2000 to 2100, written 2026-12."""
