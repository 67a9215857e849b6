"""The catalog: one door to every fact, the user's overlay laid over what the package ships."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from truecost.catalog.facts import Fact
from truecost.catalog.names import normalise, resolve
from truecost.catalog.rates import Rates, load_rates

if TYPE_CHECKING:
    from truecost.catalog.accelerators import Accelerator
    from truecost.catalog.api_prices import ApiPrice
    from truecost.catalog.architectures import Architecture
    from truecost.catalog.hardware_prices import Term
    from truecost.catalog.overlay import Overlay

Row: TypeAlias = dict[str, Any]
Rows: TypeAlias = list[Row]


@cache
def _shipped() -> Catalog:
    return Catalog(load_rates(), None)


def load(overlay: str | Path | None = None) -> Catalog:
    """The catalog, with a user's overlay file over it where one is given.

    Raises SpecError with every problem of the overlay: file:line, field, what is allowed, nearest name.

    >>> load().rate("pue/hyperscaler").value
    1.1
    """
    if overlay is None:
        return _shipped()
    from truecost.catalog.overlay import read_overlay

    read = read_overlay(overlay)
    return Catalog(load_rates().joined(read.rates), read)


@dataclass(frozen=True, slots=True)
class Catalog:
    """Every fact by name and date. Made by `load`; the data behind it are read when first asked for."""

    all_rates: Rates
    laid_over: Overlay | None

    @property
    def overlay(self) -> str | None:
        """The file name of the overlay, or None without one."""
        return self.laid_over.name if self.laid_over else None

    def rate(self, key: str, as_of: date | None = None) -> Fact:
        """A rate ("pue/hyperscaler", "carbon/fr") as it stood at a day; the latest without one.

        Raises UnknownName with the nearest keys.
        """
        return self.all_rates.fact(key, as_of)

    def accelerator(self, name: str) -> Accelerator:
        """The chip of a key, an alias or another spelling of either. Raises UnknownName with the nearest."""
        from truecost.catalog.accelerators import accelerator, alias_index

        if self.laid_over is None or not self.laid_over.accelerators:
            return accelerator(name)
        chips = self.accelerators()
        return chips[resolve(name, alias_index(chips), "accelerator")]

    def rates(self) -> Sequence[Fact]:
        """The latest fact of every rate, in key order."""
        return self.all_rates.latest()

    def accelerators(self) -> Mapping[str, Accelerator]:
        """Every accelerator by key, the overlay's among them."""
        from truecost.catalog.accelerators import load_accelerators

        return {**load_accelerators(), **(self.laid_over.accelerators if self.laid_over else {})}

    def models(self) -> Sequence[str]:
        """The names of all models with an architecture, the overlay's among them, in alphabetical order."""
        from truecost.catalog.models import model_names

        return sorted({*model_names(), *(self.laid_over.models if self.laid_over else ())})

    def model(self, name_or_config: str | Path | Mapping[str, object]) -> Architecture:
        """The architecture of a model by name, or by its config.json (a path or its keys).

        Raises UnknownName with the nearest names, or ValueError for a config that describes no model.
        """
        from truecost.catalog.models import model

        if self.laid_over is not None and isinstance(name_or_config, str):
            own = {normalise(name): arch for name, arch in self.laid_over.models.items()}
            if normalise(name_or_config) in own:
                return own[normalise(name_or_config)]
        return model(name_or_config)

    def rental(self, chip: str, as_of: date, term: Term = "on_demand") -> Fact:
        """USD per chip-hour near a day, usually a range over sellers.

        Raises UnknownName for an unknown chip, ValueError for an unknown term, LookupError where no price
        is known.
        """
        from truecost.catalog.hardware_prices import TERMS, rental

        key = self.accelerator(chip).key
        if term not in TERMS:
            raise ValueError(f"unknown rental term {term!r}; one of {', '.join(TERMS)}")
        if self.laid_over and (key, term) in self.laid_over.rentals:
            return self.laid_over.rentals[key, term]
        self._must_be_shipped(key, f"rentals: {{{key}: {{{term}: …}}}}")
        return rental(key, as_of, term)

    def purchase(self, chip: str, as_of: date) -> Fact:
        """USD per chip near a day, without server and network, usually a range over sellers.

        Raises UnknownName for an unknown chip, LookupError where no price is known.
        """
        from truecost.catalog.hardware_prices import purchase

        key = self.accelerator(chip).key
        if self.laid_over and key in self.laid_over.purchases:
            return self.laid_over.purchases[key]
        self._must_be_shipped(key, f"purchases: {{{key}: …}}")
        return purchase(key, as_of)

    def prices(self, model: str, as_of: date, provider: str | None = None) -> ApiPrice:
        """What a model costs by API on a day.

        Raises UnknownName with the nearest names, or LookupError when no price is known for that day.
        """
        from truecost.catalog.api_prices import prices

        try:
            listed = prices(model, as_of, provider)
        except (LookupError, ValueError):
            own = self.laid_over.own_price(model, as_of, provider) if self.laid_over else None
            if own is None:
                raise
            return own
        return self.laid_over.priced(listed) if self.laid_over else listed

    def list(self, section: str, as_of: date | None = None) -> Rows:
        """One section as rows to print: accelerators, models, prices, rentals, purchases or rates.

        `as_of` (default: today) picks dated prices. Raises UnknownName for another section.
        """
        from truecost.catalog.listing import list_section

        return list_section(self, section, as_of or date.today())

    def show(self, name: str, as_of: date | None = None) -> Rows:
        """Everything the catalog has under a name, one entry a section (a model may have sizes and prices).

        A chip, a model, an API price, a rate or a group of rates. Raises UnknownName with the nearest names.
        """
        from truecost.catalog.listing import show_name

        return show_name(self, name, as_of or date.today())

    def _must_be_shipped(self, key: str, entry: str) -> None:
        from truecost.catalog.accelerators import load_accelerators

        if key not in load_accelerators():
            raise LookupError(f"{key} is a chip of {self.overlay}, which gives no price for it: add {entry}")
