"""What moves an outcome: swings beside the plan evaluated anew, shares beside what they must add up to."""

from __future__ import annotations

import json
import math
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.unit.plan.specs import AS_OF, example_plans, fleet, product

from truecost.catalog.names import UnknownName
from truecost.normal import normal_cdf, normal_quantile
from truecost.plan.result import catalog_of, read
from truecost.plan.sensitivity import (
    NOTHING_MOVES,
    NOTHING_UNCERTAIN,
    TOO_FEW,
    Influence,
    Sensitivity,
    distance,
    sensitivity,
)
from truecost.plan.uncertain_inputs import label_of, uncertain_inputs
from truecost.plan.variants import Variants
from truecost.ranges import Draws, FloatArray, Range
from truecost.spec import leaves

EXAMPLES = example_plans()
TOKENS = "demand.requests.chat.input_tokens"
ANSWER = "demand.requests.chat.output_tokens"
USERS = "demand.tiers.pro.users"


def variants_of(spec: Any, draws: int = 1024) -> Variants:
    catalog = catalog_of(None)
    return Variants(read(spec, catalog), catalog, draws=draws)


@cache
def example(name: str) -> Variants:
    return variants_of(next(path for path in EXAMPLES if path.stem == name))


def by_key(found: Sensitivity) -> dict[str, Influence]:
    return {each.key: each for each in found.inputs}


def three_ranges(**changes: Any) -> Variants:
    """A product whose total depends on three ranges of its own."""
    return variants_of(
        product(
            demand__tiers__pro__users="1000 .. 4000",
            demand__requests__chat={"input_tokens": "500 .. 2000", "output_tokens": "200 .. 400"},
            **changes,
        )
    )


class TestSwing:
    def test_is_the_plan_evaluated_with_the_input_at_its_ends(self) -> None:
        """The other inputs stated as their medians, sqrt(low x high), and the plan evaluated anew."""
        variants = three_ranges()
        found = by_key(sensitivity(variants))
        medians = {USERS: 2000.0, TOKENS: 1000.0, ANSWER: math.sqrt(200 * 400)}
        assert {TOKENS, ANSWER, USERS} <= set(found)
        for path in medians:
            for end, value in (("outcome_low", found[path].low), ("outcome_high", found[path].high)):
                stated = {**medians, path: value}
                sets = tuple(f"{each}={number!r}" for each, number in stated.items())
                again = variants.held(sets, {"": np.array([0.5])}).book.outcomes["total_usd"]
                assert getattr(found[path], end) == pytest.approx(float(again[0]), rel=1e-9)

    def test_direction_and_order(self) -> None:
        found = sensitivity(three_ranges(), "margin_usd")
        swings = [each.swing for each in found.inputs]
        assert swings == sorted(swings, reverse=True)
        inputs = by_key(found)
        assert inputs[USERS].direction == "up"
        assert inputs[TOKENS].direction == "down"
        assert inputs[TOKENS].outcome_low > found.at_medians > inputs[TOKENS].outcome_high
        assert inputs[TOKENS].rank_correlation is not None
        assert inputs[TOKENS].rank_correlation < 0 < (inputs[USERS].rank_correlation or 0)
        assert inputs[USERS].swing == pytest.approx(inputs[USERS].outcome_high - inputs[USERS].outcome_low)

    @pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
    def test_all_cases_at_once_are_each_case_alone(self, path: Path) -> None:
        """No law may mix the draws, or one input's case would leak into another's."""
        variants = example(path.stem)
        before = dict(variants.of().book.decisions)
        found = sensitivity(variants)
        assert variants.of().book.decisions == before
        paths = {each.key: each.path for each in uncertain_inputs([variants.of()], variants.document)}
        for each in (*found.inputs[:2], found.inputs[-1]):
            for end, point in (("outcome_low", 0.05), ("outcome_high", 0.95)):
                alone = variants.held((), {"": np.array([0.5]), paths[each.key]: np.array([point])})
                assert float(alone.book.outcomes["total_usd"][0]) == pytest.approx(
                    getattr(each, end), rel=1e-12
                )
                assert alone.book.decisions == before

    def test_is_exactly_0_where_nothing_depends_on_it(self) -> None:
        """The energy of a run follows from its FLOP and its utilization alone."""
        found = by_key(sensitivity(example("consumer-assistant"), "footprint.final_run_kwh"))
        moving = {key for key, each in found.items() if each.swing != 0}
        assert moving == {"programme.training.flops", "utilization/whole_run"}
        assert len(found) > 30
        still = [each for key, each in found.items() if key not in moving]
        assert {each.direction for each in still} == {"none"}
        assert sum(1 for each in still if each.variance_share) <= 5
        assert max(each.variance_share or 0.0 for each in still) < 0.02

    def test_of_what_never_happens(self) -> None:
        found = sensitivity(example("consumer-assistant"), "payback_month")
        assert found.inputs == ()
        assert found.note == NOTHING_MOVES
        assert found.share_of_draws == 0.0
        assert found.spread is None
        told = found.to_dict()
        assert told["at_medians"] is None
        assert (distance(1.0, math.nan), distance(math.inf, math.nan)) == (math.inf, 0.0)


