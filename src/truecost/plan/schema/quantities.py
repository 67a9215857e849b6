"""The quantities a plan is written in: each with its unit, its support and the bounds of the absurd."""

from __future__ import annotations

from typing import Annotated, TypeAlias

from truecost.ranges import Value
from truecost.spec import Number, Section

__all__ = ["Section"]

Share: TypeAlias = Annotated[Value, Number("share")]
SharePart: TypeAlias = Annotated[Value, Number("share", most=0.99)]
"""A share that leaves something: what it is taken from is divided by the rest."""
PeakUtilization: TypeAlias = Annotated[Value, Number("share", least=0.01)]
ShareUsed: TypeAlias = Annotated[Value, Number("share", least=0.001)]
"""A share that something is divided by."""
Multiple: TypeAlias = Annotated[Value, Number("positive", unit="x", most=1e4)]
PriceMultiple: TypeAlias = Annotated[Value, Number("positive", unit="x", least=0.01, most=100)]
GenerationGrowth: TypeAlias = Annotated[Value, Number("positive", unit="x", least=0.01, most=100)]
PeakOverMean: TypeAlias = Annotated[Value, Number("positive", unit="x", least=1, most=25)]
"""Peak hour over mean hour; no lognormal load has a peak above 27.6 times its mean."""
AtLeastOne: TypeAlias = Annotated[Value, Number("positive", unit="x", least=1, most=1e3)]
Growth: TypeAlias = Annotated[Value, Number("real", unit="share a month", least=-1, most=10)]
YearlyTrend: TypeAlias = Annotated[Value, Number("real", unit="share a year", least=-0.99, most=10)]
Elasticity: TypeAlias = Annotated[Value, Number("real", unit="", least=-10, most=0)]

Count: TypeAlias = Annotated[Value, Number("positive", unit="", most=1e15)]
ChipCount: TypeAlias = Annotated[Value, Number("positive", unit="chips", least=1, most=1e9)]
Users: TypeAlias = Annotated[Value, Number("positive", unit="users", most=1e10)]
MarketUsers: TypeAlias = Annotated[Value, Number("positive", unit="users", least=1, most=1e10)]
People: TypeAlias = Annotated[Value, Number("positive", unit="people", most=1e6)]
Queries: TypeAlias = Annotated[Value, Number("positive", unit="queries", most=1e5)]
QueriesAllowed: TypeAlias = Annotated[Value, Number("positive", unit="queries", least=0.001, most=1e5)]
Tokens: TypeAlias = Annotated[Value, Number("positive", unit="tokens", most=1e17)]
TokensPerCall: TypeAlias = Annotated[Value, Number("positive", unit="tokens", most=1e8)]
Flops: TypeAlias = Annotated[Value, Number("positive", unit="FLOP", most=1e32, above_zero=True)]
Parameters: TypeAlias = Annotated[Value, Number("positive", unit="parameters", most=1e15, above_zero=True)]
ChipHours: TypeAlias = Annotated[Value, Number("positive", unit="chip-hours", most=1e13)]
Hours: TypeAlias = Annotated[Value, Number("positive", unit="hours", most=1e10)]
Months: TypeAlias = Annotated[Value, Number("positive", unit="months", most=240)]
Days: TypeAlias = Annotated[Value, Number("positive", unit="days", least=0.01, most=3650)]
OutageDays: TypeAlias = Annotated[Value, Number("positive", unit="days", most=30)]
"""Days of one month."""
Interval: TypeAlias = Annotated[Value, Number("positive", unit="months", least=1, most=240)]

Usd: TypeAlias = Annotated[Value, Number("positive", unit="USD", most=1e13)]
UsdPerQuery: TypeAlias = Annotated[Value, Number("positive", unit="USD/query", most=100)]
UsdPerMtok: TypeAlias = Annotated[Value, Number("positive", unit="USD/Mtok", most=1e5)]
UsdPerMonth: TypeAlias = Annotated[Value, Number("positive", unit="USD/month", most=1e12)]
UsdPerUserMonth: TypeAlias = Annotated[Value, Number("positive", unit="USD/month", most=2e4)]
UsdPerYear: TypeAlias = Annotated[Value, Number("positive", unit="USD/year", most=1e12)]
UsdPerHour: TypeAlias = Annotated[Value, Number("positive", unit="USD/hour", most=1e4)]
UsdPerChipHour: TypeAlias = Annotated[Value, Number("positive", unit="USD/chip-hour", least=0, most=1e3)]
UsdPerItem: TypeAlias = Annotated[Value, Number("positive", unit="USD", most=1e6)]
Minutes: TypeAlias = Annotated[Value, Number("positive", unit="minutes", most=1e5)]
Milliseconds: TypeAlias = Annotated[Value, Number("positive", unit="ms", most=1e6, above_zero=True)]
