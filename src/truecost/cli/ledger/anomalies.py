"""`truecost ledger anomalies`: days whose cost the days before do not explain, and what does."""

from __future__ import annotations

from datetime import date
from functools import partial
from typing import Any

import click

from truecost.cli.failures import NO, note, refuse
from truecost.cli.ledger.asked import check_outputs, columns, how_asked, on_option, rows_options, tell
from truecost.cli.options import day_option, debug_option, json_option


@click.command("anomalies")
@click.argument("store")
@click.option("--by", default="", metavar="COLUMNS", help="Look at each feature, user, model, tag:NAME, ...")
@click.option("--hours", is_flag=True, help="Look at hours, not days.")
@day_option("--since", "Only what stands out from this day on.")
@on_option
@rows_options
@click.option("--csv", metavar="FILE", help="The anomalies, a row each.")
@click.option("--all", "everything", is_flag=True, help="Show every anomaly, not the first ones.")
@click.option("--strict", is_flag=True, help="Exit 1 when anything stands out.")
@json_option
@debug_option
@click.pass_context
def command(
    ctx: click.Context,
    *,
    store: str,
    by: str,
    hours: bool,
    since: date | None,
    on: date | None,
    csv: str | None,
    everything: bool,
    strict: bool,
    as_json: bool,
    **asked: Any,
) -> None:
    """The days (or hours) in STORE whose cost those before them do not predict, and what explains each.

    Each is judged by its own past alone: it takes four weeks of cost before it. Of what is named, about one
    in ten may be chance, however many days and groups are looked at.
    """
    from truecost.ledger.over_time.anomalies import cost_anomalies
    from truecost.ledger.over_time.daily import Asked
    from truecost.report.anomalies_text import anomalies_page, table_rows
    from truecost.report.phrases import plural

    how = how_asked(asked)
    month = how.pop("month")
    if month and since:
        refuse("--month and --since: both say which days are looked at; give one")
    check_outputs(as_json=as_json, csv=csv, sources=[asked["catalog"]])
    found = cost_anomalies(store, Asked(tuple(columns(by)), on, hours=hours, **how), since=since, month=month)
    told = found.to_dict()
    tell(told, table_rows(told), partial(anomalies_page, everything=everything), as_json=as_json, csv=csv)
    if found.unpriced_requests:
        note(f"{plural(found.unpriced_requests, 'request')} without a price, in no amount")
    if strict and found.anomalies:
        ctx.exit(NO)
