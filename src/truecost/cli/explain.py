"""`truecost explain`: where one number of a plan comes from."""

from __future__ import annotations

from collections.abc import Sequence

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

    Without KEY, the keys there are.
    """
    from truecost.cli.evaluating import evaluated
    from truecost.cli.output import emit_json, emit_page, page_width
    from truecost.report import explain_text

    result = evaluated(spec, Settings(sets, draws, seed, catalog))
    known = result.explainable
    if key is None:
        if as_json:
            emit_json(known)
        else:
            emit_page(explain_text.keys_page(known, page_width()))
        return
    if key not in known:
        refuse(_unknown(key, known))
    tree = result.explain(key).to_dict()
    if as_json:
        emit_json(tree)
    else:
        emit_page(explain_text.page(tree, page_width(), depth=depth))


def _unknown(key: str, known: Sequence[str]) -> str:
    """What to say of a key that nothing computes: those most like it, by its whole or its last part."""
    from truecost.spec import nearest_names

    last = key.rpartition(".")[2]
    by_part = [name for name in known if last and name.endswith(f".{last}")]
    near = list(dict.fromkeys([*nearest_names(key, known, most=3), *by_part]))[:4]
    hint = f"; nearest: {', '.join(near)}" if near else ""
    return f"nothing in this plan is called '{key}'{hint} (without KEY, explain lists all {len(known)})"
