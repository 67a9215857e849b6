"""Names a plan takes from the catalog, looked up while the plan is read, so that a misspelt chip is
reported together with every other problem."""

from __future__ import annotations

import re
from typing import Annotated, TypeAlias

from pydantic import AfterValidator

from truecost.catalog.named import CarbonRegionName, checked, known_names
from truecost.catalog.names import UnknownName
from truecost.spec import refuse
from truecost.spec.errors import shortened

_LONGEST_NAME = 60
_PLAIN = re.compile(r"[A-Za-z0-9_-]{1,60}")
_OTHER = re.compile(r"[^A-Za-z0-9_-]+")


def _region(name: str) -> str:
    checked(lambda: known_names().rate(f"electricity/{name}"))
    return name


def _country(name: str) -> str:
    prefix = "wages/living_"
    catalog = known_names()
    try:
        catalog.rate(f"{prefix}{name}")
    except UnknownName:
        known = [f.key.removeprefix(prefix) for f in catalog.rates() if f.key.startswith(prefix)]
        raise refuse(f"no living wage of {shortened(name)} is on record", allowed=known) from None
    return name


def _trend(name: str) -> str:
    from truecost.plan.price_trends import PRICE_TRENDS, known_trend

    try:
        return known_trend(name)
    except UnknownName as unknown:
        raise refuse(
            str(unknown).split(";", maxsplit=1)[0], allowed=PRICE_TRENDS, nearest=unknown.nearest
        ) from None
    except ValueError as error:
        raise refuse(str(error), allowed=PRICE_TRENDS) from None


def _plain(name: str) -> str:
    if not _PLAIN.fullmatch(name):
        nearest = _OTHER.sub("_", name).strip("_")[:_LONGEST_NAME]
        raise refuse(
            f"{shortened(name)} is not a plain name",
            allowed=[f"1 to {_LONGEST_NAME} letters, digits, _ and -"],
            nearest=[nearest] if nearest else (),
        )
    return name


RegionName: TypeAlias = Annotated[CarbonRegionName, AfterValidator(_region)]
"""A region with an electricity price and the carbon of its grid on record."""
Country: TypeAlias = Annotated[str, AfterValidator(_country)]
"""A country with a living wage on record (`truecost catalog show wages`)."""
PlainName: TypeAlias = Annotated[str, AfterValidator(_plain)]
"""A name of the user's choosing that a dotted path and a cost line can hold."""
TrendName: TypeAlias = Annotated[str, AfterValidator(_trend)]
"""A trend of prices that the catalog's dated tables can be fitted to."""
