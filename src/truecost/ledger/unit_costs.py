"""The cost of a unit: of a task, a session, a user, and of an outcome that some of them come to.

A unit is a value of a column; its cost is that of all its requests. The cost of an outcome is the cost of all
units, those that failed too, over the units that came to it.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any, cast

from truecost.ledger.engine import connected
from truecost.ledger.exact import quotient, rounded
from truecost.ledger.filters import option_filter
from truecost.ledger.questions import Window, check_by, dimension, parsed, printed, question
from truecost.ledger.reporting import plain, prepare_tables
from truecost.ledger.store import open_store

if TYPE_CHECKING:
    from sqlglot import exp

    from truecost.catalog.catalog import Catalog

AMOUNTS = ("usd", "median_usd", "p90_usd", "most_usd", "no_unit_usd")
COLUMNS = (
    "units", "requests", "usd", "median_usd", "p90_usd", "most_usd", "reached_units", "unpriced_units",
    "no_unit_usd", "no_unit_entries",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class UnitCosts:
    """Cost a unit by group, the dearest in all first, and over all of them."""

    store: str
    per: str
    outcome: str | None
    month: str | None
    by: tuple[str, ...]
    as_known: date
    groups: tuple[Mapping[str, Any], ...]
    total: Mapping[str, Any]
    where: str | None = None
    catalog: str | None = None
    """The file whose prices went before those that ship."""

    def to_dict(self) -> dict[str, Any]:
        """Plain values with stable keys; amounts as text, to the last digit."""
        return plain(asdict(self))


@dataclass(frozen=True, slots=True)
class Units:
    """What a unit is, which come to the outcome, and of which usage: filters of `ledger.filters`."""

    per: str = "task"
    outcome: str | None = None
    where: str | None = None


def unit_costs(
    store: str | os.PathLike[str],
    units: Units,
    by: Sequence[str] = (),
    *,
    month: str | None = None,
    as_known: date | None = None,
    catalog: Catalog | None = None,
) -> UnitCosts:
    """What a unit of a store's usage cost, by any columns. A unit of two groups counts in both.

    Raises NoStore, ValueError for a column, month or filter that is not understood.
    """
    (per,), chosen = check_by((units.per,)), check_by(by)
    reached, where = option_filter("--outcome", units.outcome), option_filter("--for", units.where)
    window = Window.of_month(month) if month else Window()
    known = as_known or date.today()
    with connected(store) as connection:
        prepare_tables(connection, open_store(store), window, known, catalog)
        priced = question("priced", window=window, where=where)
        found = [
            connection.execute(printed(_query(per, columns, priced, reached), "duckdb")).fetchall()
            for columns in ((chosen, ()) if chosen else ((),))
        ]
    whole = _typed((), found[-1][0], has_outcome=reached is not None)
    rows = [_typed(chosen, row, has_outcome=reached is not None) for row in found[0]] if chosen else []
    rows.sort(key=lambda row: (-row["usd"], -row["units"], *(str(row[one] or "") for one in chosen)))
    return UnitCosts(
        str(store), per, units.outcome, month, chosen, known, tuple(rows), whole, units.where,
        catalog.overlay if catalog else None,
    )  # fmt: skip


def _query(per: str, by: Sequence[str], priced: exp.Query, reached: exp.Expr | None) -> exp.Query:
    """Units of each group, then groups."""
    from sqlglot import exp

    keys = [exp.alias_(dimension(one), one, quoted=True) for one in by]
    flag = "0" if reached is None else "CASE WHEN reached_it THEN 1 ELSE 0 END"
    each = exp.select(
        *keys,
        exp.alias_(exp.func("NULLIF", exp.cast(dimension(per), "VARCHAR"), exp.Literal.string("")), "unit"),
        "CASE WHEN usd IS NULL THEN 0 ELSE usd END AS usd",
        "CASE WHEN usd IS NULL THEN 1 ELSE 0 END AS unpriced",
        "requests",
        f"{flag} AS reached",
    )
    flagged = exp.select(
        "usage.*", *([exp.alias_(reached.copy(), "reached_it")] if reached is not None else [])
    )
    each = each.from_(flagged.from_(exp.alias_(priced.subquery(), "usage", table=True)).subquery("flagged"))
    names = [exp.column(one, quoted=True) for one in by]
    units = (
        exp.select(
            *names, "unit", "SUM(usd) AS usd", "SUM(unpriced) AS unpriced", "SUM(requests) AS requests",
            "COUNT(*) AS entries", "MAX(reached) AS reached",
        )
        .from_(each.subquery("each_row"))
        .group_by(*names, "unit")
    )  # fmt: skip
    query = cast("exp.Select", parsed("units"))
    query.set("expressions", [*names, *query.expressions])
    grouped = query.group_by(*names) if by else query
    return grouped.with_("units", as_=units)


def _typed(by: Sequence[str], row: Sequence[Any], *, has_outcome: bool) -> dict[str, Any]:
    """A row with its quotients: USD a unit, requests a unit, USD an outcome; None where there is none."""
    found: dict[str, Any] = dict(zip((*by, *COLUMNS), row, strict=True))
    for name in COLUMNS:
        value = found[name]
        if name in AMOUNTS:
            found[name] = None if value is None else rounded(value)
        else:
            found[name] = int(value or 0)
    for name in ("usd", "no_unit_usd"):
        found[name] = found[name] if found[name] is not None else Decimal(0)
    found["usd_per_unit"] = quotient(found["usd"], found["units"])
    found["requests_per_unit"] = quotient(Decimal(found["requests"]), found["units"])
    found["usd_per_outcome"] = quotient(found["usd"], found["reached_units"]) if has_outcome else None
    return found
