"""Measured runs nearby correct a replay, say so, narrow its interval, and can be switched off."""

from __future__ import annotations

from typing import Any

import pytest
from tests.unit.replay.specs import spec

from truecost.physics.nearby import Group, measured
from truecost.replay import replay
from truecost.report.replay_text import provider_words
from truecost.spec import SpecError

SETUP: dict[str, Any] = {
    "model": "llama-3.1-70b",
    "fleet": {"accelerator": "h200", "tensor_parallel_size": 2},
    "precision": {"weights": "fp8", "kv_cache": "fp8"},
}


def seen(**changes: Any) -> dict[str, Any]:
    """A setup that was measured: Llama 70B in FP8 on two H200, 16 at once."""
    made = spec(
        **SETUP,
        traffic={
            "synthetic": {
                "requests": 160,
                "input_tokens": 922,
                "output_tokens": 922,
                "arrival": {"concurrency": 16},
            }
        },
    )
    for path, value in changes.items():
        section, _, last = path.partition("__")
        made.setdefault(section, {})[last] = value
    return made


def test_a_measured_setup_is_corrected_to_near_its_measurement() -> None:
    groups = [group for group in measured() if group.chip == "h200" and group.engine == "vllm"]
    assert any(group.precision == "fp8" for group in groups)
    told, alone = (replay(seen(engine__corrected=on)).to_dict() for on in (True, False))
    near = told["provider"]["nearby"]
    assert near["is_near"]
    assert near["runs"] > 10
    assert told["tpot_mean_s"] / alone["tpot_mean_s"] == pytest.approx(near["steps"], rel=0.02)
    assert told["ttft_mean_s"] / alone["ttft_mean_s"] == pytest.approx(near["first_token"], rel=0.05)
    assert (
        told["tpot_mean_s_p95"] / told["tpot_mean_s_p5"] < alone["tpot_mean_s_p95"] / alone["tpot_mean_s_p5"]
    )


def test_the_page_says_that_it_is_an_interpolation() -> None:
    near, alone = (provider_words(replay(seen(engine__corrected=on)).provider) for on in (True, False))
    assert "an interpolation, no prediction" in near
    assert "interpolation" not in alone
    assert "chips it was not fitted on" in alone


def test_one_request_is_no_flood_and_few_are_no_more_at_once_than_they_are() -> None:
    lengths = {"input_tokens": 922, "output_tokens": 922}

    def provider(requests: int, arrival: dict[str, Any]) -> Any:
        made = {"synthetic": {"requests": requests, "arrival": arrival, **lengths}}
        return replay(spec(**SETUP, traffic=made)).provider

    alone = provider(1, {"rate_per_s": 1.0})
    assert alone == provider(1, {"all_at_once": True}) == provider(1, {"concurrency": 1})
    assert alone != provider(2, {"all_at_once": True})
    assert provider(4, {"concurrency": 4}) == provider(4, {"concurrency": 400})


def test_the_unseen_is_not_corrected() -> None:
    for changes in (
        {"fleet": {"accelerator": "mi300x", "tensor_parallel_size": 2}},
        {"engine": {"speculative": {"draft_tokens": 2}}},
        {"fleet": {"accelerator": "h200", "pipeline_parallel_size": 2}},
    ):
        nearby = replay(seen() | changes).provider["nearby"]
        assert nearby["weight"] == 0, changes
        assert nearby["steps"] == nearby["first_token"] == 1


def test_far_from_every_run_little_is_corrected_and_the_wide_interval_holds() -> None:
    made = seen()
    made["traffic"]["synthetic"] |= {"input_tokens": 100_000, "output_tokens": 20, "requests": 10}
    nearby = replay(made).provider["nearby"]
    assert nearby["runs"] > 10
    assert not nearby["is_near"]
    assert 0.97 < nearby["steps"] < 1.03


def test_measured_steps_are_not_corrected(tmp_path: Any) -> None:
    steps = tmp_path / "steps.csv"
    rows = [f"{p},{d},{d * 500},{0.01 + p * 1e-5 + d * 1e-4}" for p in (0, 100, 900) for d in (1, 8, 64)]
    steps.write_text("prefill_tokens,decode_sequences,context_tokens,seconds\n" + "\n".join(rows))
    with pytest.raises(SpecError, match="corrected"):
        replay(seen(engine={"step_times": str(steps), "corrected": False}))


def test_groups_are_told_apart_by_every_key() -> None:
    some = next(iter(measured()))
    assert some._replace(chip="abacus") not in measured()
    assert isinstance(some, Group)
