"""The scorecards for a terminal: every law in short, or one with its sources, intervals and worst cases."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from truecost.report.evidence_phrases import (
    ELSEWHERE,
    NOTE,
    REGIMES,
    Law,
    amount,
    covering,
    exact,
    finding,
    fitted,
    interruptions,
    off,
    one_in_hundred,
    peer,
    percent,
    reason,
    record_range,
    signed,
)
from truecost.report.evidence_serving import (
    INTERVAL_HEAD,
    READING,
    REQUEST_HEAD,
    SEEN_HEAD,
    SEEN_NOTE,
    SHORT,
    UNSEEN_HEAD,
    interval_rows,
    power_sentence,
    request_rows,
    requests_sentence,
    run_note,
    run_title,
    seen_rows,
    seen_sentence,
    unseen_rows,
)
from truecost.report.evidence_serving import errors as _errors
from truecost.report.layout import DEFAULT_WIDTH, Page, Style, glued
from truecost.report.scatter_text import KEY, scatter
from truecost.report.tables import Column, table
from truecost.units import show_share

MORE = "More: truecost evidence training, serving, epoch; --json, --html FILE; evidence fit training."
NAMES = (Column("", wraps=True), Column("cases", right=True))
ERRORS = tuple(Column(name, right=True) for name in ("mean", "median", "P90", "bias"))


def overview(told: Mapping[str, Any], width: int = DEFAULT_WIDTH) -> Page:
    """Every law's score in short."""
    made = Page(width)
    made.title("How far off the laws are, on data they were not fitted on")
    for law in told["laws"]:
        made.heading(f"{law['title']}: {law['quantity']}")
        made.text(finding(law) + ".", Style.STRONG)
        _SHORT[law["key"]](law, made)
    made.blank()
    made.text(ELSEWHERE)
    made.text(MORE, Style.FAINT)
    return made


def detail(told: Mapping[str, Any], width: int = DEFAULT_WIDTH) -> Page:
    """Some laws in full: the tables, the chart, the worst cases, the peers."""
    made = Page(width)
    for law in told["laws"]:
        made.heading(f"{law['title']}: {law['quantity']}")
        made.text(finding(law) + ".", Style.STRONG)
        if "left_out" in law:
            made.text(NOTE, Style.FAINT)
        _FULL[law["key"]](law, made)
        _peers(law, made)
        made.blank()
        made.text(fitted(law), Style.FAINT)
    return made


def _columns(head: tuple[str, ...]) -> list[Column]:
    return [Column(head[0], wraps=True), *(Column(title, right=True) for title in head[1:])]


def _serving_short(law: Law, page: Page) -> None:
    page.extend(table(_columns(UNSEEN_HEAD), unseen_rows(law, SHORT), page.width, indent=0))
    for said in (seen_sentence(law), requests_sentence(law), power_sentence(law)):
        page.text(said)


def _serving_full(law: Law, page: Page) -> None:
    page.heading("Unseen: each group left out of the fit, errors in %")
    page.extend(table(_columns(UNSEEN_HEAD), unseen_rows(law), page.width, indent=0))
    page.text(READING, Style.FAINT)
    page.heading("Seen: no prediction, errors in %")
    page.extend(table(_columns(SEEN_HEAD), seen_rows(law), page.width, indent=0))
    page.text(SEEN_NOTE, Style.FAINT)
    page.heading("90 % intervals of measured over predicted, as shipped")
    page.extend(table(_columns(INTERVAL_HEAD), interval_rows(law), page.width))
    page.text(
        "inside: points of a model or chip left out inside the interval of the others, widened as this one; "
        "groups weighing the same.",
        Style.FAINT,
    )
    _requests(law, page)
    page.heading("Power of chips that serve")
    page.text(power_sentence(law))
    service = law["service"]
    page.heading("A service over a day")
    page.text(
        f"{service['what']}: {service['measured_chips']:,.0f} chips on average; the law says "
        f"{service['predicted_chips']:,.0f}, always full."
    )
    _chart(law, page, "seconds of a replica", "s")
    page.heading("Worst cases, one a setup")
    for one in law["worst"]:
        page.item(
            f"{one['case']}: measured {amount(one['measured_s'], 's')}, predicted "
            f"{amount(one['predicted_s'], 's')} ({off(one['error'])})"
        )


