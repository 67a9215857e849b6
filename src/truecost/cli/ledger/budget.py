"""`truecost ledger budget`: what is spent of each budget, the burn rate, the day that it breaks."""

from __future__ import annotations

from datetime import date
from typing import Any

import click

from truecost.cli.failures import NO, note
from truecost.cli.ledger.asked import check_outputs, how_asked, on_option, prices_options, tell
from truecost.cli.options import debug_option, json_option


@click.command("budget")
@click.argument("store")
@click.argument("budgets")
@on_option
@prices_options
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
    on: date | None,
    csv: str | None,
    strict: bool,
    as_json: bool,
    **asked: Any,
) -> None:
    """How the BUDGETS of a YAML file stand on the usage in STORE.

    What is spent, the burn rate, the end of the period with its range, the chance to break and the day.

    Exit 1 when one is broken; with --strict also when one is more likely to break than not.
    `truecost schema budget` prints what the file may hold.
    """
    from truecost.ledger.over_time.budget import budget_report
    from truecost.report.budget_text import budget_page, table_rows
    from truecost.report.phrases import plural

    check_outputs(as_json=as_json, csv=csv, sources=[budgets, asked["catalog"]])
    found = budget_report(store, budgets, on=on, **how_asked(asked))
    told = found.to_dict()
    tell(told, table_rows(told), budget_page, as_json=as_json, csv=csv)
    standing = [one.status for one in found.budgets]
    if broken := standing.count("broken"):
        note(f"{plural(broken, 'budget')} broken")
    if broken or (strict and "breaking" in standing):
        ctx.exit(NO)
