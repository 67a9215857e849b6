"""`truecost compare`: two plans, line by line: what differs and what it is worth."""

from __future__ import annotations

import click

from truecost.cli.failures import refuse
from truecost.cli.options import Settings, debug_option, json_option, plan_options


@click.command("compare")
@click.argument("first")
@click.argument("second")
@json_option
@plan_options
@click.option("--all", "everything", is_flag=True, help="Show every line and input that differs.")
@debug_option
def command(
    *,
    first: str,
    second: str,
    as_json: bool,
    sets: tuple[str, ...],
    draws: int,
    seed: int,
    catalog: str | None,
    everything: bool,
) -> None:
    """Two plans FIRST and SECOND (YAML files; - for stdin), line by line: what differs, what it is worth.

    Both are evaluated on the same draws; --set changes both.
    """
    from truecost.cli.evaluating import loaded
    from truecost.cli.output import emit_json, emit_page, page_width
    from truecost.plan.comparison import compare
    from truecost.plan.result import catalog_of
    from truecost.plan.variants import Variants
    from truecost.report.compare_text import page

    if first == second == "-":
        refuse("both plans are -: only one of the two can come from stdin")
    settings = Settings(sets, draws, seed, catalog)
    facts = catalog_of(settings.catalog)
    documents = [loaded(spec, settings.sets, facts) for spec in (first, second)]
    found = compare(*(Variants(document, facts, draws=draws, seed=seed) for document in documents))
    if as_json:
        emit_json(found)
    else:
        emit_page(page(found, page_width(), everything=everything))
