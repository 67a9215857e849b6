"""`truecost.advise(spec)`: a plan in, what to change in it out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from truecost.advise.levers import Advice, advice
from truecost.catalog.catalog import Catalog
from truecost.plan.result import catalog_of, read
from truecost.plan.variants import COMPARED_DRAWS, Variants


def advise(
    source: str | Path | Mapping[str, Any],
    *,
    sets: Sequence[str] = (),
    draws: int = COMPARED_DRAWS,
    seed: int = 1,
    catalog: Catalog | str | Path | None = None,
    progress: Callable[[float], None] | None = None,
) -> Advice:
    """What to change in a plan (a YAML file or a mapping), ranked by USD saved a month.

    `sets` are "dotted.path=value" overrides; `catalog` a file of facts over the shipped ones; `progress` is
    told the share that is done. Raises SpecError with every problem of the plan at once.
    """
    if draws < 1:
        raise ValueError(f"draws must be at least 1, not {draws}")
    facts = catalog_of(catalog)
    variants = Variants(read(source, facts, sets), facts, draws=draws, seed=seed)
    return advice(variants, progress=progress)
