"""`truecost ledger reconcile`: an invoice against the ledger, the difference by cause."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import click

from truecost.cli.failures import NO, note
from truecost.cli.ledger.asked import as_known_option
from truecost.cli.ledger.money import exact, map_option, mapped, share_of, usd_per_option, worth
from truecost.cli.options import debug_option, json_option

_COLUMNS = (
    "cause", "model", "kind", "usd", "tokens", "before", "after", "list_usd_per_mtok", "billed_usd_per_mtok",
)  # fmt: skip
_AMOUNTS = ("usd", "tokens", "list_usd_per_mtok", "billed_usd_per_mtok")


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
@as_known_option
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
    as_known: datetime | None,
    providers: tuple[str, ...],
    usd_per: tuple[str, ...],
    maps: tuple[str, ...],
    csv: str | None,
    as_json: bool,
) -> None:
    """Compare INVOICE with the usage in STORE and take the difference apart by cause.

    INVOICE is OpenAI's costs (JSON, CSV), Anthropic's cost report (JSON, CSV), a bill in FOCUS (CSV,
    Parquet), or any CSV or Parquet: date, model, kind, quantity, amount, or --map. Exits 1 over the
    tolerance.
    """
    from truecost.cli.output import check_targets, emit_json, emit_page, page_width, write_all
    from truecost.ledger.reconcile import reconcile
    from truecost.report.exports import table_csv
    from truecost.report.reconcile_text import reconcile_page

    check_targets({"--json": "-" if as_json else None, "--csv": csv}, [invoice])
    found = reconcile(
        store, invoice, month=month, as_known=as_known.date() if as_known else None,
        tolerance=share_of(tolerance, "--tolerance"), mapping=mapped(maps), usd_per=worth(usd_per),
        providers=providers,
    )  # fmt: skip
    told = found.to_dict()
    if csv is not None:
        write_all({csv: table_csv(_COLUMNS, _rows(told))})
    if as_json:
        emit_json(told)
    elif csv != "-":
        emit_page(reconcile_page(told, page_width()))
    if not found.within:
        note(f"drift over the tolerance of {tolerance}")
        ctx.exit(NO)


def _rows(told: dict[str, Any]) -> Iterator[list[Any]]:
    """Every part of every cause, and what is left; their amounts sum to the drift."""
    for cause in told["causes"]:
        for one in cause["items"]:
            cells = [exact(one[key]) if key in _AMOUNTS else one[key] for key in _COLUMNS[1:]]
            yield [cause["name"], *cells]
    yield ["unexplained", "", "", exact(told["residual_usd"]), *[""] * (len(_COLUMNS) - 4)]
