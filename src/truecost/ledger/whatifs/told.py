"""What a what-if does not know, and why rows are in neither of its sums: in words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from truecost.ledger.whatifs.moves import OFF, SHARE, Change, Move

FATES = {
    "not_api": "chips, or a line of a bill: nothing is sent to another model",
    "stated": "its amount is stated by a bill or a log, not made of prices that could change",
    "unpriced_before": "no price is known of it as it was",
    "other_work": "one makes embeddings and the other answers: another kind of work",
    "other_media": "it has audio or images, which vendors count each in their own way",
    "too_long": "its input is longer than the model takes",
    "unpriced_after": "no price is known of it under the alternative",
}
"""Why a row is compared on neither side."""


def left_out_why(fate: str, move: Move, sold: tuple[str, bool], priced_as: str | None) -> str:
    """Why rows of one model are left out; `sold` is the tier, and whether as a batch, that lacks a price."""
    if fate == "too_long":
        return f"longer than the {move.longest_input or 0:,} tokens it takes ({move.window_source})"
    if not fate.startswith("unpriced"):
        return FATES[fate]
    if fate == "unpriced_after" and priced_as:
        return f"no price is known for a kind of token that was used of {priced_as}"
    tier, batch = sold
    at = "as a batch" if batch else f"at tier {tier}"
    days = [
        row.valid_from
        for row in (move.cell.rows if move.cell else ())
        if (row.service_tier, row.batch) == sold
    ]
    first = f"; its first is of {min(days)}" if days else ""
    return (
        f"no price of {move.model if fate == 'unpriced_after' else move.own.model} is known {at} then{first}"
    )


def cannot_know(change: Change, moves: Sequence[Move], session: str, *, is_exact: bool) -> tuple[str, ...]:
    """What no re-pricing can know, for this change."""
    return (*_of_models(change, moves), *_of_tiers(change), *_of_caches(change, session, is_exact=is_exact))


def _of_models(change: Change, moves: Sequence[Move]) -> Iterator[str]:
    moved = [one for one in moves if one.is_moved]
    if change.model is not None and moved:
        yield "Whether the answers are good enough: try both models on your own requests."
        yield "How long its answers are and how much it reasons: taken to be the same text."
        if any(not one.ratio.is_equal for one in moved):
            yield "How its tokenizer counts your text: a range stands in; --tokenizer-ratio takes one."
        yield "Whether its caches hit as often: cached tokens stay cached."
        if any(one.rest_written for one in moved) and change.cache != SHARE:
            yield (
                "How much it would write to its caches, where those that were used before bill no writes:"
                " between nothing and all of the plain input."
            )
    if moved and any(one.longest_input is None and one.cell is not None for one in moved):
        yield "How long an input it takes, where no limit is on record or longer ones have a price."
    if any(one.provider != one.own.provider for one in moved):
        yield "Latency, quotas and terms of another provider."


def _of_tiers(change: Change) -> Iterator[str]:
    if change.batch:
        yield "Whether answers hours later will do, and how often caches hit within a batch."
    if change.batch is False:
        yield "Whether answers at once are worth it."
    if change.tier is not None:
        yield f"Whether tier {change.tier} is open to you and has room when asked, and how fast it answers."


def _of_caches(change: Change, session: str, *, is_exact: bool) -> Iterator[str]:
    if change.cache == SHARE:
        yield "Whether your prompts share that much, and are long enough for the vendor's cache."
        if not is_exact:
            yield "How much of the rest is written to the cache: between nothing and all of it."
    if change.cache_ttl == "1h" and change.cache != SHARE:
        yield (
            f"What an hour spares: from nothing to every write that follows a cached request of its {session}"
            " by 5 to 60 minutes, up to what that one had cached. Sessions are taken to share no caches."
        )
    if change.cache_ttl == "5m" and change.cache != SHARE:
        yield (
            f"What 5 minutes lose: from nothing to every read that follows the last cached request of its"
            f" {session} by 5 to 60 minutes. Sessions are taken to share no caches."
        )
    if change.cache == OFF:
        yield "How much slower uncached prompts are read."
