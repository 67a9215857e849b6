"""Options that several verbs share, each said once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])
MOST_DRAWS = 1_000_000


@dataclass(frozen=True, slots=True)
class Settings:
    """How a plan is evaluated: its overrides, draws, seed and overlay."""

    sets: tuple[str, ...]
    draws: int
    seed: int
    catalog: str | None


def _debug(ctx: click.Context, _: click.Parameter, value: bool) -> None:
    if value:
        ctx.find_root().ensure_object(dict)["debug"] = True


def debug_option(function: F) -> F:
    """--debug behind the verb as before it."""
    return click.option(
        "--debug", is_flag=True, expose_value=False, callback=_debug, help="Show the traceback of an error."
    )(function)


def draw_options(function: F) -> F:
    """--draws and --seed."""
    draws = click.option(
        "--draws", type=click.IntRange(1, MOST_DRAWS), default=4096, show_default=True,
        help="Draws behind each range.",
    )  # fmt: skip
    seed = click.option(
        "--seed", type=click.IntRange(0), default=1, show_default=True, help="Same seed, same answer."
    )
    return draws(seed(function))


def plan_options(function: F) -> F:
    """--set, --draws, --seed and --catalog: what a plan is evaluated with."""
    sets = click.option(
        "--set", "sets", multiple=True, metavar="PATH=VALUE",
        help="Change one value of the plan, such as serving.chat.api.model=gpt-4.1; may be repeated.",
    )  # fmt: skip
    return sets(draw_options(catalog_option(function)))


def catalog_option(function: F) -> F:
    """--catalog: the user's own facts over those shipped."""
    return click.option(
        "--catalog", type=click.Path(exists=True, dir_okay=False), metavar="FILE",
        help="Own facts (a negotiated price, an own cluster) laid over the catalog.",
    )(function)  # fmt: skip


def day_option(flag: str, words: str) -> Callable[[F], F]:
    """An option that takes a day, as a date."""
    return click.option(flag, metavar="YYYY-MM-DD", callback=_day, help=words)


def _day(_: click.Context, __: click.Parameter, value: str | None) -> date | None:
    if value is None:
        return None
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise click.BadParameter(f"{value!r} is not a day such as 2026-11-22") from None


def as_of_option(function: F) -> F:
    """--as-of: the day whose prices count, over the spec's."""
    return click.option(
        "--as-of", metavar="DAY", callback=_day, help="The day whose prices count; today by default."
    )(function)


def json_option(function: F) -> F:
    """--json: the data for programs."""
    return click.option("--json", "as_json", is_flag=True, help="The whole result as JSON on stdout.")(
        function
    )


def output_options(function: F) -> F:
    """--json, --html, --csv, --focus: the same result in other formats."""
    html = click.option("--html", metavar="FILE", help="A self-contained page.")
    csv = click.option(
        "--csv", metavar="FILE", help="Cost lines, one row a component, with a column a month."
    )
    focus = click.option("--focus", metavar="FILE", help="Cost lines by month as FOCUS rows (CSV).")
    return json_option(html(csv(focus(function))))
