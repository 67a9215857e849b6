"""`truecost ledger cache`: what prompt caches saved, and what they missed at most."""

from __future__ import annotations

from datetime import datetime

import click

from truecost.cli.ledger.asked import (
    all_option,
    as_known_option,
    by_option,
    columns,
    csv_option,
    month_option,
    tell,
    where_option,
)
from truecost.cli.options import catalog_option, debug_option, json_option


@click.command("cache")
@click.argument("store")
@by_option
@where_option
@month_option
@as_known_option
@catalog_option
@csv_option
@all_option
@json_option
@debug_option
def command(
    *,
    store: str,
    by: str,
    where: str | None,
    month: str | None,
    as_known: datetime | None,
    catalog: str | None,
    csv: str | None,
    everything: bool,
    as_json: bool,
) -> None:
    """What prompt caches saved in STORE, what writing them cost, and what they missed, at most."""
    from truecost.catalog import load
    from truecost.cli.output import check_targets
    from truecost.ledger.cache_use import cache_use
    from truecost.report.attribution_text import cache_page

    check_targets({"--json": "-" if as_json else None, "--csv": csv}, [catalog])
    found = cache_use(
        store,
        columns(by),
        month=month,
        as_known=as_known.date() if as_known else None,
        where=where,
        catalog=load(catalog) if catalog else None,
    )
    tell(found.to_dict(), "groups", cache_page, as_json=as_json, csv=csv, everything=everything)
