"""Batches that suit the chips: what is left out is chosen, what is stated is answered with what would do."""

from __future__ import annotations

import pytest

import truecost
from truecost.physics.training_step.setup import Setup
from truecost.spec import SpecError
from truecost.training.batches import copies, suited


def run_on(count: int, accelerator: str = "h100", **more: object) -> truecost.training.TrainResult:
    return truecost.train(
        {
            "as_of": "2026-11-22",
            "model": "llama-3.1-8b",
            "cluster": {"accelerator": accelerator, "count": count},
            **more,
        }
    )


@pytest.mark.parametrize("count", [8, 24, 40, 56, 88, 104, 152, 208, 328, 344, 472, 480])
def test_a_batch_left_out_suits_any_number_of_servers(count: int) -> None:
    run = run_on(count)
    assert run.fits
    assert run.layout["global_batch_size"] % run.layout["data_parallel_size"] == 0
    assert 0.75 < run.layout["global_batch_size"] / 512 < 1.25


def test_powers_of_two_keep_the_batch_of_the_law() -> None:
    assert run_on(64).layout["global_batch_size"] == 512
    said = next(one for one in run_on(24).assumptions if one["field"] == "batch.global_batch_size")
    assert (said["value"], "512 does not suit 24 chips" in said["reason"]) == (504, True)


def test_a_stated_micro_batch_divides_the_batch_left_out() -> None:
    batch = run_on(24, batch={"micro_batch_size": 3}).layout["global_batch_size"]
    assert batch % (24 * 3) == 0


def test_a_stated_batch_that_suits_no_layout_is_answered_with_what_would_do() -> None:
    with pytest.raises(SpecError) as refused:
        run_on(24, batch={"global_batch_size": 512})
    said = str(refused.value)
    assert "batch.global_batch_size 504 or 528, or cluster.count 16 or 32 would do" in said
    assert run_on(24, batch={"global_batch_size": 504}).fits
    assert run_on(32, batch={"global_batch_size": 512}).fits


def test_copies_leave_groups_that_hold_a_model() -> None:
    from truecost.catalog.accelerators import accelerator
    from truecost.catalog.models import model

    setup = Setup(model("llama-3.1-8b"), accelerator("h100-sxm"), 24, 512, 1, 4096)
    assert copies(setup) == [3, 6, 12, 24]
    assert suited(setup, 512) == 504
