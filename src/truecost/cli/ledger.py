"""`truecost ledger`: what usage did cost, and whom: logs into a store, priced, added up, as SQL."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

from truecost.cli.failures import NO, note, refuse
from truecost.cli.options import debug_option, json_option

if TYPE_CHECKING:
    from truecost.ledger.files import Limits

by_option = click.option(
    "--by", default="model", show_default=True, metavar="COLUMNS",
    help="What to add up by: user, customer, feature, task, model, day, tag:NAME, ...; several with commas.",
)  # fmt: skip
month_option = click.option("--month", metavar="YYYY-MM", help="The days of one month; all without.")
as_known_option = click.option(
    "--as-known", type=click.DateTime(["%Y-%m-%d"]), metavar="YYYY-MM-DD",
    help="Price by what was known on that day; today without.",
)  # fmt: skip


@click.group("ledger")
@debug_option
def command() -> None:
    """What usage did cost, and whom: logs in, priced lines out, with what has no price named first."""


@command.command("import")
@click.argument("logs", nargs=-1, required=True, metavar="LOG...")
@click.option(
    "--into", required=True, metavar="STORE", help="The folder of the store; made where there is none."
)
@click.option("--format", "dialect", metavar="NAME", help="The dialect, where it is not found by itself.")
@click.option(
    "--map", "maps", multiple=True, metavar="COLUMN=FIELD,...",
    help="Take columns from fields: model=deployment,user=meta.user; COLUMN==TEXT is the same for every row.",
)  # fmt: skip
@click.option(
    "--input-excludes-cache",
    is_flag=True,
    help="With --map: input tokens leave cached tokens out of their count.",
)
@click.option(
    "--max-line", default="64MB", show_default=True, metavar="SIZE", help="Longer lines are kept aside."
)
@click.option("--strict", is_flag=True, help="Exit 1 when lines were kept aside.")
@json_option
@debug_option
@click.pass_context
def import_(
    ctx: click.Context,
    *,
    logs: tuple[str, ...],
    into: str,
    dialect: str | None,
    maps: tuple[str, ...],
    input_excludes_cache: bool,
    max_line: str,
    strict: bool,
    as_json: bool,
) -> None:
    """Read LOGs into a store, each request once; a file that is in it already is not read again.

    Dialects, found by themselves: openai-chat, openai-responses, anthropic-messages, litellm-spend,
    otel-genai; CSV, Parquet and JSONL of any columns with --map. Text may be gzipped.
    """
    from truecost.cli.output import emit_json, emit_page, page_width
    from truecost.ledger.importing import import_usage
    from truecost.report.usage_text import import_page

    mapping = _mapping(maps)
    if input_excludes_cache and not mapping:
        refuse("--input-excludes-cache: the dialects know it of themselves; it goes with --map")
    result = import_usage(
        _files(logs), into, dialect=dialect, mapping=mapping, input_excludes_cache=input_excludes_cache,
        limits=_limits(max_line),
    )  # fmt: skip
    if as_json:
        emit_json(result.to_dict())
    else:
        emit_page(import_page(result.to_dict(), page_width()))
    if strict and (result.rejected or result.conflicts_file):
        ctx.exit(NO)


@command.command("report")
@click.argument("store")
@by_option
@month_option
@as_known_option
@click.option("--csv", metavar="FILE", help="The groups, one row each, amounts to the last digit.")
@click.option("--all", "everything", is_flag=True, help="Show every group, not the first ones.")
@click.option("--strict", is_flag=True, help="Exit 1 when anything has no price.")
@json_option
@debug_option
@click.pass_context
def report(
    ctx: click.Context,
    *,
    store: str,
    by: str,
    month: str | None,
    as_known: datetime | None,
    csv: str | None,
    everything: bool,
    strict: bool,
    as_json: bool,
) -> None:
    """What the usage in STORE cost, the dearest first, led by how much of it has a price."""
    from truecost.cli.output import check_targets, emit_json, emit_page, page_width, write_all
    from truecost.ledger.reporting import usage_report
    from truecost.report.exports import table_csv
    from truecost.report.phrases import plural
    from truecost.report.usage_text import report_page

    check_targets({"--json": "-" if as_json else None, "--csv": csv})
    found = usage_report(store, _columns(by), month=month, as_known=as_known.date() if as_known else None)
    told = found.to_dict()
    if csv is not None:
        columns = list(told["groups"][0]) if told["groups"] else [*told["by"], "requests", "usd"]
        rows = ([one[key] for key in columns] for one in told["groups"])
        write_all({csv: table_csv(columns, rows)})
    if as_json:
        emit_json(told)
    elif csv != "-":
        emit_page(report_page(told, page_width(), everything=everything))
    if found.unpriced_requests:
        note(f"{plural(found.unpriced_requests, 'request')} without a price, in no amount")
        if strict:
            ctx.exit(NO)


@command.command("sql")
@click.argument("question")
@click.option(
    "--dialect",
    default="duckdb",
    show_default=True,
    metavar="NAME",
    help="duckdb, spark, clickhouse, bigquery or snowflake.",
)
@by_option
@month_option
@debug_option
def sql(*, question: str, dialect: str, by: str, month: str | None) -> None:
    """Print the SQL of a QUESTION (priced, report, unpriced) over the tables `usage` and `rates`.

    `usage` is the Parquet of a store; `truecost ledger rates` writes `rates`.
    """
    from truecost.cli.output import emit
    from truecost.ledger.questions import Window, check_by, printed
    from truecost.ledger.questions import question as asked

    window = Window.of_month(month) if month else None
    emit(printed(asked(question, check_by(_columns(by)), window), dialect) + "\n")


@command.command("rates")
@click.argument("store")
@as_known_option
@click.option("--csv", default="-", metavar="FILE", help="Where to write; stdout without.")
@debug_option
def rates(*, store: str, as_known: datetime | None, csv: str) -> None:
    """The prices of the models in STORE as CSV: the table `rates` that the printed SQL is asked of."""
    from truecost.cli.output import check_targets, write_all
    from truecost.ledger.reporting import rate_table
    from truecost.report.exports import table_csv

    check_targets({"--csv": csv})
    columns, rows = rate_table(store, as_known.date() if as_known else None)
    write_all({csv: table_csv(columns, rows)})


def _files(logs: tuple[str, ...]) -> list[str]:
    """The files named; a pattern that the shell left as it is, is looked up here."""
    import glob
    import os

    found: list[str] = []
    for one in logs:
        pattern = not os.path.exists(one) and glob.has_magic(one)
        matching = sorted(glob.glob(one)) if pattern else [one]
        found += matching or refuse(f"{one}: no file is named like this")
    return found


def _columns(by: str) -> list[str]:
    return [one.strip() for one in by.split(",") if one.strip()]


def _mapping(maps: tuple[str, ...]) -> dict[str, str]:
    """The columns of --map, each named once."""
    found: dict[str, str] = {}
    for part in (part for one in maps for part in one.split(",")):
        column, equals, told = part.partition("=")
        if not equals:
            refuse(f"--map {part}: write COLUMN=FIELD, such as model=deployment")
        if column.strip() in found:
            refuse(f"--map {part}: {column.strip()} is named twice")
        found[column.strip()] = told.strip()
    return found


def _limits(max_line: str) -> Limits:
    """The limit of a line, from a size such as 64MB."""
    from truecost import units
    from truecost.ledger.files import Limits

    try:
        size: Any = units.parse(max_line, "bytes")
    except ValueError as error:
        refuse(f"--max-line {max_line}: {error}")
    if not 1024 <= size <= 2 << 30:
        refuse(f"--max-line {max_line}: between 1 KB and 2 GB")
    return Limits(line_bytes=int(size))
