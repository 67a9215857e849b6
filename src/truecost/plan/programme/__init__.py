"""The model programme: enters every line below and above the waterline."""

from __future__ import annotations

from truecost.lines import Payee
from truecost.physics.energy import carbon_tco2e
from truecost.plan.book import Book, given_or
from truecost.plan.generations import Schedule
from truecost.plan.power import energy_of, regional
from truecost.plan.programme.data import data
from truecost.plan.programme.judgement import judgement
from truecost.plan.programme.safety import safety
from truecost.plan.programme.staff import staff
from truecost.plan.programme.training_run import RUN_LEAD_MONTHS, cost_by_method, training_run
from truecost.plan.schema import Programme
from truecost.ranges import Value


def programme(spec: Programme | None, schedule: Schedule, book: Book) -> dict[str, Value]:
    """Enter the programme's lines; returns the final run's cost by method, in USD."""
    if spec is None:
        book.leave_out(
            "programme", "the model is taken as given: no training, data, safety or research staff"
        )
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
    _carbon(spec, compute[0], schedule, book)
    return cost_by_method(spec.training, compute[0], book)


def _carbon(spec: Programme, hours: Value, schedule: Schedule, book: Book) -> None:
    """Energy and emissions of the first final run, and their price where the plan puts one on them."""
    assert spec.training is not None
    try:
        drawn = energy_of(
            book.catalog.accelerator(spec.training.chip), hours, book.rate("pue/hyperscaler"), book
        )
    except LookupError as missing:
        book.leave_out("programme.training.energy", str(missing))
        return
    carbon, places = regional("carbon", {}, book.region, book)
    tonnes = carbon_tco2e(drawn.kwh, carbon)
    book.quantity(
        "programme.final_run_kwh",
        drawn.kwh,
        "kWh",
        "chip-hours x TDP x server overhead x load x PUE",
        ("programme.final_run_chip_hours", *drawn.inputs, "pue/hyperscaler"),
    )
    book.quantity(
        "programme.final_run_tco2e",
        tonnes,
        "tCO2e",
        "kWh x grid carbon / 1,000",
        ("programme.final_run_kwh", *places),
    )
    book.outcome("footprint.final_run_kwh", drawn.kwh)
    book.outcome("footprint.final_run_tco2e", tonnes)
    if spec.carbon_usd_per_tonne is None:
        return
    lead = given_or(spec.training.lead_months, RUN_LEAD_MONTHS)
    paid = schedule.spending(book.months, lead, schedule.training_growth)
    book.line(
        "training.carbon",
        "Carbon price on training",
        "Staff and operations",
        Payee.OTHER,
        tonnes * spec.carbon_usd_per_tonne * paid,
        formula="tCO2e x USD a tonne",
        inputs=("programme.final_run_tco2e", "programme.carbon_usd_per_tonne"),
    )
