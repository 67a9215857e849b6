"""Sampling: ranges become draws by path, everything else stays the same object."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from truecost.ranges import Draws, Range
from truecost.spec import leaves, load, sample

SOURCE = {
    "name": "x",
    "start": "2026-12",
    "months": "6 .. 18",
    "tiers": {
        "free": {"users": "1 .. 2", "series": [1, "2 .. 4"]},
        "paid": {"users": 5},
    },
    "serving": {"utilization": 0.4},
}


@pytest.fixture
def plan(plan_schema: type[Any]) -> Any:
    return load(SOURCE, plan_schema).value


def test_ranges_become_the_draws_of_their_path(plan: Any) -> None:
    draws = Draws(7, 0, 100)
    sampled = sample(plan, draws)
    expected = draws.of("tiers.free.users", Range(1, 2))
    assert (sampled.tiers["free"].users == expected).all()
    assert (sampled.tiers["free"].series[1] == draws.of("tiers.free.series.1", Range(2, 4))).all()
    assert sampled.tiers["free"].series[0] == 1.0


def test_the_same_model_comes_back_and_parts_without_ranges_are_the_same_objects(plan: Any) -> None:
    sampled = sample(plan, Draws(7, 0, 10))
    assert type(sampled) is type(plan)
    assert sampled.tiers["paid"] is plan.tiers["paid"]
    assert sampled.serving is plan.serving
    assert sampled.model_fields_set == plan.model_fields_set
    assert plan.months == Range(6, 18)
    assert sample(plan.tiers["paid"], Draws(7, 0, 10)) is plan.tiers["paid"]


def test_draws_of_a_whole_number_are_whole_and_bounded(plan: Any) -> None:
    months = sample(plan, Draws(7, 0, 5000)).months
    assert (months == np.rint(months)).all()
    assert 1 <= months.min() < months.max() <= 120


def test_a_chunk_is_its_part_of_the_whole(plan: Any) -> None:
    whole, chunk = (sample(plan, draws).tiers["free"].users for draws in (Draws(7, 0, 50), Draws(7, 20, 30)))
    assert (whole[20:] == chunk).all()


def test_one_range_more_leaves_the_other_draws_alone(plan: Any, plan_schema: type[Any]) -> None:
    wider = load(SOURCE, plan_schema, sets=["serving.utilization=0.1 .. 0.5"]).value
    before, after = (sample(one, Draws(7, 0, 20)).tiers["free"].users for one in (plan, wider))
    assert (before == after).all()


def test_leaves_are_every_number_by_its_path_with_what_its_field_allows(plan: Any) -> None:
    found = {leaf.path: leaf for leaf in leaves(plan)}
    assert found["tiers.free.users"].value == Range(1, 2)
    assert found["tiers.free.series.1"].number.unit == "users"
    assert found["serving.memory"].value == 80e9
    assert found["serving.memory"].number.unit == "bytes"
    assert found["tiers.paid.growth"].value == 0.0
    assert "is_public" not in found
    assert "name" not in found
