"""The inference wall of a plan: the model that costs least over its life, and when serving passes training.

The plan's final run is set against the tokens that its model serves until the next generation, at the plan's
own prices. What an answer costs is taken in proportion to the parameters that a token meets.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from truecost.catalog.architectures import Architecture
from truecost.catalog.facts import Fact
from truecost.physics.flops import training_flops_from_parameters
from truecost.physics.loss_law import (
    DEFAULT_LAW,
    FORWARD,
    LAWS,
    LossLaw,
    Setting,
    dense_per_active,
    lifetime_optimum,
    published_law,
    wall,
)
from truecost.physics.training import SECONDS_PER_HOUR
from truecost.plan.book import Book, given_or
from truecost.plan.generations import Schedule
from truecost.plan.programme.compute import CONTEXT_TOKENS, run_flops
from truecost.plan.programme.run_share import reached
from truecost.plan.schema import Plan
from truecost.plan.schema.programme import TrainingRun
from truecost.plan.serving import ClassServing
from truecost.ranges import Value

AT = "inference_wall"
RUN = "programme.training"
LAW = tuple(f"loss_law/{part}" for part in (
    "irreducible", "parameters", "tokens", "parameters_exponent", "tokens_exponent",
))  # fmt: skip
"""The facts of the law in use."""
OTHER_LAW = next(name for name in LAWS if name != DEFAULT_LAW)
TOTAL_OVER_ACTIVE, EXPONENT = "inference_wall/total_over_active", "inference_wall/dense_equivalent_exponent"
QUANTIZED = "inference_wall/quantization_gain"
DISTILLED = "inference_wall/distillation_fewer_tokens"
LEVERS = ("sparsity", "quantization", "distillation")
FEW_BITS = frozenset({"fp8", "int8", "fp4", "int4"})
LIFETIME, BUDGET = f"{AT}.lifetime_optimal", f"{AT}.tokens_at_training_budget"
MTOK = 1e6


@dataclass(frozen=True, slots=True)
class Model:
    """The plan's model by the law: parameters that a token meets, the tokens it is trained on, its loss.

    `is_sparse` for a mixture of experts of the catalog; any other is taken for dense.
    """

    parameters: Value
    tokens: Value
    loss: Value
    per_active: Value
    is_sparse: bool

    @property
    def flops(self) -> Value:
        """Training by the rule 6 N D, without attention: what the optimum is counted in too."""
        return training_flops_from_parameters(self.parameters, self.tokens)


def enter_wall(plan: Plan, schedule: Schedule, served: Mapping[str, ClassServing], book: Book) -> None:
    """Enter the wall of a plan that trains a model; nothing for other plans."""
    run = plan.programme.training if plan.programme is not None else None
    if run is None:
        return
    computed, paid = _flops(run, book), book.quantities["programme.final_run_usd"].value
    if not (np.all(np.greater(computed, 0)) and np.all(np.greater(paid, 0))):
        book.leave_out(
            AT, "the final run computes nothing in some draws: no size of its model follows from it"
        )
        return
    for fact in LAW:
        book.rate(fact)
    law = published_law()
    model = _model(run, law, book)
    usd_per_flop = book.quantity(
        f"{AT}.usd_per_training_flop",
        np.divide(book.quantities["programme.final_run_usd"].value, model.flops),
        "USD/FLOP",
        "cost of the final run / (6 x parameters x training tokens)",
        ("programme.final_run_usd", f"{AT}.parameters", f"{AT}.training_tokens"),
    )
    tokens = _served(plan, schedule, served, book)
    price = _serving_price(model, tokens, usd_per_flop, book)
    setting = Setting(serving_price=price, dense_per_active=model.per_active)
    _budgets(law, model, setting, book)
    if tokens is not None:
        _lifetime(law, model, setting, (tokens, usd_per_flop), book)
    _levers(law, model, setting, (_possible(plan, model, served), tokens, usd_per_flop), book)


def _model(run: TrainingRun, law: LossLaw, book: Book) -> Model:
    """The model that the final run trains; of the size its compute trains best where the plan has none."""
    flops = _flops(run, book)
    size, tokens, per_active, sparse = run.active_parameters, run.tokens, 1.0, False
    of_size: Sequence[str] = (f"{RUN}.model", f"{RUN}.active_parameters")
    how = "parameters that a token meets, as the plan has them"
    if run.model is not None:
        architecture = book.catalog.model(run.model)
        sparse, counted = architecture.is_mixture_of_experts, _counted(architecture, book)
        size, of_size = book.fact(counted), (counted.key,)
        if sparse:
            over = architecture.total_parameters / architecture.active_parameters
            per_active = dense_per_active(over, book.rate(EXPONENT))
    if size is None:
        size, tokens = law.compute_optimal(flops)
        how = "the size that costs least to train with so many FLOPs: G (FLOPs / 6)^(b / (a + b))"
        of_size = (f"{AT}.training_flops", *LAW)
    stated = run.tokens is not None
    if tokens is None or not stated:
        tokens = np.divide(flops, training_flops_from_parameters(size, 1.0))
    book.result(f"{AT}.parameters", size, "parameters", how, of_size)
    book.result(
        f"{AT}.training_tokens",
        tokens,
        "tokens",
        "as stated" if stated else "FLOPs / (6 x parameters)",
        (f"{RUN}.tokens",) if stated else (f"{AT}.training_flops", f"{AT}.parameters"),
    )
    book.quantity(
        f"{AT}.dense_per_active",
        per_active,
        "x",
        "(total / active parameters)^exponent of a mixture of experts, 1 of any other model",
        (f"{RUN}.model", *((EXPONENT,) if sparse else ())),
    )
    loss = law.loss(np.multiply(size, per_active), tokens)
    book.result(
        f"{AT}.loss",
        loss,
        "nats",
        "E + A / N^a + B / D^b at the plan's tokens D; N the dense model it equals: active parameters x "
        "(total / active)^exponent",
        (f"{AT}.parameters", f"{AT}.training_tokens", *((EXPONENT,) if sparse else ()), *LAW),
    )
    return Model(size, tokens, loss, per_active, sparse)


def _counted(architecture: Architecture, book: Book) -> Fact:
    """The parameters that a token meets, counted from the architecture's config."""
    published = architecture.published_active_parameters or architecture.published_parameters
    return Fact(
        f"model/{architecture.name}/active_parameters",
        float(architecture.active_parameters),
        "parameters",
        architecture.source,
        book.as_of if published is None else published.checked,
        architecture.confidence,
        "Counted from its config: every matrix that a token is multiplied with, the head among them.",
    )


