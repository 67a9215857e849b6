"""`truecost ledger export`: usage as rows that other tools read."""

from __future__ import annotations

import contextlib
from collections.abc import Generator
from typing import TYPE_CHECKING, Any

import click

from truecost.cli.failures import NO, note, refuse
from truecost.cli.ledger.asked import agreement, contract_option, how_asked, rows_options
from truecost.cli.options import debug_option, json_option

if TYPE_CHECKING:
    from truecost.ledger.focus.rows import FocusExport


@click.command("export")
@click.argument("store")
@click.option(
    "--focus", "out", required=True, metavar="FILE",
    help="Where to write FOCUS 1.2 rows: a .parquet, a .csv, or - for CSV on stdout.",
)  # fmt: skip
@rows_options
@click.option(
    "--by-day/--by-request", "by_day", default=True, help="A row a day (the default), or a request."
)
@contract_option
@click.option("--account", metavar="NAME", help="The billing account; the store's name without.")
@click.option("--strict", is_flag=True, help="Exit 1 when anything has no price.")
@json_option
@debug_option
@click.pass_context
def command(
    ctx: click.Context,
    *,
    store: str,
    out: str,
    by_day: bool,
    contract: str | None,
    account: str | None,
    strict: bool,
    as_json: bool,
    **asked: Any,
) -> None:
    """The priced usage in STORE as rows of FOCUS 1.2, which cloud bill tools read, one row a charge.

    Usage without a price is no row: it is named on stderr. With --contract costs are at its prices, and fees
    of capacity, what is unused of it, shortfalls and credits are rows too.
    """
    from truecost.cli.output import STDOUT, check_targets, emit_json, emit_page, page_width
    from truecost.ledger.focus.rows import export_focus
    from truecost.report.focus_text import export_page

    if out != STDOUT and not out.endswith((".csv", ".parquet")):
        refuse(f"--focus {out}: FOCUS rows are written as .csv or .parquet, or to stdout (-)")
    if account is not None and not account.strip():
        refuse("--account: no name is given")
    check_targets({"--json": "-" if as_json else None, "--focus": out}, [asked["catalog"], contract])
    if contract is not None and asked["where"] is not None:
        refuse("--contract is of all usage: it goes without --for")
    with _target(out) as target:
        found = export_focus(
            store, target, by_request=not by_day, account=account, parquet=out.endswith(".parquet"),
            **agreement(contract), **how_asked(asked),
        )  # fmt: skip
    told = found.to_dict() | {"file": out}
    if as_json:
        emit_json(told)
    elif out != STDOUT:
        emit_page(export_page(told, page_width()))
    _name_gaps(found)
    if strict and found.unpriced_entries:
        ctx.exit(NO)


@contextlib.contextmanager
def _target(out: str) -> Generator[str]:
    """Where to write: beside the file, renamed at the end; for stdout a file that is passed on."""
    from truecost.cli.output import STDOUT, emit, replacing

    if out != STDOUT:
        with replacing(out) as beside:
            yield beside
        return
    import tempfile
    from pathlib import Path

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "focus.csv"
        yield str(path)
        emit(path.read_text(encoding="utf-8"))


def _name_gaps(found: FocusExport) -> None:
    """What has no row, on stderr."""
    from truecost.report.phrases import plural

    count = found.unpriced_entries
    if count:
        note(f"{plural(count, 'line')} of usage without a price, in no row:")
    for one in found.unpriced:
        name = "/".join(part for part in (one.provider, one.model or "(none)") if part)
        near = f"; nearest: {', '.join(one.nearest)}" if one.nearest else ""
        note(f"  {name}: {plural(one.entries, 'line')}: {one.why}{near}")
