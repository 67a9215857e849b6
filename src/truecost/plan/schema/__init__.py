"""The plan's schema: what a user can write, with units, bounds and a description of every field."""

from truecost.plan.schema.business import Business
from truecost.plan.schema.demand import Demand, RequestClass, Task, Tier
from truecost.plan.schema.plan import Plan
from truecost.plan.schema.programme import Programme
from truecost.plan.schema.serving import Api, Levers, SelfHosted, Serving

__all__ = [
    "Api",
    "Business",
    "Demand",
    "Levers",
    "Plan",
    "Programme",
    "RequestClass",
    "SelfHosted",
    "Serving",
    "Task",
    "Tier",
]
