"""What each day cost, by the largest groups of one column: what the page of a report draws over time.

The amounts are those of the report: all groups and the rest, over all days, sum to its total to the last
digit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from truecost.ledger.engine import Connection, name
from truecost.ledger.folding import folded
from truecost.ledger.over_time.daily import Series, daily_query, filled
from truecost.ledger.questions import TIMES, printed

if TYPE_CHECKING:
    from sqlglot import exp

MOST_GROUPS = 5
"""Groups with a series of their own; the others are one, unless that would be a single group."""


@dataclass(frozen=True, slots=True)
class DailyCosts:
    """USD of each day from the first on, by group: the dearest first, then the rest, if any.

    `by` is the column that they are the groups of, None for all usage as one; `others` is how many groups
    the rest has, `unpriced_days` on how many days something has no price.
    """

    by: str | None
    first_day: date
    groups: tuple[Series, ...]
    rest: Series | None
    others: int
    unpriced_days: int


def daily_costs(
    connection: Connection, priced: exp.Query, by: Sequence[str], known: Mapping[str, str]
) -> DailyCosts | None:
    """What each day cost, by the groups of the first column of `by` that is no time; None without usage.

    `priced` is the question of that name, asked of the tables `usage` and `rates` of the connection, `known`
    is what `folding.known_of` tells of them.
    """
    column = next((one for one in by if one not in TIMES), None)
    query = daily_query([column] if column else []).with_("priced_usage", as_=priced)
    connection.execute(f"CREATE TEMP TABLE by_day AS {printed(folded(query, known), 'duckdb')}")
    first, last, unpriced = connection.execute(
        "SELECT min(step), max(step), count(DISTINCT step) FILTER (unpriced_requests > 0) FROM by_day"
    ).fetchall()[0]
    if first is None:
        return None
    steps = (last - first).days + 1
    if column is None:
        rows = connection.execute("SELECT step, usd FROM by_day").fetchall()
        return DailyCosts(None, first, (Series((), filled(rows, first, steps)),), None, 0, unpriced)
    return _by_group(connection, column, (first, steps), unpriced)


def _by_group(connection: Connection, column: str, span: tuple[date, int], unpriced: int) -> DailyCosts:
    """The same for a column: the largest groups one by one, the others together."""
    quoted = name(column)
    connection.execute(
        f"CREATE TEMP TABLE places AS SELECT {quoted} AS label, row_number() OVER"
        f" (ORDER BY sum(usd) DESC, {quoted}) AS place FROM by_day GROUP BY {quoted}"
    )
    count = connection.execute("SELECT count(*) FROM places").fetchall()[0][0]
    kept = count if count <= MOST_GROUPS + 1 else MOST_GROUPS
    labels = connection.execute(f"SELECT label FROM places WHERE place <= {kept} ORDER BY place").fetchall()
    found = connection.execute(
        f"SELECT least(place, {kept + 1}), step, sum(usd) FROM by_day JOIN places"
        f" ON by_day.{quoted} IS NOT DISTINCT FROM places.label GROUP BY ALL"
    ).fetchall()
    mine: dict[int, list[tuple[Any, Any]]] = {}
    for place, step, usd in found:
        mine.setdefault(place, []).append((step, usd))
    series = [
        Series(tuple(label), filled(mine.get(at, []), *span)) for at, label in enumerate([*labels, ()], 1)
    ]
    rest = series.pop()
    return DailyCosts(column, span[0], tuple(series), rest if count > kept else None, count - kept, unpriced)
