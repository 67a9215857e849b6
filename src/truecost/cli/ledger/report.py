"""`truecost ledger report`: what usage cost, its coverage first."""

from __future__ import annotations

from datetime import datetime

import click

from truecost.cli.failures import NO, note
from truecost.cli.ledger.asked import as_known_option, by_option, columns, month_option
from truecost.cli.options import debug_option, json_option


@click.command("report")
@click.argument("store")
@by_option
@month_option
@as_known_option
@click.option("--csv", metavar="FILE", help="The groups, one row each, amounts to the last digit.")
@click.option("--all", "everything", is_flag=True, help="Show every group, not the first ones.")
@click.option("--strict", is_flag=True, help="Exit 1 when anything has no price.")
@json_option
@debug_option
@click.pass_context
def command(
    ctx: click.Context,
    *,
    store: str,
    by: str,
    month: str | None,
    as_known: datetime | None,
    csv: str | None,
    everything: bool,
    strict: bool,
    as_json: bool,
) -> None:
    """What the usage in STORE cost, the dearest first, led by how much of it has a price."""
    from truecost.cli.output import check_targets, emit_json, emit_page, page_width, write_all
    from truecost.ledger.reporting import usage_report
    from truecost.report.exports import table_csv
    from truecost.report.phrases import plural
    from truecost.report.usage_text import report_page

    check_targets({"--json": "-" if as_json else None, "--csv": csv})
    found = usage_report(store, columns(by), month=month, as_known=as_known.date() if as_known else None)
    told = found.to_dict()
    if csv is not None:
        header = list(told["groups"][0]) if told["groups"] else [*told["by"], "requests", "usd"]
        rows = ([one[key] for key in header] for one in told["groups"])
        write_all({csv: table_csv(header, rows)})
    if as_json:
        emit_json(told)
    elif csv != "-":
        emit_page(report_page(told, page_width(), everything=everything))
    if found.unpriced_entries:
        note(f"{plural(found.unpriced_entries, 'line')} of usage without a price, in no amount")
        if strict:
            ctx.exit(NO)
