"""`truecost ledger`: what usage did cost, and whom; one file a question, loaded when it is asked."""

from __future__ import annotations

import click

from truecost.cli.lazy import LazyGroup
from truecost.cli.options import debug_option

QUESTIONS = {
    "import": ("importing", "Logs into a store, each request once."),
    "report": ("report", "What usage cost, the dearest first, led by how much of it has a price."),
    "sql": ("sql", "A question as SQL, for DuckDB, Spark, ClickHouse, BigQuery or Snowflake."),
    "rates": ("rates", "The prices of the models in a store, as a table to join."),
}
"""The file of each command and what it answers, in the order that one meets them."""


@click.group(
    "ledger",
    cls=LazyGroup,
    members={name: (f"{__name__}.{file}", what) for name, (file, what) in QUESTIONS.items()},
)
@debug_option
def command() -> None:
    """What usage did cost, and whom: logs in, priced lines out, with what has no price named first."""
