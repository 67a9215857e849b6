"""Amounts of a report summed as whole numbers: the same to the last digit as in decimals, and faster.

A price has 15 digits behind the point, so every amount is a whole number of the smallest unit, 1e-15 USD.
Products and sums of 64-bit whole numbers take a third of the time of decimals. What does not fit into 64 bits
(over 9,223 USD in a row) is an error of DuckDB, never a wrong sum; the question is then asked in decimals.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, cast

from truecost.ledger.engine import Connection, name
from truecost.ledger.folding import RATES
from truecost.ledger.rates import PRICES

if TYPE_CHECKING:
    from sqlglot import exp

DIGITS = 15
UNITS_A_DOLLAR = 10**DIGITS
WHOLE_RATES = "whole_rates"
NEEDED = frozenset({"chip_hours", "stated_usd"})
"""Columns that usage must say nothing in: they are decimals themselves."""


def make_whole_rates(connection: Connection) -> None:
    """The table `rates` beside itself, with every price a whole number of units."""
    prices = ", ".join(f"CAST({one} * {UNITS_A_DOLLAR} AS BIGINT) AS {one}" for one in map(name, PRICES))
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE {WHOLE_RATES} AS SELECT * REPLACE ({prices}) FROM {RATES}"
    )


def in_whole_units(query: exp.Query, amounts: Collection[str] = ()) -> exp.Query:
    """A question whose amounts are worked out in whole units; the columns `amounts` of its result in USD.

    Asked of `usage` and of the table of `make_whole_rates`.
    """
    from sqlglot import exp

    tree = cast("exp.Query", query.copy().transform(_without_decimals))
    for table in tree.find_all(exp.Table):
        if table.name == RATES:
            table.replace(exp.to_table(WHOLE_RATES).as_(RATES))
    chosen = [
        exp.alias_(_in_usd(one.this), one.alias) if one.alias in amounts else one for one in tree.selects
    ]
    tree.set("expressions", chosen)
    return tree


def _without_decimals(node: exp.Expr) -> exp.Expr:
    """Casts of counts and amounts to decimals, left out: both are whole numbers as they are."""
    from sqlglot import exp

    widths = ((19, 0), (30, DIGITS), (38, DIGITS))
    if isinstance(node, exp.Cast) and node.to.this == exp.DataType.Type.DECIMAL:
        given = tuple(int(one.name) for one in node.to.expressions)
        if given in widths:
            inner = node.this.transform(_without_decimals)
            return inner if isinstance(inner, exp.Column | exp.Literal) else exp.paren(inner)
    return node


def _in_usd(units: exp.Expr) -> exp.Expr:
    """SQL of units as USD: the dollars and what is left of them apart, since a decimal has 38 digits."""
    from sqlglot import parse_one

    text = units.sql(dialect="duckdb")
    return parse_one(
        f"CAST(({text}) // {UNITS_A_DOLLAR} AS DECIMAL(38, {DIGITS}))"
        f" + CAST(({text}) % {UNITS_A_DOLLAR} AS DECIMAL({DIGITS}, 0))"
        f" * CAST(0.{1:0{DIGITS}d} AS DECIMAL({DIGITS}, {DIGITS}))",
        dialect="duckdb",
    )
