"""`truecost ledger margin`: what customers paid, less what their usage cost."""

from __future__ import annotations

from datetime import datetime

import click

from truecost.cli.failures import NO, note
from truecost.cli.ledger.asked import as_known_option, month_option
from truecost.cli.ledger.money import exact, map_option, mapped, usd_per_option, worth
from truecost.cli.options import debug_option, json_option

_AMOUNTS = ("_usd", "_share")


@click.command("margin")
@click.argument("store")
@click.argument("revenue")
@click.option("--by", default="customer", show_default=True, metavar="COLUMN",
              help="What revenue and usage are joined by: customer, user, tag:NAME.")  # fmt: skip
@month_option
@as_known_option
@usd_per_option
@map_option
@click.option("--csv", metavar="FILE", help="One row a customer, amounts to the last digit.")
@click.option("--all", "everything", is_flag=True, help="Show every customer, not the first ones.")
@click.option("--strict", is_flag=True, help="Exit 1 when any usage has no price.")
@json_option
@debug_option
@click.pass_context
def command(
    ctx: click.Context,
    *,
    store: str,
    revenue: str,
    by: str,
    month: str | None,
    as_known: datetime | None,
    usd_per: tuple[str, ...],
    maps: tuple[str, ...],
    csv: str | None,
    everything: bool,
    strict: bool,
    as_json: bool,
) -> None:
    """What customers paid by the file REVENUE, less what their usage in STORE cost, the worst first.

    REVENUE is CSV or Parquet with a row a payment: customer, date or month, usd (or revenue and currency),
    and perhaps plan.
    """
    from truecost.cli.output import check_targets, emit_json, emit_page, page_width, write_all
    from truecost.ledger.margin import margins
    from truecost.report.exports import table_csv
    from truecost.report.margin_text import margin_page
    from truecost.report.phrases import plural

    check_targets({"--json": "-" if as_json else None, "--csv": csv}, [revenue])
    found = margins(
        store, revenue, by, month=month, as_known=as_known.date() if as_known else None,
        mapping=mapped(maps), usd_per=worth(usd_per),
    )  # fmt: skip
    told = found.to_dict()
    if csv is not None:
        header = list(told["total"])
        rows = [*told["customers"], *([told["unattributed"]] if found.unattributed.has_cost else [])]
        cells = ([exact(one[key]) if key.endswith(_AMOUNTS) else one[key] for key in header] for one in rows)
        write_all({csv: table_csv(header, cells)})
    if as_json:
        emit_json(told)
    elif csv != "-":
        emit_page(margin_page(told, page_width(), everything=everything))
    if found.total.is_at_most:
        note(f"{plural(found.total.unpriced_entries, 'line')} of usage without a price, in no cost")
        if strict:
            ctx.exit(NO)
