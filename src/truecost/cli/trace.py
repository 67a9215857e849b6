"""`truecost trace`: real request traces: what is in one, more like it, the same in our schema."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import click

from truecost.cli.failures import refuse
from truecost.cli.options import debug_option, json_option

if TYPE_CHECKING:
    from truecost.replay.traces import Trace

repair_option = click.option(
    "--repair", is_flag=True,
    help="Leave out rows that cannot be requests, sort those out of order, and say how many.",
)  # fmt: skip
_MULTIPLE = re.compile(r"([0-9.]+(?:[eE][-+]?[0-9]+)?)\s*[xX×]")


@click.group("trace")
@debug_option
def command() -> None:
    """Real request traces: describe one, make more like it, convert it; the dialect is found by itself."""


@command.command("list")
@json_option
@debug_option
def list_traces(*, as_json: bool) -> None:
    """The traces that come with truecost, and the dialects that are read."""
    from dataclasses import asdict

    from truecost.cli.output import emit_json, emit_page, page_width
    from truecost.replay.traces.dialects import DIALECTS
    from truecost.replay.traces.shipped import shipped_traces
    from truecost.report.trace_text import list_page

    traces = [asdict(one) for one in shipped_traces()]
    dialects = [{"name": one.name, "what": one.what, "written_as": one.written_as} for one in DIALECTS]
    if as_json:
        emit_json({"traces": traces, "dialects": dialects})
    else:
        emit_page(list_page(traces, dialects, page_width()))


@command.command("info")
@click.argument("file")
@repair_option
@json_option
@debug_option
def info(*, file: str, repair: bool, as_json: bool) -> None:
    """What FILE (or a shipped name) is like: rate, bursts, lengths, what a prefix cache could spare."""
    from truecost.cli.output import emit_json, emit_page, page_width
    from truecost.replay.traces import describe, read_trace
    from truecost.report.trace_text import info_page

    told = describe(read_trace(file, repair=repair)).to_dict()
    if as_json:
        emit_json(told)
    else:
        emit_page(info_page(told, page_width()))


@command.command("convert")
@click.argument("file")
@click.option(
    "-o", "--out", required=True, metavar="OUT", help="A .parquet, .csv, .csv.gz, .jsonl or .jsonl.gz."
)
@repair_option
@debug_option
def convert(*, file: str, out: str, repair: bool) -> None:
    """Write FILE (or a shipped name) in our own schema: arrival_s, input_tokens, output_tokens, ..."""
    from truecost.cli.output import emit_page, page_width
    from truecost.replay.traces import read_trace
    from truecost.report.trace_text import converted_page

    _check_target(out, file)
    trace = read_trace(file, repair=repair)
    _write(trace, out)
    emit_page(converted_page(trace.name, len(trace), trace.dialect, trace.notes, page_width()))


@command.command("synth")
@click.option("--like", required=True, metavar="FILE", help="The trace to imitate: a file or a shipped name.")
@click.option(
    "--rate",
    required=True,
    metavar="RATE",
    help="A multiple of its mean rate (3x) or requests a second (20/s).",
)
@click.option("--days", type=float, required=True, help="How long the new one is.")
@click.option("--seed", type=click.IntRange(0), default=1, show_default=True, help="Same seed, same trace.")
@click.option(
    "-o", "--out", required=True, metavar="OUT", help="A .parquet, .csv, .csv.gz, .jsonl or .jsonl.gz."
)
@repair_option
@json_option
@debug_option
def synth(*, like: str, rate: str, days: float, seed: int, out: str, repair: bool, as_json: bool) -> None:
    """Make more traffic like a trace, faster and longer, and say how like it is."""
    from truecost.cli.output import emit_json, emit_page, page_width
    from truecost.replay.traces import describe, likeness, read_trace, synthesize
    from truecost.report.trace_text import likeness_page

    _check_target(out, like)
    source = read_trace(like, repair=repair)
    made = synthesize(source, _rate(rate, source), days, seed)
    _write(made, out)
    told = describe(made).to_dict()
    alike = likeness(describe(source), describe(made)).to_dict()
    if as_json:
        emit_json({"made": told, "likeness": alike})
    else:
        emit_page(likeness_page(told, alike, page_width()))


def _rate(text: str, like: Trace) -> float:
    """Requests a second that "3x" or "20/s" mean."""
    from truecost import units

    allowed = "a multiple such as 3x, or requests a second such as 20/s"
    multiple = _MULTIPLE.fullmatch(text.strip())
    mean = like.mean_rate_per_s
    if multiple and mean is None:
        refuse(
            f"--rate {text}: {like.name} has no times to take a multiple of; write requests a second: 20/s"
        )
    try:
        value = float(multiple[1]) * (mean or 0) if multiple else units.parse(text, "requests/s")
    except ValueError as error:
        refuse(f"--rate {text}: {error} (allowed: {allowed})")
    return value if value > 0 else refuse(f"--rate {text}: this is not above 0 (allowed: {allowed})")


def _check_target(out: str, source: str) -> None:
    """The output can be written, before anything is read."""
    from truecost.cli.output import STDOUT, check_targets
    from truecost.replay.traces.writing import suffix_of

    if out == STDOUT:
        refuse("-o -: a trace is written to a file, such as trace.parquet")
    suffix_of(out)
    check_targets({"-o": out}, [source])


def _write(trace: Trace, out: str) -> None:
    from truecost.cli.output import replacing
    from truecost.replay.traces.writing import suffix_of, write_trace

    with replacing(out) as beside:
        write_trace(trace, beside, suffix_of(out))
