"""Regions that a replay takes from the catalog: own chips need the price of their electricity."""

from __future__ import annotations

from typing import Annotated, TypeAlias

from pydantic import AfterValidator

from truecost.catalog.named import known_names
from truecost.catalog.names import UnknownName
from truecost.spec import refuse

ELECTRICITY = "electricity/"


def _region(name: str) -> str:
    try:
        known_names().rate(f"{ELECTRICITY}{name}")
    except UnknownName as unknown:
        near = [key.removeprefix(ELECTRICITY) for key in unknown.nearest if key.startswith(ELECTRICITY)]
        raise refuse("no electricity price of this region is on record", nearest=near) from None
    return name


RegionName: TypeAlias = Annotated[str, AfterValidator(_region)]
"""A region with the price of its electricity on record."""
