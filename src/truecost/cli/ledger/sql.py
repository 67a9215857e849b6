"""`truecost ledger sql`: a question as SQL, in several dialects."""

from __future__ import annotations

import click

from truecost.cli.ledger.asked import by_option, columns, month_option, where_option
from truecost.cli.options import debug_option


@click.command("sql")
@click.argument("question")
@click.option(
    "--dialect",
    default="duckdb",
    show_default=True,
    metavar="NAME",
    help="duckdb, spark, clickhouse, bigquery or snowflake.",
)
@by_option
@where_option
@month_option
@debug_option
def command(*, question: str, dialect: str, by: str, where: str | None, month: str | None) -> None:
    """Print the SQL of a QUESTION (priced, report, unpriced) over the tables `usage` and `rates`.

    `usage` is the Parquet of a store; `truecost ledger rates` writes `rates`.
    """
    from truecost.cli.output import emit
    from truecost.ledger.filters import option_filter
    from truecost.ledger.questions import Window, check_by, printed
    from truecost.ledger.questions import question as asked

    window = Window.of_month(month) if month else None
    query = asked(question, check_by(columns(by)), window, option_filter("--for", where))
    emit(printed(query, dialect) + "\n")
