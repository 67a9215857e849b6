"""The margin: what each customer paid, less what their usage cost; the worst first.

Costs are those of the report and sum to its total, with what has no customer as a line of its own. Usage
without a price costs something that is not known: a margin with any of it is at most what is told.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from truecost.ledger.contracts.contract import Contract
from truecost.ledger.contracts.report import ContractReport, contract_report
from truecost.ledger.exact import EXACT, NOTHING, quotient
from truecost.ledger.questions import TIMES, Window, check_by
from truecost.ledger.reporting import plain, usage_report
from truecost.ledger.revenue import Payer, Revenue, read_revenue

if TYPE_CHECKING:
    from truecost.catalog.catalog import Catalog

MOST_OF_COST = Decimal("0.8")


@dataclass(frozen=True, slots=True)
class Margin:
    """What a customer paid, cost and left, in USD; None for the share of a customer without revenue.

    `is_at_most`: some of its usage has no price, so the cost is at least, and the margin at most, this.
    """

    name: str
    plan: str
    revenue_usd: Decimal
    cost_usd: Decimal
    margin_usd: Decimal
    margin_share: Decimal | None
    cost_share: Decimal | None
    requests: int
    unpriced_entries: int
    is_at_most: bool
    has_revenue: bool
    has_cost: bool


@dataclass(frozen=True, slots=True)
class MarginReport:
    """Customers, the worst first, and what has none; `total` is the sum of all of them."""

    store: str
    revenue_file: str
    by: str
    month: str | None
    as_known: date
    usage_days: tuple[date | None, date | None]
    revenue_days: tuple[date | None, date | None]
    """First and last day of the usage and of the revenue."""
    customers: tuple[Margin, ...]
    unattributed: Margin
    total: Margin
    plans: tuple[Margin, ...]
    most_of_cost: tuple[str, ...]
    """The fewest customers that make 80 % of the cost that has a customer."""
    same_but_for_case: tuple[tuple[str, str], ...]
    """A name in the revenue and one in the usage that differ in upper and lower case or spaces alone."""
    left_out_rows: int
    where: str | None = None
    catalog: str | None = None
    """The file whose prices went before those that ship."""
    contract: str | None = None
    beside_use_usd: Decimal = NOTHING
    """Idle capacity and shortfalls under the contract, in the cost that has no customer."""

    def to_dict(self) -> dict[str, Any]:
        """Plain values with stable keys; amounts as text, to the last digit."""
        return plain(asdict(self))


def margins(
    store: str | os.PathLike[str],
    revenue: str | os.PathLike[str],
    by: str = "customer",
    *,
    month: str | None = None,
    as_known: date | None = None,
    mapping: Mapping[str, str] | None = None,
    usd_per: Mapping[str, Decimal] | None = None,
    where: str | None = None,
    catalog: Catalog | None = None,
    contract: Contract | None = None,
    contract_name: str = "",
) -> MarginReport:
    """The margin of each customer (or user, or `tag:NAME`) of a store against a file of revenue.

    `where` (`truecost.ledger.filters`) takes the cost of some usage alone; the prices of an overlay of
    `catalog` go before those that ship. Under a `contract`, called `contract_name` where it has no name,
    costs are effective ones; idle capacity and shortfalls are of no customer. Raises NoStore, InvoiceError
    for a file that is not understood, ValueError for an unknown column, or a filter under a contract.
    """
    if contract is not None and where is not None:
        raise ValueError("a contract is of all usage: volumes and capacities count every request, not some")
    column = check_by((by,))[0]
    if column in TIMES:
        raise ValueError(f"--by {column}: nobody pays as a {column}; join by customer, user, tag:NAME")
    window = Window.of_month(month) if month else None
    paid = read_revenue(revenue, column, window=window, mapping=mapping, usd_per=usd_per)
    used = usage_report(store, (column,), month=month, as_known=as_known, where=where, catalog=catalog)
    groups = {str(one[column] or ""): one for one in used.groups}
    whole, beside = used.total_usd, NOTHING
    if contract is not None:
        agreed = contract_report(
            store, contract, (column,), name=contract_name, month=month, as_known=as_known, catalog=catalog
        )
        groups, whole, beside = _effective(agreed), agreed.effective_usd, agreed.total["beside_use_usd"]
        contract_name = agreed.contract
    names = {*paid.payers, *groups} - {""}
    each = [_margin(one, paid.payers.get(one), groups.get(one), whole) for one in names]
    worst = sorted(each, key=lambda one: (one.margin_usd, -one.cost_usd, one.name))
    unattributed = _margin("", None, groups.get(""), whole)
    last = date.fromordinal(paid.until.toordinal() - 1) if paid.until else None
    return MarginReport(
        str(store), paid.file, column, month, used.as_known, (used.first_day, used.last_day),
        (paid.since, last), tuple(worst), unattributed, _summed("", [*worst, unattributed], whole),
        _by_plan(worst, whole), _most_of_cost(worst), _same_but_for_case(paid, groups), paid.left_out_rows,
        where, used.catalog, contract_name if contract is not None else None, beside,
    )  # fmt: skip


def _effective(agreed: ContractReport) -> dict[str, Mapping[str, Any]]:
    """What the usage of each customer effectively cost; what is nobody's use is of no customer."""
    (column,) = agreed.by
    groups = {str(one[column] or ""): {**one, "usd": one["effective_usd"]} for one in agreed.groups}
    beside = agreed.total["beside_use_usd"]
    if beside:
        nobody = groups.get("") or {"usd": NOTHING, "requests": 0, "unpriced_entries": 0}
        groups[""] = {**nobody, "usd": EXACT.add(nobody["usd"], beside)}
    return dict(groups)


