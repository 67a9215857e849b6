"""`truecost pulse`: what changed in the catalog since a day, and what of it moves a plan."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import click

from truecost.cli.options import catalog_option, debug_option, draw_options, json_option

if TYPE_CHECKING:
    from truecost.catalog.changes import Moves, Pulse

DRAWS = 1024
DEFAULT_DAYS = 90
SECTIONS = ("prices", "rentals", "purchases", "rates")


def _day(name: str, words: str) -> Any:
    return click.option(name, type=click.DateTime(["%Y-%m-%d"]), metavar="YYYY-MM-DD", help=words)


@click.command("pulse", context_settings={"default_map": {"draws": DRAWS}})
@_day("--since", f"The earlier day; {DEFAULT_DAYS} days before the later one.")
@_day("--as-of", "The later day; today.")
@click.option(
    "--plan", "spec", metavar="SPEC", help="A plan (YAML file, or - for stdin): what moves it most."
)
@json_option
@click.option("--all", "everything", is_flag=True, help="Show every change, not the first ones.")
@draw_options
@catalog_option
@debug_option
def command(
    *,
    since: datetime | None,
    as_of: datetime | None,
    spec: str | None,
    as_json: bool,
    everything: bool,
    draws: int,
    seed: int,
    catalog: str | None,
) -> None:
    """What changed in the catalog since a day: prices, rentals, purchases and rates by their own dates.

    With --plan, the three changes that move it most, each alone, in USD a month. Facts of your own
    (--catalog) stay what they are.
    """
    from truecost.catalog import load
    from truecost.catalog.changes import pulse
    from truecost.cli.output import emit_json, emit_page, page_width
    from truecost.report.pulse_text import page

    last = as_of.date() if as_of else date.today()
    first = since.date() if since else last - timedelta(days=DEFAULT_DAYS)
    facts = load(catalog)
    found = _told(pulse(facts, first, last))
    if spec is not None:
        from truecost.cli.evaluating import loaded
        from truecost.plan.pulse import moved

        found["plan"] = moved(loaded(spec, (), facts), facts, first, last, draws=draws, seed=seed)
    if as_json:
        emit_json(found)
    else:
        emit_page(page(found, page_width(), everything=everything))


def _told(found: Pulse) -> dict[str, Any]:
    """The changes as data."""
    return {
        "since": found.since.isoformat(),
        "as_of": found.as_of.isoformat(),
        "read_on": found.read_on.isoformat(),
        **{name: _section(getattr(found, name)) for name in SECTIONS},
        "not_compared": _not_compared(found),
    }


def _section(moves: Moves) -> dict[str, Any]:
    told = {
        "changed": moves.changed,
        "added": moves.added,
        "ended": moves.ended,
        "to_come": moves.to_come,
    }
    rows = {
        kind: [asdict(move) | {"on": str(move.on) if move.on else None} for move in found]
        for kind, found in told.items()
    }
    return {**rows, "undated": moves.undated, "unchanged": moves.unchanged}


def _not_compared(found: Pulse) -> list[str]:
    """What has no date to go by, in words."""
    return [
        f"API prices of {found.prices.undated:,} offers: the first day they are known on is the day their "
        f"list was read; {found.prices.unchanged:,} are on record for both days and the same.",
        "A day is the one on which a public list first had the price; the vendor may have changed it before.",
        f"{found.rentals.undated:,} rentals and {found.purchases.undated:,} purchases of these days: their "
        "pages bear no date.",
        f"{found.rates.undated:,} rates: one value each, without a day from which it holds; "
        f"{found.rates.unchanged:,} dated ones have no newer value.",
    ]
