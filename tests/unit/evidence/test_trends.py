"""The four trends on the shipped tables: their figures, their rules, and no look ahead."""

from __future__ import annotations

import math
from datetime import date
from typing import Any

import pytest

from truecost.catalog.names import UnknownName
from truecost.evidence.epoch_tables import runs
from truecost.evidence.training_costs import FRONTIER_RANK, training_costs
from truecost.evidence.trends import TRENDS, days_until, trend
from truecost.evidence.trends.moves import moves
from truecost.evidence.trends.scores import FEW_ORIGINS, scores, verdicts
from truecost.finance.backtest import Trial

TODAY = date(2026, 11, 22)


@pytest.fixture(scope="module", params=list(TRENDS))
def found(request: pytest.FixtureRequest) -> dict[str, Any]:
    return trend(request.param, TODAY, 2030)


def test_forecasts_widen_and_stay_ordered(found: dict[str, Any]) -> None:
    for fit in found["fits"]:
        rows = fit["forecast"]
        assert rows[-1]["on"] == "2030-12-31"
        assert all(row["p5"] < row["p50"] < row["p95"] for row in rows)
        widths = [math.log(row["p95"] / row["p5"]) for row in rows]
        assert widths == sorted(widths)
        assert sum(row["is_a_year_on"] for row in rows) == 1


def test_every_horizon_has_all_forecasters_on_the_same_values(found: dict[str, Any]) -> None:
    for fit in found["fits"]:
        rows = [row for row in fit["backtest"]["scores"] if row["scope"] == "each"]
        for horizon in {row["horizon"] for row in rows}:
            own = [row for row in rows if row["horizon"] == horizon]
            assert {r["forecaster"] for r in own} == {"trend", "random_walk", "random_walk_with_drift"}
            assert len({r["predictions"] for r in own}) == 1
        assert all(0 <= row["coverage_90"] <= 1 for row in rows)
        assert len(fit["backtest"]["verdicts"]) == len(
            {(r["scope"], r["horizon"]) for r in fit["backtest"]["scores"]}
        )


def test_the_backtest_scores_nothing_before_it_could_be_known(found: dict[str, Any]) -> None:
    """Known a year earlier, the same trend has no value of the year since."""
    earlier = trend(found["trend"], date(2025, 11, 22), 2030)
    for fit in earlier["fits"]:
        assert all(point["on"] <= "2025-11-22" for point in fit["points"])
        assert fit["last"] <= "2025-11-22"


def test_frontier_runs_are_the_largest_of_their_day() -> None:
    recorded = runs()
    for each in training_costs("amortized", TODAY).observations:
        own = recorded[each.label]
        larger = [
            r
            for r in recorded.values()
            if r.published <= own.published
            and not r.base_model
            and (r.training_flops or 0) > (own.training_flops or 0)
        ]
        assert len(larger) < FRONTIER_RANK
        assert not own.base_model


def test_training_costs_of_the_record() -> None:
    amortized, cloud = trend("training-cost", TODAY, 2030)["fits"]
    by_model = {p["label"]: p["value"] for p in amortized["points"]}
    assert by_model["GPT-4"] == pytest.approx(40.7e6, rel=0.01)
    assert cloud["reach"]["first_on_record"]["model"] == "Grok-3"
    assert amortized["reach"]["first_on_record"] is None
    assert 1.3 < amortized["growth_per_year"]["p50"] < 2.4, "about x2.4 a year in arXiv:2405.21015"
    reach = amortized["reach"]
    assert (
        2026
        < reach["typical_year"]["p5"]
        < reach["typical_year"]["p50"]
        < reach["typical_year"]["p95"]
        < 2031
    )
    assert (
        reach["chance_of_a_run_at_the_end_of_the_year"]
        < reach["chance_of_any_run_by_its_start"]
        < reach["chance_of_any_run_by_the_end_of_the_year"]
        <= 1
    )


def test_moves_count_rises_and_their_size() -> None:
    for fit in trend("token-price", TODAY, 2030)["fits"]:
        told = fit["moves"]
        assert told["asked_again"] == told["changes"] + told["unchanged"]
        assert told["share_that_rise"] == told["rises"] / told["changes"]
        assert told["median_fall"] < 1 < told["median_rise"] <= told["largest_rise"]
        assert told["same_model"]["changes"] < told["changes"]


