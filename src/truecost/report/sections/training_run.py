"""Sections of a training run's page: its step, its memory, the whole run, power, layout, how sure all is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup

from truecost.physics.training_calibration import RegimeInterval, TrainingCalibration
from truecost.ranges import Range
from truecost.report.charts.composition import Group, Limit, composition
from truecost.report.charts.rows import Mark, Row, spans
from truecost.report.charts.svg import figure
from truecost.report.charts.timeline import day_name
from truecost.report.charts.waterfall import Step, waterfall
from truecost.report.phrases import plural, share, shown
from truecost.report.run_words import interval
from truecost.report.sections.composed import REST, grouped, parts_table, spoken
from truecost.report.sections.section import Choice, DecisionTable, Listing, Section, Table
from truecost.report.sections.training_choices import mini_bar, unbroken
from truecost.report.train_text import KEPT, LEAST_SHOWN, METHODS, PARTS, batch_of, gib
from truecost.units import show_share

Told = Mapping[str, Any]
WORK: Mapping[str, Sequence[str]] = {
    "arithmetic of the model": ("matrices", "experts", "attention", "head"),
    "communication": (
        "tensor_exchange", "context_exchange", "expert_exchange", "sharded_exchange", "pipeline_exchange",
        "data_exchange",
    ),
    "waiting": ("bubble", "imbalance"),
    "writing and scoring": ("generation", "scoring", "critic"),
}  # fmt: skip
"""Parts of a step by kind; what is in none is the rest."""
PHASES = {
    "generation": "the model writes answers",
    "scoring": "frozen models read them",
    "teacher": "the teacher reads every sequence",
    "reference": "the frozen reference reads every sequence",
    "update": "the model learns",
    "critic update": "the critic learns",
}
"""What happens in a phase of a step."""
STATE, ACTIVATIONS, BUFFERS = "the model's state", "activations", "buffers"
HELD: Mapping[str, Sequence[str]] = {
    STATE: ("weights", "gradients", "optimizer"),
    ACTIVATIONS: ("activations", "logits"),
}
CAUSES = {
    "steps": "steps, as fast as above",
    "stragglers": "waiting for slow chips",
    "batch ramp": "smaller batches at the start",
    "evaluation": "evaluation",
    "start": "starting up",
    "checkpoints": "writing checkpoints",
    "lost work": "work lost to failures",
    "recovery": "restarts after failures",
    "spares": "spare chips",
}
"""Where the chip-hours of a run go, in words."""
ENGINEERING = "engineering"
COMMAND = "truecost evidence training"


def phases(told: Told) -> Section | None:
    """What a step of post-training is for: time, chip-hours and USD of each phase; None of pre-training."""
    method, found = told["method"], told["phases"]
    if method["name"] == "pretrain":
        return None
    largest = max(found, key=lambda one: one["seconds"])
    length = shown(told["step_time_s"], "s")
    split = ", ".join(f"{share(one['share'])} {one['phase']}" for one in found)
    several = (
        " The phases follow one another on the same chips; their middle estimates add up to the step and to "
        "the whole run. The bar is time."
    )
    return Section(
        "phases",
        f"A step of {length}: {split}" if len(found) > 1 else f"A step is one update: {length}",
        f"{_method(method)}.{several if len(found) > 1 else ''}",
        decision=DecisionTable(
            ("Phase", "A step", "of it", "chip-hours", "USD"),
            [_phase(one, largest) for one in found],
            "A step by phase, with what each takes of the run",
        ),
    )


def _method(method: Told) -> str:
    """What is done with the model, by which others."""
    said = METHODS[method["name"]]
    if method["name"] == "rlhf":
        times = "once" if method["epochs"] == 1 else f"{method['epochs']} times"
        said += (
            f": {plural(method['answers_per_step'], 'answer')} a step, of {method['output_tokens']:,} tokens "
            f"to prompts of {method['prompt_tokens']:,}, each learned from {times}"
        )
    others = "; ".join(f"{role}: {name}" for role, name in method.get("models", {}).items())
    return unbroken(said[:1].upper() + said[1:] + (f" ({others})" if others else ""))


def _phase(one: Told, largest: Told) -> Choice:
    return Choice(
        one["phase"],
        PHASES[one["phase"]],
        mini_bar(one["seconds"] / largest["seconds"], best=one is largest),
        shown(one["seconds"], "s"),
        [
            share(one["share"]),
            shown(one["chip_hours"]),
            "unknown" if one["cost_usd"] is None else shown(one["cost_usd"]),
        ],
        one is largest,
    )


def step(told: Told) -> Section:
    """Where the time of a step goes."""
    first = told["limits"][0]
    total = sum(told["step_parts_s"].values())
    groups = grouped(told["step_parts_s"], WORK, PARTS, _seconds, LEAST_SHOWN)
    title = (
        f"Where the time of a step goes: {shown(told['step_time_s'], 's')}, "
        f"{share(first['share'])} of it {first['limit']}"
    )
    return Section(
        "step",
        title,
        f"The strip is the whole step, a colour for each kind of work; the bars are its "
        f"{plural(sum(len(group.parts) for group in groups), 'part')}, the longest first. What overlaps with "
        "arithmetic takes no time of its own and is not in it.",
        figure(lambda width: composition(groups, width), spoken(title, groups)),
        facts=_step_facts(told),
        tables=[parts_table(groups, total, "seconds of a step")],
    )


def _seconds(value: float) -> str:
    return shown(value, "s")


def _step_facts(told: Told) -> list[str]:
    return [
        f"A step takes {interval(told, 'step_time_s', 's')} for "
        f"{shown(told['tokens_per_s'] * told['step_time_s'], 'tokens')}: "
        f"{interval(told, 'tokens_per_s', 'tokens/s')}, {shown(told['tokens_per_s_per_chip'], 'tokens/s')} a "
        "chip.",
        f"{interval(told, 'model_tflops_per_chip', 'TFLOP/s')} of model FLOPs a chip are "
        f"{interval(told, 'mfu', 'share')} of its dense {told['layout']['precision']} peak (MFU); counting "
        f"what is recomputed it is {share(told['hfu'])} (HFU).",
    ]


def memory(told: Told) -> Section:
    """What the fullest chip keeps, against what is usable."""
    used, usable = told["memory_bytes_per_chip"], told["usable_memory_bytes_per_chip"]
    kinds = grouped(told["memory_parts_bytes"], HELD, KEPT, gib, LEAST_SHOWN)
    groups = [Group(BUFFERS if one.name == REST else one.name, one.shown, one.parts) for one in kinds]
    fits = "fits" if told["fits"] else "does not fit"
    title = f"Memory {fits}: the fullest chip keeps {gib(used)} of {gib(usable)} usable"
    limit = Limit(usable, f"usable {gib(usable)}")
    return Section(
        "memory",
        title,
        "The strip is all that the fullest chip keeps at once, the line what software may take of it. "
        f"{show_share(used / usable)} of that are taken.",
        figure(lambda width: composition(groups, width, limit), spoken(title, groups)),
        facts=_change(told),
        tables=[parts_table(groups, used, "bytes on the fullest chip")],
    )


def _change(told: Told) -> list[Markup]:
    change = told["change_that_fits"]
    if not change:
        return []
    typed = " ".join(f"--set {one}" for one in change["set"])
    return [
        Markup("The smallest change that fits: {} (<code>{}</code>): {}, {} a step.").format(
            change["words"],
            typed,
            gib(change["memory_bytes_per_chip"]),
            shown(change["step_time_s"], "s"),
        )
    ]


def whole_run(told: Told) -> Section:
    """Where the chip-hours of the run go."""
    run, hours = told["run"], told["chip_hours"]
    shares = run["shares_of_chip_hours"]
    lost = {cause: part for cause, part in shares.items() if cause != "steps"}
    most = max(lost, key=lambda cause: lost[cause])
    title = (
        f"The run takes {interval(told, 'chip_hours', 'chip-hours')}; "
        f"{share(shares['steps'])} of them train, {_largest(most, lost[most])}"
    )
    steps = [
        Step(_cause(cause, part), part * hours, f"{_signed(shown(part * hours))} · {_signed(share(part))}")
        for cause, part in _told_causes(shares)
    ]
    ends = (told["chip_hours_p5"], told["chip_hours_p95"])
    steps.append(Step("the whole run", hours, shown(hours), is_sum=True, interval=ends))
    return Section(
        "run",
        unbroken(title),
        f"{shown(run['tokens'], 'tokens')} in {plural(run['steps'], 'step')}, in chip-hours: each bar hangs "
        "where the last one ended; the thin line is the 90 % interval of recorded runs over predicted ones.",
        figure(lambda width: waterfall(steps, width), f"{title}."),
        facts=[
            f"{shown(run['interruptions'])} interruptions are expected, and a checkpoint every "
            f"{shown(run['checkpoint_interval_hours'] * 3600, 's')}, which loses the least between the two.",
            f"Goodput, the share of chip-hours spent on steps at this speed: "
            f"{interval(told, 'goodput', 'share')}.",
        ],
        tables=[_outputs(told)],
    )


def _largest(cause: str, part: float) -> str:
    if cause == ENGINEERING:
        return f"{share(part)} are what recorded runs take on top"
    return f"{share(part)} go into {CAUSES.get(cause, cause)}"


def _told_causes(shares: Mapping[str, float]) -> list[tuple[str, float]]:
    """Steps first, the losses by size, the record's gap last; the smallest are one."""
    losses = [(cause, part) for cause, part in shares.items() if cause not in ("steps", ENGINEERING)]
    small = sum(part for _, part in losses if part < LEAST_SHOWN)
    kept = sorted(((c, p) for c, p in losses if p >= LEAST_SHOWN), key=lambda pair: -pair[1])
    gap = shares.get(ENGINEERING, 0.0)
    return [
        ("steps", shares["steps"]),
        *kept,
        *([("the smallest", small)] if small >= LEAST_SHOWN else []),
        *([(ENGINEERING, gap)] if abs(gap) >= LEAST_SHOWN else []),
    ]


