"""The plan: the whole file a user writes."""

from __future__ import annotations

from pydantic import Field

from truecost.plan.schema.business import Business
from truecost.plan.schema.dates import PlanDay, PlanMonth
from truecost.plan.schema.demand import Demand
from truecost.plan.schema.names import PlainName, RegionName
from truecost.plan.schema.programme import Programme
from truecost.plan.schema.quantities import Section
from truecost.plan.schema.scenarios import Scenario
from truecost.plan.schema.serving import Serving
from truecost.plan.schema.what_if import WhatIf


class Plan(Section):
    """Everything an AI product costs and earns, by month."""

    name: str = Field(default="plan", min_length=1, max_length=120)
    as_of: PlanDay | None = Field(default=None, description="the day whose prices count; today by default")
    start: PlanMonth | None = Field(default=None, description="first month, YYYY-MM; the month after as_of")
    horizon_months: int = Field(36, ge=1, le=120)
    region: RegionName = Field(default="us", description="whose electricity price and grid count")
    demand: Demand | None = None
    serving: dict[str, Serving] = Field(default_factory=dict[str, Serving], description="by request class")
    programme: Programme | None = None
    business: Business | None = None
    what_if: tuple[WhatIf, ...] = Field(
        default=(), max_length=50, description="changes of the plan as a whole, each from a month on"
    )
    scenarios: dict[PlainName, Scenario] = Field(
        default_factory=dict[str, Scenario],
        max_length=50,
        description="by name: the same plan, some things changed",
    )