def _flops(run: TrainingRun, book: Book) -> Value:
    """Compute of the final run: as stated, of its model and tokens, or what its chip-hours come to."""
    if run.flops is not None:
        flops, how, behind = run.flops, "as stated", (f"{RUN}.flops",)
    elif run.tokens is not None and (run.model is not None or run.active_parameters is not None):
        context = given_or(run.context_tokens, CONTEXT_TOKENS)
        flops = run_flops(run.model, run.active_parameters, run.tokens, context, book)
        how = "3 x forward FLOPs a token x tokens"
        behind = (f"{RUN}.model", f"{RUN}.active_parameters", f"{RUN}.tokens")
    else:
        chip = book.catalog.accelerator(run.chip)
        peak = chip.dense_peak(run.precision)
        hours = book.quantities["programme.final_run_chip_hours"].value
        flops = np.multiply(hours, reached(run.utilization, RUN, book)) * (peak * SECONDS_PER_HOUR)
        how = f"chip-hours x 3,600 s x {peak:.4g} FLOP/s (dense {run.precision}, {chip.name}) x utilization"
        behind = ("programme.final_run_chip_hours", f"{RUN}.utilization")
    book.result(f"{AT}.training_flops", flops, "FLOP", how, behind)
    return flops


def _served(plan: Plan, schedule: Schedule, served: Mapping[str, ClassServing], book: Book) -> Value | None:
    """Tokens that the model serves; None where none are. Enters what they cost too.

    They are those of the classes that no vendor's API answers, in the months of the first generation.
    """
    own = {name: found for name, found in served.items() if found.used.option != "api"}
    if served and not own:
        book.leave_out(
            AT, "an API answers every class: the model that is trained serves none of their tokens"
        )
    shape = (book.months, book.draws.count)
    first = schedule.number(book.months) == 0
    tokens, usd = np.zeros(book.draws.count), np.zeros(book.draws.count)
    for found in own.values():
        tokens = tokens + (np.broadcast_to(found.work.tokens, shape) * first).sum(axis=0)
        usd = usd + (found.cost * first).sum(axis=0)
    if not np.all((tokens > 0) & (usd > 0)):
        return None
    until = ("programme.generations.every_months",) if schedule.every is not None else ()
    calls = tuple(f"calls_to_model.{name}" for name in own)
    lines = tuple(f"lines.inference.{n}.{c.part}" for n, found in own.items() for c in found.used.charges)
    when = "of the classes that no vendor's API answers, until the second generation"
    book.result(f"{AT}.served_tokens", tokens, "tokens", f"input and output tokens {when}", (*calls, *until))
    book.result(f"{AT}.serving_usd", usd, "USD", f"serving {when}", (*lines, *until))
    book.result(
        f"{AT}.usd_per_mtok",
        usd / tokens * MTOK,
        "USD/Mtok",
        "serving / tokens served x 1,000,000",
        (f"{AT}.serving_usd", f"{AT}.served_tokens"),
    )
    return tokens


