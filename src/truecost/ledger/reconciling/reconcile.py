"""The reconciliation: an invoice against the ledger, and their difference by cause, to the last digit.

The causes and what is left unexplained sum to the difference exactly. Where each comes from is told in
`truecost.ledger.reconciling.drift`; usage that was billed in another period in `...reconciling.late`.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from truecost.catalog.api_price_names import split_provider
from truecost.ledger.contracts.bill import Line
from truecost.ledger.contracts.contract import Contract
from truecost.ledger.engine import connected
from truecost.ledger.exact import EXACT, NOTHING, quotient, rounded
from truecost.ledger.filters import option_filter
from truecost.ledger.invoices import Category, Invoice, InvoiceError, InvoiceLine, read_invoice
from truecost.ledger.invoices.line import TOKENS
from truecost.ledger.questions import Window
from truecost.ledger.reconciling.agreed import CAUSES as AGREED
from truecost.ledger.reconciling.agreed import (
    agreed_side,
    as_billed,
    lines_of,
    matched,
    sum_of,
    told_lines,
    usd_per_of,
)
from truecost.ledger.reconciling.drift import Charge, Drift, Finding
from truecost.ledger.reconciling.late import Billed, Late, found_late
from truecost.ledger.reconciling.logged import (
    EXACTLY,
    Cell,
    Group,
    Shape,
    around,
    cells_of,
    groups_of,
)
from truecost.ledger.reconciling.names import Models
from truecost.ledger.reporting import plain, prepare_tables
from truecost.ledger.store import open_store

if TYPE_CHECKING:
    from truecost.catalog.catalog import Catalog

CAUSES: Mapping[str, str] = {
    "unpriced": "logged, and no price is known for it",
    "tier": "billed at another service tier or batch than was logged",
    "cache": "cached tokens billed as something else, or others as cached",
    "late": "logged in one period and billed in another",
    "discount": "a factor common to all lines",
    "currency": "the invoice was converted at another rate",
    "price": "another unit price than the list's",
    "missing": "billed, and in no log",
    "unbilled": "logged, and not billed",
    "credit": "credits and refunds",
    "tax": "taxes",
    "fee": "fees and support",
    "purchase": "purchases and commitments, less what they cover",
    "adjustment": "adjustments of earlier invoices",
    "rounding": "the invoice's lines are rounded",
}
"""Every cause of drift, and what it means."""
UNEXPLAINED = "unexplained"
_SMALLEST = Fraction(1, 10**9)
_CRUMBS = Decimal("1e-12")
_COMES = ("logged before or after these days", "billed in them")
_GOES = ("logged in these days", "billed before or after them")


@dataclass(frozen=True, slots=True)
class Item:
    """What a cause is made of: a model and kind of token (or a line's text), and how much.

    `before` and `after` say what moved; prices are USD a million tokens.
    """

    model: str
    kind: str
    usd: Decimal
    tokens: Decimal | None = None
    before: str = ""
    after: str = ""
    list_usd_per_mtok: Decimal | None = None
    billed_usd_per_mtok: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Cause:
    """A part of the drift: its name in CAUSES, USD, and what it is made of, the largest first."""

    name: str
    meaning: str
    usd: Decimal
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """An invoice against a ledger: `drift_usd` is invoice less ledger, causes and residual sum to it."""

    store: str
    invoice: str
    format: str
    currency: str
    usd_per: Mapping[str, Decimal]
    first_day: date
    last_day: date
    as_known: date
    providers: tuple[str, ...]
    invoice_usd: Decimal
    ledger_usd: Decimal
    drift_usd: Decimal
    drift_share: Decimal | None
    """Of the invoice; None where it is 0."""
    tolerance: Decimal
    causes: tuple[Cause, ...]
    residual_usd: Decimal
    residual_items: tuple[Item, ...]
    factor: Decimal
    """What all lines are, relative to list prices."""
    hours_from_utc: tuple[float, float] | None
    """By how many hours the invoice's days begin after UTC's, where that explains usage near its ends."""
    counts_told: bool
    """Whether the invoice tells how many tokens a line is."""
    unpriced_models: tuple[str, ...]
    left_out_lines: int
    left_out_usd: Decimal
    incomplete: bool
    where: str | None = None
    catalog: str | None = None
    """The file whose prices went before those that ship."""
    contract: str | None = None
    contract_lines: tuple[Mapping[str, Any], ...] = ()
    """What the contract bills beside use, in `ledger_usd`: fees, shortfalls, credits."""

    @property
    def within(self) -> bool:
        """Whether the drift is within the tolerance."""
        return abs(self.drift_usd) <= abs(self.invoice_usd) * self.tolerance

    def to_dict(self) -> dict[str, Any]:
        """Plain values with stable keys; amounts as text, to the last digit."""
        return plain({**asdict(self), "within": self.within})


def reconcile(
    store: str | os.PathLike[str],
    invoice: str | os.PathLike[str],
    *,
    month: str | None = None,
    as_known: date | None = None,
    tolerance: Decimal = Decimal("0.01"),
    mapping: Mapping[str, str] | None = None,
    usd_per: Mapping[str, Decimal] | None = None,
    providers: Sequence[str] = (),
    where: str | None = None,
    catalog: Catalog | None = None,
    contract: Contract | None = None,
    contract_name: str = "",
) -> Reconciliation:
    """Compare an invoice with what a store logged in its days, and take the difference apart by cause.

    `month` takes the lines and the usage of one month; without it, the days that the invoice names.
    `usd_per` says what one of another currency is worth; `providers` whose usage the invoice is of, found by
    its models without. `where` (`truecost.ledger.filters`) takes some usage alone, for an invoice of one
    project; the prices of an overlay of `catalog` go before those that ship. Under a `contract`, called
    `contract_name` where it has no name, the ledger's side is what that bills. Raises InvoiceError for an
    invoice that is not understood, UnknownName for a provider that nobody knows, NoStore for no store,
    ValueError for a filter under a contract, LookupError for a contract without a rate of the invoice's days.
    """
    if contract is not None and where is not None:
        raise ValueError("a contract is of all usage: volumes and capacities count every request, not some")
    known, chosen = as_known or date.today(), option_filter("--for", where)
    found = read_invoice(invoice, mapping)
    window = Window.of_month(month) if month else _days(found)
    bill = _Bill.of(found, window, usd_per_of(contract, found, window, usd_per or {}))
    opened, lines = open_store(store), ()
    with connected(store) as connection:
        if contract is None:
            prepare_tables(connection, opened, around(bill.window), known, catalog)
            groups = groups_of(connection, bill.window, chosen)
        else:
            bill = replace(bill, lines=as_billed(bill.lines))
            agreed = agreed_side(connection, opened, contract, bill.window, (known, catalog))
            groups, lines = agreed.groups, agreed.lines
    _check_providers(providers, groups)
    models = Models(groups, bill.first, known, catalog, contract)
    compared = _Compared(bill, groups, models, tuple(one.lower() for one in providers), lines)
    told = compared.result(str(store), known, tolerance)
    if contract is not None:
        causes = tuple(replace(one, meaning=AGREED.get(one.name, one.meaning)) for one in told.causes)
        told = replace(told, causes=causes, contract=contract.name or contract_name)
    return replace(told, where=where, catalog=catalog.overlay if catalog else None)


def _check_providers(named: Sequence[str], groups: Iterable[Group]) -> None:
    """Raises UnknownName, with the nearest, for a provider that neither the logs nor the catalog have."""
    logged = {one.key.partition("/")[0] for one in groups}
    for one in named:
        if one.lower() not in logged:
            split_provider("", one.lower())


@dataclass(frozen=True, slots=True)
class _Bill:
    """The lines of an invoice that count, in USD, and its days."""

    invoice: Invoice
    lines: tuple[InvoiceLine, ...]
    window: Window
    left_out: tuple[int, Decimal]
    currencies: tuple[str, ...]
    usd_per: Mapping[str, Decimal]
    unit: Fraction
    """The last digit of its amounts, in USD."""

    @classmethod
    def of(cls, invoice: Invoice, window: Window | None, usd_per: Mapping[str, Decimal]) -> _Bill:
        """The bill of an invoice. Raises InvoiceError for a missing rate, and where no day is named."""
        currencies = tuple(sorted({one.currency for one in invoice.lines}))
        for one in currencies:
            if one != "USD" and one not in usd_per:
                raise InvoiceError(
                    f"{invoice.file}: amounts are in {one}; say what one is worth: --usd-per {one}=1.08"
                )
        worth = {**usd_per, "USD": Decimal(1)}
        given = window or _days(invoice)
        kept = tuple(one for one in invoice.lines if _inside(one, given))
        rest = [one for one in invoice.lines if not _inside(one, given)]
        if not any(one.since is not None for one in kept) and rest:
            raise InvoiceError(
                f"{invoice.file}: no line is of {given.since} to {_day_before(given.until)}; its lines are of"
                f" {min(one.since for one in rest if one.since)} and later"
            )
        places = max((-int(one.amount.as_tuple().exponent) for one in invoice.lines), default=2)
        unit = Fraction(1, 10 ** max(2, places)) * max(Fraction(worth[one]) for one in currencies)
        outside = sum((one.billed * worth[one.currency] for one in rest), Decimal(0))
        other = invoice.left_out_amount * worth[currencies[0]]
        left_out = (len(rest) + invoice.left_out, EXACT.add(outside, other))
        return cls(invoice, tuple(_in_usd(one, worth) for one in kept), given, left_out, currencies,
                   dict(usd_per), max(unit, _SMALLEST))  # fmt: skip

    @property
    def first(self) -> date:
        """The first day."""
        assert self.window.since is not None
        return self.window.since

    @property
    def until(self) -> date:
        """The day after the last."""
        assert self.window.until is not None
        return self.window.until

    @property
    def total_usd(self) -> Decimal:
        """What the invoice asks for."""
        return _sum(one.billed for one in self.lines)


def _days(invoice: Invoice) -> Window:
    """The days that an invoice names."""
    if invoice.span is not None:
        return Window(*invoice.span)
    dated = [(one.since, one.until) for one in invoice.lines if one.since and one.until]
    if not dated:
        raise InvoiceError(f"{invoice.file}: no line names a day or a month; say --month 2026-10")
    return Window(min(since for since, _ in dated), max(until for _, until in dated))


def _inside(line: InvoiceLine, window: Window) -> bool:
    assert window.since is not None
    assert window.until is not None
    return line.since is None or window.since <= line.since < window.until


def _in_usd(line: InvoiceLine, worth: Mapping[str, Decimal]) -> InvoiceLine:
    rate = worth[line.currency]
    amount, billed = (rounded(EXACT.multiply(one, rate)) for one in (line.amount, line.billed))
    return replace(line, amount=amount, billed=billed)


@dataclass(slots=True)
class _Compared:
    """A bill beside the usage of its days."""

    bill: _Bill
    groups: Sequence[Group]
    models: Models
    told_providers: tuple[str, ...]
    lines: tuple[Line, ...] = ()
    """What a contract bills beside use."""

    def result(self, store: str, known: date, tolerance: Decimal) -> Reconciliation:
        """Everything that is found, put together."""
        usage = [one for one in self.bill.lines if one.category is Category.USAGE]
        keys = {id(one): self._key(one) for one in usage}
        providers = self._providers(keys.values())
        mine = [one for one in self.groups if not providers or one.key.partition("/")[0] in providers]
        shape = self._shape(usage, keys, mine)
        charges = self._charges(usage, keys, shape)
        prices = self.models.prices
        in_foreign = self.bill.currencies != ("USD",)
        before = cells_of(mine, {}, shape)
        first = Drift(charges, before, prices)
        first.explained()
        late = found_late(mine, self._billed(charges, first.factor))
        after = cells_of(mine, late.bounds, shape)
        drift = Drift(charges, after, prices)
        lines = lines_of(self.lines, providers)
        findings = [*self._beside(lines), *_late(mine, late), *drift.explained()]
        if in_foreign and Fraction(4, 5) < drift.factor < Fraction(5, 4):
            findings = [_renamed(one, "discount", "currency") for one in findings]
        ledger = sum((one.usd for one in before.values()), sum_of(lines))
        unpriced = sorted({one.key for one in mine if one.is_unpriced and one.within(EXACTLY)})
        counted = any(one.quantity is not None for one in usage)
        return self._made(findings, _decimal(ledger), store=store, as_known=known, tolerance=tolerance,
                          providers=providers, factor=_decimal(drift.factor), hours_from_utc=late.hours,
                          counts_told=counted, unpriced_models=tuple(unpriced),
                          contract_lines=told_lines(lines))  # fmt: skip

    def _key(self, line: InvoiceLine) -> str:
        meter = line.meter
        return self.models.key(meter.model, line.provider or self._only_provider()) if meter.model else ""

    def _only_provider(self) -> str:
        return self.told_providers[0] if len(self.told_providers) == 1 else ""

    def _providers(self, keys: Iterable[str]) -> tuple[str, ...]:
        """Whose usage the invoice is of; none for all."""
        if self.told_providers:
            return tuple(sorted(self.told_providers))
        named = {one.partition("/")[0] for one in keys if one} | {self.bill.invoice.provider}
        return tuple(sorted(named - {"", "?"}))

    def _shape(self, usage: Sequence[InvoiceLine], keys: Mapping[int, str], mine: Sequence[Group]) -> Shape:
        tiers = any(one.meter.tier is not None or one.meter.batch is not None for one in usage)
        stated = {one.key for one in mine if one.is_stated}
        amounts_alone = {keys[id(one)] for one in usage if not one.meter.kind and keys[id(one)]}
        total_alone = not any(keys.values()) and not any(one.meter.kind for one in usage)
        return Shape(tiers, frozenset(stated | amounts_alone), total_alone)

    def _charges(
        self, usage: Sequence[InvoiceLine], keys: Mapping[int, str], shape: Shape
    ) -> dict[Cell, Charge]:
        """What is billed of each cell."""
        by_cell: dict[Cell, list[InvoiceLine]] = {}
        for line in usage:
            sold = (line.meter.tier or "standard", bool(line.meter.batch))
            cell = shape.placed(Cell(keys[id(line)], sold, line.meter.kind))
            by_cell.setdefault(cell, []).append(line)
        return {cell: self._charge(cell, lines) for cell, lines in by_cell.items()}

    def _charge(self, cell: Cell, lines: Sequence[InvoiceLine]) -> Charge:
        told = [one.quantity for one in lines if one.quantity is not None]
        count = sum(map(Fraction, told), Fraction(0)) if len(told) == len(lines) else None
        usd = sum((Fraction(one.amount) for one in lines), Fraction(0))
        texts = tuple(dict.fromkeys(one.description for one in lines))
        counted = count if cell.kind in TOKENS else None
        return Charge(usd, counted, self.bill.unit / 2 * len(lines), texts)

    def _billed(self, charges: Mapping[Cell, Charge], factor: Fraction) -> dict[str, Billed]:
        """What is billed of each model, to look for usage near the ends of the period."""
        by_key: dict[str, list[tuple[Cell, Charge]]] = {}
        for cell, charge in charges.items():
            if cell.key:
                by_key.setdefault(cell.key, []).append((cell, charge))
        return {key: _measured(mine, factor) for key, mine in by_key.items()}

    def _beside(self, lines: Sequence[Line]) -> list[Finding]:
        """Lines that bill no usage, and what a commitment covers; less what a contract has of them."""
        if lines:
            rest = [one for one in self.bill.lines if one.category is not Category.USAGE]
            return matched(rest, lines, self.bill.unit / 2)
        found: list[Finding] = []
        for line in self.bill.lines:
            if line.category is Category.USAGE:
                covered = Fraction(line.billed - line.amount)
                found.append(Finding("purchase", covered, line.description, "covered"))
            else:
                found.append(Finding(line.category.value, Fraction(line.billed), line.description))
        return [one for one in found if one.usd]

    def _made(self, findings: Sequence[Finding], ledger: Decimal, **more: Any) -> Reconciliation:
        bill = self.bill
        total = bill.total_usd
        drift = EXACT.subtract(total, ledger)
        causes = _causes([one for one in findings if one.cause != UNEXPLAINED])
        left = EXACT.subtract(drift, _sum(one.usd for one in causes))
        if causes and left and abs(left) <= _CRUMBS:
            causes = [_with_crumbs(causes[0], left), *causes[1:]]
            left = Decimal(0)
        unknown = [_item(one) for one in findings if one.cause == UNEXPLAINED]
        share = quotient(drift, total)
        return Reconciliation(
            invoice=bill.invoice.file, format=bill.invoice.format, currency=", ".join(bill.currencies),
            usd_per=bill.usd_per, first_day=bill.first, last_day=_day_before(bill.until),
            invoice_usd=total, ledger_usd=ledger, drift_usd=drift, drift_share=share, causes=tuple(causes),
            residual_usd=left, residual_items=tuple(unknown), left_out_lines=bill.left_out[0],
            left_out_usd=bill.left_out[1], incomplete=bill.invoice.incomplete, **more,
        )  # fmt: skip


def _measured(charges: Sequence[tuple[Cell, Charge]], factor: Fraction) -> Billed:
    """Tokens where all lines of a model tell them, else its amount at list prices."""
    tolerance = sum((one.tolerance for _, one in charges), Fraction(0))
    if all(charge.quantity is not None for _, charge in charges):
        counts = [(cell.kind == "output", charge.quantity or Fraction(0)) for cell, charge in charges]
        output = sum((count for is_output, count in counts if is_output), Fraction(0))
        return Billed((sum((count for _, count in counts), Fraction(0)) - output, output), Fraction(0), True)
    usd = sum((one.usd for _, one in charges), Fraction(0)) / factor
    return Billed((usd,), tolerance, False)


def _late(groups: Sequence[Group], late: Late) -> list[Finding]:
    """Usage between the ends of the period as told and as billed, by model."""
    found: list[Finding] = []
    for key, bounds in late.bounds.items():
        for is_in in (True, False):
            moved = [
                one for one in groups
                if one.key == key and one.within(bounds) is is_in and one.within(EXACTLY) is not is_in
            ]  # fmt: skip
            tokens = Fraction(sum(sum(one.tokens.values()) for one in moved))
            usd = sum((one.total_usd for one in moved), Fraction(0))
            told = _COMES if is_in else _GOES
            if usd:
                found.append(Finding("late", usd if is_in else -usd, key, "", tokens, *told))
    return found


def _renamed(finding: Finding, old: str, new: str) -> Finding:
    return replace(finding, cause=new) if finding.cause == old else finding


def _causes(findings: Iterable[Finding]) -> list[Cause]:
    """Findings by cause, the largest first; each cause is the sum of its items."""
    by_cause: dict[str, list[Item]] = {}
    for one in findings:
        by_cause.setdefault(one.cause, []).append(_item(one))
    found = [
        Cause(name, CAUSES.get(name, ""), _sum(item.usd for item in items),
              tuple(sorted(items, key=lambda item: (-abs(item.usd), item.model, item.kind))))
        for name, items in by_cause.items()
    ]  # fmt: skip
    return sorted(
        (one for one in found if any(item.usd for item in one.items)),
        key=lambda one: (-abs(one.usd), one.name),
    )


def _with_crumbs(cause: Cause, left: Decimal) -> Cause:
    """The largest cause with what rounding each part to 15 places left over."""
    first = replace(cause.items[0], usd=EXACT.add(cause.items[0].usd, left))
    return replace(cause, usd=EXACT.add(cause.usd, left), items=(first, *cause.items[1:]))


def _item(finding: Finding) -> Item:
    def per_mtok(rate: Fraction | None) -> Decimal | None:
        return None if rate is None else _decimal(rate * 10**6)

    return Item(
        finding.key, finding.kind, _decimal(finding.usd),
        None if finding.tokens is None else _decimal(finding.tokens).normalize(),
        finding.before, finding.after, per_mtok(finding.rate), per_mtok(finding.billed_rate),
    )  # fmt: skip


def _decimal(value: Fraction) -> Decimal:
    """A fraction to 15 places, half to even."""
    return rounded(EXACT.divide(Decimal(value.numerator), Decimal(value.denominator)))


def _sum(amounts: Iterable[Decimal]) -> Decimal:
    total = NOTHING
    for one in amounts:
        total = EXACT.add(total, one)
    return rounded(total)


def _day_before(day: date | None) -> date:
    from datetime import timedelta

    assert day is not None
    return day - timedelta(1)
