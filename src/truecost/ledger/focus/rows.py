"""Priced usage as rows of FOCUS 1.2, the FinOps Open Cost and Usage Specification, which bill tools read.

One row a charge: day (or request), seller, model, kind of token, price, region, labels. All four costs are
the amount at list price, exact decimals, whose sum is the report's total to the last digit; under a contract
they are those of `truecost.ledger.focus.contract`. Usage without a price is no row, never one of 0.
docs/ledger-focus.md says what every column holds and which stay empty.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any, cast

from truecost.catalog.api_price_names import MAKERS, find
from truecost.focus import CURRENCY, MANDATORY_1_2, SUBCATEGORIES, ordered
from truecost.ledger.contracts.contract import Contract
from truecost.ledger.contracts.report import Worked, work_out
from truecost.ledger.engine import Connection, connected, name, text
from truecost.ledger.filters import option_filter
from truecost.ledger.focus.contract import (
    IN_CURRENCY,
    RATE_COLUMNS,
    ContractTotals,
    charged,
    make_agreements,
    under_contract,
    unpriced_under,
)
from truecost.ledger.questions import Window, printed, question
from truecost.ledger.reading import sql
from truecost.ledger.reporting import UnpricedModel, UsageReport, plain, prepare_tables, usage_report
from truecost.ledger.store import open_store
from truecost.lines import Category
from truecost.version import VERSION as OURS_VERSION

if TYPE_CHECKING:
    from sqlglot import exp

    from truecost.catalog.catalog import Catalog

VERSION = "1.2"
CONDITIONAL = (
    "ChargeFrequency", "ConsumedQuantity", "ConsumedUnit", "ContractedUnitPrice", "ListUnitPrice",
    "PricingCategory", "RegionId", "RegionName", "ServiceSubcategory", "SkuId", "SkuMeter", "SkuPriceDetails",
    "SkuPriceId", "Tags",
)  # fmt: skip
"""Columns that 1.2 requires of whoever has what they hold, or recommends, and that usage fills."""
EMPTY: Mapping[str, str] = {
    **dict.fromkeys((
        "AvailabilityZone", "CapacityReservationId", "CapacityReservationStatus", "ChargeClass", "InvoiceId",
        "ResourceId", "ResourceName", "ResourceType", "SubAccountId", "SubAccountName",
    ), "VARCHAR"),
}  # fmt: skip
"""Columns of which usage knows nothing, and their types: NULL, as FOCUS asks of what does not apply."""
COMMITTED = (
    "CommitmentDiscountCategory", "CommitmentDiscountId", "CommitmentDiscountName",
    "CommitmentDiscountQuantity", "CommitmentDiscountStatus", "CommitmentDiscountType",
    "CommitmentDiscountUnit",
)  # fmt: skip
"""Columns that a contract fills; NULL without."""
OURS = ("x_Model", "x_TokenKind", "x_Requests", "x_Coverage", "x_RequestId", "x_Gap")
COLUMNS = ordered({*MANDATORY_1_2, *CONDITIONAL, *EMPTY, *COMMITTED}, OURS)
"""Every column of a file in USD, in its order."""
COLUMNS_IN_CURRENCY = ordered(
    {*MANDATORY_1_2, *CONDITIONAL, *EMPTY, *COMMITTED, *IN_CURRENCY}, (*OURS, *RATE_COLUMNS)
)
"""The same of a bill in another currency."""
TIMES = ("BillingPeriodStart", "BillingPeriodEnd", "ChargePeriodStart", "ChargePeriodEnd")
_BY_REQUEST = {
    "charge_start": "DATE_TRUNC('second', ts)",
    "charge_end": "DATE_TRUNC('second', ts) + INTERVAL 1 SECOND",
    "charged_request": "request_id",
}
"""What stands in for the day where a row is of one request."""
_FORMULA = r"^[=+\-@\t\r]"
"""What a spreadsheet takes as the beginning of a formula."""


@dataclass(frozen=True, slots=True)
class Meter:
    """What a kind of usage is counted and priced in: the meter, the unit, how many make a priced one."""

    token_kind: str
    meter: str
    consumed_unit: str = "Tokens"
    per_pricing_unit: int = 1_000_000

    @property
    def pricing_unit(self) -> str:
        """The unit of the price, as FOCUS writes units.

        >>> Meter("input", "Input tokens").pricing_unit, Meter("image", "Images", "Images", 1).pricing_unit
        ('1000000 Tokens', 'Images')
        """
        many = f"{self.per_pricing_unit} " if self.per_pricing_unit > 1 else ""
        return f"{many}{self.consumed_unit}"


METERS = (
    Meter("input", "Input tokens"),
    Meter("cache_read", "Input tokens read from cache"),
    Meter("cache_write_5m", "Input tokens written to cache for 5 minutes"),
    Meter("cache_write_1h", "Input tokens written to cache for 1 hour"),
    Meter("output", "Output tokens"),
    Meter("reasoning", "Reasoning tokens"),
    Meter("audio_input", "Audio input tokens"),
    Meter("audio_output", "Audio output tokens"),
    Meter("image", "Images", "Images", 1),
    Meter("search", "Web searches", "Searches", 1),
    Meter("request", "Requests", "Requests", 1),
    Meter("chip_hour", "Chip-hours", "Chip-Hours", 1),
    Meter("stated", "Amount that a bill states", "Units", 1),
)
"""Every kind of charge; a bill's stated amount is one unit of that amount."""
_SELLER = (
    "priced_as", "provider", "model", "kind", "seller", "publisher", "sold", "sold_in", "service",
    "service_category", "service_subcategory",
)  # fmt: skip
_CATEGORIES = {"api": Category.AI, "fleet": Category.COMPUTE, "training": Category.COMPUTE}


