"""Business: revenue by tier, fees, support, sales and other lines, and how long the money lasts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from truecost.finance.runway import cash_balance, runway_months
from truecost.lines import Basis, Payee
from truecost.plan.book import Book, given_or
from truecost.plan.demand import TierTraffic, Traffic
from truecost.plan.schema import Business, Demand, Plan, Tier
from truecost.plan.schema.business import OperatingLine
from truecost.plan.serving import ClassServing
from truecost.ranges import FloatArray, Value

GROUP = "Business"
CREDIT_PAYEES = (Payee.CLOUD, Payee.MODEL_VENDOR)


def revenue(
    demand: Demand, traffic: Traffic, served: Mapping[str, ClassServing], book: Book
) -> dict[str, FloatArray]:
    """Revenue of each tier by month, in USD."""
    result: dict[str, FloatArray] = {}
    for name, tier in demand.tiers.items():
        path = f"demand.tiers.{name}"
        earned = tier_revenue(tier, traffic.tiers[name], served)
        result[name] = np.broadcast_to(np.asarray(earned, dtype=np.float64), (book.months, book.draws.count))
        book.quantity(
            f"revenue.{name}",
            result[name],
            "USD",
            "users x subscription price + queries x price a query + tokens x price a token + contracts / 12",
            [f"users.{name}", f"queries.{name}"]
            + [
                f"{path}.{f}"
                for f in ("price_usd_per_month", "usd_per_query", "usd_per_mtok", "contract_usd_per_year")
                if getattr(tier, f) is not None
            ],
        )
    return result


def tier_revenue(tier: Tier, traffic: TierTraffic, served: Mapping[str, ClassServing]) -> Value:
    """USD by month that one tier pays."""
    price = tier.price_usd_per_month
    flat = 0.0 if price is None else traffic.users * price
    contract = given_or(tier.contract_usd_per_year, 0.0) / 12
    kept = traffic.price_multiple * traffic.paid_share
    return (flat + contract * traffic.contracts_kept) * kept + tier_metered(tier, traffic, served)


def tier_metered(tier: Tier, traffic: TierTraffic, served: Mapping[str, ClassServing]) -> Value:
    """The part of it that grows with use: prices by the query and by the token asked for."""
    if not _is_metered(tier):
        return 0.0
    by_query = traffic.queries * given_or(tier.usd_per_query, 0.0)
    by_token: Value = 0.0
    if tier.usd_per_mtok is not None:
        asked = sum(
            traffic.queries * traffic.mix[name] * result.work.calls_per_query * result.work.tokens_per_call
            for name, result in served.items()
        )
        by_token = asked / 1e6 * tier.usd_per_mtok
    return (by_query + by_token) * traffic.price_multiple


def _is_metered(tier: Tier) -> bool:
    return tier.usd_per_query is not None or tier.usd_per_mtok is not None


def metered_revenue(
    plan: Plan, traffic: Traffic, served: Mapping[str, ClassServing], shape: tuple[int, ...]
) -> FloatArray:
    """Revenue of all tiers by month that grows with use, shape (months, draws)."""
    total = np.zeros(shape)
    for name, tier in plan.demand.tiers.items() if plan.demand else ():
        if _is_metered(tier):
            total = total + tier_metered(tier, traffic.tiers[name], served)
    return total


@dataclass(frozen=True, slots=True)
class Takings:
    """What the lines in proportion to the product depend on, by month."""

    revenue: FloatArray
    payments: FloatArray
    """Users who are charged a payment each: those of all paying tiers without a contract."""
    payers: FloatArray
    """Users of all paying tiers."""


def takings(demand: Demand, traffic: Traffic, earned: Mapping[str, FloatArray]) -> Takings | None:
    """The sums over the tiers that pay; None where none does."""
    paying = [n for n, t in demand.tiers.items() if t.kind != "free"]
    if not paying:
        return None
    charged = [n for n in paying if demand.tiers[n].kind != "enterprise"]
    return Takings(
        np.asarray(sum(earned.values()), dtype=np.float64),
        np.asarray(sum(traffic.tiers[n].users for n in charged)),
        np.asarray(sum(traffic.tiers[n].users for n in paying), dtype=np.float64),
    )


def business(
    spec: Business | None,
    demand: Demand | None,
    traffic: Traffic | None,
    earned: Mapping[str, FloatArray],
    book: Book,
) -> None:
    """Enter fees, support, sales and operating lines; names what is left out."""
    taken = None if demand is None or traffic is None else takings(demand, traffic, earned)
    if demand is not None and taken is None:
        book.leave_out("demand.tiers", "no tier pays: there is no revenue")
    charge(spec, taken, book)


def charge(spec: Business | None, taken: Takings | None, book: Book) -> None:
    """As `business`, from the sums over the tiers; None where no tier pays."""
    terms = spec or Business()
    if spec is None:
        book.leave_out("business", "no sales or other operating cost; fees and support are the catalog's")
    if taken is not None:
        _by_revenue(terms, taken, book)
    for name, line in terms.operating.items():
        _operating(name, line, book)
    if spec is not None and not terms.operating:
        book.leave_out(
            "business.operating", "no other operating line (rent, sales, marketing, administration)"
        )
    if spec is not None and terms.cash_usd is None:
        book.leave_out("business.cash_usd", "runway is unknown")


def _by_revenue(terms: Business, taken: Takings, book: Book) -> None:
    share = book.number("business.payment_fee_share", terms.payment_fee_share, "business/payment_fee_share")
    fixed = book.number("business.payment_fee_usd", terms.payment_fee_usd, "business/payment_fee_fixed")
    book.line(
        "business.payment_fees",
        "Payment fees",
        GROUP,
        Payee.PAYMENT,
        taken.revenue * share + taken.payments * fixed,
        formula="revenue x fee share + payments a month x fixed fee",
        inputs=("revenue_usd", "business.payment_fee_share", "business.payment_fee_usd"),
    )
    support = book.number(
        "business.support_usd_per_user_month",
        terms.support_usd_per_user_month,
        "business/support_usd_per_user_month",
    )
    book.line(
        "business.support",
        "Support of paying users",
        GROUP,
        Payee.STAFF,
        taken.payers * support,
        formula="paying users x USD a user-month",
        inputs=("business.support_usd_per_user_month",),
        quantity=taken.payers,
        unit="user-months",
    )
    if terms.sales_share_of_revenue is None:
        book.leave_out("business.sales_share_of_revenue", "no sales or marketing in proportion to revenue")
        return
    book.line(
        "business.sales",
        "Sales and marketing",
        GROUP,
        Payee.OTHER,
        taken.revenue * terms.sales_share_of_revenue,
        formula="revenue x share",
        inputs=("revenue_usd", "business.sales_share_of_revenue"),
        basis=Basis.ASSUMPTION,
    )


def _operating(name: str, line: OperatingLine, book: Book) -> None:
    path = f"business.operating.{name}"
    grown = 1.0 if line.growth_per_month is None else (1 + line.growth_per_month) ** book.month_index
    book.line(
        f"business.operating.{name}",
        name.replace("_", " ").capitalize(),
        GROUP,
        Payee.OTHER,
        line.usd_per_month * grown,
        formula="stated USD a month x growth",
        inputs=(f"{path}.usd_per_month", f"{path}.growth_per_month"),
        basis=Basis.ASSUMPTION,
    )


def fee_per_revenue(spec: Business | None, book: Book) -> tuple[Value, Value, Value]:
    """Share of revenue that fees and sales take, fixed USD a payment, and support a user-month."""
    terms = spec or Business()
    share = book.number("business.payment_fee_share", terms.payment_fee_share, "business/payment_fee_share")
    fixed = book.number("business.payment_fee_usd", terms.payment_fee_usd, "business/payment_fee_fixed")
    support = book.number(
        "business.support_usd_per_user_month",
        terms.support_usd_per_user_month,
        "business/support_usd_per_user_month",
    )
    return share + given_or(terms.sales_share_of_revenue, 0.0), fixed, support


def runway(spec: Business | None, earned: FloatArray, book: Book) -> Value | None:
    """Whole months the cash and credits last, inf when to the end; None when no cash is stated."""
    if spec is None or spec.cash_usd is None:
        return None
    spent = book.total(cash=True)
    eligible = np.zeros_like(spent)
    for line in book.lines.values():
        if line.payee in CREDIT_PAYEES:
            eligible = eligible + line.cash
    raised = sum(
        (np.where(book.month_index == i.month, i.usd, 0.0) for i in spec.investment), np.zeros((1, 1))
    )
    balance = cash_balance(
        spec.cash_usd, spent - earned - raised, given_or(spec.cloud_credits_usd, 0.0), eligible
    )
    return runway_months(balance)
