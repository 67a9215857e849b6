"""`truecost replay`: real traffic on a fleet: what users see, how full it is, what it costs."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import TYPE_CHECKING, Any

import click

from truecost.cli.failures import NO, refuse
from truecost.cli.options import as_of_option, catalog_option, debug_option, json_option

if TYPE_CHECKING:
    from truecost.catalog.catalog import Catalog
    from truecost.replay.schema import ReplaySpec
    from truecost.report.run_page import Written
    from truecost.spec import Document


@click.command("replay")
@click.argument("spec")
@json_option
@click.option("--html", metavar="FILE", help="A self-contained page.")
@click.option(
    "--set", "sets", multiple=True, metavar="PATH=VALUE",
    help="Change one value of the spec, such as fleet.replicas=2; may be repeated.",
)  # fmt: skip
@as_of_option
@catalog_option
@click.option(
    "--slo", metavar="LIMITS", help="Such as 'ttft p99 < 1 s, tpot p99 < 50 ms'; beside those of the spec."
)
@click.option(
    "--fleets",
    metavar="FLEETS",
    help="Compare fleets, such as 1xh100,2xh100,4xl40s, each in its best layout.",
)
@click.option(
    "--search", metavar="CHIPS",
    help="The cheapest fleet that keeps the SLO, of chips such as h100,b200, or of all.",
)  # fmt: skip
@click.option("--max-chips", type=int, metavar="N", help="With --search: chips of a fleet at most; 64.")
@click.option("--precisions", metavar="NAMES", help="With --search: of weights, such as bf16,fp8,fp4.")
@click.option("--terms", metavar="NAMES", help="With --search: of rent, such as on_demand,reserved_1y.")
@click.option(
    "--levers", is_flag=True,
    help="What would make it cheaper: caches, fewer bits, drafts, limits, each replayed.",
)  # fmt: skip
@click.option("--smaller", metavar="MODEL:SHARE", help="With --levers: a model for a share of the requests.")
@click.option(
    "--cached", metavar="SHARE", help="With --levers: of requests that a cache of responses answers."
)
@click.option(
    "--compare",
    metavar="WAYS",
    help="The traffic served by api,self-host,hybrid, in USD a month, and the volume where they meet.",
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

    Exit 1: the model does not fit its chips, no request is answered, or a limit of the SLO is not met; all
    cases of a sweep have an error.
    """
    from truecost.catalog.catalog import load
    from truecost.replay.setups import DoesNotFit

    _check_together(asked)
    catalog = load(asked.pop("catalog"))
    _compile_once()
    asks = {"sweep": _sweep, "fleets": _fleets, "search": _fleets, "levers": _levers, "compare": _compare}
    ask = next((function for name, function in asks.items() if _is_asked(asked[name])), _one)
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


def _is_asked(value: Any) -> bool:
    return value is not None and value is not False


def _check_together(asked: dict[str, Any]) -> None:
    """Refuse options that say different things."""
    names = ("sweep", "fleets", "search", "levers", "compare", "requests")
    questions = [name for name in names if _is_asked(asked[name])]
    if len(questions) > 1:
        refuse(f"--{questions[0]} and --{questions[1]} are two questions; ask one at a time")
    for name, parts in {
        "search": ("max_chips", "precisions", "terms"),
        "levers": ("smaller", "cached"),
    }.items():
        for part in parts:
            if asked[part] is not None and not asked[name]:
                refuse(f"--{part.replace('_', '-')} is a part of the question --{name}, which is not asked")
    if asked["out"] is not None and asked["sweep"] is None:
        refuse("--out takes the results of a --sweep; --requests writes those of every request")
    if asked["sweep"] is not None and asked["html"] is not None:
        refuse("a sweep is a table: --out FILE takes it; --html draws one replay or a comparison")
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
    from truecost.cli.output import STDOUT, check_targets, emit_json, emit_page, page_width, write_table
    from truecost.replay.run import result_of
    from truecost.report.replay_page import render
    from truecost.report.replay_text import page

    limits, out = _limits(asked), asked["requests"]
    if out is not None and not out.endswith((".csv", ".parquet")):
        refuse(f"--requests {out}: written as .csv or .parquet")
    check_targets({"--requests": out} | _targets(asked), [spec])
    document = _document(spec, catalog, asked)
    result = result_of(document, catalog, limits)
    if out is not None:
        write_table(result.requests(), out)
    told = result.to_dict()
    _draw(lambda written: render(told, written), document, asked)
    if asked["as_json"]:
        emit_json(told)
    elif asked["html"] != STDOUT:
        emit_page(page(told, page_width(), everything=asked["everything"]))
    if not result.meets_slo or not told["served"] + told["truncated"]:
        ctx.exit(NO)


def _targets(asked: dict[str, Any]) -> dict[str, str | None]:
    return {"--html": asked["html"], "--json": "-" if asked["as_json"] else None}


def _draw(page: Callable[[Written], str], document: Document[ReplaySpec], asked: dict[str, Any]) -> None:
    """Write the page of --html, where it is asked for."""
    if asked["html"] is not None:
        from truecost.cli.output import write_all
        from truecost.report.run_page import Written

        write_all({asked["html"]: page(Written(document.name, document.text, asked["sets"]))})


