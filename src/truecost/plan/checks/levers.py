"""Levers: what they need is there, and those without an effect are pointed out."""

from __future__ import annotations

from functools import partial

from truecost.plan.checks.findings import Checking, high
from truecost.plan.checks.fit import check_fits
from truecost.plan.schema import Levers, RequestClass, SelfHosted, Serving
from truecost.plan.serving.placement import pruned

OWN_CHIP_LEVERS = ("quantization", "pruning", "batching", "speculative_decoding")
TOKEN_LEVERS = ("prompt_trimming", "output_length")


def check_levers(serving: Serving, request: RequestClass, path: str, checking: Checking) -> None:
    """Each lever can do what it says, on the option that is used."""
    levers = serving.levers
    assert levers is not None
    at = f"{path}.levers"
    _without_effect(serving, levers, at, checking)
    step = levers.speculative_decoding
    if step is not None and high(step.acceptance_length) > step.draft_tokens + 1:
        checking.add(
            f"{at}.speculative_decoding.acceptance_length",
            f"a step cannot add more than the {step.draft_tokens} drafted tokens and one of its own",
            [f"1 to {step.draft_tokens + 1}"],
        )
    if serving.self_hosted is not None:
        _quantized_fits(levers, serving.self_hosted, request, at, checking)
    if levers.distillation is not None:
        _distillation(serving, request, at, checking)


def _without_effect(serving: Serving, levers: Levers, at: str, checking: Checking) -> None:
    used = next(iter(serving.options), None)
    if used is None or levers.distillation is not None:
        return
    idle: tuple[str, ...] = ()
    if used not in {"self_hosted", "hybrid"}:
        idle, why = OWN_CHIP_LEVERS, f"it changes a model on own chips, and {used} is what is charged"
        for lever in idle:
            if getattr(levers, lever) is not None:
                checking.warn(f"{at}.{lever}", f"has no effect: {why}")
    if used == "quoted" and levers.route is None:
        for lever in TOKEN_LEVERS:
            if getattr(levers, lever) is not None:
                checking.warn(f"{at}.{lever}", "has no effect: a quoted price does not depend on tokens")


def _quantized_fits(
    levers: Levers, host: SelfHosted, request: RequestClass, at: str, checking: Checking
) -> None:
    if levers.quantization is None and levers.pruning is None:
        return
    try:
        arch, chip = checking.catalog.model(host.model), checking.catalog.accelerator(host.chip)
    except (LookupError, ValueError):
        return
    try:
        narrower = pruned(arch, levers.pruning or 0.0)
    except (LookupError, ValueError) as error:
        checking.add(f"{at}.pruning", str(error))
        return
    field = "quantization" if levers.quantization is not None else "pruning"
    precision = levers.quantization or host.precision
    placed = (narrower, chip, host.tensor_parallel_size)
    check_fits(placed, precision, request, f"{at}.{field}", checking)


def _distillation(serving: Serving, request: RequestClass, at: str, checking: Checking) -> None:
    assert serving.levers is not None
    lever, host = serving.levers.distillation, serving.self_hosted
    assert lever is not None
    known = checking.knows(f"{at}.distillation.student", lambda: checking.catalog.model(lever.student))
    if host is None:
        checking.add(f"{at}.distillation", "a student needs chips: give serving a self_hosted option")
        return
    try:
        chip = checking.catalog.accelerator(host.chip)
    except ValueError:
        return
    checking.knows(f"{at}.distillation", lambda: chip.dense_peak("bf16"))
    checking.knows(
        f"{at}.distillation", partial(checking.catalog.rental, host.chip, checking.as_of, "on_demand")
    )
    if known:
        student = pruned(checking.catalog.model(lever.student), serving.levers.pruning or 0.0)
        precision = serving.levers.quantization or host.precision
        check_fits((student, chip, None), precision, request, f"{at}.distillation.student", checking)
