"""The catalog as a training spec asks it: each fact looked up once, however many cases ask for it."""

from __future__ import annotations

import json
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any, TypeVar, cast

from truecost.catalog.facts import Fact

if TYPE_CHECKING:
    from truecost.catalog.accelerators import Accelerator
    from truecost.catalog.architectures import Architecture
    from truecost.catalog.catalog import Catalog
    from truecost.catalog.hardware_prices import Term

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Lookups:
    """A catalog that remembers what it was asked, refusals as well."""

    catalog: Catalog
    _known: dict[Hashable, Any] = field(default_factory=dict[Hashable, Any])

    def accelerator(self, name: str) -> Accelerator:
        """See `Catalog.accelerator`."""
        return self._once(("accelerator", name), lambda: self.catalog.accelerator(name))

    def model(self, given: str | Mapping[str, Any]) -> Architecture:
        """See `Catalog.model`."""
        key = given if isinstance(given, str) else json.dumps(given, sort_keys=True, default=str)
        return self._once(("model", key), lambda: self.catalog.model(given))

    def rate(self, key: str, as_of: date | None = None) -> Fact:
        """See `Catalog.rate`."""
        return self._once(("rate", key, as_of), lambda: self.catalog.rate(key, as_of))

    def rental(self, chip: str, as_of: date, term: Term) -> Fact:
        """See `Catalog.rental`."""
        return self._once(("rental", chip, as_of, term), lambda: self.catalog.rental(chip, as_of, term))

    def purchase(self, chip: str, as_of: date) -> Fact:
        """See `Catalog.purchase`."""
        return self._once(("purchase", chip, as_of), lambda: self.catalog.purchase(chip, as_of))

    def _once(self, key: Hashable, look_up: Callable[[], T]) -> T:
        if key not in self._known:
            try:
                self._known[key] = look_up()
            except (ValueError, LookupError) as refused:
                self._known[key] = refused
        found = self._known[key]
        if isinstance(found, Exception):
            raise found
        return cast("T", found)
