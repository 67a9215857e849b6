"""What an hour of a chip costs, where usage tells hours and no amount: the rent of the market, by month."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from truecost.catalog.catalog import Catalog, load
from truecost.catalog.hardware_prices import TERMS, Term
from truecost.ranges import Range

STANDARD = "standard"
_TIERS: tuple[tuple[str, Term], ...] = ((STANDARD, "on_demand"), *((term, term) for term in TERMS[1:]))


@dataclass(frozen=True, slots=True)
class ChipRent:
    """USD for an hour of a chip under a term of rent, from a day on and before another."""

    term: str
    """`standard` (on demand), `reserved_1y`, `reserved_3y` or `spot`: the service tier of the usage."""
    valid_from: date
    valid_to: date
    usd_per_chip_hour: Decimal
    priced_as: str
    source: str


def chip_rents(
    chip: str, days: tuple[date, date], as_known: date, catalog: Catalog | None = None
) -> Iterator[ChipRent]:
    """The rents of a chip in each month of some days (the last excluded), by what was known on a day.

    The median over sellers at the middle of the month. Raises UnknownName for an unknown chip, LookupError
    where no rent on demand is known.
    """
    catalog = catalog or load()
    first, stop = days
    key = catalog.accelerator(chip).key
    while first < stop:
        end = min((first.replace(day=1) + timedelta(32)).replace(day=1), stop)
        day = min(first + (end - first) / 2, as_known)
        for tier, term in _TIERS:
            try:
                fact = catalog.rental(key, day, term)
            except LookupError:
                if tier == STANDARD:
                    raise
                continue
            value = fact.value.median if isinstance(fact.value, Range) else fact.value
            yield ChipRent(tier, first, end, Decimal(f"{value:.9f}"), f"rent of {key}", fact.source)
        first = end
