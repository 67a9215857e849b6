"""`truecost ledger budget`: what is spent of each budget, the burn rate, the day that it breaks."""

from __future__ import annotations

from datetime import datetime

import click

from truecost.cli.failures import NO, note
from truecost.cli.ledger.asked import as_known_option
from truecost.cli.options import debug_option, json_option


@click.command("budget")
@click.argument("store")
@click.argument("budgets")
@click.option(
    "--on", type=click.DateTime(["%Y-%m-%d"]), metavar="YYYY-MM-DD",
    help="As at the end of this day; the last day that is over without.",
)  # fmt: skip
@as_known_option
@click.option("--csv", metavar="FILE", help="The budgets, a row each.")
@click.option("--strict", is_flag=True, help="Exit 1 also when one is forecast to break.")
@json_option
@debug_option
@click.pass_context
def command(
    ctx: click.Context,
    *,
    store: str,
    budgets: str,
    on: datetime | None,
    as_known: datetime | None,
    csv: str | None,
    strict: bool,
    as_json: bool,
) -> None:
    """How the BUDGETS of a YAML file stand on the usage in STORE.

    What is spent, the burn rate, the end of the period with its range, the chance to break and the day.

    Exit 1 when one is broken; with --strict also when one is more likely to break than not.
    `truecost schema budget` prints what the file may hold.
    """
    from truecost.cli.output import check_targets, emit_json, emit_page, page_width, write_all
    from truecost.ledger.budget import budget_report
    from truecost.report.budget_text import budget_page, table_rows
    from truecost.report.exports import table_csv
    from truecost.report.phrases import plural

    check_targets({"--json": "-" if as_json else None, "--csv": csv}, [budgets])
    found = budget_report(
        store, budgets, on=on.date() if on else None, as_known=as_known.date() if as_known else None
    )
    told = found.to_dict()
    if csv is not None:
        write_all({csv: table_csv(*table_rows(told))})
    if as_json:
        emit_json(told)
    elif csv != "-":
        emit_page(budget_page(told, page_width()))
    standing = [one.status for one in found.budgets]
    if broken := standing.count("broken"):
        note(f"{plural(broken, 'budget')} broken")
    if broken or (strict and "breaking" in standing):
        ctx.exit(NO)
