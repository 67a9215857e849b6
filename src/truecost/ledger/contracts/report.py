"""The report of a store under a contract: what each group cost at list and effectively, and the bill.

Every view adds up to the last digit: groups at list and contracted to their totals; groups effectively with
idle capacity and shortfalls to the effective total; lines of the bill to the billed total. The two totals are
equal but for credits, which are of the bill alone.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, cast

from truecost.ledger.contracts.amounts import AMOUNTS, CapacityUse, contracted, prepare_contract
from truecost.ledger.contracts.bill import (
    ZERO,
    Bill,
    CapacityState,
    CommitmentState,
    CreditState,
    Line,
    Spent,
    amortized_fee,
    converted,
    make_bill,
    months_between,
    next_month,
)
from truecost.ledger.contracts.contract import Contract, canonical
from truecost.ledger.contracts.terms import EXACT, rounded
from truecost.ledger.engine import Connection, connected
from truecost.ledger.questions import Window, check_by, dimension, parsed, printed, question
from truecost.ledger.reporting import plain, prepare_tables
from truecost.ledger.store import Store, open_store

if TYPE_CHECKING:
    from truecost.catalog.catalog import Catalog

COUNTS = (
    "entries", "requests", "covered_requests", "unlisted_entries", "uncontracted_entries", "unpriced_entries",
    "unpriced_requests",
)  # fmt: skip
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class ContractReport:
    """Usage under a contract by group, what is beside use, and the bill of the same months."""

    store: str
    contract: str
    catalog: str | None
    month: str | None
    months: tuple[str, ...]
    open_months: tuple[str, ...]
    """Months that were not over on the day of knowledge: fees are of the whole, as if nothing followed."""
    by: tuple[str, ...]
    as_known: date
    currency: str | None
    usd_for_one: Mapping[str, Decimal]
    """USD for one of the currency, by month."""
    groups: tuple[Row, ...]
    total: Row
    beside_use: tuple[Row, ...]
    """Effective costs that are nobody's use: idle capacity, shortfalls."""
    bill: tuple[Row, ...]
    commitments: tuple[Row, ...]
    credits: tuple[Row, ...]
    capacities: tuple[Row, ...]
    unpriced: tuple[Row, ...]
    unused: tuple[str, ...]
    """Entries of the contract that fit no usage of these days."""

    @property
    def billed_usd(self) -> Decimal:
        """USD of the bill, after credits."""
        return self.total["billed_usd"]

    @property
    def effective_usd(self) -> Decimal:
        """USD that the months really cost: use, idle capacity and shortfalls, without credits."""
        return self.total["effective_usd"]

    def to_dict(self) -> dict[str, Any]:
        """Plain values with stable keys; amounts as text, to the last digit."""
        return plain(asdict(self))


