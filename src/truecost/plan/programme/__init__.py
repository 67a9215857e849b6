"""The model programme: enters every line below and above the waterline."""

from __future__ import annotations

from truecost.physics.energy import carbon_tco2e, energy_kwh
from truecost.plan.book import Book
from truecost.plan.generations import Schedule
from truecost.plan.programme.data import data
from truecost.plan.programme.judgement import judgement
from truecost.plan.programme.safety import safety
from truecost.plan.programme.staff import staff
from truecost.plan.programme.training_run import cost_by_method, training_run
from truecost.plan.schema import Programme
from truecost.ranges import Value


def programme(spec: Programme | None, region: str, schedule: Schedule, book: Book) -> dict[str, Value]:
    """Enter the programme's lines; returns the final run's cost by method, in USD."""
    if spec is None:
        book.leave_out("programme", "the model is taken as given: no training, data, safety or research staff")
        return {}
    compute = training_run(spec, schedule, book)
    data(spec.data, schedule, book)
    judgement(spec, schedule, compute, book)
    safety(spec.safety, schedule, compute[1] if compute else None, book)
    staff(spec, book)
    if spec.generations is None:
        book.leave_out("programme.generations", "the first model serves to the end: no successor is trained")
    if compute is None or spec.training is None:
        return {}
    _carbon(spec, compute[0], region, schedule, book)
    return cost_by_method(spec.training, compute[0], book)


def _carbon(spec: Programme, hours: Value, region: str, schedule: Schedule, book: Book) -> None:
    """Energy and emissions of the first final run, and their price where the plan puts one on them."""
    assert spec.training is not None  # noqa: S101
    chip = book.catalog.accelerator(spec.training.chip)
    if chip.tdp_w is None:
        book.leave_out("programme.training.energy", f"the catalog has no power figure for {chip.name}")
        return
    load = book.rate("power/average_load_tpu" if chip.kind == "TPU" else "power/average_load_gpu")
    kwh = energy_kwh(hours, book.fact(chip.tdp_w), book.rate("power/server_overhead"), load, book.rate("pue/hyperscaler"))
    tonnes = carbon_tco2e(kwh, book.rate(f"carbon/{region}"))
    inputs = ("programme.final_run_chip_hours", chip.tdp_w.key, "power/server_overhead", "pue/hyperscaler")
    book.quantity("programme.final_run_kwh", kwh, "kWh", "chip-hours x TDP x server overhead x load x PUE", inputs)
    book.quantity("programme.final_run_tco2e", tonnes, "tCO2e", "kWh x grid carbon / 1,000",
                  ("programme.final_run_kwh", f"carbon/{region}"))  # fmt: skip
    if spec.carbon_usd_per_tonne is None:
        return
    paid = schedule.spending(book.months, 3.0, schedule.training_growth)
    from truecost.lines import Payee

    book.line(
        "training.carbon", "Carbon price on training", "Staff and operations", Payee.OTHER,
        tonnes * spec.carbon_usd_per_tonne * paid, formula="tCO2e x USD a tonne",
        inputs=("programme.final_run_tco2e", "programme.carbon_usd_per_tonne"),
    )  # fmt: skip
