"""A training run for a terminal: the answer, where the time goes, memory, the run, what was assumed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from truecost.report.bars import SOLID, columns
from truecost.report.layout import DEFAULT_WIDTH, Page, Style, glued
from truecost.report.phrases import plural, share, shown
from truecost.report.run_words import BASIS, assumptions, figures, interval, price_words, unknowns
from truecost.report.tables import Column, table
from truecost.training.estimate import LIMITS
from truecost.units import show_share

Told = Mapping[str, Any]
PARTS = {
    "matrices": "matrix products",
    "experts": "experts' products",
    "attention": "attention",
    "elementwise": "norms, activations, residuals",
    "conversion": "conversion to low precision",
    "recompute": "recomputation",
    "head": "vocabulary head and loss",
    "tensor_exchange": "tensor-parallel exchange",
    "context_exchange": "context-parallel exchange",
    "expert_exchange": "expert-parallel exchange",
    "sharded_exchange": "gathering sharded weights",
    "launch": "kernel launches",
    "bubble": "pipeline bubble",
    "imbalance": "longest pipeline stage",
    "pipeline_exchange": "sends between pipeline stages",
    "data_exchange": "summing gradients",
    "optimizer": "optimizer",
    "other": "the rest of a step",
    "generation": "writing answers",
    "scoring": "forward passes of frozen models",
    "critic": "the critic's update",
}
"""Where the time of a step goes, in words."""
KEPT = {
    "weights": "weights",
    "gradients": "gradients",
    "optimizer": "optimizer states",
    "activations": "activations",
    "logits": "logits",
    "buffers": "buffers and context",
}
METHODS = {
    "full": "all weights fine-tuned",
    "lora": "fine-tuned by adapters beside frozen weights",
    "distill": "learning from a teacher",
    "dpo": "preference optimisation",
    "rlhf": "learning from rewards",
}
LEAST_SHOWN = 0.001
"""Of a whole: smaller parts are not listed."""
GIB = 2**30


def page(told: Told, width: int = DEFAULT_WIDTH, *, everything: bool = False) -> Page:
    """What a training run's `to_dict` gives, as a page."""
    made = Page(width)
    made.title(told["name"])
    made.text(_setting(told), Style.FAINT)
    made.blank()
    made.text(answer(told), Style.STRONG)
    for warning in told["warnings"]:
        made.text(f"warning: {warning}", Style.WARNING)
    if told["fits"]:
        _step(told, made)
        _memory(told, made)
        _run(told, made)
    else:
        _memory(told, made)
        _step(told, made)
    _assumptions(told, made, everything)
    return made


def answer(told: Told) -> str:
    """The finding, in a sentence."""
    if not told["fits"]:
        largest = max(told["memory_parts_bytes"], key=lambda part: told["memory_parts_bytes"][part])
        change = told["change_that_fits"]
        fix = (
            f"It fits with {change['words']}."
            if change
            else "Nothing within 64 times the chips makes it fit."
        )
        return (
            f"Does not fit: a chip would have to keep {gib(told['memory_bytes_per_chip'])} of "
            f"{gib(told['usable_memory_bytes_per_chip'])} usable, most of it {KEPT[largest]} "
            f"({gib(told['memory_parts_bytes'][largest])}). {fix}"
        )
    cost = "at an unknown price" if told["cost_usd"] is None else f"for {interval(told, 'cost_usd', 'USD')}"
    return (
        f"{interval(told, 'days', 'days')} on {told['count']:,} chips {cost}: "
        f"{interval(told, 'step_time_s', 's')} a "
        f"step, {interval(told, 'mfu', 'share')} of peak."
    )


def gib(size: float) -> str:
    """Bytes of a chip's memory, as its driver counts them."""
    return glued(f"{size / GIB:,.1f} GiB")


def layout_words(layout: Told) -> str:
    """A layout in a line; sizes of 1 are left out."""
    names = ("tensor", "pipeline", "virtual_pipeline", "context", "expert", "data")
    sizes = {
        name: layout[f"{name}_size" if name.startswith("virtual") else f"{name}_parallel_size"]
        for name in names
    }
    shown_sizes = [glued(f"{name.replace('_', ' ')} {size}") for name, size in sizes.items() if size > 1]
    return ", ".join([*(shown_sizes or ["one chip"]), layout["sharding"]])


def _setting(told: Told) -> str:
    layout = told["layout"]
    return (
        f"{told['model']} ({shown(told['parameters'])} parameters){_method(told)} on {told['count']:,} "
        f"{told['accelerator']}, "
        f"{layout['precision']}; {layout_words(layout)}; {layout['global_batch_size']:,} sequences of "
        f"{layout['sequence_length']:,} tokens {batch_of(told)}, micro-batch {layout['micro_batch_size']}; "
        f"recompute {layout['recompute']}, {layout['attention']} attention, {layout['stack']}. Prices of "
        f"{told['as_of']}."
    )


def batch_of(told: Told) -> str:
    """What the batch of a layout is of: a step, or one of the updates of a step that writes answers."""
    return "an update" if told["method"]["name"] == "rlhf" else "a step"


def _method(told: Told) -> str:
    """What is done with the model, where that is not pre-training."""
    method = told["method"]
    if method["name"] == "pretrain":
        return ""
    said = f", {METHODS[method['name']]}"
    if method["name"] == "rlhf":
        said += f" ({method['answers_per_step']:,} answers of {method['output_tokens']:,} tokens a step)"
    others = [f"{role} {name}" for role, name in method.get("models", {}).items()]
    return f"{said}, {', '.join(others)}," if others else f"{said},"


