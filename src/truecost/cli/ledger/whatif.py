"""`truecost ledger whatif`: the same usage under another model, provider, tier, batch or cache policy."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

import click

from truecost.cli.failures import NO, note, refuse
from truecost.cli.ledger.asked import as_known_option, by_option, columns, month_option
from truecost.cli.options import catalog_option, debug_option, json_option

if TYPE_CHECKING:
    from truecost.ledger.whatif_moves import Change
    from truecost.ranges import Range


@click.command("whatif")
@click.argument("store")
@click.option("--model", metavar="NAME", help="Send it to this model.")
@click.option("--provider", metavar="NAME", help="Send it to this provider, such as aws, azure or vertex.")
@click.option("--tier", metavar="NAME", help="At a service tier: flex, priority, standard, ...")
@click.option("--batch/--no-batch", default=None, help="As a batch, or not as one.")
@click.option("--cache-ttl", metavar="5m|1h", help="Let what is written to caches live this long.")
@click.option("--cache-off", is_flag=True, help="Without caches.")
@click.option(
    "--cache-hit-rate", metavar="SHARE", help="With this share of the input read from a cache: 80%."
)
@click.option(
    "--tokenizer-ratio", metavar="RATIO",
    help="Tokens that the other model counts for one of the log's, as 1.2 or 1.1..1.4.",
)  # fmt: skip
@click.option(
    "--for", "where", metavar="FILTER",
    help="Only of rows like: feature = \"summary\" and not (input_tokens > 100k or tag:team in (a, b)).",
)  # fmt: skip
@click.option(
    "--session", default="task", show_default=True, metavar="COLUMN",
    help="With --cache-ttl: rows that agree in it share caches.",
)  # fmt: skip
@by_option
@month_option
@as_known_option
@catalog_option
@click.option("--csv", metavar="FILE", help="The groups, one row each, amounts to the last digit.")
@click.option("--all", "everything", is_flag=True, help="Show every group, not the first ones.")
@click.option("--strict", is_flag=True, help="Exit 1 when anything is left out.")
@json_option
@debug_option
@click.pass_context
def command(
    ctx: click.Context, *, store: str, where: str | None, session: str, by: str, month: str | None,
    as_known: datetime | None, catalog: str | None, csv: str | None, everything: bool, strict: bool,
    as_json: bool, **asked: Any,
) -> None:  # fmt: skip
    """What the usage in STORE would have cost otherwise: the same rows, priced again.

    What is re-priced at equal tokens is exact. Across tokenizers and cache lives the answer is a range. Rows
    without a price on either side are named and in neither sum. Options combine.
    """
    from truecost.catalog import load
    from truecost.cli.output import check_targets, emit_json, emit_page, page_width, write_all
    from truecost.ledger.whatif import whatif
    from truecost.report.exports import table_csv
    from truecost.report.phrases import plural
    from truecost.report.whatif_text import whatif_page

    check_targets({"--json": "-" if as_json else None, "--csv": csv})
    if session != "task" and asked["cache_ttl"] is None:
        refuse("--session goes with --cache-ttl: nothing else depends on it")
    _check_filter(where)
    known = as_known.date() if as_known else None
    found = whatif(
        store, _change(asked), columns(by), where=where, month=month, as_known=known, session=session,
        catalog=load(catalog) if catalog else None,
    )  # fmt: skip
    told = found.to_dict()
    if csv is not None:
        header = [*told["by"], *_COLUMNS]
        write_all({csv: table_csv(header, ([one[key] for key in header] for one in told["groups"]))})
    if as_json:
        emit_json(told)
    elif csv != "-":
        emit_page(whatif_page(told, page_width(), everything=everything))
    left = told["selected"]["entries"] - told["compared"]["entries"]
    if left:
        note(f"{plural(left, 'line')} of usage in neither sum")
        if strict or not told["compared"]["entries"]:
            ctx.exit(NO)


_COLUMNS = (
    "entries", "requests", "left_out_entries", "before_usd", "after_low_usd", "after_high_usd",
    "saving_low_usd", "saving_high_usd",
)  # fmt: skip


def _change(asked: dict[str, Any]) -> Change:
    """The options as a change."""
    from truecost.ledger.whatif_moves import Change

    share, ratio = asked.pop("cache_hit_rate"), asked.pop("tokenizer_ratio")
    return Change(
        **asked,
        cache_hit_share=None if share is None else _share(share),
        tokenizer_ratio=None if ratio is None else _ratio(ratio),
    )


def _check_filter(where: str | None) -> None:
    """Refuses a filter that is not understood, by the name of its option."""
    from truecost.ledger.filters import FilterError, filter_of

    try:
        if where is not None:
            filter_of(where)
    except FilterError as error:
        refuse(f"--for: {error}")


def _share(text: str) -> Decimal:
    """A share as 0.8 or 80%."""
    bare = text.strip()
    try:
        found = Decimal(bare.removesuffix("%").strip())
    except InvalidOperation:
        found = Decimal("NaN")
    if not found.is_finite():
        refuse(f"--cache-hit-rate {text}: a share such as 80% or 0.8")
    return found / 100 if bare.endswith("%") else found


def _ratio(text: str) -> Range:
    """A ratio as 1.2 or 1.1..1.4."""
    from truecost.ranges import Range

    low, dots, high = text.partition("..")
    try:
        return Range(float(low), float(high if dots else low))
    except ValueError:
        refuse(f"--tokenizer-ratio {text}: one number as 1.2, or from low to high as 1.1..1.4")
