"""What if: the same plan with prices, use or efficiency changed by a factor, from a month on."""

from __future__ import annotations

from typing import Annotated, TypeAlias

from pydantic import Field

from truecost.plan.schema.quantities import Section, YearlyTrend
from truecost.ranges import Value
from truecost.spec import Number

Factor: TypeAlias = Annotated[Value, Number("positive", unit="x", least=0.001, most=1000)]
Shift: TypeAlias = Annotated[Value, Number("real", unit="share", least=-1, most=1)]


class WhatIf(Section):
    """One change of the plan as a whole; several multiply. Everything left out stays as the plan has it."""

    from_month: int = Field(default=0, ge=0, le=119, description="month of the plan, 0 is the first")
    api_price: Factor | None = Field(
        default=None, description="every API price of serving, over what the plan has it"
    )
    api_price_trend_per_year: YearlyTrend | None = Field(
        default=None, description="further yearly change of every API price of serving, from that month on"
    )
    chip_price: Factor | None = Field(
        default=None, description="rents and purchase prices of chips, over what the plan has them"
    )
    chip_price_trend_per_year: YearlyTrend | None = Field(
        default=None, description="further yearly change of rents and purchase prices of chips"
    )
    users: Factor | None = Field(default=None, description="active users of every tier")
    queries_per_user: Factor | None = Field(default=None, description="queries a user of every tier")
    asked_price: Factor | None = Field(
        default=None, description="prices asked from users; they respond by their tier's elasticity"
    )
    cached_share_added: Shift | None = Field(
        default=None,
        description="share of the uncached input that is cached too; below 0, of the cached that is not",
    )
    utilization: Factor | None = Field(
        default=None,
        description="work a chip does in an hour (load at the peak, utilization of training), undated",
    )