@dataclass(frozen=True, slots=True)
class FocusExport:
    """What was written: rows, their sum, and the report of the same usage with what has no price."""

    rows: int
    billed_usd: Decimal
    by_request: bool
    account: str
    report: UsageReport
    where: str | None = None
    contract: ContractTotals | None = None
    unpriced: tuple[UnpricedModel, ...] = ()
    """What has no row: the models without a price, in the list or the contract."""

    @property
    def unpriced_entries(self) -> int:
        """Rows of usage that are in no row."""
        return sum(one.entries for one in self.unpriced)

    def to_dict(self) -> dict[str, Any]:
        """Plain values with stable keys; amounts as text, to the last digit."""
        told = self.report.to_dict()
        kept = ("store", "month", "as_known", "first_day", "last_day", "catalog")
        return {
            "focus_version": VERSION,
            "rows": self.rows,
            "billed_usd": format(self.billed_usd, "f"),
            "by_request": self.by_request,
            "account": self.account,
            "where": self.where,
            "contract": plain(asdict(self.contract)) if self.contract else None,
            "unpriced_entries": self.unpriced_entries,
            **{key: told[key] for key in kept},
            "unpriced": plain([asdict(one) for one in self.unpriced]),
        }


def export_focus(
    store: str | os.PathLike[str],
    out: str | os.PathLike[str],
    *,
    month: str | None = None,
    as_known: date | None = None,
    by_request: bool = False,
    account: str | None = None,
    parquet: bool | None = None,
    where: str | None = None,
    catalog: Catalog | None = None,
    contract: Contract | None = None,
    contract_name: str = "",
) -> FocusExport:
    """Write the priced usage of a store as FOCUS rows: Parquet for a name that ends so, or CSV.

    `month` ("2026-10") takes one month, `as_known` the prices known on a day (today); rows are by day unless
    `by_request`; `account` is the billing account (the store's name); `parquet` is said where the name of the
    file does not say it; `where` (`truecost.ledger.filters`) takes some rows alone, and the prices of an
    overlay of `catalog` go before those that ship; `contract` is what is agreed with vendors, called
    `contract_name` where it has no name. Raises NoStore, ValueError for a month or filter that is none, or a
    filter under a contract, LookupError for a month without a rate of exchange, OSError for a file that
    cannot be written.
    """
    if contract is not None and where is not None:
        raise ValueError("a contract is of all usage: volumes and capacities count every request, not some")
    known = as_known or date.today()
    payer = account or os.path.basename(os.path.abspath(store))
    report = usage_report(store, (), month=month, as_known=known, where=where, catalog=catalog)
    window = Window.of_month(month) if month else Window()
    to_parquet = str(out).endswith(".parquet") if parquet is None else parquet
    with connected(store) as connection:
        agreed = None
        if contract is None:
            prepare_tables(connection, open_store(store), window, known, catalog)
        else:
            worked = work_out(connection, open_store(store), contract, window, (known, catalog))
            agreed, window = (contract, worked), worked.window
        _make_account(connection, payer)
        _make_meters(connection)
        _make_sellers(connection)
        make_agreements(connection, contract)
        query = focus_query(
            window, by_request=by_request, where=option_filter("--for", where), agreed=agreed
        )  # fmt: skip
        connection.execute(f"CREATE TEMP TABLE charges AS {printed(query, 'duckdb')}")
        told, unpriced, columns = None, report.unpriced, COLUMNS
        if agreed is not None:
            told = charged(connection, *agreed, payer)
            unpriced = unpriced_under(connection, report, agreed[1])
            columns = COLUMNS_IN_CURRENCY if told.currency else COLUMNS
        _copy(connection, str(out), columns, parquet=to_parquet)
        rows, billed = connection.execute(
            'SELECT count(*), coalesce(sum("BilledCost"), 0) FROM charges'
        ).fetchall()[0]
    usd = told.billed_usd if told else Decimal(billed)
    told = replace(told, name=told.name or contract_name) if told else None
    return FocusExport(rows, usd, by_request, payer, report, where, told, unpriced)


