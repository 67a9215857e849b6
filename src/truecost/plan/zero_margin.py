"""The users and the price of one tier at which the whole plan earns what it costs, all else as planned.

The users are found by evaluating the plan's product again at other numbers of them: a fleet comes in whole
replicas and a contract brings the same whatever its users, so the margin is not a line through the plan's
own point. The first draws alone are used, which keeps it fast and leaves the range a little rougher.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, TypeVar, cast

import numpy as np

from truecost.plan.book import Book, given_or
from truecost.plan.business import Takings, charge, revenue, takings, tier_revenue
from truecost.plan.demand import ClassTraffic, TierTraffic, Traffic, price_multiple, traffic
from truecost.plan.evaluate import Evaluation
from truecost.plan.generations import schedule
from truecost.plan.outages import with_outages
from truecost.plan.schema import Plan, Serving, Tier
from truecost.plan.serving import serve
from truecost.plan.what_if import moves
from truecost.ranges import Draws, FloatArray, TiledDraws, Value
from truecost.spec.sampling import sample

MOST_SCALED = 1e9
"""A tier more times its planned size than this is no number of users that would do."""
DRAWS_IN_STEPS = 256
DRAWS_ON_A_LINE = 1024
"""Draws of which the users for no margin are found: where the cost comes in steps, and where it does not."""
FAR, BETWEEN = 1e9, 0.6180339887
"""So many times the planned users that whole replicas no longer show: what a user leaves in the long run.
The scale between tells a straight line from one with steps."""
LINE_TOLERANCE = 1e-7
SEARCHED = (*(n / 16 for n in range(17)), 1.25, 1.5, 2.0, 4.0, 8.0)
"""Where the last loss is looked for, as multiples of 1.5 times the users a straight line would need."""
REFINED = 8
"""Parts of the step in which the margin turns that are looked at again.