def _margin(name: str, payer: Payer | None, used: Mapping[str, Any] | None, whole: Decimal) -> Margin:
    revenue = payer.usd if payer else NOTHING
    cost = used["usd"] if used else NOTHING
    unpriced = used["unpriced_entries"] if used else 0
    plan = " + ".join(payer.plans) if payer else ""
    amounts = (revenue, cost, whole)
    return _made(name, plan, amounts, (used["requests"] if used else 0, unpriced), (bool(payer), bool(used)))


def _made(
    name: str, plan: str, amounts: tuple[Decimal, Decimal, Decimal], counts: tuple[int, int],
    has: tuple[bool, bool],
) -> Margin:  # fmt: skip
    revenue, cost, whole = amounts
    margin = EXACT.subtract(revenue, cost)
    requests, unpriced = counts
    return Margin(
        name, plan, revenue, cost, margin, _share(margin, revenue), _share(cost, whole), requests, unpriced,
        unpriced > 0, *has,
    )  # fmt: skip


def _share(part: Decimal, whole: Decimal) -> Decimal | None:
    return quotient(part, whole) if whole > 0 else None


def _summed(name: str, parts: Sequence[Margin], whole: Decimal) -> Margin:
    revenue = sum((one.revenue_usd for one in parts), NOTHING)
    cost = sum((one.cost_usd for one in parts), NOTHING)
    counts = (sum(one.requests for one in parts), sum(one.unpriced_entries for one in parts))
    has = any(one.has_revenue for one in parts), any(one.has_cost for one in parts)
    return _made(name, name, (revenue, cost, whole), counts, has)


def _by_plan(customers: Sequence[Margin], whole: Decimal) -> tuple[Margin, ...]:
    """Customers of one plan together; nothing where no row of revenue tells a plan."""
    if not any(one.plan for one in customers):
        return ()
    by_plan: dict[str, list[Margin]] = {}
    for one in customers:
        by_plan.setdefault(one.plan, []).append(one)
    found = [_summed(plan, mine, whole) for plan, mine in by_plan.items()]
    return tuple(sorted(found, key=lambda one: (one.margin_usd, one.name)))


def _most_of_cost(customers: Sequence[Margin]) -> tuple[str, ...]:
    """The fewest customers that make most of the cost, the dearest first."""
    dearest = sorted(customers, key=lambda one: (-one.cost_usd, one.name))
    needed = sum((one.cost_usd for one in dearest), NOTHING) * MOST_OF_COST
    found: list[str] = []
    so_far = NOTHING
    for one in dearest:
        if so_far >= needed:
            break
        so_far += one.cost_usd
        found.append(one.name)
    return tuple(found)


def _same_but_for_case(paid: Revenue, groups: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    unpaid = {_plain(one): one for one in groups if one and one not in paid.payers}
    unused = [one for one in paid.payers if one not in groups]
    return tuple((one, unpaid[_plain(one)]) for one in sorted(unused) if _plain(one) in unpaid)


def _plain(name: str) -> str:
    return "".join(name.casefold().split())