def _serving_price(model: Model, tokens: Value | None, usd_per_flop: Value, book: Book) -> Value:
    """A FLOP of serving over a FLOP of training, in money; 1 where the plan serves nothing."""
    if tokens is None:
        how = "not known, for the plan serves no token: a FLOP of serving is taken as dear as one of training"
        price: Value = 1.0
    else:
        how = "(serving / tokens served / (2 x parameters)) / USD a FLOP of training"
        usd = book.outcomes[f"{AT}.serving_usd"] / tokens
        price = usd / np.multiply(FORWARD, model.parameters) / usd_per_flop
    inputs = (f"{AT}.usd_per_mtok", f"{AT}.parameters", f"{AT}.usd_per_training_flop")
    book.result(f"{AT}.serving_price", price, "x", how, inputs)
    return price


def _budgets(law: LossLaw, model: Model, setting: Setting, book: Book) -> None:
    """Enter the volumes beyond which serving costs more than the run."""
    now = np.multiply(3.0, model.tokens) / setting.serving_price
    common = (f"{AT}.serving_price", f"{AT}.training_tokens")
    book.result(
        BUDGET,
        now,
        "tokens",
        "6 N D / (2 N x price of a FLOP of serving over training) = 3 D / price",
        common,
    )
    book.result(
        f"{BUDGET}_if_sized_for_it",
        wall(law, model.loss, setting),
        "tokens",
        "3 D / price, D the training tokens of the model that is sized for so many tokens at the plan's loss",
        (f"{AT}.serving_price", f"{AT}.loss", *LAW),
    )


def _lifetime(law: LossLaw, model: Model, setting: Setting, told: tuple[Value, Value], book: Book) -> None:
    """Enter the size that costs least to train and serve, what it saves, and what another law says."""
    tokens, usd_per_flop = told
    best = lifetime_optimum(law, model.loss, tokens, setting)
    least = "where 6 N D + price x 2 N x served tokens is least at the plan's loss"
    inputs = (f"{AT}.loss", f"{AT}.served_tokens", f"{AT}.serving_price", *LAW)
    book.result(f"{LIFETIME}.parameters", best.active_parameters, "parameters", least, inputs)
    book.result(f"{LIFETIME}.training_tokens", best.tokens, "tokens", least, inputs)
    sized = (f"{LIFETIME}.parameters", f"{LIFETIME}.training_tokens", f"{AT}.usd_per_training_flop")
    book.result(
        f"{LIFETIME}.training_usd",
        best.training_flops * usd_per_flop,
        "USD",
        "6 N D x USD a FLOP of training",
        sized,
    )
    serving = best.serving_flops * setting.serving_price * usd_per_flop
    book.result(
        f"{LIFETIME}.serving_usd",
        serving,
        "USD",
        "2 N x served tokens x USD a FLOP of serving",
        (f"{LIFETIME}.parameters", f"{AT}.served_tokens", f"{AT}.serving_price", sized[-1]),
    )
    _saving(LIFETIME, best.cost, model, (tokens, usd_per_flop, setting.serving_price), book)
    other = published_law(OTHER_LAW)
    there = other.loss(np.multiply(model.parameters, model.per_active), model.tokens)
    by_other = lifetime_optimum(other, there, tokens, setting)
    behind = (f"{AT}.parameters", f"{AT}.training_tokens", f"{AT}.served_tokens", f"{AT}.serving_price")
    how = f"the same by the constants of {OTHER_LAW} ({other.source})"
    book.result(f"{AT}.by_other_law.parameters", by_other.active_parameters, "parameters", how, behind)
    book.result(f"{AT}.by_other_law.training_tokens", by_other.tokens, "tokens", how, behind)


