"""Options that several questions of the ledger share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from truecost.report.layout import Page

by_option = click.option(
    "--by",
    default="model",
    show_default=True,
    metavar="COLUMNS",
    help="What to add up by: user, customer, feature, task, model, day, tag:NAME, ...; several with commas.",
)
month_option = click.option("--month", metavar="YYYY-MM", help="The days of one month; all without.")
as_known_option = click.option(
    "--as-known",
    type=click.DateTime(["%Y-%m-%d"]),
    metavar="YYYY-MM-DD",
    help="Price by what was known on that day; today without.",
)
where_option = click.option(
    "--for",
    "where",
    metavar="FILTER",
    help='Only of rows like: feature = "summary" and not (input_tokens > 100k or tag:team in (a, b)).',
)
csv_option = click.option(
    "--csv", metavar="FILE", help="The groups, one row each, amounts to the last digit."
)
all_option = click.option("--all", "everything", is_flag=True, help="Show every group, not the first ones.")


def columns(by: str) -> list[str]:
    """What --by names, one by one."""
    return [one.strip() for one in by.split(",") if one.strip()]


def tell(
    told: Mapping[str, Any],
    rows: str,
    page: Callable[..., Page],
    *,
    as_json: bool,
    csv: str | None,
    everything: bool,
) -> None:
    """An answer as JSON, as CSV of its rows, or as a page."""
    from truecost.cli.output import emit_json, emit_page, page_width, write_all
    from truecost.report.exports import table_csv

    if csv is not None:
        header = list(told[rows][0]) if told[rows] else [*told["by"]]
        write_all({csv: table_csv(header, ([one[key] for key in header] for one in told[rows]))})
    if as_json:
        emit_json(told)
    elif csv != "-":
        emit_page(page(told, page_width(), everything=everything))
