"""`truecost plan`: the statement of a plan, for a reader, a program or a spreadsheet."""

from __future__ import annotations

import click

from truecost.cli.failures import NO, note
from truecost.cli.options import Settings, debug_option, output_options, plan_options


@click.command("plan")
@click.argument("spec")
@output_options
@plan_options
@click.option("--assumptions", "everything", is_flag=True, help="Show every line, assumption and source.")
@click.option("--strict", is_flag=True, help="Exit 1 when the plan has warnings.")
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
) -> None:
    """What the plan SPEC (a YAML file, or - for stdin) really costs over its life.

    The statement goes to stdout; --json replaces it. The other formats go to files beside it, or to
    stdout in its place where FILE is -.
    """
    from truecost.cli.evaluating import evaluated, rendered
    from truecost.cli.output import check_targets, write_all

    files = {"--html": html, "--csv": csv, "--focus": focus}
    targets = check_targets(files | {"--json": "-" if as_json else None}, [spec, catalog])
    targets.pop("--json", None)
    result = evaluated(spec, Settings(sets, draws, seed, catalog))
    statement = result.to_dict()
    write_all(rendered(result, targets))
    if "-" not in targets.values():
        show(statement, as_json=as_json, everything=everything)
    if strict and statement["warnings"]:
        for warning in statement["warnings"]:
            note(f"warning: {warning}")
        ctx.exit(NO)


def show(statement: dict[str, object], *, as_json: bool, everything: bool) -> None:
    """The statement on stdout."""
    from truecost.cli.output import emit_json, emit_page, page_width

    if as_json:
        emit_json(statement)
        return
    from truecost.report.terminal import page

    emit_page(page(statement, page_width(), everything=everything))
