"""The rates: every fact complete, every default of a plan there, every computed range computed again."""

from __future__ import annotations

import csv
import math
import statistics
import time
from collections.abc import Callable
from datetime import date
from importlib.resources import files
from itertools import pairwise
from typing import Any

import pytest
import yaml

from truecost.catalog.facts import Confidence, Fact
from truecost.catalog.names import UnknownName
from truecost.catalog.rates import FactError, least_of, load_rates, read_fact, read_rates, support_of
from truecost.ranges import Range, Support

DATA = files("truecost.catalog") / "data"
YAML_FILES = (
    "rates.yaml",
    "rates_people.yaml",
    "rates_data.yaml",
    "rates_business.yaml",
    "rates_options.yaml",
    "rates_scenarios.yaml",
)
REAL = {"demand/price_elasticity", "market/api_price_trend_per_year", "market/chip_price_trend_per_year"}
"""What may lie below 0: a response, a trend."""
RATES = load_rates()
ALL_FACTS = [fact for series in RATES.series.values() for _, fact in series]

NEEDED_BY_A_PLAN = """
experiments/frontier_lab experiments/open_lab experiments/startup experiments/fine_tune
utilization/whole_run utilization/frontier_run
server_overhead/a100 server_overhead/v100 server_overhead/p100 server_overhead/other
interconnect/share_of_cluster hardware/replacement_rate_per_year hardware/life_months
pue/hyperscaler pue/other power/average_load_gpu power/average_load_tpu power/server_overhead
electricity/us electricity/eu carbon/us carbon/eu carbon/fr carbon/de water/us
hosting/usd_per_kw_month capital/cost_per_year operations/chips_per_engineer operations/salary_loaded
staff/researcher_base staff/researcher_equity staff/overhead_multiplier staff/engineer_loaded
staff/ops_loaded staff/legal_loaded
data/licence_undisclosed_usd_per_year data/licence_one_off data/book data/curation_usd_per_btoken
annotation/usd_per_preference annotation/usd_per_demonstration annotation/usd_per_hour_buyer
annotation/take_home_per_hour annotation/intermediary_share annotation/quality_overhead
annotation/minutes_per_preference
safety/red_team_usd_per_hour safety/bounty_programme safety/evaluation_usd_per_release
wages/living_kenya wages/living_philippines wages/living_india wages/living_us wages/support_agent_us
business/payment_fee_share business/payment_fee_fixed business/support_usd_per_user_month
usage/lognormal_sigma usage/peak_to_mean serving/spare_replicas serving/target_utilization_at_peak
training/restart_overhead_share training/checkpoint_bytes_per_parameter
energy/home_kwh_per_year energy/car_tco2e_per_year
"""


def bounds(fact: Fact) -> tuple[float, float]:
    found = fact.value
    return (found.low, found.high) if isinstance(found, Range) else (found, found)


def ends(key: str) -> tuple[float, float]:
    return bounds(RATES.fact(key))


@pytest.mark.parametrize("key", NEEDED_BY_A_PLAN.split())
def test_every_default_of_a_plan_is_there(key: str) -> None:
    assert RATES.fact(key).key == key


def test_every_fact_is_complete_and_checked_no_later_than_today() -> None:
    for fact in ALL_FACTS:
        assert fact.key.count("/") == 1, fact
        assert len(fact.source) > 8, fact
        assert isinstance(fact.checked, date)
        assert fact.checked <= date.today(), fact
        assert fact.confidence in Confidence


def test_values_lie_in_their_support() -> None:
    for fact in ALL_FACTS:
        low, high = bounds(fact)
        if fact.key in REAL:
            assert low <= high, fact
            continue
        assert least_of(fact.unit) <= low <= high, fact
        if support_of(fact.unit) is Support.SHARE:
            assert high <= 1, fact
        if isinstance(fact.value, Range):
            assert fact.value.support is (
                Support.SHARE if fact.unit.startswith("share") else Support.POSITIVE
            ), fact


def test_an_estimate_says_whose_and_a_quote_names_its_page() -> None:
    for fact in ALL_FACTS:
        if fact.confidence is Confidence.ESTIMATE:
            words = ("stimate of this catalog", "Computed from", "recalled", "times an employer overhead")
            assert any(word in f"{fact.source} {fact.note}" for word in (*words, "Recalled")), fact


