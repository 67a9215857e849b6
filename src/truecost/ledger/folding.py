"""A question asked of usage that says nothing in some columns: the same answer by a shorter query.

What is known of every row (no audio, one request a row, no price by the minute) is put into the tree as the
value that it has, and what follows from it is worked out here rather than row by row.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, cast

from truecost.ledger.usage import ATTEMPTS, RARE, USUAL

if TYPE_CHECKING:
    from sqlglot import exp


MADE_OF: Mapping[str, tuple[str, ...]] = {
    "cache_write_usd": ("cache_write_5m_tokens", "cache_write_1h_tokens"),
    "chip_usd": ("chip_hours",),
    "as_stated_usd": ("stated_usd",),
}
"""Amounts that are 0 where usage says nothing in any of some columns."""
RATES = "rates"
OTHERS = ("audio_input_tokens", "audio_output_tokens", "image_units", "searches")


def known_of(empty: Collection[str], *, has_fees: bool) -> dict[str, str]:
    """What the columns of usage and of its amounts are in every row, where some of usage's say nothing.

    `empty` is of `Store.empty`; `has_fees` is whether any price is by the request.
    """
    known = {name: value for name, value in RARE.items() if name in empty}
    known |= {name: "0" for name, parts in MADE_OF.items() if set(parts) <= set(empty)}
    if not has_fees and set(OTHERS) <= set(empty):
        known["other_usd"] = "0"
    if "stated_usd" in empty:
        known["is_stated"] = "FALSE"
    if ATTEMPTS in empty:
        known["is_retry"] = "FALSE"
    if "chip_hours" in known:
        known["chip_hours"] = "0"
    return known


def usual_of(empty: Collection[str]) -> dict[str, str]:
    """What the columns are that tell the rows of a store apart in other stores alone."""
    return {name: value for name, value in USUAL.items() if name in empty}


def folded(query: exp.Query, known: Mapping[str, str]) -> exp.Query:
    """A query with columns of usage that say one thing in every row, by name as SQL literals, folded away."""
    from sqlglot import exp, parse_one
    from sqlglot.optimizer.simplify import simplify

    literals = {name: parse_one(value, dialect="duckdb") for name, value in known.items()}

    def valued(node: exp.Expr) -> exp.Expr:
        if not isinstance(node, exp.Column) or node.name not in literals or node.table == RATES:
            return node
        value = literals[node.name].copy()
        return exp.alias_(value, node.name) if isinstance(node.parent, exp.Select) else value

    tree = query.copy().transform(valued)
    for node in tree.find_all(exp.Group, exp.Order):
        keys = [one for one in node.expressions if not isinstance(_key(one), exp.Literal | exp.Boolean)]
        node.set("expressions", keys)
    return cast("exp.Query", _bottom_up(simplify(tree, dialect="duckdb")))


def _key(node: exp.Expr) -> exp.Expr:
    """What is grouped or ordered by; a value that is the same in every row tells nothing apart."""
    from sqlglot import exp

    return cast("exp.Expr", node.this) if isinstance(node, exp.Ordered) else node


def always(query: exp.Query, columns: Collection[str]) -> exp.Query:
    """A query without the conditions of its join that name some columns of `rates`: every rate meets them."""
    from sqlglot import exp

    tree = query.copy()
    for join in tree.find_all(exp.Join):
        given = join.args.get("on")
        if given is None:
            continue
        left = [
            one.copy()
            for one in given.flatten()
            if not any(each.table == RATES and each.name in columns for each in one.find_all(exp.Column))
        ]
        join.set("on", exp.and_(*left))
    return tree


def _bottom_up(tree: exp.Expr) -> exp.Expr:
    """The tree with every node rewritten, the innermost first."""
    for node in [*tree.dfs()][::-1]:
        made = _shorter(node)
        if made is not node:
            if node is tree:
                tree = made
            else:
                node.replace(made)
    return tree


def _shorter(node: exp.Expr) -> exp.Expr:
    """A node without what adds nothing: parts of a sum that are 0, sums of 0 or 1, the same either way."""
    from sqlglot import exp

    if isinstance(node, exp.Add | exp.Sub) and _is(node.right, "0"):
        return node.left
    if isinstance(node, exp.Add) and _is(node.left, "0"):
        return node.right
    if isinstance(node, exp.Sum) and _is(node.this, "0"):
        return exp.Literal.number(0)
    if isinstance(node, exp.Sum) and _is(node.this, "1"):
        return exp.Count(this=exp.Star())
    if isinstance(node, exp.Coalesce) and isinstance(node.this, exp.Literal):
        return node.this
    return _case(node) if isinstance(node, exp.Case) else node


def _case(node: exp.Case) -> exp.Expr:
    from sqlglot import exp

    kept = [one for one in node.args["ifs"] if one.this != exp.false()]
    default = node.args.get("default")
    if default is not None and not kept:
        return cast("exp.Expr", default)
    if all(_is(one, "0") for one in (*(one.args["true"] for one in kept), default)):
        return exp.Literal.number(0)
    return node


def _is(node: exp.Expr | None, number: str) -> bool:
    from sqlglot import exp

    inner = node.this if isinstance(node, exp.Cast) else node
    return isinstance(inner, exp.Literal) and not inner.is_string and inner.this == number
