"""FOCUS rows under a contract: what its usage is charged at, and charges that are no usage.

Billed costs sum to the billed total of the contract's report, effective costs but those of credits to its
effective total, to the last digit, in USD or in the contract's currency. A capacity is a commitment of usage,
a promised spend one of spend: docs/ledger-focus.md says which rows and columns are filled with what.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, cast

from truecost.focus import CURRENCY, SUBCATEGORIES
from truecost.ledger.contracts.amounts import weight_unit
from truecost.ledger.contracts.bill import ANYBODY, Line, capacity_room, days_in_force, next_month
from truecost.ledger.contracts.contract import Capacity, Contract
from truecost.ledger.contracts.kinds import by_kind
from truecost.ledger.contracts.report import Worked, usd_for_one, without_price
from truecost.ledger.contracts.terms import EXACT
from truecost.ledger.engine import Connection, name
from truecost.ledger.questions import parsed
from truecost.ledger.rates import fill
from truecost.ledger.reading import sql
from truecost.ledger.reporting import UnpricedModel, UsageReport
from truecost.lines import Category

if TYPE_CHECKING:
    from sqlglot import exp

IN_CURRENCY: Mapping[str, str] = {
    "PricingCurrency": "VARCHAR",
    "PricingCurrencyContractedUnitPrice": "DECIMAL(38,15)",
    "PricingCurrencyEffectiveCost": "DECIMAL(38,15)",
    "PricingCurrencyListUnitPrice": "DECIMAL(38,15)",
}
"""Columns of FOCUS that a bill in another currency than its prices has besides."""
RATE_COLUMNS = ("x_UsdForOne", "x_RateDate")
"""Our own of such a bill: USD for one of its currency, and the day of that rate."""
AGREEMENTS: Mapping[str, str] = {
    "agreement": "VARCHAR", "discount_category": "VARCHAR", "discount_name": "VARCHAR",
    "discount_type": "VARCHAR", "discount_unit": "VARCHAR", "units_each": "DECIMAL(10,9)",
}  # fmt: skip
_LINE: Mapping[str, str] = {
    **dict.fromkeys((
        "BillingAccountId", "BillingAccountName", "BillingCurrency", "ChargeCategory", "ChargeDescription",
        "ChargeFrequency", "CommitmentDiscountCategory", "CommitmentDiscountId", "CommitmentDiscountName",
        "CommitmentDiscountStatus", "CommitmentDiscountType", "CommitmentDiscountUnit", "InvoiceIssuerName",
        "PricingCategory", "PricingUnit", "ProviderName", "PublisherName", "ServiceCategory", "ServiceName",
        "ServiceSubcategory", "SkuId", "SkuMeter", "SkuPriceDetails", "SkuPriceId", "Tags", "x_Gap",
    ), "VARCHAR"),
    **dict.fromkeys((
        "BilledCost", "CommitmentDiscountQuantity", "ContractedCost", "ContractedUnitPrice", "EffectiveCost",
        "ListCost", "ListUnitPrice", "PricingQuantity",
    ), "DECIMAL(38,15)"),
    **dict.fromkeys((
        "BillingPeriodStart", "BillingPeriodEnd", "ChargePeriodStart", "ChargePeriodEnd",
    ), "TIMESTAMP WITH TIME ZONE"),
}  # fmt: skip
_NO_PAYEE = "the contract names no provider"
_THROUGHPUT, _SPEND = "Provisioned throughput", "Committed spend"
_ROUNDED = """CREATE OR REPLACE TEMP MACRO in_currency(usd, rate, scale) AS (
    WITH counted AS (
        SELECT scale * CAST(replace(CAST(abs(CAST(usd AS DECIMAL(38,15))) AS VARCHAR), '.', '') AS HUGEINT)
            AS units)
    SELECT CAST(CAST(sign(usd) AS DECIMAL(1,0)) * CAST(units // rate + CASE WHEN units % rate * 2 > rate
        OR (units % rate * 2 = rate AND units // rate % 2 = 1) THEN 1 ELSE 0 END AS DECIMAL(37,0))
        * CAST('0.000000000000001' AS DECIMAL(15,15)) AS DECIMAL(38,15)) FROM counted)"""


@dataclass(frozen=True, slots=True)
class ContractTotals:
    """What rows under a contract sum to: billed, and effective without credits; in the currency too."""

    name: str
    billed_usd: Decimal
    effective_usd: Decimal
    currency: str | None
    billed_in_currency: Decimal | None
    effective_in_currency: Decimal | None


def make_agreements(connection: Connection, contract: Contract | None) -> None:
    """The table `agreements`: capacities and commitments by their entry in the contract; none without one."""
    rows: list[tuple[Any, ...]] = []
    if contract is not None:
        for number, one in enumerate(contract.capacity):
            each = format(1 / Decimal(weight_unit(one)), "f")
            rows.append((f"capacity.{number}", "Usage", one.called, _THROUGHPUT, "Tokens", each))
        for number, one in enumerate(contract.commitments):
            rows.append((f"commitments.{number}", "Spend", one.called, _SPEND, CURRENCY, 1))
    fill(connection, "agreements", AGREEMENTS, rows)


def under_contract(query: exp.Query, priced: exp.Query, contract: Contract, worked: Worked) -> None:
    """Make a question of charges (`focus.sql`) one of usage under a contract, in the months that are told."""
    from sqlglot import exp

    changed = {one.alias: cast("exp.Select", one.this) for one in parsed("focus_contract").ctes}
    month = exp.column("bill_month")
    first, last = (
        exp.cast(exp.Literal.string(day.isoformat()), "DATE")
        for day in (worked.shown[0], worked.shown[-1])
    )  # fmt: skip
    changed["priced"].where(exp.Between(this=month, low=first, high=last), copy=False)
    for part in query.ctes:
        if part.alias == "amounts":
            part.set("this", changed["amounts"])
    tables = (("contracted", by_kind(priced, contract)), ("priced", changed["priced"]))
    made = [exp.CTE(this=body, alias=exp.TableAlias(this=exp.to_identifier(one))) for one, body in tables]
    parts = query.args["with_"]
    parts.set("expressions", [*made, *parts.expressions])


def charged(connection: Connection, contract: Contract, worked: Worked, account: str) -> ContractTotals:
    """Complete the table `charges` of usage: what is no usage, and the contract's currency; returns its sums.

    Raises LookupError for a month before the first rate of exchange.
    """
    _add_lines(connection, contract, worked, account)
    _in_the_currency(connection, contract, worked)
    return _totals(connection, contract)


def _add_lines(connection: Connection, contract: Contract, worked: Worked, account: str) -> None:
    """Into `charges`, what is no usage: fees, what nothing used of them, shortfalls, credits."""
    rows = [
        {**_of_account(line, account), **told}
        for line in _beside_usage(worked)
        if line.usd
        for told in [_told(line, contract, worked)]
    ]
    fill(connection, "contract_lines", _LINE, [tuple(row.get(one) for one in _LINE) for row in rows])
    connection.execute("INSERT INTO charges BY NAME SELECT * FROM contract_lines")


def _beside_usage(worked: Worked) -> Iterator[Line]:
    """Lines of the bill and of effective costs, each once; usage has rows of its own."""
    yield from (line for line in worked.bill.billed if line.kind != "usage")
    yield from (line for line in worked.bill.effective if line.kind == "idle")


def _of_account(line: Line, account: str) -> dict[str, Any]:
    """What every line has: whose it is, and of which month."""
    seller = None if line.payee == ANYBODY else line.payee or None
    begin, end = (f"{day.isoformat()} 00:00:00+00" for day in (line.month, next_month(line.month)))
    return {
        "BillingAccountId": account, "BillingAccountName": account, "BillingCurrency": CURRENCY,
        "BillingPeriodStart": begin, "BillingPeriodEnd": end, "ChargePeriodStart": begin,
        "ChargePeriodEnd": end,
        "InvoiceIssuerName": seller, "ProviderName": seller, "PublisherName": seller,
        "ServiceCategory": Category.AI.value, "ServiceSubcategory": SUBCATEGORIES[Category.AI],
        "ServiceName": f"{seller} API" if seller else line.name, "Tags": "{}",
        "x_Gap": None if seller else _NO_PAYEE,
    }  # fmt: skip


def _told(line: Line, contract: Contract, worked: Worked) -> dict[str, Any]:
    """What a line of each kind is in FOCUS."""
    about = f"{line.name}, {line.month:%Y-%m}"
    if line.kind == "credit":
        costs = dict.fromkeys(("BilledCost", "EffectiveCost", "ListCost", "ContractedCost"), _text(line.usd))
        return {
            **costs, "ChargeCategory": "Credit", "ChargeDescription": f"Credit: {about}",
            "ChargeFrequency": "One-Time",
        }  # fmt: skip
    number = int(line.entry.partition(".")[2])
    if line.kind == "shortfall":
        price, unit, of_fee = line.usd, "Units", _of_spend(line)
    else:
        price, unit, of_fee = _of_capacity(line, contract.capacity[number], number, worked)
    is_fee = line.kind == "capacity"
    quantity = EXACT.divide(line.usd, price) if is_fee else Decimal(0)
    sku = "/".join(one for one in (line.payee if line.payee != ANYBODY else "", line.entry) if one)
    return {
        **of_fee,
        "BilledCost": _text(Decimal(0) if line.kind == "idle" else line.usd),
        "EffectiveCost": _text(Decimal(0) if is_fee else line.usd),
        "ListCost": _text(line.usd if is_fee else Decimal(0)),
        "ContractedCost": _text(line.usd if is_fee else Decimal(0)),
        "ListUnitPrice": _text(price), "ContractedUnitPrice": _text(price),
        "PricingQuantity": _text(quantity), "PricingUnit": unit,
        "PricingCategory": "Standard" if is_fee else "Committed",
        "ChargeCategory": "Purchase" if is_fee else "Usage", "ChargeFrequency": "Recurring",
        "ChargeDescription": f"{_WHAT[line.kind]}: {about}",
        "CommitmentDiscountId": line.entry, "CommitmentDiscountName": line.name,
        "CommitmentDiscountStatus": None if is_fee else "Unused",
        "SkuId": sku, "SkuMeter": of_fee["CommitmentDiscountType"], "SkuPriceId": sku,
        "SkuPriceDetails": "{}",
    }  # fmt: skip


_WHAT = {
    "capacity": "Fee of a capacity",
    "idle": "Unused part of a capacity",
    "shortfall": "Shortfall of a commitment",
}


def _of_spend(line: Line) -> dict[str, Any]:
    return {
        "CommitmentDiscountCategory": "Spend", "CommitmentDiscountType": _SPEND,
        "CommitmentDiscountQuantity": _text(line.usd), "CommitmentDiscountUnit": CURRENCY,
    }  # fmt: skip


def _of_capacity(
    line: Line, capacity: Capacity, number: int, worked: Worked
) -> tuple[Decimal, str, dict[str, Any]]:
    """The price of an hour, or of the month, its unit, and how many tokens are bought, or unused."""
    unit = weight_unit(capacity)
    room = capacity_room(capacity, line.month)
    used = sum(
        (use.weight for use in worked.uses if (use.capacity, use.month) == (number, line.month)), Decimal(0)
    )
    tokens = room if line.kind == "capacity" else max(room - used, Decimal(0))
    of_fee = {
        "CommitmentDiscountCategory": "Usage", "CommitmentDiscountType": _THROUGHPUT,
        "CommitmentDiscountQuantity": _text(tokens / unit), "CommitmentDiscountUnit": "Tokens",
    }  # fmt: skip
    if capacity.usd_per_hour is not None:
        return capacity.usd_per_hour, "Hours", of_fee
    days = days_in_force(capacity, line.month, next_month(line.month))
    whole = days == (next_month(line.month) - line.month).days
    fee = next(
        one.usd for one in worked.bill.billed
        if (one.kind, one.entry, one.month) == ("capacity", line.entry, line.month)
    )  # fmt: skip
    return fee, "Months" if whole else "Units", of_fee


def _text(amount: Decimal) -> str:
    return format(amount, "f")


def _in_the_currency(connection: Connection, contract: Contract, worked: Worked) -> None:
    """Make of `charges` in USD those in the contract's currency, each month at the rate of its last day."""
    if contract.currency is None:
        return
    rows: list[tuple[Any, ...]] = []
    for month, rate in usd_for_one(contract, worked.shown).items():
        sign, digits, exponent = rate.as_tuple()
        assert not sign
        assert isinstance(exponent, int)
        whole = int("".join(map(str, digits))) * 10 ** max(exponent, 0)
        rows.append((month, month, whole, 10 ** max(-exponent, 0), _text(rate), _rate_day(contract, month)))
    columns = {
        "month": "DATE", "month_of_rate": "DATE", "rate_whole": "HUGEINT", "rate_scale": "HUGEINT",
        "usd_for_one": "DECIMAL(38,15)", "rate_day": "DATE",
    }  # fmt: skip
    fill(connection, "exchange", columns, rows)
    fill(connection, "currency", {"code": "VARCHAR"}, [(contract.currency.code,)])
    connection.execute(_ROUNDED)
    connection.execute(f"CREATE TEMP TABLE in_usd AS FROM {name('charges')}")
    connection.execute(f"CREATE OR REPLACE TEMP TABLE charges AS {sql('focus_currency')}")


def _rate_day(contract: Contract, month: date) -> date:
    """The day from which the rate of a month's last day holds."""
    assert contract.currency is not None
    last = next_month(month) - timedelta(1)
    return max(day for day in contract.currency.rates if day <= last)


def _totals(connection: Connection, contract: Contract) -> ContractTotals:
    """The sums of `charges`."""
    summed = (
        'SELECT coalesce(sum("BilledCost"), 0),'
        ' coalesce(sum("EffectiveCost") FILTER ("ChargeCategory" <> \'Credit\'), 0) FROM '
    )
    code = contract.currency.code if contract.currency else None
    billed, effective = connection.execute(summed + ("in_usd" if code else "charges")).fetchall()[0]
    told = connection.execute(f"{summed} charges").fetchall()[0] if code else (None, None)
    return ContractTotals(contract.name, billed, effective, code, told[0], told[1])


def unpriced_under(connection: Connection, report: UsageReport, worked: Worked) -> tuple[UnpricedModel, ...]:
    """The models that neither a list nor the contract has a price for, with why the list has none."""
    found: list[UnpricedModel] = []
    for row in without_price(connection, worked.shown):
        listed = next(
            one for one in report.unpriced if (one.provider, one.model) == (row["provider"], row["model"])
        )
        found.append(replace(listed, entries=row["entries"], requests=row["requests"]))
    return tuple(found)
