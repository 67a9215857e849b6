"""From a spec to its search and comparison: prices of the catalog, days of the estimate, its own layout."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pytest

from truecost.catalog.catalog import load
from truecost.spec import Problems
from truecost.training.calibrated import training_calibration
from truecost.training.clusters import Goal
from truecost.training.explore import chip_prices, explore_clusters, explore_layouts
from truecost.training.lookups import Lookups
from truecost.training.reading import read
from truecost.training.run import estimated
from truecost.training.settle import settled
from truecost.training.setups import Described, Describing, describe

HOW = Describing(Lookups(load()), date(2026, 11, 1), training_calibration())
SPEC: dict[str, Any] = {
    "model": "llama-3.1-8b",
    "as_of": "2026-11-01",
    "cluster": {"accelerator": "h100-sxm", "count": 64},
    "parallelism": {"tensor_parallel_size": 4, "pipeline_parallel_size": 2},
    "batch": {"global_batch_size": 512, "sequence_length": 4096},
    "tokens": 200e9,
}


def described(**changes: object) -> Described:
    """A spec as the estimate sees it."""
    problems = Problems()
    one = describe(read({**SPEC, **changes}, HOW.lookups).value, HOW, problems)
    assert one is not None
    return settled([one], HOW.calibration.step)[0]


def test_the_layout_of_the_spec_stands_beside_the_best() -> None:
    found = explore_layouts(described(), HOW)
    assert found.search.best is not None
    assert found.stated is not None
    assert found.stated.setup.tensor_parallel_size == 4
    slower = found.stated.step_time_s / found.search.best.step_time_s - 1
    assert slower > 0
    assert found.stated_slower_by == pytest.approx(slower)
    left_out = explore_layouts(described(parallelism={}), HOW)
    assert (left_out.stated, left_out.stated_slower_by) == (None, None)


def test_held_fields_stay_and_counts_are_those_asked_for() -> None:
    found = explore_layouts(described(), HOW, {"recompute": "full"}, [16, 64])
    assert {row.setup.recompute for row in found.search.table} == {"full"}
    assert [point.count for point in found.frontier.points] == [16, 64]


def test_days_and_cost_are_those_of_the_estimate() -> None:
    one = described(parallelism={})
    point = explore_layouts(one, HOW).frontier.points[-1]
    done = estimated([one], HOW.calibration)
    assert point.count == 64
    assert point.days == pytest.approx(np.asarray(done.days.middle)[0])
    assert point.rent_usd == pytest.approx(np.asarray(done.cost_usd.middle)[0])
    owned = described(parallelism={}, price={"basis": "own"})
    paid = estimated([owned], HOW.calibration)
    assert point.own_usd == pytest.approx(np.asarray(paid.cost_usd.middle)[0], rel=1e-6)


def test_a_stated_price_is_that_of_the_own_chip() -> None:
    one = described(price={"basis": "rent", "usd_per_chip_hour": 1.25})
    h100, h200 = (HOW.lookups.accelerator(name) for name in ("h100-sxm", "h200"))
    assert chip_prices(one.spec, h100, HOW).rent_usd_per_chip_hour == 1.25
    other = chip_prices(one.spec, h200, HOW).rent_usd_per_chip_hour
    assert other is not None
    assert other != 1.25
    assert chip_prices(one.spec, h100, HOW).wear_usd_per_chip_hour == pytest.approx(
        chip_prices(described().spec, h100, HOW).wear_usd_per_chip_hour
    )


def test_chips_are_compared_in_layouts_of_their_own() -> None:
    chips = [HOW.lookups.accelerator(name) for name in ("h100-sxm", "b200")]
    comparison = explore_clusters(described(), chips, HOW, Goal(deadline_days=10.0, budget_usd=1e6))
    h100, b200 = comparison.clusters
    assert h100.pick is not None
    assert b200.pick is not None
    assert h100.pick.days <= 10.0
    assert b200.pick.count < h100.pick.count
    assert comparison.best is not None
    assert comparison.best.pick is not None
    assert comparison.best.pick.rent_usd == min(
        cluster.pick.rent_usd for cluster in (h100, b200) if cluster.pick and cluster.pick.rent_usd
    )


def test_chips_that_are_not_sold_can_be_owned_only_at_a_stated_price() -> None:
    chips = [HOW.lookups.accelerator(name) for name in ("h100-sxm", "tpu-v5p")]
    h100, pod = explore_clusters(described(), chips, HOW).clusters
    assert h100.pick is not None
    assert pod.pick is not None
    assert (h100.pick.own_usd is None, h100.why_not_owned) == (False, "")
    assert pod.pick.rent_usd is not None
    assert (pod.pick.own_usd, pod.why_not_owned) == (None, "TPUs are not sold")
    owned = described(price={"basis": "own"})
    goal = Goal(budget_usd=1e9, basis="own")
    assert explore_clusters(owned, chips[1:], HOW, goal).best is None
    one = described(
        cluster={"accelerator": "tpu-v5p", "count": 64}, price={"basis": "own", "usd_per_chip_hour": 0.5}
    )
    stated = explore_clusters(one, chips[1:], HOW, goal).best
    assert stated is not None
    assert stated.pick is not None
    assert stated.pick.own_usd == pytest.approx(0.5 * stated.pick.chip_hours)
