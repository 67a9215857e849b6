"""The bill of a contract, month by month: use, capacity, shortfalls of commitments, credits, currency.

Fees and commitments are of whole calendar months (of those in which they are valid, by days). A credit is
taken off bills in the order of their dates and never off what somebody's use cost. Amounts are exact decimals
of 15 places; what is divided is rounded half to even once, and what is left of it is in the largest line.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Literal

from truecost.ledger.contracts.amounts import CapacityUse, weight_unit
from truecost.ledger.contracts.contract import Capacity, Commitment, Contract, Credit, Scope
from truecost.ledger.contracts.terms import EXACT, rounded
from truecost.pricing.provisioned import Amortized, amortized

ANYBODY = "(any)"
"""Who is paid under an entry that names no provider."""
_MINUTES_PER_DAY = 1440
_HOURS_PER_DAY = 24
ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Spent:
    """What the use of a month is billed at, by vendor and by the commitment it counts for (-1 for none)."""

    month: date
    payee: str
    commitment: int
    usd: Decimal


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a month: `usage`, `capacity` (its fee), `idle` (the part of the fee that nothing used),
    `shortfall` or `credit`.
    """

    month: date
    payee: str
    kind: Literal["usage", "capacity", "idle", "shortfall", "credit"]
    name: str
    usd: Decimal
    in_currency: Decimal | None = None
    entry: str = ""
    """The contract's entry that it comes of, as a file names it: capacity.0; "" of usage."""


@dataclass(frozen=True, slots=True)
class CommitmentState:
    """A period of a commitment: what was promised and spent so far, and what is missing once it is over."""

    name: str
    begins: date
    ends: date
    promised_usd: Decimal
    spent_usd: Decimal
    shortfall_usd: Decimal | None
    """None while the report does not reach the period's end."""


@dataclass(frozen=True, slots=True)
class CreditState:
    """A credit: what there was, what bills of these and earlier months took, what is left of it."""

    name: str
    usd: Decimal
    used_before_usd: Decimal
    used_usd: Decimal
    left_usd: Decimal
    valid_until: date | None


@dataclass(frozen=True, slots=True)
class CapacityState:
    """A capacity in a month: its fee, which share of it was used, and what it split to."""

    name: str
    month: date
    fee_usd: Decimal
    used_share: float
    used_usd: Decimal
    idle_usd: Decimal


@dataclass(slots=True)
class Bill:
    """Lines that are billed and lines that are effective costs beside use, of the months asked for."""

    billed: list[Line] = field(default_factory=list[Line])
    effective: list[Line] = field(default_factory=list[Line])
    commitments: list[CommitmentState] = field(default_factory=list[CommitmentState])
    credits: list[CreditState] = field(default_factory=list[CreditState])
    capacities: list[CapacityState] = field(default_factory=list[CapacityState])


def month_of(day: date) -> date:
    """The first day of a day's month."""
    return day.replace(day=1)


def next_month(month: date) -> date:
    """The first day of the month behind a month.

    >>> next_month(date(2026, 12, 1))
    datetime.date(2027, 1, 1)
    """
    return (month.replace(day=1) + timedelta(32)).replace(day=1)


def months_between(first: date, last: date) -> list[date]:
    """The months from that of one day to that of another, both included."""
    months = [month_of(first)]
    while next_month(months[-1]) <= last:
        months.append(next_month(months[-1]))
    return months


def days_in_force(scope: Scope, begin: date, end: date) -> int:
    """How many days of a span (its end excluded) an entry is valid."""
    first = max(begin, scope.valid_from or begin)
    last = min(end, scope.valid_until or end)
    return max((last - first).days, 0)


def capacity_fee(capacity: Capacity, month: date) -> Decimal:
    """USD of a capacity in a month: by the hours of its days, or its part of the month by days."""
    days = days_in_force(capacity, month, next_month(month))
    if capacity.usd_per_hour is not None:
        return EXACT.multiply(capacity.usd_per_hour, Decimal(days * _HOURS_PER_DAY))
    return _part(capacity.usd_per_month or ZERO, days, (next_month(month) - month).days)


