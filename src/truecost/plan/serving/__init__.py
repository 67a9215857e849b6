"""Serving each request class by every option the plan gives; the one in use is charged."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from truecost.lines import Basis, Payee
from truecost.lognormal import sigma_from_quantiles
from truecost.plan.book import Book, given_or
from truecost.plan.demand import ClassTraffic, Traffic
from truecost.plan.schema import Demand, RequestClass, Serving
from truecost.plan.serving.api import api
from truecost.plan.serving.hybrid import hybrid
from truecost.plan.serving.levers import apply, lever_inputs
from truecost.plan.serving.quoted import quoted
from truecost.plan.serving.self_hosted import self_hosted
from truecost.plan.serving.work import Charge, Served, Work, enter
from truecost.plan.what_if import shifted
from truecost.ranges import FloatArray, Value


@dataclass(frozen=True, slots=True)
class ClassServing:
    """A class after serving: its work, every option with its charges, the one in use first."""

    work: Work
    options: Mapping[str, Served]
    cost: FloatArray
    marginal_usd: FloatArray

    @property
    def used(self) -> Served:
        """The option the statement charges."""
        return next(iter(self.options.values()))


def serve(
    demand: Demand, serving: Mapping[str, Serving], traffic: Traffic, growth: Value, book: Book
) -> dict[str, ClassServing]:
    """Serve every class that has a serving section; the others are named as left out."""
    result: dict[str, ClassServing] = {}
    for name, request in demand.requests.items():
        if name not in serving:
            book.leave_out(
                f"serving.{name}", f"requests of class {name} cost nothing to serve in this result"
            )
            continue
        queries, formula = traffic.classes[name].queries, "queries of each tier x share of the class in it"
        by_tier = [f"queries.{tier}" for tier in demand.tiers]
        book.quantity(f"serving.{name}.queries", queries, "queries", formula, by_tier)
        raw = class_work(name, request, traffic.classes[name], growth, book)
        result[name] = serve_class(serving[name], raw, book)
        _fallback(name, request, traffic.classes[name], result[name].work, book)
    return result


def class_work(name: str, request: RequestClass, demand: ClassTraffic, growth: Value, book: Book) -> Work:
    """What the class asks of a model before any lever."""
    spread: Value = 0.0
    if request.input_length is not None:
        spread = sigma_from_quantiles(request.input_length.p50, request.input_length.p99, 0.99)
    cached = shifted(given_or(request.cacheable_share, 0.0), book)
    calls = demand.queries * demand.calls_per_query
    book.quantity(
        f"calls.{name}",
        calls,
        "calls",
        "queries of the class x calls a query",
        (f"serving.{name}.queries", f"calls_per_query.{name}"),
    )
    return Work(
        name=name,
        queries=demand.queries,
        calls=np.asarray(calls, dtype=np.float64),
        input_tokens=request.input_tokens,
        output_tokens=request.output_tokens,
        calls_per_query=demand.calls_per_query,
        cache_read_share=cached,
        cache_write_share=np.minimum(given_or(request.cache_write_share, 0.0), 1 - cached),
        input_sigma=spread,
        batch=request.latency == "batch",
        regions=request.regions or {},
        own_model_growth=growth,
    )


def serve_class(serving: Serving, raw: Work, book: Book) -> ClassServing:
    """Every option of one class with the levers' own charges; enters the one in use."""
    path = f"serving.{raw.name}"
    work, own = apply(serving, raw, path, book)
    book.quantity(
        f"calls_to_model.{raw.name}",
        work.calls,
        "calls",
        "calls, less what the levers keep from the main model",
        (f"calls.{raw.name}", *lever_inputs(serving, path)),
    )
    options: dict[str, Served] = {}
    for option in serving.options[:1] if book.compared else serving.options:
        served = option_charges(option, serving, work, path, book)
        options[option] = replace(served, charges=served.charges + own)
    used = next(iter(options.values()))
    enter(used, work, book)
    shape = (book.months, book.draws.count)
    cost = np.broadcast_to(np.asarray(used.cost(), dtype=np.float64), shape)
    marginal = np.broadcast_to(np.asarray(used.marginal_cost(), dtype=np.float64), shape)
    return ClassServing(work, options, cost, marginal)


def option_charges(option: str, serving: Serving, work: Work, path: str, book: Book) -> Served:
    """The charges of one option for the work of a class."""
    if option == "quoted" and serving.quoted is not None:
        return quoted(serving.quoted, work, f"{path}.quoted", book)
    if option == "api" and serving.api is not None:
        return api(serving.api, work, f"{path}.api", book)
    if option == "self_hosted" and serving.self_hosted is not None:
        served = self_hosted(serving.self_hosted, work, f"{path}.self_hosted", book)
        return _bridged(served, serving, work, path, book)
    assert serving.hybrid is not None
    assert serving.self_hosted is not None
    assert serving.api is not None
    parts = book.aside()
    both = hybrid(serving.hybrid, (serving.self_hosted, serving.api), work, path, parts)
    return _of_hybrid(both, path, parts, book)


def _of_hybrid(served: Served, path: str, parts: Book, book: Book) -> Served:
    """Enter what a hybrid computed of its parts under its own name: the parts alone are other numbers."""
    of_parts = re.compile(rf"^{re.escape(path)}\.(self_hosted|api)\.")
    names = {key: of_parts.sub(f"{path}.hybrid.", key) for key in parts.quantities}

    def named(keys: Sequence[str]) -> list[str]:
        return [names.get(key, key) for key in keys]

    for q in parts.quantities.values():
        book.quantity(names[q.key], q.value, q.unit, q.formula, named(q.inputs))
    return replace(served, charges=tuple(replace(c, inputs=named(c.inputs)) for c in served.charges))


def _bridged(served: Served, serving: Serving, work: Work, path: str, book: Book) -> Served:
    """While a port is under way both are paid: the chips being ported to, and the API that carries on."""
    host = serving.self_hosted
    if host is None or host.porting is None or host.porting.months == 0:
        return served
    if serving.api is None:
        book.leave_out(f"{path}.api", "nothing carries the traffic during the months of porting")
        return served
    during = (book.month_index < host.porting.months) * 1.0
    bridge = tuple(
        replace(
            c,
            part=f"bridge.{c.part}",
            label=f"{c.label} until ported",
            amortized=c.amortized * during,
            listed=None if c.listed is None else c.listed * during,
            variable_share=0.0,
            quantity=None if c.quantity is None else c.quantity * during,
        )
        for c in api(serving.api, work, f"{path}.api", book.aside()).charges
    )
    return replace(served, charges=served.charges + bridge)


def _fallback(name: str, request: RequestClass, demand: ClassTraffic, work: Work, book: Book) -> None:
    if request.task is None or request.task.human_fallback is None:
        return
    at = f"demand.requests.{name}.task.human_fallback"
    wage = book.number(
        f"{at}.usd_per_hour", request.task.human_fallback.usd_per_hour, "wages/support_agent_us"
    )
    hours = demand.queries * (1 - work.handed_over) * demand.human_minutes_per_query / 60
    book.line(
        f"people.{name}.fallback",
        f"People finishing failed tasks: {name}",
        "People in the loop",
        Payee.STAFF,
        hours * wage,
        formula="failed tasks x share handed over x minutes / 60 x wage",
        inputs=(f"{at}.share", f"{at}.minutes", f"{at}.usd_per_hour"),
        basis=Basis.LAW,
        quantity=hours,
        unit="hours",
    )


__all__ = ["Charge", "ClassServing", "Served", "Work", "class_work", "option_charges", "serve", "serve_class"]
