"""A comparison of fleets for a terminal: the cheapest that keeps the SLO, and what the others miss."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from truecost.report.layout import DEFAULT_WIDTH, Page, Style
from truecost.report.phrases import plural, share, shown
from truecost.report.replay_text import limit_words
from truecost.report.run_words import interval
from truecost.report.tables import Column, table

Told = Mapping[str, Any]
GIVE_WAY = ("use", "USD/M\noutput")
"""Columns that go first where there is no room."""
FAR_OFF = 100
"""Times the limit, from which on how far does not matter."""


def page(told: Told, name: str, width: int = DEFAULT_WIDTH) -> Page:
    """What `replay.fleets.compared` gives, as a page."""
    made = Page(width)
    made.title(name)
    limits = ", ".join(f"{limit_words(key)} < {shown(value, 's')}" for key, value in told["slo"].items())
    made.text(f"{plural(told['requests'], 'request')} on {plural(len(told['fleets']), 'fleet')}"
              + (f"; {limits}" if limits else "; no SLO") + ".", Style.FAINT)  # fmt: skip
    made.blank()
    made.text(answer(told), Style.STRONG)
    made.blank()
    possible = [row for row in told["fleets"] if row["possible"]]
    numbers = ("TTFT\np99, s", "TPOT\np99, s", "use", "USD", "USD/M\noutput")
    heads = [
        Column("fleet"),
        Column("width x\nreplicas"),
        *(Column(name, right=True, optional=name in GIVE_WAY) for name in numbers),
        Column("SLO"),
    ]
    made.extend(table(heads, [_row(row) for row in possible], made.width))
    if told["slo"]:
        made.item(
            "SLO: met over the whole 90 % interval, met at its middle, or the worst value over its limit."
        )
    for row in told["fleets"]:
        if not row["possible"]:
            made.item(f"{row['fleet']}: {row['reason']}", Style.WARNING)
    return made


def _row(row: Told) -> list[str]:
    return [
        row["fleet"],
        f"{row['tensor_parallel_size']} x {row['replicas']}",
        shown(row["ttft_p99_s"]),
        shown(row["tpot_p99_s"]),
        share(row["utilization"]),
        "unknown" if row["cost_usd"] is None else shown(row["cost_usd"]),
        "unknown" if row["cost_usd"] is None else shown(row["usd_per_million_output_tokens"]),
        _verdict(row),
    ]


def _verdict(row: Told) -> str:
    if not row["slo"]:
        return ""
    if not row["meets_slo"]:
        return f"{shown(row['worst_over'])} x" if row["worst_over"] < FAR_OFF else f"over {FAR_OFF} x"
    return "met" if row["sure"] else "met (middle)"


def answer(told: Told) -> str:
    """The finding, in a sentence."""
    by_name = {row["fleet"]: row for row in told["fleets"]}
    if told["best"] is not None:
        row = by_name[told["best"]]
        cost = "at an unknown price" if row["cost_usd"] is None else f"for {interval(row, 'cost_usd', 'USD')}"
        met = "keeps the SLO" if told["slo"] else "runs it"
        sure = "" if row["sure"] or not told["slo"] else ", though not at the slow end of the interval"
        return f"{told['best']} {met} {cost}, the cheapest{sure}."
    if told["closest"] is None:
        return "No fleet can run it."
    row = by_name[told["closest"]]
    misses = [
        f"{limit_words(one['limit'])} {shown(one['value_s'], 's')} against {shown(one['limit_s'], 's')}"
        for one in row["slo"]
        if not one["met"]
    ]
    return f"No fleet keeps the SLO. The closest is {told['closest']}: {', '.join(misses)}."
