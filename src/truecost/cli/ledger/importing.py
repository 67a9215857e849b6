"""`truecost ledger import`: logs into a store."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from truecost.cli.failures import NO, refuse
from truecost.cli.options import debug_option, json_option

if TYPE_CHECKING:
    from truecost.ledger.files import Limits


class _ListingDialects(click.Command):
    """A command whose help ends with what it reads; the readers are loaded only to be listed."""

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The dialects, as the readers tell them."""
        from truecost.ledger.readers import READERS

        with formatter.section("Dialects, found by themselves"):
            formatter.write_dl([(name, reader.what) for name, reader in READERS.items()])


@click.command("import", cls=_ListingDialects)
@click.argument("logs", nargs=-1, required=True, metavar="LOG...")
@click.option(
    "--into", required=True, metavar="STORE", help="The folder of the store; made where there is none."
)
@click.option("--format", "dialect", metavar="NAME", help="The dialect, where it is not found by itself.")
@click.option(
    "--map", "maps", multiple=True, metavar="COLUMN=FIELD,...",
    help="Take columns from fields: model=deployment,user=meta.user,tag:team=team. COLUMN==TEXT is the same"
    " for every row; model:NAME=MODEL says which model a name stands for, such as that of a deployment.",
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
def command(
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

    What a file is, its first lines say: one of the dialects below, or CSV, Parquet and JSONL of any columns
    with --map. Text may be gzipped.
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
