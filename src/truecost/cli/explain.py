"""`truecost explain`: where one number of a plan comes from."""

from __future__ import annotations

import click

from truecost.cli.failures import refuse
from truecost.cli.options import Settings, debug_option, json_option, plan_options


@click.command("explain")
@click.argument("spec")
@click.argument("key", required=False)
@json_option
@click.option("--depth", type=click.IntRange(0), help="Levels of the tree to draw; all by default.")
@plan_options
@debug_option
def command(
    *,
    spec: str,
    key: str | None,
    as_json: bool,
    depth: int | None,
    sets: tuple[str, ...],
    draws: int,
    seed: int,
    catalog: str | None,
) -> None:
    """Where the number KEY of the plan SPEC comes from: formula, inputs, facts, sources and dates.

    KEY is the path of the number in the JSON of `truecost plan`, a row of a list by its name: total_usd,
    tiers.pro.margin_usd, lines.training.final_run, serving.chat.api.usd_per_query; or anything that a
    tree names. Without KEY, the keys there are.
    """
    from truecost.cli.evaluating import evaluated
    from truecost.cli.output import emit_json, emit_page, page_width
    from truecost.report import explain_text

    result = evaluated(spec, Settings(sets, draws, seed, catalog))
    if key is None:
        if as_json:
            emit_json(result.explainable)
        else:
            emit_page(explain_text.keys_page(result.explainable, page_width()))
        return
    try:
        tree = result.explain(key).to_dict()
    except KeyError as unknown:
        refuse(f"{unknown.args[0]} (without KEY, explain lists all)")
    if as_json:
        emit_json(tree)
    else:
        emit_page(explain_text.page(tree, page_width(), depth=depth))
