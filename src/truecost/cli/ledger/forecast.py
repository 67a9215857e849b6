"""`truecost ledger forecast`: what the month will have cost, with its range and past error."""

from __future__ import annotations

from datetime import date
from typing import Any

import click

from truecost.cli.failures import note
from truecost.cli.ledger.asked import (
    check_outputs,
    columns,
    how_asked,
    on_option,
    prices_options,
    tell,
    where_option,
)
from truecost.cli.options import debug_option, json_option


@click.command("forecast")
@click.argument("store")
@click.option(
    "--by", default="", metavar="COLUMNS", help="Also by group: feature, user, model, tag:NAME, ..."
)
@click.option("--month", metavar="YYYY-MM", help="The month; that of the day after the last one without.")
@on_option
@where_option
@prices_options
@click.option("--csv", metavar="FILE", help="The whole and the groups, a row each.")
@json_option
@debug_option
def command(
    *,
    store: str,
    by: str,
    month: str | None,
    on: date | None,
    csv: str | None,
    as_json: bool,
    **asked: Any,
) -> None:
    """What the month will have cost at its end, from the usage in STORE, with a 90 % range.

    The range is that of its own past errors, which are shown beside those of "last week again". With less
    than three weeks of cost nothing is forecast, and the reason is said.
    """
    from truecost.ledger.over_time.forecast import cost_forecast
    from truecost.report.forecast_text import forecast_page, table_rows
    from truecost.report.phrases import plural

    check_outputs(as_json=as_json, csv=csv, sources=[asked["catalog"]])
    found = cost_forecast(store, columns(by), month=month, on=on, **how_asked(asked))
    told = found.to_dict()
    tell(told, table_rows(told), forecast_page, as_json=as_json, csv=csv)
    if found.unpriced_requests:
        note(f"{plural(found.unpriced_requests, 'request')} without a price, in no amount")
