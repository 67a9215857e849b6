"""Sections of a replay's page: SLO, latencies, load over time, where the time goes, cache, the fleet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

from truecost.replay.curves import bin_edges_s
from truecost.replay.metrics import QUANTILES
from truecost.report.charts.composition import composition
from truecost.report.charts.panels import Layer, Panel, panels
from truecost.report.charts.panels import Limit as Ceiling
from truecost.report.charts.spread import Limit, Spread, spreads
from truecost.report.charts.svg import figure
from truecost.report.phrases import plural, share, shown
from truecost.report.replay_hours_text import interrupted
from truecost.report.replay_text import (
    LATENCIES,
    LEAST_SHOWN,
    PARTS,
    STATISTICS,
    goodput,
    limit_words,
    provider_words,
    replica_words,
    verdict,
)
from truecost.report.run_words import ends_of, interval
from truecost.report.sections.composed import grouped, parts_table, spoken
from truecost.report.sections.section import Choice, DecisionTable, Listing, Section, Table
from truecost.report.sections.training_choices import mini_bar, unbroken
from truecost.units import show

Told = Mapping[str, Any]
DRAWN = {"ttft": "First token (TTFT)", "tpot": "Each further token (TPOT)", "e2e": "Whole answer (E2E)"}
"""Latencies that are drawn; the table has the others too."""
WORK: Mapping[str, Sequence[str]] = {
    "reading memory": ("weights", "cache"),
    "arithmetic": ("arithmetic", "prompts", "prompt_attention", "answers"),
    "waiting": ("latency", "exchange"),
    "idle": ("idle",),
}
"""Where the replicas' time goes, by kind."""
LEAST_MOVING = 1.01
"""Most replicas over fewest, from which on they are drawn over time."""
FULLEST = 2.0
"""Times a limit at which the bar of a limit ends."""


def slo(told: Told) -> Section | None:
    """Every limit with what came out; None without an SLO."""
    rows = told["slo"]
    if not rows:
        return None
    met = sum(1 for row in rows if row["met"])
    title = "Every limit of the SLO is kept" if met == len(rows) else f"{met} of {len(rows)} limits are kept"
    lost = told["rejected"] + told["unfinished"]
    unanswered = f"; {plural(lost, 'request')} without an answer count against it" if lost else ""
    return Section(
        "slo",
        title,
        "The bar is the value over its limit, the mark where the limit is. A limit is kept where the middle "
        "of the interval keeps it; the last column says whether the slow end does as well.",
        decision=DecisionTable(
            ("Limit", "Comes out", "limit", "of the limit", "verdict"),
            [_limit_row(row) for row in rows],
            "Limits of the SLO and what comes out",
        ),
        facts=[f"{goodput(told)}{unanswered}."],
    )


def _limit_row(row: Told) -> Choice:
    value = {"x": row["value_s"], "x_p5": row["p5_s"], "x_p95": row["p95_s"]}
    over = row["over"]
    return Choice(
        named(row["limit"]),
        _said_of(row["limit"]),
        mini_bar(min(over or 0.0, FULLEST) / FULLEST, best=not row["met"], mark=1 / FULLEST),
        interval(value, "x", "s"),
        [shown(row["limit_s"], "s"), _over(over), verdict(row)],
    )


def _over(over: float | None) -> str:
    if over is None:
        return ""
    return share(over) if over <= FULLEST else f"{shown(over)} ×"


def named(limit: str) -> str:
    """An output as a reader calls it.

    >>> named("ttft_p99_s")
    'TTFT p99'
    """
    latency, _, stat = limit_words(limit).partition(" ")
    return f"{latency.upper()} {stat}"


