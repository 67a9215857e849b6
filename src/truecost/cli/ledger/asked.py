"""Options that several questions of the ledger share."""

from __future__ import annotations

import click

by_option = click.option(
    "--by", default="model", show_default=True, metavar="COLUMNS",
    help="What to add up by: user, customer, feature, task, model, day, tag:NAME, ...; several with commas.",
)  # fmt: skip
month_option = click.option("--month", metavar="YYYY-MM", help="The days of one month; all without.")
as_known_option = click.option(
    "--as-known", type=click.DateTime(["%Y-%m-%d"]), metavar="YYYY-MM-DD",
    help="Price by what was known on that day; today without.",
)  # fmt: skip


def columns(by: str) -> list[str]:
    """What --by names, one by one."""
    return [one.strip() for one in by.split(",") if one.strip()]
