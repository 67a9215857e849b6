"""Usage under a contract with its prices by kind of token: what tells one charge of a request from another.

For each kind there is `agreed_KIND_rate`, the contracted price (with volume tiers), and `net_KIND_rate`, that
after a commitment's discount, which is billed; both USD for one. `tier_from` is where the volume tier begins.
What capacity covers has no price of its own: its share of the fee is its weight times `usd_per_weight`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from truecost.ledger.contracts.amounts import contracted
from truecost.ledger.contracts.contract import Contract
from truecost.ledger.contracts.terms import CONTRACTED, EFFECTIVE, KINDS

if TYPE_CHECKING:
    from sqlglot import exp

AGREED = {kind: f"agreed_{kind}_rate" for kind in KINDS}
NET = {kind: f"net_{kind}_rate" for kind in KINDS}
_PRICES = ((CONTRACTED, AGREED), (EFFECTIVE, NET))
_WEIGHTS = ("input_weight", "cached_weight", "output_weight")


def by_kind(priced: exp.Query, contract: Contract) -> exp.Query:
    """Priced usage under a contract, over the tables of `prepare_contract`, with prices by kind."""
    from sqlglot import exp

    tree = contracted(priced, contract)
    parts = {one.alias: cast("exp.Select", one.this) for one in tree.ctes}
    for kind in KINDS:
        for rates, told in _PRICES:
            base = f"base_{told[kind]}"
            parts["termed"].select(exp.alias_(exp.column(rates[kind], table="terms"), base), copy=False)
            by_tier = (
                exp.case()
                .when(exp.Is(this=exp.column("step", table="steps"), expression=exp.Null()), exp.column(base))
                .else_(exp.column(f"step_{rates[kind]}", table="steps"))
            )
            parts["stepped"].select(exp.alias_(by_tier, told[kind]), copy=False)
    tier_from = exp.alias_(exp.column("reached_from", table="steps"), "tier_from")
    parts["stepped"].select(tier_from, copy=False)
    for one in _WEIGHTS:
        parts["weighed"].select(exp.column(one, table="capacities"), copy=False)
    parts["shared"].select(exp.column("usd_per_weight", table="capacity_months"), copy=False)
    return tree