def focus_query(
    window: Window,
    *,
    by_request: bool = False,
    where: exp.Expr | None = None,
    agreed: tuple[Contract, Worked] | None = None,
) -> exp.Query:
    """The question as a tree over `usage`, `rates`, `meters`, `sellers`, `account`, `agreements`, for DuckDB.

    Under a contract that is worked out, where one is given.
    """
    from sqlglot import exp, parse_one

    priced = question("priced", window=window, where=where)
    parts = next(one for one in priced.find_all(exp.CTE) if one.alias == "parts")
    parts.set("this", cast("exp.Select", parts.this).select(*_conditions()))
    query = cast("exp.Select", parse_one(sql("focus"), dialect="duckdb"))
    if by_request:
        charged = next(one for one in query.find_all(exp.CTE) if one.alias == "charged").this
        for column, told in _BY_REQUEST.items():
            projection = next(one for one in charged.expressions if one.alias == column)
            projection.replace(exp.alias_(parse_one(told, dialect="duckdb"), column))
    if agreed is not None and agreed[1].shown:
        under_contract(query, priced, *agreed)
        return query
    query = query.with_("priced", as_=priced)
    query.args["with_"].expressions.insert(0, query.args["with_"].expressions.pop())
    return query


def _conditions() -> Iterator[exp.Expr]:
    """From which input length and minute of the day a price holds: what tells two prices of a kind apart."""
    from sqlglot import exp

    for column, alias in (("input_tokens_from", "length_from"), ("utc_minute_from", "minute_from")):
        yield exp.alias_(exp.column(column, table="rates"), alias)


def _copy(connection: Connection, out: str, columns: Sequence[str], *, parquet: bool) -> None:
    """The table `charges` as a file: exact decimals and UTC instants in Parquet, plain text in CSV."""
    if not parquet:
        kinds = {one[0]: one[1] for one in connection.execute("DESCRIBE charges").fetchall()}
        shown = ", ".join(_csv_cell(one, kinds.get(one)) for one in columns)
        connection.execute(f"COPY (SELECT {shown} FROM charges) TO {text(out)} (FORMAT csv, HEADER)")
        return
    shown = ", ".join(_parquet_cell(one) for one in columns)
    about = f"{{FocusVersion: {text(VERSION)}, DataGenerator: {text('truecost ' + OURS_VERSION)}}}"
    how = f"(FORMAT parquet, COMPRESSION zstd, KV_METADATA {about})"
    connection.execute(f"COPY (SELECT {shown} FROM charges) TO {text(out)} {how}")


