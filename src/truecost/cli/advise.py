"""`truecost advise`: what to change in a plan, ranked in USD."""

from __future__ import annotations

import sys

import click

from truecost.cli.options import Settings, debug_option, json_option, plan_options

DRAWS = 1024


@click.command("advise", context_settings={"default_map": {"draws": DRAWS}})
@click.argument("spec")
@json_option
@click.option(
    "--all", "everything", is_flag=True, help="Every lever with its mechanism, and those that do nothing."
)
@plan_options
@debug_option
def command(
    *,
    spec: str,
    as_json: bool,
    everything: bool,
    sets: tuple[str, ...],
    draws: int,
    seed: int,
    catalog: str | None,
) -> None:
    """What to change in the plan SPEC (a YAML file, or - for stdin): each lever alone, and the best together.

    Every saving is computed from the plan with the lever pulled; the assignments behind each are legal after
    --set, here and in `truecost plan`.
    """
    from truecost.advise.levers import advice
    from truecost.cli.evaluating import loaded
    from truecost.cli.output import emit_json, emit_page, page_width, progress_on
    from truecost.plan.result import catalog_of
    from truecost.plan.variants import Variants
    from truecost.report.advice_text import page

    settings = Settings(sets, draws, seed, catalog)
    facts = catalog_of(settings.catalog)
    document = loaded(spec, settings.sets, facts)
    with progress_on(sys.stderr, settings.draws) as shown:
        variants = Variants(document, facts, draws=settings.draws, seed=settings.seed)

        def told(share: float) -> None:
            if shown is not None:
                shown(int(share * settings.draws))

        found = advice(variants, progress=told).to_dict()
    if as_json:
        emit_json(found)
    else:
        emit_page(page(found, page_width(), everything=everything))
