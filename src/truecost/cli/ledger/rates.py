"""`truecost ledger rates`: the prices of the models in a store, as a table."""

from __future__ import annotations

from datetime import date

import click

from truecost.cli.ledger.asked import own_prices, prices_options
from truecost.cli.options import debug_option


@click.command("rates")
@click.argument("store")
@prices_options
@click.option("--csv", default="-", metavar="FILE", help="Where to write; stdout without.")
@debug_option
def command(*, store: str, as_known: date | None, csv: str, catalog: str | None) -> None:
    """The prices of the models in STORE as CSV: the table `rates` that the printed SQL is asked of."""
    from truecost.cli.output import check_targets, write_all
    from truecost.ledger.reporting import rate_table
    from truecost.report.exports import table_csv

    check_targets({"--csv": csv}, [catalog])
    columns, rows = rate_table(store, as_known, own_prices(catalog))
    write_all({csv: table_csv(columns, rows)})
