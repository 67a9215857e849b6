"""How hard the chips of a replay work, as far as their power follows it: shares of the time paid for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from truecost.replay.provider import Law

if TYPE_CHECKING:
    from truecost.replay.drive import Driven
    from truecost.replay.setups import Setup

READING = frozenset({"weights", "cache"})
"""Parts of a step that are bound by memory."""
MULTIPLYING = frozenset({"arithmetic", "prompts", "prompt_attention"})
"""Parts of a step in which products run."""


class Causes(NamedTuple):
    """What chips that compute do, as shares of the time."""

    reading: float
    multiplying: float


@dataclass(frozen=True, slots=True)
class ChipLoad:
    """Shares of a stretch of time: in which chips compute or read, and in which they do either."""

    computing: float
    causes: Causes | None
    """None for measured step times, which tell prompts from answers, but not reading from multiplying."""

    def times(self, factor: float) -> ChipLoad:
        """The load where the same work takes another share of the time, at most all of it.

        >>> ChipLoad(0.6, Causes(0.4, 0.2)).times(0.5)
        ChipLoad(computing=0.3, causes=Causes(reading=0.2, multiplying=0.1))
        """
        if self.computing * factor > 1:
            factor = 1 / self.computing
        causes = None if self.causes is None else Causes(*(share * factor for share in self.causes))
        return ChipLoad(self.computing * factor, causes)


def chip_load(setup: Setup, driven: Driven) -> ChipLoad:
    """The mean load over the time that the replicas of a run were up."""
    computing = driven.computing_share
    if not isinstance(setup.steps, Law):
        return ChipLoad(computing, None)
    paid_s = driven.ran.paid_s

    def share(names: frozenset[str]) -> float:
        return sum(s for name, s in driven.parts_s.items() if name in names) / paid_s if paid_s else 0.0

    return ChipLoad(computing, Causes(share(READING), share(MULTIPLYING)))


def full_load(setup: Setup) -> ChipLoad:
    """Chips that multiply all of the time: they draw their rating, by either law of power."""
    return ChipLoad(1.0, Causes(0.0, 1.0) if isinstance(setup.steps, Law) else None)
