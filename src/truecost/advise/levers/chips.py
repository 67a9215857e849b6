"""Another chip for a model on own chips: of the same maker, with a dated rent, on which the model fits."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from truecost.advise.levers.lever import THEIR_CHIPS, Case, Lever, Outcome, highest, middle
from truecost.catalog.accelerators import Accelerator
from truecost.physics.replica import DoesNotFit
from truecost.plan.schema import SelfHosted
from truecost.plan.schema.serving import Term
from truecost.plan.serving.placement import law_point, layouts
from truecost.plan.serving.self_hosted import too_slow
from truecost.plan.serving.work import Work

LABEL = "Run on another chip"
TRIED = 2
"""Of all chips, so many are evaluated in full: those whose law and rent give the cheapest call."""


def other_chip(case: Case) -> Iterator[Outcome]:
    """The chips on which a call costs least by rent and law, tried in full."""
    host = case.host
    if host is None:
        yield case.why_not("chip", LABEL, THEIR_CHIPS[case.used])
        return
    present = case.catalog.accelerator(host.chip)
    now = _usd_per_call(case, host, present)
    cheaper: dict[str, float] = {}
    for chip in case.catalog.accelerators().values():
        if chip.key == present.key or not _is_alike(chip, present, case):
            continue
        usd = _usd_per_call(case, host, chip)
        if usd is not None and (now is None or usd < now):
            cheaper[chip.key] = usd
    if not cheaper:
        yield case.why_not(
            "chip", LABEL, f"none of {present.vendor}'s with a rent on record answers a call for less"
        )
        return
    for key in sorted(cheaper, key=lambda k: (cheaper[k], k))[:TRIED]:
        yield _lever(case, host, key)


def _lever(case: Case, host: SelfHosted, key: str) -> Lever:
    at = f"{case.path}.self_hosted"
    stated = {
        "tensor_parallel_size": host.tensor_parallel_size is not None,
        "replay": host.replay is not None,
        "usd_per_chip_hour": host.usd_per_chip_hour is not None,
        "ownership.usd_per_chip": host.ownership is not None and host.ownership.usd_per_chip is not None,
    }
    cleared = tuple(f"{at}.{field}=null" for field, given in stated.items() if given)
    return Lever(
        f"chip.{case.name}.{key}",
        f"{LABEL} ({key})",
        case.name,
        (f"{at}.chip={key}", *cleared),
        quality="whether such chips can be had at that rent, and whether the engine runs as well on them",
        latency="computed from the law of serving",
        group=f"chip.{case.name}",
        idle="as many chips cost as much",
    )


def _is_alike(chip: Accelerator, present: Accelerator, case: Case) -> bool:
    """Of the same maker and kind (the same software), linked to its peers, and out by the plan's day."""
    same = chip.vendor == present.vendor and chip.kind == present.kind
    out = chip.release is not None and chip.release <= case.as_of
    return same and out and chip.scale_up_bytes_per_s is not None


def _usd_per_call(case: Case, host: SelfHosted, chip: Accelerator) -> float | None:
    """Rent of the replica-seconds of a middling call at full load; None where it does not fit or has no rent.

    Bought chips are compared by their rent on demand, which stands for their price.
    """
    term: Term = "on_demand" if host.purchase == "owned" else host.purchase
    try:
        rent = middle(case.catalog.rental(chip.key, case.as_of, term).value)
        if host.purchase == "owned":
            case.catalog.purchase(chip.key, case.as_of)
        return rent * _chip_hours(case, host, chip)
    except (LookupError, DoesNotFit, ValueError):
        return None


def _chip_hours(case: Case, host: SelfHosted, chip: Accelerator) -> float:
    """Chip-hours of a middling call in the best layout; inf where every one is too slow."""
    request = case.request
    spec = host.model_copy(
        update={
            "chip": chip.key,
            "tensor_parallel_size": None,
            "tpot_limit": None if host.tpot_limit is None else middle(host.tpot_limit),
        }
    )
    work = Work(
        case.name,
        np.zeros(1),
        np.ones(1),
        middle(request.input_tokens),
        middle(request.output_tokens),
        cache_read_share=middle(request.cacheable_share or 0.0),
        precision=case.levers.quantization,
    )
    longest = highest(request.input_tokens) + highest(request.output_tokens)
    best = float("inf")
    for placed in layouts(case.catalog.model(host.model), chip, work.precision or spec.precision, longest):
        point = law_point(spec, work, placed)
        if not too_slow(spec, point):
            best = min(best, float(point.replica_seconds_per_request) * placed.chips / 3600)
    return best
