"""Levers, each by its mechanism: which quantity it changes, and what it costs itself."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from truecost.lines import Basis, Category, Offer, Payee
from truecost.physics.flops import mean_forward_flops_per_token
from truecost.physics.training import chip_hours, distillation_flops
from truecost.plan.book import Book, given_or
from truecost.plan.programme.run_share import distillation_share
from truecost.plan.schema.serving import Api, Levers, Route, Serving
from truecost.plan.serving.api import api
from truecost.plan.serving.self_hosted import self_hosted
from truecost.plan.serving.work import Charge, Served, Work

CONTEXT_TOKENS = 4096.0


def apply(serving: Serving, work: Work, path: str, book: Book) -> tuple[Work, tuple[Charge, ...]]:
    """The work left for the main model, and the charges of the levers themselves."""
    levers = serving.levers
    if levers is None:
        return work, ()
    at = f"{path}.levers"
    work = _shapes(levers, work)
    charges: list[Charge] = []
    for lever in (_human_handoff, _response_cache, _edge, _retrieval):
        work, own = lever(levers, work, at, book)
        charges += own
    if levers.distillation is not None:
        work, own = _distillation(serving, work, path, book)
        charges += own
    if levers.route is not None:
        work, own = _route(levers.route, serving.api, work, at, book)
        charges += own
    return work, tuple(charges)


def lever_inputs(serving: Serving, path: str) -> tuple[str, ...]:
    """The plan's own numbers that keep calls from the main model."""
    levers = serving.levers
    if levers is None:
        return ()
    shares = {
        "response_cache.hit_rate": levers.response_cache,
        "edge.share": levers.edge,
        "human_handoff.share": levers.human_handoff,
        "distillation.share": levers.distillation,
        "route.share": levers.route,
        "route.escalation_share": levers.route,
    }
    return tuple(f"{path}.levers.{name}" for name, lever in shares.items() if lever is not None)


def _shapes(levers: Levers, work: Work) -> Work:
    speculative = levers.speculative_decoding
    cut_in = levers.prompt_trimming.share if levers.prompt_trimming else 0.0
    cut_out = levers.output_length.share if levers.output_length else 0.0
    return replace(
        work,
        input_tokens=work.input_tokens * (1 - cut_in),
        output_tokens=work.output_tokens * (1 - cut_out),
        precision=levers.quantization or work.precision,
        pruned_share=levers.pruning or 0.0,
        max_batch=levers.batching or work.max_batch,
        acceptance_length=speculative.acceptance_length if speculative else 1.0,
        draft_tokens=float(speculative.draft_tokens) if speculative else 0.0,
        draft_overhead=speculative.draft_overhead if speculative else 0.0,
    )


def _human_handoff(levers: Levers, work: Work, at: str, book: Book) -> tuple[Work, list[Charge]]:
    lever = levers.human_handoff
    if lever is None:
        return work, []
    wage = book.number(f"{at}.human_handoff.usd_per_hour", lever.usd_per_hour, "wages/support_agent_us")
    queries = work.queries * lever.share
    charge = Charge(
        "handoff",
        "People answering instead",
        Payee.STAFF,
        queries * lever.minutes / 60 * wage,
        "queries handed over x minutes / 60 x wage",
        (f"{at}.human_handoff.share", f"{at}.human_handoff.minutes", f"{at}.human_handoff.usd_per_hour"),
        quantity=queries * lever.minutes / 60,
        unit="hours",
    )
    return replace(work, calls=work.calls * (1 - lever.share), handed_over=lever.share), [charge]


def _retrieval(levers: Levers, work: Work, at: str, book: Book) -> tuple[Work, list[Charge]]:
    """Part of the prompt gives way to passages, which no prefix cache holds."""
    lever = levers.retrieval
    if lever is None:
        return work, []
    kept = work.input_tokens * (1 - lever.replaces_share)
    sent = kept + lever.passage_tokens
    same = kept / np.maximum(sent, 1e-12)
    left = replace(
        work,
        input_tokens=sent,
        cache_read_share=work.cache_read_share * same,
        cache_write_share=work.cache_write_share * same,
    )
    if lever.usd_per_lookup is None and lever.index_usd_per_month is None:
        book.leave_out(f"{at}.retrieval.usd_per_lookup", "finding the passages is taken as free")
        return left, []
    monthly = given_or(lever.index_usd_per_month, 0.0) * np.ones((book.months, 1))
    lookups = work.calls * given_or(lever.usd_per_lookup, 0.0)
    charge = Charge(
        "retrieval",
        "Retrieval of passages",
        Payee.CLOUD,
        lookups + monthly,
        "calls x USD a look-up + USD a month of the index",
        (f"calls.{work.name}", f"{at}.retrieval.usd_per_lookup", f"{at}.retrieval.index_usd_per_month"),
        basis=Basis.ASSUMPTION,
        quantity=work.calls,
        unit="calls",
    )
    return left, [charge]


