"""What each request comes to under a contract, as one tree over priced usage: the one place it is applied.

Four amounts stand apart, as in FOCUS: at list; contracted (negotiated prices and volume tiers); effective
(after a commitment's discount, capacity amortized over what it covers); billed by use (what capacity covers
is not billed again). Fees, shortfalls and credits are no use: `truecost.ledger.contracts.bill` has them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any, cast

from truecost.ledger.contracts.contract import Capacity, Contract
from truecost.ledger.contracts.terms import CONTRACTED, EFFECTIVE, KINDS, apply_contract
from truecost.ledger.engine import Connection
from truecost.ledger.questions import printed
from truecost.ledger.rates import fill
from truecost.ledger.reading import sql

if TYPE_CHECKING:
    from sqlglot import exp

AMOUNTS = ("list_usd", "contracted_usd", "effective_usd", "billed_usd")
_TOKENS = {
    "input": "plain_input", "output": "plain_output", "image": "image_units", "search": "searches",
    "request": "requests",
}  # fmt: skip
"""The column that counts a kind, where it is not named after it."""
_RATES = {"contracted": CONTRACTED, "effective": EFFECTIVE}
_VOLUMES = {"volume": "INTEGER", "by_usd": "BOOLEAN", "of_month": "BOOLEAN"}
_CAPACITIES = {
    "capacity": "INTEGER", "per_minute": "DECIMAL(18,0)", "covers_all": "BOOLEAN",
    "input_weight": "DECIMAL(9,0)", "cached_weight": "DECIMAL(9,0)", "output_weight": "DECIMAL(9,0)",
}  # fmt: skip
_CAPACITY_MONTHS = {
    "capacity": "INTEGER", "bill_month": "DATE", "usd_per_weight": "DECIMAL(18,15)",
    "remainder_usd": "DECIMAL(38,15)",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class CapacityUse:
    """What a capacity took in a month, in its own weight of tokens."""

    capacity: int
    month: date
    weight: Decimal


Spread = Callable[[CapacityUse], tuple[Decimal, Decimal]]
"""What use of a capacity costs for one of its weight, and what rounding leaves for the largest request."""


def prepare_contract(
    connection: Connection, contract: Contract, priced: exp.Query, spread: Spread
) -> tuple[str, ...]:
    """The tables that `contracted` is asked of; returns the contract's entries that fit no usage.

    `usage` and `rates` are there already; `priced` is the question `priced` of those days.
    """
    unused = apply_contract(connection, contract)
    volumes = [(n, one.measure == "usd", one.rule == "all") for n, one in enumerate(contract.volume)]
    fill(connection, "volumes", _VOLUMES, volumes)
    capacities = [(n, *_weights(one)) for n, one in enumerate(contract.capacity)]
    fill(connection, "capacities", _CAPACITIES, capacities)
    shared: list[tuple[Any, ...]] = []
    if contract.capacity:
        for values in connection.execute(printed(_covered(contract, priced), "duckdb")).fetchall():
            use = CapacityUse(*values)
            shared.append((use.capacity, use.month, *(format(one, "f") for one in spread(use))))
    fill(connection, "capacity_months", _CAPACITY_MONTHS, shared)
    return unused


def weight_unit(capacity: Capacity) -> int:
    """How many of its weight an input token has: as many as make whole numbers of the others.

    >>> from truecost.ledger.contracts.contract import Capacity
    >>> weight_unit(Capacity(tokens_per_minute=1000, usd_per_hour=1, output_weight=4, cached_weight=0.25))
    100
    """
    weights = (capacity.output_weight, capacity.cached_weight)
    places = max(-cast("int", one.normalize().as_tuple().exponent) for one in weights)
    return int(10 ** max(places, 0))


def _weights(capacity: Capacity) -> tuple[Any, ...]:
    unit = weight_unit(capacity)
    weights = (1, capacity.cached_weight, capacity.output_weight)
    scaled = (format(Decimal(one) * unit, ".0f") for one in weights)
    return format(capacity.tokens_per_minute * unit, ".0f"), capacity.beyond == "covered", *scaled


def contracted(priced: exp.Query, contract: Contract) -> exp.Query:
    """Priced usage with its four amounts, over the tables that `prepare_contract` makes."""
    from sqlglot import exp

    tree = _parsed(contract)
    first = exp.CTE(this=_with_terms(priced), alias=exp.TableAlias(this=exp.to_identifier("priced")))
    parts = next(tree.find_all(exp.With))
    parts.set("expressions", [first, *parts.expressions])
    return tree


def _covered(contract: Contract, priced: exp.Query) -> exp.Query:
    """What each capacity takes in each month."""
    from sqlglot import exp

    whole = contracted(priced, contract)
    wanted = ("priced", "termed", "weighed", "covered")
    sums = exp.select("capacity", "bill_month", "SUM(CAST(weight AS DECIMAL(38, 0)))").from_("covered")
    query = sums.where("is_covered", copy=False).group_by("capacity", "bill_month", copy=False)
    for name, made in _parts(whole).items():
        if name in wanted:
            query = query.with_(name, as_=made, copy=False)
    return query


def _parts(query: exp.Query) -> Mapping[str, exp.Query]:
    """The named parts of a query, in order."""
    return {one.alias: one.this for one in query.ctes}


def _with_terms(priced: exp.Query) -> exp.Query:
    """Priced usage with the number of the contract's term that it met."""
    from sqlglot import exp

    query = priced.copy()
    parts = _parts(query)["parts"]
    cast("exp.Select", parts).select(exp.column("term", table="rates"), copy=False)
    return query


