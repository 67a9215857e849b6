"""`truecost quick`: the door for a founder; four numbers in, ten lines out."""

from __future__ import annotations

import sys
from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

from truecost.cli.failures import note, refuse
from truecost.cli.options import Settings, catalog_option, debug_option, draw_options, output_options

if TYPE_CHECKING:
    from truecost.catalog.catalog import Catalog
    from truecost.plan.quick import QuickPlan
    from truecost.plan.result import Result

OPTION_OF = {
    "demand.tiers.users.users": "--users",
    "demand.tiers.users.queries_per_user_per_day": "--queries",
    "demand.tiers.users.price_usd_per_month": "--price",
    "demand.tiers.users.growth_per_month": "--growth",
    "demand.requests.chat.input_tokens": "--input-tokens",
    "demand.requests.chat.output_tokens": "--output-tokens",
    "serving.chat.api.model": "--model",
    "horizon_months": "--months",
    "as_of": "--as-of",
}
"""Which option a problem in the plan behind the ten lines is about."""


@click.command("quick")
@click.option("--users", metavar="N", required=True, help="People who use the product in a month.")
@click.option("--queries", metavar="N", required=True, help="Questions each of them asks a day.")
@click.option("--model", required=True, help="The model that answers, such as gpt-4.1-mini.")
@click.option("--price", metavar="N", required=True, help="USD a user pays a month; 0 for nothing.")
@click.option("--input-tokens", metavar="N", help="Tokens of a question with its context.")
@click.option("--output-tokens", metavar="N", help="Tokens of an answer.")
@click.option("--growth", metavar="N", help="Growth of users a month, such as 5%.")
@click.option(
    "--months", type=click.IntRange(1, 120), default=12, show_default=True, help="Months to look at."
)
@click.option(
    "--as-of", type=click.DateTime(["%Y-%m-%d"]), metavar="YYYY-MM-DD", help="Day of the prices; today."
)
@click.option("--save", metavar="FILE", help="Write the plan behind it, to refine and run with plan.")
@click.option("--force", is_flag=True, help="Let --save replace a file.")
@output_options
@draw_options
@catalog_option
@debug_option
def command(
    *,
    save: str | None,
    force: bool,
    as_json: bool,
    html: str | None,
    csv: str | None,
    focus: str | None,
    draws: int,
    seed: int,
    catalog: str | None,
    as_of: datetime | None,
    **inputs: Any,
) -> None:
    """What a product costs and earns, in ten lines: no file, nothing to know about machines.

    Every number N may be a range, '10 .. 20' (nine times in ten it lies inside), and have a unit: 2k, $20.

    \b
    truecost quick --users 2000 --queries 15 --model gpt-4.1-mini --price 20
    """
    from truecost.cli.evaluating import rendered
    from truecost.cli.output import check_targets, emit_json, emit_page, page_width, write_all
    from truecost.plan.quick import quick_plan, quick_yaml
    from truecost.plan.result import catalog_of

    files = {"--html": html, "--csv": csv, "--focus": focus, "--save": save}
    targets = check_targets(files | {"--json": "-" if as_json else None}, [catalog])
    targets.pop("--json", None)
    _refuse_to_replace(save, force=force)
    facts = catalog_of(catalog)
    made = quick_plan(**inputs, as_of=as_of.date() if as_of else None, catalog=facts)
    result = _evaluated(made, facts, Settings((), draws, seed, catalog))
    to_save = {targets.pop("--save"): quick_yaml(made)} if save else {}
    write_all(rendered(result, targets) | to_save)
    for warning in result.warnings:
        note(f"warning: {_in_options(warning)}")
    if "-" in {*targets.values(), save}:
        return
    if as_json:
        emit_json(result.to_dict())
        return
    from truecost.report.quick_text import page

    emit_page(page(result.to_dict(), inputs["model"], page_width(), saved=save))


def _refuse_to_replace(save: str | None, *, force: bool) -> None:
    from pathlib import Path

    if save and save != "-" and not force and Path(save).is_file():
        refuse(f"--save {save}: the file exists, perhaps with changes of yours; --force replaces it")


def _evaluated(made: QuickPlan, catalog: Catalog, settings: Settings) -> Result:
    """The result; problems are said in terms of the options."""
    from dataclasses import replace

    from truecost.cli.output import progress_on
    from truecost.plan.quick import quick_result
    from truecost.spec import SpecError

    try:
        with progress_on(sys.stderr, settings.draws) as progress:
            return quick_result(made, catalog, draws=settings.draws, seed=settings.seed, progress=progress)
    except SpecError as error:
        raise SpecError(
            replace(p, place="", field=_in_options(p.field), message=_in_options(p.message))
            for p in error.problems
        ) from None


def _in_options(text: str) -> str:
    """A text with the options in place of the plan's fields."""
    for path, option in OPTION_OF.items():
        text = text.replace(path, option)
    return text
