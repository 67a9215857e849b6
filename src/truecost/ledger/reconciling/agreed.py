"""The ledger's side under a contract: usage at what it is billed at, and the lines of the bill beside use.

What a capacity covers is not billed again, so neither side counts it: fees, shortfalls and credits stand
against the invoice's purchases, fees and credits.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from truecost.ledger.contracts.bill import ANYBODY, Line, next_month
from truecost.ledger.contracts.contract import Contract, canonical
from truecost.ledger.contracts.kinds import by_kind
from truecost.ledger.contracts.report import work_out
from truecost.ledger.engine import Connection
from truecost.ledger.invoices import Category, Invoice, InvoiceLine
from truecost.ledger.questions import Window, in_days, parsed, question
from truecost.ledger.reconciling.drift import Finding
from truecost.ledger.reconciling.logged import Group, around, groups_of
from truecost.ledger.store import Store

if TYPE_CHECKING:
    from truecost.catalog.catalog import Catalog

CAUSES: Mapping[str, str] = {
    "price": "another unit price than the contract's",
    "discount": "a factor common to all lines, beside the contract",
    "purchase": "purchases, fees and shortfalls that are not the contract's",
    "credit": "credits and refunds that are not the contract's",
    "missing": "billed, and in no log; or logged, and covered by a capacity",
}
"""What causes mean under a contract, where that is another thing."""
_FEES = (Category.PURCHASE, Category.FEE, Category.ADJUSTMENT)
_SIDES = ("in the contract", "on no invoice")


@dataclass(frozen=True, slots=True)
class Agreed:
    """Usage of a period as it is billed, and lines of the contract's bill of the months that lie in it."""

    groups: list[Group]
    lines: tuple[Line, ...]


def agreed_side(
    connection: Connection,
    store: Store,
    contract: Contract,
    window: Window,
    priced_by: tuple[date, Catalog | None],
) -> Agreed:
    """What a contract bills in a period; `priced_by` is the day of knowledge and own prices.

    A fee, a shortfall or a credit is of a whole month: it counts where the period holds all of it.
    """
    assert window.since is not None
    assert window.until is not None
    since, until = window.since, window.until
    lines = work_out(connection, store, contract, window, priced_by).bill.billed
    near = around(window)
    worked = work_out(connection, store, contract, near, priced_by)
    usage = by_kind(question("priced", window=worked.window), contract)
    asked = parsed("reconcile_contract").with_("contracted", as_=usage)
    groups = groups_of(connection, window, priced=in_days(asked, near))
    inside = (
        one for one in lines
        if one.kind != "usage" and one.usd and since <= one.month and next_month(one.month) <= until
    )  # fmt: skip
    return Agreed(groups, tuple(inside))


def usd_per_of(
    contract: Contract | None, invoice: Invoice, window: Window, given: Mapping[str, Decimal]
) -> Mapping[str, Decimal]:
    """What an invoice's currencies are worth: as given, else the contract's at the rate of the last month.

    Raises LookupError where that is before the first rate.
    """
    if contract is None or contract.currency is None or contract.currency.code in given:
        return given
    if contract.currency.code not in {one.currency for one in invoice.lines}:
        return given
    assert window.until is not None
    last = next_month((window.until - timedelta(1)).replace(day=1)) - timedelta(1)
    return {**given, contract.currency.code: contract.currency.usd_for_one(last)}


def as_billed(lines: Iterable[InvoiceLine]) -> tuple[InvoiceLine, ...]:
    """Lines by what is billed for them; usage that is billed nothing, since it is covered, is left out."""
    return tuple(
        replace(one, amount=one.billed) for one in lines if one.category is not Category.USAGE or one.billed
    )


def lines_of(lines: Iterable[Line], providers: Sequence[str]) -> tuple[Line, ...]:
    """The lines of the vendors whose invoice it is; of all where none is named."""
    wanted = {canonical(one) for one in providers}
    return tuple(one for one in lines if not wanted or one.payee == ANYBODY or canonical(one.payee) in wanted)


def matched(billed: Sequence[InvoiceLine], lines: Sequence[Line], near: Fraction) -> list[Finding]:
    """What invoice and contract have beside use, and the other has not: all together, else line by line.

    `near` is half of the last digit of an amount.
    """
    found = [_only_billed(one) for one in billed if one.category in (Category.TAX, Category.DISCOUNT)]
    for is_credit in (True, False):
        categories = (Category.CREDIT,) if is_credit else _FEES
        theirs = [one for one in billed if one.category in categories]
        ours = [one for one in lines if (one.kind == "credit") is is_credit]
        off = sum((Fraction(one.billed) for one in theirs), Fraction(0)) - sum_of(ours)
        if theirs and ours and abs(off) <= near * len(theirs):
            found.append(Finding("rounding", off, "fees and credits"))
            continue
        cause = "credit" if is_credit else "purchase"
        for line in sorted(theirs, key=lambda one: _of_the_name(one, ours) is None):
            same = _same(line, ours, near)
            if same is None:
                found.append(_only_billed(line))
                continue
            ours.remove(same)
            off = Fraction(line.billed) - Fraction(same.usd)
            sides = (
                f"{same.usd.normalize():f} USD in the contract",
                f"{line.billed.normalize():f} USD billed",
            )
            is_near = abs(off) <= near
            told = Finding("rounding", off, line.description) if is_near else Finding(
                cause, off, same.name, same.kind, before=sides[0], after=sides[1]
            )  # fmt: skip
            found.append(told)
        before, after = _SIDES
        found += [
            Finding(cause, -Fraction(one.usd), one.name, one.kind, before=before, after=after) for one in ours
        ]
    return [one for one in found if one.usd]


def _same(line: InvoiceLine, ours: Sequence[Line], near: Fraction) -> Line | None:
    """The contract's line that a line of the invoice is: by its amount, else by its name."""
    equal = [one for one in ours if abs(Fraction(one.usd) - Fraction(line.billed)) <= near]
    return equal[0] if equal else _of_the_name(line, ours)


def _of_the_name(line: InvoiceLine, ours: Sequence[Line]) -> Line | None:
    said = line.description.lower()
    return next((one for one in ours if one.name.lower() in said), None)


def _only_billed(line: InvoiceLine) -> Finding:
    return Finding(line.category.value, Fraction(line.billed), line.description)


def sum_of(lines: Iterable[Line]) -> Fraction:
    """USD of lines."""
    return sum((Fraction(one.usd) for one in lines), Fraction(0))


def told_lines(lines: Iterable[Line]) -> tuple[dict[str, Any], ...]:
    """Lines as plain rows."""
    return tuple(
        {
            "month": f"{one.month:%Y-%m}",
            "payee": one.payee,
            "kind": one.kind,
            "name": one.name,
            "usd": one.usd,
        }
        for one in lines
    )