def _phases(told: Told, page: Page) -> None:
    """What a step is for, where that is more than its update."""
    if len(told["phases"]) < 2:
        return
    rows = [
        [
            one["phase"],
            shown(one["seconds"], "s"),
            share(one["share"]),
            shown(one["chip_hours"]),
            "unknown" if one["cost_usd"] is None else shown(one["cost_usd"], "USD"),
        ]
        for one in told["phases"]
    ]
    head = ("", "a step", "of it", "chip-hours", "USD")
    page.extend(table(tuple(Column(name, right=bool(name)) for name in head), rows, page.width))
    page.blank()


def _bars(
    page: Page, parts: Mapping[str, float], names: Mapping[str, str], shown_as: Callable[[float], str]
) -> None:
    """Parts of a whole, the largest first, each with its share and a bar."""
    total = sum(parts.values())
    kept = {name: value for name, value in parts.items() if value >= LEAST_SHOWN * total}
    room = max(10, page.width - 58)
    most = max(kept.values(), default=1.0)
    rows = [
        [
            names.get(name, name),
            shown_as(value),
            share(value / total),
            SOLID * max(1, columns(value, most, room)),
        ]
        for name, value in sorted(kept.items(), key=lambda pair: -pair[1])
    ]
    head = (
        Column("", wraps=True), Column("", right=True), Column("", right=True),
        Column("", optional=True, style=Style.BAR),
    )  # fmt: skip
    page.extend(table(head, rows, page.width))


def _step(told: Told, page: Page) -> None:
    page.heading(f"Where the time of a step goes: {interval(told, 'step_time_s', 's')}")
    _phases(told, page)
    _bars(page, told["step_parts_s"], PARTS, _seconds)
    page.item(
        f"{_limited(told)}. {interval(told, 'model_tflops_per_chip', 'TFLOP/s')} of model FLOPs a chip, MFU "
        f"{interval(told, 'mfu', 'share')}, with recomputation HFU {share(told['hfu'])}; "
        f"{shown(told['tokens_per_s'], 'tokens/s')}, {shown(told['tokens_per_s_per_chip'], 'tokens/s')} a "
        "chip."
    )


def _limited(told: Told) -> str:
    """What limits a step, with its share and what comes next."""
    return f"Limited by {', then '.join(limit_words(told, one) for one in told['limits'][:2])}"


def limit_words(told: Told, limit: Told) -> str:
    """A limit with its share, and the parts of the step that it is made of where they are several."""
    seconds = told["step_parts_s"]
    least = LEAST_SHOWN * sum(seconds.values())
    parts = [PARTS[part] for part in LIMITS[limit["limit"]] if seconds.get(part, 0.0) >= least]
    of = f": {', '.join(parts)}" if len(parts) > 1 else ""
    return f"{limit['limit']} ({share(limit['share'])}{of})"


def _seconds(value: float) -> str:
    return shown(value, "s")


def _memory(told: Told, page: Page) -> None:
    used, usable = told["memory_bytes_per_chip"], told["usable_memory_bytes_per_chip"]
    verdict = f"{show_share(used / usable)} of the {gib(usable)} usable"
    page.heading(f"Memory of the fullest chip: {gib(used)}, {verdict}")
    _bars(page, told["memory_parts_bytes"], KEPT, gib)
    change = told["change_that_fits"]
    if change:
        page.item(
            f"The smallest change that fits: {change['words']} "
            f"({' '.join('--set ' + one for one in change['set'])}): "
            f"{gib(change['memory_bytes_per_chip'])}, {shown(change['step_time_s'], 's')} a step."
        )


def _run(told: Told, page: Page) -> None:
    run, rates = told["run"], told["rates"]
    page.heading(f"The run: {shown(run['tokens'], 'tokens')} in {plural(run['steps'], 'step')}")
    rows = (
        ("days", "days", ""),
        ("chip-hours", "chip_hours", ""),
        ("USD", "cost_usd", ""),
        ("energy", "energy_kwh", "kWh"),
        ("carbon", "co2e_kg", "kgCO2e"),
        ("goodput", "goodput", "share"),
    )
    figures(told, rows, page)
    shares = run["shares_of_chip_hours"]
    lost = [
        f"{cause} {share(value)}"
        for cause, value in sorted(shares.items(), key=lambda pair: -pair[1])
        if cause != "steps" and value >= LEAST_SHOWN
    ]
    page.item(f"Chip-hours that do not train: {', '.join(lost)}.")
    page.item(
        f"{shown(run['interruptions'])} interruptions; a checkpoint every "
        f"{shown(run['checkpoint_interval_hours'] * 3600, 's')}. {shown(rates['watts_per_chip'], 'W')} a "
        "chip with its part of the server."
    )
    price = price_words(rates, BASIS[rates["basis"]])
    page.item(f"{price}, {interval(rates, 'kgco2e_per_kwh', 'kgCO2e/kWh')}.")
    unknowns(told, page)


def _assumptions(told: Told, page: Page, everything: bool) -> None:
    assumptions(told, page, everything)
    page.blank()
    page.text(
        f"Ranges are 90 % intervals of held-out measurements ({told['regime']}; {told['fitted_on']}). MFU: "
        "against the dense peak of the precision, attention counted causally, nothing recomputed.",
        Style.FAINT,
    )