def capacity_room(capacity: Capacity, month: date) -> Decimal:
    """What a capacity can take in a month, in its own weight of tokens."""
    days = days_in_force(capacity, month, next_month(month))
    return capacity.tokens_per_minute * weight_unit(capacity) * days * _MINUTES_PER_DAY


def amortized_fee(capacity: Capacity, use: CapacityUse) -> Amortized:
    """A month's fee over what the capacity took of what it could take."""
    return amortized(capacity_fee(capacity, use.month), use.weight, capacity_room(capacity, use.month))


def _part(usd: Decimal, days: int, of_days: int) -> Decimal:
    return rounded(EXACT.divide(EXACT.multiply(usd, Decimal(days)), Decimal(of_days)))


def make_bill(
    contract: Contract,
    spent: Sequence[Spent],
    uses: Sequence[CapacityUse],
    months: Sequence[date],
    shown: Iterable[date],
) -> Bill:
    """The bill of the months `shown`; `months` begins where what they depend on does."""
    kept = set(shown)
    whole = Bill()
    _usage(whole, spent)
    _capacities(whole, contract, uses, months)
    _commitments(whole, contract, spent, months)
    _credits(whole, contract, months, kept)
    for lines in (whole.billed, whole.effective):
        lines[:] = sorted(
            (one for one in lines if one.month in kept),
            key=lambda one: (one.month, one.kind == "credit", -one.usd, one.payee, one.name),
        )
    whole.capacities = [one for one in whole.capacities if one.month in kept]
    first, stop = min(kept, default=date.max), next_month(max(kept, default=date.min))
    whole.commitments = [one for one in whole.commitments if one.ends > first and one.begins < stop]
    return whole


def _usage(bill: Bill, spent: Sequence[Spent]) -> None:
    sums: dict[tuple[date, str], Decimal] = {}
    for one in spent:
        sums[one.month, one.payee] = EXACT.add(sums.get((one.month, one.payee), ZERO), one.usd)
    bill.billed += [Line(month, payee, "usage", "usage", usd) for (month, payee), usd in sums.items()]


def _capacities(bill: Bill, contract: Contract, uses: Sequence[CapacityUse], months: Sequence[date]) -> None:
    used = {(use.capacity, use.month): use for use in uses}
    for number, capacity in enumerate(contract.capacity):
        for month in months:
            if not days_in_force(capacity, month, next_month(month)):
                continue
            use = used.get((number, month), CapacityUse(number, month, ZERO))
            split = amortized_fee(capacity, use)
            fee = EXACT.add(split.used_usd, split.idle_usd)
            payee, name, entry = capacity.provider or ANYBODY, capacity.called, f"capacity.{number}"
            bill.billed.append(Line(month, payee, "capacity", name, fee, entry=entry))
            bill.effective.append(Line(month, payee, "idle", name, split.idle_usd, entry=entry))
            share = float(split.used_usd / fee) if fee else 0.0
            state = CapacityState(name, month, fee, share, split.used_usd, split.idle_usd)
            bill.capacities.append(state)


def _commitments(bill: Bill, contract: Contract, spent: Sequence[Spent], months: Sequence[date]) -> None:
    if not months:
        return
    stop = next_month(months[-1])
    for number, commitment in enumerate(contract.commitments):
        mine = [one for one in spent if one.commitment == number]
        for begin, end, promised in _periods(commitment, months[0], stop):
            paid = _total(one.usd for one in mine if month_of(begin) <= one.month < end)
            missing = max(EXACT.subtract(promised, paid), ZERO) if end <= stop else None
            bill.commitments.append(CommitmentState(commitment.called, begin, end, promised, paid, missing))
            if missing:
                payee, month = commitment.provider or ANYBODY, month_of(end - timedelta(1))
                entry = f"commitments.{number}"
                line = Line(month, payee, "shortfall", commitment.called, missing, entry=entry)
                bill.billed.append(line)
                bill.effective.append(line)