def _cause(cause: str, part: float) -> str:
    if cause == ENGINEERING:
        return "recorded runs take more" if part > 0 else "recorded runs take less"
    return CAUSES.get(cause, cause)


def _signed(amount: str) -> str:
    """An amount with a minus that is as wide as a plus."""
    return amount.replace("-", "\N{MINUS SIGN}")


def _outputs(told: Told) -> Table:
    names = (
        ("days", "days", ""),
        ("chip-hours", "chip_hours", ""),
        ("USD", "cost_usd", ""),
        ("energy", "energy_kwh", "kWh"),
        ("carbon", "co2e_kg", "kgCO2e"),
        ("goodput", "goodput", "share"),
    )
    rows = [
        [
            name,
            *(shown(told[f"{key}{end}"], unit) or "unknown" for end in ("", "_p5", "_p95")),
        ]
        for name, key, unit in names
    ]
    return Table(("of the run", "median", "5 %", "95 %"), rows, "The whole run, with 90 % intervals")


def power(told: Told) -> Section:
    """Power, energy, carbon and the price they are in."""
    rates = told["rates"]
    chips = told["count"] * rates["pue"]
    at_meter = {f"power{end}": chips * rates[f"watts_per_chip{end}"] for end in ("", "_p5", "_p95")}
    title = (
        f"It draws {shown(at_meter['power'], 'W')} for {shown(told['days'], 'days')}: "
        f"{interval(told, 'energy_kwh', 'kWh')}, {interval(told, 'co2e_kg', 'kgCO2e')}"
    )
    rows = [
        ("A chip with its part of the server", interval(rates, "watts_per_chip", "W")),
        ("The cluster at the meter", interval(at_meter, "power", "W")),
        ("Energy of the site over that of its servers (PUE)", shown(rates["pue"], "x")),
        ("Carbon of the grid", interval(rates, "kgco2e_per_kwh", "kgCO2e/kWh")),
        ("Price of a chip-hour", _price(rates)),
    ]
    if rates["usd_per_kwh"]:
        rows.append(("Electricity, paid on top", interval(rates, "usd_per_kwh", "USD/kWh")))
    return Section(
        "power",
        title,
        "Power follows from how much of a step is computing: a chip that waits draws less.",
        listings=[Listing("Rates behind it", rows, is_open=True)],
    )


