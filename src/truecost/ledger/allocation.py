"""Shared cost shared out: what some rows cost (a fleet, a platform team's calls) put on those who used it.

Usage says who asked for what; it does not say whose a fleet's night is. So the basis is stated (tokens,
requests, cost, or even shares), and with a stated capacity only the used part is shared out: what the rest
cost is idle, a line of its own. Amounts are exact: rounded half-even to 15 places once, the remainder to the
largest line, so that lines sum to the whole.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from truecost.ledger.engine import Connection, connected
from truecost.ledger.exact import EXACT, NOTHING, rounded
from truecost.ledger.filters import option_filter
from truecost.ledger.questions import Window, check_by, dimension, printed, question
from truecost.ledger.reporting import plain, prepare_tables
from truecost.ledger.store import open_store

if TYPE_CHECKING:
    from sqlglot import exp

    from truecost.catalog.catalog import Catalog

BASES: Mapping[str, str] = {
    "tokens": "SUM(input_tokens) + SUM(output_tokens)",
    "input_tokens": "SUM(input_tokens)",
    "output_tokens": "SUM(output_tokens)",
    "requests": "SUM(requests)",
    "usd": "SUM(CASE WHEN usd IS NULL THEN 0 ELSE usd END)",
    "equal": "1",
}
"""What shared cost goes by: SQL of one group."""


@dataclass(frozen=True, slots=True)
class Shared:
    """What is shared out (`cost`), to whom (`to`; None: all other rows), by which basis.

    `capacity` is units of the basis that an hour of a chip can give; with it, what is not used is idle.
    """

    cost: str
    to: str | None = None
    basis: str = "tokens"
    capacity: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Share:
    """A group: what it cost of itself, the basis, and what of the shared cost falls to it."""

    group: Mapping[str, Any]
    direct_usd: Decimal
    unpriced_entries: int
    basis: Decimal
    allocated_usd: Decimal

    @property
    def total_usd(self) -> Decimal:
        """Direct and allocated."""
        return EXACT.add(self.direct_usd, self.allocated_usd)


@dataclass(frozen=True, slots=True)
class Allocation:
    """Groups, the dearest first; `allocated_usd` of all and `idle_usd` sum to `shared_usd`."""

    store: str
    month: str | None
    by: tuple[str, ...]
    as_known: date
    shared: Shared
    shared_usd: Decimal
    shared_entries: int
    shared_unpriced_entries: int
    chip_hours: Decimal
    used_share: Decimal | None
    """Of the capacity; above 1 where more was served than it was stated to give."""
    idle_usd: Decimal
    unallocated_usd: Decimal
    """Shared cost that nobody used anything of: there is no basis."""
    shares: tuple[Share, ...]
    catalog: str | None = None
    """The file whose prices went before those that ship."""

    def to_dict(self) -> dict[str, Any]:
        """Plain values with stable keys; amounts as text, to the last digit."""
        told = asdict(self)
        told["shares"] = [{**one.group, **_amounts(one)} for one in self.shares]
        return plain(told)


def _amounts(one: Share) -> dict[str, Any]:
    return {
        "direct_usd": one.direct_usd, "allocated_usd": one.allocated_usd, "usd": one.total_usd,
        "basis": one.basis, "unpriced_entries": one.unpriced_entries,
    }  # fmt: skip


def allocated(
    store: str | os.PathLike[str],
    shared: Shared,
    by: Sequence[str] = ("feature",),
    *,
    month: str | None = None,
    as_known: date | None = None,
    catalog: Catalog | None = None,
) -> Allocation:
    """What a shared cost comes to for each group that used it.

    Raises NoStore, ValueError for a column, filter or basis that is not understood, for a capacity without
    chip hours to hold it against, or for rows that are both shared and shared out to.
    """
    chosen = check_by(by)
    _check(shared)
    cost = option_filter("--cost", shared.cost)
    assert cost is not None
    to = option_filter("--to", shared.to)
    window = Window.of_month(month) if month else Window()
    known = as_known or date.today()
    with connected(store) as connection:
        prepare_tables(connection, open_store(store), window, known, catalog)
        if to is not None:
            _check_apart(connection, window, (cost, to))
        whole = _cost(connection, question("priced", window=window, where=cost))
        others = to if to is not None else cost.not_()
        groups = _groups(connection, question("priced", window=window, where=others), chosen, shared.basis)
    usd, hours = whole["usd"], whole["chip_hours"]
    used = _used(shared, hours, groups)
    busy = usd if used is None or used >= 1 else rounded(EXACT.multiply(usd, used))
    parts = split(busy, [one[2] for one in groups])
    shares = [
        Share(group, direct, unpriced, basis, part)
        for (group, direct, basis, unpriced), part in zip(
            groups, parts or [NOTHING] * len(groups), strict=True
        )
    ]
    shares.sort(key=lambda one: (-one.total_usd, *(str(value or "") for value in one.group.values())))
    return Allocation(
        str(store), month, chosen, known, shared, usd, whole["entries"], whole["unpriced"], hours, used,
        EXACT.subtract(usd, busy), NOTHING if parts else busy, tuple(shares),
        catalog.overlay if catalog else None,
    )  # fmt: skip


def split(whole: Decimal, basis: Sequence[Decimal]) -> list[Decimal]:
    """An amount by shares of a basis, each rounded half-even once, the remainder to the largest; [] without.

    >>> [f"{one:f}" for one in split(Decimal("0.000000000000010"), [Decimal(1), Decimal(1), Decimal(1)])]
    ['0.000000000000004', '0.000000000000003', '0.000000000000003']
    """
    total = sum(basis, Decimal(0))
    if total <= 0:
        return []
    parts = [rounded(EXACT.divide(EXACT.multiply(whole, one), total)) for one in basis]
    largest = max(range(len(parts)), key=lambda index: (basis[index], -index))
    rest = EXACT.subtract(whole, sum((one for index, one in enumerate(parts) if index != largest), NOTHING))
    parts[largest] = rest
    return parts


def _check(shared: Shared) -> None:
    import difflib

    if shared.basis not in BASES:
        near = difflib.get_close_matches(shared.basis, BASES, n=1)
        hint = f"; the nearest is {near[0]}" if near else ""
        raise ValueError(f"there is no basis {shared.basis!r}{hint} (bases: {', '.join(BASES)})")
    if shared.capacity is not None and shared.basis in ("usd", "equal"):
        raise ValueError(f"a capacity is of tokens or requests an hour of a chip, not of {shared.basis}")


def _check_apart(connection: Connection, window: Window, filters: tuple[exp.Expr, exp.Expr]) -> None:
    cost, to = filters
    both = question("priced", window=window, where=cost.and_(to))
    count = connection.execute(f"SELECT COUNT(*) FROM ({printed(both, 'duckdb')})").fetchall()[0][0]
    if count:
        raise ValueError(
            f"{count:,} rows are both of the cost that is shared out and of those it is shared out to"
        )


def _cost(connection: Connection, priced: exp.Query) -> dict[str, Any]:
    row = connection.execute(
        "SELECT coalesce(sum(usd), 0), count(*), count(*) FILTER (usd IS NULL), coalesce(sum(chip_hours), 0)"
        f" FROM ({printed(priced, 'duckdb')})"
    ).fetchall()[0]
    return {
        "usd": rounded(row[0]),
        "entries": row[1],
        "unpriced": row[2],
        "chip_hours": Decimal(row[3]),
    }


def _groups(
    connection: Connection, priced: exp.Query, by: Sequence[str], basis: str
) -> list[tuple[dict[str, Any], Decimal, Decimal, int]]:
    """Each group with its own cost, its basis and its unpriced rows."""
    from sqlglot import exp

    keys = [exp.alias_(dimension(one), one, quoted=True) for one in by]
    query = (
        exp.select(*keys, "SUM(CASE WHEN usd IS NULL THEN 0 ELSE usd END) AS direct")
        .select(f"{BASES[basis]} AS basis", "SUM(CASE WHEN usd IS NULL THEN 1 ELSE 0 END) AS unpriced")
        .from_(exp.alias_(priced.subquery(), "usage", table=True))
        .group_by(*(dimension(one) for one in by))
    )
    rows = connection.execute(printed(query, "duckdb")).fetchall()
    return [
        (dict(zip(by, row, strict=False)), rounded(row[-3]), Decimal(row[-2]), int(row[-1])) for row in rows
    ]


def _used(
    shared: Shared, hours: Decimal, groups: Sequence[tuple[dict[str, Any], Decimal, Decimal, int]]
) -> Decimal | None:
    """The share of the stated capacity that was used; None without one."""
    if shared.capacity is None:
        return None
    if hours <= 0:
        raise ValueError("a capacity is held against hours of chips, and the shared rows have none")
    whole = EXACT.multiply(shared.capacity, hours)
    return rounded(EXACT.divide(sum((one[2] for one in groups), Decimal(0)), whole))
