"""What usage cost by group, and how few make most of it: a section of a usage report's page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import accumulate
from typing import Any

from truecost.report.charts.ledger_pareto import pareto_curve
from truecost.report.charts.svg import Figure, figure
from truecost.report.ledger_words import clipped, group_name, lines, listed, number_of, usd, whole_usd
from truecost.report.phrases import plural, share, shown
from truecost.report.sections.section import Choice, DecisionTable, Section, Table
from truecost.report.sections.training_choices import mini_bar
from truecost.report.usage_text import MOST, label, pareto

Told = Mapping[str, Any]
FIRST, MOST_FOLDED = 25, 200
"""Groups that are shown at once, and more of them below, folded; a table in a file has all."""
HEAD = ("Group", "USD", "requests", "input tokens", "output tokens")


def groups(told: Told) -> Section | None:
    """The dearest groups with their shares, the others folded; None where nothing is grouped."""
    found, by = told["groups"], told["by"]
    if not by or not found:
        return None
    title = groups_title(told)
    first = [_choice(one, told) for one in found[:FIRST]]
    return Section(
        "groups",
        title,
        "The dearest first; the bar is USD, the share is of all that has a price.",
        _curve(told, title),
        decision=DecisionTable(HEAD, first, f"Cost by {listed(by)}"),
        facts=_beyond(found),
        tables=[_more(found[FIRST : FIRST + MOST_FOLDED], told)] if len(found) > FIRST else [],
    )


def groups_title(told: Told) -> str:
    """How few groups make most of the cost; where they are too few to say, the dearest."""
    by = listed(told["by"])
    if few := pareto(told["groups"], told["by"]):
        return f"By {by}, {few.removesuffix('.')}"
    first, whole = told["groups"][0], whole_usd(told)
    if not whole > 0:
        return f"By {by}: none has a price"
    part = share(number_of(first["usd"]) / whole)
    return f"By {by}: {group_name(first, told['by'], 60)} makes {part} of the cost"


def _curve(told: Told, title: str) -> Figure | None:
    """The curve behind the title; None where there are too few groups."""
    if not pareto(told["groups"], told["by"]):
        return None
    amounts = sorted((number_of(one["usd"]) for one in told["groups"]), reverse=True)
    whole = sum(amounts)
    most = float(MOST) * whole * (1 - 1e-12)
    reached, summed = next((n, summed) for n, summed in enumerate(accumulate(amounts), 1) if summed >= most)
    said = f"{reached:,} of {len(amounts):,} {'makes' if reached == 1 else 'make'} {share(summed / whole)}"
    return figure(lambda width: pareto_curve(amounts, said, reached, width), f"{title}.")


def _choice(one: Told, told: Told) -> Choice:
    first, *others = told["by"]
    most = max(number_of(told["groups"][0]["usd"]), 0.0)
    amount = number_of(one["usd"])
    about = [f"{column} {label(one[column])}" for column in others]
    about += [shown(number_of(one["chip_hours"]), "chip-hours")] if number_of(one["chip_hours"]) else []
    about += [f"{lines(told, one['unpriced_entries'])} without a price"] if one["unpriced_entries"] else []
    return Choice(
        clipped(label(one[first])),
        clipped(" · ".join(about), 160),
        mini_bar(max(amount, 0.0) / most if most else 0.0, best=one is told["groups"][0]),
        _amount(one, whole_usd(told)),
        _counts(one),
        one is told["groups"][0],
    )


def _amount(one: Told, whole: float) -> str:
    if one["unpriced_entries"] == one["entries"]:
        return "unknown"
    part = f" · {share(number_of(one['usd']) / whole)}" if whole > 0 else ""
    return f"{usd(one['usd'])}{part}"


def _counts(one: Told) -> list[str]:
    return [f"{one['requests']:,}", shown(float(one["input_tokens"])), shown(float(one["output_tokens"]))]


def _more(found: Sequence[Told], told: Told) -> Table:
    """Further groups, a row each."""
    by, whole = told["by"], whole_usd(told)
    rows = [
        [
            *(clipped(label(one[column])) for column in by), _amount(one, whole), *_counts(one),
            f"{one['unpriced_entries']:,}" if one["unpriced_entries"] else "",
        ]
        for one in found
    ]  # fmt: skip
    head = (*by, "USD", "requests", "input tokens", "output tokens", "unpriced")
    return Table(head, rows, f"Groups {FIRST + 1} to {FIRST + len(found):,} by {listed(by)}", words=len(by))


def _beyond(found: Sequence[Told]) -> list[str]:
    """How much the groups below the first, and those that no table here has, come to."""
    rest = found[FIRST:]
    if not rest:
        return []
    amount = shown(sum(number_of(one["usd"]) for one in rest), "USD")
    left = len(rest) - MOST_FOLDED
    where = "in the table"
    if left > 0:
        where = f"{MOST_FOLDED} of them in the table, all of them with --csv FILE"
    return [f"{plural(len(rest), 'more group')} of {amount} in all, {where}."]
