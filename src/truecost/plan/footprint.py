"""What a plan burns: energy, emissions, water and power of its training and its serving, month by month.

Training is counted in proportion to what its compute costs, from the first final run. Serving on chips of
the plan's own is counted by the chips held; behind an API or a quote nobody says what is drawn, so the law
of the plan's own chips, or of an open model that stands in, is taken for it, and the result says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import inf

import numpy as np

from truecost.physics.energy import KG_PER_TONNE
from truecost.physics.replica import DoesNotFit
from truecost.plan.book import HOURS_PER_MONTH, Book, given_or
from truecost.plan.break_even import STAND_IN
from truecost.plan.power import energy_of, regional
from truecost.plan.programme.training_run import EXPERIMENT_LEAD_MONTHS, RUN_LEAD_MONTHS
from truecost.plan.schema import Plan, SelfHosted
from truecost.plan.serving import ClassServing, Work
from truecost.plan.serving.placement import Placement, law_point, placement, replica_seconds
from truecost.plan.serving.self_hosted import fleet_load, too_slow
from truecost.ranges import FloatArray, Value

ROOM = "footprint"
PUE = "pue/hyperscaler"
OTHER_GRIDS = ("se", "fr", "us", "cn", "in")
"""Grids from clean to dirty, on which the same energy is set side by side."""
RUN_KWH = f"{ROOM}.final_run_kwh"
TRAINING, INFERENCE = f"{ROOM}.training_kwh", f"{ROOM}.inference_kwh"
TRAINING_TCO2E = f"{ROOM}.training_tco2e"
PASSING = f"{ROOM}.inference_passes_training_month"


def footprint(plan: Plan, served: Mapping[str, ClassServing], training_usd: FloatArray, book: Book) -> None:
    """Enter the footprint of a plan; what nobody can say is left out by name."""
    trained = _training(plan, training_usd, book)
    drawn = {name: _class(name, plan, each, book) for name, each in served.items()}
    known = {name: pair for name, pair in drawn.items() if pair is not None}
    if trained is None and not known:
        return
    carbon, places = regional("carbon", {}, book.region, book)
    emits: list[FloatArray] = []
    if trained is not None:
        emits.append(np.asarray(book.outcomes[TRAINING] * (carbon / KG_PER_TONNE)))
        formula = "kWh x grid carbon / 1,000"
        book.result(TRAINING_TCO2E, emits[-1], "tCO2e", formula, (TRAINING, *places))
    kwh = None
    if known:
        kwh, emitted = _inference(known, places, book)
        emits.append(emitted)
    highest, passing = _through_months(trained, kwh, own_months_from(plan), book)
    if trained is not None and kwh is not None:
        formula = "the first month in which cumulative kWh of serving is above that of training"
        book.result(PASSING, passing, "month", formula, (INFERENCE, TRAINING))
    both = [key for key in (TRAINING, INFERENCE) if key in book.outcomes]
    spent = np.asarray(sum(book.outcomes[key] for key in both))
    book.result(f"{ROOM}.kwh", spent, "kWh", "training + serving", both)
    each = [key.replace("kwh", "tco2e") for key in both]
    book.result(f"{ROOM}.tco2e", np.asarray(sum(emits)), "tCO2e", "training + serving", each)
    _peak(highest, _load_key(plan, book), book)
    _compared(book)


def own_months_from(plan: Plan) -> int:
    """The first month, from 0, whose training is that of one month.

    What was trained before the plan begins is booked in its first month: no chips drew it in that month.
    """
    programme = plan.programme
    if programme is None or programme.training is None:
        return 0
    released = programme.generations.first_release_month if programme.generations is not None else 0
    run = given_or(programme.training.lead_months, RUN_LEAD_MONTHS)
    tried = programme.experiments.lead_months if programme.experiments is not None else None
    longest = np.maximum(run, given_or(tried, EXPERIMENT_LEAD_MONTHS))
    return int(bool(np.max(longest) > released))


def _through_months(
    trained: FloatArray | None, served: FloatArray | None, own_from: int, book: Book
) -> tuple[FloatArray, FloatArray]:
    """kWh of the highest month, and the month, from 1, in which serving passes training; inf for never.

    Training counts for the highest month from `own_from` on.
    """
    nothing = np.zeros(book.draws.count)
    highest, ahead, passing = nothing.copy(), nothing.copy(), np.full(book.draws.count, np.inf)
    for month in range(book.months):
        training, serving = (nothing if kwh is None else kwh[month] for kwh in (trained, served))
        np.maximum(highest, serving + (training if month >= own_from else 0.0), out=highest)
        ahead += serving - training
        np.minimum(passing, np.where(ahead > 0, month + 1.0, np.inf), out=passing)
    return highest, passing


def _training(plan: Plan, training_usd: FloatArray, book: Book) -> FloatArray | None:
    """kWh by month of all training: runs, experiments and restarts, RLHF, red-teaming, fine-tunes."""
    parts: list[FloatArray] = []
    inputs: list[str] = []
    run, first = book.quantities.get("programme.final_run_usd"), book.outcomes.get(RUN_KWH)
    if run is not None and first is not None:
        cost = training_usd
        for component in ("rlhf.compute", "safety.red_team_compute"):
            if component in book.lines:
                cost = cost + book.lines[component].amortized
        each = np.divide(first, run.value, out=np.zeros_like(first), where=np.asarray(run.value) > 0)
        parts.append(cost * each)
        inputs += [RUN_KWH, "programme.final_run_usd", "training_usd"]
    for name, tune in plan.programme.fine_tunes.items() if plan.programme else ():
        line = book.lines[f"fine_tune.{name}.compute"]
        path = f"programme.fine_tunes.{name}"
        try:
            one = energy_of(book.catalog.accelerator(tune.chip), 1.0, book.rate(PUE), book)
        except LookupError as missing:
            book.leave_out(f"{ROOM}.fine_tunes.{name}", str(missing))
            continue
        parts.append(np.broadcast_to(np.asarray(given_or(line.quantity, 0.0) * one.kwh), training_usd.shape))
        inputs += [f"{path}.chip_hours", *one.inputs, PUE]
    if not parts:
        return None
    total = np.asarray(sum(parts))
    formula = "final run's kWh x all training compute / final run, in USD; fine-tunes by their chip-hours"
    book.flow(TRAINING, total, "kWh", formula, list(dict.fromkeys(inputs)))
    return total


def _class(name: str, plan: Plan, served: ClassServing, book: Book) -> tuple[Value, Value] | None:
    """kWh and tCO2e by month of one class as it is served; None, named, where the law has nothing to say."""
    used, details = served.used.option, served.used.details
    key = f"{ROOM}.classes.{name}.kwh"
    own = served.options.get("self_hosted") if used == "quoted" else None
    if used == "self_hosted" or own is not None:
        fleet = details if own is None else own.details
        if "kwh_per_month" in fleet:
            how = (
                "chips held"
                if own is None
                else "a quote says nothing of energy: the law of own chips beside it"
            )
            return _entered(key, (fleet["kwh_per_month"], fleet["tco2e_per_month"]), how,
                            f"serving.{name}.self_hosted.kwh_by_month", book)  # fmt: skip
        book.leave_out(key, "the catalog has no power figure for the chip")
        return None
    stands = _stand_in(name, plan, served, book)
    if stands is None:
        return None
    kwh, tonnes = stands
    how = "nobody says what the vendor draws: an estimate by the law, for chips that serve the same calls"
    if used == "hybrid" and "kwh_per_month" in details:
        above = 1 - details["base_share"]
        kwh, tonnes = (kwh * above + details["kwh_per_month"], tonnes * above + details["tco2e_per_month"])
        how = "chips held, and for the calls above them the law for the vendor's"
    return _entered(key, (kwh, tonnes), how, f"{ROOM}.classes.{name}.chip_hours", book)


def _entered(key: str, drawn: tuple[Value, Value], how: str, behind: str, book: Book) -> tuple[Value, Value]:
    shape = (book.months, book.draws.count)
    kwh = np.broadcast_to(np.asarray(drawn[0], dtype=np.float64), shape)
    book.result(key, kwh.sum(axis=0), "kWh", how, (behind,))
    return drawn


def _stand_in(name: str, plan: Plan, served: ClassServing, book: Book) -> tuple[Value, Value] | None:
    """kWh and tCO2e by month of chips that would serve the calls of a class, as busy as an own fleet."""
    key, stated = f"{ROOM}.classes.{name}.chip_hours", plan.serving[name].self_hosted
    host = stated or STAND_IN.model_copy(update={"region": plan.region})
    work = served.work
    try:
        hours = _chip_hours(host, served, key, book)
        drawn = energy_of(book.catalog.accelerator(host.chip), 1.0, book.rate(PUE), book)
    except (LookupError, DoesNotFit) as missing:
        book.leave_out(f"{ROOM}.classes.{name}", f"energy of this class is unknown: {missing}")
        return None
    model = host.model if isinstance(host.model, str) else "the plan's own model"
    book.leave_out(
        f"{ROOM}.classes.{name}",
        f"the vendor's energy is unknown: the law's for {model} on {host.chip} stands in",
    )
    carbon, _ = regional("carbon", work.regions, plan.region, book)
    kwh = hours * drawn.kwh
    return kwh, kwh * (carbon / KG_PER_TONNE)


def _chip_hours(host: SelfHosted, served: ClassServing, key: str, book: Book) -> Value:
    work, at = served.work, key.removesuffix(".chip_hours")
    load = fleet_load(host, work, at, book)
    placed = placement(host, work, at, book, lambda layout: _chip_seconds(host, work, layout))
    seconds = replica_seconds(placed, host, work, at, book)
    needed = seconds * (load.level / load.utilization * placed.chips * HOURS_PER_MONTH)
    hours = load.calls_per_s * needed
    inputs = (f"calls_to_model.{work.name}", f"{at}.replica_seconds_per_call", f"{at}.utilization_at_peak",
              f"{at}.peak_to_mean")  # fmt: skip
    formula = f"calls a second x replica-seconds a call x {placed.chips} chips x peak over mean / utilization"
    return book.quantity(key, hours, "chip-hours", formula, inputs)


def _chip_seconds(host: SelfHosted, work: Work, layout: Placement) -> float:
    """Chip-seconds of a call on a layout that is kept busy; inf where it is too slow."""
    point = law_point(host, work, layout)
    return inf if too_slow(host, point) else float(np.mean(point.replica_seconds_per_request)) * layout.chips


def _inference(
    known: Mapping[str, tuple[Value, Value]], places: tuple[str, ...], book: Book
) -> tuple[FloatArray, FloatArray]:
    """Enter the sum over the classes; kWh by month, and tCO2e over the plan."""
    shape = (book.months, book.draws.count)
    kwh = np.broadcast_to(np.asarray(sum(k for k, _ in known.values())), shape)
    emitted = np.broadcast_to(np.asarray(sum(t for _, t in known.values())), shape).sum(axis=0)
    classes = [f"{ROOM}.classes.{name}.kwh" for name in known]
    book.flow(INFERENCE, kwh, "kWh", "sum over the classes whose energy the law can say", classes)
    formula = "kWh x grid carbon where each class is served / 1,000"
    book.result(f"{ROOM}.inference_tco2e", emitted, "tCO2e", formula, (INFERENCE, *places))
    return kwh, emitted


def _load_key(plan: Plan, book: Book) -> str:
    """The average load of the plan's chips: that of TPUs where it trains or serves on one."""
    training = plan.programme.training if plan.programme is not None else None
    chips = [training.chip] if training is not None else []
    chips += [s.self_hosted.chip for s in plan.serving.values() if s.self_hosted is not None]
    is_tpu = any(book.catalog.accelerator(chip).kind == "TPU" for chip in chips)
    return f"power/average_load_{'tpu' if is_tpu else 'gpu'}"


