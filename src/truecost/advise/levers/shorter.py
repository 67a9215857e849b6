"""Fewer tokens in a call: prompts without what they do not need, answers without what nobody reads."""

from __future__ import annotations

from collections.abc import Iterator

from truecost.advise.assignments import assignment
from truecost.advise.levers.lever import NO_TOKENS, UNKNOWN_API_LATENCY, Case, Lever, Outcome, already


def prompt_trimming(case: Case) -> Iterator[Outcome]:
    """Part of the input is left out."""
    given = case.levers.prompt_trimming
    return _cut(
        case,
        ("prompt_trimming", "Trim prompts"),
        None if given is None else given.share,
        "whether the answers need what was left out",
    )


def output_length(case: Case) -> Iterator[Outcome]:
    """Answers are asked to be shorter."""
    given = case.levers.output_length
    return _cut(
        case,
        ("output_length", "Ask for shorter answers"),
        None if given is None else given.share,
        "whether shorter answers still do: reasoning that is cut short fails more often",
    )


def _cut(case: Case, name: tuple[str, str], given: object, quality: str) -> Iterator[Outcome]:
    family, label = name
    if given is not None:
        yield case.why_not(family, label, already(given))
        return
    if case.used == "quoted":
        yield case.why_not(family, label, NO_TOKENS)
        return
    share = case.rate(f"{family}_share")
    yield Lever(
        f"{family}.{case.name}",
        label,
        case.name,
        (assignment(f"{case.path}.levers.{family}", {"share": share.value}),),
        quality=quality,
        latency="fewer tokens take less time" if case.used != "api" else UNKNOWN_API_LATENCY,
        assumed=(share,),
    )
