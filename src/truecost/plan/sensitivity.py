"""Which uncertain input moves an outcome most, which is worth measuring first, and what knowing it is worth.

Three questions, from the draws of one plan. How far does the outcome move when one input goes from its 5 % to
its 95 % point and all others stay at their medians (the tornado)? How much of the outcome's spread comes
from it, and how much narrower would the 90 % interval be if it were known? And, where there is a choice to
make, how much is it worth to know it before choosing (the value of partial perfect information)?
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, TypeAlias

import numpy as np

from truecost.catalog.names import UnknownName
from truecost.plan.given_data import (
    LEAST_DRAWS,
    noise_orders,
    order_of,
    rank_correlations,
    residuals,
    told_apart,
    value_of_perfect_information,
    values_of_knowing,
    variance_shares,
    widths_left,
)
from truecost.plan.uncertain_inputs import ENDS, UncertainInput, uncertain_inputs
from truecost.plan.variants import Variant, Variants
from truecost.ranges import Draws, FloatArray, Ranged, summarize
from truecost.spec import nearest_names

NOTHING_UNCERTAIN = "nothing in this plan has a range: no number it states and no fact it uses"
NOTHING_MOVES = "no uncertain input of this plan moves it"
TOO_FEW = f"shares and rank correlations take at least {LEAST_DRAWS} draws in which it happens"
ROUNDING = 1e-12
"""Share of a number within which it is the same one, summed in another order."""


@dataclass(frozen=True, slots=True)
class Influence:
    """What one uncertain input does to the outcome.

    `outcome_low` and `outcome_high` are the outcome with this input at its 5 % point (`low`) and at its 95 %
    point (`high`), all others at their medians; `swing` is the distance, `direction` "up" where the outcome
    rises with the input, "down" where it falls, "none". What does not happen (a month that never comes) is
    inf or not a number here and null in `to_dict`.

    `rank_correlation` is Spearman's, over all draws. `variance_share` is the share of the outcome's variance
    that goes with this input alone, `narrowing_share` by how much the 90 % interval would narrow on average
    if it were known; 0 where chance gives as much in one of twenty inputs that do nothing, None where there
    are too few draws. `value_of_information_usd` is what knowing it before choosing between the options is
    worth: 0 where chance gives as much in any of 64, None where there is no choice.
    """

    key: str
    label: str
    unit: str
    low: float
    high: float
    outcome_low: float
    outcome_high: float
    swing: float
    direction: str
    rank_correlation: float | None
    variance_share: float | None
    narrowing_share: float | None
    value_of_information_usd: float | None
    place: str
    source: str
    stands_in_for: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Sensitivity:
    """An outcome and every uncertain input of the plan, the one that moves it most first.

    `at_medians` is the outcome with every input at its median, `spread` its range over the `draws` in which
    it happens, `share_of_draws` in how many of them it does. `worth_measuring_first` is the key of the input
    whose knowledge would narrow that range most; None where none does more than chance. `note` says why
    something is missing.
    """

    outcome: str
    unit: str
    draws: int
    share_of_draws: float
    at_medians: float
    spread: Ranged | None
    inputs: tuple[Influence, ...] = field(repr=False)
    worth_measuring_first: str | None
    value_of_perfect_information_usd: float | None
    note: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Plain values; null for what does not happen."""
        return {
            **{name: value for name, value in asdict(self).items() if name not in {"inputs", "at_medians"}},
            "at_medians": _or_none(self.at_medians),
            "inputs": [
                {name: _or_none(value) for name, value in asdict(each).items()} for each in self.inputs
            ],
        }


