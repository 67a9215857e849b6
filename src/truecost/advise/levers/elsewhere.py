"""Calls that never reach the model: on the user's own device, or answered by a person."""

from __future__ import annotations

from collections.abc import Iterator

from truecost.advise.assignments import assignment
from truecost.advise.levers.lever import Case, Lever, Outcome, already, middle

EDGE = "Answer on the user's device"
HANDOFF = "Hand the hardest to people"


def edge(case: Case) -> Iterator[Outcome]:
    """A share of the calls runs on the user's device, where it fits."""
    if case.levers.edge is not None:
        yield case.why_not("edge", EDGE, already(case.levers.edge.share))
        return
    most = case.rate("edge_most_tokens")
    tokens = middle(case.request.input_tokens) + middle(case.request.output_tokens)
    if tokens > middle(most.value):
        why = f"a call has {tokens:,.0f} tokens; a model on a phone holds {middle(most.value):,.0f}"
        yield case.why_not("edge", EDGE, why)
        return
    share, usd = case.rate("edge_share"), case.rate("edge_usd_per_call")
    yield Lever(
        f"edge.{case.name}",
        EDGE,
        case.name,
        (assignment(f"{case.path}.levers.edge", {"share": share.value, "usd_per_query": usd.value}),),
        quality="how good so small a model is at these questions; building it into the app is not counted",
        latency="not known: it depends on the device",
        assumed=(share, usd, most),
    )


def human_handoff(case: Case) -> Iterator[Outcome]:
    """A share of the queries goes straight to a person."""
    if case.levers.human_handoff is not None:
        yield case.why_not("human_handoff", HANDOFF, already(case.levers.human_handoff.share))
        return
    share, minutes = case.rate("handoff_share"), case.rate("handoff_minutes")
    lever = {"share": share.value, "minutes": minutes.value}
    yield Lever(
        f"human_handoff.{case.name}",
        HANDOFF,
        case.name,
        (assignment(f"{case.path}.levers.human_handoff", lever),),
        quality="what a right answer is worth: users who stay, mistakes that are not made",
        latency="minutes instead of seconds for those queries",
        assumed=(share, minutes, case.catalog.rate("wages/support_agent_us", case.as_of)),
    )