class TestInputs:
    def test_terms_of_one_chip_are_one_input(self) -> None:
        variants = example("open-weights-team")
        assert {"rental/h100-sxm/on_demand", "rental/h100-sxm/reserved_1y"} <= set(variants.of().book.facts)
        rents = [each for each in sensitivity(variants).inputs if each.key.startswith("rental/")]
        assert [each.key for each in rents] == ["rental/h100-sxm"]
        drawn = Draws(variants.seed, 0, variants.draws).uniform("fact:rental/h100-sxm")
        fact = variants.of().book.facts["rental/h100-sxm/on_demand"].value
        assert not isinstance(fact, float)
        assert rents[0].low == pytest.approx(fact.low)
        order = np.argsort(drawn)
        total = variants.of().book.outcomes["total_usd"][order]
        assert (rents[0].rank_correlation or 0) * (total[-256:].mean() - total[:256].mean()) > 0

    def test_a_fact_says_what_it_stands_in_for_and_where_it_is_from(self) -> None:
        variants = example("consumer-assistant")
        found = by_key(sensitivity(variants))
        fact = found["utilization/whole_run"]
        assert fact.stands_in_for == ("programme.training.utilization",)
        assert fact.source == variants.of().book.facts["utilization/whole_run"].source
        assert fact.place == ""
        stated = found["programme.training.flops"]
        line = (Path(__file__).parents[3] / "examples" / "consumer-assistant.yaml").read_text().splitlines()
        name, _, number = stated.place.rpartition(":")
        assert name.endswith("consumer-assistant.yaml")
        assert "flops" in line[int(number) - 1]
        assert (stated.low, stated.high, stated.unit) == (2.1e25, 6e25, "FLOP")

    def test_a_fact_that_is_not_drawn_is_none(self) -> None:
        """The life of a chip is a whole number of months: its median is taken once."""
        variants = variants_of(fleet(serving__chat__self_hosted__purchase="owned"))
        assert "hardware/life_months" in variants.of().book.facts
        found = by_key(sensitivity(variants))
        assert "hardware/life_months" not in found
        assert found["law/serving_residual"].swing > 0

    def test_ends_of_a_cut_off_range_are_its_5_and_95_percent_points(self) -> None:
        found = by_key(sensitivity(three_ranges(demand__tiers__pro__churn_per_month="0 .. 0.1")))
        churn = found["demand.tiers.pro.churn_per_month"]
        assert 0 < churn.low < 0.02
        assert churn.high == pytest.approx(0.103, abs=0.005)

    @pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
    def test_ends_are_points_of_the_range(self, path: Path) -> None:
        variants = example(path.stem)
        ranges = {leaf.path: leaf.value for leaf in leaves(variants.of().plan)}
        ranges |= {key: fact.value for key, fact in variants.of().book.facts.items()}
        for each in sensitivity(variants).inputs:
            value = ranges.get(each.key)
            if isinstance(value, Range):
                ends = value.quantile(np.array([0.05, 0.95]))
                assert [each.low, each.high] == pytest.approx(ends.tolist(), rel=1e-9, abs=1e-12)

    @pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
    def test_labels_tell_inputs_apart(self, path: Path) -> None:
        labels = [each.label for each in sensitivity(example(path.stem)).inputs]
        assert len(set(labels)) == len(labels)
        assert all(label and "_" not in label for label in labels)

    def test_a_label_that_two_inputs_have_gives_way_to_the_path(self) -> None:
        spec = product()
        tier = {**spec["demand"]["tiers"]["pro"], "users": "1000 .. 2000"}
        spec["demand"]["tiers"] = {"tiers": tier, "api": tier, "pro": tier}
        assert label_of("demand.tiers.api.users") == label_of("demand.tiers.tiers.users") == "users"
        found = by_key(sensitivity(variants_of(spec, 128)))
        assert found["demand.tiers.api.users"].label == "demand.tiers.api.users"
        assert found["demand.tiers.pro.users"].label == "pro, users"

    def test_no_range_at_all(self) -> None:
        spec: dict[str, Any] = {"name": "fixed", "as_of": AS_OF, "start": "2026-12", "horizon_months": 12}
        spec["programme"] = {"infrastructure_usd_per_month": 1000}
        found = sensitivity(variants_of(spec, 128))
        assert found.inputs == ()
        assert found.note == NOTHING_UNCERTAIN
        assert found.worth_measuring_first is None
        assert found.at_medians == 12000

    def test_an_outcome_that_no_range_moves(self) -> None:
        found = sensitivity(example("deepseek-v3"), "revenue_usd")
        assert (found.inputs, found.note) == ((), NOTHING_MOVES)

    def test_unknown_outcome_names_the_nearest(self) -> None:
        with pytest.raises(UnknownName, match=r"unknown outcome 'unit_costs.usd_per_qery'") as raised:
            sensitivity(three_ranges(), "unit_costs.usd_per_qery")
        assert raised.value.nearest[0] == "unit_costs.usd_per_query"


