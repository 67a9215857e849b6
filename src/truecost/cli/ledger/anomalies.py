"""`truecost ledger anomalies`: days whose cost the days before do not explain, and what does."""

from __future__ import annotations

from datetime import date, datetime

import click

from truecost.cli.failures import NO, note, refuse
from truecost.cli.ledger.asked import as_known_option, columns, month_option
from truecost.cli.options import debug_option, json_option

_DAY = click.DateTime(["%Y-%m-%d"])


@click.command("anomalies")
@click.argument("store")
@click.option("--by", default="", metavar="COLUMNS", help="Look at each feature, user, model, tag:NAME, ...")
@click.option("--hours", is_flag=True, help="Look at hours, not days.")
@month_option
@click.option("--since", type=_DAY, metavar="YYYY-MM-DD", help="Only what stands out from this day on.")
@click.option("--on", type=_DAY, metavar="YYYY-MM-DD", help="As at the end of this day.")
@as_known_option
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
    month: str | None,
    since: datetime | None,
    on: datetime | None,
    as_known: datetime | None,
    csv: str | None,
    everything: bool,
    strict: bool,
    as_json: bool,
) -> None:
    """The days (or hours) in STORE whose cost those before them do not predict, and what explains each.

    Each is judged by its own past alone: it takes four weeks of cost before it. Of what is named, about one
    in ten may be chance, however many days and groups are looked at.
    """
    from truecost.cli.output import check_targets, emit_json, emit_page, page_width, write_all
    from truecost.ledger.anomalies import cost_anomalies
    from truecost.ledger.daily import Asked
    from truecost.report.anomalies_text import anomalies_page, table_rows
    from truecost.report.exports import table_csv
    from truecost.report.phrases import plural

    if month and since:
        refuse("--month and --since: both say which days are looked at; give one")
    check_targets({"--json": "-" if as_json else None, "--csv": csv})
    asked = Asked(tuple(columns(by)), _date(on), _date(as_known), hours)
    found = cost_anomalies(store, asked, since=_date(since), month=month)
    told = found.to_dict()
    if csv is not None:
        write_all({csv: table_csv(*table_rows(told))})
    if as_json:
        emit_json(told)
    elif csv != "-":
        emit_page(anomalies_page(told, page_width(), everything=everything))
    if found.unpriced_requests:
        note(f"{plural(found.unpriced_requests, 'request')} without a price, in no amount")
    if strict and found.anomalies:
        ctx.exit(NO)


def _date(moment: datetime | None) -> date | None:
    return moment.date() if moment else None
