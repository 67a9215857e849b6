"""A what-if for a terminal: the saving, what was compared, by kind, by group, and what it does not know."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from truecost.report.asked_text import by_which_prices, of_which
from truecost.report.layout import DEFAULT_WIDTH, Page, Style, glued
from truecost.report.phrases import plural, share, shown
from truecost.report.tables import Column, table
from truecost.report.usage_text import NONE

Told = Mapping[str, Any]
_ROWS = 25
_LEFT_OUT_ROWS = 8
_COLUMNS = (
    "entries", "requests", "left_out_entries", "before_usd", "after_low_usd", "after_high_usd",
    "saving_low_usd", "saving_high_usd",
)  # fmt: skip
_SAVINGS = ("saving_low_usd", "saving_high_usd")
_PARTS = (
    ("plain input", "input_usd"), ("cache reads", "cache_read_usd"), ("cache writes", "cache_write_usd"),
    ("output and reasoning", "output_usd"), ("audio, images, searches, fees", "other_usd"),
    ("as stated", "as_stated_usd"), ("all", "usd"),
)  # fmt: skip
_FATES = {
    "not_api": "chips or lines of a bill", "stated": "with an amount that is stated",
    "unpriced_before": "without a price before", "unpriced_after": "without a price after",
    "other_work": "of another kind", "other_media": "with audio or images", "too_long": "too long for it",
}  # fmt: skip


def whatif_page(told: Told, width: int = DEFAULT_WIDTH, *, everything: bool = False) -> Page:
    """What usage would have cost (`WhatIf.to_dict`), as a page."""
    page = Page(width)
    page.title(_finding(told))
    _compared(told, page)
    if told["compared"]["entries"]:
        _kinds(told, page)
        if told["by"]:
            _groups(told, page, everything=everything)
        _moves(told, page)
    if told["cannot_know"] and told["selected"]["entries"]:
        page.heading("What this does not know")
        for one in told["cannot_know"]:
            page.item(one)
    by_which_prices(told, page, "Both sides at prices of the day of use")
    return page


def table_rows(told: Told) -> tuple[list[str], list[list[Any]]]:
    """The groups as a table, one row each; all of it as one row where there are none."""
    header = [*told["by"], *_COLUMNS]
    if told["by"]:
        return header, [[one[name] for name in header] for one in told["groups"]]
    selected, compared = told["selected"], told["compared"]
    return header, [
        [
            compared["entries"], compared["requests"], selected["entries"] - compared["entries"],
            told["before"]["usd"], told["after_low"]["usd"], told["after_high"]["usd"],
            told["saving_usd"]["low"], told["saving_usd"]["high"],
        ]
    ]  # fmt: skip


def alternative(change: Told) -> str:
    """A change in words.

    >>> alternative({"model": "gpt-5-mini", "provider": None, "tier": None, "batch": True, "cache_ttl": None,
    ...              "cache_off": False, "cache_hit_share": None, "tokenizer_ratio": None})
    'on gpt-5-mini, as a batch'
    """
    parts = {
        f"on {change['model']}": change["model"], f"from {change['provider']}": change["provider"],
        f"at tier {change['tier']}": change["tier"], "as a batch": change["batch"],
        "not as a batch": change["batch"] is False,
        f"with writes kept {change['cache_ttl']}": change["cache_ttl"], "without caches": change["cache_off"],
        f"with {_hits(change)} of the input cached": change["cache_hit_share"] is not None,
    }  # fmt: skip
    return ", ".join(words for words, given in parts.items() if given)


def _hits(change: Told) -> str:
    given = change["cache_hit_share"]
    return "" if given is None else share(float(given))


def _finding(told: Told) -> str:
    if not told["selected"]["entries"]:
        return f"{_span(told)}: no usage to ask about"
    if not told["compared"]["entries"]:
        return f"{_span(told)}: {alternative(told['change'])}, nothing can be compared"
    before = shown(_number(told["before"]["usd"]), "USD")
    after = _between(told["after_low"]["usd"], told["after_high"]["usd"], "USD")
    return f"{_span(told)}: {alternative(told['change'])}, {after} in place of {before}: {_saved(told)}"


def _span(told: Told) -> str:
    if told["month"]:
        return f"{told['store']}, {told['month']}"
    days = dict.fromkeys((told["first_day"], told["last_day"]))
    return f"{told['store']}, {' to '.join(days)}" if told["first_day"] else told["store"]


def _saved(told: Told) -> str:
    """The saving in words, with its share of what was paid."""
    low, high = (Decimal(told["saving_usd"][end]) for end in ("low", "high"))
    shares = [told["saving_share"][end] for end in ("low", "high")]
    if low == high == 0:
        return "no difference"
    if low < 0 < high:
        return (
            f"from {shown(float(-low), 'USD')} dearer ({_percent(shares[0])}) to"
            f" {shown(float(high), 'USD')} saved ({_percent(shares[1])})"
        )
    if high <= 0:
        low, high, shares = -high, -low, [-one if one is not None else None for one in reversed(shares)]
        word = "dearer"
    else:
        word = "saved"
    ends = " – ".join(dict.fromkeys(_percent(one).removesuffix(glued(" %")) for one in shares))
    of = f" ({glued(ends + ' %')})" if ends else ""
    return f"{_between(low, high, 'USD')} {word}{of}"


def _percent(value: float | None) -> str:
    return share(None if value is None else abs(value))


def _number(amount: str) -> float:
    return float(Decimal(amount))


def _between(one: str | Decimal, other: str | Decimal, unit: str = "") -> str:
    """One number, or the two ends of a range, at three digits."""
    ordered = sorted((Decimal(one), Decimal(other)))
    ends = dict.fromkeys(shown(float(end)) for end in ordered)
    return glued(f"{' – '.join(ends)} {unit}".rstrip())


def _compared(told: Told, page: Page) -> None:
    """How much is compared, and what is left out on both sides."""
    selected, compared = told["selected"], told["compared"]
    of_which(told, page)
    if not selected["entries"]:
        return
    entries, changed = compared["entries"], compared["changed_entries"]
    nouns = "requests" if selected["entries"] == selected["requests"] else "lines of usage"
    already = f"; {entries - changed:,} of them do not change" if entries > changed else ""
    page.item(f"Compared: {entries:,} of {selected['entries']:,} {nouns}{already}.")
    if compared["estimated_entries"]:
        page.item(
            f"Estimated, among them: {compared['estimated_entries']:,}: a price, the usage or how long"
            " requests were is not known exactly."
        )
    if compared["stated_entries"]:
        page.item(
            f"Before, with an amount that the log states: {compared['stated_entries']:,};"
            " after, by list prices."
        )
    _bounds(told, page)
    for fate in dict.fromkeys(one["fate"] for one in told["left_out"]):
        _left_out([one for one in told["left_out"] if one["fate"] == fate], page)


def _left_out(rows: Sequence[Told], page: Page) -> None:
    """The rows of one fate, the dearest first."""
    entries, usd = sum(one["entries"] for one in rows), sum(Decimal(one["before_usd"]) for one in rows)
    cost = f", {shown(float(usd), 'USD')} before" if usd else ""
    page.item(f"Left out of both sides, {_FATES[rows[0]['fate']]}: {entries:,}{cost}.", Style.WARNING)
    for one in rows[:_LEFT_OUT_ROWS]:
        page.item(_one_left_out(one), Style.WARNING, indent=4)
    if (rest := len(rows) - _LEFT_OUT_ROWS) > 0:
        page.item(f"and {plural(rest, 'more model')}: --json", Style.FAINT, indent=4)


def _one_left_out(one: Told) -> str:
    tier = "batch" if one["batch"] else one["service_tier"]
    at = "" if tier == "standard" else f", {tier}"
    cost = f", {shown(_number(one['before_usd']), 'USD')}" if Decimal(one["before_usd"]) else ""
    near = f"; nearest: {', '.join(one['nearest'])}" if one["nearest"] else ""
    return f"{_model(one)}{at}: {one['entries']:,}{cost}: {one['why']}{near}"


def _model(one: Told) -> str:
    return "/".join(part for part in (one["provider"], one["model"] or NONE) if part)


def _bounds(told: Told, page: Page) -> None:
    found = told["cache_bounds"]
    if not found:
        return
    life = told["change"]["cache_ttl"]
    tokens = found["spared_tokens" if life == "1h" else "lapsed_tokens"]
    what = (
        "written anew that an hour may have spared" if life == "1h" else "read that 5 minutes may have lost"
    )
    page.item(f"Tokens {what}: 0 – {tokens:,}." if tokens else f"Tokens {what}: none found.")
    if found["untimed_entries"]:
        page.item(
            f"{plural(found['untimed_entries'], 'request')} that write to a cache and name no"
            f" {told['session']}: nothing is taken to change for them but the price of a write.",
            Style.WARNING,
        )


def _kinds(told: Told, page: Page) -> None:
    sides = [told[side] for side in ("before", "after_low", "after_high")]
    rows = [
        [
            name,
            shown(_number(sides[0][key])),
            _between(sides[1][key], sides[2][key]),
            _less(*(s[key] for s in sides)),
        ]
        for name, key in _PARTS
        if any(Decimal(side[key]) for side in sides)
    ]
    if rows:
        page.heading("By kind of token, USD")
        columns = [
            Column("kind", wraps=True), Column("before", right=True), Column("after", right=True),
            Column("saved", right=True),
        ]  # fmt: skip
        page.extend(table(columns, rows, page.width))


def _less(before: str, low: str, high: str) -> str:
    return _between(Decimal(before) - Decimal(high), Decimal(before) - Decimal(low))


def _groups(told: Told, page: Page, *, everything: bool) -> None:
    by: Sequence[str] = told["by"]
    groups: Sequence[Told] = told["groups"]
    kept = groups if everything else groups[:_ROWS]
    page.heading(f"By {', '.join(by)}, as it was, USD")
    columns = [
        *(Column(one, wraps=True) for one in by), Column("compared", right=True, optional=True),
        Column("before", right=True), Column("after", right=True), Column("saved", right=True),
        Column("left\nout", right=True, optional=True),
    ]  # fmt: skip
    page.extend(table(columns, [_group(one, by) for one in kept], page.width))
    if rest := groups[len(kept) :]:
        least, most = (sum((Decimal(one[key]) for one in rest), Decimal(0)) for key in _SAVINGS)
        saved = _between(least, most, "USD")
        page.text(
            f"and {plural(len(rest), 'more group')}, {saved} saved in all: --all, --csv FILE",
            Style.FAINT,
            indent=2,
        )


def _group(one: Told, by: Sequence[str]) -> list[str]:
    labels = [_label(one[name]) for name in by]
    left = f"{one['left_out_entries']:,}" if one["left_out_entries"] else ""
    if not one["entries"]:
        return [*labels, "0", "", "", "", left]
    return [
        *labels, f"{one['entries']:,}", shown(_number(one["before_usd"])),
        _between(one["after_low_usd"], one["after_high_usd"]),
        _between(one["saving_low_usd"], one["saving_high_usd"]), left,
    ]  # fmt: skip


def _label(value: Any) -> str:
    if value is None or value == "":
        return NONE
    return ("yes" if value else "no") if isinstance(value, bool) else str(value)


def _moves(told: Told, page: Page) -> None:
    if not told["moves"]:
        return
    page.heading("Where they go; tokens counted there for one counted here")
    rows = [
        [
            _model(one), one["priced_as"] or one["to_model"], f"{one['entries']:,}",
            _between(one["tokens_for_one_low"], one["tokens_for_one_high"]),
        ]
        for one in told["moves"]
    ]  # fmt: skip
    columns = [
        Column("model", wraps=True), Column("goes to"), Column("requests", right=True, optional=True),
        Column("tokens for one", right=True),
    ]  # fmt: skip
    page.extend(table(columns, rows, page.width))
    for line in dict.fromkeys(_sources(told["moves"])):
        page.text(line, Style.FAINT, indent=2, hanging=2)


def _sources(moves: Sequence[Told]) -> Iterator[str]:
    for one in moves:
        if one["source"]:
            yield f"Tokens: {one['source']}"
    for one in moves:
        if one["longest_input_tokens"]:
            limit = f"{one['longest_input_tokens']:,} input tokens"
            yield f"{one['to_model']} takes {limit} ({one['longest_input_source']})."
