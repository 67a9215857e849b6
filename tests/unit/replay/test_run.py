"""From a spec to what users see: laws of the simulation, its intervals, its money, its faces."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose
from tests.unit.replay.specs import spec

from truecost.catalog.catalog import load
from truecost.physics.calibration import load_calibration
from truecost.replay import ReplayResult, replay
from truecost.replay.metrics import OUTPUTS, RANGED
from truecost.replay.provider import Law, Layout, Requested, prompt_attention

ONE = {"requests": 1, "input_tokens": 700, "output_tokens": 50, "arrival": {"all_at_once": True}}


@pytest.mark.parametrize("backend", ["vllm", "trtllm", "sglang"])
def test_a_single_request_takes_the_closed_form(backend: str) -> None:
    """First token: the prompt's step and the engine's own time; each further one a step of one answer.

    Both are delivered so many steps later.
    """
    told = replay(spec(traffic={"synthetic": ONE}, engine={"backend": backend, "corrected": False})).to_dict()
    layout = Layout(load().model("llama-3.1-8b"), load().accelerator("h100-sxm"))
    constants = load_calibration().serving_of(backend)
    law = Law(layout, constants, prompt_attention(layout, Requested(np.array([700.0]), np.array([50.0]))))
    first = law.seconds(np.array([700.0]), np.zeros(1), np.zeros(1))[0] + 700 * 701 / 2 * law.seconds_per_pair
    contexts = 700 + np.arange(1, 50.0)
    writing = law.seconds(np.zeros(49), np.ones(49), contexts).sum()
    delivery = constants.delivery_s(writing / 49)
    assert_allclose(told["ttft_mean_s"], first + constants.first_token_s + delivery, rtol=0.002)
    assert_allclose(told["tpot_mean_s"], writing / 49, rtol=0.002)
    assert_allclose(told["e2e_mean_s"], told["ttft_mean_s"] + 49 * told["tpot_mean_s"])
    assert told["makespan_s"] == pytest.approx(first + writing, rel=0.002)


def test_engines_differ_by_their_own_constants_and_sglang_by_its_scheduler() -> None:
    """Under load answers of SGLang stall while prompts run; those of the others share steps with them."""
    found = {
        backend: replay(
            spec(
                traffic__synthetic__arrival={"rate_per_s": 20.0},
                engine={"backend": backend, "corrected": False},
            )
        )
        for backend in ("vllm", "trtllm", "sglang")
    }
    for name, one in found.items():
        assert one.served == 200, name
        assert one.requests()["output_tokens"].sum() == 200 * 128
    totals = {name: one.answer.driven.ran for name, one in found.items()}
    assert totals["sglang"].steps > totals["vllm"].steps, "a prompt is a step of its own"
    assert found["sglang"].ttft_mean_s != found["trtllm"].ttft_mean_s != found["vllm"].ttft_mean_s


@pytest.fixture(scope="module")
def paced() -> ReplayResult:
    return replay(spec())


def test_every_output_is_there_and_intervals_hold_the_middle(paced: ReplayResult) -> None:
    told = paced.to_dict()
    assert set(OUTPUTS) <= set(told)
    for name in RANGED:
        if told[name] is not None and told[f"{name}_p5"] is not None:
            assert told[f"{name}_p5"] <= told[name] * (1 + 1e-9) <= told[f"{name}_p95"] * (1 + 1e-9), name
    assert told["ttft_p99_s_p5"] < 0.6 * told["ttft_p99_s"]
    assert told["tpot_mean_s_p95"] > 1.3 * told["tpot_mean_s"]


def test_requests_and_tokens_are_conserved(paced: ReplayResult) -> None:
    told, rows = paced.to_dict(), paced.requests()
    assert told["served"] == 200
    assert told["served"] + told["rejected"] + told["truncated"] + told["unfinished"] == 200
    assert rows["output_tokens"].sum() == 200 * 128
    assert (rows["queue_s"] >= 0).all()
    assert (rows["e2e_s"] >= rows["ttft_s"]).all()
    assert_allclose(told["output_tokens_per_s"], 200 * 128 / told["makespan_s"])
    assert sum(part["seconds"] for part in told["time_parts"]) == pytest.approx(told["makespan_s"])
    assert_allclose(sum(part["share"] for part in told["time_parts"]), 1.0)


def test_usd_are_chip_hours_times_their_price(paced: ReplayResult) -> None:
    told = paced.to_dict()
    assert_allclose(told["cost_usd"], 2.0 * told["makespan_s"] / 3600)
    assert_allclose(told["usd_per_request"], told["cost_usd"] / 200)
    assert_allclose(told["usd_per_million_output_tokens"], told["cost_usd"] / (200 * 128) * 1e6)
    assert_allclose(told["usd_per_million_tokens"], told["cost_usd"] / (200 * 640) * 1e6)


def test_slack_traffic_is_limited_by_itself_and_a_flood_is_not(paced: ReplayResult) -> None:
    assert paced.limited_by == "traffic"
    flood = {"requests": 600, "input_tokens": 512, "output_tokens": 128, "arrival": {"all_at_once": True}}
    few_seats = replay(spec(traffic={"synthetic": flood}, engine={"max_num_seqs": 8}))
    assert few_seats.limited_by == "max_num_seqs"
    little = replay(spec(traffic={"synthetic": flood}, engine={"gpu_memory_utilization": 0.25}))
    assert little.limited_by == "kv_cache"
    assert little.kv_peak_fraction <= 1


def test_concurrency_keeps_so_many_running() -> None:
    synthetic = {"requests": 120, "input_tokens": 256, "output_tokens": 64, "arrival": {"concurrency": 6}}
    found = replay(spec(traffic={"synthetic": synthetic}))
    rows = found.requests()
    ends = rows["arrival_s"] + rows["e2e_s"]
    at = np.sort(rows["arrival_s"])
    running = [np.sum((rows["arrival_s"] <= t) & (ends > t + 0.2)) for t in at]
    assert max(running) <= 6
    assert found.limited_by == "concurrency"


def test_more_replicas_do_not_make_the_tail_longer() -> None:
    synthetic = {
        "requests": 400,
        "input_tokens": "uniform 100..2000",
        "output_tokens": {"p50": 100, "p90": 300},
        "arrival": {"rate_per_s": 40},
    }
    tails = [
        replay(spec(traffic={"synthetic": synthetic}, fleet__replicas=count)).e2e_p99_s for count in (1, 2, 4)
    ]
    assert tails[1] <= tails[0] * 1.02
    assert tails[2] <= tails[1] * 1.02


def test_the_same_seed_the_same_answer_and_another_seed_another() -> None:
    one, again, other = (
        replay(
            spec(traffic__synthetic__seed=seed, traffic__synthetic__output_tokens="uniform 50..200")
        ).e2e_mean_s
        for seed in (1, 1, 2)
    )
    assert one == again != other


def test_drafting_with_good_guesses_is_faster() -> None:
    plain, drafted = (
        replay(spec(engine={"speculative": {"draft_tokens": tokens, "acceptance": 0.8}})).tpot_mean_s
        for tokens in (0, 3)
    )
    assert drafted < 0.75 * plain


@pytest.mark.parametrize(
    ("engine", "most"),
    [({"max_num_batched_tokens": 4096, "enable_chunked_prefill": False}, 4096), ({}, None)],
)
def test_a_longest_request_beyond_what_can_be_is_said(engine: dict[str, Any], most: int | None) -> None:
    result = replay(spec(engine=engine | {"max_model_len": 100_000_000}))
    most = most or result.kv_cache_tokens_per_replica
    assert result.engine["max_model_len"] == most
    assert any(f"{most:,} tokens count" in said for said in result.warnings)


def test_without_answers_or_further_tokens_a_result_still_says_what_it_is() -> None:
    one = replay(spec(traffic__synthetic__output_tokens=1, slo={"tpot_p99_s": 0.001, "ttft_p99_s": 9}))
    assert one.meets_slo
    assert "TPOT p99 unknown" in repr(one)
    none = replay(spec(engine={"max_model_len": 100}, slo={"tpot_p99_s": 1}))
    assert not none.meets_slo
    assert (none.rejected, none.limited_by) == (200, "max_model_len")
    assert "TTFT p99 unknown" in repr(none)


def test_measured_steps_stand_in_for_the_law(tmp_path: Path) -> None:
    rows = [
        f"{p},{d},0,{0.06 * (p > 0) + 0.025 * (d > 0)}" for p in (0, 8, 900) for d in (0, 1, 60) if p or d
    ]
    path = tmp_path / "steps.csv"
    path.write_text(
        "\n".join(["prefill_tokens,decode_sequences,context_tokens,seconds", *rows]), encoding="utf-8"
    )
    found = replay(spec(traffic={"synthetic": ONE}, engine={"step_times": str(path)}))
    assert found.provider["name"] == "measured steps"
    assert_allclose([found.ttft_mean_s, found.tpot_mean_s], [0.06, 0.025], rtol=1e-6)
    assert found.ttft_mean_s_p5 is None


def test_a_number_explains_itself(paced: ReplayResult) -> None:
    tree = paced.explain("usd_per_request")
    assert tree.value == paced.usd_per_request
    assert [child.key for child in tree.children] == ["cost_usd", "served"]
    with pytest.raises(KeyError, match="cost_usd"):
        paced.explain("costs_usd")


def test_an_slo_is_judged() -> None:
    easy, hard = (replay(spec(slo={"tpot_p99_s": limit})) for limit in (10.0, 1e-4))
    assert easy.meets_slo
    assert not hard.meets_slo
    assert easy.goodput_fraction == 1
    assert hard.slo[0]["over"] > 1