def _said_of(name: str) -> str:
    latency, stat, _ = name.split("_")
    share_of = {"mean": "the mean of", "p50": "half of", "p90": "nine of ten", "p99": "99 of 100"}[stat]
    waits = {
        "ttft": "requests, to the first token",
        "tpot": "requests, for each further token",
        "itl": "gaps between two tokens",
        "e2e": "requests, to the last token",
        "queue": "requests, in the queue",
    }
    return f"{share_of} {waits[latency]}"


def latencies(told: Told) -> Section:
    """How first tokens, further tokens and whole answers are spread over requests."""
    kinds = [one for one in (_spread(told, name) for name in DRAWN) if one is not None]
    within = told["ttft_p99_s"]
    title = (
        f"99 of 100 requests get their first token within {shown(within, 's')}, half of them within "
        f"{shown(told['ttft_p50_s'], 's')}"
    )
    limited = " The ground is what keeps a limit; a ring is the point that the curve must pass on its left."
    has_limits = any(kind.limits for kind in kinds)
    has_band = any(kind.low is not None for kind in kinds)
    return Section(
        "latencies",
        title,
        "The share of the requests that wait no longer than a time. Up, the scale is stretched towards both "
        "ends, so that the rarest hundredth can be read; to the right, equal steps are equal ratios. Dots "
        f"are p50, p90 and p99.{' The band is the 90 % interval of the step times.' if has_band else ''}"
        f"{limited if has_limits else ''}",
        figure(lambda width: spreads(kinds, _seconds, width), f"{title}. {_spoken_spreads(kinds)}"),
        tables=[_percentiles(told)],
    )


def _seconds(value: float) -> str:
    return shown(value, "s")


def _spoken_spreads(kinds: Sequence[Spread]) -> str:
    return " ".join(f"{kind.name}: {', '.join(words for _, _, words in kind.marks)}." for kind in kinds)


def _spread(told: Told, name: str) -> Spread | None:
    told_of = told["distributions"]
    values = told_of[f"{name}_s"]
    if values is None:
        return None
    marks = [
        (at, told[f"{name}_{stat}_s"], f"{stat} {shown(told[f'{name}_{stat}_s'], 's')}")
        for stat, at in QUANTILES.items()
    ]
    limits = [
        Limit(row["limit_s"], f"{stat} ≤ {shown(row['limit_s'], 's')}", QUANTILES.get(stat), row["met"])
        for row in told["slo"]
        for latency, stat in [row["limit"].removesuffix("_s").split("_")]
        if latency == name
    ]
    low, high = told_of[f"{name}_s_p5"], told_of[f"{name}_s_p95"]
    return Spread(DRAWN[name], told_of["shares"], values, low, high, marks, limits)


def _percentiles(told: Told) -> Table:
    rows: list[list[str]] = []
    for name, said in LATENCIES.items():
        cells = [f"{said} ({name})"]
        for stat in STATISTICS:
            key = f"{name}_{stat}_s"
            cells += [shown(told[key], "s"), ends_of(told, key, "s")]
        rows.append(cells)
    head = ["latency", *(cell for stat in STATISTICS for cell in (stat, "90 %"))]
    return Table(head, rows, "Latencies over answered requests, with 90 % intervals")


