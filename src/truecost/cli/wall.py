"""`truecost wall`: how large a model should be for what it will serve, and when serving passes training."""

from __future__ import annotations

import click

from truecost.cli.failures import refuse
from truecost.cli.options import catalog_option, debug_option, json_option


@click.command("wall")
@click.option("--flops", metavar="N", required=True, help="Training compute, such as 2.1e25.")
@click.option(
    "--served", metavar="N", multiple=True, help="Tokens served over its life, such as 60T; may be repeated."
)
@click.option(
    "--law", type=click.Choice(["besiroglu-2024", "hoffmann-2022"]), default="besiroglu-2024",
    show_default=True, help="Whose constants of the loss law.",
)  # fmt: skip
@click.option(
    "--serving-price", metavar="N", default="1", show_default=True,
    help="What a FLOP of serving costs over one of training; 1 counts compute.",
)  # fmt: skip
@json_option
@catalog_option
@debug_option
def command(
    *, flops: str, served: tuple[str, ...], law: str, serving_price: str, as_json: bool, catalog: str | None
) -> None:
    """The model that costs least to train and serve at the loss of a run, by the tokens it serves.

    No plan needed; `truecost plan SPEC --json` has the same at the plan's own prices (inference_wall).

    \b
    truecost wall --flops 2.1e25 --served 60T --served 300T
    """
    from truecost.cli.output import emit_json, emit_page, page_width
    from truecost.plan.lifetime_sizes import SERVED, lifetime_sizes
    from truecost.plan.result import catalog_of

    volumes = [_number("--served", text, "tokens") for text in served] or list(SERVED)
    compute, price = _number("--flops", flops, "FLOP"), _number("--serving-price", serving_price, "")
    told = lifetime_sizes(compute, volumes, law=law, serving_price=price, catalog=catalog_of(catalog))
    if as_json:
        emit_json(told)
        return
    from truecost.report.wall_text import page

    emit_page(page(told, page_width()))


def _number(option: str, text: str, unit: str) -> float:
    """A number with its unit and multiple; exits 2 with the option's name for what is none."""
    from truecost.units import UnitError, parse

    try:
        return parse(text, unit)
    except UnitError as problem:
        refuse(f"{option}: {problem}")
