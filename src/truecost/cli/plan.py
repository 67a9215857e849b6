"""`truecost plan`: the statement of a plan, for a reader, a program or a spreadsheet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from truecost.cli.actual import Used, actual_options
from truecost.cli.failures import NO, note
from truecost.cli.options import Settings, debug_option, output_options, plan_options
from truecost.cli.scenarios import Asked, scenario_options, side_by_side

if TYPE_CHECKING:
    from truecost.plan.result import Result


@click.command("plan")
@click.argument("spec")
@output_options
@plan_options
@click.option("--assumptions", "everything", is_flag=True, help="Show every line, assumption and source.")
@click.option(
    "--sensitivity",
    "outcome",
    metavar="OUTCOME",
    is_flag=False,
    flag_value="total_usd",
    help="What an outcome hangs on (total_usd unless named) and which input is worth measuring first.",
)
@click.option("--views", metavar="FILE", help="A page of deeper views: who pays, who gets, what it burns.")
@click.option("--strict", is_flag=True, help="Exit 1 when the plan has warnings.")
@scenario_options
@actual_options
@debug_option
@click.pass_context
def command(
    ctx: click.Context,
    *,
    spec: str,
    as_json: bool,
    html: str | None,
    csv: str | None,
    focus: str | None,
    sets: tuple[str, ...],
    draws: int,
    seed: int,
    catalog: str | None,
    everything: bool,
    strict: bool,
    **beside: Any,
) -> None:
    """What the plan SPEC (a YAML file, or - for stdin) really costs over its life.

    The statement goes to stdout; --json replaces it. The other formats go to files beside it, or to
    stdout in its place where FILE is -. With --actual a comparison with what was used stands in for
    the statement; in JSON it is beside it, without the answer (verdict, options, advice).
    """
    from truecost.cli.evaluating import evaluated, rendered
    from truecost.cli.output import check_targets, write_all

    files = {"--html": html, "--csv": csv, "--focus": focus, "--views": beside.pop("views")}
    targets = check_targets(files | {"--json": "-" if as_json else None}, [spec, catalog])
    targets.pop("--json", None)
    used = Used(*(beside.pop(name) for name in ("store", "class_column", "as_known")))
    used.check()
    result = evaluated(spec, Settings(sets, draws, seed, catalog))
    compared = used.against(result) if used else None
    outcome: str | None = beside.pop("outcome")
    asked = Asked(**beside)
    scenarios = side_by_side(result, asked) if asked else []
    write_all(rendered(result, targets))
    if "-" not in targets.values():
        if compared is not None and not as_json:
            show_actual(result, compared, everything=everything)
        if compared is None or as_json or asked or outcome is not None:
            if as_json:
                statement = result.to_dict() if compared is None else result.statement()
            else:
                statement = told(result, everything=everything)
            if asked:
                statement |= {"scenarios": scenarios}
            if outcome is not None:
                statement |= {"sensitivity": result.answer.sensitivity_of(outcome)}
            if compared is not None:
                statement |= {"actual": compared}
            show(statement, as_json=as_json, everything=everything, scenarios=scenarios)
    if strict and (warnings := result.statement()["warnings"]):
        for warning in warnings:
            note(f"warning: {warning}")
        ctx.exit(NO)


def told(result: Result, *, everything: bool) -> dict[str, Any]:
    """The statement and what a terminal shows of the answer."""
    return result.statement() | result.answer.first(everything=everything)


def show(
    statement: Mapping[str, Any],
    *,
    as_json: bool,
    everything: bool,
    scenarios: Sequence[Mapping[str, Any]] = (),
) -> None:
    """The statement on stdout; with the scenarios that were asked for."""
    from truecost.cli.output import emit_json, emit_page, page_width

    if as_json:
        emit_json(statement)
        return
    from truecost.report.terminal import page

    emit_page(page(statement, page_width(), everything=everything, scenarios=scenarios))


def show_actual(result: Result, compared: Mapping[str, Any], *, everything: bool) -> None:
    """The plan against what was used, on stdout."""
    from truecost.cli.output import emit_page, page_width
    from truecost.report.actual_text import actual_page

    emit_page(actual_page(result.evaluation.plan.name, compared, page_width(), everything=everything))