def load(told: Told) -> Section:
    """Requests coming, running and waiting, and how busy the replicas are, over the time of the traffic."""
    line = told["timeline"]
    edges = bin_edges_s(line)
    arriving, running = line["arrivals_per_s"], line["requests_running"]
    outstanding = [one + other for one, other in zip(running, line["requests_waiting"], strict=True)]
    most, when = max(outstanding), edges[outstanding.index(max(outstanding))]
    shapes = [
        Panel("requests arriving a second", f"at most {show(max(arriving))}",
              [Layer("requests a second", arriving, "tone3")], show),
        Panel("requests in work", "", [Layer("running", running, "tone3"),
                              Layer("waiting", line["requests_waiting"], "accent")], show),
        Panel("time in steps", f"{share(told['utilization'])} overall",
              [Layer("share of the replicas' time", line["busy_fraction"], "tone4")], share, top=1.0),
        _slowest(told, line),
    ]  # fmt: skip
    if max(line["replicas_up"]) > LEAST_MOVING * min(line["replicas_up"]):
        up = Panel("replicas up", f"{shown(told['replica_hours'])} replica-hours",
                   [Layer("replicas up", line["replicas_up"], "tone4")], show)  # fmt: skip
        shapes.insert(2, up)
    many = f"{most:,.0f}" if most >= 10 else shown(most)
    title = f"At the fullest, {many} requests are in work at once"
    title += f", {shown(when, 's')} after the first came" if when else ", from the first on"
    length = shown(line["width_s"], "s")
    return Section(
        "load",
        title,
        f"Means over stretches of {length}, all replicas together. A replica steps as long as it has "
        "anything to do, so that time in steps says how seldom it rests, not how full it is: requests that "
        "wait say that.",
        figure(lambda width: panels(shapes, edges, width), f"{title}."),
        facts=[
            f"{interval(told, 'requests_per_s', '')} requests a second are answered: "
            f"{interval(told, 'output_tokens_per_s', 'tokens/s')} written, "
            f"{shown(told['total_tokens_per_s'], 'tokens/s')} read and written, "
            f"{shown(told['output_tokens_per_s_per_chip'], 'tokens/s')} written by a chip.",
            *_events(told),
        ],
        tables=[_over_time(line, edges)],
    )


def _events(told: Told) -> list[str]:
    """Replicas taken away, and answers that no replica had to give."""
    said: list[str] = []
    if told["interruptions"]:
        said.append(interrupted(told))
    cached = told["traffic"]["cached_requests"]
    if cached:
        said.append(f"Answered from a cache of responses: {plural(cached, 'request')} of the traffic.")
    return said


def _slowest(told: Told, line: Told) -> Panel:
    """The first tokens of each stretch, and the limit on them where there is one."""
    limits = [row["limit_s"] for row in told["slo"] if row["limit"] == "ttft_p99_s"]
    ceiling = Ceiling(limits[0], f"limit {shown(limits[0], 's')}") if limits else None
    values = line["ttft_p99_s"]
    worst = max((value for value in values if value is not None), default=None)
    said = "" if worst is None else f"at most {shown(worst, 's')}"
    layers = [Layer("p99 of the first token", values, "accent")]
    return Panel("first token, p99 of those that arrive", said, layers, _seconds, limit=ceiling,
                 is_level=True)  # fmt: skip


ROWS = 24