class TestShares:
    @pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
    @pytest.mark.parametrize("outcome", ["total_usd", "margin_usd", "unit_costs.usd_per_query"])
    def test_of_the_examples_sum_to_at_most_one(self, path: Path, outcome: str) -> None:
        variants = example(path.stem)
        if outcome not in variants.of().book.outcomes:
            pytest.skip("a plan without a product has no cost of a query")
        found = sensitivity(variants, outcome)
        shares = [each.variance_share for each in found.inputs]
        assert all(share is not None and 0 <= share <= 1 for share in shares)
        assert 0.5 < sum(share or 0.0 for share in shares) <= 1.05
        assert all(0 <= (each.narrowing_share or 0.0) <= 1 for each in found.inputs)
        assert all(abs(each.rank_correlation or 0.0) <= 1 for each in found.inputs)
        assert found.worth_measuring_first in {each.key for each in found.inputs[:3]}

    def test_one_input_explains_all_of_what_follows_from_it(self) -> None:
        found = sensitivity(example("frontier-run"), "footprint.final_run_kwh")
        first = found.inputs[0]
        assert (first.key, found.worth_measuring_first) == ("programme.training.utilization",) * 2
        assert first.variance_share == pytest.approx(1, abs=0.01)
        assert first.narrowing_share == pytest.approx(1, abs=0.03)
        assert first.rank_correlation == pytest.approx(-1)

    def test_worth_measuring_first_is_the_biggest_narrowing(self) -> None:
        found = sensitivity(example("open-weights-team"))
        biggest = max(found.inputs, key=lambda each: each.narrowing_share or 0.0)
        assert found.worth_measuring_first == biggest.key == "staff/engineer_loaded"

    def test_narrowing_is_what_stating_the_input_brings(self) -> None:
        """The interval of the same plan with the input stated exactly, at points all over its range."""
        variants = example("open-weights-team")
        found = by_key(sensitivity(variants))["staff/engineer_loaded"]
        path = "programme.staff.engineering.usd_per_year"
        assert found.stands_in_for == (path,)
        fact = variants.of().book.facts["staff/engineer_loaded"].value
        assert not isinstance(fact, float)
        widths = [
            width(variants.of((f"{path}={value!r}",)).cost_usd)
            for value in fact.quantile(np.array([0.1, 0.3, 0.5, 0.7, 0.9])).tolist()
        ]
        expected = 1 - np.mean(widths) / width(variants.of().cost_usd)
        assert found.narrowing_share == pytest.approx(expected, abs=0.04)

    def test_too_few_draws_are_said(self) -> None:
        found = sensitivity(variants_of(product(demand__tiers__pro__users="1000 .. 4000"), 64))
        assert found.note == TOO_FEW
        assert {each.variance_share for each in found.inputs} == {None}
        assert found.inputs[0].swing > 0
        assert found.worth_measuring_first is None


