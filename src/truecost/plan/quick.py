"""The door for a founder: users, queries, a model and a price in; a whole plan out. No file, no jargon."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeAlias

from pydantic_core import PydanticCustomError

from truecost.catalog.catalog import Catalog
from truecost.catalog.facts import Fact
from truecost.catalog.named import names_from
from truecost.lognormal import mean_over_median
from truecost.normal import Z90
from truecost.plan.checks.findings import high, low, middle
from truecost.plan.result import DEFAULT_DRAWS, DEFAULT_SEED, Result, evaluate_document
from truecost.plan.schema import Plan, Tier
from truecost.ranges import Range
from truecost.spec import Document, Number, Problems, load
from truecost.spec.scalars import scalar
from truecost.spec.shape import fields_of
from truecost.spec.write import tidy, yaml_text

DEFAULT_MONTHS = 12
TIER, CLASS = "demand.tiers.users", "demand.requests.chat"
Amount: TypeAlias = str | float
"""A number as a plan writes it: 2000, "2k", "1000 .. 3000"."""
HEAD = (
    "# Written by `truecost quick`. `truecost plan` on this file gives the figures that quick printed,\n"
    "# with the same --draws, --seed and --catalog where they were given.\n"
    "# Every number may be a range, `low .. high`. What else a plan can hold: docs/plan.md.\n"
)
NOT_COUNTED = """
# Not counted yet; move what you need to where it belongs and take away its #.
"""
GROWTH = "#   growth_per_month: 5 %                # under users: new users as a share of those there are\n"
OTHERS = """\
#   churn_per_month: 3 %                 # under users: those who leave
#   operating:                           # under business: any other monthly cost
#     team: {usd_per_month: 30000}
#   cash_usd: 250000                     # under business: money in the bank, for how long it lasts
"""


@dataclass(frozen=True, slots=True)
class QuickPlan:
    """The plan behind the ten lines, and where the numbers that nobody gave are from, by dotted path."""

    spec: dict[str, Any]
    facts: Mapping[str, tuple[Fact, str]]
    """The fact behind each of these numbers, and how the number follows from it ("" where it is the fact)."""

    @property
    def origins(self) -> dict[str, str]:
        """The source of each, in a sentence."""
        return {
            path: f"{how}{fact.source}, checked {fact.checked}" for path, (fact, how) in self.facts.items()
        }

    @property
    def comments(self) -> dict[str, str]:
        """What the file says beside each: the name of the fact, how sure it is, its source."""
        return COMMENTS | {
            path: f"{how}{fact.key} of the catalog, {fact.confidence}: {fact.source}, checked {fact.checked}"
            for path, (fact, how) in self.facts.items()
        }


COMMENTS = {
    "as_of": "the day whose prices count; the plan starts with the month after it",
    TIER: "people who use the product in a month",
    f"{TIER}.queries_per_user_per_day": "mean over all of them, every day",
    f"{TIER}.heavy_tail": "how unevenly they ask: only p90 over p50 counts, the mean is the line above",
    CLASS: "tokens of one question and its answer; a token is about 4 letters",
    "serving.chat.api": "the dated list price of its maker",
}


def quick_plan(
    *,
    users: Amount,
    queries: Amount,
    model: str,
    price: Amount,
    input_tokens: Amount | None = None,
    output_tokens: Amount | None = None,
    growth: Amount | None = None,
    months: int = DEFAULT_MONTHS,
    as_of: date | None = None,
    catalog: Catalog | None = None,
) -> QuickPlan:
    """The plan behind `truecost quick`: one subscription tier on one API, nothing left to a default.

    `queries` are a user a day, `price` is USD a user a month (0 makes the product free). What is not given
    (tokens of a question and an answer, spread of use, fees, support) is the catalog's, range and all.
    """
    facts = _Facts(catalog or _shipped(), as_of or date.today())
    tier: dict[str, Any] = {"kind": "subscription", "users": _value(users)}
    if _is_nothing(price):
        tier["kind"] = "free"
    else:
        tier["price_usd_per_month"] = _value(price)
    tier["queries_per_user_per_day"] = _value(queries)
    tier |= _tail(queries, facts)
    if growth is not None:
        tier["growth_per_month"] = _value(growth)
    tokens = {
        "input_tokens": facts.unless(
            input_tokens, f"{CLASS}.input_tokens", "usage/conversation_input_tokens"
        ),
        "output_tokens": facts.unless(
            output_tokens, f"{CLASS}.output_tokens", "usage/conversation_output_tokens"
        ),
    }
    spec: dict[str, Any] = {
        "name": f"{_named(users)} users on {model}",
        "as_of": facts.as_of.isoformat(),
        "horizon_months": months,
        "demand": {"tiers": {"users": tier}, "requests": {"chat": tokens}},
        "serving": {"chat": {"api": {"model": model}}},
    }
    if tier["kind"] != "free":
        spec["business"] = {
            field: facts.unless(None, f"business.{field}", rate)
            for field, rate in (
                ("payment_fee_share", "business/payment_fee_share"),
                ("payment_fee_usd", "business/payment_fee_fixed"),
                ("support_usd_per_user_month", "business/support_usd_per_user_month"),
            )
        }
    return QuickPlan(spec, facts.used)


class _Facts:
    """The catalog's rates on a day, and which of them went into the plan."""

    def __init__(self, catalog: Catalog, as_of: date) -> None:
        self.catalog, self.as_of = catalog, as_of
        self.used: dict[str, tuple[Fact, str]] = {}

    def unless(self, given: Amount | None, path: str, rate: str) -> object:
        """What is given, or the rate in its place."""
        if given is not None:
            return _value(given)
        fact = self.rate(rate)
        self.used[path] = (fact, "")
        return _plain(fact.value)

    def rate(self, key: str) -> Fact:
        return self.catalog.rate(key, self.as_of)


