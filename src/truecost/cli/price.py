"""`truecost price`: what requests cost on a day, one price explained."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

from truecost.cli.failures import NO, note, refuse
from truecost.cli.options import catalog_option, debug_option, json_option

if TYPE_CHECKING:
    from truecost.pricing.call import Counts

TOKENS = {
    "input": ("input_tokens", "tokens", "The whole input of a request, cached tokens included."),
    "cached": ("cache_read_tokens", "tokens", "Tokens of the input read from a cache."),
    "cache-write": ("cache_write_tokens", "tokens", "Tokens of the input written to a cache."),
    "audio-input": ("audio_input_tokens", "tokens", "Audio tokens of the input."),
    "output": ("output_tokens", "tokens", "The whole output, reasoning included."),
    "reasoning": ("reasoning_tokens", "tokens", "Tokens of the output that are reasoning."),
    "audio-output": ("audio_output_tokens", "tokens", "Audio tokens of the output."),
    "images": ("images", "", "Images that are billed by the piece."),
    "searches": ("searches", "", "Web searches that the vendor made for a request."),
    "requests": ("requests", "", "How many such requests.  [default: 1]"),
}
"""Options that count: the field, its unit, what it is."""


def _counting(function: Any) -> Any:
    for option, (_, _, meaning) in reversed(TOKENS.items()):
        function = click.option(f"--{option}", metavar="N", help=meaning)(function)
    return function


@click.command("price")
@click.argument("model")
@_counting
@click.option(
    "--cache-life", type=click.Choice(["5m", "1h"]), help="How long --cache-write is kept.  [default: 5m]"
)
@click.option("--batch", is_flag=True, help="Sent as a batch.")
@click.option(
    "--tier", default="standard", show_default=True, help="The service tier that served it: flex, priority."
)
@click.option("--provider", help="Who sells it; without, the model's maker.")
@click.option("--region", default="", help="Where it was served, such as us or eu-west-1.")
@click.option("--on", type=click.DateTime(["%Y-%m-%d"]), metavar="YYYY-MM-DD", help="The day of use; today.")
@click.option(
    "--at",
    type=click.DateTime(["%H:%M"]),
    metavar="HH:MM",
    help="The time of use, UTC, where prices have hours.",
)
@click.option(
    "--as-known", type=click.DateTime(["%Y-%m-%d"]), metavar="YYYY-MM-DD",
    help="By the prices as known on that day; as known now.",
)  # fmt: skip
@json_option
@catalog_option
@debug_option
@click.pass_context
def command(
    ctx: click.Context,
    *,
    model: str,
    cache_life: str | None,
    batch: bool,
    tier: str,
    provider: str | None,
    region: str,
    on: datetime | None,
    at: datetime | None,
    as_known: datetime | None,
    as_json: bool,
    catalog: str | None,
    **counts: str | None,
) -> None:
    """What requests to MODEL cost on a day: a line a kind, exact, with rules, dates, sources and changes.

    Exits 1 where a kind that was used has no known price: it is named, never taken as 0.

    \b
    truecost price gpt-4.1 --input 1M --cached 200k --output 50k --on 2026-03-01
    """
    from truecost.catalog import load
    from truecost.cli.output import emit_json, emit_page, page_width
    from truecost.pricing.call import price
    from truecost.report.price_text import page

    used = _counts(counts, cache_life)
    try:
        found = price(
            model, on=on.date() if on else None, at=at.time() if at else None,
            as_known=as_known.date() if as_known else None, provider=provider, region=region, tier=tier,
            batch=batch, catalog=load(catalog) if catalog else None, **used,
        )  # fmt: skip
    except LookupError as lacking:
        if isinstance(lacking, KeyError | IndexError):
            raise
        note(str(lacking.args[0]))
        ctx.exit(NO)
    told = found.to_dict()
    if as_json:
        emit_json(told)
    else:
        emit_page(page(told, page_width()))
    for why in dict.fromkeys(gap.why for gap in found.gaps):
        note(f"not priced: {why}")
    if found.gaps:
        ctx.exit(NO)


def _counts(given: dict[str, str | None], cache_life: str | None) -> Counts:
    """The counts as the price takes them; refuses what is no whole number, and a price of nothing."""
    read = {
        option: _whole(option, text)
        for option in TOKENS
        if (text := given[option.replace("-", "_")]) is not None
    }
    if not any(count for option, count in read.items() if option != "requests"):
        refuse("nothing was used: give --input, --output or another count, such as --input 10k --output 500")
    if cache_life and "cache-write" not in read:
        refuse(f"--cache-life {cache_life} is of --cache-write, which is not given")
    counted: Any = {TOKENS[option][0]: count for option, count in read.items()}
    written = counted.pop("cache_write_tokens", 0)
    return counted | {f"cache_write_{cache_life or '5m'}_tokens": written}


def _whole(option: str, text: str) -> int:
    from truecost.units import UnitError, parse

    try:
        value = parse(text, TOKENS[option][1])
    except UnitError as error:
        refuse(f"--{option} {text}: {error}")
    if value < 0 or value != int(value):
        refuse(f"--{option} {text}: a whole number of 0 or more is needed")
    return int(value)
