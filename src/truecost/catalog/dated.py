"""The catalog as of another day: what is asked for on a plan's own day, answered as of a chosen one.

So the same plan can be computed with the prices of two days, or with one fact of an earlier day among those
of today, without a change to the plan. Every fact asked for is noted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from truecost.catalog.api_prices import ApiPrice
from truecost.catalog.catalog import Catalog
from truecost.catalog.facts import Fact
from truecost.catalog.hardware_prices import TERMS, Term


@dataclass(frozen=True, slots=True)
class Asked:
    """A fact as a plan asks for it: of what kind, its name, and the term or provider asked for."""

    kind: str
    name: str
    of: str = ""

    def on(self, catalog: Catalog, day: date) -> Fact | ApiPrice:
        """What the catalog has of it on a day. Raises LookupError where nothing is known."""
        if self.kind == "rental":
            return catalog.rental(self.name, day, _TERMS[self.of])
        if self.kind == "purchase":
            return catalog.purchase(self.name, day)
        if self.kind == "price":
            return catalog.prices(self.name, day, self.of or None)
        return catalog.rate(self.name, day)


_TERMS: dict[str, Term] = {str(term): term for term in TERMS}


@dataclass(frozen=True, slots=True)
class DatedCatalog(Catalog):
    """A catalog that answers for the day `asked_on` as of `day`, and of facts in `apart` as of theirs."""

    asked_on: date = date.min
    day: date = date.min
    apart: Mapping[Asked, date] = field(default_factory=dict[Asked, date])
    asked: dict[Asked, None] = field(default_factory=dict[Asked, None], compare=False)
    """Every fact asked for on `asked_on`, in the order it first was."""

    def rate(self, key: str, as_of: date | None = None) -> Fact:
        """See Catalog.rate."""
        return Catalog.rate(self, key, self._day(Asked("rate", key), as_of) if as_of else None)

    def rental(self, chip: str, as_of: date, term: Term = "on_demand") -> Fact:
        """See Catalog.rental."""
        asked = Asked("rental", self.accelerator(chip).key, term)
        return Catalog.rental(self, chip, self._day(asked, as_of), term)

    def purchase(self, chip: str, as_of: date) -> Fact:
        """See Catalog.purchase."""
        return Catalog.purchase(self, chip, self._day(Asked("purchase", self.accelerator(chip).key), as_of))

    def prices(self, model: str, as_of: date, provider: str | None = None) -> ApiPrice:
        """See Catalog.prices."""
        return Catalog.prices(self, model, self._day(Asked("price", model, provider or ""), as_of), provider)

    def _day(self, asked: Asked, as_of: date) -> date:
        if as_of != self.asked_on:
            return as_of
        self.asked[asked] = None
        return self.apart.get(asked, self.day)
