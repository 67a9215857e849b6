"""The share of peak that turns a run's FLOPs into chip-hours: as stated, by the law, or on record.

What the plan states counts. Where it states the model (or its parameters) and the tokens, the law of a
training step answers, with the losses of a whole run and the engineering factor
(`plan.programme.predicted_run`). Where it knows the compute alone, the utilization is that of recorded whole
runs, and the result says so.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from truecost.catalog.architectures import Architecture
from truecost.catalog.facts import Confidence, Fact
from truecost.physics.calibration import load_calibration
from truecost.plan.book import ENGINEERING_FACTOR, Book, first_of
from truecost.plan.programme.predicted_run import (
    USUAL_DAYS,
    Asked,
    Predicted,
    Unpredictable,
    dense_shape,
    predicted,
)
from truecost.plan.schema.programme import FineTune, TrainingRun
from truecost.ranges import Range, Value

RECORD = "utilization/whole_run"
RESTARTS = "training/restart_overhead_share"
FAILURES = ("checkpoints", "lost work", "recovery")
LEAST_LOSS = 0.0005
"""Losses below this share of the chip-hours are not told."""
COMPUTE_ALONE = (
    "the share of peak is that of recorded whole runs: the law of a training step needs the model (or its "
    "parameters) and the tokens"
)
SPREAD_SOURCE = "recorded whole runs against the law; `truecost evidence training` prints the score"


@dataclass(frozen=True, slots=True)
class Share:
    """The share of peak over a whole run, and the name under which it is explained."""

    value: Value
    key: str
    predicted: Predicted | None = None
    """What the law says; None where it was not asked, or had no answer."""


def reached(stated: Value | None, path: str, book: Book) -> Value:
    """Utilization of a run, as stated or from the record, times what the `what_if` says; at most 1."""
    return _moved(book.number(f"{path}.utilization", stated, RECORD), book)


def takes_the_law(spec: TrainingRun | FineTune) -> bool:
    """Whether a run's share of peak is asked of the law of a training step; it may have no answer."""
    is_recorded = isinstance(spec, TrainingRun) and spec.chip_hours is not None
    is_sized = spec.model is not None or spec.active_parameters is not None
    return is_sized and spec.utilization is None and not is_recorded


def final_run_share(spec: TrainingRun, flops: Value, path: str, book: Book) -> Share:
    """The share of peak of the final run."""
    model = _architecture(spec.model, spec.active_parameters, path, book)
    if spec.utilization is not None or model is None:
        return _as_recorded(spec.utilization, path, COMPUTE_ALONE, book)
    compute = book.median(f"{path}.flops", flops)
    tokens = spec.tokens if spec.tokens is not None else compute / (6 * model.active_parameters)
    asked = Asked(
        tokens=book.median(f"{path}.tokens", tokens),
        precision=spec.precision,
        year=_year(book),
        sequence_tokens=None
        if spec.context_tokens is None
        else round(book.median(f"{path}.context_tokens", spec.context_tokens)),
        chips=None if spec.chips is None else book.median(f"{path}.chips", spec.chips),
        days=None if spec.days is None else book.median(f"{path}.days", spec.days),
    )
    share = run_share(asked, model, spec.chip, path, book)
    if share.predicted is not None:
        _failures(share.predicted, path, book)
        if spec.chips is None and spec.days is None:
            book.leave_out(
                f"{path}.chips",
                f"nor days: the law of a training step is asked about {share.predicted.setup.count:,} chips, "
                f"a run of about {USUAL_DAYS:g} days",
            )
    return share


def fine_tune_share(spec: FineTune, path: str, book: Book) -> Share:
    """The share of peak of a fine-tune, on as few nodes as hold the model."""
    model = _architecture(spec.model, spec.active_parameters, path, book)
    if spec.utilization is not None or model is None:
        return _as_recorded(spec.utilization, path, COMPUTE_ALONE, book)
    asked = Asked(book.median(f"{path}.tokens", spec.tokens), spec.precision, _year(book), is_tuning=True)
    share = run_share(asked, model, spec.chip, path, book)
    if spec.method == "lora" and share.predicted is not None:
        book.leave_out(
            f"{path}.method",
            "the share of peak is that of tuning all weights: steps of adapters alone are not on record",
        )
    return share


def distillation_share(model: Architecture, tokens: Value, chip: str, path: str, book: Book) -> Share:
    """The share of peak of a student's training in bf16, on as few nodes as hold it."""
    asked = Asked(book.median(f"{path}.training_tokens", tokens), "bf16", _year(book), is_tuning=True)
    return run_share(asked, model, chip, path, book)


