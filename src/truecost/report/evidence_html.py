"""The scorecards as one self-contained page: a section a law, with its chart, tables, worst cases and peers.

`render` is pure: the plain values of `truecost evidence --json` in, the text of the page out.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from truecost.report.charts.scatter import WITHIN, Cloud, scatter
from truecost.report.charts.svg import Figure, figure
from truecost.report.evidence_phrases import (
    ELSEWHERE,
    NOTE,
    REGIMES,
    Law,
    amount,
    counted,
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
    REQUEST_HEAD,
    SEEN_HEAD,
    SEEN_NOTE,
    UNSEEN_HEAD,
    interval_rows,
    power_sentence,
    request_rows,
    run_note,
    run_title,
    seen_rows,
    unseen_rows,
)
from truecost.report.evidence_serving import READING as TERMS
from truecost.report.evidence_serving import errors as _errors
from truecost.report.html import environment
from truecost.report.sections.section import Listing, Section, Table
from truecost.units import show, show_share

ERRORS = ("cases", "mean error, %", "median", "P90", "bias")
READING = f"Dots in the band are within {WITHIN:g}x of the measurement; on the dashed line they are equal."
UNITS = {"serving": "s", "training-steps": "share", "whole-runs": "chip-hours"}
CHARTED = {
    "serving": "Seconds of a replica a request, its model left out of the fit.",
    "training-steps": "Share of the peak that a step reaches, its source left out of the fit.",
    "whole-runs": "Chip-hours of a recorded run, the run left out of the fit.",
}
MOST_KINDS = 4


def render(told: Mapping[str, Any]) -> str:
    """The page of some scorecards (`truecost.evidence.scorecards.scorecards`)."""
    laws = told["laws"]
    title = finding(laws[0]) if len(laws) < 4 else "How far off the laws are, on data they were not fitted on"
    return environment().get_template("evidence.html.j2").render(
        title=title,
        note=NOTE,
        sections=[_section(law) for law in laws],
        elsewhere=ELSEWHERE,
        version=told["truecost"]["version"],
    )  # fmt: skip


def _section(law: Law) -> Section:
    drawn = _chart(law) if "points" in law else None
    lede = f"{CHARTED[law['key']]} {READING}" if drawn else f"{law['quantity']}, {counted(law)}."
    facts = [f"Beside it: {law['baseline']}."] if law["baseline"] else []
    return Section(
        law["key"],
        finding(law),
        lede[0].upper() + lede[1:],
        drawn,
        facts=[*facts, *_FACTS.get(law["key"], _none)(law), fitted(law), f"Printed by {law['command']}."],
        tables=_TABLES[law["key"]](law),
        listings=_listings(law),
    )


def _none(_: Law) -> list[str]:
    return []


def _chart(law: Law) -> Figure:
    unit = UNITS[law["key"]]
    clouds = [Cloud(name, points) for name, points in _kinds(law).items()]
    return figure(
        lambda width: scatter(clouds, lambda v: show_share(v) if unit == "share" else _tick(v, unit), width),
        f"{law['title']}, predicted against measured: {finding(law)}.",
    )


def _tick(value: float, unit: str) -> str:
    """A round value on an axis: 100 k without its unit where that is a count."""
    return show(value, unit) if unit == "s" else show(value).replace(".00", "").replace(".0 ", " ")


def _kinds(law: Law) -> dict[str, list[tuple[float, float]]]:
    """The points by kind, the most frequent kinds by name and the others together."""
    found: dict[str, list[tuple[float, float]]] = {}
    for point in law["points"]:
        found.setdefault(REGIMES.get(point["kind"]) or point["kind"], []).append(
            (point["measured"], point["predicted"])
        )
    ordered = sorted(found, key=lambda kind: -len(found[kind]))
    kept = {kind: found[kind] for kind in ordered[:MOST_KINDS]}
    rest = [pair for kind in ordered[MOST_KINDS:] for pair in found[kind]]
    return kept | ({"others": rest} if rest else {})


def _serving(law: Law) -> list[Table]:
    return [
        Table(_one_line(UNSEEN_HEAD), unseen_rows(law), "Unseen: left out of the fit, errors in %"),
        Table(_one_line(SEEN_HEAD), seen_rows(law), "Seen: no prediction, errors in %"),
        Table(_one_line(INTERVAL_HEAD), interval_rows(law), "90 % intervals of measured over predicted"),
        *(
            Table(
                _one_line(REQUEST_HEAD), request_rows(run, law), f"Replayed, never fitted: {run_title(run)}"
            )
            for run in law["requests"]
        ),
    ]


def _one_line(head: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(title.replace("\n", " ") or "what" for title in head)


def _steps(law: Law) -> list[Table]:
    head = ("left out", *ERRORS, "inside 90 %, %", "width", "one MFU: mean error, %", "P90")
    tables = [
        Table(
            (what, *head[1:]),
            [[one["name"], *_errors(one), covering(one), f"{one['width']:.1f}x",
              percent(one["baseline"]["mean_error"]), percent(one["baseline"]["p90_error"])]
             for one in judged["groups"]],
            f"Each {what} left out of the fit, beside the best constant MFU in hindsight",
        )
        for what, judged in law["left_out"].items()
    ]  # fmt: skip
    rows = [
        [f"{REGIMES[row['regime']]}, {row['chip']} chip", f"{row['cases']:,}",
         f"{row['low']:.2f} .. {row['high']:.2f}", one_in_hundred(row["coverage"]),
         percent(row["mean_error"])]
        for row in law["intervals"]
    ]  # fmt: skip
    head = ("regime", "cases", "90 % interval", "inside, sources weighing the same", "mean error, %")
    return [*tables, Table(head, rows, "Measured over predicted, by regime")]


def _runs(law: Law) -> list[Table]:
    head = ("predicted with", *(f"within {factor:g}x" for factor in law["factors"]))
    rows = [["step law, losses, factor", *map(one_in_hundred, law["shares_within"])]]
    rows += [
        [f"utilization of {one['utilization']:g}", *map(one_in_hundred, one["shares_within"])]
        for one in law["constants"]
    ]
    return [Table(head, rows, "Share of the recorded runs")]


def _power(law: Law) -> list[Table]:
    constants = [
        ["a waiting chip, over its rating", f"{law['constants']['waiting_share']:.2f}"],
        ["the rest of a server, over its rating", f"{law['constants']['server_share']:.2f}"],
    ]
    return [Table(("draws", "share"), constants, "Fitted shares")]


def _lost(law: Law) -> list[Table]:
    rows = [
        [run["run"], f"{run['chips']:,.0f}", ("below " if not run["recorded_low"] else "")
         + show_share(run["recorded_high"]), *map(show_share, run["by_law"]),
         "" if run["by_own_interruptions"] is None else show_share(run["by_own_interruptions"])]
        for run in law["runs"]
    ]  # fmt: skip
    head = ("run", "chips", "recorded", "law, few failures", "middle", "many", "its own failures")
    return [Table(head, rows, "Share of a run lost")]


def _costs(law: Law) -> list[Table]:
    head = ("method", "figures", *(f"within {band * 100:g} %" for band in law["bands"]), "no inputs")
    rows = [
        [row["method"], str(row["figures"]), *map(str, row["within"]), str(row["no_inputs"])]
        for row in law["methods"]
    ]
    return [Table(head, rows, "Published figures that ours meet")]


def _listings(law: Law) -> list[Listing]:
    """What others reach, and the worst cases."""
    peers = [
        (f"{tool}: {f'{error}, {how}' if error else how}", f"On {on}. {source}, {row['checked']}.")
        for row in law["peers"]
        for tool, on, error, how, source in [peer(row)]
    ]
    summary = "What others reach, measured or claimed by their authors"
    worst = [_worst_row(law, one) for one in law.get("worst", ())]
    return [
        *([Listing(summary, peers, is_open=True)] if peers else []),
        *([Listing("Worst cases", worst)] if worst else []),
    ]


def _steps_facts(law: Law) -> list[str]:
    pooled, macro = law["left_out"]["source"]["pooled"], law["left_out"]["source"]["macro"]
    return [
        f"Over all {pooled['cases']:,} steps: {exact(pooled['mean_error'])} mean error, "
        f"{exact(pooled['median_error'])} median, {exact(pooled['p90_error'])} at P90; the 90 % interval "
        "holds "
        f"{one_in_hundred(pooled['coverage'])} of the steps and, sources weighing the same, "
        f"{one_in_hundred(macro['coverage'])}."
    ]


def _serving_facts(law: Law) -> list[str]:
    service = law["service"]
    return [
        f"{service['what']} took {service['measured_chips']:,.0f} chips on average; the law says "
        f"{service['predicted_chips']:,.0f}, always full.",
        TERMS,
        SEEN_NOTE,
        *(f"{run_title(run)}: {run_note(run)}" for run in law["requests"]),
        power_sentence(law),
    ]


def _runs_facts(law: Law) -> list[str]:
    own = f"Its 90 % interval is x{law['width']:.2f} either side and holds {covering(law)} % of the runs."
    return [own, record_range(law["record"]), interruptions(law["record"])]


def _power_facts(law: Law) -> list[str]:
    return [
        f"Systems weighing the same: {exact(law['macro_error'])}; measured over predicted {law['low']:.2f} "
        ".. "
        f"{law['high']:.2f} in 90 of 100 cases."
    ]


def _worst_row(law: Law, one: Mapping[str, Any]) -> tuple[str, str]:
    if law["key"] == "training-steps":
        return f"{one['source']}, {one['case']}", f"{_pair(one, '_s', 's')}. {reason(one)}."
    if law["key"] == "power":
        return one["case"], f"{signed(one['error'])} %"
    if law["key"] == "whole-runs":
        recorded = amount(one["recorded_chip_hours"], "chip-hours")
        predicted = amount(one["predicted_chip_hours"], "chip-hours")
        return one["case"], f"{recorded} recorded, {predicted} predicted ({off(one['error'])})"
    return one["case"], _pair(one, "_s", "s")


def _pair(one: Mapping[str, Any], suffix: str, unit: str) -> str:
    measured, predicted = (amount(one[f"{what}{suffix}"], unit) for what in ("measured", "predicted"))
    return f"{measured} measured, {predicted} predicted ({off(one['error'])})"


_TABLES = {
    "serving": _serving, "training-steps": _steps, "whole-runs": _runs, "power": _power, "lost-time": _lost,
    "training-costs": _costs,
}  # fmt: skip
_FACTS = {
    "serving": _serving_facts, "training-steps": _steps_facts, "whole-runs": _runs_facts,
    "power": _power_facts,
}  # fmt: skip