def _peak(highest_kwh: FloatArray, load_key: str, book: Book) -> None:
    """The month that draws most, all its chips at full power; at least the chips of the first final run."""
    load = book.rate(load_key)
    mw = highest_kwh / (HOURS_PER_MONTH * load * 1000)
    inputs = [f"{ROOM}.kwh", load_key]
    run = run_mw(book)
    if run is not None:
        mw = np.maximum(mw, run / load)
        inputs += [RUN_KWH, "programme.final_run_chips", "programme.final_run_chip_hours"]
    formula = (
        "highest month's kWh / 730.5 h / average load, at least the chips of the final run together; "
        "what was trained before the plan begins is no month's"
    )
    book.result(f"{ROOM}.peak_mw", mw, "MW", formula, inputs)


def run_mw(book: Book) -> FloatArray | None:
    """What the chips of the first final run draw while it lasts, MW; None where their number is unknown."""
    chips, hours = (book.quantities.get(f"programme.final_run_{unit}") for unit in ("chips", "chip_hours"))
    first = book.outcomes.get(RUN_KWH)
    if chips is None or hours is None or first is None:
        return None
    return np.asarray(first / np.maximum(hours.value, 1e-12) * chips.value / 1000)


def _compared(book: Book) -> None:
    """Homes and cars, water, other grids, and clean supply matched hour by hour."""
    kwh, tonnes = book.outcomes[f"{ROOM}.kwh"], book.outcomes[f"{ROOM}.tco2e"]
    home, car = book.rate("energy/home_kwh_per_year"), book.rate("energy/car_tco2e_per_year")
    water, pue = book.rate("water/onsite_litres_per_kwh"), book.rate(PUE)
    price, places = regional("electricity", {}, book.region, book)
    more = book.rate("clean/hour_matched_premium_share")
    drawn, emitted = f"{ROOM}.kwh", f"{ROOM}.tco2e"
    matched = f"{ROOM}.hour_matched"
    for key, value, unit, formula, inputs in (
        ("homes", kwh / (home * book.months / 12), "homes", "kWh / kWh of a home over the plan's months",
         (drawn, "energy/home_kwh_per_year")),
        ("cars_for_a_year", tonnes / car, "cars", "tCO2e / tCO2e of a car in a year",
         (emitted, "energy/car_tco2e_per_year")),
        ("water_litres", kwh / pue * water, "litres", "kWh / PUE x litres a kWh of servers, on site",
         (drawn, PUE, "water/onsite_litres_per_kwh")),
        ("hour_matched.usd", kwh * price * more, "USD", "kWh x USD a kWh x premium of hour-matched supply",
         (drawn, *places, "clean/hour_matched_premium_share")),
        ("hour_matched.usd_per_tco2e", kwh * price * more / np.maximum(tonnes, 1e-12), "USD/tCO2e",
         "what it adds / what the grid would emit", (f"{matched}.usd", emitted)),
    ):  # fmt: skip
        book.result(f"{ROOM}.{key}", value, unit, formula, inputs)
    for grid in OTHER_GRIDS:
        carbon, inputs = regional("carbon", {}, grid, book)
        book.result(f"{ROOM}.on_other_grids_tco2e.{grid}", kwh * (carbon / KG_PER_TONNE), "tCO2e",
                    "all kWh x carbon of that grid / 1,000", (drawn, *inputs))  # fmt: skip
