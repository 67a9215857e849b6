"""Scenarios: the same plan under other circumstances, side by side, and weighted by how likely they are."""

from truecost.plan.scenarios.compare import ScenarioResult, scenarios
from truecost.plan.scenarios.own import read_file
from truecost.plan.scenarios.shipped import FAMILIES, SHIPPED

__all__ = ["FAMILIES", "SHIPPED", "ScenarioResult", "read_file", "scenarios"]
