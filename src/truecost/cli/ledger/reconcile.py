"""`truecost ledger reconcile`: an invoice against the ledger, the difference by cause."""

from __future__ import annotations

from typing import Any

import click

from truecost.cli.failures import NO, note, refuse
from truecost.cli.ledger.asked import (
    agreement,
    check_outputs,
    contract_option,
    how_asked,
    prices_options,
    tell,
    where_option,
)
from truecost.cli.ledger.money import map_option, mapped, share_of, usd_per_option, worth
from truecost.cli.options import debug_option, json_option


@click.command("reconcile")
@click.argument("store")
@click.argument("invoice")
@click.option(
    "--month",
    metavar="YYYY-MM",
    help="Lines and usage of one month; the days that the invoice names without.",
)
@click.option(
    "--tolerance", default="1%", show_default=True, metavar="SHARE", help="Drift of the invoice that exits 0."
)
@where_option
@prices_options
@contract_option
@click.option(
    "--provider", "providers", multiple=True, metavar="NAME",
    help="Whose usage the invoice is of; found by its models without. May be repeated.",
)  # fmt: skip
@usd_per_option
@map_option
@click.option("--csv", metavar="FILE", help="Every part of every cause, amounts to the last digit.")
@json_option
@debug_option
@click.pass_context
def command(
    ctx: click.Context,
    *,
    store: str,
    invoice: str,
    month: str | None,
    tolerance: str,
    contract: str | None,
    providers: tuple[str, ...],
    usd_per: tuple[str, ...],
    maps: tuple[str, ...],
    csv: str | None,
    as_json: bool,
    **asked: Any,
) -> None:
    """Compare INVOICE with the usage in STORE and take the difference apart by cause.

    INVOICE is OpenAI's costs (JSON, CSV), Anthropic's cost report (JSON, CSV), a bill in FOCUS (CSV,
    Parquet), or any CSV or Parquet: date, model, kind, quantity, amount, or --map. With --contract it is
    held against what that bills. Exits 1 over the tolerance.
    """
    from truecost.ledger.reconciling.reconcile import reconcile
    from truecost.report.reconcile_text import reconcile_page, table_rows

    check_outputs(as_json=as_json, csv=csv, sources=[invoice, asked["catalog"], contract])
    if contract is not None and asked["where"] is not None:
        refuse("--contract is of all usage: it goes without --for")
    found = reconcile(
        store, invoice, month=month, tolerance=share_of(tolerance, "--tolerance"), mapping=mapped(maps),
        usd_per=worth(usd_per), providers=providers, **agreement(contract), **how_asked(asked),
    )  # fmt: skip
    told = found.to_dict()
    tell(told, table_rows(told), reconcile_page, as_json=as_json, csv=csv)
    if not found.within:
        note(f"drift over the tolerance of {tolerance}")
        ctx.exit(NO)