On fleets of random size, set beside 20,000 scales tried one by one, half of the answers are good to 0.1 %
and nine of ten to 3 %: a loss that a further replica brings back for less than a step can be missed."""

Margin = Callable[[FloatArray], FloatArray]


@dataclass(frozen=True, slots=True)
class Product:
    """The plan's product in its first draws, as planned: what other numbers of users of one tier change.

    Made once for all tiers, so that each is then looked at in a time that does not grow with their number.
    """

    evaluation: Evaluation
    count: int
    demand: Traffic
    earned: Mapping[str, FloatArray]
    taken: Takings
    margin: FloatArray
    """Revenue less serving, people and business lines over the plan, one number a draw."""

    @classmethod
    def of(cls, evaluation: Evaluation) -> Product | None:
        """The product of a plan; None where it has none, or no tier of it pays by its users."""
        plan = evaluation.plan
        if plan.demand is None or not any(map(_pays_by_user, plan.demand.tiers.values())):
            return None
        wanted = DRAWS_IN_STEPS if any(map(_in_steps, plan.serving.values())) else DRAWS_ON_A_LINE
        count = min(wanted, evaluation.draws)
        drawn, book, growth = _drawn(evaluation, plan, Draws(evaluation.seed, 0, count), None)
        assert drawn.demand is not None
        demand = with_outages(traffic(drawn.demand, book, evaluation.start), drawn.serving, book)
        served = serve(drawn.demand, drawn.serving, demand, growth, book)
        earned = revenue(drawn.demand, demand, served, book)
        taken = takings(drawn.demand, demand, earned)
        assert taken is not None
        charge(drawn.business, taken, book)
        margin = (taken.revenue - book.total()).sum(axis=0)
        return cls(evaluation, count, demand, earned, taken, margin)


def _drawn(
    evaluation: Evaluation, plan: Plan, draws: Draws, decisions: dict[str, float] | None
) -> tuple[Plan, Book, Value]:
    """A plan with its ranges drawn, an empty book for it, and how its generations grow what serving takes.

    `decisions` are those already made, to be added to; None for those of the plan as evaluated.
    """
    assert plan.as_of is not None
    first, drawn = evaluation.first, sample(plan, draws)
    book = Book(
        plan.horizon_months,
        draws,
        plan.as_of,
        first.catalog,
        plan.region,
        decisions=dict(first.decisions) if decisions is None else decisions,
        moves=moves(drawn.what_if, plan.horizon_months),
    )
    generations = drawn.programme.generations if drawn.programme else None
    return drawn, book, schedule(generations, book).serving_multiple(book.months) if generations else 1.0


def users_for_zero_margin(
    evaluation: Evaluation, name: str, product: Product | None = None
) -> FloatArray | None:
    """Mean users a month of a tier from which the plan's margin stays at or above 0, one a draw.

    The tier's users of every month are scaled together; other tiers and prices stay as planned. Layouts and
    the split of a hybrid are those chosen for the number found. 0 where the plan pays without the tier, inf
    where no number is enough. None for a tier whose price does not depend on its users (contracts alone).
    `product` is `Product.of(evaluation)`, where several tiers are asked for.
    """
    assert evaluation.plan.demand is not None
    if not _pays_by_user(evaluation.plan.demand.tiers[name]):
        return None
    product = product or Product.of(evaluation)
    assert product is not None
    count = product.count
    users = evaluation.outcomes[f"tiers.{name}.user_months"][:count] / evaluation.plan.horizon_months
    if not users.any():
        return np.full(count, np.inf)
    scale, steps = straight_crossing(_margin(product, name, evaluation.first.decisions))
    if steps and np.isfinite(scale).any():
        middle = np.full((1, count), np.median(scale[np.isfinite(scale)]))
        decided: dict[str, float] = {}
        product_margin(product, name, middle, decided)
        scale = lasting_crossing(_margin(product, name, decided))
    found = np.full(count, np.inf)
    happens = (scale < MOST_SCALED) & (users > 0)
    found[happens] = scale[happens] * users[happens]
    return found


def _in_steps(serving: Serving) -> bool:
    """Whether what a class costs comes in whole replicas or bought units."""
    provisioned = serving.api is not None and serving.api.provisioned is not None
    return serving.options[0] in {"self_hosted", "hybrid"} or provisioned


def _pays_by_user(tier: Tier) -> bool:
    prices = (tier.price_usd_per_month, tier.usd_per_query, tier.usd_per_mtok)
    return any(price is not None for price in prices)


def straight_crossing(margin: Margin) -> tuple[FloatArray, bool]:
    """Where the line through no users and very many crosses 0, inf where it falls; whether steps leave it."""
    none, between, far = margin(np.array([[0.0], [BETWEEN], [FAR]]))
    slope = (far - none) / FAR
    pays = (slope > 0) & (far > 0)
    close = LINE_TOLERANCE * (np.abs(none) + np.abs(slope))
    bent = np.abs(none + slope * BETWEEN - between) > close
    fixed = np.where(-none > LINE_TOLERANCE * np.abs(slope), -none, 0.0)
    line = np.where(pays, fixed / np.where(pays, slope, 1.0), np.inf)
    return line, bool((bent & pays).any())


def lasting_crossing(margin: Margin) -> FloatArray:
    """The scale, one a draw, from which `margin` stays at or above 0; inf where it ends below.

    `margin` takes scales (cases, 1) or (cases, draws) and returns (cases, draws). A straight line is
    answered exactly; with steps in it (whole replicas) the last loss on a grid is found, then on a finer
    one, and the crossing is taken as straight between its last two points.

    >>> lasting_crossing(lambda scale: scale * np.array([2.0, -1.0]) - 3.0).tolist()
    [1.5, inf]
    """
    line, steps = straight_crossing(margin)
    if not steps:
        return line
    pays = np.isfinite(line)
    line = np.where(pays, line, 0.0)
    reach = np.where(line > 0, 1.5 * line, 1.0)
    below, above = _last_loss(margin, np.array(SEARCHED)[:, None] * reach)
    below, above = _last_loss(margin, np.linspace(below[0], above[0], REFINED + 1), (below[1], above[1]))
    rise, crosses = above[1] - below[1], (below[1] < 0) & (above[1] >= 0)
    share = np.divide(-below[1], rise, out=np.ones_like(rise), where=crosses)
    found = np.where(crosses, below[0] + (above[0] - below[0]) * share, np.where(below[1] < 0, np.inf, 0.0))
    return np.where(pays, found, np.inf)


def _last_loss(
    margin: Margin, scales: FloatArray, ends: tuple[FloatArray, FloatArray] | None = None
) -> tuple[tuple[FloatArray, FloatArray], tuple[FloatArray, FloatArray]]:
    """The last scale with a loss and the one after it, each with its margin; `ends` where already known."""
    at = margin(scales) if ends is None else np.vstack([ends[0], margin(scales[1:-1]), ends[1]])
    last = len(scales) - 2 - np.argmax((at < 0)[-2::-1], axis=0)
    last = np.where((at < 0)[:-1].any(axis=0), last, 0)
    draw = np.arange(len(at[0]))
    return (scales[last, draw], at[last, draw]), (scales[last + 1, draw], at[last + 1, draw])


def _margin(product: Product, name: str, decisions: Mapping[str, float]) -> Margin:
    """The plan's margin in its first draws as a function of the scale of one tier's users."""
    fixed = product.evaluation.outcomes["margin_usd"][: product.count] - product.margin

    def margin(scales: FloatArray) -> FloatArray:
        shaped = np.broadcast_to(scales, (len(scales), product.count))
        return product_margin(product, name, shaped, dict(decisions)) + fixed

    return margin


def product_margin(
    product: Product, name: str, scales: FloatArray, decisions: dict[str, float]
) -> FloatArray:
    """Revenue less serving, people and business lines with a tier's users scaled: USD, shape of `scales`.

    `decisions` are the layouts and splits already chosen; those it lacks are chosen here and added.
    """
    evaluation, (cases, count) = product.evaluation, scales.shape
    draws = TiledDraws(evaluation.seed, 0, cases * count, cases=cases)
    drawn, book, growth = _drawn(evaluation, _alone(evaluation.plan, name), draws, decisions)
    assert drawn.demand is not None
    tier, planned = drawn.demand.tiers[name], _repeated(product.demand.tiers[name], cases)
    classes = {kind: _repeated(c, cases) for kind, c in product.demand.classes.items()}
    demand = scaled(Traffic({name: planned}, classes), name, scales.ravel())
    served = serve(drawn.demand, drawn.serving, demand, growth, book)
    more = tier_revenue(tier, demand.tiers[name], served) - _repeated(product.earned[name], cases)
    users = demand.tiers[name].users - planned.users
    taken = _repeated(product.taken, cases)
    charge(
        drawn.business,
        Takings(
            taken.revenue + more,
            taken.payments if tier.kind == "enterprise" else taken.payments + users,
            taken.payers + users,
        ),
        book,
    )
    margin = taken.revenue + more - book.total()
    return margin.sum(axis=0).reshape(scales.shape)


def _alone(plan: Plan, name: str) -> Plan:
    """The plan with one tier, whose draws and price do not depend on the others."""
    assert plan.demand is not None
    demand = plan.demand.model_copy(update={"tiers": {name: plan.demand.tiers[name]}})
    return plan.model_copy(update={"demand": demand})


T = TypeVar("T", FloatArray, TierTraffic, ClassTraffic, Takings)


def _repeated(value: T, cases: int) -> T:
    """An array, or every array of a record, with its draws over and over: once for each case."""
    return cast(T, _tiled(value, cases))


def _tiled(value: Any, cases: int) -> Any:
    if isinstance(value, np.ndarray):
        array = cast(FloatArray, value)
        return array if array.ndim == 0 or array.shape[-1] == 1 else np.tile(array, cases)
    if isinstance(value, Mapping):
        parts = cast("Mapping[str, Value]", value)
        return {key: _tiled(part, cases) for key, part in parts.items()}
    if isinstance(value, TierTraffic | ClassTraffic | Takings):
        parts = {f.name: getattr(value, f.name) for f in fields(value)}
        return replace(value, **{key: _tiled(part, cases) for key, part in parts.items()})
    return value


def scaled(demand: Traffic, name: str, scale: FloatArray) -> Traffic:
    """The same demand with one tier's users and their queries multiplied, one factor a draw."""
    tier = demand.tiers[name]
    more = replace(tier, users=tier.users * scale, queries=tier.queries * scale)
    tiers: Mapping[str, TierTraffic] = {**demand.tiers, name: more}
    classes = {
        kind: replace(c, queries=np.maximum(c.queries + (scale - 1) * tier.queries * tier.mix[kind], 0.0))
        for kind, c in demand.classes.items()
    }
    return Traffic(tiers, classes)


