"""Levers: each is a replay that a user can repeat by hand, ranked by what it saves, or refused with why."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.unit.replay.counted import STEP_S, counted
from tests.unit.replay.specs import spec

from truecost.catalog.catalog import load
from truecost.replay import replay
from truecost.replay.lever_trials import LEVERS, replayed
from truecost.replay.levers import Asked, read_share, read_smaller
from truecost.replay.reaching import repeated
from truecost.replay.reading import read
from truecost.replay.traces import read_trace
from truecost.report.layout import width_of
from truecost.report.replay_levers_text import page
from truecost.spec import SpecError

NUMBERS = ("usd_per_million_output_tokens", "ttft_p99_s", "tpot_p99_s", "cost_usd", "ttft_p99_s_p95")
BUSY = {"requests": 300, "input_tokens": 512, "output_tokens": 128, "arrival": {"rate_per_s": 60.0}}
LIMITS = {"e2e_p99_s": 4.0}


def told_of(given: dict[str, Any], limits: dict[str, float], asked: Asked | None = None) -> dict[str, Any]:
    facts = load()
    return replayed(read(given, facts), facts, limits, asked or Asked())


GIVEN = spec(
    traffic={"synthetic": BUSY},
    model="llama-3.1-70b",
    precision={"weights": "bf16"},
    fleet={"accelerator": "b200", "tensor_parallel_size": 2, "replicas": 3},
    slo=LIMITS,
)
"""A spec that leaves most levers open."""


@pytest.fixture(scope="module")
def told() -> dict[str, Any]:
    return told_of(GIVEN, LIMITS, Asked("llama-3.1-8b", 0.4, 0.3))


def test_every_lever_is_the_replay_its_values_describe(told: dict[str, Any]) -> None:
    applied = [row for row in told["levers"] if row["applies"] and not row["beside"]]
    assert {"weights_fp8", "weights_fp4", "kv_cache_fp8", "speculative", "response_cache"} <= {
        row["lever"] for row in applied
    }
    for row in applied:
        alone = replay(GIVEN, sets=row["sets"])
        for name in NUMBERS:
            assert row[name] == getattr(alone, name), (row["lever"], name)
        assert row["meets_slo"] == alone.meets_slo


def test_a_fleet_that_answers_nothing_has_levers_that_change_nothing() -> None:
    flood = BUSY | {"requests": 5, "arrival": {"all_at_once": True}}
    given = spec(traffic={"synthetic": flood}, engine={"max_model_len": 100})
    told = told_of(given, LIMITS, Asked("llama-3.2-1b", 0.4))
    assert told["base"]["output_tokens"] == 0
    assert not any(row.get("meets_slo") for row in told["levers"])


def test_a_smaller_model_beside_a_pipeline_needs_no_stages() -> None:
    given = GIVEN | {"fleet": GIVEN["fleet"] | {"tensor_parallel_size": 1, "pipeline_parallel_size": 2}}
    told = told_of(given, {}, Asked("llama-3.1-8b", 0.4))
    row = next(row for row in told["levers"] if row["lever"] == "smaller_model")
    assert row["chips"] == 2 * 3 + 1


def test_changes_are_of_the_fleet_as_it_is(told: dict[str, Any]) -> None:
    base = replay(GIVEN)
    for row in (row for row in told["levers"] if row["applies"]):
        for name, change in row["change"].items():
            assert row[name] == pytest.approx(getattr(base, name) * (1 + change))


def test_the_least_replicas_keep_the_slo_and_one_fewer_does_not(told: dict[str, Any]) -> None:
    all_rows: list[dict[str, Any]] = [{"sets": [], **told["base"]}, *told["levers"]]
    rows = [row for row in all_rows if row.get("least_replicas")]
    assert len(rows) > 5
    for row in rows:
        count = row["least_replicas"]
        least = replay(GIVEN, sets=[*row["sets"], f"fleet.replicas={count}"])
        assert least.meets_slo
        assert row["usd_per_million_output_tokens_at_least"] == least.usd_per_million_output_tokens
        assert row["least_chips"] == least.chips
        if count > 1:
            assert not replay(GIVEN, sets=[*row["sets"], f"fleet.replicas={count - 1}"]).meets_slo


def test_two_fleets_share_the_traffic(told: dict[str, Any]) -> None:
    row = next(row for row in told["levers"] if row["lever"] == "smaller_model")
    large, small = (replay(GIVEN, sets=row[name]) for name in ("sets", "beside"))
    assert large.served + small.served == 300
    assert small.model == "llama-3.1-8b"
    assert row["cost_usd"] == pytest.approx(large.cost_usd + small.cost_usd)
    assert row["usd_per_million_output_tokens"] == pytest.approx(row["cost_usd"] / (300 * 128) * 1e6)
    assert row["ttft_p99_s"] == max(large.ttft_p99_s, small.ttft_p99_s)
    assert row["chips"] == large.chips + small.chips
    assert row["meets_slo"] == (large.meets_slo and small.meets_slo)


def test_the_biggest_saving_comes_first_and_what_does_not_apply_last(told: dict[str, Any]) -> None:
    applies = [row["applies"] for row in told["levers"]]
    assert applies == sorted(applies, reverse=True)
    saved = [round(row["saves_share"], 3) for row in told["levers"] if row["applies"]]
    assert saved == sorted(saved, reverse=True)
    for row in told["levers"]:
        if not row["applies"]:
            assert row["reason"]
        elif row["saves_share"] is not None and not row["beside"]:
            cheap = row["usd_per_million_output_tokens_at_least"]
            assert row["saves_share"] == pytest.approx(
                1 - cheap / told["base"]["usd_per_million_output_tokens_at_least"]
            )


def test_by_hand_a_cache_of_half_the_requests_halves_the_replicas(tmp_path: Path) -> None:
    """100 ms a request, one every 25 ms: four replicas; of every other one or so, at most three."""
    given = counted(tmp_path, 0.025, fleet__replicas=4)
    told = told_of(given, {"ttft_p90_s": STEP_S * 1.6}, Asked(cached_share=0.5))
    assert told["base"]["least_replicas"] == 4
    row = told["levers"][0]
    assert row["lever"] == "response_cache"
    assert 2 <= row["least_replicas"] <= 3
    assert row["chips_fewer"] == 4 - row["least_chips"]
    assert row["saves_share"] == pytest.approx(row["chips_fewer"] / 4, abs=0.05)


def test_levers_that_do_not_apply_say_why(tmp_path: Path) -> None:
    told = told_of(counted(tmp_path, 0.05), {"ttft_p99_s": 1.0}, Asked("llama-3.1-70b", 0.5))
    reasons = {row["lever"]: row["reason"] for row in told["levers"] if not row["applies"]}
    assert "shared prefixes" in reasons["prefix_cache"]
    assert "--cached" in reasons["response_cache"]
    for lever in ("weights_fp8", "weights_fp4", "kv_cache_fp8", "speculative", "smaller_model"):
        assert "measured steps" in reasons[lever]
    assert "1" in reasons["max_num_seqs_half"]
    h100 = told_of(spec(precision={"weights": "fp8", "kv_cache": "fp8"}), {})
    reasons = {row["lever"]: row["reason"] for row in h100["levers"] if not row["applies"]}
    assert "fp8" in reasons["weights_fp8"]
    assert "does not compute in fp4" in reasons["weights_fp4"]
    assert "fp8" in reasons["kv_cache_fp8"]


def test_a_trace_with_prefixes_has_caches_and_says_how_much_repeats() -> None:
    blocks = read_trace("mooncake-conversation").prefix_blocks
    assert blocks is not None
    given = spec(traffic={"trace": "mooncake-conversation"}, fleet={"accelerator": "b200", "replicas": 8})
    told = told_of(given, {})
    rows = {row["lever"]: row for row in told["levers"]}
    assert rows["prefix_cache"]["applies"]
    assert rows["prefix_aware_routing"]["sets"][-1] == "fleet.routing=prefix_aware"
    less, least = (rows[name]["utilization"] for name in ("prefix_cache", "prefix_aware_routing"))
    assert least < less < told["base"]["utilization"], "what is found in a cache is not computed"
    from truecost.replay.assumptions import Assumed
    from truecost.replay.traffic import load_of

    hits = int(repeated(load_of(read(given, load()).value, Assumed())).sum())
    assert f"{hits:,}" in rows["response_cache"]["name"]


def test_what_no_number_of_replicas_keeps_may_be_kept_with_a_lever() -> None:
    base = replay(spec())
    limit = 0.8 * base.tpot_mean_s
    told = told_of(spec(), {"tpot_mean_s": limit})
    assert told["base"]["least_replicas"] is None
    first = told["levers"][0]
    assert first["makes_slo_possible"]
    assert first["least_replicas"] is not None
    assert "nothing does without" in page(told, "x").plain().replace("\n", " ")


def test_there_are_no_more_levers_than_the_progress_counts(told: dict[str, Any]) -> None:
    assert len(told["levers"]) <= LEVERS


@pytest.mark.parametrize("width", [40, 60, 80, 100])
def test_the_page_keeps_to_any_width(told: dict[str, Any], width: int) -> None:
    text = page(told, "Levers", width).plain()
    assert max(map(width_of, text.splitlines())) <= width
    assert "To repeat one by hand" in text


def test_a_smaller_model_and_a_share_as_a_user_writes_them() -> None:
    assert read_smaller("llama-3.1-8b:30%", load()) == ("llama-3.1-8b", 0.3)
    assert read_share("--cached", "0.25") == 0.25
    for text in ("llama-3.1-8b", "llama-9000:0.3", "llama-3.1-8b:2", "llama-3.1-8b:x"):
        with pytest.raises((ValueError, LookupError)):
            read_smaller(text, load())
    for text in ("0", "1", "100%", "", "nan", "inf"):
        with pytest.raises(ValueError, match="--cached"):
            read_share("--cached", text)


def test_a_fleet_that_scales_itself_is_refused() -> None:
    given = spec(slo={"ttft_p99_s": 1.0}, fleet__autoscale={"max_replicas": 4, "scale_up_at": 10})
    with pytest.raises(
        SpecError, match=r"fleet\.autoscale.*--levers compares fixed fleets: leave the autoscaler out"
    ):
        told_of(given, {})
