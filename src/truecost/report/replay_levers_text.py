"""Levers replayed, for a terminal: what each saves, what it does to latencies, how to repeat it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from truecost.report.layout import DEFAULT_WIDTH, Page, Style, glued
from truecost.report.phrases import plural, share, shown
from truecost.report.replay_text import limit_words
from truecost.report.run_words import interval
from truecost.report.tables import Column, table

Told = Mapping[str, Any]
NOTHING = 0.001
"""A change below this, as a share, is none."""


def page(told: Told, name: str, width: int = DEFAULT_WIDTH) -> Page:
    """What `replay.lever_trials.replayed` gives, as a page."""
    made = Page(width)
    made.title(name)
    made.text(_setting(told), Style.FAINT)
    made.blank()
    made.text(answer(told), Style.STRONG)
    made.blank()
    _table(told, made)
    _how(told, made)
    _others(told, made)
    return made


def _setting(told: Told) -> str:
    base = told["base"]
    limits = ", ".join(f"{limit_words(key)} < {shown(value, 's')}" for key, value in told["slo"].items())
    return (
        f"{told['model']} on {base['chips']:,} x {told['accelerator']} ({told['tensor_parallel_size']} x "
        f"{base['replicas']}); {told['traffic']}: {plural(told['requests'], 'request')}; "
        f"{limits or 'no SLO'}."
    )


def answer(told: Told) -> str:
    """The finding, in a sentence."""
    applied = [row for row in told["levers"] if row["applies"]]
    if not applied:
        return "No lever applies."
    best = applied[0]
    name = _name(best)
    name = name[:1].upper() + name[1:]
    if best["makes_slo_possible"]:
        return (
            f"{best['name']}: with it {best['least_chips']:,} chips keep the SLO, which nothing does without."
        )
    if best["saves_share"] is None or best["saves_share"] < NOTHING:
        return f"No lever makes the fleet cheaper{_why(told)}."
    return (
        f"{name} saves most: {share(best['saves_share'])} of the USD per million output tokens"
        f"{_fewer(best, told)}."
    )


def _why(told: Told) -> str:
    least = told["base"]["least_chips"]
    return "" if least is None else f": {plural(least, 'chip')} are the least that keep the SLO without any"


def _fewer(row: Told, told: Told) -> str:
    if row["chips_fewer"] is None:
        return ""
    return f", {row['least_chips']:,} chips in place of {told['base']['least_chips']:,} keep the SLO"


def _table(told: Told, made: Page) -> None:
    base = told["base"]
    settled = base["least_chips"] is not None
    heads = [
        Column("lever", wraps=True),
        *(Column(name, right=True) for name in ("USD/M\noutput", "TTFT\np99", "TPOT\np99")),
        Column("SLO"),
        Column("least\nchips", right=True),
        Column("saves", right=True),
    ]
    now = ["as it is", shown(base["usd_per_million_output_tokens"]), shown(base["ttft_p99_s"], "s"),
           shown(base["tpot_p99_s"], "s"), _verdict(base), _least(base, told), ""]  # fmt: skip
    rows = [now, *(_row(row, told) for row in told["levers"] if row["applies"])]
    made.extend(table(heads, rows, made.width))
    made.item(
        f"As it is: {interval(base, 'usd_per_million_output_tokens', 'USD')} per million output tokens, ttft "
        f"p99 {interval(base, 'ttft_p99_s', 's')}, tpot p99 {interval(base, 'tpot_p99_s', 's')}. A lever's "
        "change is of the middle, on the same fleet."
    )
    if settled:
        made.item(
            "Saves: USD per million output tokens on the least chips that keep the SLO, over those now."
        )
    elif told["slo"]:
        made.item(
            "Saves: USD per million output tokens on the same fleet; no number of replicas keeps the SLO."
        )
    made.item("Answers may get worse by fewer bits, a smaller model or a cache: a replay does not know it.")


def _row(row: Told, told: Told) -> list[str]:
    change = row["change"]
    return [
        _name(row),
        *(_change(change[name]) for name in ("usd_per_million_output_tokens", "ttft_p99_s", "tpot_p99_s")),
        _verdict(row),
        _least(row, told),
        "" if row["saves_share"] is None else _saved(row["saves_share"]),
    ]


def _name(row: Told) -> str:
    return str(row["name"]).replace(" %", glued(" %"))


def _change(value: float | None) -> str:
    if value is None:
        return ""
    if abs(value) < NOTHING:
        return "same"
    return glued(f"{'+' if value > 0 else '−'}{share(abs(value))}")


def _saved(value: float) -> str:
    if abs(value) < NOTHING:
        return "nothing"
    return share(value) if value > 0 else glued(f"−{share(-value)}")


def _verdict(row: Told) -> str:
    if not row["slo"]:
        return ""
    if not row["meets_slo"]:
        return f"{shown(row['worst_over'])} x" if row["worst_over"] < 100 else "over 100 x"
    return "met" if row["sure"] else "met (middle)"


def _least(row: Told, told: Told) -> str:
    if not told["slo"]:
        return ""
    return "none" if row["least_chips"] is None else f"{row['least_chips']:,}"


def _how(told: Told, made: Page) -> None:
    """The values of each lever, as a user repeats it."""
    applied = [row for row in told["levers"] if row["applies"]]
    if not applied:
        return
    made.heading("To repeat one by hand")
    for row in applied:
        made.item(f"{_name(row)}: {_sets(row['sets'])}")
        if row["beside"]:
            made.item(f"and beside it {_sets(row['beside'])}", indent=4)


def _sets(sets: Sequence[str]) -> str:
    return " ".join(glued(f"--set {one}") for one in sets)


def _others(told: Told, made: Page) -> None:
    others = [row for row in told["levers"] if not row["applies"]]
    if not others:
        return
    made.heading("What does not apply")
    for row in others:
        made.item(f"{row['name']}: {row['reason']}")
