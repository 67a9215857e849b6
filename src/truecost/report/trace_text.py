"""Request traces for a terminal: what one is like, how well an imitation fits, which ones there are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from truecost.report.layout import DEFAULT_WIDTH, Page, Style, glued
from truecost.report.phrases import plural, share, shown
from truecost.report.tables import Column, table

Told = Mapping[str, Any]
POINTS = ("mean", "p5", "p25", "p50", "p75", "p90", "p95", "p99", "max")
_FIGURES = {
    "peak_to_mean_by_minute": "fullest minute over the mean",
    "peak_to_mean_by_hour": "fullest hour over the mean",
    "gap_variation": "variation of the gaps",
    "length_rank_correlation": "rank correlation of the lengths",
    "ideal_block_hit_fraction": "prompt blocks seen before",
    "requests_per_session": "requests a session",
}


def info_page(told: Told, width: int = DEFAULT_WIDTH) -> Page:
    """What `TraceInfo.to_dict` gives, as a page."""
    page = Page(width)
    page.title(_finding(told))
    page.text(f"Read as {told['dialect']}. {told['source']}", Style.FAINT)
    _lengths(told, page)
    if told["requests_per_s"] is not None:
        _arrivals(told, page)
    _sharing(told, page)
    if told["notes"]:
        page.heading("To know")
        for note in told["notes"]:
            page.item(f"{note[:1].upper()}{note[1:]}.")
    return page


def _finding(told: Told) -> str:
    said = f"{told['name']}: {plural(told['requests'], 'request')}"
    if told["requests_per_s"] is None:
        return f"{said}, all at once"
    return f"{said} in {_span(told['span_s'])}, {_rate(told['requests_per_s'])}"


def _rate(per_s: float) -> str:
    """Requests in the unit of time that has one or more."""
    for unit, seconds in (("second", 1.0), ("minute", 60.0), ("hour", 3600.0)):
        if per_s * seconds >= 1:
            return glued(f"{_number(per_s * seconds)} a {unit}")
    return glued(f"{_number(per_s * 86400)} a day")


def _span(seconds: float) -> str:
    """A duration in the unit that has one or more."""
    for unit, size in (("days", 86400.0), ("h", 3600.0), ("min", 60.0)):
        if seconds >= size * (2 if unit == "days" else 1):
            return glued(f"{_number(seconds / size)} {unit}")
    return shown(seconds, "s")


def _number(value: float) -> str:
    return shown(value)


def _lengths(told: Told, page: Page) -> None:
    """Quantiles of both lengths, and how they hang together."""
    page.heading("Tokens a request")
    columns = [Column("")] + [Column(point, right=True) for point in POINTS]
    rows = [
        [name, *(_tokens(told[key][point]) for point in POINTS)]
        for name, key in (("input", "input_tokens"), ("output", "output_tokens"))
    ]
    page.extend(table(columns, rows, page.width))
    total = f"Sum: {shown(told['input_tokens']['total'])} in, {shown(told['output_tokens']['total'])} out."
    rank = told["length_rank_correlation"]
    related = "" if rank is None else f" Rank correlation of input and output {_figure(rank)}."
    page.text(total + related, indent=2)


def _tokens(value: float) -> str:
    return shown(float(round(value)))


def _arrivals(told: Told, page: Page) -> None:
    """How the requests come: peaks and bursts."""
    page.heading("Arrivals (1 is a Poisson process)")
    rows: list[list[str]] = []

    def add(name: str, key: str, note: str) -> None:
        if told[key] is not None:
            rows.append([name, _figure(told[key]), note])

    add("variation of the gaps", "gap_variation", "standard deviation over mean")
    add("dispersion by second", "dispersion_per_second", "variance over mean of the counts")
    add("dispersion by minute", "dispersion_per_minute", "grows with the rate where it varies")
    add("fullest minute over the mean", "peak_to_mean_by_minute", _peak(told))
    add("fullest hour over the mean", "peak_to_mean_by_hour", "")
    page.extend(table([Column(""), Column("", right=True), Column("", wraps=True)], rows, page.width))


def _peak(told: Told) -> str:
    peak = told["peak_to_mean_by_minute"]
    return "" if peak is None else f"{_rate(peak * told['requests_per_s'])} at the peak, about"


def _figure(value: float) -> str:
    return f"{round(value, 2) + 0.0:.2f}" if abs(value) < 10 else _number(value)


def _sharing(told: Told, page: Page) -> None:
    """What requests have in common, where the trace says."""
    said: list[str] = []
    if told["ideal_block_hit_fraction"] is not None:
        hits = share(told["ideal_block_hit_fraction"])
        blocks = f"{hits} of the prompts' blocks of {told['block_tokens']:,} tokens came before"
        said.append(f"{blocks}: what a prefix cache without limit spares.")
    if told["sessions"]:
        each = _number(told["requests_per_session"])
        said.append(f"{plural(told['sessions'], 'session')} of {each} requests in the mean.")
    if said:
        page.heading("What requests share")
        for sentence in said:
            page.item(sentence)


def converted_page(
    name: str, requests: int, dialect: str, notes: Sequence[str], width: int = DEFAULT_WIDTH
) -> Page:
    """What was written: how many requests, read in which dialect, and what to know."""
    page = Page(width)
    page.title(f"{name}: {plural(requests, 'request')}, read as {dialect}")
    for note in notes:
        page.item(f"{note[:1].upper()}{note[1:]}.")
    return page


def likeness_page(told: Told, alike: Told, width: int = DEFAULT_WIDTH) -> Page:
    """An imitation (`TraceInfo.to_dict`) and how well it fits (`Likeness.to_dict`), as a page."""
    page = Page(width)
    page.title(f"{_finding(told)}; quantiles of the lengths within {_percent(alike['worst_quantile_error'])}")
    page.heading("How like it is")
    columns = [
        Column("", wraps=True), Column("imitated", right=True), Column("made", right=True),
        Column("error", right=True),
    ]  # fmt: skip
    page.extend(table(columns, [_compared(one) for one in alike["figures"].values()], width))
    page.heading("To know")
    for note in told["notes"]:
        page.item(f"{note[:1].upper()}{note[1:]}.")
    return page


def _compared(one: Told) -> list[str]:
    kind, _, point = one["name"].partition(".")
    if point:
        name, show = f"{kind.removesuffix('_tokens')} tokens, {point}", _tokens
    else:
        name, show = _FIGURES[kind], _figure
    error = one["error"]
    return [name, show(one["like"]), show(one["made"]), "" if error is None else _percent(error, signed=True)]


def _percent(value: float, *, signed: bool = False) -> str:
    """An error in per cent, to a tenth."""
    rounded = round(value * 100, 1)
    return glued(f"{rounded + 0.0:+.1f} %" if signed and rounded else f"{abs(rounded):.1f} %")


def list_page(traces: Sequence[Told], dialects: Sequence[Told], width: int = DEFAULT_WIDTH) -> Page:
    """The shipped traces with their sources, and the dialects that are read."""
    page = Page(width)
    page.title(f"{plural(len(traces), 'trace')} shipped, {plural(len(dialects), 'dialect')} read")
    page.heading("Traces, by name wherever a file can stand")
    columns = [
        Column("name"), Column("requests", right=True), Column("what", wraps=True), Column("licence"),
    ]  # fmt: skip
    rows = [[one["name"], f"{one['requests']:,}", one["what"], one["licence"]] for one in traces]
    page.extend(table(columns, rows, width))
    for one in traces:
        page.item(f"{one['name']}: {one['attribution']}. {one['source']}", Style.FAINT)
    page.heading("Dialects, found by their columns")
    known = [[one["name"], one["written_as"], one["what"]] for one in dialects]
    page.extend(table([Column("dialect"), Column("written as"), Column("what", wraps=True)], known, width))
    page.text("Any of the tables may be CSV, JSONL or Parquet; text may be gzipped.", Style.FAINT, indent=2)
    return page
