"""Who pays and who gets, for a terminal: both sides of every dollar, free users, what comes back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import zip_longest
from typing import Any

from truecost.report.flow_names import payee_name, payer_name
from truecost.report.layout import Page
from truecost.report.phrases import averaged, loose, month, ranged, share, shown
from truecost.report.tables import Column, table

Statement = Mapping[str, Any]
MOST_PAYEES = 8


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
    columns = [
        Column("pays", wraps=True), Column("", right=True), Column("", right=True),
        Column("gets", wraps=True), Column("", right=True), Column("", right=True),
    ]  # fmt: skip
    page.extend(table(columns, rows, page.width))
    for sentence in sentences(statement):
        page.item(loose(sentence))


def _side(one: tuple[str, float | None], total: float) -> list[str]:
    name, usd = one
    return [name, "" if usd is None else shown(usd), "" if usd is None else share(usd / total)]


def sentences(statement: Statement) -> Iterator[str]:
    """What of it is worth a sentence: rent against own cost, free users, what comes back."""
    flows = statement["flows"]
    rent = flows["cloud_rent"]
    if rent is not None:
        law = ranged(rent["own_cost_share"], "share")
        yield f"Rented chips cost their owner {law} of the rent, by the law of own cost: wear and power."
    for name, told in flows["free_users"].items():
        worth = told.get("net_usd")
        said = "their worth is not stated" if worth is None else f"stated worth less cost {_net(worth)}"
        yield f"Free users of “{name}” cost {averaged(told['cost_usd'], 'USD')}; {said}."
    yield from _returns(flows["returns"])


def _net(worth: Mapping[str, float]) -> str:
    return averaged(worth, "USD")


def _returns(returns: Mapping[str, Any] | None) -> Iterator[str]:
    if returns is None:
        return
    made_of = returns["generations"]
    if made_of:
        each = [f"{number}: {shown(made['put_in_usd']['mean'], 'USD')}, {_back(made)}"
                for number, made in made_of.items()]  # fmt: skip
        yield f"Making each generation, and what it earns while it serves: {'; '.join(each)}."
    made = returns["investor"]
    if made is not None:
        rate = made["return_per_year"]
        yearly = f", {ranged(rate, 'share')} a year" if rate["p50"] is not None else ""
        yield (
            f"Investors put in {averaged(made['put_in_usd'], 'USD')} and get back "
            f"{averaged(made['got_back_usd'], 'USD')}{yearly}: {_back(made)}."
        )


def _back(made: Mapping[str, Any]) -> str:
    """When what was put in is there again, for good."""
    event = made["payback_month"]
    said = month(event, "not paid back")
    return f"paid back in {said}" if event["share_of_draws"] >= 0.5 else said
