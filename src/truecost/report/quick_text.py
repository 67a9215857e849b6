"""Ten lines for a founder: money a month, what is left, who costs too much, what if prices rise.

Amounts and shares are means; limits (a price, a number of questions) are medians, as in every report.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from truecost.report.grounds import value_of
from truecost.report.layout import DEFAULT_WIDTH, Page, Span, Style, glued, padded, unglued, wrapped
from truecost.report.phrases import ALMOST_ALL, averaged, ends, has, plural, ranged, share, shown

Statement = Mapping[str, Any]
LABEL_WIDTH = 12
TIER, CLASS = "demand.tiers.users", "demand.requests.chat"
PARTS = {"Inference": "the model", "business.payment_fees": "payment fees", "business.support": "support"}
"""What the cost is made of: groups of lines and lines, in words."""
CASES = "in 90 of 100 cases"


def page(statement: Statement, model: str, width: int = DEFAULT_WIDTH, *, saved: str | None = None) -> Page:
    """The answer to `truecost quick` about `model`; `saved` is the file the plan went to."""
    made = Page(width)
    made.title(_head(statement, model))
    for label, text in entries(statement, saved):
        for number, line in enumerate(wrapped(text, max(width - LABEL_WIDTH, 20))):
            left = padded(label if number == 0 else "", LABEL_WIDTH)
            made.lines.append((Span(left, Style.HEADING), Span(line)))
    return made


def entries(statement: Statement, saved: str | None = None) -> Iterator[tuple[str, str]]:
    """The lines: a label and what there is to say."""
    turning, paid = statement["break_even"], _is_paid(statement)
    yield "Cost", _cost(statement)
    if paid:
        yield "Of which", _parts(statement)
        yield "Margin", _margin(statement)
    yield "At a loss", _at_a_loss(statement["tiers"][0])
    if turning["shock_tolerance"]:
        yield "API price", _shock(turning["shock_tolerance"])
    for row in turning["self_hosting"]:
        yield "Self-hosted", _self_hosted(row, statement)
    yield "Assumed", _assumed(statement)
    yield "Left out", _left_out(saved)


def _is_paid(statement: Statement) -> bool:
    return statement["tiers"][0]["kind"] != "free"


def _stated(statement: Statement, path: str, unit: str) -> str:
    """A number of the plan in a unit of its own, a range with a dash; "" where the plan does not hold it."""
    found = next((a for a in statement["assumptions"] if a["key"] == path), None)
    if found is None:
        return ""
    return glued(unglued(value_of({**found, "unit": unit})).replace(" .. ", "–"))


def _head(statement: Statement, model: str) -> str:
    price = _stated(statement, f"{TIER}.price_usd_per_month", "USD")
    users = _stated(statement, f"{TIER}.users", "users")
    questions = _stated(statement, f"{TIER}.queries_per_user_per_day", "questions")
    return f"{users}, {questions} a day each, {f'{price} a month' if price else 'free'}, on {model}"


def _cost(statement: Statement) -> str:
    """The first month, with what brackets mean here and below."""
    amount, bracket, rest = averaged(statement["first_month_usd"], "USD").partition("(")
    cases = f" ({rest.removesuffix(')')} {CASES})" if bracket else ""
    return f"{amount.strip()} in the first month{cases}"


def _parts(statement: Statement) -> str:
    """Means of the first month; they add up to its cost."""
    sums = dict.fromkeys(PARTS, 0.0)
    for line in statement["monthly"]:
        for key in (line["group"], line["component"]):
            if line["period"] == statement["start"] and key in PARTS:
                sums[key] += line["cost_usd"]["mean"]
    return ", ".join(f"{PARTS[key]} {shown(amount, 'USD')}" for key, amount in sums.items() if amount)


def _margin(statement: Statement) -> str:
    margin, months = statement["gross_margin_share"], plural(statement["horizon_months"], "month")
    if margin["mean"] >= 0:
        earned = shown(statement["revenue_usd"]["mean"], "USD")
        return f"{averaged(margin, 'share')} is left of the {earned} users pay in {months}"
    spent = {"p5": 1 - margin["p95"], "p95": 1 - margin["p5"], "mean": 1 - margin["mean"]}
    return f"a loss: {averaged(spent, 'USD')} go out for each dollar users pay"


def _at_a_loss(tier: Mapping[str, Any]) -> str:
    if tier["kind"] == "free":
        return "every user: nobody pays"
    losing, limit = tier["share_served_at_a_loss"], tier.get("unprofitable_above_queries_per_day")
    if limit is None:
        return "nobody: answers cost nothing"
    if limit["p95"] <= 0:
        return "every user: the price does not even cover fees and support"
    return f"{share(losing['mean'])} of users: those above {ranged(limit)} questions a day"


def _shock(shock: Mapping[str, Any]) -> str:
    multiple = shock["multiple"]
    if multiple["p95"] <= 0:
        return "you lose money even if the model were free"
    three, five = (_of_100(shock[f"survives_{times}x_share_of_draws"]) for times in (3, 5))
    between = ends(multiple)
    limit = glued(f"{shown(multiple['p50'])}x" + (f" ({between})" if between else ""))
    if multiple["p50"] < 1:
        at = "3x and 5x never" if three == five == "0" else f"3x in {three}, 5x in {five} of 100 cases"
        return f"too dear now: break-even at {limit}; {at}"
    survived = f"3x and 5x in {three}" if three == five else f"3x in {three}, 5x in {five}"
    return f"survives {survived} of 100 cases; limit {limit}"


def _of_100(part: float) -> str:
    return f"{round(part * 100)}"


def _self_hosted(row: Mapping[str, Any], statement: Statement) -> str:
    volume = row["self_host_tokens_per_month"]
    if not has(volume) or volume["share_of_draws"] <= 1 - ALMOST_ALL:
        return "never pays: rented machines cost more at any size"
    each = statement["serving"][0]["tokens_per_query"]["mean"]
    questions = {point: volume[point] / each for point in ("p5", "p50", "p95")}
    often = volume["share_of_draws"]
    chance = "" if often >= ALMOST_ALL else f", {_of_100(often)} times in 100"
    return f"pays from {ranged(questions)} questions a month{chance}"


def _growth(statement: Statement) -> str:
    return _stated(statement, f"{TIER}.growth_per_month", "share")


def _assumed(statement: Statement) -> str:
    growth = _growth(statement)
    parts = [
        f"prices of {statement['as_of']}",
        f"questions of {_stated(statement, f'{CLASS}.input_tokens', 'tokens')}",
        f"answers of {_stated(statement, f'{CLASS}.output_tokens', '')}",
        f"users grow {growth} a month" if growth else "no growth",
    ]
    parts += [
        f"{row['model'].rpartition('/')[2]} self-hosted" for row in statement["break_even"]["self_hosting"]
    ]
    return "; ".join(parts)


def _left_out(saved: str | None) -> str:
    what = "salaries, rent, marketing, taxes"
    return f"{what}: edit, then truecost plan {saved}" if saved else f"{what}: add them with --save plan.yaml"
