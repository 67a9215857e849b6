"""What stands in where a plan names no model to compare with: always said so, never taken for as good."""

from __future__ import annotations

from datetime import date

from truecost.catalog.catalog import Catalog
from truecost.plan.break_even import STAND_IN
from truecost.plan.schema import Plan, SelfHosted

API_STAND_IN = "gpt-4.1"
"""What stands in for an API where the plan names none and nobody sells its open model on record."""


def sold_as(model: object, catalog: Catalog, as_of: date) -> str | None:
    """The id under which an open model is sold over an API; None where no price is on record."""
    if not isinstance(model, str):
        return None
    tail = model.rsplit("/", 1)[-1].lower()
    for name in (model, tail, f"{tail}-instruct"):
        try:
            catalog.prices(name, as_of)
        except LookupError:
            continue
        except ValueError:
            continue
        return name
    return None


def api_model(plan: Plan, name: str, catalog: Catalog) -> tuple[str, bool]:
    """The API model for a class, and whether it only stands in for one."""
    serving = plan.serving[name]
    if serving.api is not None:
        return serving.api.model, False
    assert plan.as_of is not None
    named = next((s.api.model for s in plan.serving.values() if s.api is not None), None)
    if serving.self_hosted is not None:
        same = sold_as(serving.self_hosted.model, catalog, plan.as_of)
        if same is not None:
            return same, False
    return named or API_STAND_IN, True


def host(plan: Plan, name: str) -> tuple[SelfHosted, bool]:
    """The open model and chips for a class, and whether they only stand in for some."""
    serving = plan.serving[name]
    if serving.self_hosted is not None:
        return serving.self_hosted, False
    others = (s.self_hosted for s in plan.serving.values() if s.self_hosted is not None)
    found = next(others, None)
    if found is not None:
        return found.model_copy(update={"porting": None, "own_model": False}), True
    return STAND_IN.model_copy(update={"purchase": "reserved_1y"}), True
