"""`truecost ledger margin`: what customers paid, less what their usage cost."""

from __future__ import annotations

from functools import partial
from typing import Any

import click

from truecost.cli.failures import NO, note, refuse
from truecost.cli.ledger.asked import (
    agreement,
    check_outputs,
    contract_option,
    how_asked,
    rows_options,
    tell,
)
from truecost.cli.ledger.money import map_option, mapped, usd_per_option, worth
from truecost.cli.options import debug_option, json_option


@click.command("margin")
@click.argument("store")
@click.argument("revenue")
@click.option("--by", default="customer", show_default=True, metavar="COLUMN",
              help="What revenue and usage are joined by: customer, user, tag:NAME.")  # fmt: skip
@rows_options
@contract_option
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
    contract: str | None,
    usd_per: tuple[str, ...],
    maps: tuple[str, ...],
    csv: str | None,
    everything: bool,
    strict: bool,
    as_json: bool,
    **asked: Any,
) -> None:
    """What customers paid by the file REVENUE, less what their usage in STORE cost, the worst first.

    REVENUE is CSV or Parquet with a row a payment: customer, date or month, usd (or revenue and currency),
    and perhaps plan. With --contract, costs are effective ones.
    """
    from truecost.ledger.margin import margins
    from truecost.report.margin_text import margin_page, table_rows
    from truecost.report.phrases import plural

    check_outputs(as_json=as_json, csv=csv, sources=[revenue, asked["catalog"], contract])
    if contract is not None and asked["where"] is not None:
        refuse("--contract is of all usage: it goes without --for")
    found = margins(
        store, revenue, by, mapping=mapped(maps), usd_per=worth(usd_per),
        **agreement(contract), **how_asked(asked),
    )  # fmt: skip
    told = found.to_dict()
    tell(told, table_rows(told), partial(margin_page, everything=everything), as_json=as_json, csv=csv)
    if found.total.is_at_most:
        note(f"{plural(found.total.unpriced_entries, 'line')} of usage without a price, in no cost")
        if strict:
            ctx.exit(NO)
