"""How well one trace imitates another: the same figures of both, and how far they are apart."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields
from typing import Any

from truecost.replay.traces.figures import Lengths, TraceInfo

COMPARED = (
    "peak_to_mean_by_minute",
    "peak_to_mean_by_hour",
    "gap_variation",
    "length_rank_correlation",
    "ideal_block_hit_fraction",
    "requests_per_session",
)
"""What is kept beside the lengths; the rate is asked for, and dispersion grows with it."""
_NOT_COMPARED = ("min", "max", "total")


@dataclass(frozen=True, slots=True)
class Compared:
    """One figure of both; `error` is the difference over the imitated one's, None where that is 0."""

    name: str
    like: float
    made: float
    error: float | None


@dataclass(frozen=True, slots=True)
class Likeness:
    """Every compared figure, and the largest error of a quantile of either length."""

    figures: tuple[Compared, ...]
    worst_quantile_error: float

    def to_dict(self) -> dict[str, Any]:
        """The figures by name, for JSON."""
        return {
            "worst_quantile_error": self.worst_quantile_error,
            "figures": {one.name: asdict(one) for one in self.figures},
        }


def likeness(like: TraceInfo, made: TraceInfo) -> Likeness:
    """The figures of an imitation beside those of what it imitates."""
    quantiles = [
        *_lengths("input_tokens", like.input_tokens, made.input_tokens),
        *_lengths("output_tokens", like.output_tokens, made.output_tokens),
    ]
    others = [
        _compared(name, getattr(like, name), getattr(made, name))
        for name in COMPARED
        if getattr(like, name) is not None and getattr(made, name) is not None
    ]
    return Likeness((*quantiles, *others), max(abs(one.error or 0.0) for one in quantiles))


def _lengths(name: str, like: Lengths, made: Lengths) -> Iterator[Compared]:
    for field in fields(Lengths):
        if field.name not in _NOT_COMPARED:
            yield _compared(f"{name}.{field.name}", getattr(like, field.name), getattr(made, field.name))


def _compared(name: str, like: float, made: float) -> Compared:
    return Compared(name, like, made, (made - like) / like if like else None)
