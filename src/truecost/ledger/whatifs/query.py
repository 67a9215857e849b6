"""The question of a what-if as a tree: usage priced as it was, then as it would be at both ends, added up.

The rules of `sql/priced.sql` are asked three times, of tables made one of the other; there is no second form
of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

from truecost.ledger.engine import Connection
from truecost.ledger.questions import dimension, parsed, question
from truecost.ledger.rates import Named

if TYPE_CHECKING:
    from sqlglot import exp

KINDS = (
    "input_usd", "cache_read_usd", "cache_write_usd", "output_usd", "other_usd", "as_stated_usd", "usd",
)  # fmt: skip
"""The amounts of a side; the last is the sum of the others."""
_OWN = {"provider", "model", "region", "service_tier", "batch"}


def models_of(connection: Connection, now: exp.Query) -> list[tuple[Named, bool]]:
    """The models of the rows that `now` prices, the days of their use, and whether they read caches."""
    from sqlglot import exp

    inner = next(one for one in now.find_all(exp.CTE) if one.alias == "parts").this
    where = inner.args.get("where")
    only = exp.select(
        "usage.provider", "usage.model", "usage.region", "CAST(min(usage.ts) AS DATE)",
        "CAST(max(usage.ts) AS DATE)", "max(usage.cache_read_tokens) > 0",
    ).from_("usage").group_by("1", "2", "3").order_by("1", "2", "3")  # fmt: skip
    only.set("where", where.copy() if where else None)
    rows = connection.execute(only.sql("duckdb")).fetchall()
    return [(Named(*row[:5]), bool(row[5])) for row in rows]


def sessions_of(session: str, *, is_timed: bool) -> exp.Query:
    """Usage with what another life of caches would change; nothing where that is not asked."""
    from sqlglot import exp

    if not is_timed:
        nothing = ("usage.*", "FALSE AS is_timed", "0 AS spared_tokens", "0 AS lapsed_tokens")
        return exp.select(*nothing).from_("usage")
    tree = parsed("whatif_sessions")
    own = dimension(session)
    for column in own.find_all(exp.Column):
        column.set("table", exp.to_identifier("usage"))
    for column in list(tree.find_all(exp.Column)):
        if column.name == "task" and column.table == "usage":
            column.replace(exp.cast(own.copy(), "VARCHAR"))
    return tree


def compared(by: Sequence[str], now: exp.Query, sessions: exp.Query, *, is_range: bool) -> exp.Query:
    """The whole question: priced as it was, planned, priced at the low end, at the high end, added up.

    Where all tokens are known there is one end, and it is priced once.
    """
    from sqlglot import exp

    query = cast("exp.Select", parsed("whatif"))
    chosen = [(one, _own_dimension(one)) for one in by]
    keys = [exp.alias_(tree, key(place), quoted=True) for place, (_, tree) in enumerate(chosen)]
    query.set("expressions", [*keys, *query.expressions])
    query = query.group_by(*(tree.copy() for _, tree in chosen), copy=False)
    steps = {
        "timed_usage": sessions, "own": _asked_of(now, "timed_usage"), "planned": parsed("whatif_planned"),
        "low": _asked_of(question("priced"), "planned"),
    }  # fmt: skip
    if is_range:
        steps["sent_high"] = parsed("whatif_high")
        steps["high"] = _asked_of(question("priced"), "sent_high")
    else:
        steps["high"] = exp.select("low.*", *(f"{kind} AS low_{kind}" for kind in KINDS)).from_("low")
    before = query.args.pop("with_", None) or query.args.pop("with", None)
    for name, step in steps.items():
        query = query.with_(name, as_=step, copy=False)
    for last in before.expressions if before else ():
        query = query.with_(last.alias, as_=last.this, copy=False)
    return query


def key(place: int) -> str:
    """The column of what is grouped by, by its place."""
    return f"by_{place}"


def _asked_of(priced: exp.Query, table: str) -> exp.Query:
    """A question what usage cost, now of another table than `usage`."""
    from sqlglot import exp

    for one in list(priced.find_all(exp.Table)):
        if one.name == "usage":
            one.replace(exp.to_table(table).as_("usage"))
    return priced


def _own_dimension(name: str) -> exp.Expr:
    """What is grouped by: as it was before."""
    from sqlglot import exp

    return exp.column(f"own_{name}") if name in _OWN else dimension(name)