def _or_none(value: Any) -> Any:
    if isinstance(value, tuple):
        return list(value)  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def sensitivity(
    variants: Variants,
    outcome: str = "total_usd",
    options: Mapping[str, FloatArray] | None = None,
    *,
    option_variants: Sequence[Variant] = (),
) -> Sensitivity:
    """What every uncertain input of the plan as written does to one of its outcomes.

    `outcome` is a key of the plan's outcomes ("total_usd", "margin_usd", "unit_costs.usd_per_query", ...).
    `options` are the margins, USD a draw, of the ways of serving to choose from, on the draws of `variants`;
    of `option_variants` come the inputs that only the options have (they move the plan by 0, and are kept
    where knowing them is worth something). The inputs are moved in one evaluation, of two cases an input;
    everything else comes from the draws there are.

    Raises UnknownName for an outcome that the plan does not have, ValueError for margins of other draws.
    """
    plan = variants.of()
    values = plan.outcome(outcome)
    if values is None:
        raise UnknownName("outcome", outcome, nearest_names(outcome, plan.book.outcomes, most=3))
    margins = None if options is None else _margins(options, variants.draws)
    moved = _moved(variants, outcome, uncertain_inputs((plan, *option_variants), variants.document))
    found = tuple(_influences(variants, values, moved, margins))
    telling = [each for each in found if each.narrowing_share and each.swing]
    first = max(telling, key=lambda each: each.narrowing_share or 0.0, default=None)
    quantity = plan.book.quantities.get(outcome)
    happens = np.isfinite(values)
    return Sensitivity(
        outcome=outcome,
        unit=quantity.unit if quantity is not None else "",
        draws=variants.draws,
        share_of_draws=float(happens.mean()),
        at_medians=moved.at_medians,
        spread=summarize(values[happens]) if happens.any() else None,
        inputs=found,
        worth_measuring_first=first.key if first is not None else None,
        value_of_perfect_information_usd=None if margins is None else value_of_perfect_information(margins),
        note=_note(moved, found, int(happens.sum())),
    )


def _margins(options: Mapping[str, FloatArray], draws: int) -> FloatArray:
    """The options' margins, (options, draws)."""
    if not options:
        raise ValueError("a choice takes at least one option")
    for name, margin in options.items():
        if np.shape(margin) != (draws,):
            raise ValueError(
                f"option {name!r} has margins of shape {np.shape(margin)}, not one for each of {draws} draws"
            )
        if not np.isfinite(margin).all():
            raise ValueError(f"option {name!r} has no finite margin in some draws")
    return np.array(list(options.values()), dtype=np.float64)


class _Held(Mapping[str, FloatArray]):
    """Points at which inputs are held, and which paths were drawn: a fact can be used without being drawn."""

    def __init__(self, points: Mapping[str, FloatArray]) -> None:
        self.points = points
        self.drawn: set[str] = set()

    def __getitem__(self, path: str) -> FloatArray:
        self.drawn.add(path)
        return self.points[path]

    def __iter__(self) -> Iterator[str]:
        return iter(self.points)

    def __len__(self) -> int:
        return len(self.points)


@dataclass(frozen=True, slots=True)
class _Moved:
    """The outcome with each input at its ends, (inputs, 2), others at their medians; those the plan draws."""

    inputs: list[UncertainInput]
    at_ends: FloatArray
    at_medians: float
    drawn: set[str]


def _moved(variants: Variants, outcome: str, inputs: list[UncertainInput]) -> _Moved:
    """One evaluation of 2 K + 1 cases: case 0 at the medians, then each input's low and high point.

    A fact whose median is taken because it cannot vary (the life of a chip, in whole months) is not drawn.
    """
    cases = 1 + len(ENDS) * len(inputs)
    points = {"": np.full(cases, 0.5)}
    for number, each in enumerate(inputs):
        first = 1 + len(ENDS) * number
        points[each.path] = np.full(cases, 0.5)
        points[each.path][first : first + len(ENDS)] = ENDS
    held = _Held(points)
    values = variants.held((), held).book.outcomes[outcome]
    middle, at_ends = float(values[0]), values[1:].reshape(len(inputs), len(ENDS))
    same = np.isclose(at_ends, middle, rtol=ROUNDING, atol=0.0)
    return _Moved(inputs, np.where(same, middle, at_ends), middle, held.drawn)


