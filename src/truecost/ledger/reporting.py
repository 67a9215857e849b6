"""The report: a store's usage priced, added up by what one asks for, led by how much of it has a price.

Amounts are decimals to the last digit: the groups, the statuses and the kinds of token each sum to the total.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from decimal import Context, Decimal
from functools import partial
from typing import TYPE_CHECKING, Any

from truecost.ledger.engine import Connection, connected, parquet
from truecost.ledger.filling import AMOUNTS, Summed, fill_by_spark, fill_cells
from truecost.ledger.filters import option_filter
from truecost.ledger.questions import Window, cells, check_by, question
from truecost.ledger.rates import COLUMNS as RATE_COLUMNS
from truecost.ledger.rates import Named, Unknown, make_rates
from truecost.ledger.spark import DUCKDB, check_engine
from truecost.ledger.store import Store, open_store

if TYPE_CHECKING:
    from sqlglot import exp

    from truecost.catalog.catalog import Catalog

COUNTS = (
    "entries",
    "requests",
    "unbilled_requests",
    "retried_requests",
    "input_tokens",
    "cache_read_tokens",
    "output_tokens",
)
HOURS = "chip_hours"
_EXACT = Context(prec=38)


@dataclass(frozen=True, slots=True)
class UnpricedModel:
    """A model without a price for what was used of it: how much that is, why, and names that are near."""

    provider: str
    model: str
    region: str
    service_tier: str
    batch: bool
    kind: str
    entries: int
    requests: int
    chip_hours: Decimal
    tokens: int
    why: str
    nearest: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class UsageReport:
    """Usage by group, the dearest first; `total`, `by_coverage` and `by_status` have the same sums."""

    store: str
    month: str | None
    by: tuple[str, ...]
    as_known: date
    first_day: date | None
    last_day: date | None
    groups: tuple[Mapping[str, Any], ...]
    total: Mapping[str, Any]
    by_coverage: Mapping[str, Mapping[str, Any]]
    by_status: Mapping[str, Mapping[str, Any]]
    unpriced: tuple[UnpricedModel, ...]
    catalog: str | None = None
    """The file whose prices went before those that ship."""
    where: str | None = None

    @property
    def total_usd(self) -> Decimal:
        """USD of all that has a price."""
        return self.total["usd"]

    @property
    def unpriced_entries(self) -> int:
        """Rows of usage that no price is known for."""
        return self.by_coverage["unpriced"]["entries"]

    def to_dict(self) -> dict[str, Any]:
        """Plain values with stable keys; amounts as text, to the last digit."""
        return plain(asdict(self))


def plain(value: Any) -> Any:
    """A value for JSON: decimals as text without an exponent, days as text.

    >>> plain({"usd": Decimal("1.500"), "day": date(2026, 10, 1)})
    {'usd': '1.500', 'day': '2026-10-01'}
    """
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {key: plain(each) for key, each in value.items()}  # pyright: ignore[reportUnknownVariableType]
    if isinstance(value, list | tuple):
        return [plain(each) for each in value]  # pyright: ignore[reportUnknownVariableType]
    return value


def usage_report(
    store: str | os.PathLike[str],
    by: Sequence[str] = ("model",),
    *,
    month: str | None = None,
    as_known: date | None = None,
    catalog: Catalog | None = None,
    where: str | None = None,
    engine: str = DUCKDB,
) -> UsageReport:
    """What the usage in a store cost, by any mix of columns, `day`, `month` and `tag:NAME`.

    `month` ("2026-10") takes the days of one month; `as_known` prices by what was known on a day (today);
    the prices of an overlay of `catalog` go before those that ship; `where` (`truecost.ledger.filters`) takes
    some rows alone; `engine` is DuckDB, or a master of Spark that is asked the same.
    Raises NoStore for a folder that is none, ValueError for a column, month or filter that is not understood,
    NoSpark for Spark that does not start.
    """
    chosen = check_by(by)
    check_engine(engine)
    asked = option_filter("--for", where)
    window = Window.of_month(month) if month else Window()
    known = as_known or date.today()
    found = open_store(store)
    with connected(store) as connection:
        unknown = prepare_tables(connection, found, window, known, catalog)
        priced = question("priced", window=window, where=asked)
        lacking = question("unpriced", window=window, where=asked)
        summed = Summed(cells(chosen, priced), lacking)
        fill = fill_cells if engine == DUCKDB else partial(fill_by_spark, engine=engine)
        unpriced_rows = fill(connection, summed, found, window)
        days = _days(connection, found, window, asked)
        groups = _grouped(connection, chosen) if chosen else []
        by_coverage = {
            one: _sums(connection, f"WHERE coverage = '{one}'") for one in ("priced", "estimated", "unpriced")
        }
        by_status = {one: _sums(connection, f"WHERE status = '{one}'") for one in ("ok", "error", "cut")}
        total = _sums(connection, "")
        unpriced = [_unpriced_model(row, unknown) for row in unpriced_rows]
    return UsageReport(
        str(store), month, chosen, known, *days,
        tuple(groups), total, by_coverage, by_status, tuple(unpriced), catalog.overlay if catalog else None,
        where,
    )  # fmt: skip


def _days(
    connection: Connection, store: Store, window: Window, asked: exp.Expr | None
) -> tuple[date | None, date | None]:
    """The first and the last day of usage, of the rows that a condition holds for."""
    if asked is None:
        days = [date.fromisoformat(one.day) for one in store.files(window.since, window.until)]
        return min(days, default=None), max(days, default=None)
    query = f"SELECT min(ts), max(ts) FROM usage WHERE {asked.sql('duckdb')}"
    first, last = connection.execute(query).fetchall()[0]
    return first and first.date(), last and last.date()


def prepare_tables(
    connection: Connection, store: Store, window: Window, as_known: date, catalog: Catalog | None = None
) -> dict[tuple[str, str, str], Unknown]:
    """The tables `usage` (of the days of a window) and `rates`; returns the models without any price."""
    from truecost.ledger.usage import COLUMNS

    paths = store.paths(window.since, window.until)
    if paths:
        source = f"SELECT * FROM {parquet(paths)}"
    else:
        nothing = ", ".join(f'CAST(NULL AS {kind}) AS "{one}"' for one, kind in COLUMNS.items())
        source = f"SELECT {nothing} LIMIT 0"
    connection.execute(f"CREATE OR REPLACE TEMP VIEW usage AS {source}")
    empty = store.empty(window.since, window.until)
    is_chip = "false" if "chip_hours" in empty else "chip_hours IS NOT NULL"
    unstated = "" if "stated_usd" in empty else "WHERE stated_usd IS NULL"
    models = connection.execute(
        "SELECT provider, model, region, CAST(min(ts) AS DATE), CAST(max(ts) AS DATE),"
        f" {is_chip} AS is_chip FROM usage {unstated} GROUP BY ALL ORDER BY ALL"
    ).fetchall()
    return make_rates(connection, (Named(*one) for one in models), as_known, catalog)


def rate_table(
    store: str | os.PathLike[str], as_known: date | None = None, catalog: Catalog | None = None
) -> tuple[list[str], list[tuple[Any, ...]]]:
    """The table `rates` of the models in a store: its columns and rows, to use the printed SQL elsewhere."""
    with connected(store) as connection:
        prepare_tables(connection, open_store(store), Window(), as_known or date.today(), catalog)
        rows = connection.execute("SELECT * FROM rates ORDER BY ALL").fetchall()
    return list(RATE_COLUMNS), [tuple(plain(value) for value in row) for row in rows]


def _grouped(connection: Connection, by: Sequence[str]) -> list[dict[str, Any]]:
    """A row for each group, the dearest first."""
    from sqlglot import exp

    keys = [exp.column(one, quoted=True) for one in by]
    names = [*by, *COUNTS, HOURS, *AMOUNTS, "estimated_entries", "unpriced_entries"]
    sums = [exp.Sum(this=exp.column(one)) for one in (*COUNTS, HOURS, *AMOUNTS)]
    of = [_entries_of(one) for one in ("estimated", "unpriced")]
    query = exp.select(*keys, *sums, *of).from_("cells").group_by(*keys)
    rows = connection.execute(query.sql(dialect="duckdb")).fetchall()
    found = [_typed(dict(zip(names, row, strict=True))) for row in rows]
    return sorted(found, key=lambda row: (-row["usd"], -row["entries"], *(str(row[one] or "") for one in by)))


def _entries_of(coverage: str) -> Any:
    from sqlglot import exp

    is_one = exp.column("coverage").eq(exp.Literal.string(coverage))
    return exp.Sum(this=exp.case().when(is_one, exp.column("entries")).else_(exp.Literal.number(0)))


def _sums(connection: Connection, where: str) -> dict[str, Any]:
    names = (*COUNTS, HOURS, *AMOUNTS)
    sums = ", ".join(f"coalesce(sum({one}), 0)" for one in names)
    row = connection.execute(f"SELECT {sums} FROM cells {where}").fetchall()[0]
    return _typed(dict(zip(names, row, strict=True)))


def _typed(row: dict[str, Any]) -> dict[str, Any]:
    """Counts as integers, amounts as decimals of 15 places, hours of 9."""
    for key, value in row.items():
        if key in AMOUNTS:
            row[key] = Decimal(value).quantize(Decimal("1e-15"), context=_EXACT)
        elif key == HOURS:
            row[key] = Decimal(value).quantize(Decimal("1e-9"), context=_EXACT)
        elif key in COUNTS or key.endswith("_entries"):
            row[key] = int(value)
    return row


def _unpriced_model(row: tuple[Any, ...], unknown: Mapping[tuple[str, str, str], Unknown]) -> UnpricedModel:
    provider, model, region, tier, batch, priced_as, kind, entries, requests, hours, tokens, first, last = row
    known = unknown.get((provider, model, region))
    if known is None:
        sold = "as a batch" if batch else f"at tier {tier}"
        span = f"on {first}" if first == last else f"between {first} and {last}"
        what = f"for a kind of token that was used of {priced_as}" if priced_as else sold
        known = Unknown(f"no price is known {what}, {span}")
    return UnpricedModel(
        provider, model, region, tier, batch, kind, entries, int(requests), hours, int(tokens),
        known.why, known.nearest,
    )  # fmt: skip