def price_for_zero_margin(evaluation: Evaluation, name: str) -> FloatArray | None:
    """USD a user-month of a tier at which the plan's margin is 0, its users and all else as planned.

    Formula: (what its users pay a month by price + gap / user-months / (1 - fees in proportion)), at least
    0; a mean over the plan. None for a tier without a price a user-month, or without users.
    """
    assert evaluation.plan.demand is not None
    tier = evaluation.plan.demand.tiers[name]
    user_months = evaluation.outcomes[f"tiers.{name}.user_months"]
    if tier.price_usd_per_month is None or not np.all(user_months > 0):
        return None
    paid = _paid_by_price(evaluation, name)
    count = len(paid)
    kept = 1 - evaluation.outcomes.get("fee_share", np.zeros(count))[:count]
    gap = -evaluation.outcomes["margin_usd"][:count]
    return np.maximum((paid + gap / kept) / user_months[:count], 0.0)


def _paid_by_price(evaluation: Evaluation, name: str) -> FloatArray:
    """USD over the plan from the price a user-month; from the first draws where the tier has other prices."""
    assert evaluation.plan.demand is not None
    tier = evaluation.plan.demand.tiers[name]
    if all(p is None for p in (tier.usd_per_query, tier.usd_per_mtok, tier.contract_usd_per_year)):
        return evaluation.outcomes[f"tiers.{name}.revenue_usd"]
    first = evaluation.first
    drawn = sample(_alone(evaluation.plan, name), first.draws).demand
    assert drawn is not None
    own = drawn.tiers[name]
    users = first.quantities[f"users.{name}"].value
    paid = users * price_multiple(own, first.months) * given_or(own.price_usd_per_month, 0.0)
    return np.broadcast_to(paid, (first.months, first.draws.count)).sum(axis=0)