def _shipped() -> Catalog:
    from truecost.catalog.catalog import load as load_catalog

    return load_catalog()


def _value(given: Amount) -> object:
    """A number as a number, a text with a range or a unit as it is."""
    number = scalar(given.strip()) if isinstance(given, str) else given
    is_number = isinstance(number, int | float) and not isinstance(number, bool)
    return tidy(number) if is_number else given


def _plain(value: float | Range) -> object:
    """A fact's value as a plan writes it."""
    return str(value) if isinstance(value, Range) and value.low < value.high else tidy(high(value))


def _named(users: Amount) -> str:
    value = _value(users)
    return f"{value:,}" if isinstance(value, int | float) else str(value)[:60]


def _read(given: Amount, field: str) -> float | Range | None:
    """A number of a tier as the plan will read it; None where it will refuse it."""
    number = fields_of(Tier)[field][1].number
    assert isinstance(number, Number)
    try:
        return number.read(_value(given))
    except PydanticCustomError:
        return None


def _is_nothing(price: Amount) -> bool:
    value = _read(price, "price_usd_per_month")
    return value is not None and high(value) == 0


def _tail(queries: Amount, facts: _Facts) -> dict[str, object]:
    """The catalog's spread of use as the p50 and the p90 of users with the stated mean.

    p50 = mean / exp(sigma^2 / 2), p90 = p50 x exp(1.2816 sigma), sigma the catalog's range. Nothing where
    these are no numbers of queries a day, so that the plan takes the catalog's spread by itself.
    """
    mean = _read(queries, "queries_per_user_per_day")
    spread = facts.rate("usage/lognormal_sigma")
    if mean is None:
        return {}
    ends = low(spread.value), high(spread.value)
    p50 = _rounded(middle(mean) / float(mean_over_median(sum(ends) / 2)))
    least, most = (_rounded(p50 * math.exp(Z90 * sigma)) for sigma in ends)
    p90 = Range(least, most)
    if not 0 < p50 < p90.low or p90.high > _most("queries_per_user_per_day"):
        return {}
    told = f"spread of use (sigma of a lognormal) {_plain(spread.value)}: "
    facts.used[f"{TIER}.heavy_tail.p90"] = (spread, told)
    return {"heavy_tail": {"p50": p50, "p90": _plain(p90)}}


def _rounded(value: float) -> float:
    return float(f"{value:.3g}")


def _most(field: str) -> float:
    number = fields_of(Tier)[field][1].number
    return number.bounds[1] if number is not None else math.inf


def quick_yaml(made: QuickPlan) -> str:
    """The plan as a file to go on from, with a comment wherever a number is not the founder's own."""
    growth = "" if "growth_per_month" in made.spec["demand"]["tiers"]["users"] else GROWTH
    return HEAD + yaml_text(made.spec, made.comments) + NOT_COUNTED + growth + OTHERS


def quick_result(
    made: QuickPlan,
    catalog: Catalog,
    *,
    draws: int = DEFAULT_DRAWS,
    seed: int = DEFAULT_SEED,
    progress: Callable[[int], None] | None = None,
) -> Result:
    """The plan evaluated. Raises SpecError with every problem, in terms of the plan's fields."""
    with names_from(catalog):
        document = load(made.spec, Plan, origins=made.origins)
    _refuse_nothing(document)
    return evaluate_document(document, catalog, draws=draws, seed=seed, progress=progress)


def _refuse_nothing(document: Document[Plan]) -> None:
    """Users who never come and questions that nobody asks are legal in a plan; here they are a slip."""
    assert document.value.demand is not None
    tier, problems = document.value.demand.tiers["users"], Problems()
    for field, what in (("users", "users"), ("queries_per_user_per_day", "questions")):
        if high(getattr(tier, field)) == 0:
            problems.add(
                f"{TIER}.{field}", f"without {what} there is nothing to answer", allowed=["a number above 0"]
            )
    problems.raise_if_any(document)


def quick(
    *, draws: int = DEFAULT_DRAWS, seed: int = DEFAULT_SEED, catalog: Catalog | None = None, **inputs: Any
) -> Result:
    """What a product of `users` x `queries` a day on an API `model` costs and earns; see `quick_plan`."""
    facts = catalog or _shipped()
    return quick_result(quick_plan(**inputs, catalog=facts), facts, draws=draws, seed=seed)
