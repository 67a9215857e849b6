"""The share of peak of a plan's runs: as stated, by the law of a training step, or on record."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from tests.unit.plan.specs import AS_OF, changed, fleet, programme

import truecost
from truecost.catalog.catalog import load
from truecost.physics.goodput import CAUSES
from truecost.plan.programme.predicted_run import (
    MOST_CHIPS,
    ONE_NODE,
    Asked,
    Predicted,
    Unpredictable,
    dense_shape,
    predicted,
)
from truecost.plan.result import Result
from truecost.training import train

LLAMA = "meta-llama/Llama-3.1-70B"
LAW = "programme.training.by_law"
HOURS = "programme.final_run_chip_hours"
RECORD = "utilization/whole_run"
DRAWS = 512


def run(spec: dict[str, Any]) -> Result:
    return truecost.plan(spec, draws=DRAWS)


def lab(**training: Any) -> dict[str, Any]:
    stated = {"model": LLAMA, "tokens": 15e12, "chip": "h100-sxm", "chips": 4096, "usd_per_chip_hour": 2}
    stated |= training
    return programme(programme__training={name: v for name, v in stated.items() if v is not None})


def value(result: Result, key: str) -> Any:
    return np.asarray(result.evaluation.first.quantities[key].value)


def left_out(result: Result) -> dict[str, str]:
    return result.evaluation.first.left_out


def facts(result: Result) -> set[str]:
    return set(result.evaluation.first.facts)


def ask(model: str, chip: str = "h100-sxm", **asked: Any) -> Predicted | Unpredictable:
    catalog = load()
    question = Asked(**({"tokens": 15e12, "precision": "bf16", "year": 2026.5} | asked))
    return predicted(question, catalog.model(model), catalog.accelerator(chip))


def found(model: str = LLAMA, chip: str = "h100-sxm", **asked: Any) -> Predicted:
    answer = ask(model, chip, **asked)
    assert isinstance(answer, Predicted), answer
    return answer


def test_the_plan_takes_the_chip_hours_that_train_gives_and_its_interval() -> None:
    """One law behind both verbs: the medians are the same, and so are the ends of the interval."""
    spec = {
        "model": LLAMA,
        "cluster": {"accelerator": "h100-sxm", "count": 4096},
        "tokens": 15e12,
        "batch": {"sequence_length": 4096},
        "as_of": AS_OF,
    }
    told = train(spec).to_dict()
    drawn = np.quantile(value(truecost.plan(lab(), draws=4096), HOURS), [0.05, 0.5, 0.95])
    for mine, name in zip(drawn, ("chip_hours_p5", "chip_hours", "chip_hours_p95"), strict=True):
        assert mine == pytest.approx(told[name], rel=0.04), name
    kept = found(chips=4096.0)
    assert kept.losses["recovery"] > 0
    hours = np.median(value(run(lab()), f"{LAW}.step_share")) * kept.goodput / kept.factor
    assert hours == pytest.approx(kept.kept)


def test_stated_chip_hours_and_utilization_stay_as_stated() -> None:
    stated = run(lab(utilization=0.4))
    assert float(value(stated, HOURS)) == pytest.approx(
        float(value(stated, "programme.final_run_flops")) / (989.4e12 * 0.4 * 3600), rel=1e-3
    )
    recorded = run(lab(chip_hours=1e6))
    assert float(value(recorded, HOURS)) == 1e6
    for result in (stated, recorded):
        assert f"{LAW}.utilization" not in result.evaluation.first.quantities


def test_compute_alone_keeps_the_recorded_utilization_and_says_so() -> None:
    result = run(lab(model=None, tokens=None, flops=6e24))
    assert RECORD in facts(result)
    assert "recorded whole runs" in left_out(result)["programme.training.utilization"]
    assert f"{LAW}.utilization" not in result.evaluation.first.quantities


def test_the_law_replaces_the_record_in_the_assumptions() -> None:
    result = run(changed(lab(), programme__fine_tunes={}))
    assert RECORD not in facts(result)
    assert "law/engineering_factor/dense_known_chip" in facts(result)
    assert "programme.training.utilization" not in left_out(result)


def test_explain_shows_step_losses_factor_and_layout() -> None:
    tree = {node.key: node for _, node in run(lab()).explain(HOURS).walk()}
    step, kept = tree[f"{LAW}.step_share"], tree[f"{LAW}.goodput"]
    assert "4,096 chips" in step.how
    assert "tensor" in step.how
    assert "sequences of 4,096 tokens" in step.how
    for cause in ("stragglers", "checkpoints", "recovery"):
        assert cause in kept.how
    factor = tree[f"{LAW}.engineering_factor"].value
    assert factor["p5"] < 1.0 < factor["p50"] < 2 < factor["p95"]
    assert tree["law/engineering_factor/dense_known_chip"].confidence == "measured"
    beside = tree[f"{LAW}.lost_to_failures"]
    assert 0 < beside.value["p50"] < 0.1
    assert "training/restart_overhead_share" in {node.key for _, node in beside.walk()}


@pytest.mark.parametrize("covers", ["whole_run", "step"])
def test_restarts_are_counted_once(covers: str) -> None:
    """The law has its losses, the record too: no line of restarts where no utilization is stated."""
    for training in (lab(), lab(model=None, tokens=None, flops=6e24)):
        spec = changed(training, programme__training__utilization_covers=covers)
        result = run(spec)
        assert "training.restarts" not in {line.component for line in result.lines}
        assert any("utilization_covers" in warning for warning in result.warnings) == (covers == "step")


def test_only_the_factor_is_drawn_and_runs_of_a_plan_share_it() -> None:
    """Final run and fine-tune move together, as they did on the recorded utilization."""
    result = run(lab())
    tune = "programme.fine_tunes.safety.by_law"
    one, other = (value(result, f"{at}.engineering_factor") for at in (LAW, tune))
    assert np.corrcoef(np.log(one), np.log(other))[0, 1] == pytest.approx(1.0)
    for part in ("step_share", "goodput"):
        assert value(result, f"{LAW}.{part}").ndim == 0


def test_ranges_of_the_plan_leave_the_layout_alone() -> None:
    """The law is asked at the medians: a range of tokens scales chip-hours, and nothing else."""
    point, ranged = run(lab()), run(lab(tokens="7.5e12 .. 30e12", chips="2048 .. 8192"))
    for part in ("step_share", "goodput"):
        assert float(value(ranged, f"{LAW}.{part}")) == pytest.approx(float(value(point, f"{LAW}.{part}")))
    assert np.std(np.log(value(ranged, HOURS))) > np.std(np.log(value(point, HOURS)))


def test_what_if_moves_the_share_of_the_law() -> None:
    plain, better = run(lab()), run({**lab(), "what_if": [{"utilization": 1.25}]})
    assert np.median(value(better, HOURS)) == pytest.approx(np.median(value(plain, HOURS)) / 1.25)


def test_days_give_the_chips_and_neither_gives_those_of_a_usual_run() -> None:
    by_days, by_none = run(lab(chips=None, days=30)), run(lab(chips=None))
    assert np.median(value(by_days, "programme.final_run_chips")) == pytest.approx(
        np.median(value(by_days, HOURS)) / 720, rel=1e-6
    )
    assert "programme.training.chips" not in left_out(by_days)
    assert "45 days" in left_out(by_none)["programme.training.chips"]


def test_a_model_that_does_not_fit_is_answered_on_more_chips_with_a_warning() -> None:
    result = run(lab(chips=8, tokens=1e11))
    assert any("no layout" in told and "8 x" in told for told in result.statement()["warnings"])
    one = found(chips=8.0, tokens=1e11)
    assert one.setup.count > one.wanted_chips == 8


def test_parameters_stand_for_a_dense_shape() -> None:
    assert dense_shape(175e9).total_parameters == pytest.approx(175e9, rel=0.05)
    named, sized = run(lab()), run(lab(model=None, active_parameters=70e9))
    assert np.median(value(sized, HOURS)) == pytest.approx(np.median(value(named, HOURS)), rel=0.25)


@pytest.mark.parametrize(("chip", "precision"), [("h100-sxm", "int8"), ("a100-sxm-80", "fp8")])
def test_what_no_step_was_measured_in_keeps_the_record(chip: str, precision: str) -> None:
    assert isinstance(ask(LLAMA, chip, precision=precision), Unpredictable)
    result = run(lab(chip=chip, precision=precision))
    assert "by the law" in left_out(result)["programme.training.utilization"]
    assert RECORD in facts(result)


def test_fine_tunes_run_without_a_pipeline_on_few_nodes() -> None:
    for model, tokens in ((LLAMA, 2e8), ("meta-llama/Llama-3.1-405B", 2e9), ("llama-3.1-8b", 1e9)):
        one = found(model, tokens=tokens, is_tuning=True)
        assert one.setup.pipeline_parallel_size == 1
        assert ONE_NODE <= one.setup.count <= 256
    tune = {"model": LLAMA, "tokens": 2e8, "chip": "h100-sxm", "method": "lora"}
    result = run(changed(lab(), programme__fine_tunes={"answers": tune}))
    assert "adapters" in left_out(result)["programme.fine_tunes.answers.method"]


def test_distillation_takes_the_law_of_the_student() -> None:
    lever = {"student": "llama-3.1-8b", "share": 0.5, "training_tokens": 1e10}
    result = run(fleet(serving__chat__levers={"distillation": lever}))
    reached = value(result, "serving.chat.levers.distillation.by_law.utilization")
    assert 0.1 < np.median(reached) < 0.5


@pytest.mark.parametrize(
    ("model", "chip", "tokens", "chips"),
    [
        ("meta-llama/Llama-3.1-405B", "h100-sxm", 15.6e12, 16_384.0),
        (LLAMA, "h100-sxm", 15e12, 4096.0),
        (LLAMA, "a100-sxm-80", 2e12, 2048.0),
        ("deepseek-ai/DeepSeek-V3", "h800-sxm", 14.8e12, 2048.0),
        ("llama-3.1-8b", "h100-sxm", 15e12, 1024.0),
        (LLAMA, "tpu-v5p", 15e12, 4096.0),
    ],
)
def test_the_share_of_peak_stays_inside_the_record(
    model: str, chip: str, tokens: float, chips: float
) -> None:
    """In 16 bits the median lies within the 90 % range of recorded whole runs, 0.147 .. 0.444."""
    one = found(model, chip, tokens=tokens, chips=chips)
    assert 0.2 < one.kept < 0.4
    assert one.goodput == pytest.approx(1 - sum(one.losses.values()))
    assert set(one.losses) == set(CAUSES) - {"steps"}


def test_recorded_runs_lie_in_the_interval() -> None:
    """Chip-hours published with the models: Llama 3.1 405B 30.84 M, 70B 7.0 M of H100."""
    for model, tokens, chips, hours in (
        ("meta-llama/Llama-3.1-405B", 15.6e12, 16_384, 30.84e6),
        (LLAMA, 15e12, 8192, 7.0e6),
    ):
        low, high = np.quantile(value(run(lab(model=model, tokens=tokens, chips=chips)), HOURS), [0.05, 0.95])
        assert low < hours < high


def test_equal_questions_are_answered_once() -> None:
    assert found(chips=512.0) is found(chips=512.0)
    catalog = load()
    chip = catalog.accelerator("h100-sxm")
    slower = replace(
        chip, memory_bandwidth_bytes_per_s=replace(chip.memory_bandwidth_bytes_per_s, value=1e12)
    )
    other = predicted(Asked(15e12, "bf16", 2026.5, chips=512.0), catalog.model(LLAMA), slower)
    assert isinstance(other, Predicted)
    assert other.step_share < found(chips=512.0).step_share


def test_more_chips_than_any_layout_takes_are_no_error() -> None:
    one = ask("llama-3.1-8b", chips=1e8)
    assert isinstance(one, Unpredictable) or one.setup.count <= MOST_CHIPS
    assert math.isfinite(found("llama-3.1-8b", chips=1.0, tokens=1e9).kept)
