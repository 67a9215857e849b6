"""Models as an invoice names them, as the ledger knows them; and what a vendor lists for them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING

from truecost.catalog.names import UnknownName
from truecost.ledger.contracts.contract import Contract
from truecost.ledger.contracts.terms import Used, net_prices
from truecost.ledger.rates import PRICES
from truecost.ledger.reconciling.logged import Cell, Group, Sold
from truecost.pricing.book import Book, book, book_of

if TYPE_CHECKING:
    from truecost.catalog.catalog import Catalog

STANDARD: tuple[str, bool] = ("standard", False)


@dataclass(slots=True)
class Models:
    """The models of a period: names found in the logs first, then in the catalog, as known on a day."""

    groups: Iterable[Group]
    day: date
    as_known: date
    catalog: Catalog | None = None
    contract: Contract | None = None
    """What is agreed with vendors: prices are then those that it bills."""
    _keys: dict[tuple[str, str], str] = field(default_factory=dict[tuple[str, str], str])
    _listed: dict[tuple[str, str], dict[Sold, Fraction]] = field(
        default_factory=dict[tuple[str, str], dict[Sold, Fraction]]
    )

    def key(self, name: str, provider: str) -> str:
        """The key of a model of an invoice; a name that nobody knows keeps itself."""
        asked = (name, provider)
        if asked not in self._keys:
            self._keys[asked] = self._logged(name, provider) or self._in_catalog(name, provider) or (
                f"{provider or '?'}/{name.lower()}"
            )  # fmt: skip
        return self._keys[asked]

    def _logged(self, name: str, provider: str) -> str | None:
        wanted = name.lower()
        found = {
            group.key
            for group in self.groups
            if group.model.lower() == wanted or group.key.partition("/")[2] == wanted
            if not provider or provider in (group.provider, group.key.partition("/")[0])
        }
        return found.pop() if len(found) == 1 else None

    def _in_catalog(self, name: str, provider: str) -> str | None:
        spelt = re.sub(r"[\s.]+", "-", name.strip().lower())
        for one in (name, spelt):
            try:
                offer = self._book(one, provider).cell(self.day, self.as_known).offer
            except (LookupError, UnknownName):
                continue
            return f"{offer[0]}/{offer[1]}"
        return None

    def _book(self, model: str, provider: str) -> Book:
        """The prices of a name, those of an overlay before what ships."""
        if self.catalog is None:
            return book(model, provider or None)
        return book_of(self.catalog, model, provider or None)

    def prices(self, cell: Cell) -> Mapping[Sold, Fraction]:
        """USD for a token of a model and kind on the vendor's list, by how it is sold; None is standard.

        Under a contract, what that bills for it, without tiers by volume. Those of short requests: a long
        one's price is not told apart by an invoice.
        """
        asked = (cell.key, cell.kind)
        if asked not in self._listed:
            self._listed[asked] = self._from_book(*asked)
        return self._listed[asked]

    def _from_book(self, key: str, kind: str) -> dict[Sold, Fraction]:
        provider, _, model = key.partition("/")
        try:
            rates = self._book(model, provider).cell(self.day, self.as_known).rates
        except (LookupError, UnknownName):
            return {}
        found: dict[Sold, Fraction] = {}
        for sold, kinds in rates.items():
            listed = {
                column.removesuffix("_usd"): min(
                    kinds[one], key=lambda row: row.input_tokens_from
                ).usd_per_token
                for column, one in PRICES.items()
                if one in kinds
            }
            if (usd := self._net(key, sold, listed).get(kind)) is not None:
                found[sold] = Fraction(usd)
        if STANDARD in found:
            found[None] = found[STANDARD]
        return found

    def _net(
        self, key: str, sold: tuple[str, bool], listed: Mapping[str, Decimal]
    ) -> Mapping[str, Decimal | None]:
        """List prices by kind, or what the contract makes of them."""
        if self.contract is None:
            return listed
        provider, _, model = key.partition("/")
        used = Used(provider, model, "", *sold, self.day, self.day)
        return net_prices(self.contract, used, dict(listed), key)
