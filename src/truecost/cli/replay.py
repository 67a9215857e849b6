"""`truecost replay`: real traffic on a fleet: what users see, how full it is, what it costs."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import click

from truecost.cli.failures import NO, refuse
from truecost.cli.options import catalog_option, debug_option, json_option

if TYPE_CHECKING:
    from truecost.catalog.catalog import Catalog
    from truecost.replay.schema import ReplaySpec
    from truecost.spec import Document


def _day(_: click.Context, __: click.Parameter, value: str | None) -> date | None:
    if value is None:
        return None
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise click.BadParameter(f"{value!r} is not a day such as 2026-11-22") from None


@click.command("replay")
@click.argument("spec")
@json_option
@click.option(
    "--set", "sets", multiple=True, metavar="PATH=VALUE",
    help="Change one value of the spec, such as fleet.replicas=2; may be repeated.",
)  # fmt: skip
@click.option("--as-of", metavar="DAY", callback=_day, help="The day whose prices count; today by default.")
@catalog_option
@click.option(
    "--slo", metavar="LIMITS", help="Such as 'ttft p99 < 1 s, tpot p99 < 50 ms'; beside those of the spec."
)
@click.option(
    "--fleets",
    metavar="FLEETS",
    help="Compare fleets, such as 1xh100,2xh100,4xl40s, each in its best layout.",
)
@click.option("--requests", metavar="FILE", help="What happened to every request: .csv or .parquet.")
@click.option("--sweep", metavar="CASES.csv", help="Many cases: a header is a dotted path into the spec.")
@click.option(
    "--out", metavar="FILE", help="Where the results of a sweep go: .csv, .parquet, or - for stdout."
)
@click.option("--assumptions", "everything", is_flag=True, help="Show the source of every assumption.")
@debug_option
@click.pass_context
def command(ctx: click.Context, *, spec: str, **asked: Any) -> None:
    """What users see of the traffic and the fleet in SPEC (a YAML file, or - for stdin), and what it costs.

    Exit 1: the model does not fit its chips, no request is answered, or a limit of the SLO is not met.
    """
    from truecost.catalog.catalog import load
    from truecost.replay.setups import DoesNotFit

    _check_together(asked)
    catalog = load(asked.pop("catalog"))
    _compile_once()
    ask = _sweep if asked["sweep"] else _fleets if asked["fleets"] else _one
    try:
        ask(ctx, spec, catalog, asked)
    except DoesNotFit as refused:
        from truecost.cli.failures import note

        note(str(refused))
        ctx.exit(NO)


def _compile_once() -> None:
    """Say so where the simulator's machine code is still to be made: once after an installation."""
    from truecost.cli.failures import note
    from truecost.replay.engine import is_compiled

    if not is_compiled():
        note("compiling the simulator, once after an installation: some seconds")


def _check_together(asked: dict[str, Any]) -> None:
    """Refuse options that say different things."""
    questions = [name for name in ("sweep", "fleets", "requests") if asked[name] is not None]
    if len(questions) > 1:
        refuse(f"--{questions[0]} and --{questions[1]} are two questions; ask one at a time")
    if asked["out"] is not None and asked["sweep"] is None:
        refuse("--out takes the results of a --sweep; --requests writes those of every request")
    if asked["sweep"] is not None and asked["as_json"]:
        refuse("a sweep is a table: --out FILE takes it, not --json")
    if asked["sweep"] is not None and asked["slo"] is not None:
        refuse("in a sweep, limits are columns such as slo.ttft_p99_s")


def _document(spec: str, catalog: Catalog, asked: dict[str, Any]) -> Document[ReplaySpec]:
    from truecost.cli.evaluating import STDIN_NAME, stdin_text
    from truecost.cli.output import STDOUT
    from truecost.replay.reading import read

    text = stdin_text() if spec == STDOUT else None
    name = STDIN_NAME if text is not None else spec
    return read(name, catalog, asked["sets"], text=text, as_of=asked["as_of"])


def _limits(asked: dict[str, Any]) -> dict[str, float]:
    from truecost.replay.slo import read_slo

    return read_slo(asked["slo"]) if asked["slo"] is not None else {}


def _one(ctx: click.Context, spec: str, catalog: Catalog, asked: dict[str, Any]) -> None:
    from truecost.cli.output import check_targets, emit_json, emit_page, page_width
    from truecost.replay.run import result_of
    from truecost.report.replay_text import page

    limits, out = _limits(asked), asked["requests"]
    if out is not None and not out.endswith((".csv", ".parquet")):
        refuse(f"--requests {out}: written as .csv or .parquet")
    check_targets({"--requests": out, "--json": "-" if asked["as_json"] else None}, [spec])
    result = result_of(_document(spec, catalog, asked), catalog, limits)
    if out is not None:
        _write_table(result.requests(), out)
    told = result.to_dict()
    if asked["as_json"]:
        emit_json(told)
    else:
        emit_page(page(told, page_width(), everything=asked["everything"]))
    if not result.meets_slo or not told["served"] + told["truncated"]:
        ctx.exit(NO)


def _fleets(ctx: click.Context, spec: str, catalog: Catalog, asked: dict[str, Any]) -> None:
    from truecost.cli.output import emit_json, emit_page, page_width
    from truecost.replay.fleets import compared, read_fleets
    from truecost.replay.metrics import limits_of
    from truecost.report.replay_fleets_text import page

    limits = _limits(asked)
    fleets = read_fleets(asked["fleets"], catalog)
    document = _document(spec, catalog, asked)
    told = compared(document, catalog, fleets, limits_of(document.value.slo) | limits)
    if asked["as_json"]:
        emit_json(told)
    else:
        emit_page(page(told, document.value.name or spec, page_width()))
    if told["best"] is None:
        ctx.exit(NO)


def _sweep(_: click.Context, spec: str, catalog: Catalog, asked: dict[str, Any]) -> None:
    from truecost.cli.failures import note
    from truecost.cli.output import STDOUT, check_targets
    from truecost.replay.sweep import sweep
    from truecost.report.phrases import plural
    from truecost.report.train_columns import table_of

    out = asked["out"] or STDOUT
    if not out.endswith((".csv", ".parquet")) and out != STDOUT:
        refuse(f"--out {out}: a sweep is written as .csv or .parquet, or to stdout (-)")
    check_targets({"--out": out}, [spec, asked["sweep"]])
    done = sweep(asked["sweep"], spec, sets=asked["sets"], catalog=catalog, as_of=asked["as_of"])
    _write_table(table_of(done.header, done.rows, done.columns), out)
    failed = f"; {plural(done.failed, 'case')} with an error" if done.failed else ""
    note(f"{plural(len(done.rows), 'case')}{failed}")


def _write_table(columns: dict[str, Any], out: str) -> None:
    from truecost.cli.output import replacing, write_all
    from truecost.report.train_columns import csv_text, write_parquet

    if not out.endswith(".parquet"):
        write_all({out: csv_text(columns)})
        return
    with replacing(out) as beside:
        write_parquet(columns, beside)