def _periods(commitment: Commitment, first: date, stop: date) -> Iterator[tuple[date, date, Decimal]]:
    """The months or years of a commitment that meet a span, and what each promises: of a part, by days."""
    if commitment.per == "month":
        whole = [(month, next_month(month)) for month in months_between(first, stop - timedelta(1))]
    else:
        whole = list(_years(commitment.valid_from or first, stop))
    for begin, end in whole:
        days = days_in_force(commitment, begin, end)
        if days and end > first:
            low = max(begin, commitment.valid_from or begin)
            high = min(end, commitment.valid_until or end)
            yield low, high, _part(commitment.usd, days, (end - begin).days)


def _years(begin: date, stop: date) -> Iterator[tuple[date, date]]:
    """Years from the first day of a month on."""
    while begin < stop:
        end = begin.replace(year=begin.year + 1)
        yield begin, end
        begin = end


def _credits(bill: Bill, contract: Contract, months: Sequence[date], shown: set[date]) -> None:
    order = sorted(contract.credits, key=lambda one: (one.valid_from, one.valid_until or date.max))
    taken: dict[int, tuple[Decimal, Decimal]] = dict.fromkeys(range(len(order)), (ZERO, ZERO))
    for month in months:
        day = next_month(month) - timedelta(1)
        owed: dict[str, Decimal] = {}
        for line in bill.billed:
            if line.month == month:
                owed[line.payee] = EXACT.add(owed.get(line.payee, ZERO), line.usd)
        for index, credit in enumerate(order):
            if not credit.valid_from <= day or (credit.valid_until is not None and credit.valid_until <= day):
                continue
            for payee in sorted(owed, key=lambda one: (-owed[one], one)):
                before, here = taken[index]
                part = min(EXACT.subtract(credit.usd, EXACT.add(before, here)), owed[payee])
                if part > 0 and _pays(credit, payee):
                    owed[payee] = EXACT.subtract(owed[payee], part)
                    entry = f"credits.{contract.credits.index(credit)}"
                    bill.billed.append(Line(month, payee, "credit", credit.called, -part, entry=entry))
                    taken[index] = (before, here + part) if month in shown else (before + part, here)
    bill.credits = [
        CreditState(
            one.called,
            one.usd,
            before,
            here,
            EXACT.subtract(one.usd, EXACT.add(before, here)),
            one.valid_until,
        )
        for one, (before, here) in zip(order, taken.values(), strict=True)
    ]


def _pays(credit: Credit, payee: str) -> bool:
    return not credit.provider or Scope(provider=credit.provider).fits([payee], [""])


def _total(amounts: Iterable[Decimal]) -> Decimal:
    total = ZERO
    for amount in amounts:
        total = EXACT.add(total, amount)
    return total


def converted(amounts: Sequence[Decimal], usd_for_one: Decimal) -> list[Decimal]:
    """Amounts of one month in another currency: their sum is converted and rounded once, and so is each;
    what the parts lack of the sum is in the largest.

    >>> converted([Decimal(1), Decimal(1), Decimal(1)], Decimal(3))[1:]
    [Decimal('0.333333333333333'), Decimal('0.333333333333333')]
    >>> sum(converted([Decimal(1), Decimal(1), Decimal(1)], Decimal(3)))
    Decimal('1.000000000000000')
    """
    parts = [rounded(EXACT.divide(one, usd_for_one)) for one in amounts]
    if parts:
        whole = rounded(EXACT.divide(_total(amounts), usd_for_one))
        largest = max(range(len(parts)), key=lambda index: abs(amounts[index]))
        parts[largest] = EXACT.add(parts[largest], EXACT.subtract(whole, _total(parts)))
    return parts
