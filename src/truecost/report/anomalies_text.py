"""Anomalies for a terminal: each odd day, what explains it, and by what effect."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from truecost.report.asked_text import by_which_prices, of_which
from truecost.report.forecast_text import at_least, label, usage_notes, usd, usd_range
from truecost.report.layout import DEFAULT_WIDTH, Page, Style, glued
from truecost.report.phrases import plural, share, shown

Told = Mapping[str, Any]
_ROWS = 20
_WORTH_TELLING = 0.05
EFFECTS = {
    "requests": "requests",
    "model_mix": "dearer models or tiers",
    "input_tokens_per_request": "input tokens a request",
    "cache_read_share": "share read from the cache",
    "output_tokens_per_request": "output tokens a request",
    "usd_per_token": "price of a token",
    "other_usd_per_request": "other amounts a request",
}
"""The effects in words."""


def anomalies_page(told: Told, width: int = DEFAULT_WIDTH, *, everything: bool = False) -> Page:
    """What stood out (`Anomalies.to_dict`), as a page, the newest first."""
    page = Page(width)
    found = told["anomalies"]
    count = plural(len(found), f"odd {told['step']}") if found else "none"
    page.title(f"{told['store']}, anomalies: {count} among {_looked_at(told)}")
    of_which(told, page)
    if not told["judged_steps"]:
        page.item(
            f"Nothing could be judged: it takes {told['least_days']} days of cost before the first"
            f" {told['step']} that is, and usage on most of them.",
            Style.WARNING,
        )
    elif not found:
        page.item(f"No {told['step']} costs what those before it do not lead to expect.")
    elif len(found) > 1:
        page.item(
            f"About one in {round(1 / told['false_share'])} of what is named may be chance, however many"
            " are looked at.",
            Style.FAINT,
        )
    for one in found if everything else found[:_ROWS]:
        _anomaly(told, one, page)
    if len(found) > _ROWS and not everything:
        page.text(f"and {len(found) - _ROWS} more: --all, --csv FILE", Style.FAINT, indent=2)
    page.blank()
    _notes(told, page)
    by_which_prices(told, page)
    return page


def _looked_at(told: Told) -> str:
    groups = f" of {plural(told['series'], 'group')}" if told["by"] else ""
    since = told["since"] or told["first_day"]
    return f"{plural(told['judged_steps'], told['step'])}{groups}, {since} to {told['on']}"


def _anomaly(told: Told, one: Told, page: Page) -> None:
    page.heading(
        f"{one['at']}{_of(one)}: {at_least(told)}{usd(one['usd'])}, expected {usd_range(one['expected_usd'])}"
    )
    if one["explained_by"] is None:
        page.item(
            "Not among the largest, which are explained; --since narrows what is looked at.", Style.FAINT
        )
        return
    page.item(explained(one))
    others = ", ".join(
        f"{value_of(each)} {share(each['share_of_excess'])}" for each in one["explained_by"][1:]
    )
    if others:
        page.item(f"Seen otherwise: {others}.", Style.FAINT)
    compared = one["compared_with"]
    if compared:
        page.item(
            f"Compared with {plural(len(compared), told['step'])}, the last {max(compared)}.", Style.FAINT
        )


def _of(one: Told) -> str:
    values = ", ".join(f"{key}={label(value)}" for key, value in one["label"].items())
    return f", {values}" if values else ""


def explained(one: Told) -> str:
    """The finding in a sentence: which value, how much of the excess, by which effects.

    >>> part = {"dimension": "feature", "value": "agent", "share_of_excess": 0.94}
    >>> effect = {"effect": "requests", "before": 10.0, "after": 31.0, "share_of_excess": 0.9}
    >>> told = {"excess_usd": "120", "explained_by": [part], "within": [], "effects": [effect],
    ...         "compared_with": ["2026-10-01"]}
    >>> explained(told).replace(chr(160), " ")
    'feature=agent explains 94 % of +120 USD: requests × 3.1.'
    """
    effects = [each for each in one["effects"] if abs(each["share_of_excess"]) >= _WORTH_TELLING]
    said = ", ".join(effect_of(each) for each in effects)
    if not one["compared_with"]:
        said = "nothing like it was used before"
    elif not said:
        said = "new there: the days compared have none of it"
    if not one["explained_by"]:
        return f"Spread over all users, features and models as usual: {said}."
    first = one["explained_by"][0]
    within = "".join(
        f" (within it {value_of(each)} {share(each['share_of_excess'])})" for each in one["within"]
    )
    how_much = f"{share(first['share_of_excess'])} of {signed(one['excess_usd'])}"
    return f"{value_of(first)} explains {how_much}{within}: {said}."


def value_of(part: Told) -> str:
    """A value of a dimension."""
    return glued(f"{part['dimension']}={label(part['value'])}")


def effect_of(effect: Told) -> str:
    """An effect: the factor, before and after."""
    name, before, after = EFFECTS[effect["effect"]], effect["before"], effect["after"]
    if effect["effect"] == "cache_read_share":
        return f"{name} {share(before)} → {share(after)}"
    if effect["effect"] == "other_usd_per_request" or not before:
        return f"{name} {glued(f'{shown(before)} → {shown(after)}')}"
    return f"{name} {glued(f'× {shown(after / before)}')}"


def signed(amount: str) -> str:
    """An amount with its sign.

    >>> signed("120.00").replace(chr(160), " "), signed("-3").replace(chr(160), " ")
    ('+120 USD', '−3 USD')
    """
    sign = "−" if Decimal(amount) < 0 else "+"
    return sign + shown(abs(float(Decimal(amount))), "USD")


def _notes(told: Told, page: Page) -> None:
    usage_notes(told, page)
    if told["too_short"]:
        names = ", ".join(", ".join(map(label, one.values())) or "the whole" for one in told["too_short"])
        page.item(f"Too short a history to judge: {names}.")
    if told["other_groups"]:
        page.item(f"{plural(told['other_groups'], 'group')} of less were not looked at one by one.")


def table_rows(told: Told) -> tuple[list[str], list[list[Any]]]:
    """The anomalies as a table, one row each."""
    header = [
        "at", *told["by"], "usd", "expected_usd_p5", "expected_usd_p50", "expected_usd_p95", "excess_usd",
        "chance", "explained_by", "value", "share_of_excess", "effect", "before", "after",
    ]  # fmt: skip
    return header, [_row(one) for one in told["anomalies"]]


def _row(one: Told) -> list[Any]:
    nothing: list[Told] = [{}]
    first: Told = (one["explained_by"] or nothing)[0]
    effect: Told = (one["effects"] or nothing)[0]
    return [
        one["at"], *one["label"].values(), one["usd"],
        *(one["expected_usd"][point] for point in ("p5", "p50", "p95")), one["excess_usd"], one["chance"],
        first.get("dimension"), first.get("value"), first.get("share_of_excess"),
        effect.get("effect"), effect.get("before"), effect.get("after"),
    ]  # fmt: skip