def _requests(law: Law, page: Page) -> None:
    """Recorded runs beside their replays."""
    page.heading("Recorded vLLM runs, request by request, replayed; never fitted, errors in %")
    for run in law["requests"]:
        page.text(f"{run_title(run)}.")
        page.extend(table(_columns(REQUEST_HEAD), request_rows(run, law), page.width))
        page.text(run_note(run), Style.FAINT)


def _steps_short(law: Law, page: Page) -> None:
    rows: list[list[str]] = []
    for what, judged in law["left_out"].items():
        macro, pooled = judged["macro"], judged["pooled"]
        rows += [
            [f"{macro['groups']} {what}s left out", *_errors(pooled), one_in_hundred(pooled["coverage"])],
            _mean_row(f"  {what}s weighing the same", macro, one_in_hundred(macro["coverage"])),
            _mean_row("  best constant MFU of each", macro["baseline"], ""),
        ]
    page.extend(table([*NAMES, *ERRORS, Column("in 90 %", right=True)], rows, page.width))


def _mean_row(name: str, row: Mapping[str, Any], covered: str) -> list[str]:
    return [name, "", percent(row["mean_error"]), "", "", "", covered]


def _steps_full(law: Law, page: Page) -> None:
    for what, judged in law["left_out"].items():
        page.heading(f"Each {what} left out of the fit, in %")
        page.extend(table(_GROUPS, [_group_row(one) for one in judged["groups"]], page.width, indent=0))
        page.text(_together(judged))
    page.text(
        "in 90 %: the share inside the 90 % interval that the other groups give, with its binomial 90 % "
        "interval; "
        "wide: that interval's upper end over its lower. one MFU: mean error and P90 of the best constant "
        "MFU, in "
        "hindsight.",
        Style.FAINT,
    )
    _regimes(law, page)
    _chart(law, page, "share of the peak", "share")
    page.heading("Worst ten, one a setup, and what stands out in them")
    for one in law["worst"]:
        page.item(
            f"{one['source']}, {one['case']}: {amount(one['measured_s'], 's')} measured, "
            f"{amount(one['predicted_s'], 's')} predicted ({off(one['error'])}). {reason(one)}."
        )


_GROUPS = (
    Column(""), Column("cases", right=True), *ERRORS, Column("in 90 %", right=True),
    Column("wide", right=True), Column("one\nMFU", right=True), Column("its\nP90", right=True, optional=True),
)  # fmt: skip


def _group_row(one: Mapping[str, Any]) -> list[str]:
    baseline = one["baseline"]
    return [
        one["name"], *_errors(one), covering(one), f"{one['width']:.1f}x", percent(baseline["mean_error"]),
        percent(baseline["p90_error"]),
    ]  # fmt: skip


def _together(judged: Mapping[str, Any]) -> str:
    macro, pooled = judged["macro"], judged["pooled"]
    return (
        f"Weighing the same: {exact(macro['mean_error'])} mean error, {one_in_hundred(macro['coverage'])} "
        "inside; "
        f"one MFU {exact(macro['baseline']['mean_error'])}. All {pooled['cases']:,} steps: "
        f"{exact(pooled['mean_error'])} mean, {exact(pooled['median_error'])} median, "
        f"{exact(pooled['p90_error'])} at "
        f"P90, bias {signed(pooled['bias'])} %, {one_in_hundred(pooled['coverage'])} inside."
    )


def _regimes(law: Law, page: Page) -> None:
    page.heading("90 % intervals of measured over predicted, by regime")
    rows = [
        [f"{REGIMES[row['regime']]}, {row['chip']} chip", f"{row['cases']:,}",
         f"{row['low']:.2f} .. {row['high']:.2f}", one_in_hundred(row["coverage"]),
         percent(row["mean_error"])]
        for row in law["intervals"]
    ]  # fmt: skip
    last = (Column("interval", right=True), Column("inside", right=True), Column("mean", right=True))
    page.extend(table([*NAMES, *last], rows, page.width))
    page.text(
        "inside: steps of a source (or chip) left out inside the interval of the others, groups weighing "
        "the same; "
        "aimed at 85 to 95 %. Regimes under 150 steps take the interval of all.",
        Style.FAINT,
    )


