"""What frontier training runs cost, by release: Epoch AI's estimates of the runs that were large in their
day.
"""

from __future__ import annotations

from datetime import date
from functools import cache

from truecost.catalog.series import Observation, Series
from truecost.evidence.epoch_tables import Run, published, runs

FRONTIER_RANK = 5
"""A run is of the frontier when, on its release, at most four larger ones (by FLOP) had been released."""
METHODS = {
    "amortized": "wear of the chips, and energy",
    "cloud": "the chips rented on a three-year commitment",
}
"""Two ways of counting the same runs; neither counts staff, data or experiments."""


@cache
def training_costs(method: str, as_of: date, rank: int = FRONTIER_RANK) -> Series:
    """USD (of December 2024) of each run released by a day among the `rank` largest at its release, by a
    method of `METHODS`.

    Runs are chosen by their compute at release, not by their cost, and without what came later. Fine-tunes
    are left out: their record may carry the base model's compute.
    """
    known = [
        run for run in runs().values() if run.published <= as_of and run.training_flops and not run.base_model
    ]
    found = [
        Observation(run.published, "", run.organization, published()[run.model][method], run.model)
        for run in known
        if method in published().get(run.model, {}) and _rank(run, known) <= rank
    ]
    return Series(
        key="training-cost",
        title=f"Cost of a frontier training run, {method}",
        unit="USD",
        observations=tuple(sorted(found, key=lambda each: each.on)),
        holds=False,
        source="Epoch AI, training-cost-trends@263c40a (arXiv:2405.21015), estimates in USD of December 2024",
        rule=f"among the {rank} largest runs by training FLOP at its release; {METHODS[method]}; without "
        "staff, data, experiments",
    )


def _rank(run: Run, among: list[Run]) -> int:
    flops = run.training_flops or 0.0
    return 1 + sum(
        (other.training_flops or 0.0) > flops for other in among if other.published <= run.published
    )
