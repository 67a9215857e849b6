"""`truecost ledger cache`: what prompt caches saved, and what they missed at most."""

from __future__ import annotations

from functools import partial
from typing import Any

import click

from truecost.cli.ledger.asked import (
    answer_options,
    by_option,
    check_outputs,
    columns,
    how_asked,
    rows_of,
    rows_options,
    tell,
)
from truecost.cli.options import debug_option


@click.command("cache")
@click.argument("store")
@by_option
@rows_options
@answer_options
@debug_option
def command(
    *,
    store: str,
    by: str,
    csv: str | None,
    everything: bool,
    as_json: bool,
    **asked: Any,
) -> None:
    """What prompt caches saved in STORE, what writing them cost, and what they missed, at most."""
    from truecost.ledger.cache_use import cache_use
    from truecost.report.attribution_text import cache_page

    check_outputs(as_json=as_json, csv=csv, sources=[asked["catalog"]])
    told = cache_use(store, columns(by), **how_asked(asked)).to_dict()
    page = partial(cache_page, everything=everything)
    tell(told, rows_of(told, "groups"), page, as_json=as_json, csv=csv)
