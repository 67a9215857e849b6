"""`truecost trends`: where prices are going, and how far the trend can be trusted."""

from __future__ import annotations

from datetime import datetime

import click

from truecost.cli.options import debug_option, json_option

NAMES = ("training-cost", "token-price", "gpu-hour", "price-performance")
FIRST_YEAR, LAST_YEAR = 2020, 2060


@click.command("trends")
@click.argument("name", metavar="[NAME]", required=False)
@click.option(
    "--until", type=click.IntRange(FIRST_YEAR, LAST_YEAR), default=2030, show_default=True,
    help="The last year predicted.",
)  # fmt: skip
@click.option(
    "--as-of", type=click.DateTime(["%Y-%m-%d"]), metavar="YYYY-MM-DD",
    help="Use what was known on a day, nothing later; today.",
)  # fmt: skip
@json_option
@click.option("--html", metavar="FILE", help="A self-contained page with the charts.")
@debug_option
def command(*, name: str | None, until: int, as_of: datetime | None, as_json: bool, html: str | None) -> None:
    """Where a price is going: its growth, what it predicts with ranges, and a backtest against random walks.

    Without a NAME, the finding of each. A plan follows a trend with price_path: trend:gpu-hour.

    \b
    training-cost      frontier runs
    token-price        API prices by vendors' flagship and small tiers
    gpu-hour           rents of chips
    price-performance  FLOP/s a USD of chips
    """
    from datetime import date

    from truecost.catalog.names import UnknownName
    from truecost.cli.failures import refuse
    from truecost.cli.output import check_targets, emit_json, emit_page, page_width, write_all
    from truecost.evidence.trends import trend

    targets = check_targets({"--html": html, "--json": "-" if as_json else None})
    day = as_of.date() if as_of else date.today()
    if until < day.year:
        refuse(f"--until {until} is before the year of {day}; give {day.year} or later")
    if name is None:
        if targets:
            refuse(f"--json and --html are of one trend: name one of {', '.join(NAMES)}")
        from truecost.report.trends_text import overview

        emit_page(overview({each: trend(each, day, until) for each in NAMES}, page_width()))
        return
    try:
        found = trend(name, day, until)
    except (UnknownName, LookupError) as problem:
        refuse(
            f"{problem.args[0]} (trends: {', '.join(NAMES)})"
            if isinstance(problem, UnknownName)
            else str(problem.args[0])
        )
    if as_json:
        emit_json(found)
    if "--html" in targets:
        from truecost.report.trends_html import render

        write_all({targets["--html"]: render(found)})
    if not targets:
        from truecost.report.trends_text import page

        emit_page(page(found, page_width()))
