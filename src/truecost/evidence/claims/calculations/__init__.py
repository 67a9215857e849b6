"""The calculations a claim can be recomputed by, grouped by what they are about; each by its name."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from truecost.evidence.claims.working import Calculation

_MODULES = (
    "arithmetic",
    "runs",
    "programmes",
    "frontier",
    "queries",
    "serving",
    "break_even",
    "prices",
    "hardware",
    "lifecycle",
    "loss",
    "users",
    "footprint",
)


@cache
def calculations() -> Mapping[str, Calculation]:
    """Every calculation, by name."""
    from truecost.evidence.claims.working import known

    for module in _MODULES:
        import_module(f"{__name__}.{module}")
    return dict(known())


def calculation(name: str) -> Calculation:
    """One calculation. Raises UnknownName with the nearest names."""
    found = calculations().get(name)
    if found is None:
        import difflib

        from truecost.catalog.names import UnknownName

        near = difflib.get_close_matches(name, calculations(), n=3, cutoff=0.4)
        raise UnknownName("calculation", name, near or sorted(calculations())[:3])
    return found
