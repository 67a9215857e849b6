"""Two plans compared: what differs, what it is worth, and that it adds up."""

from __future__ import annotations

from typing import Any

import pytest
from tests.unit.plan.specs import product

from truecost.plan.comparison import compare, differences
from truecost.plan.result import catalog_of, plan, read
from truecost.plan.variants import Variants

CATALOG = catalog_of(None)


def variants(**changes: Any) -> Variants:
    """The test product with changes, on few draws."""
    return Variants(read(product(**changes), CATALOG), CATALOG, draws=64)


def test_a_plan_does_not_differ_from_itself() -> None:
    found = compare(variants(), variants())
    assert found["inputs"] == []
    assert found["inputs_differing"] == 0
    assert found["difference"]["margin_usd"]["mean"] == 0
    assert all(row["difference_usd"]["mean"] == 0 for row in found["lines"])


def test_lines_and_inputs_add_up_to_the_difference() -> None:
    found = compare(variants(), variants(horizon_months=6, region="eu"))
    lines = sum(row["difference_usd"]["mean"] for row in found["lines"])
    assert lines == pytest.approx(found["difference"]["total_usd"]["mean"])
    worth = sum(row["worth_usd"]["mean"] for row in found["inputs"])
    assert worth + found["together_usd"] == pytest.approx(found["difference"]["margin_usd"]["mean"])
    assert {row["path"] for row in found["inputs"]} == {"horizon_months", "region"}


def test_the_difference_is_that_of_two_evaluations() -> None:
    shorter = product(horizon_months=6)
    found = compare(variants(), variants(horizon_months=6))
    one, other = (plan(spec, draws=64).margin_usd["mean"] for spec in (product(), shorter))
    assert found["difference"]["margin_usd"]["mean"] == pytest.approx(other - one)


def test_a_part_that_only_one_plan_has_is_one_difference() -> None:
    one, other = read(product(), CATALOG), read(product(business={"cash_usd": 5.0}), CATALOG)
    found = {d.path: d for d in differences(one, other)}
    assert all(path.split(".")[0] == "business" for path in found)
    assert all(d.set.startswith(f"{d.path}=") for d in found.values())


def test_the_name_is_no_difference() -> None:
    one, other = read(product(), CATALOG), read(product(name="another"), CATALOG)
    assert differences(one, other) == []
