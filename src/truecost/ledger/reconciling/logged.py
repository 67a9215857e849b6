"""What a store logged of a period, by model, tier and kind of token, what is near its ends kept apart."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from fractions import Fraction
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from truecost.ledger.engine import Connection
from truecost.ledger.invoices.line import OTHER, TOKENS
from truecost.ledger.questions import Window, printed, question
from truecost.ledger.reading import sql

if TYPE_CHECKING:
    from sqlglot import exp

REACH = timedelta(days=2)
"""How far from an end of the period usage is looked at that may be billed in another."""
FINE_SECONDS = 6 * 3600
"""Within so many seconds of an end it is told by the second, further away by the half hour."""

Sold: TypeAlias = tuple[str, bool] | None
"""A service tier and whether as a batch; None where they are taken together."""
Bounds: TypeAlias = tuple[int, int]
"""Seconds from the beginning and the end of the period between which usage is taken for billed in it."""
EXACTLY: Bounds = (0, 0)


class Cell(NamedTuple):
    """What is compared: a model (`provider/model`), how it was sold, a kind of token.

    Kind "" is a model's amount as a whole, `other` what is no token.
    """

    key: str
    sold: Sold
    kind: str


@dataclass(frozen=True, slots=True)
class Amount:
    """Tokens of a cell, those of them without a price, and USD of the others."""

    tokens: int = 0
    unpriced_tokens: int = 0
    usd: Fraction = Fraction(0)

    def __add__(self, other: Amount) -> Amount:
        return Amount(
            self.tokens + other.tokens, self.unpriced_tokens + other.unpriced_tokens, self.usd + other.usd
        )


@dataclass(frozen=True, slots=True)
class Group:
    """Usage of one model and tier at one distance from an end of the period (`near` None: far from both)."""

    provider: str
    model: str
    key: str
    sold: tuple[str, bool]
    is_stated: bool
    is_unpriced: bool
    near: str | None
    second: int
    tokens: Mapping[str, int]
    usd: Mapping[str, Fraction]

    def within(self, bounds: Bounds) -> bool:
        """Whether it lies in the period, its ends moved by so many seconds."""
        if self.near is None:
            return True
        return self.second >= bounds[0] if self.near == "since" else self.second < bounds[1]

    @property
    def total_usd(self) -> Fraction:
        """USD of all kinds."""
        return sum(self.usd.values(), Fraction(0))


def groups_of(
    connection: Connection,
    window: Window,
    where: exp.Expr | None = None,
    *,
    priced: exp.Query | None = None,
) -> list[Group]:
    """The usage of a period and of the days around it; `usage` and `rates` are there (`prepare_tables`).

    `priced` says what it comes to, where that is not its list price.
    """
    assert window.since is not None
    assert window.until is not None
    since, until = (datetime.combine(one, time()) for one in (window.since, window.until))
    inside = min(REACH, (until - since) / 2)
    asked = priced or question("priced", window=around(window), where=where)
    connection.execute(f"CREATE OR REPLACE TEMP VIEW priced AS {printed(asked, 'duckdb')}")
    given = {
        "since": since,
        "until": until,
        "first_reach": since + inside,
        "last_reach": until - inside,
        "fine": FINE_SECONDS,
    }
    found = connection.execute(sql("reconcile"), given)
    names = [one[0] for one in found.description]
    return _one_name_each([_group(dict(zip(names, row, strict=True))) for row in found.fetchall()])


def _one_name_each(groups: list[Group]) -> list[Group]:
    """The groups, what has no price under the key that the same model has where it has one."""
    known = {
        (one.provider, one.model): one.key for one in groups if not one.is_unpriced and not one.is_stated
    }
    return [replace(one, key=known.get((one.provider, one.model), one.key)) for one in groups]


def around(window: Window) -> Window:
    """A period with the days around it."""
    assert window.since is not None
    assert window.until is not None
    return Window(window.since - REACH, window.until + REACH)


def _group(row: Mapping[str, Any]) -> Group:
    tokens = {kind: int(row[f"{kind}_tokens"]) for kind in TOKENS}
    usd = {kind: Fraction(row[f"{kind}_usd"]) for kind in TOKENS}
    usd[OTHER] = Fraction(row["usd"]) - sum(usd.values())
    return Group(
        row["provider"], row["model"], key_of(row["provider"], row["model"], row["priced_as"]),
        (row["service_tier"], row["batch"]), row["is_stated"], row["is_unpriced"], row["near"],
        int(row["at_second"] or 0), tokens, usd,
    )  # fmt: skip


def key_of(provider: str, model: str, priced_as: str | None) -> str:
    """What a model is compared by: what it was priced as, without its region; else as the log names it.

    >>> key_of("aws", "anthropic.claude-x", "aws/claude-x (us-east-1)"), key_of("openai", "House-7b", None)
    ('aws/claude-x', 'openai/house-7b')
    """
    return re.sub(r" \(.*\)$", "", priced_as) if priced_as else f"{provider}/{model.lower()}"


def cells_of(groups: Iterable[Group], bounds: Mapping[str, Bounds], shape: Shape) -> dict[Cell, Amount]:
    """The sums of groups within the period, whose ends may lie elsewhere for some models."""
    found: dict[Cell, Amount] = {}
    for group in groups:
        if not group.within(bounds.get(group.key, EXACTLY)):
            continue
        for kind in (*TOKENS, OTHER):
            tokens, usd = group.tokens.get(kind, 0), group.usd[kind]
            if tokens or usd:
                cell = shape.placed(Cell(group.key, group.sold, kind))
                amount = Amount(tokens, tokens if group.is_unpriced else 0, usd)
                found[cell] = found.get(cell, Amount()) + amount
    return found


@dataclass(frozen=True, slots=True)
class Shape:
    """How finely an invoice and a ledger can be compared.

    `tiers`: the invoice tells tiers. `whole`: models that are compared by their amount alone. `total_alone`:
    the invoice tells no model.
    """

    tiers: bool
    whole: frozenset[str]
    total_alone: bool

    def placed(self, cell: Cell) -> Cell:
        """The cell that something belongs to."""
        if self.total_alone:
            return Cell("", None, "")
        if cell.kind == OTHER and cell.key not in self.whole:
            return Cell("", None, OTHER)
        if cell.key in self.whole or not cell.kind:
            return Cell(cell.key, None, "")
        return cell if self.tiers else Cell(cell.key, None, cell.kind)
