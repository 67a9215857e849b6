"""`truecost ledger forecast`: what the month will have cost, with its range and past error."""

from __future__ import annotations

from datetime import datetime

import click

from truecost.cli.failures import note
from truecost.cli.ledger.asked import as_known_option, columns
from truecost.cli.options import debug_option, json_option


@click.command("forecast")
@click.argument("store")
@click.option(
    "--by", default="", metavar="COLUMNS", help="Also by group: feature, user, model, tag:NAME, ..."
)
@click.option("--month", metavar="YYYY-MM", help="The month; that of the day after the last one without.")
@click.option(
    "--on", type=click.DateTime(["%Y-%m-%d"]), metavar="YYYY-MM-DD",
    help="As at the end of this day; the last day that is over without.",
)  # fmt: skip
@as_known_option
@click.option("--csv", metavar="FILE", help="The whole and the groups, a row each.")
@json_option
@debug_option
def command(
    *,
    store: str,
    by: str,
    month: str | None,
    on: datetime | None,
    as_known: datetime | None,
    csv: str | None,
    as_json: bool,
) -> None:
    """What the month will have cost at its end, from the usage in STORE, with a 90 % range.

    The range is that of its own past errors, which are shown beside those of "last week again". With less
    than three weeks of cost nothing is forecast, and the reason is said.
    """
    from truecost.cli.output import check_targets, emit_json, emit_page, page_width, write_all
    from truecost.ledger.forecast import cost_forecast
    from truecost.report.exports import table_csv
    from truecost.report.forecast_text import forecast_page, table_rows

    check_targets({"--json": "-" if as_json else None, "--csv": csv})
    found = cost_forecast(
        store, columns(by), month=month, on=on.date() if on else None,
        as_known=as_known.date() if as_known else None,
    )  # fmt: skip
    told = found.to_dict()
    if csv is not None:
        write_all({csv: table_csv(*table_rows(told))})
    if as_json:
        emit_json(told)
    elif csv != "-":
        emit_page(forecast_page(told, page_width()))
    if found.unpriced_requests:
        note(f"{found.unpriced_requests:,} requests without a price, in no amount")
