"""`truecost quick`: the door for a founder; four numbers in, ten lines out."""

from __future__ import annotations

import math
import sys
from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

from truecost.cli.failures import refuse
from truecost.cli.options import Settings, catalog_option, debug_option, draw_options, output_options

if TYPE_CHECKING:
    from truecost.plan.result import Result

    _ParamType = click.ParamType[float]
else:
    _ParamType = click.ParamType

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


class Amount(_ParamType):
    """A number with an optional unit: 2000, 2k, $20, 5 %. `never_zero` says why 0 makes no sense."""

    def __init__(self, unit: str, *, least: float = 0.0, never_zero: str = "") -> None:
        self.name = unit
        self.least = least
        self.never_zero = never_zero

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """The number in the unit of the option."""
        from truecost.units import UnitError, parse

        if not isinstance(value, str):
            return float(value)
        try:
            number = parse(value, self.name)
        except UnitError as error:
            self.fail(str(error), param, ctx)
        if not math.isfinite(number) or number < self.least:
            self.fail(f"{value} is below {self.least:g}", param, ctx)
        if number == 0 and self.never_zero:
            self.fail(f"{value}: {self.never_zero}; give a number above 0", param, ctx)
        return number


@click.command("quick")
@click.option(
    "--users",
    type=Amount("users", never_zero="without users there is nothing to answer"),
    required=True,
    help="People who use the product in a month.",
)
@click.option(
    "--queries",
    type=Amount("queries", never_zero="without questions there is nothing to answer"),
    required=True,
    help="Questions each of them asks a day.",
)
@click.option("--model", required=True, help="The model that answers, such as gpt-4.1-mini.")
@click.option("--price", type=Amount("USD"), required=True, help="What a user pays a month; 0 for nothing.")
@click.option("--input-tokens", metavar="N", help="Tokens of a question with its context, also LOW..HIGH.")
@click.option("--output-tokens", metavar="N", help="Tokens of an answer, also LOW..HIGH.")
@click.option("--growth", type=Amount("share", least=-1), help="Growth of users a month, such as 5%.")
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

    \b
    truecost quick --users 2000 --queries 15 --model gpt-4.1-mini --price 20
    """
    from truecost.cli.evaluating import rendered
    from truecost.cli.output import check_targets, emit_json, emit_page, page_width, write_all
    from truecost.plan.quick import quick_spec, quick_yaml

    files = {"--html": html, "--csv": csv, "--focus": focus, "--save": save}
    targets = check_targets(files | {"--json": "-" if as_json else None}, [catalog])
    targets.pop("--json", None)
    _refuse_to_replace(save, force=force)
    spec = quick_spec(**inputs, as_of=as_of.date() if as_of else None)
    result = _evaluated(spec, Settings((), draws, seed, catalog))
    to_save = {targets.pop("--save"): quick_yaml(spec)} if save else {}
    write_all(rendered(result, targets) | to_save)
    if "-" in {*targets.values(), save}:
        return
    if as_json:
        emit_json(result.to_dict())
        return
    from truecost.report.quick_text import page

    emit_page(page(result.to_dict(), inputs, page_width(), saved=save))


def _refuse_to_replace(save: str | None, *, force: bool) -> None:
    from pathlib import Path

    if save and save != "-" and not force and Path(save).is_file():
        refuse(f"--save {save}: the file exists, perhaps with changes of yours; --force replaces it")


def _evaluated(spec: dict[str, Any], settings: Settings) -> Result:
    """The result; problems are said in terms of the options."""
    from dataclasses import replace

    from truecost.cli.output import progress_on
    from truecost.plan.result import plan
    from truecost.spec import SpecError

    try:
        with progress_on(sys.stderr, settings.draws) as progress:
            return plan(
                spec, draws=settings.draws, seed=settings.seed, catalog=settings.catalog, progress=progress
            )
    except SpecError as error:
        raise SpecError(replace(p, field=OPTION_OF.get(p.field, p.field)) for p in error.problems) from None