def _response_cache(levers: Levers, work: Work, at: str, book: Book) -> tuple[Work, list[Charge]]:
    lever = levers.response_cache
    if lever is None:
        return work, []
    left = replace(work, calls=work.calls * (1 - lever.hit_rate))
    if lever.usd_per_lookup is None:
        book.leave_out(
            f"{at}.response_cache.usd_per_lookup", "looking up the response cache is taken as free"
        )
        return left, []
    charge = Charge(
        "cache",
        "Response cache",
        Payee.CLOUD,
        work.calls * lever.usd_per_lookup,
        "calls x USD a look-up",
        (f"calls.{work.name}", f"{at}.response_cache.usd_per_lookup"),
        basis=Basis.ASSUMPTION,
        offer=Offer(service="Response cache", category=Category.DATABASES),
    )
    return left, [charge]


def _edge(levers: Levers, work: Work, at: str, book: Book) -> tuple[Work, list[Charge]]:
    lever = levers.edge
    if lever is None:
        return work, []
    left = replace(work, calls=work.calls * (1 - lever.share))
    if lever.usd_per_query is None:
        book.leave_out(f"{at}.edge.usd_per_query", "calls on the user's device are taken as free for you")
        return left, []
    charge = Charge(
        "edge",
        "Calls on the user's device",
        Payee.OTHER,
        work.calls * lever.share * lever.usd_per_query,
        "calls x share on the device x USD a call",
        (f"{at}.edge.share", f"{at}.edge.usd_per_query"),
        basis=Basis.ASSUMPTION,
    )
    return left, [charge]


def _route(lever: Route, main: Api | None, work: Work, at: str, book: Book) -> tuple[Work, list[Charge]]:
    """The other model answers first; its price follows the class's own price path and discount."""
    tried = replace(work, calls=work.calls * lever.share)
    terms = {"price_path": main.price_path, "discount": main.discount} if main is not None else {}
    other = Api.model_construct(
        model=lever.model, provider=lever.provider, service_tier=None, provisioned=None, switch=lever.switch,
        price_path=terms.get("price_path"), discount=terms.get("discount"),
    )  # fmt: skip
    served = api(other, tried, f"{at}.route", book)
    again = given_or(lever.escalation_share, 0.0)
    if lever.escalation_share is None:
        book.leave_out(f"{at}.route.escalation_share", "no routed call is asked again of the main model")
    left = replace(
        work,
        calls=work.calls * (1 - lever.share * (1 - again)),
        tokens_elsewhere=work.tokens_elsewhere + tried.tokens,
    )
    return left, _as("routed", "Routed to", served)


def _distillation(serving: Serving, work: Work, path: str, book: Book) -> tuple[Work, list[Charge]]:
    """The student takes a share of the calls; teacher and training are paid once, in the first month."""
    lever = serving.levers.distillation if serving.levers else None
    host = serving.self_hosted
    assert lever is not None
    assert host is not None
    student = host.model_copy(update={"model": lever.student, "tensor_parallel_size": None, "porting": None})
    share = replace(work, calls=work.calls * lever.share)
    served = self_hosted(student, share, f"{path}.levers.distillation", book)
    arch, teacher = book.catalog.model(lever.student), book.catalog.model(host.model)
    peak = book.catalog.accelerator(host.chip).dense_peak("bf16")
    student_forward = mean_forward_flops_per_token(arch, CONTEXT_TOKENS)
    teacher_forward = mean_forward_flops_per_token(teacher, CONTEXT_TOKENS)
    flops = distillation_flops(teacher_forward, student_forward, lever.training_tokens)
    at = f"{path}.levers.distillation"
    reached = distillation_share(arch, lever.training_tokens, host.chip, at, book)
    hours = chip_hours(flops, peak, reached.value)
    price = book.fact(book.catalog.rental(host.chip, book.as_of, "on_demand"))
    training = Charge(
        "distillation",
        "Distillation run",
        Payee.CLOUD,
        (book.month_index == 0) * hours * price,
        "(6 N D of the student + 2 N D of the teacher) / (peak x utilization) x USD a chip-hour",
        (f"{at}.training_tokens", reached.key),
        quantity=(book.month_index == 0) * hours,
        unit="chip-hours",
        variable_share=0.0,
        offer=Offer(service=f"{host.chip}, on demand"),
    )
    left = replace(
        work, calls=work.calls * (1 - lever.share), tokens_elsewhere=work.tokens_elsewhere + share.tokens
    )
    return left, [*_as("student", "Student:", served), training]


def _as(part: str, label: str, served: Served) -> list[Charge]:
    return [replace(c, part=f"{part}.{c.part}", label=f"{label} {c.label}") for c in served.charges]
