"""A replay for a terminal: the answer, latencies, where the time goes, use and USD, what was assumed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from truecost.report.bars import SOLID, columns
from truecost.report.layout import DEFAULT_WIDTH, Page, Style, glued
from truecost.report.phrases import plural, share, shown
from truecost.report.replay_hours_text import hours
from truecost.report.run_words import (
    BASIS,
    assumptions,
    ends_of,
    figures,
    interval,
    price_words,
    unknowns,
)
from truecost.report.tables import Column, table

Told = Mapping[str, Any]
PARTS = {
    "weights": "reading weights",
    "arithmetic": "matrix products of answers",
    "prompts": "prompts",
    "prompt_attention": "attention of prompts",
    "answers": "answers",
    "cache": "reading the KV cache",
    "latency": "launches, scheduler, sampler",
    "exchange": "exchange between chips",
    "idle": "idle: nothing to do",
}
LIMITS = {
    "traffic": "its traffic: it could take more",
    "concurrency": "the concurrency: it could take more",
    "kv_cache": "its KV cache: requests wait for memory",
    "max_model_len": "max_model_len: no request is shorter",
    "max_num_seqs": "max_num_seqs: requests wait for a seat",
}
HAS_ROOM = ("traffic", "concurrency")
"""Limits at which nothing waits for memory or a seat."""
LATENCIES = {"ttft": "first token", "tpot": "further token", "itl": "between tokens", "e2e": "whole answer",
             "queue": "queue"}  # fmt: skip
TERMS = {
    "on_demand": " on demand",
    "reserved_1y": " for a year",
    "reserved_3y": " for three years",
    "spot": ", spot",
}
STATISTICS = ("mean", "p50", "p90", "p99")
LEAST_SHOWN = 0.005
"""Of the time: smaller parts are not listed."""
LEAST_WEIGHT = 0.05
"""Of measured runs nearby, from which on the correction is worth a word."""


def page(told: Told, width: int = DEFAULT_WIDTH, *, everything: bool = False) -> Page:
    """What a replay's `to_dict` gives, as a page."""
    made = Page(width)
    made.title(told["name"])
    made.text(_setting(told), Style.FAINT)
    made.blank()
    made.text(answer(told), Style.STRONG)
    for warning in [*told["warnings"], *told["traffic"]["notes"]]:
        made.text(f"note: {warning}", Style.WARNING)
    if told["served"] + told["truncated"]:
        _slo(told, made)
        _latencies(told, made)
        _use(told, made)
        _money(told, made)
        hours(told, made)
    _assumptions(told, made, everything)
    return made


def answer(told: Told) -> str:
    """The finding, in a sentence."""
    if not told["served"] + told["truncated"]:
        return (
            f"None of {plural(told['rejected'] + told['unfinished'], 'request')} is answered: their prompts "
            f"leave no room below {told['engine']['max_model_len']:,} tokens, the longest request and answer."
        )
    cost = (
        "at an unknown price"
        if told["cost_usd"] is None
        else f"{interval(told, 'usd_per_million_output_tokens', 'USD')} for a million output tokens"
    )
    return (
        f"{_who(told)} their first token within {interval(told, 'ttft_p99_s', 's')} in 99 % of cases "
        f"and a further one every {interval(told, 'tpot_p50_s', 's')}; {cost}. {limit(told)}"
    )


def limit(told: Told) -> str:
    """What keeps the fleet from more; of a fleet that has room and still misses its SLO, that it does."""
    name = told["limited_by"]
    if name in HAS_ROOM and not all(row["met"] for row in told["slo"]):
        return "It keeps up with its traffic, but not within the SLO."
    return f"Limited by {LIMITS.get(name, PARTS.get(name, name))}."


def _who(told: Told) -> str:
    lost = told["rejected"] + told["unfinished"]
    done = told["served"] + told["truncated"]
    return (
        f"{plural(done, 'request')} get" if not lost else f"{done:,} of {plural(done + lost, 'request')} get"
    )


