"""A figure someone quotes for a query, and what it implies."""

from __future__ import annotations

import numpy as np

from truecost.lines import Basis, Category, Offer, Payee
from truecost.plan.book import Book
from truecost.plan.schema.serving import Quoted
from truecost.plan.serving.work import Charge, Served, Work


def quoted(spec: Quoted, work: Work, path: str, book: Book) -> Served:
    """Queries x the quoted USD a query; the quote follows the plan's generations like own serving."""
    queries = work.calls / work.calls_per_query
    growth = work.own_model_growth if spec.own_model else 1.0
    charge = Charge(
        "quoted",
        "Inference as quoted",
        Payee.CLOUD,
        queries * spec.usd_per_query * growth,
        "queries that reach the model x quoted USD a query x change of serving cost over the generations",
        (f"{path}.usd_per_query", f"calls_to_model.{work.name}", "generations.serving_cost_multiple"),
        basis=Basis.ASSUMPTION,
        source=spec.source,
        quantity=queries,
        unit="queries",
        offer=Offer(service="Inference as quoted", category=Category.AI),
    )
    changed = spec.own_model and np.any(np.asarray(work.own_model_growth) != 1.0)
    title = f"quoted by {spec.source}" + (", then changed by the plan's generations" if changed else "")
    return Served("quoted", title, (charge,), {"quoted_usd_per_query": spec.usd_per_query})


def implied_output_tokens(
    usd_per_query: float, usd_per_input_token: float, usd_per_output_token: float, input_tokens: float
) -> float:
    """Output tokens a query must have for a quote to be the cost of one call at given token prices.

    >>> round(implied_output_tokens(0.02, 2e-6, 8e-6, 1000))
    2250
    """
    return max(usd_per_query - usd_per_input_token * input_tokens, 0.0) / usd_per_output_token
