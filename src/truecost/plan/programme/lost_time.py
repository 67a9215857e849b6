"""What failures would take from a run by the law, beside the recorded share that the plan charges."""

from __future__ import annotations

from truecost.catalog.facts import Confidence, Fact
from truecost.physics.calibration import load_calibration
from truecost.physics.reliability import checkpoint_hours, lost_share_by_law
from truecost.plan.book import Book
from truecost.plan.schema.programme import TrainingRun
from truecost.ranges import Value

CHECKPOINT_KEYS = ("training/checkpoint_bytes_per_parameter", "reliability/checkpoint_write_bytes_per_s")
RESTART = "reliability/restart_hours"


def lost_by_law(spec: TrainingRun, chips: Value, book: Book) -> Value | None:
    """Enter the share of time a run on so many chips loses by the law; None where its size is not known.

    Compared only: no line uses it. The record does not bear the law out (`physics.reliability`).
    """
    parameters: Value | None = spec.active_parameters
    if spec.model is not None:
        parameters = float(book.catalog.model(spec.model).total_parameters)
    if parameters is None:
        return None
    a_parameter, rate = (book.rate(key) for key in CHECKPOINT_KEYS)
    interruptions = _interruptions()
    share = lost_share_by_law(
        chips, book.fact(interruptions), checkpoint_hours(parameters, a_parameter, rate), book.rate(RESTART)
    )
    return book.quantity(
        "programme.lost_share_by_law",
        share,
        "share",
        "compared only; 1 - w / (1 + (half an interval + restart) / time between interruptions), checkpoints "
        "at their best interval: what the law makes of the chips, where the plan takes the recorded share",
        ("programme.final_run_chips", interruptions.key, RESTART, *CHECKPOINT_KEYS),
    )


def _interruptions() -> Fact:
    """Unplanned interruptions of a run, as far apart as the records are."""
    calibration = load_calibration()
    return Fact(
        "law/interruptions_per_chip_year",
        calibration.interruptions_per_chip_year,
        "1/chip-year",
        "recorded runs and clusters; `truecost evidence` prints the score",
        calibration.checked,
        Confidence.MEASURED,
    )