def _over_time(line: Told, edges: Sequence[float]) -> Table:
    """The stretches as rows; every so many where they are more than a page has room for."""
    step = max(1, -(-len(line["busy_fraction"]) // ROWS))
    rows = [
        [
            shown(edges[at], "s"),
            show(line["arrivals_per_s"][at]),
            show(line["requests_running"][at]),
            show(line["requests_waiting"][at]),
            share(line["busy_fraction"][at]),
            share(line["kv_fraction"][at]),
            shown(line["ttft_p99_s"][at], "s"),
        ]
        for at in range(0, len(line["busy_fraction"]), step)
    ]
    head = ("from", "arriving/s", "running", "waiting", "in steps", "KV cache", "TTFT p99")
    every = f"; every {step}th" if step > 1 else ""
    return Table(head, rows, f"Stretches of {shown(line['width_s'], 's')}{every}")


def time(told: Told) -> Section:
    """Where the replicas' time goes."""
    seconds = {row["part"]: row["seconds"] for row in told["time_parts"]}
    total = sum(seconds.values())
    groups = grouped(seconds, WORK, PARTS, _seconds, LEAST_SHOWN)
    first = told["time_parts"][0]
    name = PARTS.get(first["part"], str(first["part"])).partition(":")[0]
    replicas = "the replica" if told["fleet"]["replicas"] == 1 else "the replicas"
    whose = f"{replicas}'" if replicas.endswith("s") else f"{replicas}'s"
    title = f"{share(first['share'])} of {whose} time goes into {name}"
    if first["part"] == "idle":
        title = f"For {share(first['share'])} of {whose} time there is nothing to do"
    return Section(
        "time",
        title,
        f"The strip is all the time that {replicas} {_were(told)} up, {shown(total, 's')}"
        f"{' together' if replicas.endswith('s') else ''}, a colour for each kind; the bars are its parts, "
        "the longest first.",
        figure(lambda width: composition(groups, width), spoken(title, groups)),
        facts=[provider_words(told["provider"])],
        tables=[parts_table(groups, total, "time of the replicas")],
    )


def _were(told: Told) -> str:
    return "was" if told["fleet"]["replicas"] == 1 else "were"


def cache(told: Told) -> Section:
    """What the KV cache holds, how much of it is in use, and what a prefix cache spares."""
    line = told["timeline"]
    edges, used = bin_edges_s(line), line["kv_fraction"]
    most, hits = told["kv_peak_fraction"], told["engine"]["enable_prefix_caching"]
    drawn = [
        Panel("KV cache in use", f"at most {share(most)} on a replica",
              [Layer("share of the KV cache in use", used, "tone3")], share, top=1.0 if most > 0.3 else None)
    ]  # fmt: skip
    title = f"Of the KV cache {interval(told, 'kv_peak_fraction', 'share')} is in use at the fullest"
    rows = [
        ("Tokens that the cache of a replica holds", shown(told["kv_cache_tokens_per_replica"], "tokens")),
        ("Most in use by running requests", interval(told, "kv_peak_fraction", "share")),
        ("Requests put back to make room", f"{told['preemptions']:,}"),
        (
            "Prompt tokens found in the prefix cache",
            share(told["prefix_hit_fraction"]) if hits else "prefix caching is off",
        ),
    ]
    return Section(
        "cache",
        title,
        "Blocks in use by running requests, all replicas together, over time; prefixes that are only kept "
        "are not in it.",
        figure(lambda width: panels(drawn, edges, width), f"{title}."),
        listings=[Listing("The cache", rows, is_open=True)],
    )


def setting(told: Told) -> Section:
    """The fleet, the engine and the traffic as they were taken."""
    fleet, traffic, engine = told["fleet"], told["traffic"], told["engine"]
    per = told["chips"] // fleet["replicas"]
    title = (
        f"{told['model']} on {replica_words(fleet)} of {per} × {told['accelerator']}: "
        f"{plural(traffic['requests'], 'request')} of {traffic['name']}"
    )
    asked = [
        ("requests", f"{traffic['requests']:,}"),
        ("from the first arrival to the last", shown(traffic["span_s"], "s")),
        ("at once", "as they come" if traffic["concurrency"] is None else f"{traffic['concurrency']:,}"),
        ("input tokens, mean", shown(traffic["input_tokens_mean"], "tokens")),
        ("output tokens, mean", shown(traffic["output_tokens_mean"], "tokens")),
        *(("note", note) for note in traffic["notes"]),
        *((state, f"{told[state]:,}") for state in ("served", "truncated", "rejected", "unfinished")),
    ]  # fmt: skip
    return Section(
        "setting",
        unbroken(title),
        "What was replayed, field by field.",
        listings=[
            Listing("The traffic and how it ended", asked),
            Listing("The fleet", [*_fields(fleet), *_fields(told["precision"])]),
            Listing("The engine", _fields(engine)),
        ],
    )


def _fields(values: Told) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for name, value in values.items():
        if isinstance(value, Mapping):
            nested = _fields(cast("Told", value))
            found += [(f"{name}.{key}", said) for key, said in nested]
        else:
            found.append((name, _field(value)))
    return found


def _field(value: Any) -> str:
    if value is None:
        return "not set"
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:,}" if isinstance(value, int) else str(value)