def _setting(told: Told) -> str:
    fleet, engine, traffic, precision = (told[name] for name in ("fleet", "engine", "traffic", "precision"))
    sizes = [
        glued(f"{name} {fleet[f'{name}_parallel_size']}")
        for name in ("tensor", "data", "expert")
        if fleet[f"{name}_parallel_size"] > 1
    ]
    replicas = replica_words(fleet)
    if fleet["replicas"] > 1:
        replicas += f" ({fleet['routing'].replace('_', ' ')})"
    layout = f", {' x '.join(sizes)} parallel" if sizes else ""
    arrival = f", {traffic['concurrency']:,} at once" if traffic["concurrency"] else ""
    over = f" over {shown(traffic['span_s'], 's')}" if traffic["span_s"] else ""
    return (
        f"{told['model']} in {precision['weights']} (KV cache {precision['kv_cache']}): {replicas} of "
        f"{told['chips'] // fleet['replicas']} x {told['accelerator']}{layout}; {traffic['name']}: "
        f"{plural(traffic['requests'], 'request')}{over}{arrival}, on average "
        f"{shown(traffic['input_tokens_mean'], 'tokens')} in and "
        f"{shown(traffic['output_tokens_mean'], 'tokens')} out; at most {engine['max_num_seqs']:,} sequences "
        f"and {engine['max_num_batched_tokens']:,} tokens a step. Prices of {told['as_of']}."
    )


def replica_words(fleet: Told) -> str:
    """How many replicas there are, or the least and the most of them."""
    most = plural(fleet["replicas"], "replica")
    return f"{fleet['autoscale']['min_replicas']} to {most}" if fleet["autoscale"] else most


def _slo(told: Told, page: Page) -> None:
    if not told["slo"]:
        return
    met = sum(1 for row in told["slo"] if row["met"])
    limits = len(told["slo"])
    page.heading("SLO: met" if met == limits else f"SLO: {met} of {plural(limits, 'limit')} met")
    rows = [
        [
            limit_words(row["limit"]),
            f"< {shown(row['limit_s'], 's')}",
            interval({"x": row["value_s"], "x_p5": row["p5_s"], "x_p95": row["p95_s"]}, "x", "s"),
            verdict(row),
        ]
        for row in told["slo"]
    ]
    page.extend(
        table([Column("limit"), Column("is"), Column("comes out"), Column("", wraps=True)], rows, page.width)
    )
    page.item(f"{goodput(told)}.")


def goodput(told: Told) -> str:
    """How many of the requests keep every limit of the SLO."""
    requests = told["served"] + told["truncated"] + told["rejected"] + told["unfinished"]
    kept = round(told["goodput_fraction"] * requests)
    return f"{kept:,} of {plural(requests, 'request')} keep every limit, each for itself"


def limit_words(name: str) -> str:
    """An output's name as a user writes it in --slo."""
    return name.removesuffix("_s").replace("_", " ")


def verdict(row: Told) -> str:
    """Whether a limit is met, by how much, and how sure that is."""
    if row["over"] is None:
        return "nothing to compare"
    if not row["met"] and row["over"] <= 1:
        return f"missed: {share(row['unanswered'])} of the requests get no answer"
    by = f"{shown(row['over'])} x the limit" if row["over"] > 2 else f"{share(abs(row['over'] - 1))}"
    if not row["met"]:
        return f"missed by {by}" if row["over"] <= 2 and row["over"] > 1 else f"missed: {by}"
    sure = "" if row["confidence"] == "whole interval" else ", but not at the slow end"
    return f"met, {share(1 - row['over'])} to spare{sure}"


def _latencies(told: Told, page: Page) -> None:
    page.heading("What users see, in seconds")
    rows: list[list[str]] = []
    for name, said in LATENCIES.items():
        cells = [f"{said} ({name})"]
        for stat in STATISTICS:
            value = told[f"{name}_{stat}_s"]
            cells.append("" if value is None else shown(value))
        rows.append([*cells, ends_of(told, f"{name}_p99_s")])
    heads = [Column(""), *(Column(stat, right=True) for stat in STATISTICS), Column("p99, 90 %", right=True)]
    page.extend(table(heads, rows, page.width))


