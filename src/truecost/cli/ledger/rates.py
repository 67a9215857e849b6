"""`truecost ledger rates`: the prices of the models in a store, as a table."""

from __future__ import annotations

from datetime import datetime

import click

from truecost.cli.ledger.asked import as_known_option
from truecost.cli.options import catalog_option, debug_option


@click.command("rates")
@click.argument("store")
@as_known_option
@click.option("--csv", default="-", metavar="FILE", help="Where to write; stdout without.")
@catalog_option
@debug_option
def command(*, store: str, as_known: datetime | None, csv: str, catalog: str | None) -> None:
    """The prices of the models in STORE as CSV: the table `rates` that the printed SQL is asked of."""
    from truecost.catalog import load
    from truecost.cli.output import check_targets, write_all
    from truecost.ledger.reporting import rate_table
    from truecost.report.exports import table_csv

    check_targets({"--csv": csv}, [catalog])
    own = load(catalog) if catalog else None
    columns, rows = rate_table(store, as_known.date() if as_known else None, own)
    write_all({csv: table_csv(columns, rows)})
