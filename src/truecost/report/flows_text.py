"""Who pays and who gets, for a terminal: both sides of every dollar, free users, what comes back."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import zip_longest
from typing import Any

from truecost.report.flow_names import payee_name, payer_name
from truecost.report.layout import Page, Style
from truecost.report.phrases import (
    ALMOST_ALL,
    around_mean,
    averaged,
    loose,
    month,
    plural,
    ranged,
    share,
    shown,
)
from truecost.report.tables import Column, table

Statement = Mapping[str, Any]
MOST_PAYEES = 8
OTHER = "other"
MUCH, MOST_LINES = 0.1, 3
GENERATION = "Generation "


def write(statement: Statement, page: Page) -> None:
    """Payers beside payees, means that add up to the cost; then what stands out."""
    flows, total = statement["flows"], statement["total_usd"]["mean"]
    if not flows["payers"] or not total:
        return
    page.heading("Who pays, who gets, USD over the plan, amortized")
    paid = [(payer_name(name), value["mean"]) for name, value in flows["payers"].items()]
    got = [(payee_name(name), value["mean"]) for name, value in flows["payees"].items()]
    if len(got) > MOST_PAYEES:
        rest = sum(value for _, value in got[MOST_PAYEES - 1 :])
        got = [*got[: MOST_PAYEES - 1], ("The others", rest)]
    nobody = ("", None)
    rows = [
        [*_side(left, total), *_side(right, total)]
        for left, right in zip_longest(paid, got, fillvalue=nobody)
    ]
    rows.append([*_side(("All", total), total), *_side(("All", total), total)])
    columns = [
        Column("pays", wraps=True), Column("", right=True), Column("", right=True),
        Column("gets", wraps=True), Column("", right=True), Column("", right=True),
    ]  # fmt: skip
    page.extend(table(columns, rows, page.width))
    for sentence in sentences(statement):
        page.item(loose(sentence))
    _comes_back(flows["returns"], page)


def _side(one: tuple[str, float | None], total: float) -> list[str]:
    name, usd = one
    return [name, "" if usd is None else shown(usd), "" if usd is None else share(usd / total)]


def sentences(statement: Statement) -> Iterator[str]:
    """What of it is worth a sentence: rent against own cost, free users, what comes back."""
    flows = statement["flows"]
    yield from _unnamed(statement)
    rent = flows["cloud_rent"]
    if rent is not None:
        law = ranged(rent["own_cost_share"], "share")
        yield f"Rented chips cost their owner {law} of the rent, by the law of own cost: wear and power."
    for name, told in flows["free_users"].items():
        yield f"Free users of “{name}” cost {averaged(told['cost_usd'], 'USD')}; {_worth(told)}."
    yield from _returns(flows["returns"])


def _unnamed(statement: Statement) -> Iterator[str]:
    """Who stands behind "other suppliers" where they get much, and behind those shown as one."""
    payees: Mapping[str, Any] = statement["flows"]["payees"]
    lines = [
        line["label"] for line in statement["lines"] if line["payee"] == OTHER and line["cost_usd"]["mean"]
    ]
    if OTHER in payees and payees[OTHER]["mean"] >= MUCH * statement["total_usd"]["mean"]:
        more = f" and {plural(len(lines) - MOST_LINES, 'smaller line')}" if len(lines) > MOST_LINES else ""
        yield f"{payee_name(OTHER)} are paid for: {', '.join(lines[:MOST_LINES])}{more}."
    if len(payees) > MOST_PAYEES:
        rest = [payee_name(name) for name in list(payees)[MOST_PAYEES - 1 :]]
        yield f"The others: {', '.join(rest)}."


WORTH = {"acquisition_value_usd": "as customers to come", "data_value_usd": "for their data"}


def _worth(told: Mapping[str, Any]) -> str:
    """What the plan says free users are worth, by what for, and what that leaves."""
    net = told.get("net_usd")
    if net is None:
        return "their worth is not stated"
    stated = " and ".join(
        f"{averaged(told[key], 'USD')} {what}" for key, what in WORTH.items() if key in told
    )
    return f"as stated they are worth {stated}, less the cost {averaged(net, 'USD')}"


def _returns(returns: Mapping[str, Any] | None) -> Iterator[str]:
    made = None if returns is None else returns["investor"]
    if made is None:
        return
    rate = made["return_per_year"]
    often = rate["share_of_draws"]
    part = "" if often >= ALMOST_ALL else f" in {share(often)} of the draws, in the others nothing comes back"
    yearly = f", {ranged(rate, 'share')} a year{part}" if rate["p50"] is not None else ""
    yield (
        f"Investors put in {averaged(made['put_in_usd'], 'USD')} and get back "
        f"{averaged(made['got_back_usd'], 'USD')}{yearly}: {_back(made)}."
    )


def _back(made: Mapping[str, Any]) -> str:
    """When what was put in is there again, for good."""
    event = made["payback_month"]
    said = month(event, "not paid back")
    return f"paid back in {said}" if event["share_of_draws"] >= 0.5 else said


def invested(returns: Mapping[str, Any] | None) -> dict[str, Mapping[str, Any]]:
    """Whatever was put in, by name: each generation of the model, and investors."""
    if returns is None:
        return {}
    found = {f"{GENERATION}{number}": made for number, made in returns["generations"].items()}
    return found if returns["investor"] is None else {**found, "Investors": returns["investor"]}


def event(value: Mapping[str, Any], unit: str = "") -> str:
    """What happens, and in which share of the draws where it does not in all: "month 14 in 63 %"."""
    often = value["share_of_draws"]
    if not often:
        return "never"
    middle = shown(value["p50"] if unit else float(round(value["p50"])), unit)
    return middle if often >= ALMOST_ALL else f"{middle} in {share(often)}"


def _loose_ends(interval: str) -> str:
    """An interval that may break before its second end."""
    return re.sub("\N{NO-BREAK SPACE}(to|–)", r" \1", interval)


def at_rate(returns: Mapping[str, Any]) -> str:
    """What a table of returns is of: its rate of discount."""
    rate = shown(returns["discount_rate_per_year"]["p50"], "share")
    return f"net present value (NPV) at {rate} a year, nothing beyond the plan counted"


def _comes_back(returns: Mapping[str, Any] | None, page: Page) -> None:
    """What each generation and the investors put in and get back, one row each."""
    made = invested(returns)
    if returns is None or not made:
        return
    page.heading("What comes back, USD")
    page.text(f"Means; {at_rate(returns)}.", Style.FAINT)
    rows = [
        [
            name.removeprefix(GENERATION),
            shown(value["put_in_usd"]["mean"]),
            shown(value["got_back_usd"]["mean"]),
            shown(value["net_present_value_usd"]["mean"]),
            _loose_ends(around_mean(value["net_present_value_usd"])),
            event(value["return_per_year"], "share"),
            event(value["payback_month"]),
        ]
        for name, value in made.items()
    ]
    columns = [
        Column("generation" if returns["generations"] else ""),
        Column("put in", right=True), Column("back", right=True),
        Column("NPV", right=True), Column("90 % interval", right=True, wraps=True),
        Column("a year", right=True), Column("repaid,\nmonth", right=True),
    ]  # fmt: skip
    page.extend(table(columns, rows, page.width))