def _price(rates: Told) -> str:
    basis = {"rent": "rented", "cloud": "in the cloud", "own": "own chips: wear by the hour"}[rates["basis"]]
    if rates["usd_per_chip_hour"] is None:
        return f"unknown ({basis})"
    return f"{interval(rates, 'usd_per_chip_hour', 'USD')}, {basis}"


def layout(told: Told) -> Section:
    """The layout as it was taken."""
    one = told["layout"]
    sizes = [(name, one[f"{name}_parallel_size"]) for name in ("tensor", "pipeline", "context", "data")]
    product = " × ".join(f"{size:,} {name}" for name, size in sizes if size > 1) or "one chip"
    experts = f", experts over {one['expert_parallel_size']:,}" if one["expert_parallel_size"] > 1 else ""
    rows = [(key.replace("_", " "), _said(value)) for key, value in one.items()]
    return Section(
        "layout",
        unbroken(f"Laid out as {product}{experts}, {one['sharding']}"),
        f"{_model(told)} trains on {told['count']:,} {told['accelerator']} with {one['stack']}: "
        f"{plural(one['global_batch_size'], 'sequence')} of {plural(one['sequence_length'], 'token')} "
        f"{batch_of(told)}, {one['micro_batch_size']} at once, in {one['precision']}; {one['attention']} "
        f"attention, recompute {one['recompute']}.",
        listings=[Listing("The layout, field by field", rows)],
    )


