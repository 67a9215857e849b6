"""A small schema with one of everything that specs are made of."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import pytest
from pydantic import AfterValidator, Field, model_validator

from truecost.ranges import Value
from truecost.spec import Day, Month, Number, Section, refuse

Users = Annotated[Value, Number("positive", "users")]
UsdPerMonth = Annotated[Value, Number("positive", "USD/month")]


class Api(Section):
    kind: Literal["api"]
    model: str
    usd_per_query: Annotated[Value, Number("positive", "USD/query")] | None = None


class UnknownNameError(ValueError):
    nearest = ("h100-sxm",)


def _known_chip(name: str) -> str:
    if name == "h10":
        raise UnknownNameError("no chip is called that")
    return name


class SelfHosted(Section):
    kind: Literal["self_hosted"]
    chip: Annotated[str, AfterValidator(_known_chip)]
    tensor_parallel_size: int = 1


class Tier(Section):
    users: Users
    """How many people use it in the first month."""
    price: UsdPerMonth = 0.0
    growth: Annotated[Value, Number("real", "share/month")] = 0.0
    series: Users | list[Users] | None = None
    contract: Contract | None = None

    @model_validator(mode="after")
    def _series_or_growth(self) -> Tier:
        if self.series is not None and self.growth != 0:
            raise refuse("a series leaves no room for growth; remove one", at="growth")
        return self


class Contract(Section):
    signed: Day
    seats: int = Field(default=1, ge=1, le=1000)
    regions: list[str] = Field(default=[], max_length=2)


class Serving(Section):
    options: dict[str, Annotated[Api | SelfHosted, Field(discriminator="kind")]] = Field(default={})
    route: Api | SelfHosted | None = None
    utilization: Annotated[Value, Number("share", above_zero=True)] = Field(
        default="30 % .. 50 %", validate_default=True
    )
    memory: Annotated[Value, Number("positive", "bytes")] = 80e9
    latency: Literal["interactive", "batch"] = "interactive"
    rates: dict[str, Annotated[Value, Number("positive")]] = Field(default={})


class Plan(Section):
    name: str
    start: Month
    months: Annotated[Value, Number("positive", "months", whole=True, above_zero=True, most=120)] = 36.0
    tiers: dict[str, Tier]
    serving: Serving = Serving()
    is_public: bool = False


Tier.model_rebuild()
Plan.model_rebuild()


@pytest.fixture(scope="session")
def plan_schema() -> type[Any]:
    return Plan


GOOD = """\
# a plan
name: assistant
start: 2026-12
tiers:
  free: &free
    users: 1M .. 2M
    growth: 3 %
  paid:
    <<: *free
    price: $20
serving:
  options:
    chat: {kind: api, model: gpt-4.1, usd_per_query: 0.01 .. 0.05 USD}
  utilization: {p50: 0.3, p90: 0.45}
"""


@pytest.fixture(scope="session")
def good_text() -> str:
    return GOOD
