"""Replay specs for tests: small ones that are fast to answer."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

SMALL: dict[str, Any] = {
    "as_of": "2026-11-22",
    "model": "llama-3.1-8b",
    "fleet": {"accelerator": "h100-sxm"},
    "traffic": {
        "synthetic": {
            "requests": 200,
            "input_tokens": 512,
            "output_tokens": 128,
            "arrival": {"rate_per_s": 4.0},
        }
    },
    "price": {"usd_per_chip_hour": 2.0},
}


def spec(**changes: Any) -> dict[str, Any]:
    """The small spec with values put at dotted paths, a dot written as two underscores."""
    made = deepcopy(SMALL)
    for path, value in changes.items():
        *above, last = path.split("__")
        section = made
        for part in above:
            section = section.setdefault(part, {})
        section[last] = value
    return made
