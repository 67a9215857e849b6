"""What a generation of the model and an investor get back: payback, worth today, yearly return.

A generation puts in what making it costs (its run, experiments, data, judgement, safety) and gets the margin
of the months in which it serves, every other cost paid, in the amortized view. An investor puts in the cash
at the start and the rounds and gets, in cash, what the company earns and never misses again, when it earns
it, and in the last month what is left in the bank. Nothing is counted beyond that month: no worth of the
company at its end.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from truecost.finance.crossing import payback_month
from truecost.finance.discount import present_value
from truecost.finance.returns import internal_rate_of_return, paid_out
from truecost.plan.book import Book, given_or
from truecost.plan.evaluate import Evaluation
from truecost.plan.flows import CREDITS_BY_MONTH, DISCOUNT
from truecost.plan.generations import Schedule, schedule
from truecost.plan.programme.data import LEAD_MONTHS as DATA_LEAD_MONTHS
from truecost.plan.programme.judgement import LEAD_MONTHS as JUDGEMENT_LEAD_MONTHS
from truecost.plan.programme.safety import LEAD_MONTHS as SAFETY_LEAD_MONTHS
from truecost.plan.programme.training_run import EXPERIMENT_LEAD_MONTHS, RUN_LEAD_MONTHS
from truecost.plan.schema import Programme
from truecost.ranges import FloatArray, Value
from truecost.spec.sampling import sample

DRAWS = 512
"""The first draws, of which returns are found."""
MOST_GENERATIONS_TOLD = 8


@dataclass(frozen=True, slots=True)
class Return:
    """One investment by month, (months, draws), and what it comes to, one number a draw; inf for never."""

    put_in_usd: FloatArray
    got_back_usd: FloatArray
    payback_month: FloatArray
    net_present_value_usd: FloatArray
    return_per_year: FloatArray

    @classmethod
    def of(cls, put_in: FloatArray, got_back: FloatArray, discount: Value) -> Return:
        """From what is put in and got back at the end of each month."""
        return cls._of(put_in, got_back, discount, 0)

    @classmethod
    def from_start(cls, put_in: FloatArray, got_back: FloatArray, discount: Value) -> Return:
        """From what is put in at the start and got back at the end of each month."""
        nothing = np.zeros((1, put_in.shape[1]))
        return cls._of(np.concatenate([put_in, nothing]), np.concatenate([nothing, got_back]), discount, 1)

    @classmethod
    def _of(cls, put_in: FloatArray, got_back: FloatArray, discount: Value, before: int) -> Return:
        """Of amounts that begin `before` months before the end of the first month."""
        net = got_back - put_in
        back = np.asarray(payback_month(np.cumsum(net, axis=0))) - before
        return cls(
            put_in.sum(axis=0),
            got_back.sum(axis=0),
            np.where(put_in.any(axis=0), back, np.inf),
            np.asarray(present_value(net, discount) * (1 + discount) ** (before / 12)),
            internal_rate_of_return(net),
        )


def generations(evaluation: Evaluation) -> dict[str, Return]:
    """Each generation released within the plan by its number, from 1; none where nothing is earned."""
    plan, book = evaluation.plan, evaluation.first
    if plan.programme is None or plan.demand is None:
        return {}
    drawn = sample(plan, book.draws)
    assert drawn.programme is not None
    made = schedule(drawn.programme.generations, _apart(book))
    months, count = book.months, min(DRAWS, book.draws.count)
    making = _making(drawn.programme, made, book)
    running = (evaluation.series["revenue"] - evaluation.series["total"])[:, :count] + sum(
        making, start=np.zeros((1, 1))
    )
    serving = np.broadcast_to(made.number(months), (months, book.draws.count))[:, :count]
    found: dict[str, Return] = {}
    for number in range(min(len(making), MOST_GENERATIONS_TOLD)):
        in_use = serving == number
        if in_use.any():
            earned = np.where(in_use, running, 0.0)
            found[str(number + 1)] = Return.of(making[number], earned, _rate(book, count))
    return found


def _apart(book: Book) -> Book:
    aside = book.aside()
    aside.left_out, aside.facts, aside.defaults = {}, {}, {}
    return aside


def _rate(book: Book, count: int) -> Value:
    rate = np.asarray(book.quantities[DISCOUNT].value)
    return rate[:count] if rate.ndim else float(rate)


def _making(spec: Programme, made: Schedule, book: Book) -> list[FloatArray]:
    """What making each generation costs by month, in the first draws."""
    count = min(DRAWS, book.draws.count)
    found: list[FloatArray] = []
    for belongs, months_ahead, grows in _one_off(spec, made):
        lines = [line.amortized[:, :count] for name, line in book.lines.items() if belongs(name)]
        if not lines:
            continue
        cost = np.asarray(sum(lines))
        lead, growth = (_first(value, count) for value in (months_ahead, grows))
        cut = Schedule(made.first, None if made.every is None else _first(made.every, count), 1.0, 1.0, 0.0)
        weights = list(cut.by_generation(book.months, lead, growth))
        whole = np.asarray(sum(weights))
        for number, weight in enumerate(weights):
            part = np.divide(weight, whole, out=np.zeros(np.broadcast_shapes(weight.shape, whole.shape)),
                             where=whole > 0)  # fmt: skip
            if number == len(found):
                found.append(np.zeros((book.months, count)))
            found[number] = found[number] + cost * part
    return found


def _first(value: Value, count: int) -> Value:
    return np.asarray(value)[:count] if np.ndim(value) else value


OneOff = tuple[Callable[[str], bool], Value, Value]
"""Which lines, over how many months before its release a generation pays them, and by how much they grow."""


def _one_off(spec: Programme, made: Schedule) -> Iterator[OneOff]:
    """The lines that are paid for each generation anew, as the programme spreads them."""
    run_lead = given_or(spec.training.lead_months if spec.training else None, RUN_LEAD_MONTHS)
    lead = given_or(spec.experiments.lead_months if spec.experiments else None, EXPERIMENT_LEAD_MONTHS)
    runs = ("training.final_run", "training.later_runs", "training.restarts", "training.carbon")
    yield runs.__contains__, run_lead, made.training_growth
    yield "training.experiments".__eq__, lead, made.training_growth
    of_data = ("data.acquisition", "data.curation", "data.synthetic")
    yield of_data.__contains__, DATA_LEAD_MONTHS, 1.0
    yield lambda name: name.startswith("annotation."), JUDGEMENT_LEAD_MONTHS, 1.0
    tested = ("safety.red_team", "safety.red_team_compute", "safety.bounty")
    yield tested.__contains__, SAFETY_LEAD_MONTHS, 1.0
    releases = spec.safety.evaluations if spec.safety else None
    growth = given_or(releases.growth_per_generation if releases else None, 1.0)
    yield "safety.evaluations".__eq__, SAFETY_LEAD_MONTHS, growth
    yield "safety.delay".__eq__, 1.0, 1.0


def investor(evaluation: Evaluation) -> Return | None:
    """What whoever put in the cash and the rounds gets back; None where nothing is put in."""
    plan, book = evaluation.plan, evaluation.first
    terms = plan.business
    if plan.demand is None or terms is None or (terms.cash_usd is None and not terms.investment):
        return None
    drawn = sample(plan, book.draws).business
    assert drawn is not None
    months, count = book.months, min(DRAWS, book.draws.count)
    put_in = np.zeros((months, count))
    put_in[0] += _first(given_or(drawn.cash_usd, 0.0), count)
    for investment in drawn.investment:
        if investment.month < months:
            put_in[investment.month] += _first(investment.usd, count)
    spent = (evaluation.series["cash"] - evaluation.series["revenue"])[:, :count]
    credits_used = book.quantities.get(CREDITS_BY_MONTH)
    covered = 0.0 if credits_used is None else np.asarray(credits_used.value)[:, :count]
    earned = np.cumsum(covered - spent, axis=0)
    got_back = paid_out(earned)
    got_back[-1] += np.maximum(put_in.sum(axis=0) + earned[-1] - got_back.sum(axis=0), 0.0)
    return Return.from_start(put_in, got_back, _rate(book, count))
