"""The loss law and the size that costs least over a life: published figures, optimality, equal loss."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from truecost.physics.loss_law import (
    LAWS,
    LossLaw,
    Setting,
    UnreachableLossError,
    dense_per_active,
    lifetime_optimum,
    published_law,
    wall,
)

RUN = 2.1e25
LAW = published_law()
runs = st.floats(1e20, 1e27)
volumes = st.floats(0, 1e16)
prices = st.floats(0.05, 20)
laws = st.sampled_from(sorted(LAWS)).map(published_law)


def loss_of(law: LossLaw, flops: float) -> float:
    return float(law.loss(*law.compute_optimal(flops)))


@pytest.mark.parametrize(
    ("served", "parameters", "tokens"),
    [(0.0, 457e9, 7.7e12), (60e12, 213e9, 22e12), (300e12, 149e9, None)],
)
def test_the_check_figures_of_a_gpt_4_scale_run(
    served: float, parameters: float, tokens: float | None
) -> None:
    best = lifetime_optimum(LAW, loss_of(LAW, RUN), served)
    assert best.active_parameters == pytest.approx(parameters, rel=0.02)
    if tokens is not None:
        assert best.tokens == pytest.approx(tokens, rel=0.02)


def test_the_constants_are_those_published() -> None:
    hoffmann = published_law("hoffmann-2022")
    assert (hoffmann.irreducible, hoffmann.of_parameters, hoffmann.of_tokens) == (1.69, 406.4, 410.7)
    assert (LAW.parameters_exponent, LAW.tokens_exponent) == (0.3478, 0.3658)
    assert "2404.10102" in LAW.source
    with pytest.raises(ValueError, match="besiroglu-2024"):
        published_law("kaplan-2020")


def test_chinchilla_itself_is_near_its_compute_optimum() -> None:
    """70B on 1.4T tokens, 5.76e23 FLOPs: the refit agrees with the paper's design within 15 %."""
    parameters, tokens = LAW.compute_optimal(5.76e23)
    assert parameters == pytest.approx(70e9, rel=0.15)
    assert tokens == pytest.approx(1.4e12, rel=0.15)


@given(laws, runs, volumes, prices)
def test_the_loss_is_kept_and_nothing_near_by_costs_less(
    law: LossLaw, flops: float, served: float, price: float
) -> None:
    loss = loss_of(law, flops)
    best = lifetime_optimum(law, loss, served, Setting(serving_price=price))
    assert law.loss(best.active_parameters, best.tokens) == pytest.approx(loss, rel=1e-9)
    for factor in (0.9, 0.999, 1.001, 1.1):
        size = best.active_parameters * factor
        tokens = law.tokens_for(loss, size)
        cost = 6 * size * tokens + price * 2 * size * served
        assert cost >= best.cost * (1 - 1e-12)
    h = 1e-4
    below, above = (best.active_parameters * np.exp(sign * h) for sign in (-1, 1))
    costs = [6 * n * law.tokens_for(loss, n) + price * 2 * n * served for n in (below, above)]
    assert abs(costs[1] - costs[0]) / best.cost / (2 * h) < 1e-4


@given(runs, volumes, st.floats(1.01, 100), prices)
def test_more_served_tokens_ask_for_a_smaller_model_trained_on_more(
    flops: float, served: float, more: float, price: float
) -> None:
    loss, at = loss_of(LAW, flops), Setting(serving_price=price)
    few, many = (lifetime_optimum(LAW, loss, t, at) for t in (served, served * more + 1e12))
    assert many.active_parameters < few.active_parameters
    assert many.tokens > few.tokens
    assert many.training_flops > few.training_flops
    assert many.cost > few.cost


@given(runs)
def test_with_nothing_served_it_is_the_compute_optimum(flops: float) -> None:
    best = lifetime_optimum(LAW, loss_of(LAW, flops), 0.0)
    parameters, tokens = LAW.compute_optimal(flops)
    assert best.active_parameters == pytest.approx(parameters, rel=1e-9)
    assert best.tokens == pytest.approx(tokens, rel=1e-9)
    assert best.cost == pytest.approx(flops, rel=1e-9)


