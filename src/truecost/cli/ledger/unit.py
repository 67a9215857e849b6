"""`truecost ledger unit`: what a task, a session, a user or an outcome costs."""

from __future__ import annotations

from datetime import datetime

import click

from truecost.cli.ledger.asked import (
    all_option,
    as_known_option,
    columns,
    csv_option,
    month_option,
    tell,
    where_option,
)
from truecost.cli.options import catalog_option, debug_option, json_option


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
@where_option
@month_option
@as_known_option
@catalog_option
@csv_option
@all_option
@json_option
@debug_option
def command(
    *,
    store: str,
    per: str,
    outcome: str | None,
    by: str,
    where: str | None,
    month: str | None,
    as_known: datetime | None,
    catalog: str | None,
    csv: str | None,
    everything: bool,
    as_json: bool,
) -> None:
    """What a unit of the usage in STORE costs: a task, a user, and an outcome that some of them come to.

    A unit is a value of a column, with all its requests. An outcome is a row that a filter holds for: one
    costs what all units did over those that came to it.
    """
    from truecost.catalog import load
    from truecost.cli.output import check_targets
    from truecost.ledger.unit_costs import Units, unit_costs
    from truecost.report.attribution_text import units_page

    check_targets({"--json": "-" if as_json else None, "--csv": csv}, [catalog])
    found = unit_costs(
        store,
        Units(per.strip(), outcome, where),
        columns(by),
        month=month,
        as_known=as_known.date() if as_known else None,
        catalog=load(catalog) if catalog else None,
    )
    tell(found.to_dict(), "groups", units_page, as_json=as_json, csv=csv, everything=everything)
