"""How much of what was used has a price, and what has none: a section of a usage report's page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from truecost.report.charts.ledger_coverage import STYLES, Covered, coverage_strip
from truecost.report.charts.svg import figure
from truecost.report.ledger_words import clipped, lines, usd, used
from truecost.report.phrases import plural, share
from truecost.report.sections.section import Listing, Section, Table
from truecost.report.sources import breakable
from truecost.report.usage_text import NONE

Told = Mapping[str, Any]
NAMED, MOST_NAMED = 10, 100
"""How many of what has no price are named at once, and at all."""
MEANS = {
    "priced": "the price of the day of use is known, or a bill states the amount",
    "estimated": (
        "a stream ended before its usage was told, a sum of requests does not tell their number or "
        "length, or the price is an estimate (rents of chips are)"
    ),
    "unpriced": "no price is known: in no amount on this page",
}

ENDS = {"priced": "a known price", "estimated": "an estimated price", "unpriced": "none"}


def covered(told: Told) -> list[Covered]:
    """Lines of usage by coverage, in the order of STYLES."""
    whole = told["total"]["entries"]
    found: list[Covered] = []
    for name in STYLES:
        row = told["by_coverage"][name]
        amount = "unknown" if name == "unpriced" and row["entries"] else usd(row["usd"])
        counted = lines(told, row["entries"])
        part = share(row["entries"] / whole) if whole else ""
        found.append(Covered(name, row["entries"], counted, part, amount if row["entries"] else "none"))
    return found


def coverage(told: Told) -> Section | None:
    """The strip of priced, estimated and unpriced lines, and what has no price; None without usage."""
    if not told["total"]["entries"]:
        return None
    parts = [one for one in covered(told) if one.entries]
    title = coverage_title(told)
    said = "; ".join(f"{one.name}: {MEANS[one.name]}" for one in parts)
    rows = [[one.name, MEANS[one.name], f"{one.entries:,}", one.share, one.usd] for one in parts]
    return Section(
        "coverage",
        title,
        f"{said[:1].upper()}{said[1:]}.",
        figure(lambda width: coverage_strip(parts, width), f"{title}."),
        tables=[
            Table(
                ("coverage", "what it means", "lines", "share", "USD"),
                rows,
                "Lines of usage by coverage",
                words=2,
            )
        ],
        listings=_unpriced(told),
    )


def coverage_title(told: Told) -> str:
    """How much has a price, in a sentence."""
    found = [(one, ENDS[one.name]) for one in covered(told) if one.entries]
    if len(found) == 1:
        return f"All of it has {found[0][1]}" if found[0][0].name != "unpriced" else "None of it has a price"
    (first, end), *others = found
    rest = "".join(f", {one.share} {what}" for one, what in others)
    return f"Of {lines(told, told['total']['entries'])}, {first.share} have {end}{rest}"


def _unpriced(told: Told) -> list[Listing]:
    """What has no price, the most used first; the many folded."""
    rows = [(_name(one), _why(one)) for one in told["unpriced"]]
    if not rows:
        return []
    made = [Listing("Without a price", rows[:NAMED], is_open=True)]
    more, beyond = rows[NAMED:MOST_NAMED], len(rows) - MOST_NAMED
    if more:
        rest = [(f"{beyond:,} more", "truecost ledger report STORE --json names them")] if beyond > 0 else []
        made.append(Listing(f"{plural(len(rows) - NAMED, 'more name')} without a price", [*more, *rest]))
    return made


def _name(one: Told) -> str:
    name = "/".join(part for part in (one["provider"], one["model"] or NONE) if part)
    tier = "batch" if one["batch"] else one["service_tier"]
    where = "".join(f", {part}" for part in (one["region"], tier) if part and part != "standard")
    return breakable(clipped(f"{name}{where}"))


def _why(one: Told) -> str:
    tokens = f", {one['tokens']:,} tokens" if one["kind"] == "api" else ""
    near = f"; nearest: {', '.join(one['nearest'])}" if one["nearest"] else ""
    return clipped(f"{used(one)}{tokens}: {one['why']}{near}", 300)