def test_the_hour_starts_at_the_median_seller_of_today() -> None:
    from truecost.catalog.hardware_prices import rental

    (fit,) = trend("gpu-hour", TODAY, 2028)["fits"]
    assert fit["level"] == pytest.approx(rental("h100-sxm", TODAY).value.median)  # type: ignore[union-attr]
    any_seller = fit["in_12_months_any_seller"]
    in_a_year = next(row for row in fit["forecast"] if row["is_a_year_on"])
    assert any_seller["p5"] < in_a_year["p5"] < in_a_year["p95"] < any_seller["p95"]


def test_plan_and_verb_tell_the_same_growth() -> None:
    from truecost.plan.price_trends import trend_fact

    (fit,) = trend("gpu-hour", TODAY, 2028)["fits"]
    (row,) = [r for r in fit["forecast"] if r["is_a_year_on"]]
    drawn = trend_fact("gpu-hour", TODAY, 12).value
    assert drawn.low == pytest.approx(row["p5"] / fit["level"], rel=5e-3)  # type: ignore[union-attr]
    assert drawn.high == pytest.approx(row["p95"] / fit["level"], rel=5e-3)  # type: ignore[union-attr]


def trial(name: str, error: float, *, inside: bool = True, origin: float = 2020.0) -> Trial:
    return Trial(name, "1 year", origin, 2021.0, 0, error, 0.0, inside)


def test_scores_by_hand() -> None:
    rows = scores([trial("trend", 0.0), trial("trend", math.log(2), inside=False)], ["1 year"], "each")
    assert rows == [
        {
            "scope": "each", "horizon": "1 year", "forecaster": "trend", "predictions": 2, "origins": 1,
            "mean_log_error": pytest.approx(math.log(2) / 2), "mean_error": pytest.approx(0.25),
            "p90_error": pytest.approx(0.45), "bias": pytest.approx(-0.25), "coverage_90": 0.5,
        }
    ]  # fmt: skip


@pytest.mark.parametrize(("error", "word"), [(0.1, "beats"), (0.2, "level"), (0.4, "loses")])
def test_the_verdict_follows_the_errors(error: float, word: str) -> None:
    rows = scores([trial("trend", error), trial("random_walk", 0.2)], ["1 year"], "each")
    (said,) = verdicts(rows)
    assert said["verdict"] == word
    assert said["error_over_random_walk"] == pytest.approx(error / 0.2)
    assert said["few"] is (FEW_ORIGINS > 1)


def test_days_run_to_the_end_of_the_last_year() -> None:
    assert days_until(TODAY, 2027) == [date(2026, 12, 31), date(2027, 11, 22), date(2027, 12, 31)]


def test_an_unknown_trend_names_the_nearest() -> None:
    with pytest.raises(UnknownName) as failed:
        trend("gpu-hours", TODAY, 2030)
    assert failed.value.nearest[0] == "gpu-hour"


def test_too_little_known_is_said() -> None:
    with pytest.raises(LookupError, match="cannot be fitted to what was known on 2023-06-01"):
        trend("token-price", date(2023, 6, 1), 2030)


def test_moves_of_nothing() -> None:
    from truecost.catalog.series import Series

    assert moves(Series("k", "t", "USD", (), True, "s", "r"))["changes"] == 0


def test_where_the_trend_loses_is_what_the_docs_say() -> None:
    """The list under "How it is tested" in docs/trends.md."""
    words = {
        fit["key"] + fit.get("method", ""): [
            v["verdict"] for v in fit["backtest"]["verdicts"] if v["scope"] == "each"
        ]
        for name in TRENDS
        for fit in trend(name, TODAY, 2027)["fits"]
    }
    assert words["training-costamortized"] == ["loses", "beats", "beats"]
    assert words["training-costcloud"] == ["beats"] * 3
    assert words["token-price-flagship"] == words["token-price-small"] == ["loses"] * 4
    assert words["gpu-hour"] == ["loses", "loses", "loses", "level"]
    assert words["price-performance"] == ["loses", "loses", "beats"]