def _saving(at: str, cost: Value, model: Model, told: tuple[Value, Value, Value], book: Book) -> None:
    """Enter what a model saves against the plan's own: both trained and serving as much."""
    tokens, usd_per_flop, price = told
    own = model.flops + np.multiply(FORWARD, model.parameters) * tokens * price
    book.result(
        f"{at}.saving_usd",
        (own - cost) * usd_per_flop,
        "USD",
        "final run + serving as planned - the same of this model",
        ("programme.final_run_usd", f"{AT}.serving_usd", f"{at}.parameters", f"{at}.training_tokens"),
    )


def _possible(plan: Plan, model: Model, served: Mapping[str, ClassServing]) -> list[str]:
    """What the plan does not do already, as far as it says."""
    hosts = [
        plan.serving[name].self_hosted
        for name, found in served.items()
        if found.used.option in ("self_hosted", "hybrid")
    ]
    done = {"sparsity"} if model.is_sparse else set[str]()
    if any(host is not None and host.precision in FEW_BITS for host in hosts):
        done.add("quantization")
    return [name for name in LEVERS if name not in done]


def _levers(
    law: LossLaw,
    model: Model,
    setting: Setting,
    told: tuple[Sequence[str], Value | None, Value],
    book: Book,
) -> None:
    """Enter what each way of making serving cheaper does to the size and to the wall, at the same loss."""
    names, tokens, usd_per_flop = told
    for name in names:
        at = f"{AT}.levers.{name}"
        there, facts = pulled(name, law, model.loss, setting, book)
        why = f"at the plan's loss, with {name}"
        behind = (f"{AT}.loss", f"{AT}.serving_price", *facts, *LAW)
        moved = wall(law, model.loss, there)
        book.result(
            f"{at}.tokens_at_training_budget_if_sized_for_it",
            moved,
            "tokens",
            f"served tokens beyond which serving costs more than training (a teacher's too), {why}",
            behind,
        )
        if tokens is None:
            continue
        best = lifetime_optimum(law, model.loss, tokens, there)
        least = f"where training and serving cost least, {why}"
        behind = (*behind, f"{AT}.served_tokens")
        book.result(f"{at}.parameters", best.active_parameters, "parameters", least, behind)
        book.result(f"{at}.training_tokens", best.tokens, "tokens", least, behind)
        _saving(at, best.cost, model, (tokens, usd_per_flop, setting.serving_price), book)


def pulled(
    name: str, law: LossLaw, loss: Value, setting: Setting, book: Book
) -> tuple[Setting, tuple[str, ...]]:
    """The setting with one lever pulled, and the facts behind it.

    Sparsity: the model as a mixture of experts. Quantization: fewer bits in serving alone. Distillation: the
    model that costs least to train teaches the one that serves; its own training is counted.
    """
    if name == "sparsity":
        per_active = dense_per_active(book.rate(TOTAL_OVER_ACTIVE), book.rate(EXPONENT))
        return replace(setting, dense_per_active=per_active), (TOTAL_OVER_ACTIVE, EXPONENT)
    if name == "quantization":
        cheaper = setting.serving_price / book.rate(QUANTIZED)
        return replace(setting, serving_price=cheaper), (QUANTIZED,)
    teacher = lifetime_optimum(law, loss, 0.0, setting)
    taught = replace(
        setting,
        teacher_parameters=np.multiply(teacher.active_parameters, setting.dense_per_active),
        teacher_flops=teacher.training_flops,
        fewer_tokens=book.rate(DISTILLED),
    )
    return taught, (DISTILLED,)
