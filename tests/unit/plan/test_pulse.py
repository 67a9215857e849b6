"""What changed facts do to a plan: each is the plan with that fact of the earlier day, on the same draws."""

from __future__ import annotations

import time
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from tests.unit.plan.specs import example_plans, product

from truecost.catalog import load
from truecost.catalog.dated import Asked, DatedCatalog
from truecost.plan.pulse import moved
from truecost.plan.result import read
from truecost.plan.variants import Variants
from truecost.spec import changed

ROOT = Path(__file__).parent.parent.parent.parent
TEAM = ROOT / "examples" / "open-weights-team.yaml"
SINCE, DAY = date(2026, 8, 24), date(2026, 11, 22)


def test_a_change_alone_is_the_plan_with_that_fact_of_the_earlier_day() -> None:
    catalog = load()
    document = read(str(TEAM), catalog)
    found = moved(document, catalog, SINCE, DAY, draws=256)
    assert found["changes"]
    for row in found["changes"]:
        assert row["kind"] == "rental"
        term = row["fact"].partition(", ")[2].replace(" ", "_")
        asked = Asked("rental", "h100-sxm", term)
        own = document.value.as_of
        assert own is not None
        costs = []
        for apart in ({}, {asked: SINCE}):
            facts = DatedCatalog(catalog.all_rates, None, own, DAY, apart)
            variant = Variants(document, facts, draws=256).of()
            costs.append(variant.cost_usd / variant.plan.horizon_months)
        assert row["usd_per_month"]["mean"] == pytest.approx(float((costs[0] - costs[1]).mean()))
        assert row["before"]["value"] == str(catalog.rental("h100-sxm", SINCE, asked.of).value)  # type: ignore[arg-type]
        assert row["after"]["value"] == str(catalog.rental("h100-sxm", DAY, asked.of).value)  # type: ignore[arg-type]


def test_all_together_is_the_plan_as_of_both_days() -> None:
    catalog = load()
    document = read(str(TEAM), catalog)
    means = []
    for day in (SINCE, DAY):
        at = changed(document, (f"as_of={day}",))
        variant = Variants(at, catalog, draws=256).of()
        means.append(float(variant.cost_usd.mean()) / variant.plan.horizon_months)
    found = moved(document, catalog, SINCE, DAY, draws=256)
    assert found["usd_per_month"]["mean"] == pytest.approx(means[1])
    assert found["together_usd_per_month"]["mean"] == pytest.approx(means[1] - means[0])


def test_the_biggest_comes_first_and_at_most_three_are_told() -> None:
    catalog = load()
    found = moved(read(str(TEAM), catalog), catalog, date(2024, 6, 1), DAY, draws=128)
    sizes = [abs(row["usd_per_month"]["mean"]) for row in (*found["changes"], *found["smaller"])]
    assert sizes == sorted(sizes, reverse=True)
    assert len(found["changes"]) <= 3


def test_an_api_price_that_fell_makes_a_plan_cheaper() -> None:
    catalog = load()
    plan = product(as_of="2026-11-01", serving__chat__api__model="mistral/mistral-nemo")
    found = moved(read(plan, catalog), catalog, date(2025, 6, 1), DAY, draws=64)
    row = found["changes"][0]
    assert row["kind"] == "price"
    assert row["before"]["input_usd_per_mtok"] == pytest.approx(0.3)
    assert row["after"]["input_usd_per_mtok"] == pytest.approx(0.15)
    assert row["usd_per_month"]["mean"] < 0
    assert row["share_of_draws_dearer"] == 0


@pytest.mark.parametrize(
    "since", [date(2026, 6, 1), date(2026, 11, 1)]
)  # on the later day it had a batch price
def test_a_price_that_was_not_there_is_not_compared_and_said(since: date) -> None:
    catalog = load()
    plan = product(as_of="2026-11-22", serving__chat__api__model="claude-opus-5-5")
    found = moved(read(plan, catalog), catalog, since, DAY, draws=64)
    assert any("claude-opus-5-5" in each["fact"] for each in found["not_compared"])
    assert not found["changes"]
    assert found["together_usd_per_month"]["mean"] == 0


def test_what_an_overlay_holds_does_not_move(tmp_path: Path) -> None:
    own = tmp_path / "own.yaml"
    own.write_text(
        "checked: 2026-11-01\nrentals:\n  h100-sxm: {on_demand: 2, reserved_1y: 1.5}\n", encoding="utf-8"
    )
    catalog = load(own)
    found = moved(read(str(TEAM), catalog), catalog, SINCE, DAY, draws=64)
    assert not any("rent" in row["fact"] for row in found["changes"])


def test_the_plan_and_its_catalog_are_left_as_they_are() -> None:
    catalog = load()
    document = read(str(TEAM), catalog)
    before = Variants(document, catalog, draws=64).of().cost_usd.mean()
    moved(document, catalog, SINCE, DAY, draws=64)
    assert Variants(document, catalog, draws=64).of().cost_usd.mean() == before


def test_a_dated_catalog_answers_other_days_as_they_are() -> None:
    catalog = load()
    own, earlier = date(2026, 11, 1), date(2024, 6, 30)
    facts = DatedCatalog(catalog.all_rates, None, own, earlier)
    other = date(2025, 6, 30)
    key = "hosting/cbre_average"
    assert facts.rate(key, own).value == catalog.rate(key, earlier).value
    assert facts.rate(key, other).value == catalog.rate(key, other).value
    assert facts.rate(key).value == catalog.rate(key).value
    assert list(facts.asked) == [Asked("rate", key)]


@pytest.mark.parametrize("example", example_plans(), ids=lambda path: path.stem)
def test_every_example_has_a_pulse_in_time(example: Path) -> None:
    catalog = load()
    begin = time.process_time()
    found: dict[str, Any] = moved(read(str(example), catalog), catalog, SINCE, DAY)
    assert time.process_time() - begin < 3
    assert found["usd_per_month"]["p5"] <= found["usd_per_month"]["p95"]
