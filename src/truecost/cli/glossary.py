"""`truecost glossary`: what the words mean, each with a figure worked out from the catalog."""

from __future__ import annotations

from datetime import date, datetime

import click

from truecost.cli.failures import refuse
from truecost.cli.options import catalog_option, debug_option, json_option


@click.command("glossary")
@click.argument("words", nargs=-1, metavar="[TERM]")
@json_option
@click.option(
    "--as-of", type=click.DateTime(["%Y-%m-%d"]), metavar="YYYY-MM-DD", help="The day that counts; today."
)
@catalog_option
@debug_option
def command(*, words: tuple[str, ...], as_json: bool, as_of: datetime | None, catalog: str | None) -> None:
    """Every term with a figure; or one TERM with definition, formula, calculation, sources, and a verb.

    truecost glossary KV cache
    """
    from truecost.catalog import UnknownName, load
    from truecost.cli.output import emit_json, emit_page, page_width
    from truecost.evidence.glossary import explained, explained_all
    from truecost.report.glossary_text import entry, listing

    day = as_of.date() if as_of else date.today()
    if not words:
        found = [each.to_dict() for each in explained_all(load(catalog), day)]
        if as_json:
            emit_json(found)
        else:
            emit_page(listing(found, page_width()))
        return
    try:
        one = explained(" ".join(words), load(catalog), day).to_dict()
    except UnknownName as unknown:
        refuse(f"{unknown}; truecost glossary lists them all")
    if as_json:
        emit_json(one)
    else:
        emit_page(entry(one, page_width()))
