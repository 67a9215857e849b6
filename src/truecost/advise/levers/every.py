"""Every lever of a plan: each family for each class it can act on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from truecost.advise.levers.caching import prefix_cache, response_cache
from truecost.advise.levers.chips import other_chip
from truecost.advise.levers.elsewhere import edge, human_handoff
from truecost.advise.levers.lever import Build, Case, Lever, Outcome
from truecost.advise.levers.offers import batch_price, other_option, other_provider
from truecost.advise.levers.own_chips import batching, pruning, quantization, speculative_decoding
from truecost.advise.levers.routing import distillation, route
from truecost.advise.levers.selling import metered_price, usage_cap
from truecost.advise.levers.shorter import output_length, prompt_trimming
from truecost.advise.levers.terms import commitment
from truecost.advise.levers.training import training
from truecost.catalog.catalog import Catalog
from truecost.plan.schema import Plan

OF_A_CLASS: Mapping[str, Build] = {
    "response_cache": response_cache,
    "prefix_cache": prefix_cache,
    "prompt_trimming": prompt_trimming,
    "output_length": output_length,
    "route": route,
    "quantization": quantization,
    "pruning": pruning,
    "batching": batching,
    "batch": batch_price,
    "distillation": distillation,
    "speculative_decoding": speculative_decoding,
    "edge": edge,
    "human_handoff": human_handoff,
    "term": commitment,
    "chip": other_chip,
    "provider": other_provider,
    "option": other_option,
}
"""The families that act on one request class."""


def every_lever(plan: Plan, catalog: Catalog) -> Iterator[Outcome]:
    """Every lever of a checked plan, and those it cannot pull with the reason.

    Of each class only the option in use counts; what is pulled already is said to be.
    """
    if plan.demand is not None:
        for name in plan.serving:
            yield from levers_of_class(plan, catalog, name)
        for name in plan.demand.tiers:
            yield from usage_cap(plan, catalog, name)
            yield from metered_price(plan, catalog, name)
    yield from training(plan, catalog)


def levers_of_class(plan: Plan, catalog: Catalog, name: str) -> Iterator[Outcome]:
    """Every family's levers for one class, on the option that answers it."""
    case = Case(plan, catalog, name, plan.serving[name].options[0])
    for build in OF_A_CLASS.values():
        yield from build(case)


def lever_sets(
    plan: Plan, catalog: Catalog, classes: Sequence[str], families: Sequence[str], *, on: str | None = None
) -> Iterator[str]:
    """The assignments that pull some families for some classes, as if option `on` answered them.

    Nothing for a lever that the plan has already or cannot pull.
    """
    for name in classes:
        case = Case(plan, catalog, name, on or plan.serving[name].options[0])
        for family in families:
            for outcome in OF_A_CLASS[family](case):
                if isinstance(outcome, Lever):
                    yield from outcome.sets
