"""`truecost ledger unit`: what a task, a session, a user or an outcome costs."""

from __future__ import annotations

from functools import partial
from typing import Any

import click

from truecost.cli.ledger.asked import (
    answer_options,
    check_outputs,
    columns,
    how_asked,
    rows_of,
    rows_options,
    tell,
)
from truecost.cli.options import debug_option


@click.command("unit")
@click.argument("store")
@click.option(
    "--per",
    default="task",
    show_default=True,
    metavar="COLUMN",
    help="What one unit is: task, user, customer, tag:NAME, ...",
)
@click.option(
    "--outcome", metavar="FILTER", help="What counts as an outcome, such as: tag:outcome = resolved."
)
@click.option("--by", default="", metavar="COLUMNS", help="What to tell apart by; several with commas.")
@rows_options
@answer_options
@debug_option
def command(
    *,
    store: str,
    per: str,
    outcome: str | None,
    by: str,
    csv: str | None,
    everything: bool,
    as_json: bool,
    **asked: Any,
) -> None:
    """What a unit of the usage in STORE costs: a task, a user, and an outcome that some of them come to.

    A unit is a value of a column, with all its requests. An outcome is a row that a filter holds for: one
    costs what all units did over those that came to it.
    """
    from truecost.ledger.unit_costs import Units, unit_costs
    from truecost.report.attribution_text import units_page

    check_outputs(as_json=as_json, csv=csv, sources=[asked["catalog"]])
    how = how_asked(asked)
    units = Units(per.strip(), outcome, how.pop("where"))
    told = unit_costs(store, units, columns(by), **how).to_dict()
    page = partial(units_page, everything=everything)
    tell(told, rows_of(told, "groups"), page, as_json=as_json, csv=csv)
