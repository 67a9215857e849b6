"""The section of levers replayed: what each saves, what it does to latencies, how to repeat it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from truecost.report.charts.rows import Row, bars
from truecost.report.charts.svg import figure
from truecost.report.layout import glued
from truecost.report.phrases import plural, share, shown
from truecost.report.replay_levers_text import NOTHING
from truecost.report.run_words import interval
from truecost.report.sections.section import Choice, DecisionTable, Listing, Section, typed
from truecost.report.sections.training_choices import mini_bar

Told = Mapping[str, Any]
LEAST = "usd_per_million_output_tokens_at_least"
NOW = "usd_per_million_output_tokens"
FAR = 10.0
"""Times the SLO, from which on how far does not matter."""


def levers(told: Told) -> Section:
    """Each lever that applies, what saves most first."""
    base, applied = told["base"], [row for row in told["levers"] if row["applies"]]
    key = LEAST if base.get(LEAST) is not None else NOW
    drawn = _bars(base, applied, key)
    most = max((row["saves_share"] or 0.0 for row in applied), default=0.0) or 1.0
    settled = "the least chips that keep the SLO" if key == LEAST else "the same fleet"
    saving = sum(1 for row in applied if (row["saves_share"] or 0.0) >= NOTHING)
    title = f"{saving} of {plural(len(applied), 'lever')} that apply make it cheaper"
    return Section(
        "levers",
        title,
        f"USD for a million output tokens on {settled}, each lever replayed alone on the same traffic. "
        "Answers may get worse by fewer bits, a smaller model or a cache: a replay does not know it.",
        figure(lambda width: bars(drawn, width), f"{title}.") if len(drawn) > 1 else None,
        decision=DecisionTable(
            ("Lever", "Saves", "a million output tokens", "TTFT p99", "TPOT p99", "least chips", "SLO"),
            [_as_it_is(base, told), *(_row(row, most, told) for row in applied)],
            "Levers, what saves most first; changes are on the same fleet",
        ),
        listings=_listings(told, applied),
    )


def _bars(base: Told, applied: Sequence[Told], key: str) -> list[Row]:
    """The cost as it is, then with each lever that changes it."""
    rows = [_bar("as it is", base, key)]
    for row in applied:
        saved = row["saves_share"]
        if row.get(key) is not None and saved is not None and abs(saved) >= NOTHING:
            rows.append(_bar(row["name"], row, key, accent=row is applied[0]))
    return rows


def _bar(name: str, row: Told, key: str, *, accent: bool = False) -> Row:
    chips = row["least_chips"] if key == LEAST else row["chips"]
    return Row(name, row[key], row[key], row[key], shown(row[key], "USD"), f"{chips:,} chips", accent)


def _as_it_is(base: Told, told: Told) -> Choice:
    return Choice(
        "as it is",
        f"{base['chips']:,} chips",
        mini_bar(0.0, best=False),
        "",
        [
            interval(base, NOW, "USD"),
            interval(base, "ttft_p99_s", "s"),
            interval(base, "tpot_p99_s", "s"),
            _least(base, told),
            _kept(base),
        ],
    )


def _row(row: Told, most: float, told: Told) -> Choice:
    saved, change = row["saves_share"], row["change"]
    is_best = row is told["levers"][0] and saved is not None and saved >= NOTHING
    return Choice(
        row["name"],
        "",
        mini_bar(max(saved or 0.0, 0.0) / most, best=is_best),
        "" if saved is None else _saved(saved),
        [
            *(_change(change[name]) for name in (NOW, "ttft_p99_s", "tpot_p99_s")),
            _least(row, told),
            _kept(row),
        ],
        is_best,
    )


def _saved(value: float) -> str:
    if abs(value) < NOTHING:
        return "nothing"
    return share(value) if value > 0 else f"costs {share(-value)} more"


def _change(value: float | None) -> str:
    if value is None:
        return ""
    if abs(value) < NOTHING:
        return "same"
    return glued(f"{'+' if value > 0 else '−'}{share(abs(value))}")


def _least(row: Told, told: Told) -> str:
    if not told["slo"]:
        return ""
    return "none" if row["least_chips"] is None else f"{row['least_chips']:,}"


def _kept(row: Told) -> str:
    if not row["slo"]:
        return "none"
    if not row["meets_slo"]:
        over = row["worst_over"]
        far = over is None or not math.isfinite(over) or over > FAR
        return f"over {FAR:g} times" if far else f"{shown(over)} times the limit"
    return "met, surely" if row["sure"] else "met, in the middle"


def _listings(told: Told, applied: Sequence[Told]) -> list[Listing]:
    made: list[Listing] = []
    if applied:
        commands = [(row["name"], typed([*row["sets"], *row["beside"]])) for row in applied]
        made.append(Listing("To repeat one by hand", commands, is_code=True))
    others = [(row["name"], row["reason"]) for row in told["levers"] if not row["applies"]]
    if others:
        made.append(Listing("What does not apply, and why", others))
    return made
