"""`truecost ledger allocate`: a shared cost, by who used it; what nobody used is idle."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from functools import partial
from typing import Any

import click

from truecost.cli.failures import refuse
from truecost.cli.ledger.asked import (
    answer_options,
    check_outputs,
    columns,
    how_asked,
    month_option,
    prices_options,
    tell,
)
from truecost.cli.options import debug_option


@click.command("allocate")
@click.argument("store")
@click.option(
    "--cost",
    required=True,
    metavar="FILTER",
    help="The rows whose cost is shared out, such as: kind = fleet.",
)
@click.option(
    "--to",
    metavar="FILTER",
    help="The rows that used it, such as: model = house-model-7b; all other rows without.",
)
@click.option(
    "--basis",
    default="tokens",
    show_default=True,
    metavar="BASIS",
    help="tokens, input_tokens, output_tokens, requests, usd or equal.",
)
@click.option(
    "--capacity",
    metavar="N",
    help="Units of the basis that an hour of a chip can give: 3.6M; what is not used is idle.",
)
@click.option(
    "--by",
    default="feature",
    show_default=True,
    metavar="COLUMNS",
    help="Who it is shared out to; several with commas.",
)
@month_option
@prices_options
@answer_options
@debug_option
def command(
    *,
    store: str,
    cost: str,
    to: str | None,
    basis: str,
    capacity: str | None,
    by: str,
    csv: str | None,
    everything: bool,
    as_json: bool,
    **asked: Any,
) -> None:
    """Share out what some rows in STORE cost to those who used it, by a stated basis.

    What usage says is direct; what is shared out is an allocation. Lines sum to the whole, to the last digit.
    """
    from truecost.ledger.allocation import Shared, allocated
    from truecost.report.attribution_text import allocation_page, allocation_rows

    check_outputs(as_json=as_json, csv=csv, sources=[asked["catalog"]])
    shared = Shared(cost, to, basis.strip(), _capacity(capacity))
    told = allocated(store, shared, columns(by), **how_asked(asked)).to_dict()
    page = partial(allocation_page, everything=everything)
    tell(told, allocation_rows(told), page, as_json=as_json, csv=csv)


def _capacity(told: str | None) -> Decimal | None:
    """A count such as 3.6M."""
    if told is None:
        return None
    times = {"k": 10**3, "m": 10**6, "b": 10**9}.get(told.strip()[-1:].lower(), 1)
    try:
        found = Decimal(told.strip().rstrip("kKmMbB")) * times
    except InvalidOperation:
        found = Decimal("NaN")
    if not found.is_finite() or found <= 0:
        refuse(f"--capacity {told}: write a count an hour of a chip, such as 3.6M")
    return found
