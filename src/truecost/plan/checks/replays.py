"""A replay that a plan names: it can be read, and is of the model and the fleet that the plan has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from truecost.plan.checks.findings import Checking
from truecost.plan.schema import SelfHosted
from truecost.plan.serving.placement import DEFAULT_MAX_BATCH
from truecost.plan.serving.replayed import read_replay, replayed
from truecost.spec import SpecError

if TYPE_CHECKING:
    from truecost.replay.schema import ReplaySpec

LISTED_ALONE = {"tpot_limit": "the SLO of the replay says how slow a token may be: state it there"}


def check_replay(spec: SelfHosted, path: str, checking: Checking) -> None:
    """An error at each field that says another thing than the replay, and at a replay that is none."""
    assert spec.replay is not None
    try:
        found = read_replay(spec.replay, checking.catalog, checking.as_of).value
    except SpecError as refused:
        first = str(refused.problems[0])
        checking.add(f"{path}.replay", first if spec.replay in first else f"{spec.replay}: {first}")
        return
    for field, why in LISTED_ALONE.items():
        if getattr(spec, field) is not None:
            checking.add(f"{path}.{field}", f"has no effect beside a replay: {why}")
    said = {field: both for field, both in _compared(spec, found, checking).items() if both[0] != both[1]}
    if not said:
        file = spec.replay
        checking.knows(f"{path}.replay", lambda: replayed(file, checking.catalog, checking.as_of))
    for field, (own, theirs) in said.items():
        shown = "null" if theirs is None else str(theirs)
        what = "leaves it out" if own is None else f"says {own}"
        checking.problems.add(
            f"{path}.{field}", f"{spec.replay} has {shown}, and the plan {what}", nearest=[shown]
        )


def _compared(spec: SelfHosted, found: ReplaySpec, checking: Checking) -> dict[str, tuple[object, object]]:
    """What the plan and the replay say of the same thing."""
    catalog, fleet = checking.catalog, found.fleet
    seats = found.engine.max_num_seqs * fleet.data_parallel_size
    return {
        "model": (catalog.model(spec.model).name, catalog.model(found.model).name),
        "chip": (catalog.accelerator(spec.chip).key, catalog.accelerator(fleet.accelerator).key),
        "tensor_parallel_size": (
            spec.tensor_parallel_size, fleet.tensor_parallel_size * fleet.data_parallel_size
        ),
        "precision": (spec.precision, found.precision.weights),
        "max_batch": (spec.max_batch or DEFAULT_MAX_BATCH, seats),
    }  # fmt: skip
