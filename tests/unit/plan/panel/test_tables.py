"""What the tables are made of: interpolation, coding, thinning, and means of a few draws taken to all."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from truecost.plan.panel.coding import coded, decoded
from truecost.plan.panel.interpolation import Table, TableAxis
from truecost.plan.panel.parts import on_all_draws
from truecost.plan.panel.thinning import thinned

KNOTS = np.array([0.1, 0.5, 1.0, 4.0])


def table_of(values: np.ndarray, knots: np.ndarray = KNOTS) -> Table:
    """A table over users and the cached share."""
    return Table(
        (TableAxis({"users": 1}, knots), TableAxis({"cache": 1}, np.array([-1.0, 0.0, 1.0]))), values
    )


@given(
    users=st.floats(0.1, 4),
    cache=st.floats(-1, 1),
    of=st.tuples(st.floats(0, 5), st.floats(0, 5), st.floats(0, 1), st.floats(0, 1)),
)
def test_what_is_linear_in_each_is_met_exactly(users: float, cache: float, of: tuple[float, ...]) -> None:
    a, b, c, d = of

    def value(u: np.ndarray, s: np.ndarray) -> np.ndarray:
        return a + b * u + c * s + d * u * s

    grid = value(KNOTS[:, None], np.array([-1.0, 0.0, 1.0])[None, :])
    at = {"users": np.array([users]), "cache": np.array([cache])}
    assert table_of(grid).at(at)[0] == pytest.approx(float(value(users, cache)), abs=1e-9)  # pyright: ignore[reportArgumentType]


def test_outside_its_knots_a_table_keeps_the_nearest() -> None:
    table = Table((TableAxis({"users": 1}, KNOTS),), KNOTS * 2)
    assert table.at({"users": np.array([0.01, 90.0])}).tolist() == [0.2, 8.0]


def test_a_table_survives_its_plain_values() -> None:
    many = np.linspace(0.0, 3.0, 4 * 3 * 2 * 2).reshape(4, 3, 4)
    for values in (many, many[..., 0]):
        back = Table.of(table_of(values).plain())
        assert back.values.shape == values.shape
        assert back.values == pytest.approx(values, rel=1e-4)


@given(
    st.lists(st.one_of(st.just(0.0), st.floats(1e-6, 1e9)), min_size=1, max_size=50), st.sampled_from([1, 2])
)
def test_coded_numbers_come_back_within_half_a_step(values: list[float], size: int) -> None:
    given_values = np.array(values)
    back = decoded(coded(given_values, size))
    assert ((back == 0) == (given_values == 0)).all()
    kept = given_values > 0
    if kept.any():
        width = np.log(given_values[kept].max() / given_values[kept].min())
        step = width / (256**size - 2)
        assert np.abs(np.log(back[kept] / given_values[kept])).max() <= step / 2 + 1e-9


@given(st.integers(0, 10_000))
def test_thinning_keeps_every_knot_within_the_tolerance(seed: int) -> None:
    knots = np.concatenate([np.geomspace(0.1, 1, 9), np.geomspace(1, 10, 9)[1:]])
    drawn = np.random.default_rng(seed)
    curve = np.cumsum(drawn.random(len(knots)) * drawn.integers(0, 2, len(knots)))
    table = Table((TableAxis({"users": 1}, knots),), np.stack([curve, np.ones_like(curve)], axis=-1))
    share, least = np.array([0.01, 0.01]), np.array([0.001, 0.01])
    thin = thinned(table, share, least)
    assert {0.1, 1.0, 10.0} <= set(np.round(thin.axes[0].knots, 9))
    off = np.abs(thin.at({"users": knots}) - table.values)
    assert (off <= share * np.abs(table.values) + least + 1e-12).all()


def test_a_straight_line_needs_its_ends_and_the_plans_own_setting_alone() -> None:
    knots = np.geomspace(0.01, 100, 41)
    line = np.stack([3 + 2 * knots, np.ones(41)], axis=-1)
    thin = thinned(Table((TableAxis({"users": 1}, knots),), line), np.full(2, 1e-6), np.full(2, 1e-6))
    assert thin.axes[0].knots == pytest.approx([0.01, 1, 100])


def test_means_of_a_few_draws_are_taken_to_all_of_them() -> None:
    full = np.random.default_rng(1).lognormal(size=(2, 4000))
    few = full[:, :32]
    drawn = np.stack([5 + 3 * few[0], 2 * few[0] + 7 * few[1]])
    means, deviations = on_all_draws(drawn, few, full, least=0.0)
    every = np.stack([5 + 3 * full[0], 2 * full[0] + 7 * full[1]])
    assert means == pytest.approx(every.mean(axis=1))
    assert deviations == pytest.approx(every.std(axis=1))
    assert drawn.mean(axis=1) != pytest.approx(every.mean(axis=1), rel=0.01)


def test_nothing_is_learnt_from_what_is_certain_or_too_small() -> None:
    drawn = np.random.default_rng(2).random((3, 16))
    certain, tiny = np.ones((1, 16)), np.random.default_rng(3).random((1, 16)) * 1e-6
    for few in (certain, tiny):
        means, _ = on_all_draws(drawn, few, np.repeat(few, 10, axis=1) * 2, least=0.01)
        assert means == pytest.approx(drawn.mean(axis=1))
