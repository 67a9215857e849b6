"""The file of constants: each with its unit and range, those of engines by name, faults named."""

from __future__ import annotations

import tomllib
from dataclasses import fields
from importlib.resources import files

import pytest

from truecost.physics.calibration import (
    ENGINE,
    ENGINES,
    OF_ENGINE,
    SEEN,
    ServingConstants,
    constant_names,
    load_calibration,
    read_calibration,
)

TEXT = (files("truecost.physics") / "calibration.toml").read_text(encoding="utf-8")


def test_every_constant_has_a_unit_a_meaning_and_a_range_around_its_value() -> None:
    calibration = load_calibration()
    for constant in calibration.serving_constants.values():
        assert constant.unit
        assert constant.meaning
        if constant.range_90 is not None:
            assert constant.range_90.low < constant.value < constant.range_90.high
    assert calibration.residual_90.low < 1 < calibration.residual_90.high


def test_an_engines_constants_are_its_own_and_the_rest_are_shared() -> None:
    calibration = load_calibration()
    every = {engine: calibration.serving_of(engine) for engine in ENGINES}
    for field in fields(ServingConstants):
        values = {getattr(of, field.name) for of in every.values()}
        assert len(values) == (len(ENGINES) if field.name in OF_ENGINE else 1), field.name
    for engine, of in every.items():
        for name in OF_ENGINE:
            assert getattr(of, name) == calibration.serving_constants[f"{name}.{engine}"].value
    assert calibration.serving == every[ENGINE]
    with pytest.raises(KeyError):
        calibration.serving_of("ollama")


def test_names_with_a_dot_are_one_key_of_the_file() -> None:
    """Quoted, `[serving.constants."first_token_s.vllm"]`: not a table within a table."""
    constants = tomllib.loads(TEXT)["serving"]["constants"]
    assert set(constants) == set(constant_names())
    assert {f"{name}.{engine}" for name in OF_ENGINE for engine in ENGINES} <= set(constants)
    with pytest.raises(ValueError, match=r"first_token_s, first_token_s\.vllm$"):
        read_calibration(TEXT.replace('"first_token_s.vllm"', "first_token_s.vllm"))


def test_each_quantity_of_the_simulation_has_its_residual_and_a_narrower_one_where_it_is_seen() -> None:
    residuals = load_calibration().serving_residuals
    simulated = {"tpot", "ttft", "throughput", "e2e"}
    assert set(residuals) == simulated | {f"{name}{SEEN}" for name in simulated} | {"replica_seconds"}
    for name, residual in residuals.items():
        assert residual.range_90.low < 1 < residual.range_90.high, name
        assert 0.85 < residual.coverage <= 1, name
        assert 0 < residual.mean_error < 1, name
    for name in simulated:
        seen, left_out = residuals[f"{name}{SEEN}"], residuals[name]
        assert seen.mean_error < left_out.mean_error, name
        assert seen.range_90.high / seen.range_90.low < left_out.range_90.high / left_out.range_90.low, name


def test_the_power_of_serving_chips_has_a_section_of_its_own() -> None:
    power = load_calibration().serving_power
    for name, constant in power.constants.items():
        assert getattr(power.law, name) == constant.value
        assert constant.range_90 is not None
        assert constant.range_90.low < constant.value < constant.range_90.high
    assert power.residual.range_90.low < 1 < power.residual.range_90.high
    assert 0 < power.law.idle_share < power.law.idle_share + power.law.memory_share < 1
    assert power.law.memory_share < power.law.arithmetic_share
    with pytest.raises(ValueError, match=r"constants of power: idle_share, lazy_share$"):
        read_calibration(TEXT.replace("constants.idle_share", "constants.lazy_share"))


@pytest.mark.parametrize("name", ["memory_efficiency", "sequence_latency_s.sglang", "delivery_steps"])
def test_a_missing_constant_is_named(name: str) -> None:
    quoted = f'"{name}"' if "." in name else name
    head = f"[serving.constants.{quoted}]"
    before, _, after = TEXT.partition(head)
    assert after, "in the file as it is"
    without = before + after[after.index("[") :]
    with pytest.raises(ValueError, match=f"constants: {name.replace('.', '[.]')}$"):
        read_calibration(without)


def test_an_unknown_constant_and_a_renamed_one_are_named() -> None:
    with pytest.raises(ValueError, match=r"constants: cash_efficiency$"):
        read_calibration(
            TEXT + '\n[serving.constants.cash_efficiency]\nvalue = 1\nunit = "1"\nmeaning = "x"\n'
        )
    with pytest.raises(ValueError, match=r"first_token_s\.ollama, first_token_s\.trtllm$"):
        read_calibration(TEXT.replace("first_token_s.trtllm", "first_token_s.ollama"))


def test_a_calibration_without_constants_names_all_of_them() -> None:
    tables = ("[serving]", 'fitted_on = "x"', "[serving.constants]", "[serving.residuals]", "[reliability]")
    with pytest.raises(ValueError, match="missing or unknown") as refused:
        read_calibration("\n".join(("checked = 2026-01-01", *tables)))
    assert all(name in str(refused.value) for name in constant_names())
