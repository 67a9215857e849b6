"""One run: what the answer has to satisfy, whatever the constants of the law are."""

from __future__ import annotations

import math
from datetime import date
from pathlib import Path

import pytest
from tests.unit.training.specs import spec

import truecost
from truecost.catalog.models import model
from truecost.physics.flops import training_flops
from truecost.training.estimate import OUTPUTS, RANGED

ROOT = Path(__file__).parents[3]


def told(**changes):
    return truecost.train(spec(**changes)).to_dict()


def test_every_output_of_the_question_is_there_with_its_interval() -> None:
    answer = told()
    for name in OUTPUTS:
        assert name in answer
    for name in RANGED:
        assert answer[f"{name}_p5"] <= answer[name] <= answer[f"{name}_p95"]
    assert answer["limited_by"] in {one["limit"] for one in answer["limits"]}


def test_rates_shares_and_totals_agree_with_one_another() -> None:
    answer = told()
    tokens = 256 * 4096
    assert answer["tokens_per_s"] == pytest.approx(tokens / answer["step_time_s"])
    assert answer["tokens_per_s_per_chip"] == pytest.approx(answer["tokens_per_s"] / 64)
    assert sum(answer["step_parts_s"].values()) == pytest.approx(answer["step_time_s"])
    assert sum(answer["memory_parts_bytes"].values()) == pytest.approx(answer["memory_bytes_per_chip"])
    assert sum(one["share"] for one in answer["limits"]) == pytest.approx(1)
    shares = answer["run"]["shares_of_chip_hours"]
    assert sum(shares.values()) == pytest.approx(1)
    assert shares["steps"] == pytest.approx(answer["goodput"])
    assert answer["chip_hours"] == pytest.approx(answer["days"] * 24 * 64)
    hours = answer["run"]["tokens"] / tokens * answer["step_time_s"] * 64 / 3600
    assert answer["chip_hours"] == pytest.approx(hours / answer["goodput"])


def test_mfu_counts_6nd_and_causal_attention_and_nothing_recomputed() -> None:
    answer, full = told(recompute="none"), told(recompute="full")
    flops = training_flops(model("llama-3.1-8b"), 256 * 4096, 4096)
    peak = 989.4e12
    assert answer["mfu"] == pytest.approx(flops / (answer["step_time_s"] * 64 * peak), rel=1e-3)
    assert answer["hfu"] == pytest.approx(answer["mfu"])
    assert full["hfu"] / full["mfu"] == pytest.approx(4 / 3, rel=0.05)


def test_energy_is_power_times_time_and_carbon_energy_times_the_grid() -> None:
    answer = told(site={"pue": 1.2, "kgco2e_per_kwh": 0.5})
    watts = answer["rates"]["watts_per_chip"]
    assert 500 < watts < 1275
    assert answer["energy_kwh"] == pytest.approx(answer["chip_hours"] * watts / 1000 * 1.2)
    assert answer["co2e_kg"] == pytest.approx(0.5 * answer["energy_kwh"])


def test_a_lower_power_cap_draws_less_and_takes_longer() -> None:
    usual, capped = told(), told(power_cap_w=400)
    assert capped["rates"]["watts_per_chip"] < usual["rates"]["watts_per_chip"]
    assert capped["step_time_s"] > usual["step_time_s"]


def test_cost_is_chip_hours_times_price_and_carries_its_range() -> None:
    plain, ranged = told(), told(price={"usd_per_chip_hour": "1 .. 4"})
    assert plain["cost_usd"] == pytest.approx(2 * plain["chip_hours"])
    assert ranged["cost_usd"] == pytest.approx(plain["cost_usd"])
    assert ranged["cost_usd_p95"] > plain["cost_usd_p95"]
    wider = math.hypot(math.log(2), math.log(plain["cost_usd_p95"] / plain["cost_usd"]))
    assert math.log(ranged["cost_usd_p95"] / ranged["cost_usd"]) == pytest.approx(wider)


def test_rent_cloud_and_own_are_three_prices() -> None:
    rent, cloud, own = (told(price={"basis": basis}) for basis in ("rent", "cloud", "own"))
    assert own["cost_usd"] < rent["cost_usd"] < cloud["cost_usd"]
    assert own["rates"]["usd_per_kwh"] > 0
    assert rent["rates"]["usd_per_kwh"] == 0


def test_a_chip_without_a_price_has_no_cost_and_says_so() -> None:
    result = truecost.train(spec(price=None), as_of=date(2015, 1, 1))
    answer = result.to_dict()
    assert answer["cost_usd"] is None
    assert "h100-sxm" in answer["unknown"]["cost_usd"]
    assert answer["chip_hours"] > 0


@pytest.mark.parametrize("written", ["50 GB/s", "400 Gb/s", 50e9, "0.05 TB/s"])
def test_a_network_is_written_in_bytes_or_bits(written: object) -> None:
    assert told(cluster__inter_node=written)["step_time_s"] == told()["step_time_s"]