def _fleets(ctx: click.Context, spec: str, catalog: Catalog, asked: dict[str, Any]) -> None:
    from truecost.cli.output import STDOUT, emit_json, emit_page, page_width
    from truecost.report.replay_fleets_text import page
    from truecost.report.replay_page import render_fleets

    told, document = (_searched if asked["search"] is not None else _compared)(spec, catalog, asked)
    name, day = document.value.name or spec, (document.value.as_of or date.today()).isoformat()
    _draw(lambda written: render_fleets(told, name, day, written), document, asked)
    if asked["as_json"]:
        emit_json(told)
    elif asked["html"] != STDOUT:
        emit_page(page(told, name, page_width()))
    if told["best"] is None:
        ctx.exit(NO)


def _compared(spec: str, catalog: Catalog, asked: dict[str, Any]) -> tuple[Any, Document[ReplaySpec]]:
    """The named fleets, and the spec they are laid over."""
    import sys

    from truecost.cli.output import check_targets, progress_on
    from truecost.replay.fleets import compared, read_fleets

    limits, fleets = _limits(asked), read_fleets(asked["fleets"], catalog)
    check_targets(_targets(asked), [spec])
    document = _document(spec, catalog, asked)
    with progress_on(sys.stderr, len(fleets), "fleets") as at:
        return compared(document, catalog, fleets, _all_limits(document, limits), at=at), document


def _searched(spec: str, catalog: Catalog, asked: dict[str, Any]) -> tuple[Any, Document[ReplaySpec]]:
    """The fleets that a search finds, and the spec they are laid over."""
    import sys

    from truecost.cli.output import check_targets, progress_on
    from truecost.replay.fleet_search import read_space, searched

    limits = _limits(asked)
    bounds = (asked["max_chips"], asked["precisions"], asked["terms"])
    space = read_space(asked["search"], *bounds, catalog)
    check_targets(_targets(asked), [spec])
    document = _document(spec, catalog, asked)
    with progress_on(sys.stderr, len(space.chips), "chips") as at:
        return searched(document, catalog, space, _all_limits(document, limits), at=at), document


def _all_limits(document: Document[ReplaySpec], limits: dict[str, float]) -> dict[str, float]:
    from truecost.replay.metrics import limits_of

    return limits_of(document.value.slo) | limits


def _levers(ctx: click.Context, spec: str, catalog: Catalog, asked: dict[str, Any]) -> None:
    import sys

    from truecost.cli.output import STDOUT, check_targets, emit_json, emit_page, page_width, progress_on
    from truecost.replay.lever_trials import LEVERS, replayed
    from truecost.replay.levers import Asked, read_share, read_smaller
    from truecost.report.replay_levers_text import page
    from truecost.report.replay_page import render_levers

    limits = _limits(asked)
    smaller = read_smaller(asked["smaller"], catalog) if asked["smaller"] is not None else (None, 0.0)
    cached = read_share("--cached", asked["cached"]) if asked["cached"] is not None else None
    check_targets(_targets(asked), [spec])
    document = _document(spec, catalog, asked)
    with progress_on(sys.stderr, LEVERS, "levers") as at:
        told = replayed(document, catalog, _all_limits(document, limits), Asked(*smaller, cached), at=at)
    name, day = told["name"] or spec, (document.value.as_of or date.today()).isoformat()
    _draw(lambda written: render_levers(told, name, day, written), document, asked)
    if asked["as_json"]:
        emit_json(told)
    elif asked["html"] != STDOUT:
        emit_page(page(told, name, page_width()))
    if not any(one.get("meets_slo") for one in (told["base"], *told["levers"])):
        ctx.exit(NO)


def _compare(ctx: click.Context, spec: str, catalog: Catalog, asked: dict[str, Any]) -> None:
    from truecost.cli.output import STDOUT, check_targets, emit_json, emit_page, page_width
    from truecost.replay.ways.compared import compared_ways, read_ways
    from truecost.report.replay_page import render_ways
    from truecost.report.replay_ways_text import page

    limits = _limits(asked)
    ways = read_ways(asked["compare"])
    check_targets(_targets(asked), [spec])
    document = _document(spec, catalog, asked)
    told = compared_ways(document, catalog, ways, limits)
    _draw(lambda written: render_ways(told, written), document, asked)
    if asked["as_json"]:
        emit_json(told)
    elif asked["html"] != STDOUT:
        emit_page(page(told, page_width(), everything=asked["everything"]))
    if told["cheapest"] is None:
        ctx.exit(NO)


def _sweep(ctx: click.Context, spec: str, catalog: Catalog, asked: dict[str, Any]) -> None:
    from truecost.cli.failures import note
    from truecost.cli.output import STDOUT, check_table, check_targets, write_table
    from truecost.replay.sweep import sweep
    from truecost.report.phrases import plural
    from truecost.report.train_columns import table_of

    out = asked["out"] or STDOUT
    check_table(out)
    check_targets({"--out": out}, [spec, asked["sweep"]])
    done = sweep(asked["sweep"], spec, sets=asked["sets"], catalog=catalog, as_of=asked["as_of"])
    write_table(table_of(done.header, done.rows, done.columns), out)
    failed = f"; {plural(done.failed, 'case')} with an error" if done.failed else ""
    nothing = "" if done.rows else f"; {asked['sweep']} has a header and no rows"
    note(f"{plural(len(done.rows), 'case')}{failed}{nothing}")
    if done.failed == len(done.rows):
        ctx.exit(NO)
