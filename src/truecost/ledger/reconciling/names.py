"""Models as an invoice names them, as the ledger knows them; and what a vendor lists for them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction

from truecost.catalog.names import UnknownName
from truecost.ledger.rates import PRICES
from truecost.ledger.reconciling.logged import Cell, Group, Sold
from truecost.pricing.book import book

STANDARD: tuple[str, bool] = ("standard", False)


@dataclass(slots=True)
class Models:
    """The models of a period: names found in the logs first, then in the catalog, as known on a day."""

    groups: Iterable[Group]
    day: date
    as_known: date
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
                offer = book(one, provider or None).cell(self.day, self.as_known).offer
            except (LookupError, UnknownName):
                continue
            return f"{offer[0]}/{offer[1]}"
        return None

    def prices(self, cell: Cell) -> Mapping[Sold, Fraction]:
        """USD for a token of a model and kind on the vendor's list, by how it is sold; None is standard.

        Those of short requests: a long one's price is not told apart by an invoice.
        """
        asked = (cell.key, cell.kind)
        if asked not in self._listed:
            self._listed[asked] = self._from_book(*asked)
        return self._listed[asked]

    def _from_book(self, key: str, kind: str) -> dict[Sold, Fraction]:
        provider, _, model = key.partition("/")
        billed = PRICES[f"{kind}_usd"]
        try:
            rates = book(model, provider or None).cell(self.day, self.as_known).rates
        except (LookupError, UnknownName):
            return {}
        found: dict[Sold, Fraction] = {
            sold: Fraction(min(kinds[billed], key=lambda row: row.input_tokens_from).usd_per_token)
            for sold, kinds in rates.items()
            if billed in kinds
        }
        if STANDARD in found:
            found[None] = found[STANDARD]
        return found