@pytest.mark.parametrize("name", ["H100", "h100_sxm", "NVIDIA H100 SXM5 80GB"])
def test_a_chip_has_other_names(name: str) -> None:
    assert told(cluster__accelerator=name)["accelerator"] == "h100-sxm"


def test_a_model_is_a_name_a_config_or_a_file(tmp_path: Path) -> None:
    config = {
        "hidden_size": 4096,
        "num_hidden_layers": 32,
        "num_attention_heads": 32,
        "num_key_value_heads": 8,
        "intermediate_size": 14336,
        "vocab_size": 128256,
        "gated_mlp": True,
        "tie_word_embeddings": False,
    }
    path = tmp_path / "config.json"
    path.write_text(__import__("json").dumps(config))
    by_name = told()["step_time_s"]
    assert told(model=config)["step_time_s"] == pytest.approx(by_name)
    assert told(model=str(path))["step_time_s"] == pytest.approx(by_name)


def test_one_size_of_a_named_model_can_be_changed() -> None:
    wider = truecost.train(spec(), sets=["model.intermediate_size=28672"]).to_dict()
    assert wider["parameters"] > 1.5 * told()["parameters"]


def test_data_parallelism_follows_from_the_count() -> None:
    assert told(parallelism__data_parallel_size=None)["layout"]["data_parallel_size"] == 16


def test_what_is_left_out_is_named() -> None:
    given = {"model": "llama-3.1-8b", "cluster": {"accelerator": "h100", "count": 8}, "as_of": "2026-11-22"}
    answer = truecost.train(given).to_dict()
    named = {one["field"] for one in answer["assumptions"]}
    assert named >= {
        "tokens",
        "batch.sequence_length",
        "batch.global_batch_size",
        "parallelism",
        "batch.micro_batch_size",
        "recompute",
        "stack",
        "cluster.per_node",
        "price.usd_per_chip_hour",
        "site.pue",
    }
    assert answer["fits"]
    price = next(one for one in answer["assumptions"] if one["field"] == "price.usd_per_chip_hour")
    assert "checked" in price["source"]
    assert all(one["reason"] for one in answer["assumptions"])


def test_nothing_is_assumed_where_everything_is_said() -> None:
    said = spec(
        parallelism__context_parallel_size=1,
        parallelism__expert_parallel_size=1,
        parallelism__virtual_pipeline_size=1,
        site={"pue": 1.1, "kgco2e_per_kwh": 0.4},
    )
    assert truecost.train(said).to_dict()["assumptions"] == []


def test_recomputation_left_out_is_the_least_that_fits() -> None:
    small = told(recompute=None)
    large = truecost.train(
        spec(
            model="llama-3.1-70b",
            parallelism__tensor_parallel_size=8,
            parallelism__data_parallel_size=4,
            recompute=None,
            batch__sequence_length=8192,
            batch__micro_batch_size=4,
        )
    ).to_dict()
    assert small["layout"]["recompute"] == "none"
    assert large["layout"]["recompute"] != "none"
    assert large["fits"]


def test_a_left_out_micro_batch_is_the_fastest_that_fits() -> None:
    chosen = told(batch__micro_batch_size=None)
    stated = [told(batch__micro_batch_size=size) for size in (1, 2, 4, 8)]
    assert chosen["step_time_s"] == min(one["step_time_s"] for one in stated if one["fits"])


def test_operations_move_the_run_and_not_the_step() -> None:
    usual, brittle = told(), told(operations={"interruptions_per_chip_year": 5})
    assert brittle["step_time_s"] == usual["step_time_s"]
    assert brittle["goodput"] < usual["goodput"]
    assert brittle["run"]["interruptions"] > usual["run"]["interruptions"]


def test_a_number_explains_itself_down_to_the_price() -> None:
    result = truecost.train(spec(price=None))
    tree = result.explain("cost_usd").to_dict()
    hours, price, _ = tree["inputs"]
    assert (hours["key"], price["key"]) == ("chip_hours", "rates.usd_per_chip_hour")
    assert "http" in price["source"]
    assert tree["value"] == result.cost_usd
    with pytest.raises(KeyError, match="did you mean"):
        result.explain("costs_usd")


def test_the_result_is_frozen_and_tells_itself() -> None:
    result = truecost.train(spec())
    result.to_dict()["layout"]["stack"] = "changed"
    assert result.layout["stack"] == "megatron"
    assert "llama-3.1-8b" in repr(result)
    assert "Where the time" in result._repr_html_()
    with pytest.raises(AttributeError, match="no 'price'"):
        _ = result.price


@pytest.mark.parametrize("name", ["llama-3.1-405b", "llama-3.1-8b"])
def test_the_examples_fit_and_take_a_plausible_time(name: str) -> None:
    result = truecost.train(ROOT / "examples" / f"{name}.yaml")
    assert result.fits
    assert 0.15 < result.mfu < 0.6
    assert 5 < result.days < 365