def contract_report(
    store: str | os.PathLike[str],
    contract: Contract,
    by: Sequence[str] = ("model",),
    *,
    name: str = "",
    month: str | None = None,
    as_known: date | None = None,
    catalog: Catalog | None = None,
) -> ContractReport:
    """What the usage in a store cost under a contract, by any mix of columns, and its bill.

    `name` is what the contract is called where it has no name. The rest is as of `usage_report`.
    Raises NoStore, ValueError for what is not understood, LookupError for a month without a rate of exchange.
    """
    chosen, known, found = check_by(by), as_known or date.today(), open_store(store)
    window = Window.of_month(month) if month else Window()
    with connected(store) as connection:
        worked = work_out(connection, found, contract, window, (known, catalog), by=chosen)
        bill, shown = worked.bill, worked.shown
        groups = _rows(connection, chosen, shown)
        total = _rows(connection, (), shown)
        unpriced = without_price(connection, shown)
    rates = usd_for_one(contract, shown)
    _convert(groups, bill, rates)
    return ContractReport(
        str(store), contract.name or name, catalog.overlay if catalog else None, month,
        tuple(f"{one:%Y-%m}" for one in shown),
        tuple(f"{one:%Y-%m}" for one in shown if next_month(one) > known),
        chosen, known, contract.currency.code if contract.currency else None,
        {f"{one:%Y-%m}": rate for one, rate in rates.items()},
        tuple(_merged(groups, chosen)) if chosen else (), _total(total, groups, bill, bool(rates)),
        tuple(_told(line) for line in bill.effective), tuple(_told(line) for line in bill.billed),
        _dicts(bill.commitments), _dicts(bill.credits), _dicts(bill.capacities),
        tuple(unpriced), worked.unused,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Worked:
    """A contract worked out on a connection: which days were needed for it, and which months are told.

    Its tables are there for `truecost.ledger.contracts.amounts.contracted`, asked of the days of `window`.
    """

    window: Window
    shown: tuple[date, ...]
    bill: Bill
    uses: tuple[CapacityUse, ...]
    unused: tuple[str, ...]
    """Entries that fit no usage."""


def work_out(
    connection: Connection,
    store: Store,
    contract: Contract,
    window: Window,
    priced_by: tuple[date, Catalog | None],
    *,
    by: Sequence[str] = (),
) -> Worked:
    """All tables of a contract for the calendar months of a window, and the bill of these months.

    `priced_by` is the day of knowledge and own prices; the table `cells` has usage by the columns `by`.
    """
    months, shown = _months(store, contract, window)
    days = Window(months[0], next_month(months[-1])) if months else Window()
    uses, unused = _prepare(connection, store, contract, days, priced_by)
    _make_cells(connection, contract, by, days)
    bill = make_bill(contract, _spent(connection), uses, months, shown)
    return Worked(days, tuple(shown), bill, tuple(uses), unused)


def _months(store: Store, contract: Contract, window: Window) -> tuple[list[date], list[date]]:
    """The months that are worked out, and of them those that are shown."""
    days = sorted(date.fromisoformat(one.day) for one in store.manifest.data)
    used = months_between(days[0], days[-1]) if days else []
    if window.since is not None and window.until is not None:
        shown = months_between(window.since, window.until - timedelta(1))
    else:
        shown = used
    if not shown or not contract.looks_back or not days:
        return shown, shown
    return months_between(min(days[0], shown[0]), shown[-1]), shown


def _prepare(
    connection: Connection,
    store: Store,
    contract: Contract,
    window: Window,
    priced_by: tuple[date, Catalog | None],
) -> tuple[list[CapacityUse], tuple[str, ...]]:
    """All tables, of the days that are worked out; what capacities took, and the entries without usage."""
    known, catalog = priced_by
    prepare_tables(connection, store, window, known, catalog)
    uses: list[CapacityUse] = []

    def spread(use: CapacityUse) -> tuple[Decimal, Decimal]:
        uses.append(use)
        split = amortized_fee(contract.capacity[use.capacity], use)
        return split.usd_per_unit, split.remainder_usd

    return uses, prepare_contract(connection, contract, question("priced", window=window), spread)


def _make_cells(connection: Connection, contract: Contract, by: Sequence[str], window: Window) -> None:
    """The table `cells`: usage under the contract added up by group, month, vendor, model and commitment."""
    from sqlglot import exp

    query = cast("exp.Select", parsed("contract_cells"))
    chosen = [exp.alias_(dimension(one), f"by_{number}", quoted=True) for number, one in enumerate(by)]
    query.set("expressions", [*chosen, *query.expressions])
    query = query.group_by(*(dimension(one) for one in by), copy=False)
    whole = contracted(question("priced", window=window), contract)
    asked = query.with_("contracted", as_=whole, copy=False)
    connection.execute(f"CREATE OR REPLACE TEMP TABLE cells AS {printed(asked, 'duckdb')}")


def _spent(connection: Connection) -> list[Spent]:
    found = connection.execute(
        "SELECT bill_month, payee, commitment, SUM(billed_usd) FROM cells GROUP BY ALL ORDER BY ALL"
    ).fetchall()
    return [
        Spent(month, canonical(payee), commitment, _places(usd)) for month, payee, commitment, usd in found
    ]


def _places(amount: Any) -> Decimal:
    return rounded(Decimal(amount))


def _rows(connection: Connection, by: Sequence[str], shown: Sequence[date]) -> list[Row]:
    """Each group of each month that is shown."""
    if not shown:
        return []
    keys = [f"by_{number}" for number in range(len(by))]
    sums = ", ".join(f"SUM({one})" for one in (*COUNTS, *AMOUNTS))
    grouped = ", ".join(("bill_month", *keys))
    found = connection.execute(
        f"SELECT {grouped}, {sums} FROM cells WHERE bill_month >= ? AND bill_month <= ? GROUP BY {grouped}",
        [shown[0], shown[-1]],
    ).fetchall()
    names = ("bill_month", *by, *COUNTS, *AMOUNTS)
    rows: list[Row] = []
    for values in found:
        row = dict(zip(names, values, strict=True))
        row.update({one: int(row[one]) for one in COUNTS}, **{one: _places(row[one]) for one in AMOUNTS})
        rows.append(row)
    return rows


def without_price(connection: Connection, shown: Sequence[date]) -> list[Row]:
    """The models that neither a list nor the contract has a price for, the most used first."""
    if not shown:
        return []
    names = ("provider", "model", "entries", "requests")
    found = connection.execute(
        "SELECT used_provider, used_model, CAST(SUM(unpriced_entries) AS BIGINT) AS lines,"
        " CAST(SUM(unpriced_requests) AS BIGINT)"
        " FROM cells WHERE unpriced_entries > 0 AND bill_month >= ? AND bill_month <= ?"
        " GROUP BY ALL ORDER BY lines DESC, used_provider, used_model",
        [shown[0], shown[-1]],
    ).fetchall()
    return [dict(zip(names, row, strict=True)) for row in found]


def usd_for_one(contract: Contract, shown: Sequence[date]) -> dict[date, Decimal]:
    """USD for one of the currency in each month: the rate of its last day; nothing without a currency.

    Raises LookupError for a month before the first rate.
    """
    if contract.currency is None:
        return {}
    return {one: contract.currency.usd_for_one(next_month(one) - timedelta(1)) for one in shown}


def _convert(groups: list[Row], bill: Bill, rates: Mapping[date, Decimal]) -> None:
    """Tell the effective amounts of groups, and all lines, in the currency too: each month for itself."""
    for month, rate in rates.items():
        mine = [row for row in groups if row["bill_month"] == month]
        beside = [index for index, line in enumerate(bill.effective) if line.month == month]
        amounts = [row["effective_usd"] for row in mine] + [bill.effective[index].usd for index in beside]
        parts = converted(amounts, rate)
        for row, part in zip(mine, parts, strict=False):
            row["effective_in_currency"] = part
        for index, part in zip(beside, parts[len(mine) :], strict=True):
            bill.effective[index] = replace(bill.effective[index], in_currency=part)
        billed = [index for index, line in enumerate(bill.billed) if line.month == month]
        for index, part in zip(billed, converted([bill.billed[i].usd for i in billed], rate), strict=True):
            bill.billed[index] = replace(bill.billed[index], in_currency=part)


def _merged(rows: Sequence[Row], by: Sequence[str]) -> list[Row]:
    """Groups over all months, the dearest first."""
    found: dict[tuple[Any, ...], Row] = {}
    for row in rows:
        key = tuple(row[one] for one in by)
        whole = found.get(key)
        if whole is None:
            found[key] = {name: value for name, value in row.items() if name != "bill_month"}
        else:
            _add(whole, row)
    return sorted(
        found.values(),
        key=lambda row: (-row["effective_usd"], -row["list_usd"], *(str(row[one] or "") for one in by)),
    )


def _add(whole: Row, row: Row) -> None:
    for name in (*COUNTS, *AMOUNTS, "effective_in_currency"):
        if name in row:
            value = row[name]
            whole[name] = EXACT.add(whole[name], value) if isinstance(value, Decimal) else whole[name] + value


def _total(totals: Sequence[Row], groups: Sequence[Row], bill: Bill, in_currency: bool) -> Row:
    """All amounts: of use, of what is beside it, and of the bill."""
    nothing = {**dict.fromkeys(COUNTS, 0), **dict.fromkeys(AMOUNTS, _places(ZERO))}
    whole = next(iter(_merged(totals, ())), nothing)
    used, billed = whole["effective_usd"], whole["billed_usd"]
    found = {
        **whole,
        "used_usd": used,
        "beside_use_usd": _sum([line.usd for line in bill.effective]),
        "effective_usd": EXACT.add(used, _sum([line.usd for line in bill.effective])),
        "billed_use_usd": billed,
        "credits_usd": _sum([line.usd for line in bill.billed if line.kind == "credit"]),
        "billed_usd": _sum([line.usd for line in bill.billed]),
    }
    if in_currency:
        beside = [line.in_currency or ZERO for line in bill.effective]
        found["effective_in_currency"] = _sum([*(row["effective_in_currency"] for row in groups), *beside])
        found["billed_in_currency"] = _sum([line.in_currency or ZERO for line in bill.billed])
    return found


def _sum(amounts: Sequence[Decimal]) -> Decimal:
    total = _places(ZERO)
    for amount in amounts:
        total = EXACT.add(total, amount)
    return total


def _dicts(states: Sequence[CommitmentState | CreditState | CapacityState]) -> tuple[Row, ...]:
    return tuple(_by_month(asdict(one)) for one in states)


def _told(line: Line) -> Row:
    return _by_month(asdict(line))


def _by_month(told: Row) -> Row:
    """A row whose month is told as 2026-10, its amounts to 15 places."""
    found = {name: _places(one) if isinstance(one, Decimal) else one for name, one in told.items()}
    return {**found, "month": f"{found['month']:%Y-%m}"} if "month" in found else found
