"""`truecost ledger`: what usage did cost, and whom; one file a question, loaded when it is asked."""

from __future__ import annotations

import click

from truecost.cli.lazy import LazyGroup
from truecost.cli.options import debug_option

QUESTIONS = {
    "import": ("importing", "Logs into a store, each request once."),
    "report": ("report", "What usage cost, the dearest first, led by how much of it has a price."),
    "unit": ("unit", "What a task, a user or an outcome costs."),
    "allocate": ("allocate", "A shared cost by who used it, and what of it was idle."),
    "cache": ("cache", "What prompt caches saved, and what they missed at most."),
    "export": ("export", "Priced usage as FOCUS rows, for tools that read bills."),
    "forecast": ("forecast", "What the month will have cost, with its range and past error."),
    "anomalies": ("anomalies", "Days whose cost the days before do not explain, and what does."),
    "budget": ("budget", "Budgets: what is spent, the burn rate, the day that each breaks."),
    "whatif": ("whatif", "The same usage under another model, provider, tier, batch or cache policy."),
    "reconcile": ("reconcile", "An invoice against the ledger, and their difference by cause."),
    "margin": ("margin", "What customers paid, less what their usage cost, the worst first."),
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
