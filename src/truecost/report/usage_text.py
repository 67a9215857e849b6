"""Usage for a terminal: what an import took in and kept aside, and what usage cost, its coverage first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from truecost.report.asked_text import by_which_prices, of_which
from truecost.report.layout import DEFAULT_WIDTH, Page, Style
from truecost.report.phrases import plural, share, shown
from truecost.report.tables import Column, table

Told = Mapping[str, Any]
_ROWS = 25
NONE = "(none)"
MOST = Decimal("0.8")
LEFT_OUT = ("duplicates", "conflicts", "rolled_up", "rejected")


def import_page(told: Told, width: int = DEFAULT_WIDTH) -> Page:
    """What an import did (`ImportResult.to_dict`), as a page."""
    page = Page(width)
    nouns = ("request",) if told["requests"] == told["rows"] else ("line of usage", "lines of usage")
    page.title(
        f"{plural(told['rows'], *nouns)} added to {told['store']}, {told['rows_in_store']:,} in it now"
    )
    if told["files"]:
        page.heading("Read")
        columns = [
            Column("file", wraps=True), Column("as", wraps=True), Column("added", right=True),
            Column("known\nbefore", right=True), Column("told\nanew", right=True),
            Column("sums of\nspans", right=True), Column("kept\naside", right=True),
        ]  # fmt: skip
        rows = [
            [
                one["file"],
                ", ".join(one["dialects"]),
                f"{one['rows']:,}",
                *(f"{one[key]:,}" if one[key] else "" for key in LEFT_OUT),
            ]
            for one in _largest(told["files"])
        ]
        page.extend(table(columns, rows, width))
    _import_notes(told, page)
    _aside(told, page)
    return page


def _largest(files: Sequence[Told]) -> list[Told]:
    """The files; of more than fit a page those that told the most, and the others as one line."""
    if len(files) <= _ROWS:
        return list(files)
    counts = ("rows", *LEFT_OUT)
    ordered = sorted(files, key=lambda one: -sum(one[key] for key in counts))
    rest = ordered[_ROWS:]
    sums = {key: sum(one[key] for one in rest) for key in counts}
    dialects = sorted({name for one in rest for name in one["dialects"]})
    return [*ordered[:_ROWS], {"file": plural(len(rest), "more file"), "dialects": dialects, **sums}]


def _import_notes(told: Told, page: Page) -> None:
    notes = [
        (len(told["skipped"]), "file", "imported before and unchanged: not read again"),
        (told["duplicates"], "request", "told before in the same words: counted once"),
        (told["rolled_up"], "span", "that only summed the spans below: left out"),
        (told["nothing_to_count"], "line", "that tell of no request of their own: passed over"),
        (told["estimated"], "row", "whose usage is estimated: a stream cut short, a report without requests"),
        (told["failed"], "row", "that failed: kept, with what was billed"),
        (told["unnamed"], "row", "without an id: known by file and line"),
    ]
    if any(count for count, _, _ in notes) or told["overlaps"]:
        page.heading("To know")
    for one in told["overlaps"]:
        page.item(_overlap(one), Style.WARNING)
    for count, noun, what in notes:
        if count:
            page.item(f"{plural(count, noun)} {what}.")


def _overlap(one: Told) -> str:
    """A warning: what two logs of the same days tell of is added up twice."""
    span = one["first_day"] if one["days"] == 1 else f"{one['first_day']} to {one['last_day']}"
    what = "requests" if one["kind"] == "api" else "chips"
    whose = f"{one['provider']}'s {what}" if one["provider"] else what
    if one["one"] == one["another"]:
        return (
            f"May count twice: {one['one']} told of {whose} on {plural(one['days'], 'day')} before ({span})."
        )
    return (
        f"May count twice: {one['one']} and {one['another']} both tell of {whose} on"
        f" {plural(one['days'], 'day')} ({span}). Where one sums the other, keep one of them."
    )


def _aside(told: Told, page: Page) -> None:
    if not told["reasons"]:
        return
    page.heading("Kept aside")
    rows = [[f"{count:,}", reason] for reason, count in told["reasons"].items()]
    page.extend(table([Column("lines", right=True), Column("because of", wraps=True)], rows, page.width))
    for one in told["first_rejects"]:
        page.item(f"{one['file']}:{one['line']}: {one['reason']}", Style.FAINT)
    page.text(f"All of them, by file and line: {told['rejects_file']}", Style.FAINT, indent=2, hanging=2)
    if told["conflicts_file"]:
        page.text(
            f"Told twice with other content: {told['conflicts_file']}", Style.FAINT, indent=2, hanging=2
        )


def report_page(told: Told, width: int = DEFAULT_WIDTH, *, everything: bool = False) -> Page:
    """What usage cost (`UsageReport.to_dict`), as a page: coverage, the groups, what failed, the parts."""
    page = Page(width)
    total, gaps = told["total"], told["by_coverage"]["unpriced"]["entries"]
    least = "at least " if gaps else ""
    page.title(f"{_span(told)}: {least}{_usd(total['usd'])} for {_used(total)}")
    of_which(told, page)
    _coverage(told, page)
    if told["by"] and told["groups"]:
        page.heading(f"By {', '.join(told['by'])}")
        _groups(told, page, everything=everything)
        if few := pareto(told["groups"], told["by"]):
            page.item(few)
    _failures(told, page)
    _parts(total, page)
    by_which_prices(told, page)
    return page


def _span(told: Told) -> str:
    if told["month"]:
        return f"{told['store']}, {told['month']}"
    return (
        f"{told['store']}, {told['first_day']} to {told['last_day']}" if told["first_day"] else told["store"]
    )


def _used(row: Told) -> str:
    """What was used: requests, hours of chips; lines of a bill alone are neither."""
    hours = Decimal(row["chip_hours"])
    said = [
        *([plural(row["requests"], "request")] if row["requests"] or not row["entries"] else []),
        *([shown(float(hours), "chip-hours")] if hours else []),
    ]
    return " and ".join(said) or plural(row["entries"], "line")


def _usd(amount: str) -> str:
    return shown(float(Decimal(amount)), "USD")


def _coverage(told: Told, page: Page) -> None:
    """How much has a price: never a silent zero."""
    entries, by = told["total"]["entries"], told["by_coverage"]
    if not entries:
        page.item("No usage in these days.", Style.WARNING)
        return
    noun = "request" if entries == told["total"]["requests"] else "line of usage"
    nouns = "requests" if noun == "request" else "lines of usage"
    priced = by["priced"]["entries"]
    page.item(
        f"Priced: {priced:,} of {entries:,} {nouns} ({share(priced / entries)}), {_usd(by['priced']['usd'])}."
    )
    if count := by["estimated"]["entries"]:
        page.item(
            f"Estimated: {count:,} {noun if count == 1 else nouns}, {_usd(by['estimated']['usd'])}: streams"
            " that ended before their usage was told, sums of requests whose number or length is not told,"
            " or a price that is an estimate (rents of chips are)."
        )
    if count := by["unpriced"]["entries"]:
        page.item(f"Unpriced, in no amount below: {count:,} {noun if count == 1 else nouns}.", Style.WARNING)
    for one in told["unpriced"]:
        page.item(_unpriced(one), Style.WARNING, indent=4)


def _unpriced(one: Told) -> str:
    name = "/".join(part for part in (one["provider"], one["model"] or NONE) if part)
    tier = "batch" if one["batch"] else one["service_tier"]
    at = "" if tier == "standard" else f", {tier}"
    near = f"; nearest: {', '.join(one['nearest'])}" if one["nearest"] else ""
    used = f"{_used(one)}, {one['tokens']:,} tokens" if one["kind"] == "api" else _used(one)
    return f"{name}{at}: {used}: {one['why']}{near}"


def _groups(told: Told, page: Page, *, everything: bool) -> None:
    by: Sequence[str] = told["by"]
    groups: Sequence[Told] = told["groups"]
    kept = groups if everything else groups[:_ROWS]
    whole = float(Decimal(told["total"]["usd"]))
    columns = [
        *(Column(one, wraps=True) for one in by), Column("requests", right=True),
        Column("input\ntokens", right=True, optional=True),
        Column("output\ntokens", right=True, optional=True), Column("chip-\nhours", right=True),
        Column("USD", right=True), Column("share", right=True), Column("unpriced", right=True),
    ]  # fmt: skip
    page.extend(table(columns, [_group(one, by, whole) for one in kept], page.width))
    rest = groups[len(kept) :]
    if rest:
        usd = sum((Decimal(one["usd"]) for one in rest), Decimal(0))
        page.text(
            f"and {plural(len(rest), 'more group')} of {_usd(str(usd))} in all: --all, --csv FILE",
            Style.FAINT,
            indent=2,
        )


def pareto(groups: Sequence[Told], by: Sequence[str]) -> str:
    """Which few make most of the cost; "" where there are too few to say.

    >>> rows = [{"user": f"u{n}", "usd": usd} for n, usd in enumerate(["80", "10", "5", "3", "2"])]
    >>> pareto(rows, ["user"])
    '1 of 5 (20\xa0%) makes 80\xa0% of the cost.'
    """
    amounts = [Decimal(one["usd"]) for one in groups]
    whole = sum(amounts, Decimal(0))
    if len(amounts) < 5 or whole <= 0 or not by or min(amounts) < 0:
        return ""
    reached, count = Decimal(0), 0
    for amount in sorted(amounts, reverse=True):
        reached, count = reached + amount, count + 1
        if reached >= MOST * whole:
            break
    verb = "makes" if count == 1 else "make"
    few = f"{count:,} of {len(amounts):,} ({share(count / len(amounts))})"
    return f"{few} {verb} {share(float(MOST))} of the cost."


def _group(one: Told, by: Sequence[str], whole: float) -> list[str]:
    usd = float(Decimal(one["usd"]))
    none_priced = one["unpriced_entries"] == one["entries"]
    return [
        *(label(one[name]) for name in by), f"{one['requests']:,}",
        shown(float(one["input_tokens"])), shown(float(one["output_tokens"])),
        shown(float(one["chip_hours"])) if Decimal(one["chip_hours"]) else "",
        "unknown" if none_priced else shown(usd), "" if none_priced or not whole else share(usd / whole),
        f"{one['unpriced_entries']:,}" if one["unpriced_entries"] else "",
    ]  # fmt: skip


def label(value: Any) -> str:
    """A value of a column that is grouped by, as a reader sees it."""
    if value is None or value == "":
        return NONE
    return ("yes" if value else "no") if isinstance(value, bool) else str(value)


def _failures(told: Told, page: Page) -> None:
    """What failed, was tried again or was cut short: lines of their own."""
    failed, cut, total = told["by_status"]["error"], told["by_status"]["cut"], told["total"]
    lines: list[str] = []
    if failed["requests"]:
        free = failed["unbilled_requests"]
        lines.append(
            f"Failed: {plural(failed['requests'], 'request')}, {free:,} of them not billed,"
            f" {_usd(failed['usd'])}."
        )
    if total["retried_requests"]:
        lines.append(
            f"Tried again: {plural(total['retried_requests'], 'request')}, {_usd(total['retried_usd'])}."
        )
    if cut["requests"]:
        lines.append(f"Cut short: {plural(cut['requests'], 'stream')}, {_usd(cut['usd'])}.")
    if lines:
        page.heading("Of that, failures and retries")
    for line in lines:
        page.item(line)


def _parts(total: Told, page: Page) -> None:
    """The kinds of token, and all else, that the total is made of."""
    parts = [
        ("plain input", "input_usd"), ("cache reads", "cache_read_usd"), ("cache writes", "cache_write_usd"),
        ("output and reasoning", "output_usd"), ("audio, images, searches, fees", "other_usd"),
        ("hours of chips", "chip_usd"), ("as a bill states it", "as_stated_usd"),
    ]  # fmt: skip
    whole = Decimal(total["usd"])
    rows = [
        [name, shown(float(Decimal(total[key]))), share(float(Decimal(total[key]) / whole))]
        for name, key in parts
        if Decimal(total[key])
    ]
    if rows:
        page.heading("Of that, by what is paid for")
        page.extend(
            table([Column("kind"), Column("USD", right=True), Column("share", right=True)], rows, page.width)
        )
