"""Many numbers in a byte or two each: close enough for a table, short enough for a page."""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Mapping
from typing import Any

import numpy as np

from truecost.ranges import FloatArray

KINDS = {1: np.dtype("<u1"), 2: np.dtype("<u2")}


def coded(values: FloatArray, size: int = 1) -> dict[str, Any]:
    """Positive numbers on a logarithmic scale of 255 steps, 65,535 in two bytes; 0 for none.

    Other numbers are taken as 0.

    >>> decoded(coded(np.array([0.0, 1.0, 10.0, 100.0]))).round(6).tolist()
    [0.0, 1.0, 10.0, 100.0]
    """
    kept = values > 0
    low, high = (float(end(values[kept])) if kept.any() else 1.0 for end in (np.min, np.max))
    way = np.log(np.where(kept, values, low) / low) / (np.log(high / low) or 1.0)
    codes = np.where(kept, 1 + np.rint(way * _steps(size)), 0).astype(KINDS[size])
    text = b64encode(codes.tobytes()).decode("ascii")
    return {"low": low, "high": high, "size": size, "codes": text}


def decoded(code: Mapping[str, Any]) -> FloatArray:
    """The numbers back, each within half a step."""
    codes = np.frombuffer(b64decode(code["codes"]), dtype=KINDS[code["size"]]).astype(np.float64)
    ratio = code["high"] / code["low"]
    return np.where(codes > 0, code["low"] * ratio ** ((codes - 1) / _steps(code["size"])), 0.0)


def _steps(size: int) -> int:
    return 256**size - 2