@pytest.mark.parametrize("name", YAML_FILES)
def test_no_key_is_written_twice(name: str) -> None:
    def check(node: yaml.Node) -> None:
        if isinstance(node, yaml.MappingNode):
            keys = [key.value for key, _ in node.value]
            assert len(keys) == len(set(keys)), keys
            for _, child in node.value:
                check(child)

    check(yaml.compose((DATA / name).read_text(encoding="utf-8"), Loader=yaml.CSafeLoader))


def test_no_key_is_in_two_files() -> None:
    documents = [yaml.load((DATA / name).read_text(), Loader=yaml.CSafeLoader) for name in YAML_FILES]
    keys = [f"{g}/{n}" for doc in documents for g, ns in doc.items() if not g.startswith("_") for n in ns]
    assert len(keys) == len(set(keys))


@pytest.mark.parametrize("part", ["value", "unit", "source", "checked", "confidence"])
def test_a_fact_without_one_of_its_five_parts_is_refused(part: str) -> None:
    whole: dict[str, Any] = {
        "value": 1.1,
        "unit": "ratio",
        "source": "a page",
        "checked": date(2026, 11, 22),
        "confidence": "published",
    }
    assert read_fact("pue/mine", whole, "f.yaml").value == 1.1
    with pytest.raises(FactError, match=rf"f\.yaml: pue/mine: no {part}"):
        read_fact("pue/mine", whole | {part: None}, "f.yaml")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"value": "1.4", "unit": "share of peak"}, "1.4 is above 1"),
        ({"value": "-3"}, "-3 is below 0"),
        ({"value": "5 .. 2"}, "from low to high"),
        ({"value": "many"}, "'many' is not a number"),
        ({"value": 0.9, "unit": "ratio of facility to server energy"}, "0.9 is below 1"),
        ({"confidence": "sure"}, "sure"),
        ({"checked": "yesterday"}, "not a date"),
        ({"colour": "red"}, "unknown part 'colour'"),
        ({"value": {"p50": 1}}, "p50 and p90"),
    ],
)
def test_a_malformed_fact_is_refused_with_file_and_key(change: dict[str, Any], message: str) -> None:
    whole = {"value": 1, "unit": "ratio", "source": "s", "checked": date(2026, 1, 1), "confidence": "quoted"}
    with pytest.raises(FactError, match=r"f\.yaml: pue/mine: ") as error:
        read_rates({"pue": {"mine": whole | change}}, "f.yaml")
    assert message in str(error.value)


def test_quantiles_make_a_range() -> None:
    whole = {"unit": "tokens", "source": "s", "checked": date(2026, 1, 1), "confidence": "quoted"}
    fact = read_fact("usage/mine", whole | {"value": {"p50": 100, "p90": 200}}, "f.yaml")
    assert isinstance(fact.value, Range)
    assert fact.value.median == pytest.approx(100, rel=1e-3)
    assert fact.value.low == pytest.approx(41.1, abs=0.05)


def test_a_dated_series_gives_the_last_value_at_or_before_the_day() -> None:
    assert RATES.fact("electricity/us", date(2024, 12, 31)).value == 0.0771
    assert RATES.fact("electricity/us", date(2025, 1, 1)).value == 0.0826
    assert RATES.fact("electricity/us").value == 0.0826
    early = RATES.fact("electricity/us", date(2010, 1, 1))
    assert early.value == 0.0691
    assert "No earlier value is known than 2015-01-01." in early.note


def test_series_are_in_order_of_date() -> None:
    for series in RATES.series.values():
        assert all(earlier < later for (earlier, _), (later, _) in pairwise(series))


@pytest.mark.parametrize(
    ("spelling", "key"),
    [
        ("carbon/France", "carbon/fr"),
        ("carbon/uk", "carbon/gb"),
        ("Electricity/USA", "electricity/us"),
        ("carbon/Virginia US", "carbon/us-va"),
        ("PUE/Hyperscaler", "pue/hyperscaler"),
        ("carbon/US_TX", "carbon/us-tx"),
    ],
)
def test_other_spellings_are_understood(spelling: str, key: str) -> None:
    assert RATES.fact(spelling).key == key


def test_an_unknown_rate_names_the_nearest() -> None:
    with pytest.raises(UnknownName) as error:
        RATES.fact("pue/hyperscalr")
    assert error.value.kind == "rate"
    assert error.value.nearest[0] == "pue/hyperscaler"


