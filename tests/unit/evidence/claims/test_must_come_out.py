"""What must come out of the general machinery: published figures whose arithmetic or mechanism is known."""

from __future__ import annotations

import pytest

from truecost.evidence.claims import Kind, Report
from truecost.evidence.claims.outcome import ranged


def test_25000_chips_for_three_to_four_months_are_135_to_180_million(report: Report) -> None:
    checked = report["gpt4-hardware-time"]
    assert checked.outcome is not None
    assert checked.outcome.ends == pytest.approx((135e6, 180e6))
    assert checked.verdict.kind is Kind.CONTRADICTS
    assert checked.verdict.factor == pytest.approx(3.0, rel=0.02)
    assert checked.verdict.direction == "too low"


def test_1000_chips_at_40000_are_40_million(report: Report) -> None:
    checked = report["h100-cluster"]
    assert checked.outcome is not None
    assert checked.outcome.ends == pytest.approx((40e6, 40e6))
    assert checked.verdict.kind is Kind.CONTRADICTS
    assert checked.verdict.contradicts == ("h100-price",)


def test_razor_thin_is_a_gross_margin_of_47_to_68_per_cent(report: Report) -> None:
    checked = report["revenue-squeeze"]
    assert checked.outcome is not None
    assert checked.outcome.ends == pytest.approx((0.467, 0.675), abs=0.001)
    assert checked.verdict.kind is Kind.CONTRADICTS


def test_petaflops_are_the_bandwidth_misread(report: Report) -> None:
    checked = report["h100-peak"]
    assert checked.outcome is not None
    assert ranged(checked.outcome.ways["dense bf16"])["p50"] == pytest.approx(0.989e15, rel=0.001)
    assert checked.verdict.kind is Kind.OFF
    assert any("memory bandwidth, 3.35 TB/s" in note for note in checked.verdict.notes)


def test_a_billion_tokens_break_even_only_at_some_prices_models_and_loads(report: Report) -> None:
    checked = report["break-even"]
    assert checked.outcome is not None
    assert checked.verdict.kind is Kind.HOLDS_IF
    assert checked.verdict.conditions[0].input == "usd_per_mtok"
    curve = checked.outcome.curves[0]
    crossing = [
        any(first > 1e9 >= second for first, second in zip(line.values, line.values[1:], strict=False))
        for line in curve.lines
    ]
    assert any(crossing)
    assert not all(crossing)


def test_batching_three_to_five_times_is_far_too_modest_from_batch_1(report: Report) -> None:
    checked = report["batching"]
    assert checked.outcome is not None
    assert checked.outcome.result is not None
    assert checked.outcome.result["p50"] > 15
    assert checked.verdict.conditions[0].input == "batch"
    assert checked.verdict.conditions[0].high < 8
    curve = checked.outcome.curves[0]
    for line in curve.lines:
        assert line.values[0] == pytest.approx(1.0)
        assert list(line.values) == sorted(line.values)
        assert line.values[-1] > 15


def test_78_to_191_million_mixes_two_ways_of_counting(report: Report) -> None:
    verdict = report["gpt4-training"].verdict
    assert verdict.kind is Kind.HOLDS_IF
    assert verdict.ways == ("rented for three years", "rented on demand")
    assert "its ends count differently" in verdict.notes[0]


def test_training_repaid_in_weeks_is_25_to_200_days(report: Report) -> None:
    checked = report["training-repaid"]
    assert checked.outcome is not None
    days = sorted(ranged(way)["p50"] for way in checked.outcome.ways.values())
    assert days == pytest.approx([25.0, 200.0])
    assert checked.verdict.kind is Kind.HOLDS_IF


def test_the_best_size_over_the_life_at_equal_loss(report: Report) -> None:
    """At the loss of 2.1e25 FLOP about 457B / 7.7T at no served tokens, 213B / 22T at 60T, 149B at 300T."""
    import numpy as np

    from truecost.evidence.claims.calculations.loss import optimum
    from truecost.evidence.claims.working import Working

    ready = report.prepared("inference-wall")
    assert ready is not None
    at = Working(ready.middles(), ready.texts, ready.catalog, ready.claim.as_of)
    found = optimum(at, 2.1e25, np.array([0.0, 60e12, 300e12]))
    sizes, tokens = (np.asarray(each) for each in found)
    assert sizes / 1e9 == pytest.approx([457, 213, 149], rel=0.02)
    assert tokens[:2] / 1e12 == pytest.approx([7.7, 22], rel=0.03)


