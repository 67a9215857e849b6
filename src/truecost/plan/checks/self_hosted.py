"""Own chips: the model and the chip exist, fit, can be priced; what has no effect is pointed out."""

from __future__ import annotations

from functools import partial

from truecost.plan.checks.findings import Checking
from truecost.plan.checks.fit import check_fits, context_tokens
from truecost.plan.checks.replays import check_replay
from truecost.plan.schema import RequestClass, SelfHosted

NO_RENT = "has no effect on chips that are owned: {} is of their rent"


def check_self_hosted(spec: SelfHosted, request: RequestClass, path: str, checking: Checking) -> None:
    """The model fits the chips, and both can be priced on the plan's day."""
    catalog, as_of = checking.catalog, checking.as_of
    known = checking.knows(f"{path}.model", lambda: catalog.model(spec.model))
    known &= checking.knows(f"{path}.chip", lambda: catalog.accelerator(spec.chip))
    if spec.region is not None:
        checking.knows(f"{path}.region", lambda: catalog.rate(f"electricity/{spec.region}", as_of))
    if not known:
        return
    _without_effect(spec, path, checking)
    if spec.replay is not None:
        check_replay(spec, path, checking)
    if spec.purchase == "owned":
        _owned(spec, request, path, checking)
    elif spec.usd_per_chip_hour is None:
        checking.knows(f"{path}.chip", partial(catalog.rental, spec.chip, as_of, spec.purchase))
    if spec.autoscale and spec.purchase != "on_demand":
        checking.add(f"{path}.autoscale", f"only on-demand chips can follow the hour, not {spec.purchase}")
    arch, chip = catalog.model(spec.model), catalog.accelerator(spec.chip)
    sized = spec.tensor_parallel_size is not None
    check_fits(
        (arch, chip, spec.tensor_parallel_size),
        spec.precision,
        request,
        f"{path}.tensor_parallel_size" if sized else f"{path}.model",
        checking,
    )
    trained = arch.max_position_embeddings
    if trained and context_tokens(request) > trained:
        checking.warn(
            f"{path}.model",
            f"{arch.name} is made for {trained:,} tokens of context; a call here has up to "
            f"{context_tokens(request):,.0f}",
        )


def _without_effect(spec: SelfHosted, path: str, checking: Checking) -> None:
    if spec.purchase == "owned":
        for field in ("usd_per_chip_hour", "price_path"):
            if getattr(spec, field) is not None:
                checking.warn(f"{path}.{field}", NO_RENT.format("it"))
    elif spec.ownership is not None:
        checking.warn(
            f"{path}.ownership",
            f"has no effect on rented chips (purchase: {spec.purchase}), only on owned",
        )


def _owned(spec: SelfHosted, request: RequestClass, path: str, checking: Checking) -> None:
    catalog, as_of, terms = checking.catalog, checking.as_of, spec.ownership
    if terms is None or terms.usd_per_chip is None:
        checking.knows(f"{path}.chip", lambda: catalog.purchase(spec.chip, as_of))
    checking.knows(f"{path}.chip", partial(power_of, spec.chip, checking))
    if terms is None or terms.usd_per_kwh is None:
        for region in request.regions or ():
            checking.knows(
                f"{path.replace('serving', 'demand.requests', 1).rpartition('.')[0]}.regions.{region}",
                partial(catalog.rate, f"electricity/{region}", as_of),
            )


def power_of(chip: str, checking: Checking) -> object:
    """The power of a chip; raises LookupError where the catalog has none."""
    found = checking.catalog.accelerator(chip)
    if found.tdp_w is None:
        raise LookupError(
            f"the catalog has no power figure for {found.name}: give one with --catalog, or rent it"
        )
    return found.tdp_w
