"""The programme: runs whose compute can be computed, on chips that can be priced."""

from __future__ import annotations

from truecost.plan.checks.findings import Checking, high
from truecost.plan.checks.self_hosted import power_of
from truecost.plan.schema.programme import Chips, Data, FineTune, TrainingRun

HIGHEST_RECORDED_UTILIZATION = "utilization/highest_recorded"


def check_programme(checking: Checking) -> None:
    """The runs of the programme have compute that can be computed, and chips that can be priced."""
    programme = checking.plan.programme
    if programme is None:
        return
    if programme.training is not None:
        path, run = "programme.training", programme.training
        if run.chip_hours is None and run.flops is None and not _sized(run, run.tokens):
            checking.add(path, "needs chip_hours, or flops, or tokens with model or active_parameters")
        if run.chips is not None and run.days is not None:
            checking.add(path, "takes chips or days, not both: each gives the other")
        if run.utilization_covers == "step" and (run.utilization is None or run.chip_hours is not None):
            checking.warn(
                f"{path}.utilization_covers", "says nothing: no utilization is stated that lacks failures"
            )
        _run(run, path, checking)
    for name, tune in programme.fine_tunes.items():
        path = f"programme.fine_tunes.{name}"
        if not _sized(tune, tune.tokens):
            checking.add(path, "needs model or active_parameters")
        _run(tune, path, checking)
    for name, task in programme.annotation.items():
        if (task.items is None) == (task.hours is None):
            checking.add(f"programme.annotation.{name}", "needs exactly one of items and hours")
    if programme.data is not None:
        _synthetic(programme.data, checking)


def _sized(run: TrainingRun | FineTune, tokens: object) -> bool:
    return tokens is not None and (run.model is not None or run.active_parameters is not None)


def _run(run: TrainingRun | FineTune, path: str, checking: Checking) -> None:
    catalog = checking.catalog
    if run.model is not None:
        checking.knows(f"{path}.model", lambda: catalog.model(run.model or ""))
    _unusual(run, path, checking)
    if not checking.knows(f"{path}.chip", lambda: catalog.accelerator(run.chip)):
        return
    if not (isinstance(run, TrainingRun) and run.chip_hours is not None):
        checking.knows(f"{path}.precision", lambda: catalog.accelerator(run.chip).dense_peak(run.precision))
    if run.usd_per_chip_hour is None:
        checking.knows(f"{path}.chip", lambda: _priced(run, checking))


def _priced(run: Chips, checking: Checking) -> None:
    if run.pay == "rented":
        checking.catalog.rental(run.chip, checking.as_of, run.term)
        return
    checking.catalog.purchase(run.chip, checking.as_of)
    power_of(run.chip, checking)


def _unusual(run: TrainingRun | FineTune, path: str, checking: Checking) -> None:
    highest = checking.catalog.rate(HIGHEST_RECORDED_UTILIZATION)
    if run.utilization is not None and high(run.utilization) > high(highest.value):
        checking.warn(
            f"{path}.utilization",
            f"is above any recorded whole run ({high(highest.value):.2f}, {highest.source})",
        )


def _synthetic(data: Data, checking: Checking) -> None:
    synthetic, path = data.synthetic, "programme.data.synthetic"
    if synthetic is None:
        return
    model = synthetic.api_model
    if (model is None) == (synthetic.usd_per_mtok is None):
        checking.add(path, "needs exactly one of api_model and usd_per_mtok")
    elif model is not None:
        checking.knows(
            f"{path}.api_model", lambda: checking.catalog.prices(model, checking.as_of).fact("output")
        )