def test_two_sources_on_grid_carbon_are_both_kept() -> None:
    assert RATES.fact("carbon/us").value == pytest.approx(0.36947)
    (other,) = RATES.others["carbon/us"]
    assert other.value == pytest.approx(0.3844)
    assert "ecologits" in other.source
    assert len(RATES.others) > 200


def test_loading_is_fast() -> None:
    best = math.inf
    for _ in range(3):
        load_rates.cache_clear()
        start = time.perf_counter()
        load_rates()
        best = min(best, time.perf_counter() - start)
    print(f"rates load in {best * 1000:.1f} ms")
    assert best < 0.2


# Ranges that this catalog computed, computed again.

STUDENT_T_95 = {3: 2.353, 7: 1.895, 13: 1.771, 24: 1.711}


def recorded_runs(chosen: Callable[[dict[str, str]], bool] = lambda run: True) -> list[float]:
    with (DATA / "whole_runs.csv").open(encoding="utf-8", newline="") as source:
        runs = [run for run in csv.DictReader(source) if not run["left_out"]]
    return [
        float(run["training_flop"]) / (float(run["chip_hours"]) * 3600 * float(run["peak_flops_per_s"]))
        for run in runs
        if chosen(run)
    ]


def prediction_interval(shares: list[float]) -> tuple[float, float]:
    """Where one more share falls with 90 %: Student's t on the logits."""
    logits = [math.log(share / (1 - share)) for share in shares]
    n = len(logits)
    half = STUDENT_T_95[n - 1] * statistics.stdev(logits) * math.sqrt(1 + 1 / n)
    low, high = (1 / (1 + math.exp(-(statistics.fmean(logits) + sign * half))) for sign in (-1, 1))
    return low, high


@pytest.mark.parametrize(
    ("key", "chosen", "count", "median"),
    [
        ("utilization/whole_run", lambda run: True, 25, 0.279),
        ("utilization/frontier_run", lambda run: float(run["training_flop"]) >= 1e24, 4, 0.291),
        ("utilization/whole_run_a100", lambda run: run["chip_family"] == "a100", 14, 0.301),
        ("utilization/whole_run_h100", lambda run: run["chip_family"] == "h100", 8, 0.267),
    ],
)
def test_utilization_ranges_follow_from_the_recorded_runs(
    key: str, chosen: Callable[[dict[str, str]], bool], count: int, median: float
) -> None:
    shares = recorded_runs(chosen)
    low, high = prediction_interval(shares)
    print(f"{key}: n = {len(shares)}, median {statistics.median(shares):.3f}, 90 % {low:.3f} .. {high:.3f}")
    assert len(shares) == count
    assert statistics.median(shares) == pytest.approx(median, abs=5e-4)
    assert ends(key) == pytest.approx((low, high), abs=6e-4)
    assert f"n = {count}" in RATES.fact(key).note
    assert f"edian {median}" in RATES.fact(key).note


def test_nine_in_ten_recorded_runs_lie_in_the_range() -> None:
    low, high = ends("utilization/whole_run")
    shares = recorded_runs()
    inside = sum(low <= share <= high for share in shares) / len(shares)
    print(f"{inside:.0%} of {len(shares)} recorded runs inside {low} .. {high}")
    assert 0.85 <= inside <= 0.97
    assert ends("utilization/highest_recorded")[1] == pytest.approx(max(shares), abs=5e-4)


def deals(unit: str) -> list[Fact]:
    return [fact for fact in RATES.group("licences") if fact.unit == unit]


@pytest.mark.parametrize(
    ("key", "unit", "count"),
    [("data/licence_undisclosed_usd_per_year", "USD/year", 6), ("data/licence_one_off", "USD/deal", 4)],
)
def test_ranges_for_undisclosed_deals_follow_from_the_disclosed(key: str, unit: str, count: int) -> None:
    known = [bounds(fact) for fact in deals(unit)]
    assert len(known) == count
    assert ends(key) == (min(low for low, _ in known), max(high for _, high in known))


def test_open_lab_multiplier_spans_its_records() -> None:
    names = ("olmo_2_series", "opt_175b", "bloom_176b", "olmo_3")
    recorded = [ends(f"experiments/{name}")[0] for name in names]
    assert ends("experiments/open_lab") == (min(recorded), max(recorded))


def test_multipliers_are_at_least_one() -> None:
    for fact in RATES.group("experiments"):
        if fact.unit.startswith("ratio"):
            assert ends(fact.key)[0] >= 1