def width(values: FloatArray) -> float:
    low, high = np.quantile(values, (0.05, 0.95))
    return float(high - low)


class TestValueOfInformation:
    def test_closed_form(self) -> None:
        """Keep the plan, or take one that gains a + b z of one input: a Phi(a / b) + b phi(a / b)."""
        variants = three_ranges()
        margin = variants.of().margin_usd
        z = normal_quantile(Draws(variants.seed, 0, variants.draws).uniform(TOKENS))
        a, b = -2000.0, 5000.0
        found = sensitivity(variants, "margin_usd", {"as written": margin, "other": margin + a + b * z})
        values = {key: each.value_of_information_usd or 0.0 for key, each in by_key(found).items()}
        density = math.exp(-((a / b) ** 2) / 2) / math.sqrt(2 * math.pi)
        expected = a * float(normal_cdf([a / b])[0]) + b * density
        assert values[TOKENS] == pytest.approx(expected, rel=0.1)
        assert values[TOKENS] == pytest.approx(found.value_of_perfect_information_usd, rel=0.02)
        assert values[USERS] < 0.05 * expected
        assert max(values.values()) <= (found.value_of_perfect_information_usd or 0.0)

    def test_of_a_choice_that_is_clear_is_nothing(self) -> None:
        variants = three_ranges()
        margin = variants.of().margin_usd
        found = sensitivity(variants, "total_usd", {"as written": margin, "worse": margin - 1e9})
        assert found.value_of_perfect_information_usd == 0
        assert {each.value_of_information_usd for each in found.inputs} == {0.0}

    def test_inputs_that_only_an_option_has(self) -> None:
        """An API bill against a fleet of one's own: what the chips serve moves the choice, not the plan."""
        spec = fleet(serving__chat__api={"model": "gpt-4.1"}, serving__chat__use="api")
        spec["demand"]["tiers"]["pro"]["users"] = 4000
        spec["demand"]["requests"]["chat"]["input_tokens"] = "200 .. 4000"
        variants = variants_of(spec)
        hosted = variants.of(("serving.chat.use=self_hosted",))
        written = variants.of()
        even = hosted.margin_usd - (hosted.margin_usd - written.margin_usd).mean()
        options = {"api": written.margin_usd, "self-hosted": even}
        alone = by_key(sensitivity(variants, "margin_usd", options))
        assert not any(key.startswith("rental/") for key in alone)
        found = by_key(sensitivity(variants, "margin_usd", options, option_variants=[hosted]))
        rent = next(each for key, each in found.items() if key.startswith("rental/"))
        assert rent.swing == 0
        assert (rent.value_of_information_usd or 0.0) > 0

    def test_without_options_there_is_none(self) -> None:
        found = sensitivity(three_ranges())
        assert found.value_of_perfect_information_usd is None
        assert {each.value_of_information_usd for each in found.inputs} == {None}

    @pytest.mark.parametrize(
        ("options", "says"),
        [
            ({}, "at least one option"),
            ({"b": np.zeros(3)}, r"option 'b' has margins of shape \(3,\)"),
            ({"b": np.full(1024, math.nan)}, "option 'b' has no finite margin"),
        ],
    )
    def test_margins_of_other_draws_are_refused(self, options: dict[str, FloatArray], says: str) -> None:
        with pytest.raises(ValueError, match=says):
            sensitivity(three_ranges(), options=options)


def test_to_dict_is_plain() -> None:
    variants = example("startup-on-apis")
    margin = variants.of().margin_usd
    found = sensitivity(variants, "payback_month", {"a": margin, "b": margin * 0.9})
    told = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    assert told["outcome"] == "payback_month"
    assert set(told["inputs"][0]) == set(Influence.__dataclass_fields__)
    assert [each["key"] for each in told["inputs"]] == [each.key for each in found.inputs]
