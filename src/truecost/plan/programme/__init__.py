"""The model programme: enters every line below and above the waterline."""

from __future__ import annotations

from truecost.lines import Payee
from truecost.physics.energy import carbon_tco2e
from truecost.plan.book import Book, given_or
from truecost.plan.generations import Schedule
from truecost.plan.power import energy_of, regional
from truecost.plan.programme.compute import own_hardware
from truecost.plan.programme.data import data
from truecost.plan.programme.judgement import judgement
from truecost.plan.programme.safety import safety
from truecost.plan.programme.staff import staff
from truecost.plan.programme.training_run import RUN_LEAD_MONTHS, cost_by_method, training_run
from truecost.plan.schema import Programme
from truecost.plan.schema.programme import TrainingRun
from truecost.ranges import Value


def programme(spec: Programme | None, schedule: Schedule, book: Book) -> None:
    """Enter the programme's lines, and the final run's cost by each way of counting it."""
    if spec is None:
        book.leave_out(
            "programme", "the model is taken as given: no training, data, safety or research staff"
        )
        return
    compute = training_run(spec, schedule, book)
    data(spec.data, schedule, book)
    judgement(spec, schedule, compute, book)
    safety(spec.safety, schedule, compute[1] if compute else None, book)
    staff(spec, book)
    if spec.generations is None:
        book.leave_out("programme.generations", "the first model serves to the end: no successor is trained")
    if compute is None or spec.training is None:
        return
    _carbon(spec, compute[0], schedule, book)
    _by_method(spec.training, compute[0], book)


def _by_method(run: TrainingRun, hours: Value, book: Book) -> None:
    """Enter the first final run counted every way there is."""
    costs = cost_by_method(run, hours, book)
    rent = f"rental/{book.catalog.accelerator(run.chip).key}"
    own = own_hardware(run.chip, 1.0, book)[2] if "owned-energy" in costs else ()
    hardware, energy, used = own[:4], own[4:], "programme.final_run_chip_hours"
    chips = ("programme.training.chips", "programme.final_run_chips")
    counted = {
        "cloud": ("chip-hours x USD a chip-hour under a 3-year commitment", (used, f"{rent}/reserved_3y")),
        "cloud-on-demand": ("chip-hours x USD a chip-hour on demand", (used, f"{rent}/on_demand")),
        "stated-price": ("chip-hours x USD a chip-hour", (used, "programme.training.usd_per_chip_hour")),
        "amortized": (
            "chip-hours x installed chip price x replacement rate / 8,766 h + kWh x USD a kWh",
            (used, *own),
        ),
        "acquisition": (
            "chips x chip price x server overhead / (1 - network share): the whole cluster bought",
            (*chips, *hardware[:3]),
        ),
        "owned-energy": ("chip-hours x power x load x PUE x USD a kWh", (used, *energy)),
    }
    for method, cost in costs.items():
        book.result(f"training_compute_by_method_usd.{method}", cost, "USD", *counted[method])


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
    book.result(
        "footprint.final_run_kwh",
        drawn.kwh,
        "kWh",
        "chip-hours x TDP x server overhead x load x PUE",
        ("programme.final_run_chip_hours", *drawn.inputs, "pue/hyperscaler"),
    )
    book.result(
        "footprint.final_run_tco2e",
        tonnes,
        "tCO2e",
        "kWh x grid carbon / 1,000",
        ("footprint.final_run_kwh", *places),
    )
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
        inputs=("footprint.final_run_tco2e", "programme.carbon_usd_per_tonne"),
    )
