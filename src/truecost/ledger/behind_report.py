"""What stands behind a report: the cost of each day, the prices that were used, the logs it was made of."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from truecost.ledger.engine import Connection, connected
from truecost.ledger.filters import option_filter
from truecost.ledger.folding import known_of
from truecost.ledger.over_time.daily_costs import DailyCosts, daily_costs
from truecost.ledger.questions import Window, check_by, question
from truecost.ledger.rates import ANY_LENGTH, PRICES
from truecost.ledger.reporting import plain, prepare_tables
from truecost.ledger.store import Imported, Store, open_store

if TYPE_CHECKING:
    from sqlglot import exp

    from truecost.catalog.catalog import Catalog

KINDS = (*PRICES, "chip_hour_usd")
"""Columns of USD for one token, image, search, request or chip-hour."""


@dataclass(frozen=True, slots=True)
class PriceUsed:
    """Prices of one offer in one case: its tier, the length of a request, the minutes of the UTC day.

    `names` are what the logs call it; `usd` has the price of one of each of KINDS that has one; it held from
    the first to the last day of use, `last_day` included. `input_tokens_to` and `utc_minute_to` are excluded.
    """

    priced_as: str
    service_tier: str
    batch: bool
    input_tokens_from: int
    input_tokens_to: int | None
    utc_minute_from: int
    utc_minute_to: int
    first_day: date
    last_day: date
    usd: Mapping[str, Decimal]
    is_estimate: bool
    rules: str
    sources: str
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Logs:
    """What a whole store was made of: its logs, how many imports, when the last one was, what lies aside."""

    imports: int
    committed_at: str
    rows: int
    files: tuple[Imported, ...]
    rejects: tuple[str, ...]
    conflicts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class BehindReport:
    """What a page shows of a report beside it; `days` is None without usage."""

    where: str | None
    days: DailyCosts | None
    prices: tuple[PriceUsed, ...]
    logs: Logs

    def to_dict(self) -> dict[str, Any]:
        """Plain values with stable keys; amounts as text, to the last digit."""
        return plain(asdict(self))


def behind_report(
    store: str | os.PathLike[str],
    by: Sequence[str] = ("model",),
    *,
    month: str | None = None,
    as_known: date | None = None,
    catalog: Catalog | None = None,
    where: str | None = None,
) -> BehindReport:
    """What stands behind `reporting.usage_report` of the same arguments. Raises what that raises."""
    chosen = check_by(by)
    asked = option_filter("--for", where)
    window = Window.of_month(month) if month else Window()
    found = open_store(store)
    with connected(store) as connection:
        prepare_tables(connection, found, window, as_known or date.today(), catalog)
        fees = connection.execute("SELECT count(request_usd) FROM rates").fetchall()[0][0]
        known = known_of(found.empty(window.since, window.until), has_fees=bool(fees))
        days = daily_costs(connection, question("priced", window=window, where=asked), chosen, known)
        prices = _prices_used(connection, asked)
    return BehindReport(where, days, prices, _logs(found))


def _prices_used(connection: Connection, asked: exp.Expr | None) -> tuple[PriceUsed, ...]:
    """The rows of `rates` of what was used, those alike under several names once."""
    condition = f" AND ({asked.sql('duckdb')})" if asked is not None else ""
    offers = "provider, model, region, service_tier, batch"
    amounts = ", ".join(KINDS)
    rows = connection.execute(
        f"WITH used AS (SELECT DISTINCT {offers} FROM usage WHERE stated_usd IS NULL{condition})"
        " SELECT priced_as, service_tier, batch, input_tokens_from, input_tokens_to, utc_minute_from,"
        f" utc_minute_to, is_estimate, rules, sources, {amounts}, min(valid_from) AS since, max(valid_to),"
        " list_sort(list_distinct(list(concat_ws('/', nullif(provider, ''), model, nullif(region, '')))))"
        f" FROM rates SEMI JOIN used USING ({offers}) GROUP BY ALL"
        " ORDER BY priced_as, batch, service_tier, since, input_tokens_from, utc_minute_from"
    ).fetchall()
    return tuple(_price(row) for row in rows)


def _price(row: Sequence[Any]) -> PriceUsed:
    priced_as, tier, batch, shortest, longest, minute, until, is_estimate, rules, sources, *rest = row
    *amounts, since, to, names = rest
    usd = {kind: one for kind, one in zip(KINDS, amounts, strict=True) if one is not None}
    return PriceUsed(
        priced_as, tier, batch, shortest, None if longest == ANY_LENGTH else longest, minute, until,
        since, to - timedelta(1), usd, is_estimate, rules, sources, tuple(names),
    )  # fmt: skip


def _logs(store: Store) -> Logs:
    told = store.manifest
    return Logs(told.version, told.committed_at, told.rows, told.imported, told.rejects, told.conflicts)
