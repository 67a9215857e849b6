"""What is paid for by kind, and what failed, was tried again or was cut short: two sections of a page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from truecost.report.charts.composition import composition
from truecost.report.charts.svg import figure
from truecost.report.ledger_words import number_of, usd, whole_usd
from truecost.report.phrases import plural, share, shown
from truecost.report.sections.composed import grouped, parts_table, spoken
from truecost.report.sections.section import Choice, DecisionTable, Section
from truecost.report.sections.training_choices import mini_bar

Told = Mapping[str, Any]
KINDS = {
    "input": ("input_usd", "cache_read_usd", "cache_write_usd"),
    "output": ("output_usd",),
    "other fees": ("other_usd",),
    "chips": ("chip_usd",),
    "bills": ("as_stated_usd",),
}
LEAST = 1e-12
"""Of the total: what is less is nothing."""
NAMES = {
    "input_usd": "plain input",
    "cache_read_usd": "cache reads",
    "cache_write_usd": "cache writes",
    "output_usd": "output and reasoning",
    "other_usd": "audio, images, searches, fees",
    "chip_usd": "hours of chips",
    "as_stated_usd": "as a bill states it",
}


def kinds(told: Told) -> Section | None:
    """The parts of the total by what is paid for; None where nothing was paid."""
    amounts = {key: number_of(told["total"][key]) for key in NAMES}
    paid = {key: amount for key, amount in amounts.items() if amount > 0}
    total = sum(paid.values())
    if not paid:
        return None
    found = [one for one in grouped(paid, KINDS, NAMES, _shown, LEAST) if one.parts]
    largest = max(paid, key=lambda key: paid[key])
    title = f"{share(paid[largest] / total)} is paid for {NAMES[largest]}"
    if largest == "as_stated_usd":
        title = f"{share(paid[largest] / total)} is what bills state"
    tokens = told["total"]["input_tokens"]
    reads = told["total"]["cache_read_tokens"]
    credits = -sum(amount for amount in amounts.values() if amount < 0)
    facts = [f"Of {shown(float(tokens), 'input tokens')}, {share(reads / tokens)} were read from a cache."]
    return Section(
        "kinds",
        title,
        "The strip is all that has a price, a tone for each kind. A cached token counts once, at its price.",
        figure(lambda width: composition(found, width), spoken(title, found)),
        facts=[
            *(facts if tokens else []),
            *([f"Credits of {_shown(credits)} on bills are not in the strip."] if credits else []),
        ],
        tables=[parts_table(found, total, "USD by what is paid for")],
    )


def _shown(amount: float) -> str:
    return shown(amount, "USD")


def failures(told: Told) -> Section | None:
    """What failed, was tried again or was cut short, and what of it was billed; None without requests."""
    total, failed, cut = told["total"], told["by_status"]["error"], told["by_status"]["cut"]
    if not total["requests"]:
        return None
    free = failed["unbilled_requests"]
    rows = [
        ("Failed", f"{free:,} of them not billed", failed["requests"], failed["usd"]),
        ("Tried again", "by the tags attempt and retry_of", total["retried_requests"], total["retried_usd"]),
        ("Cut short", "streams that ended early", cut["requests"], cut["usd"]),
    ]
    found = [row for row in rows if row[2]]
    if not found:
        return Section(
            "failures",
            "Nothing failed, was tried again or was cut short",
            "As far as the logs tell: not every dialect has failures.",
        )
    most, whole = max(number_of(row[3]) for row in found), whole_usd(told)
    names = {"Failed": "failed", "Tried again": "were tried again", "Cut short": "were cut short"}
    said = ", ".join(f"{row[2]:,} {names[row[0]]}" for row in found)
    return Section(
        "failures",
        f"Of {plural(total['requests'], 'request')}, {said}",
        "What was billed of them is in the amounts above; one request may be in more than one row.",
        decision=DecisionTable(
            ("Requests", "USD", "requests", "of all requests"),
            [
                Choice(
                    name, about,
                    mini_bar(max(number_of(amount), 0.0) / most if most > 0 else 0.0, best=False),
                    f"{usd(amount)}{f' · {share(number_of(amount) / whole)}' if whole > 0 else ''}",
                    [f"{count:,}", share(count / total["requests"])],
                )
                for name, about, count, amount in found
            ],
            "Failures, retries and streams that were cut short",
        ),
    )  # fmt: skip
