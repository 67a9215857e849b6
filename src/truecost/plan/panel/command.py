"""The command that computes a setting of the panel in full: what the plan changes and decides already."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from truecost.plan.schema import Plan
from truecost.plan.schema.what_if import WhatIf
from truecost.plan.variants import Variant
from truecost.ranges import Range


def written(change: WhatIf) -> dict[str, Any]:
    """An entry of a `what_if` as a spec writes it.

    >>> written(WhatIf(from_month=6, users=1.5))
    {'from_month': 6, 'users': 1.5}
    """
    fields = {name: getattr(change, name) for name in type(change).model_fields}
    return {k: str(v) if isinstance(v, Range) else v for k, v in fields.items() if v is not None and v != 0}


def decided(plan: Plan, variant: Variant) -> Iterator[str]:
    """Assignments that keep what the plan decided: the split of a hybrid, the chips of a replica.

    With other prices or more traffic it would decide anew; the panel asks what the plan as it stands costs.
    """
    decisions = variant.book.decisions
    for name, serving in plan.serving.items():
        used, path = serving.options[:1], f"serving.{name}"
        level = f"{path}.hybrid.base_multiple_of_mean"
        if used == ("hybrid",) and level in decisions:
            yield f"{level}={decisions[level]:g}"
        if used in {("hybrid",), ("self_hosted",)}:
            split = decisions.get(level, 0.0) if used == ("hybrid",) else None
            chips = _chips_per_replica(decisions, path, split)
            if chips is not None:
                yield f"{path}.self_hosted.tensor_parallel_size={chips:g}"


def _chips_per_replica(decisions: dict[str, float], path: str, level: float | None) -> float | None:
    """Decided for the peak, or for a base load: that of a hybrid's split where several were tried."""
    sizes = ("peak",) if level is None else (f"base {level:g}", "base")
    starts = [f"{path}.self_hosted/{size}.chips_per_replica/" for size in sizes]
    return next(
        (chips for start in starts for key, chips in decisions.items() if key.startswith(start)), None
    )
