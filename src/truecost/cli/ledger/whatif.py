"""`truecost ledger whatif`: the same usage under another model, provider, tier, batch or cache policy."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from functools import partial
from typing import TYPE_CHECKING, Any

import click

from truecost.cli.failures import NO, note, refuse
from truecost.cli.ledger.asked import (
    answer_options,
    by_option,
    check_outputs,
    columns,
    how_asked,
    rows_options,
    tell,
)
from truecost.cli.options import debug_option

if TYPE_CHECKING:
    from truecost.ledger.whatifs.moves import Change
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
    "--session", default="task", show_default=True, metavar="COLUMN",
    help="With --cache-ttl: rows that agree in it share caches.",
)  # fmt: skip
@by_option
@rows_options
@answer_options
@click.option("--strict", is_flag=True, help="Exit 1 when anything is left out.")
@debug_option
@click.pass_context
def command(
    ctx: click.Context, *, store: str, session: str, by: str, csv: str | None, everything: bool, strict: bool,
    as_json: bool, **asked: Any,
) -> None:  # fmt: skip
    """What the usage in STORE would have cost otherwise: the same rows, priced again.

    What is re-priced at equal tokens is exact. Across tokenizers and cache lives the answer is a range. Rows
    without a price on either side are named and in neither sum. Options combine.
    """
    from truecost.ledger.whatifs.whatif import whatif
    from truecost.report.phrases import plural
    from truecost.report.whatif_text import table_rows, whatif_page

    check_outputs(as_json=as_json, csv=csv, sources=[asked["catalog"]])
    if session != "task" and asked["cache_ttl"] is None:
        refuse("--session goes with --cache-ttl: nothing else depends on it")
    how = how_asked(asked)
    told = whatif(store, _change(asked), columns(by), session=session, **how).to_dict()
    tell(told, table_rows(told), partial(whatif_page, everything=everything), as_json=as_json, csv=csv)
    left = told["selected"]["entries"] - told["compared"]["entries"]
    if left:
        note(f"{plural(left, 'line')} of usage in neither sum")
    if not told["compared"]["entries"] or (strict and left):
        ctx.exit(NO)


def _change(asked: dict[str, Any]) -> Change:
    """The options as a change."""
    from truecost.ledger.whatifs.moves import Change

    share, ratio = asked["cache_hit_rate"], asked["tokenizer_ratio"]
    return Change(
        **{key: asked[key] for key in ("model", "provider", "tier", "batch", "cache_ttl", "cache_off")},
        cache_hit_share=None if share is None else _share(share),
        tokenizer_ratio=None if ratio is None else _ratio(ratio),
    )


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