def _model(told: Told) -> str:
    active = told["active_parameters"]
    of_them = f", {shown(active)} of them active," if active < 0.9 * told["parameters"] else ""
    return f"{told['model']} ({shown(told['parameters'], 'parameters')}{of_them.rstrip(',')})"


def _said(value: object) -> str:
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:,}" if isinstance(value, int | float) else str(value)


def how_far_off(told: Told, calibration: TrainingCalibration) -> Section:
    """How far off the law has been, where it was not fitted."""
    regime = interval_of(told["regime"], calibration)
    step_range, run_range = regime.range_90, calibration.whole_run.range_90
    rows = [
        _ratio("a step", step_range, _measured_on(told["regime"], calibration), accent=True),
        _ratio("a whole run", run_range, "chip-hours of recorded runs"),
        _ratio("power of a server", calibration.power_range_90, "measured under training loads"),
    ]
    title = (
        f"Measured steps took {_times(step_range.low)} to {_times(step_range.high)} what was predicted, "
        "in 90 % of cases"
    )
    fitted = f" on {day_name(calibration.checked.isoformat())}" if calibration.checked else ""
    return Section(
        "how-far-off",
        title,
        "Measured over predicted, on sources that were left out of the fit: 1 is a hit, right of it things "
        "took more than predicted. The bar spans 90 % of the cases; the intervals on this page are these.",
        figure(
            lambda width: spans(rows, width, lambda value: f"×{value:g}", [Mark(1.0, "as predicted")]),
            f"{title}.",
        ),
        facts=[
            f"The mean error of a step is {share(regime.mean_error)} in this regime, each source counting "
            f"the same; {share(regime.coverage)} of the steps of a source lay in the interval of the others.",
            Markup("Fitted{} to {}. <code>{}</code> shows every source, chip and the worst cases.").format(
                fitted, told["fitted_on"], COMMAND
            ),
        ],
        tables=[_regimes(calibration)],
    )


def _measured_on(name: str, calibration: TrainingCalibration) -> str:
    cases = f"{interval_of(name, calibration).cases:,} measured steps"
    return f"{cases}: {name}" if name in calibration.intervals else f"{cases}; too few of {name} alone"


def interval_of(name: str, calibration: TrainingCalibration) -> RegimeInterval:
    """The interval of a regime by its name, or of the one it is pooled with."""
    chip = name.rpartition(", ")[2]
    return calibration.intervals.get(name) or calibration.intervals[f"all, {chip}"]


def _ratio(label: str, spread: Range, detail: str, *, accent: bool = False) -> Row:
    ends = f"{_times(spread.low)} – {_times(spread.high)}"
    return Row(label, spread.low, 1.0, spread.high, ends, detail, accent)


def _times(value: float) -> str:
    return f"×{value:.2f}"


def _regimes(calibration: TrainingCalibration) -> Table:
    rows = [
        [
            name,
            f"{one.cases:,}",
            share(one.mean_error),
            f"{one.range_90.low:.2f} – {one.range_90.high:.2f}",
            share(one.coverage),
        ]
        for name, one in calibration.intervals.items()
    ]
    head = ("regime", "measured steps", "mean error", "measured over predicted, 90 %", "held")
    return Table(head, rows, "Steps by regime, on sources (or chips) left out of the fit")