def _use(told: Told, page: Page) -> None:
    page.heading(f"Where the time goes: {share(told['utilization'])} of it in steps")
    kept = [row for row in told["time_parts"] if row["share"] >= LEAST_SHOWN]
    room = max(10, page.width - 58)
    most = max((row["share"] for row in kept), default=1.0)
    rows: list[list[str]] = [
        [
            PARTS.get(row["part"], str(row["part"])),
            share(row["share"]),
            SOLID * max(1, columns(row["share"], most, room)),
        ]
        for row in kept
    ]
    heads = (Column("", wraps=True), Column("", right=True), Column("", optional=True, style=Style.BAR))
    page.extend(table(heads, rows, page.width))
    page.item(
        f"{interval(told, 'output_tokens_per_s', 'tokens/s')} written, "
        f"{shown(told['output_tokens_per_s_per_chip'], 'tokens/s')} a chip; "
        f"{shown(told['total_tokens_per_s'], 'tokens/s')} read and written, "
        f"{shown(told['requests_per_s'])} requests a second."
    )
    page.item(
        f"The KV cache holds {shown(told['kv_cache_tokens_per_replica'], 'tokens')} a replica; at most "
        f"{interval(told, 'kv_peak_fraction', 'share')} of it in use, "
        f"{plural(told['preemptions'], 'preemption')}{_hits(told)}."
    )
    lost = {name: told[name] for name in ("rejected", "truncated", "unfinished") if told[name]}
    if lost:
        said = ", ".join(f"{count:,} {name}" for name, count in lost.items())
        page.item(f"{told['served']:,} served; {said}.", Style.WARNING)


def _hits(told: Told) -> str:
    if not told["engine"]["enable_prefix_caching"]:
        return ""
    return f"; {share(told['prefix_hit_fraction'])} of the prompt tokens found in the prefix cache"


def _money(told: Told, page: Page) -> None:
    page.heading(f"What it costs: {interval(told, 'cost_usd', 'USD')} for {shown(told['makespan_s'], 's')}")
    rows = (
        ("a million output tokens", "usd_per_million_output_tokens", "USD"),
        ("a million tokens", "usd_per_million_tokens", "USD"),
        ("a request", "usd_per_request", "USD"),
        ("chip-hours", "chip_hours", ""),
        ("energy", "energy_kwh", "kWh"),
    )
    figures(told, rows, page)
    page.item(_price(told["rates"]))
    unknowns(told, page)


def _price(rates: Told) -> str:
    basis = BASIS[rates["basis"]] + (TERMS.get(rates["term"], "") if rates["basis"] == "rent" else "")
    parts = {name: usd for name, usd in rates["parts_usd_per_chip_hour"].items() if usd is not None}
    if len(parts) > 1:
        largest = sorted(parts.items(), key=lambda part: -part[1])
        basis += f" ({', '.join(f'{name} {shown(usd)}' for name, usd in largest)})"
    watts = (
        f"; {interval(rates, 'watts_per_chip', 'W')} a chip with its part of the server"
        if rates["watts_per_chip"]
        else ""
    )
    return f"{price_words(rates, basis)}{watts}."


def _assumptions(told: Told, page: Page, everything: bool) -> None:
    assumptions(told, page, everything)
    page.blank()
    page.text(provider_words(told["provider"]), Style.FAINT)


def _is_corrected(near: Told) -> bool:
    return bool(near["weight"] >= LEAST_WEIGHT)


def _corrected(near: Told) -> str:
    """By how much measured runs of the same setup move the law; nothing where there are none nearby."""
    if not _is_corrected(near):
        return ""
    steps, first = (f"x {near[name]:.2f}" for name in ("steps", "first_token"))
    return (
        f", corrected by {near['runs']} measured runs of this model, chip, engine and precision, the nearest "
        f"most (steps {steps}, first tokens {first}): an interpolation, no prediction; engine.corrected: "
        "false takes the law alone"
    )


def provider_words(provider: Told) -> str:
    """Who says how long a step takes, and what the ranges are."""
    if provider["name"] == "law":
        near = provider["nearby"]
        off = "what the law is off on models and chips it was not fitted on"
        if near["is_near"]:
            off = "what corrected runs are off, each left out of its own correction"
        elif _is_corrected(near):
            off += " (too few of those runs are near enough for a narrower one)"
        return (
            f"Step times: the serving law ({provider['fitted_on']}){_corrected(near)}. Ranges are 90 % "
            f"intervals: the simulation with step times at the ends of {off}, prompts at the ends of the "
            "same of first tokens."
        )
    return (
        f"Step times: {provider['measured_steps']:,} measured steps of {provider['file']}, met within "
        f"{share(provider['median_error'])} in the median; no interval."
    )