def _influences(
    variants: Variants, values: FloatArray, moved: _Moved, margins: FloatArray | None
) -> list[Influence]:
    """Every input that the plan draws, or that is worth knowing before choosing; the widest swing first."""
    if not moved.inputs:
        return []
    draws = Draws(variants.seed, 0, variants.draws)
    uniforms = np.array([draws.uniform(each.path) for each in moved.inputs])
    happens = np.isfinite(values)
    shares = _shares(uniforms[:, happens], values[happens])
    worth = _worth(uniforms, margins)
    is_still = _is_constant(values) and _is_constant(np.append(moved.at_ends, moved.at_medians))
    found = [
        _influence(each, moved.at_ends[number], tuple(part[number] for part in shares), worth[number])
        for number, each in enumerate(moved.inputs)
        if worth[number] or (each.path in moved.drawn and not is_still)
    ]
    return sorted(found, key=lambda each: (-each.swing, -(each.value_of_information_usd or 0.0)))


def _is_constant(values: FloatArray) -> bool:
    """Whether the draws are one number, the last digits of a sum aside."""
    if not np.isfinite(values).all():
        return bool((~np.isfinite(values)).all())
    return bool(np.ptp(values) <= ROUNDING * np.abs(values).max())


Estimate: TypeAlias = float | None


def _shares(
    uniforms: FloatArray, values: FloatArray
) -> tuple[list[Estimate], list[Estimate], list[Estimate]]:
    """Rank correlation, variance share and narrowing share of every input; None each with too few draws."""
    inputs, draws = uniforms.shape
    if draws < LEAST_DRAWS:
        return [None] * inputs, [None] * inputs, [None] * inputs
    ordered = values[np.concatenate([order_of(uniforms), noise_orders(draws)])]
    left = residuals(ordered)
    explained, widths = variance_shares(ordered, left), widths_left(left)
    unknown = widths[inputs:].mean()
    narrowed = 1 - widths / unknown if unknown > 0 else np.zeros(len(widths))
    return (
        rank_correlations(uniforms, values).tolist(),
        told_apart(explained[:inputs], explained[inputs:]).tolist(),
        told_apart(narrowed[:inputs], narrowed[inputs:]).tolist(),
    )


def _worth(uniforms: FloatArray, margins: FloatArray | None) -> list[Estimate]:
    """USD that knowing each input is worth, never more than knowing all; None without a choice."""
    inputs, draws = uniforms.shape
    if margins is None or draws < LEAST_DRAWS:
        return [None] * inputs
    known = values_of_knowing(margins, np.concatenate([order_of(uniforms), noise_orders(draws)]))
    worth = told_apart(known[:inputs], known[inputs:], level=1.0)
    return np.minimum(worth, value_of_perfect_information(margins)).tolist()


def _influence(
    each: UncertainInput, ends: FloatArray, shares: tuple[Estimate, ...], worth: Estimate
) -> Influence:
    low, high = (float(end) for end in ends)
    rank, explained, narrowed = shares
    return Influence(
        key=each.key,
        label=each.label,
        unit=each.unit,
        low=each.low,
        high=each.high,
        outcome_low=low,
        outcome_high=high,
        swing=distance(low, high),
        direction="up" if high > low else "down" if high < low else "none",
        rank_correlation=rank,
        variance_share=explained,
        narrowing_share=narrowed,
        value_of_information_usd=worth,
        place=each.place,
        source=each.source,
        stands_in_for=each.stands_in_for,
    )


def distance(low: float, high: float) -> float:
    """How far apart two outcomes are: inf where it happens in one case alone, 0 where it does in neither.

    >>> distance(3.0, 5.5), distance(3.0, math.inf), distance(math.inf, math.inf)
    (2.5, inf, 0.0)
    """
    if math.isfinite(low) and math.isfinite(high):
        return abs(high - low)
    return 0.0 if math.isfinite(low) == math.isfinite(high) else math.inf


def _note(moved: _Moved, found: Sequence[Influence], happening: int) -> str:
    if not moved.inputs:
        return NOTHING_UNCERTAIN
    if not found:
        return NOTHING_MOVES
    return TOO_FEW if happening < LEAST_DRAWS else ""
