"""`truecost catalog`: the facts that every number rests on, to list, to look up, to check."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Any, TypeVar

import click

from truecost.cli.failures import NO, note, refuse
from truecost.cli.options import catalog_option, debug_option, json_option

F = TypeVar("F", bound=Callable[..., Any])
SECTIONS = ("accelerators", "models", "prices", "rentals", "purchases", "rates")


def _common(function: F) -> F:
    as_of = click.option(
        "--as-of", type=click.DateTime(["%Y-%m-%d"]), metavar="YYYY-MM-DD", help="The day that counts; today."
    )
    return json_option(as_of(catalog_option(debug_option(function))))


@click.group("catalog")
def command() -> None:
    """The facts: accelerators, models, API prices, rentals, rates; each with source, date and confidence."""


@command.command("list")
@click.argument("section", type=click.Choice(SECTIONS))
@click.argument("texts", nargs=-1, metavar="[TEXT]...")
@_common
@click.option("--all", "everything", is_flag=True, help="Show every row, not the first ones.")
def list_(
    *,
    section: str,
    texts: tuple[str, ...],
    as_json: bool,
    as_of: datetime | None,
    catalog: str | None,
    everything: bool,
) -> None:
    """One SECTION as a table; with TEXTs only the rows that hold every one of them.

    truecost catalog list prices gpt-4.1
    """
    from truecost.catalog import load
    from truecost.cli.output import emit_json, emit_page, page_width
    from truecost.report.catalog_text import listing, matching

    rows = load(catalog).list(section, _day(as_of))
    found = matching(rows, texts)
    if as_json:
        emit_json(found)
    elif found:
        emit_page(listing(section, found, page_width(), everything=everything))
    note(f"{len(found):,} of {len(rows):,} {section}" if texts else f"{len(rows):,} {section}")


@command.command("show")
@click.argument("name")
@_common
def show(*, name: str, as_json: bool, as_of: datetime | None, catalog: str | None) -> None:
    """Everything under a NAME: a chip, a model, an API price, a rate or a group of rates."""
    from truecost.catalog import UnknownName, load
    from truecost.cli.output import emit_json, emit_page, page_width
    from truecost.report.catalog_text import entry

    try:
        found = load(catalog).show(name, _day(as_of))
    except UnknownName as unknown:
        refuse(str(unknown))
    if as_json:
        emit_json(found)
    else:
        emit_page(entry(found, page_width()))


@command.command("check")
@_common
@click.option("--all", "everything", is_flag=True, help="Show every finding, not the first of each kind.")
@click.option("--strict", is_flag=True, help="Exit 1 when there are findings.")
@click.pass_context
def check(
    ctx: click.Context,
    *,
    as_json: bool,
    as_of: datetime | None,
    catalog: str | None,
    everything: bool,
    strict: bool,
) -> None:
    """Facts older than a year, contradicted, estimated, or resting on one source."""
    from dataclasses import asdict

    from truecost.catalog import check as findings_of
    from truecost.catalog import load
    from truecost.cli.output import emit_json, emit_page, page_width
    from truecost.report.catalog_text import findings

    found = [asdict(finding) for finding in findings_of(load(catalog), _day(as_of))]
    if as_json:
        emit_json(found)
    else:
        emit_page(findings(found, page_width(), everything=everything))
    if strict and found:
        ctx.exit(NO)


@command.command("export")
@click.argument("what", type=click.Choice(("rates",)))
@click.argument("file")
@catalog_option
@debug_option
def export(*, what: str, file: str, catalog: str | None) -> None:
    """API prices of all days as flat rows in a FILE (.parquet or .csv), to join usage to in any engine.

    A row is one price of one kind of token under its conditions, from one day to another, as it was known
    from one day to another: truecost price looks up the same rows.

    truecost catalog export rates rates.parquet
    """
    from truecost.catalog import load
    from truecost.cli.output import check_targets, replacing
    from truecost.pricing.rate_files import suffix_of, write_rates
    from truecost.pricing.rate_rows import all_rate_rows

    try:
        suffix = suffix_of(file)
    except ValueError as unclear:
        refuse(str(unclear))
    check_targets({"FILE": file}, [catalog])
    with replacing(file) as beside:
        count = write_rates(beside, all_rate_rows(load(catalog).laid_over), suffix)
    note(f"{count:,} {what}")


@command.command("update")
@click.option("--dry-run", is_flag=True, help="Say what would change; write nothing.")
@click.option("--all", "everything", is_flag=True, help="Show every change, not the first ones.")
@json_option
@debug_option
def update_(*, dry_run: bool, everything: bool, as_json: bool) -> None:
    """API prices of an installed newer genai-prices, laid over those that ship; nothing is fetched.

    New prices are added with today as the day they are known from: what was known before is priced as it was.
    They are kept in TRUECOST_CATALOG_DIR, or truecost in your data directory; remove the files to be without.
    """
    from truecost.catalog.genai_update import update
    from truecost.cli.output import emit_json, emit_page, page_width
    from truecost.report.catalog_update_text import update_page

    told = update(date.today(), dry_run=dry_run).to_dict()
    if as_json:
        emit_json(told)
    else:
        emit_page(update_page(told, page_width(), everything=everything))


def _day(as_of: datetime | None) -> date:
    return as_of.date() if as_of else date.today()