def test_the_intermediary_keeps_what_the_labeller_does_not_get() -> None:
    low, high = ends("annotation/take_home_per_hour")
    price = ends("annotation/buyer_price_sama")[0]
    assert ends("annotation/intermediary_share") == pytest.approx(
        (1 - high / price, 1 - low / price), abs=1e-3
    )


def test_minutes_per_preference_are_the_quoted_prices_over_the_hourly_price() -> None:
    pairs = [ends(f"annotation/{name}_pair")[0] for name in ("ab7", "mturk", "scale", "surge")]
    price = ends("annotation/buyer_price_sama")[0]
    low, high = ends("annotation/minutes_per_preference")
    assert low == pytest.approx(min(pairs) / price * 60, rel=0.02)
    assert high == pytest.approx(max(pairs) / price * 60, rel=0.02)


def sigmas(ninetieth_over_mean: float) -> tuple[float, float]:
    """The two lognormal sigmas with a given ratio of 90th percentile to mean: exp(1.2816 s - s^2 / 2)."""
    z90 = statistics.NormalDist().inv_cdf(0.9)
    root = math.sqrt(z90 * z90 - 2 * math.log(ninetieth_over_mean))
    return z90 - root, z90 + root


def test_spread_of_use_follows_from_mean_and_ninetieth_percentile() -> None:
    low, high = sigmas(12 / 6)
    assert ends("usage/lognormal_sigma") == pytest.approx((low, high), abs=5e-3)
    z90 = statistics.NormalDist().inv_cdf(0.9)
    assert math.exp(z90 * z90 / 2) == pytest.approx(30 / 13, rel=0.02)
    assert low < z90 < high


def test_hosting_follows_from_the_published_averages() -> None:
    published = [fact.value for _, fact in RATES.series["hosting/cbre_average"]]
    low, high = ends("hosting/usd_per_kw_month")
    assert low == pytest.approx(0.9 * published[0], rel=0.005)
    assert high == pytest.approx(1.126 * published[1], rel=0.005)


def test_curation_follows_from_recorded_compute() -> None:
    low, high = ends("data/curation_usd_per_btoken")
    assert low == pytest.approx(6_000 * 2 / 15_000, rel=0.01)
    assert high == pytest.approx(120_000 * 4 / 15_000, rel=0.01)


def test_living_wages_convert_from_the_local_figures() -> None:
    assert ends("wages/living_kenya") == pytest.approx(
        (38_100 / 103.5 / 173.3, 52_100 / 103.5 / 173.3), abs=0.03
    )
    assert ends("wages/living_philippines")[0] == pytest.approx(36_218.58 / 57.3 / 208, abs=0.005)
    assert ends("wages/living_india")[0] == pytest.approx(34_170.46 / 83.7 / 208, abs=0.005)
    assert ends("wages/support_agent_us")[0] == pytest.approx(42_830 / 2080, abs=0.005)


def test_loaded_salaries_follow_from_wages_and_overhead() -> None:
    low, high = ends("staff/overhead_multiplier")
    assert ends("staff/engineer_loaded") == pytest.approx((144_570 * low, 211_450 * high), rel=0.005)
    assert ends("staff/ops_loaded") == pytest.approx((83_510 * low, 144_570 * high), rel=0.005)
    assert ends("operations/salary_loaded") == ends("staff/ops_loaded")


def test_power_and_price_constants_are_those_of_the_source() -> None:
    assert ends("power/server_overhead")[0] == pytest.approx(10.2 / 8 / 0.7, abs=1e-4)
    assert ends("power/server_overhead_a100")[0] == pytest.approx(6.5 / 8 / 0.4, abs=1e-4)
    assert ends("hardware/replacement_rate_per_year")[0] == pytest.approx(0.14 * math.log(10), abs=5e-4)
    assert ends("usage/peak_to_mean_deepseek")[0] == pytest.approx(278 / 226.75, abs=5e-4)


def test_interruptions_per_chip_year_follow_from_the_count() -> None:
    rate = ends("reliability/llama3_unexpected_interruptions")[0] / (16_384 * 54 / 365)
    assert ends("reliability/unexpected_interruptions_per_chip_year")[0] == pytest.approx(rate, abs=5e-4)
    assert 365 * 24 / rate / 16_384 == pytest.approx(3.09, abs=0.01)
