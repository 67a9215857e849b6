"""Recorded runs against the law: implied shares of peak, what was expected, where the chip-hours went."""

from __future__ import annotations

from pathlib import Path

import pytest

from truecost.spec import SpecError
from truecost.training.record import RecordedRun, from_record

HEAD = "run,model,active_parameters,tokens,accelerator,count,chip_hours,days"


def recorded(tmp_path: Path, *rows: str, head: str = HEAD) -> list[RecordedRun]:
    path = tmp_path / "runs.csv"
    path.write_text("\n".join([head, *rows]) + "\n", encoding="utf-8")
    return from_record(path, {"as_of": "2026-11-22"})


def test_the_implied_share_of_peak_is_flops_over_chip_hours_at_peak(tmp_path: Path) -> None:
    (run,) = recorded(tmp_path, "A,,70e9,1e12,h100-sxm,,1e6,")
    assert run.implied_mfu == pytest.approx(6 * 70e9 * 1e12 / (1e6 * 3600 * 989.4e12), rel=1e-3)
    assert run.predicted_chip_hours is None
    assert "shape" in run.error


def test_causes_add_up_to_the_recorded_chip_hours(tmp_path: Path) -> None:
    (run,) = recorded(tmp_path, "A,llama-3.1-8b,,1e12,h100-sxm,64,1e5,")
    assert run.chip_hours_by_cause is not None
    assert sum(run.chip_hours_by_cause.values()) == pytest.approx(run.chip_hours)
    at_peak = run.chip_hours_by_cause["model FLOPs at peak"]
    assert at_peak / 1e5 == pytest.approx(run.implied_mfu)
    assert run.expected_mfu == pytest.approx(run.implied_mfu * run.recorded_over_predicted)
    assert run.is_layout_chosen


def test_days_on_chips_are_chip_hours(tmp_path: Path) -> None:
    by_days, by_hours = recorded(
        tmp_path, "A,llama-3.1-8b,,1e12,h100-sxm,64,,20", f"B,llama-3.1-8b,,1e12,h100-sxm,64,{64 * 20 * 24},"
    )
    assert by_days.implied_mfu == pytest.approx(by_hours.implied_mfu)


def test_a_stated_layout_is_taken(tmp_path: Path) -> None:
    (run,) = recorded(
        tmp_path,
        "A,llama-3.1-8b,1e12,h100-sxm,64,1e5,2,32,4096,256",
        head="run,model,tokens,accelerator,count,chip_hours,tensor_parallel_size,data_parallel_size,"
        "batch.sequence_length,global_batch_size",
    )
    assert not run.is_layout_chosen
    assert run.layout == "tensor 2, data 32, zero-1"


def test_a_run_that_cannot_be_read_says_why(tmp_path: Path) -> None:
    good, unknown, empty = recorded(
        tmp_path,
        "A,llama-3.1-8b,,1e12,h100-sxm,8,1e5,",
        "B,lama,,1e12,h100-sxm,8,1e5,",
        "C,llama-3.1-8b,,1e12,h100,8,,",
    )
    assert good.error == ""
    assert "unknown model" in unknown.error
    assert "chip_hours" in empty.error


def test_an_unknown_column_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="did you mean 'chip_hours'"):
        recorded(tmp_path, "1", head="chip_hour")


MINIMUM = "model,tokens,accelerator,chip_hours"


def test_the_documented_minimum_implies_a_share_and_names_the_number_of_chips(tmp_path: Path) -> None:
    (run,) = recorded(tmp_path, "llama-3.1-8b,15e12,h100,1.46e6", head=MINIMUM)
    assert run.implied_mfu == pytest.approx(0.14, abs=0.01)
    assert run.recorded_over_predicted is not None
    assert any(said.startswith("count: 1,024") for said in run.assumed)


def test_a_model_known_by_its_parameters_is_predicted_as_a_dense_one(tmp_path: Path) -> None:
    head = "run,model,parameters,active_parameters,tokens,accelerator,count,chip_hours"
    dense, routed = recorded(
        tmp_path,
        "B,,176e9,176e9,366e9,a100-sxm-80,384,1.083e6",
        "M,,600e9,37e9,14e12,h800,2048,2.8e6",
        head=head,
    )
    assert dense.predicted_chip_hours is not None
    assert "dense one of 176 B parameters" in dense.assumed[0]
    assert routed.implied_mfu is not None
    assert routed.predicted_chip_hours is None
    assert "no prediction: the shape" in routed.error


def test_a_column_of_two_fields_is_the_one_nearest_the_top() -> None:
    from truecost.training.record import short_names

    assert short_names()["precision"] == "precision"
    assert short_names()["epochs"] == "epochs"
    assert short_names()["count"] == "cluster.count"


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("llama-3.1-8b,15e12,h100,1.46e3", "chip_hours: implies an MFU of 13,9"),
        ("llama-3.1-8b,15e12,h100,1.46e3", "is it in thousands?"),
        ("llama-3.1-8b,15e12,h100,60e3", "chip-days"),
        ("llama-3.1-8b,15e12,h1000,1.46e6", "accelerator: unknown accelerator 'h1000'"),
        ("lama-3.1-8b,15e12,h100,1.46e6", "model: unknown model 'lama-3.1-8b'; did you mean"),
        ("llama-3.1-8b,,h100,1.46e6", "tokens: needed"),
        ("llama-3.1-8b,15e12,h100,many", "chip_hours: "),
        ("llama-3.1-8b,15e12,h100", "cells for 4 columns"),
    ],
)
def test_a_refused_run_names_line_and_column(tmp_path: Path, row: str, said: str) -> None:
    (run,) = recorded(tmp_path, row, head=MINIMUM)
    assert run.is_refused
    assert f"{tmp_path / 'runs.csv'}:2: " in run.error
    assert said in run.error


def test_a_precision_the_chip_lacks_is_refused_as_in_train(tmp_path: Path) -> None:
    (run,) = recorded(tmp_path, "llama-3.1-8b,1e12,a100-sxm-80,1e5,fp8", head=f"{MINIMUM},precision")
    assert run.is_refused
    assert "a100-sxm-80 has no fp8 units; did you mean 'bf16'?" in run.error


def test_a_run_without_a_legal_layout_still_implies_a_share(tmp_path: Path) -> None:
    (run,) = recorded(
        tmp_path,
        "llama-3.1-8b,1e12,h100,1e5,64,3",
        head=f"{MINIMUM},count,tensor_parallel_size",
    )
    assert run.implied_mfu is not None
    assert run.predicted_chip_hours is None
    assert "no prediction: " in run.error