def run_share(asked: Asked, model: Architecture, chip: str, path: str, book: Book) -> Share:
    """The share of peak of a run by the law; the record's, with the reason, where the law has no answer."""
    accelerator = book.catalog.accelerator(chip)
    found = predicted(asked, model, accelerator)
    if isinstance(found, Unpredictable):
        reason = f"the share of peak is that of recorded whole runs: by the law {found.reason}"
        return _as_recorded(None, path, reason, book)
    if asked.chips is not None and found.setup.count > found.wanted_chips:
        book.warn(
            f"{path}.chips",
            f"no layout of the model fits into {found.wanted_chips:,} x {accelerator.name}: its share of "
            f"peak is that on {found.setup.count:,}",
        )
    return Share(_entered(found, path, book), f"{path}.by_law.utilization", found)


def _as_recorded(stated: Value | None, path: str, reason: str, book: Book) -> Share:
    if stated is None:
        book.leave_out(f"{path}.utilization", reason)
    return Share(reached(stated, path, book), f"{path}.utilization")


def _moved(utilization: Value, book: Book) -> Value:
    return np.minimum(utilization * first_of(book.move("utilization")), 1.0)


def _entered(found: Predicted, path: str, book: Book) -> Value:
    """Enter the law's parts under `path`.by_law; returns the share of peak over the whole run."""
    at = f"{path}.by_law"
    stated = tuple(f"{path}.{name}" for name in ("model", "active_parameters", "tokens", "chips", "days"))
    spread = _spread(found, book)
    step = book.quantity(f"{at}.step_share", found.step_share, "share", _step_words(found), stated)
    kept = book.quantity(
        f"{at}.goodput",
        found.goodput,
        "share",
        _loss_words(found),
        (f"{path}.chips", f"{at}.lost_to_failures"),
    )
    factor = book.quantity(
        f"{at}.engineering_factor",
        found.factor * book.fact(spread),
        "x",
        f"{found.factor:.3g} x its spread: what recorded runs of such a size and share of peak took beyond "
        "steps and the losses that have a formula (debugging, other settings, a layout that is not the best)",
        (spread.key,),
    )
    return book.quantity(
        f"{at}.utilization",
        _moved(step * kept / factor, book),
        "share",
        "model FLOPs over dense peak, whole run: share of peak in a step x share of the run that is steps / "
        "engineering factor, at most 1",
        (f"{at}.step_share", f"{at}.goodput", f"{at}.engineering_factor"),
    )


def _spread(found: Predicted, book: Book) -> Fact:
    low, high = found.around
    calibration = load_calibration()
    return Fact(
        ENGINEERING_FACTOR + found.regime.replace(", ", "_").replace(" ", "_"),
        Range(low, high),
        "x",
        SPREAD_SOURCE,
        calibration.checked,
        Confidence.MEASURED,
        "Chip-hours of one more run over those of the law: steps, losses and median factor.",
    )


def _step_words(found: Predicted) -> str:
    from truecost.training.settle import layout_words

    setup = found.setup
    return (
        f"law of a training step: model FLOPs of a step / ({found.step_seconds:.3g} s x {setup.count:,} "
        f"chips x dense {setup.precision} peak), in the fastest layout that fits: {layout_words(setup)}, "
        f"recompute {setup.recompute}, "
        f"{setup.global_batch_size:,} sequences of {setup.sequence_length:,} tokens"
    )


def _loss_words(found: Predicted) -> str:
    lost = ", ".join(f"{cause} {share:.1%}" for cause, share in found.losses.items() if share > LEAST_LOSS)
    return f"1 - chip-hours lost to: {lost}; checkpoints, failures and restarts are in it"


def _failures(found: Predicted, path: str, book: Book) -> None:
    """Show what of a run failures take by the law, beside the record; the share of peak has it already."""
    record = book.rate_fact(RESTARTS)
    book.quantity(
        f"{path}.by_law.lost_to_failures",
        sum(found.losses[cause] for cause in FAILURES),
        "share",
        f"of the chip-hours: {', '.join(FAILURES)}; counted once, in the losses of the run. The record, "
        f"beside it, is {record.value} of the time",
        (record.key,),
    )


def _architecture(
    model: str | dict[str, Any] | None, active: Value | None, path: str, book: Book
) -> Architecture | None:
    """The model of a run, or a dense shape of as many active parameters; None where the plan has neither."""
    if model is not None:
        return book.catalog.model(model)
    if active is None:
        return None
    return dense_shape(book.median(f"{path}.active_parameters", active))


def _year(book: Book) -> float:
    return book.as_of.year + (book.as_of.month - 0.5) / 12
