"""`truecost init`: a commented plan to start from."""

from __future__ import annotations

import click

from truecost.cli.options import debug_option

KINDS = ("consumer", "builder", "lab")


@click.command("init")
@click.argument("kind", type=click.Choice(KINDS))
@debug_option
def command(*, kind: str) -> None:
    """Print a commented starter plan to stdout.

    \b
      consumer   a product for many users, free and paid, on a model of one's own
      builder    a product on API prices, sold to customers
      lab        a team that trains a model

    Keep it with: truecost init builder > my-plan.yaml
    """
    from truecost.cli.output import emit
    from truecost.plan.starters import starter

    emit(starter(kind))