def test_gpt4_took_3_to_4_months_on_its_cluster(report: Report) -> None:
    checked = report["gpt4-duration"]
    assert checked.outcome is not None
    assert checked.outcome.result is not None
    assert 2.9 < checked.outcome.result["p50"] < 4.0


def test_the_volume_agrees_with_the_law_of_plans() -> None:
    from truecost.evidence.claims.calculations.break_even import volume
    from truecost.plan.break_even import self_hosting_volume

    for price, rent, capacity, spare in ((1.0, 4.0, 10.0, 1.0), (1.0, 7.0, 10.0, 1.0), (0.5, 9.0, 10.0, 2.0)):
        expected = self_hosting_volume(price, rent, capacity, spare)[0]
        assert volume(price, rent, capacity, spare) == pytest.approx(expected)


def test_what_enters_a_steps_range_are_the_stated_ends(report: Report) -> None:
    """A published range is no 90 % interval: the last step shows what the result does."""
    for name, ends in (("gpt4-hardware-time", (135e6, 180e6)), ("revenue-squeeze", (0.467, 0.675))):
        outcome = report[name].outcome
        assert outcome is not None
        last = outcome.steps[-1].value
        assert (last["p5"], last["p95"]) == pytest.approx(ends, abs=0.001)


def test_self_hosting_is_counted_on_rented_and_on_own_chips(report: Report) -> None:
    for name, is_cost in (("self-host-cost", True), ("api-markup", False)):
        outcome = report[name].outcome
        assert outcome is not None
        rented, own = (ranged(outcome.ways[way])["p50"] for way in ("on rented chips", "on own chips"))
        assert (own < rented) is is_cost
        hour = next(step for step in outcome.steps if step.what.startswith("an hour of a chip"))
        rent = outcome.inputs["usd_per_chip_hour"].middle
        assert rent is not None
        ratio = hour.value["p50"] / rent
        assert own / rented == pytest.approx(ratio if is_cost else 1 / ratio, rel=0.1)


def test_the_frontier_follows_the_trends_room(report: Report) -> None:
    """The dearest release to come and the first billion are those of `truecost trends training-cost`."""
    from datetime import date

    from truecost.evidence.claims.calculations.frontier import frontier
    from truecost.evidence.trends import trend

    for fit in trend("training-cost", date(2026, 11, 22), 2028)["fits"]:
        found = frontier(fit["method"], date(2026, 11, 22))
        assert found.line.growth_per_year == pytest.approx(fit["growth_per_year"]["p50"])
        by = fit["reach"]["chance_of_any_run_by_the_end_of_the_year"]
        share = float((found.first_above(1e9) <= 2028).mean())
        assert share == pytest.approx(by, abs=0.03)
    billion = report["billion-by-2027"]
    assert billion.outcome is not None
    assert ranged(billion.outcome.ways["rented for three years"])["p50"] == pytest.approx(2025.13, abs=0.01)
    assert {found.name for found in billion.outcome.cited} >= {"Grok-3, rented for three years"}
    assert not billion.outcome.is_all_stated


def test_the_dearest_release_lies_above_the_line_and_grows_with_the_wait() -> None:
    from datetime import date

    import numpy as np

    from truecost.evidence.claims.calculations.frontier import frontier

    found = frontier("cloud", date(2024, 6, 1))
    one, two = (float(np.median(found.dearest_until(year))) for year in (2025.4, 2026.4))
    assert found.line.line(2025.4).median < one < two


def test_ninety_per_cent_cheaper_is_not_ninety_nine(report: Report) -> None:
    verdict = report["inference-fall"].verdict
    assert verdict.kind is Kind.OFF
    assert verdict.factor == pytest.approx(8.3, rel=0.05)
    assert verdict.direction == "too low"
    assert "of what is left" in verdict.notes[0]


def test_an_input_that_is_the_claim_itself_is_said_to_be(report: Report) -> None:
    assert "the claimed figure itself" in report["h100-price-2022"].verdict.notes[0]
    assert not report["break-even"].verdict.notes


def test_sums_raised_last_years_at_the_pace_of_the_frontier(report: Report) -> None:
    outcome = report["funding"].outcome
    assert outcome is not None
    lasts = {step.what: step.value["p50"] for step in outcome.steps}
    assert 4 < lasts["what OpenAI raised lasts"] < 6
    assert lasts["what Inflection raised lasts"] < lasts["what Anthropic raised lasts"]
