"""Ten lines for a founder: money a month, what is left, who costs too much, what if prices rise."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from truecost.report.grounds import value_of
from truecost.report.layout import DEFAULT_WIDTH, Page, Span, Style, glued, padded, wrapped
from truecost.report.phrases import ALMOST_ALL, has, ranged, share, shown
from truecost.units import show

Statement = Mapping[str, Any]
LABEL_WIDTH = 14
FEES = ("business/payment_fee_share", "business/payment_fee_fixed")
SUPPORT = "business/support_usd_per_user_month"


def page(
    statement: Statement, inputs: Mapping[str, Any], width: int = DEFAULT_WIDTH, *, saved: str | None = None
) -> Page:
    """The answer to `truecost quick`; `inputs` are its options, `saved` the file the plan went to."""
    made = Page(width)
    made.title(_head(inputs))
    made.blank()
    for label, text in entries(statement, inputs, saved):
        for number, line in enumerate(wrapped(text, max(width - LABEL_WIDTH, 20))):
            left = padded(label if number == 0 else "", LABEL_WIDTH)
            made.lines.append((Span(left, Style.HEADING), Span(line)))
    as_of = f"Prices as of {statement['as_of']}."
    made.text(f"In brackets: what 90 of 100 cases lie between. {as_of}", Style.FAINT)
    return made


def _head(inputs: Mapping[str, Any]) -> str:
    price = f"{glued(show(inputs['price'], 'USD'))} a month" if inputs["price"] else "free"
    users, queries = glued(show(inputs["users"], "users")), glued(show(inputs["queries"], "questions"))
    return f"{users}, {queries} a day each, {price}, on {inputs['model']}"


def entries(
    statement: Statement, inputs: Mapping[str, Any], saved: str | None = None
) -> Iterator[tuple[str, str]]:
    """The lines: a label and what there is to say."""
    tier, turning = statement["tiers"][0], statement["break_even"]
    yield "Cost", _cost(statement)
    if inputs["price"]:
        yield "Margin", _margin(statement)
    yield "A user", _user(tier)
    yield "At a loss", _at_a_loss(tier, inputs)
    if turning["shock_tolerance"]:
        yield "Price rise", _shock(turning["shock_tolerance"])
    for row in turning["self_hosting"]:
        yield "Own machines", _own_machines(row, statement)
    yield "Assumed", _assumed(statement, inputs)
    yield "Not counted", "your pay and staff, rent, marketing, taxes, training a model of your own"
    yield "Refine", _refine(saved)


def _cost(statement: Statement) -> str:
    first, total, span = (statement[key] for key in ("first_month_usd", "total_usd", "horizon_months"))
    text = f"{ranged(first, 'USD')} in the first month"
    return f"{text}, {shown(total['p50'], 'USD')} in {glued(f'{span} months')}" if span > 1 else text


def _margin(statement: Statement) -> str:
    margin, earned = (
        statement["gross_margin_share"],
        shown(statement["first_month_revenue_usd"]["p50"], "USD"),
    )
    if margin["p50"] >= 0:
        return f"{ranged(margin, 'share')} of the {earned} that users pay in that month is left"
    lost = {"p5": 1 - margin["p95"], "p50": 1 - margin["p50"], "p95": 1 - margin["p5"]}
    return f"a loss: for each dollar of the {earned} that users pay, {ranged(lost, 'USD')} go out"


def _user(tier: Mapping[str, Any]) -> str:
    pays = tier["revenue_per_user_month_usd"]["p50"]
    cost = f"costs {ranged(tier['cost_per_user_month_usd'], 'USD')} a month and pays "
    return cost + (shown(pays, "USD") if pays else "nothing")


def _at_a_loss(tier: Mapping[str, Any], inputs: Mapping[str, Any]) -> str:
    if not inputs["price"]:
        return "every user: nobody pays"
    losing, limit = tier["share_served_at_a_loss"], tier.get("unprofitable_above_queries_per_day")
    if limit is None:
        return "nobody: answers cost nothing"
    if limit["p95"] <= 0:
        return "every user: the price does not even cover fees and support"
    return f"{share(losing['mean'])} of users: those with more than {ranged(limit)} questions a day"


def _shock(shock: Mapping[str, Any]) -> str:
    multiple = shock["multiple"]
    if multiple["p95"] <= 0:
        return "you lose money even if the model were free"
    three, five = (_of_100(shock[f"survives_{times}x_share_of_draws"]) for times in (3, 5))
    at = f"{ranged(multiple)} times today's price"
    if multiple["p50"] < 1:
        return (
            f"already too dear: you break even at {at}; at 3 times you still earn in {three} of 100 cases, "
            f"at 5 times in {five}"
        )
    return (
        f"you still earn when the model costs 3 times as much in {three} of 100 cases, 5 times in {five}; "
        f"nothing is left at {at}"
    )


def _of_100(part: float) -> str:
    return f"{round(part * 100)}"


def _own_machines(row: Mapping[str, Any], statement: Statement) -> str:
    volume, now = row["self_host_tokens_per_month"], row["tokens_now"]
    model = str(row["model"]).rpartition("/")[2]
    if not has(volume) or now <= 0 or volume["share_of_draws"] <= 1 - ALMOST_ALL:
        return f"never pay: rented machines with {model} cost more at any size"
    each = statement["serving"][0]["tokens_per_query"]["mean"]
    questions = {point: volume[point] / each for point in ("p5", "p50", "p95")}
    often = volume["share_of_draws"]
    case = "" if often >= ALMOST_ALL else f", in {_of_100(often)} of 100 cases (else never)"
    return (
        f"rented, with {model}, pay from {ranged(questions)} questions a month, {shown(volume['p50'] / now)} "
        f"times yours{case}; whether its answers will do, you must try"
    )


def _assumed(statement: Statement, inputs: Mapping[str, Any]) -> str:
    found = {a["key"]: a for a in statement["assumptions"]}
    tokens = [
        f"{value_of({**found[f'demand.requests.chat.{side}_tokens'], 'unit': ''})} tokens {word}"
        for side, word in (("input", "in"), ("output", "out"))
    ]
    growth = f"users grow {shown(inputs['growth'], 'share')} a month" if inputs.get("growth") else "no growth"
    fees = " and ".join(_plain(found[key]) for key in FEES if key in found)
    parts = [f"a question is {' and '.join(tokens)} (about 4 letters each)", growth]
    parts += [f"fees {fees} a payment"] if fees else []
    parts += [f"support {_plain(found[SUPPORT])} a user"] if SUPPORT in found else []
    return "; ".join(parts)


def _plain(fact: Mapping[str, Any]) -> str:
    """A share in per cent, an amount in USD; of what, the sentence says."""
    return value_of({**fact, "unit": "share" if fact["unit"].startswith("share") else "USD"})


def _refine(saved: str | None) -> str:
    if saved:
        return f"edit {saved}, then run: truecost plan {saved}"
    return "add --save plan.yaml, edit it, then run: truecost plan plan.yaml"
