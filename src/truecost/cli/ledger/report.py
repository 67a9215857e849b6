"""`truecost ledger report`: what usage cost, its coverage first; under a contract, and its bill."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click

from truecost.cli.failures import NO, note, refuse
from truecost.cli.ledger.asked import (
    all_option,
    as_known_option,
    by_option,
    columns,
    csv_option,
    month_option,
    where_option,
)
from truecost.cli.options import catalog_option, debug_option, json_option


@click.command("report")
@click.argument("store")
@by_option
@where_option
@month_option
@as_known_option
@click.option(
    "--contract", type=click.Path(exists=True, dir_okay=False), metavar="FILE",
    help="What is agreed with vendors: rates, volume tiers, capacity, commitments, credits, currency.",
)  # fmt: skip
@catalog_option
@click.option(
    "--engine",
    default="duckdb",
    show_default=True,
    metavar="NAME",
    help="duckdb, or a master of Spark that is asked the same: local[2], spark://HOST:PORT.",
)
@csv_option
@click.option("--html", metavar="FILE", help="A self-contained page of the report, with the cost by day.")
@all_option
@click.option("--strict", is_flag=True, help="Exit 1 when anything has no price.")
@json_option
@debug_option
@click.pass_context
def command(
    ctx: click.Context,
    *,
    store: str,
    by: str,
    contract: str | None,
    csv: str | None,
    html: str | None,
    everything: bool,
    strict: bool,
    as_json: bool,
    **asked: Any,
) -> None:
    """What the usage in STORE cost, the dearest first, led by how much of it has a price.

    With --contract, what it really cost (at list, contracted, effective) and the bill.
    """
    from truecost.catalog import load
    from truecost.cli.output import check_targets, emit_json, emit_page, page_width
    from truecost.report.phrases import plural

    catalog, as_known = asked["catalog"], asked["as_known"]
    targets = {"--json": "-" if as_json else None, "--csv": csv, "--html": html}
    check_targets(targets, [contract, catalog])
    if contract is not None and (asked["where"] is not None or asked["engine"] != "duckdb"):
        refuse("--contract is of all usage, by DuckDB: it goes with neither --for nor --engine")
    if html is not None and (contract is not None or asked["engine"] != "duckdb"):
        refuse(
            "--html draws a report at list prices, by DuckDB: it goes with neither --contract nor --engine"
        )
    how: dict[str, Any] = {
        "month": asked["month"],
        "as_known": as_known,
        "catalog": load(catalog) if catalog else None,
    }
    plain = {key: asked[key] for key in ("where", "engine")} if contract is None else {}
    told, show = _asked(store, columns(by), contract, {**how, **plain}, whole=as_json)
    shown = told.get("contract") or told
    if csv is not None:
        _write_csv(csv, shown)
    if html is not None:
        _write_page(html, told, store, {**how, "where": asked["where"]})
    if as_json:
        emit_json(told)
    elif "-" not in (csv, html):
        emit_page(show(shown, page_width(), everything=everything))
    gaps = shown["total"]["unpriced_entries"] if contract else shown["by_coverage"]["unpriced"]["entries"]
    if gaps:
        note(f"{plural(gaps, 'line')} of usage without a price, in no amount")
        if strict:
            ctx.exit(NO)


def _asked(
    store: str, by: list[str], contract: str | None, how: Mapping[str, Any], *, whole: bool
) -> tuple[dict[str, Any], Any]:
    """What there is to say, and what lays it out; under a contract, list prices too where all is asked."""
    if contract is None:
        from truecost.ledger.reporting import usage_report
        from truecost.report.usage_text import report_page

        return usage_report(store, by, **how).to_dict(), report_page
    from truecost.ledger.contracts.contract import contract_of
    from truecost.ledger.contracts.report import contract_report
    from truecost.report.contract_text import contract_page

    agreed = contract_report(store, contract_of(contract), by, name=contract, **how).to_dict()
    if not whole:
        return {"contract": agreed}, contract_page
    from truecost.ledger.reporting import usage_report

    return {**usage_report(store, by, **how).to_dict(), "contract": agreed}, contract_page


def _write_csv(target: str, told: Mapping[str, Any]) -> None:
    from truecost.cli.output import write_all
    from truecost.report.exports import table_csv

    header = list(told["groups"][0]) if told["groups"] else [*told["by"], "requests", "usd"]
    rows = ([one[key] for key in header] for one in told["groups"])
    write_all({target: table_csv(header, rows)})


def _write_page(target: str, told: Mapping[str, Any], store: str, how: Mapping[str, Any]) -> None:
    from truecost.cli.output import write_all
    from truecost.ledger.behind_report import behind_report
    from truecost.report.ledger_page import render

    write_all({target: render(told, behind_report(store, told["by"], **how).to_dict())})