def _parquet_cell(column: str) -> str:
    told = f"CAST(NULL AS {EMPTY[column]})" if column in EMPTY else name(column)
    return f"{told} AS {name(column)}"


def _csv_cell(column: str, kind: str | None) -> str:
    """A column as text: instants as FOCUS writes them, a quote before what would be a formula."""
    if kind is None:
        return f"NULL AS {name(column)}"
    if column in TIMES:
        return f"strftime({name(column)}, '%Y-%m-%dT%H:%M:%SZ') AS {name(column)}"
    if kind != "VARCHAR":
        return name(column)
    return (
        f"CASE WHEN regexp_matches({name(column)}, {text(_FORMULA)}) THEN concat('''', {name(column)})"
        f" ELSE {name(column)} END AS {name(column)}"
    )


def _make_account(connection: Connection, payer: str) -> None:
    connection.execute(
        "CREATE TEMP TABLE account AS SELECT $id AS id, $id AS name, $currency AS currency",
        {"id": payer, "currency": CURRENCY},
    )


def _make_meters(connection: Connection) -> None:
    connection.execute(
        "CREATE TEMP TABLE meters (token_kind VARCHAR, meter VARCHAR, consumed_unit VARCHAR,"
        " pricing_unit VARCHAR, per_pricing_unit DECIMAL(9,0), pricing_units_each DECIMAL(9,6))"
    )
    rows = [
        (one.token_kind, one.meter, one.consumed_unit, one.pricing_unit, one.per_pricing_unit,
         Decimal(1) / one.per_pricing_unit)
        for one in METERS
    ]  # fmt: skip
    connection.executemany("INSERT INTO meters VALUES (?, ?, ?, ?, ?, ?)", rows)


def _make_sellers(connection: Connection) -> None:
    """Who sells and who made what was priced, what the service is called and what kind of service it is."""
    found = connection.execute(
        "WITH used AS (SELECT DISTINCT provider, model, kind FROM usage)"
        " SELECT rates.priced_as, provider, model, used.kind FROM used JOIN rates USING (provider, model)"
        " UNION SELECT NULL, provider, model, kind FROM used"
    ).fetchall()
    connection.execute(f"CREATE TEMP TABLE sellers ({', '.join(f'{one} VARCHAR' for one in _SELLER)})")
    if found:
        places = ", ".join("?" for _ in _SELLER)
        connection.executemany(f"INSERT INTO sellers VALUES ({places})", [_seller(*one) for one in found])


def _seller(priced_as: str | None, provider: str, model: str, kind: str) -> tuple[str | None, ...]:
    """One row of `sellers`."""
    category = _CATEGORIES.get(kind, Category.OTHER)
    seller, sold, sold_in = provider or None, model or kind, ""
    if priced_as is not None and kind == "api":
        seller, sold, sold_in = _offer(priced_as)
    publisher = _maker(sold, seller) if kind == "api" else seller
    service = f"{sold} API" if kind == "api" else sold
    about = (category.value, SUBCATEGORIES[category])
    return (priced_as, provider, model, kind, seller, publisher, sold, sold_in, service, *about)


def _offer(priced_as: str) -> tuple[str, str, str]:
    """Provider, model and region of an offer as the rates name it.

    >>> _offer("aws/anthropic.claude-sonnet-4-5-20250929-v1:0 (eu)")
    ('aws', 'anthropic.claude-sonnet-4-5-20250929-v1:0', 'eu')
    """
    provider, _, rest = priced_as.partition("/")
    model, _, region = rest.partition(" (")
    return provider, model, region.removesuffix(")")


def _maker(model: str, seller: str | None) -> str | None:
    """Who made a model: the maker among those who list it, else its seller.

    >>> _maker("gpt-4.1", "azure"), _maker("house-model", "us")
    ('openai', 'us')
    """
    if seller in MAKERS:
        return seller
    listed = {provider for _, provider, _ in find(model, None)}
    return next((maker for maker in MAKERS if maker in listed), seller)