def _parsed(contract: Contract) -> exp.Query:
    """The question, without the windows that this contract has no use for."""
    from sqlglot import exp, parse_one

    tree = parse_one(sql("contracted"), dialect="duckdb")
    assert isinstance(tree, exp.Query)
    parts = _parts(tree)
    if not contract.capacity:
        _without_windows(parts["covered"], exp.Window)
        _without_windows(parts["placed"], exp.RowNumber)
    if not contract.volume:
        _without_windows(parts["placed"], exp.Sum)
    for call in list(tree.find_all(exp.Anonymous)):
        if call.name.upper() == "AMOUNT":
            prefix, which = (str(one.this) for one in call.expressions)
            call.replace(_amount(prefix, _RATES[which]))
    return tree


def _without_windows(part: exp.Query, of: type[exp.Expr]) -> None:
    """Put 0 in place of the windows of a function."""
    from sqlglot import exp

    for window in list(part.find_all(exp.Window)):
        if of is exp.Window or isinstance(window.this, of):
            window.replace(exp.Literal.number(0))


def _amount(prefix: str, rates: Mapping[str, str]) -> exp.Expr:
    """The sum over all kinds of count x price: NULL where one that was used has no price."""
    from sqlglot import exp

    return exp.paren(_sum([_line(kind, f"{prefix}{rates[kind]}") for kind in KINDS]))


def _sum(lines: Sequence[exp.Expr]) -> exp.Expr:
    from sqlglot import exp

    total = lines[0]
    for line in lines[1:]:
        total = exp.Add(this=total, expression=line)
    return total


def _line(kind: str, rate: str) -> exp.Expr:
    """One kind: a fee for each request is none where the vendor takes none, or nothing was billed."""
    from sqlglot import exp

    zero = exp.Literal.number(0)
    tokens = exp.column(_TOKENS.get(kind, f"{kind}_tokens"))
    nothing = exp.or_(exp.column("is_stated"), tokens.eq(zero), copy=False)
    if kind == "request":
        billed = _sum([exp.column(one) for one in ("input_tokens", "output_tokens", "image_units")])
        no_fee = exp.Is(this=exp.column(rate), expression=exp.Null())
        nothing = exp.or_(nothing, exp.paren(billed).eq(zero), no_fee, copy=False)
    count = exp.cast(tokens.copy(), "DECIMAL(19, 0)", dialect="duckdb")
    line = exp.case().when(nothing, zero, copy=False).else_(exp.Mul(this=count, expression=exp.column(rate)))
    return exp.cast(line, "DECIMAL(38, 15)", dialect="duckdb")
