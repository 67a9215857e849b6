"""What every check works with: the dated plan, the catalog, and where problems go."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import cast

import numpy as np

from truecost.catalog.catalog import Catalog
from truecost.catalog.names import UnknownName
from truecost.plan.schema import Plan
from truecost.ranges import Range
from truecost.spec import Problems

SHARE_TOLERANCE = 1e-6


@dataclass(frozen=True, slots=True)
class Checking:
    """One plan being checked."""

    plan: Plan
    as_of: date
    start: date
    today: date
    catalog: Catalog
    problems: Problems

    def add(self, path: str, message: str, allowed: Iterable[str] = ()) -> None:
        """Note an error at a dotted path."""
        self.problems.add(path, message, allowed=allowed)

    def warn(self, path: str, message: str) -> None:
        """Note something legal but unusual at a dotted path."""
        self.problems.warn(path, message)

    def knows(self, path: str, look_up: Callable[[], object]) -> bool:
        """Whether a look-up succeeds; a name or price the catalog does not hold is an error at the path."""
        try:
            look_up()
        except UnknownName as unknown:
            self.problems.add(path, str(unknown).split(";", maxsplit=1)[0], nearest=unknown.nearest)
        except (LookupError, ValueError) as missing:
            self.problems.add(path, str(missing.args[0] if missing.args else missing))
        else:
            return True
        return False

    def sums_to_one(self, shares: Mapping[str, object], path: str, what: str = "the shares") -> None:
        """Shares sum to 1; of ranges, some numbers inside them do."""
        least, most = sum(map(low, shares.values())), sum(map(high, shares.values()))
        if least - SHARE_TOLERANCE <= 1 <= most + SHARE_TOLERANCE:
            return
        total = f"{least:g}" if least == most else f"{least:g} .. {most:g}"
        self.add(path, f"{what} sum to {total}, not 1")


def low(value: object) -> float:
    """The number, or the low end of the range."""
    return value.low if isinstance(value, Range) else float(cast("float", value))


def high(value: object) -> float:
    """The number, or the high end of the range."""
    return value.high if isinstance(value, Range) else float(cast("float", value))


def middle(value: object) -> float:
    """The number, or the median of the range."""
    return value.median if isinstance(value, Range) else float(cast("float", value))


def longest(value: object, probability: float) -> float:
    """The number, or the point of the range that a share of `1 - probability` of its draws exceed."""
    if isinstance(value, Range):
        return float(value.quantile(np.array([probability]))[0])
    return float(cast("float", value))
