"""A smaller model for a share of the calls: another one of the vendor, or a student on own chips."""

from __future__ import annotations

from collections.abc import Iterator

from truecost.advise.assignments import assignment
from truecost.advise.levers.lever import THEIR_CHIPS, UNKNOWN_API_LATENCY, Case, Lever, Outcome, already
from truecost.advise.levers.smaller_models import cheaper_api_model, student_of
from truecost.advise.stand_ins import api_model

ROUTE = "Route a share to a smaller model"
STUDENT = "Distil a student for a share"


def route(case: Case) -> Iterator[Outcome]:
    """A share of the calls is tried on a cheaper model of the same vendor first; some are asked again."""
    given = case.levers.route
    if given is not None:
        yield case.why_not("route", ROUTE, already(f"{given.share} to {given.model}"))
        return
    api = case.serving.api
    if api is None and case.used != "api":
        why = "the class names no API model whose vendor could sell a smaller one"
        yield case.why_not("route", ROUTE, why)
        return
    model = api.model if api is not None else api_model(case.plan, case.name, case.catalog)[0]
    provider = api.provider if api is not None else None
    smaller = cheaper_api_model(case, model, provider)
    if smaller is None:
        why = f"no model of the family of {model} is sold at a third of its price or less"
        yield case.why_not("route", ROUTE, why)
        return
    share, again = case.rate("route_share"), case.rate("route_escalation_share")
    lever: dict[str, object] = {"share": share.value, "model": smaller, "escalation_share": again.value}
    if provider is not None:
        lever["provider"] = provider
    yield Lever(
        f"route.{case.name}",
        f"{ROUTE} ({smaller})",
        case.name,
        (assignment(f"{case.path}.levers.route", lever),),
        quality=f"how good {smaller} is at these questions, and whether a router tells the easy ones",
        latency=UNKNOWN_API_LATENCY + "; a call that is asked again waits for both models",
        assumed=(share, again, case.rate("route_share_of_price"), case.rate("model_age_months")),
    )


def distillation(case: Case) -> Iterator[Outcome]:
    """A student trained on the model's own answers takes a share of the calls on the same chips."""
    given = case.levers.distillation
    if given is not None:
        yield case.why_not("distillation", STUDENT, already(f"{given.share} by {given.student}"))
        return
    host = case.host
    if host is None:
        why = THEIR_CHIPS[case.used] + "; a student needs own chips"
        yield case.why_not("distillation", STUDENT, why)
        return
    student = student_of(case, case.catalog.model(host.model))
    if student is None:
        why = "the catalog has no model of the same family with a quarter of the parameters or fewer"
        yield case.why_not("distillation", STUDENT, why)
        return
    share, tokens = case.rate("distillation_share"), case.rate("distillation_training_tokens")
    lever = {"student": student.name, "share": share.value, "training_tokens": tokens.value}
    yield Lever(
        f"distillation.{case.name}",
        f"{STUDENT} ({student.name})",
        case.name,
        (assignment(f"{case.path}.levers.distillation", lever),),
        quality="how good the student is; people who choose, clean and test its data are not counted",
        latency="the student's share is answered faster; the figures are of the large model",
        assumed=(share, tokens, case.rate("distillation_share_of_size")),
    )