@given(runs, prices, st.floats(1, 10), st.floats(1, 40), st.booleans())
def test_at_the_wall_serving_costs_what_training_does(
    flops: float, price: float, sparse: float, fewer: float, taught: bool
) -> None:
    loss = loss_of(LAW, flops)
    teacher = {"teacher_parameters": LAW.compute_optimal(flops)[0], "teacher_flops": flops} if taught else {}
    at = Setting(serving_price=price, dense_per_active=sparse, fewer_tokens=fewer, **teacher)
    best = lifetime_optimum(LAW, loss, wall(LAW, loss, at), at)
    assert price * best.serving_flops == pytest.approx(best.training_flops, rel=1e-9)


@given(runs, volumes, st.floats(1, 40))
def test_a_teacher_changes_the_gradient_as_its_reading_says(
    flops: float, served: float, fewer: float
) -> None:
    loss, teacher = loss_of(LAW, flops), float(LAW.compute_optimal(flops)[0])
    best = lifetime_optimum(LAW, loss, served, Setting(teacher_parameters=teacher, fewer_tokens=fewer))
    taught = LAW.with_fewer_tokens(fewer)
    assert taught.loss(best.active_parameters, best.tokens) == pytest.approx(loss, rel=1e-9)
    for factor in (0.99, 1.01):
        size = best.active_parameters * factor
        cost = (6 * size + 2 * teacher) * taught.tokens_for(loss, size) + 2 * size * served
        assert cost >= best.cost * (1 - 1e-12)


def test_sparsity_divides_both_bills_and_leaves_the_wall_where_it_is() -> None:
    loss, sparse = loss_of(LAW, RUN), Setting(dense_per_active=5.0)
    dense, mixture = (lifetime_optimum(LAW, loss, 60e12, at) for at in (Setting(), sparse))
    assert mixture.active_parameters == pytest.approx(dense.active_parameters / 5)
    assert mixture.cost == pytest.approx(dense.cost / 5)
    assert wall(LAW, loss, sparse) == pytest.approx(wall(LAW, loss))
    assert dense_per_active(16.4 / 2.8, 0.52) == pytest.approx(2.5, rel=0.01)


def test_cheaper_serving_moves_the_wall_out_and_asks_for_a_larger_model() -> None:
    loss, cheaper = loss_of(LAW, RUN), Setting(serving_price=0.5)
    assert wall(LAW, loss, cheaper) == pytest.approx(2 * wall(LAW, loss))
    small, large = (lifetime_optimum(LAW, loss, 60e12, at) for at in (Setting(), cheaper))
    assert large.active_parameters > small.active_parameters


def test_arrays_are_solved_together() -> None:
    flops, served = np.geomspace(1e21, 1e26, 7)[:, None], np.geomspace(1e9, 1e16, 11)
    loss = LAW.loss(*LAW.compute_optimal(flops))
    together = lifetime_optimum(LAW, loss, served)
    alone = lifetime_optimum(LAW, float(np.asarray(loss)[3, 0]), float(served[4]))
    assert np.shape(together.tokens) == (7, 11)
    assert np.asarray(together.tokens)[3, 4] == pytest.approx(alone.tokens, rel=1e-12)


@pytest.mark.parametrize("loss", [1.8172, 1.0, float("nan")])
def test_a_loss_that_nothing_reaches_is_refused(loss: float) -> None:
    with pytest.raises(UnreachableLossError, match=r"1\.8172"):
        lifetime_optimum(LAW, loss, 0.0)


def test_fewer_served_tokens_than_none_are_refused() -> None:
    with pytest.raises(ValueError, match="at least 0"):
        lifetime_optimum(LAW, 2.0, -1.0)
