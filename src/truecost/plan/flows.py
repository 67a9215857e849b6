"""Who pays: out of whose money the cost of each month comes, in the amortized view.

Credits pay first, for what they cover; then what customers pay in the month; then what they paid above cost
in earlier months; then the cash and the rounds of investors; what is left is paid by nobody who is named:
the company's own money, unfunded. So the payers of every month sum to its cost, as the payees do.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from truecost.finance.runway import credits_used
from truecost.plan.book import Book, given_or
from truecost.plan.business import CREDIT_PAYEES
from truecost.plan.demand import Traffic, moving_on
from truecost.plan.schema import Business, Plan
from truecost.ranges import FloatArray, Value

PAYERS = "flows.payers"
CUSTOMERS, EARLIER = f"{PAYERS}.customers", f"{PAYERS}.customers_earlier"
CREDITS, INVESTORS, UNFUNDED = f"{PAYERS}.cloud_credits", f"{PAYERS}.investors", f"{PAYERS}.unfunded"
UNPAID = "cost less what all other payers pay"
CREDITS_BY_MONTH = "flows.credits_by_month"
DISCOUNT = "flows.returns.discount_rate_per_year"
FREE = "flows.free_users"


def payers(
    plan: Plan, cost: FloatArray, earned: Mapping[str, FloatArray], income: FloatArray, book: Book
) -> None:
    """Enter what each payer pays; `cost` and `income` are (months, draws), `earned` the income by tier."""
    terms = plan.business or Business()
    left = cost - _credits(terms, cost, book)
    tiers = plan.demand.tiers if plan.demand else {}
    paying = {name: revenue for name, revenue in earned.items() if tiers[name].kind != "free"}
    surplus = np.zeros((1, 1))
    if paying:
        paid = np.minimum(income, left)
        _customers(paying, (paid, income), book)
        left = left - paid
        surplus = income - paid
    if paying or terms.cash_usd is not None or terms.investment:
        _from_reserves(terms, left, surplus, book)
        return
    book.flow(UNFUNDED, left, "USD", UNPAID, ("total_usd", "revenue_usd"))


def _credits(terms: Business, cost: FloatArray, book: Book) -> Value:
    """Credits pay for APIs and rented chips until they are used up."""
    if terms.cloud_credits_usd is None:
        return 0.0
    covered = {n: line for n, line in book.lines.items() if line.payee in CREDIT_PAYEES}
    eligible = sum((line.amortized for line in covered.values()), start=np.zeros_like(cost))
    used = credits_used(terms.cloud_credits_usd, eligible)
    formula = "lines of model vendors and clouds, from the first month on, until the credits are used up"
    inputs = ("business.cloud_credits_usd", *(f"lines.{n}" for n in covered))
    book.flow(CREDITS, used, "USD", formula, inputs)
    book.quantity(CREDITS_BY_MONTH, used, "USD", formula, inputs)
    return used


def _customers(paying: Mapping[str, FloatArray], money: tuple[FloatArray, FloatArray], book: Book) -> None:
    """Each tier pays in the share of what it brings in; what is above the cost of the month is kept."""
    paid, income = money
    formula = "revenue of the tier, up to its share of the month's cost less credits"
    if len(paying) == 1:
        (name,) = paying
        book.flow(f"{CUSTOMERS}.{name}", paid, "USD", formula, (f"revenue.{name}", "total_usd"))
        return
    share = np.divide(paid, income, out=np.zeros_like(paid), where=income > 0)
    for name, revenue in paying.items():
        book.flow(f"{CUSTOMERS}.{name}", revenue * share, "USD", formula, (f"revenue.{name}", "total_usd"))


class _Sums:
    """A flow added up row by row: one number a draw, one a month."""

    def __init__(self, book: Book) -> None:
        self.draws, self.months = np.zeros(book.draws.count), np.zeros(book.months)

    def add(self, month: int, row: FloatArray) -> None:
        """Add what flows in a month."""
        self.draws += row
        self.months[month] = row.sum()

    def enter(self, key: str, formula: str, inputs: tuple[str, ...], book: Book) -> None:
        """Enter it as an outcome with its months."""
        book.result(key, self.draws, "USD", formula, inputs)
        book.by_month[key] = self.months


def _from_reserves(terms: Business, need: FloatArray, surplus: FloatArray, book: Book) -> None:
    """Draw on what customers left over, then on investors; enter these and what is still not paid for."""
    rounds = _rounds(terms, book)
    kept, money = np.zeros(book.draws.count), np.zeros(book.draws.count)
    earlier, invested, unfunded = (_Sums(book) for _ in range(3))
    for month in range(book.months):
        money += rounds[month]
        from_kept = np.minimum(kept, need[month])
        left = need[month] - from_kept
        from_money = np.minimum(money, left)
        for sums, row in ((earlier, from_kept), (invested, from_money), (unfunded, left - from_money)):
            sums.add(month, row)
        money -= from_money
        kept += surplus[min(month, len(surplus) - 1)] - from_kept
    formula = "what customers paid above cost in earlier months, as far as a month needs it"
    earlier.enter(EARLIER, formula, ("revenue_usd", "total_usd"), book)
    if terms.cash_usd is not None or terms.investment:
        formula = "cash at the start and rounds, as far as a month needs them after customers and credits"
        put = ("business.cash_usd", *(f"business.investment.{i}.usd" for i in range(len(terms.investment))))
        invested.enter(INVESTORS, formula, (*put, "total_usd", "revenue_usd"), book)
    unfunded.enter(UNFUNDED, UNPAID, ("total_usd", "revenue_usd"), book)


def _rounds(terms: Business, book: Book) -> list[Value]:
    """What investors put in at the start of each month; cash in the bank counts as theirs."""
    put: list[Value] = [0.0] * book.months
    put[0] = given_or(terms.cash_usd, 0.0)
    for investment in terms.investment:
        if investment.month < book.months:
            put[investment.month] = put[investment.month] + investment.usd
    return put


def free_users(plan: Plan, traffic: Traffic, book: Book) -> None:
    """What users who pay nothing cost, and what they are worth where the plan states it."""
    if plan.demand is None:
        return
    moving = moving_on(plan.demand.tiers)
    for name, tier in plan.demand.tiers.items():
        if tier.kind != "free":
            continue
        path, at = f"demand.tiers.{name}", f"{FREE}.{name}"
        worth: list[str] = []
        months = book.outcomes[f"tiers.{name}.user_months"]
        cost = (f"tiers.{name}.cost_usd",)
        book.result(f"{at}.cost_usd", book.outcomes[cost[0]], "USD", "what serving the tier costs", cost)
        users = np.broadcast_to(traffic.tiers[name].users, (book.months, book.draws.count))
        moved = (users * moving[name]).sum(axis=0)
        book.result(f"{at}.users_moving_on", moved, "users", "users x share that moves on, summed",
                    (f"users.{name}",))  # fmt: skip
        for field, part, volume, behind in (
            ("acquisition_usd_per_user", "acquisition_value_usd", moved, f"{at}.users_moving_on"),
            ("data_usd_per_user_month", "data_value_usd", months, f"tiers.{name}.user_months"),
        ):
            price = getattr(tier, field)
            if price is None:
                book.leave_out(
                    f"{at}.{part}", f"this worth of users who pay nothing is not counted: {path}.{field}"
                )
                continue
            worth.append(f"{at}.{part}")
            book.result(f"{at}.{part}", volume * price, "USD", "what is stated x how many",
                        (f"{path}.{field}", behind))  # fmt: skip
        if worth:
            net = sum(book.outcomes[key] for key in worth) - book.outcomes[cost[0]]
            book.result(f"{at}.net_usd", net, "USD", "stated worth - cost", (*worth, f"{at}.cost_usd"))


def discount(plan: Plan, book: Book) -> None:
    """Enter the rate at which returns are discounted where something is earned: stated, or the record's."""
    if plan.demand is None:
        return
    path = "business.discount_rate_per_year"
    stated = plan.business.discount_rate_per_year if plan.business is not None else None
    rate = book.number(path, stated, "capital/cost_per_year")
    book.result(DISCOUNT, rate, "share a year", "as stated, else the cost of capital", (path,))
