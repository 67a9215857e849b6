"""Facts: accelerators, architectures, API prices, rentals, rates. The door is `load`, for a Catalog."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from truecost.catalog.accelerators import Accelerator
    from truecost.catalog.api_prices import ApiPrice
    from truecost.catalog.architectures import Architecture
    from truecost.catalog.catalog import Catalog, load
    from truecost.catalog.checks import Finding, check
    from truecost.catalog.facts import Confidence, Fact
    from truecost.catalog.names import UnknownName

__all__ = [
    "Accelerator",
    "ApiPrice",
    "Architecture",
    "Catalog",
    "Confidence",
    "Fact",
    "Finding",
    "UnknownName",
    "check",
    "load",
]

_HOMES = {
    "Accelerator": "accelerators",
    "ApiPrice": "api_prices",
    "Architecture": "architectures",
    "Catalog": "catalog",
    "Confidence": "facts",
    "Fact": "facts",
    "Finding": "checks",
    "UnknownName": "names",
    "check": "checks",
    "load": "catalog",
}


def __getattr__(name: str) -> object:
    """Import a public name when it is first used (PEP 562), so that `import truecost` stays light."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