def _runs(law: Law, page: Page) -> None:
    factors = [Column(f"within {factor:g}x", right=True) for factor in law["factors"]]
    rows = [["step law, losses, factor", *map(one_in_hundred, law["shares_within"])]]
    rows += [
        [f"utilization of {one['utilization']:g}", *map(one_in_hundred, one["shares_within"])]
        for one in law["constants"]
    ]
    page.extend(table([Column("", wraps=True), *factors], rows, page.width))
    page.text(
        f"90 % interval x{law['width']:.2f} either side; {covering(law)} % of the runs inside, each left "
        "out of the fit."
    )


def _runs_full(law: Law, page: Page) -> None:
    _runs(law, page)
    record = law["record"]
    page.blank()
    page.text(record_range(record))
    rows = [[f"  {name}", *map(one_in_hundred, shares)] for name, shares in record["shares_within"].items()]
    factors = [Column(f"within {factor:g}x", right=True) for factor in law["factors"]]
    page.extend(table([Column("", wraps=True), *factors], rows, page.width, indent=0))
    page.text(interruptions(record))
    page.blank()
    page.text("Worst:")
    for one in law["worst"]:
        page.item(
            f"{one['case']}: {amount(one['recorded_chip_hours'], 'chip-hours')} recorded, "
            f"{amount(one['predicted_chip_hours'], 'chip-hours')} predicted ({off(one['error'])})",
            indent=4,
        )


def _power(law: Law, page: Page) -> None:
    worst = law["worst"][0]
    page.text(
        f"{law['cases']} rows of {law['systems']} systems; systems weighing the same "
        f"{exact(law['macro_error'])}; "
        f"measured over predicted {law['low']:.2f} .. {law['high']:.2f}; worst {worst['case']} "
        f"({signed(worst['error'])} %)."
    )


def _lost(law: Law, page: Page) -> None:
    rows = [
        [f"{run['chips']:,.0f} chips",
         ("below " if run["recorded_low"] == 0 else "") + show_share(run["recorded_high"]),
         f"{show_share(run['by_law'][1])} ({show_share(run['by_law'][0])} .. {show_share(run['by_law'][2])})",
         "" if run["by_own_interruptions"] is None else show_share(run["by_own_interruptions"])]
        for run in law["runs"]
    ]  # fmt: skip
    heads = ("recorded", "law, from the chips alone", "its own failures")
    page.extend(table([Column(""), *(Column(head, right=True) for head in heads)], rows, page.width))


def _costs(law: Law, page: Page) -> None:
    bands = [Column(f"within {band * 100:g} %", right=True) for band in law["bands"]]
    rows = [
        [row["method"], f"{row['figures']}", *map(str, row["within"]), f"{row['no_inputs']}"]
        for row in law["methods"]
    ]
    columns = [Column(""), Column("figures", right=True), *bands, Column("no inputs", right=True)]
    page.extend(table(columns, rows, page.width))


def _chart(law: Law, page: Page, what: str, unit: str) -> None:
    page.heading(f"Predicted against measured, {what}")
    page.extend(
        scatter(
            [(point["measured"], point["predicted"]) for point in law["points"]],
            lambda value: show_share(value) if unit == "share" else amount(value, unit),
            ("measured", "predicted"),
            page.width,
        )
    )
    page.text(f"Each prediction has its own group left out of the fit. {KEY}", Style.FAINT)


def _peers(law: Law, page: Page) -> None:
    if not law["peers"]:
        return
    page.heading("What others reach")
    for row in law["peers"]:
        tool, on, error, how, source = peer(row)
        said = f"{error} ({how})" if error else how
        page.item(f"{tool}: {glued(said)} on {on}. {source}, {row['checked']}.")


_SHORT = {
    "serving": _serving_short, "training-steps": _steps_short, "whole-runs": _runs, "power": _power,
    "lost-time": _lost, "training-costs": _costs,
}  # fmt: skip
_FULL = _SHORT | {"serving": _serving_full, "training-steps": _steps_full, "whole-runs": _runs_full}
