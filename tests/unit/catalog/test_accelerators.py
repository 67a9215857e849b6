"""Accelerators: complete facts, dense peaks, the figures everyone knows, and names that resolve."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import date

import pytest

from truecost.catalog.accelerators import (
    COMPUTED_AS,
    UNITS,
    Accelerator,
    accelerator,
    alias_index,
    load_accelerators,
    parse_accelerators,
)
from truecost.catalog.facts import Confidence, Fact
from truecost.catalog.names import UnknownName

CHIPS = list(load_accelerators().values())
each_chip = pytest.mark.parametrize("chip", CHIPS, ids=lambda chip: chip.key)

NEEDED = """
    v100-sxm-16 v100-sxm-32 p100-pcie-16 a100-sxm-40 a100-sxm-80 a100-pcie-40 a100-pcie-80 a10 a10g a30 a40
    t4 l4 l40 l40s h100-sxm h100-pcie h100-nvl h800 h20 h200 gh200 b100 b200 gb200 b300 gb300 rtx-3090
    rtx-4090 rtx-5090 rtx-a6000 rtx-6000-ada rtx-pro-6000 mi250 mi250x mi300x mi325x mi350x mi355x
    gaudi2 gaudi3 tpu-v2 tpu-v3 tpu-v4 tpu-v5e tpu-v5p tpu-v6e tpu-v7 trainium1 trainium2 trainium3
    inferentia2 groq-lpu cerebras-wse3 sambanova-sn40l
"""


STEPS = {
    "b300": {("fp8", "fp4"): 3.0},
    "gb300": {("fp8", "fp4"): 3.0},
    "rtx-5090": {("fp8", "fp4"): 4.0},
    "trainium3": {("bf16", "fp8"): 3.8},
}
"""Chips whose narrower units are more than twice as fast by design, not by sparsity."""


def value(fact: Fact | None) -> float:
    assert fact is not None
    assert isinstance(fact.value, float)
    return fact.value


def test_the_catalog_holds_the_chips_a_plan_may_name() -> None:
    assert set(NEEDED.split()) <= set(load_accelerators())


@each_chip
def test_every_fact_is_complete(chip: Accelerator) -> None:
    for fact in [*chip.facts(), *(other for others in chip.disagreements.values() for other in others)]:
        assert fact.key.startswith(f"accelerator/{chip.key}/")
        assert value(fact) > 0
        assert fact.unit in {*UNITS.values(), "OP/s"}
        assert len(fact.source) > 5
        assert date(2026, 1, 1) <= fact.checked <= date(2026, 12, 31)
        assert isinstance(fact.confidence, Confidence)
        assert not any(word in fact.source + fact.note for word in ("/work", "/tmp", "issue "))


@each_chip
def test_peaks_grow_as_precision_falls(chip: Accelerator) -> None:
    order = [name for name in ("fp32", "tf32", "bf16", "fp8", "fp4") if name in chip.peak_flops]
    rates = [value(chip.peak_flops[name]) for name in order]
    assert rates == sorted(rates)


@each_chip
def test_peaks_are_dense(chip: Accelerator) -> None:
    """A sparse figure among dense ones would break the steps from bf16 to fp8 to fp4."""
    rates = {name: value(fact) for name, fact in chip.peak_flops.items()}
    if "bf16" in rates and "fp16" in rates:
        assert rates["bf16"] == rates["fp16"]
    steps = {("bf16", "fp8"): 2.03, ("fp8", "fp4"): 2.03, **STEPS.get(chip.key, {})}
    for (wide, narrow), most in steps.items():
        if wide in rates and narrow in rates:
            assert 1 <= rates[narrow] / rates[wide] <= most


@each_chip
def test_sizes_are_plausible(chip: Accelerator) -> None:
    best = max(value(chip.peak_flops[name]) for name in ("bf16", "fp16") if name in chip.peak_flops)
    assert 1e13 < best < 2e16
    assert 1e8 < value(chip.memory_bytes) < 3e11
    assert 2e11 < value(chip.memory_bandwidth_bytes_per_s) < 3e16
    if chip.tdp_w is not None:
        assert 5e10 < best / value(chip.tdp_w) < 3e12
    if chip.scale_up_bytes_per_s is not None:
        assert 3e10 <= value(chip.scale_up_bytes_per_s) < 5e12
    assert 1 <= chip.chips_per_server <= 72
    assert chip.release is not None
    assert date(2016, 1, 1) < chip.release < date(2026, 11, 22)


@pytest.mark.parametrize(
    ("name", "attribute", "expected"),
    [
        ("h100-sxm", "bf16", 989.4e12),
        ("h100-sxm", "fp8", 1978.9e12),
        ("h100-sxm", "memory_bandwidth_bytes_per_s", 3.35e12),
        ("h100-sxm", "memory_bytes", 80e9),
        ("h100-sxm", "tdp_w", 700),
        ("h800", "scale_up_bytes_per_s", 400e9),
        ("h800", "bf16", 989.4e12),
        ("h20", "bf16", 148e12),
        ("h20", "fp8", 296e12),
        ("h20", "memory_bytes", 96e9),
        ("h20", "memory_bandwidth_bytes_per_s", 4e12),
        ("h200", "memory_bytes", 141e9),
        ("a100", "bf16", 312e12),
        ("a100", "memory_bandwidth_bytes_per_s", 2.039e12),
        ("v100", "fp16", 125e12),
        ("b200", "fp4", 9e15),
        ("gb200", "bf16", 2.5e15),
        ("gb300", "fp4", 15e15),
        ("mi300x", "bf16", 1307.4e12),
        ("mi300x", "fp8", 2614.9e12),
        ("mi355x", "fp8", 5033.2e12),
        ("tpu-v5p", "bf16", 459e12),
        ("tpu-v7", "fp8", 4614e12),
        ("trainium2", "bf16", 667e12),
        ("l40s", "fp8", 733e12),
        ("rtx-4090", "bf16", 165.2e12),
        ("gaudi2", "fp8", 865e12),
        ("groq-lpu", "memory_bytes", 230e6),
    ],
)
def test_known_figures(name: str, attribute: str, expected: float) -> None:
    chip = accelerator(name)
    fact = chip.peak_flops.get(attribute) or getattr(chip, attribute)
    assert value(fact) == pytest.approx(expected, rel=1e-3)


@pytest.mark.parametrize(
    ("spelling", "key"),
    [
        ("NVIDIA H100 SXM5 80GB", "h100-sxm"),
        ("h100", "h100-sxm"),
        ("H100_SXM", "h100-sxm"),
        ("DGX-H100", "h100-sxm"),
        ("nvidia-a100", "a100-sxm-80"),
        ("NVIDIA A100 SXM4 80 GB", "a100-sxm-80"),
        ("A100-40GB", "a100-sxm-40"),
        ("NVIDIA Tesla V100 DGXS 32 GB", "v100-sxm-32"),
        ("NVIDIA HGX H20", "h20"),
        ("NVIDIA H800 SXM5", "h800"),
        ("AMD Instinct MI300X 192GB HBM3", "mi300x"),
        ("Google TPU v6e Trillium", "tpu-v6e"),
        ("Ironwood", "tpu-v7"),
        ("Intel Habana Gaudi2", "gaudi2"),
        ("trn2", "trainium2"),
        ("RTXPRO6000", "rtx-pro-6000"),
        ("RTX4090", "rtx-4090"),
        ("b300_sxm", "b300"),
        ("NVIDIA GB300 (Blackwell Ultra)", "gb300"),
        ("TPU-v5p", "tpu-v5p"),
        ("CS-3", "cerebras-wse3"),
    ],
)
def test_aliases_resolve(spelling: str, key: str) -> None:
    assert accelerator(spelling).key == key


@each_chip
def test_every_alias_leads_to_its_chip_alone(chip: Accelerator) -> None:
    for spelling in (chip.key, chip.name, *chip.aliases):
        assert accelerator(spelling) is chip


def test_an_alias_of_two_chips_is_refused() -> None:
    first, second = CHIPS[:2]
    with pytest.raises(ValueError, match="stands for"):
        alias_index({"a": first, "b": replace(second, name=first.name)})


def test_an_unknown_chip_gives_the_nearest() -> None:
    with pytest.raises(UnknownName) as caught:
        accelerator("h100-smx")
    assert caught.value.nearest[0] == "h100-sxm"


@pytest.mark.parametrize(
    ("name", "precision", "rate"),
    [
        ("a100", "fp8", 312e12),
        ("a100", "fp4", 312e12),
        ("h100", "fp4", 1978.9e12),
        ("v100", "bf16", 125e12),
        ("tpu-v4", "fp8", 275e12),
        ("groq-lpu", "bf16", 188e12),
        ("a100", "int8", 624e12),
        ("tpu-v3", "fp16", 123e12),
    ],
)
def test_a_missing_precision_falls_back_to_wider_units(name: str, precision: str, rate: float) -> None:
    assert accelerator(name).dense_peak(precision) == rate


@each_chip
def test_narrower_numbers_are_never_slower(chip: Accelerator) -> None:
    assert chip.dense_peak("fp4") >= chip.dense_peak("fp8") >= chip.dense_peak("bf16")


def test_an_unknown_precision_is_refused() -> None:
    with pytest.raises(ValueError, match=r"unknown precision 'fp7'; one of bf16"):
        accelerator("h100").dense_peak("fp7")
    with pytest.raises(ValueError, match="no published rate for fp32"):
        accelerator("tpu-v4").dense_peak("fp32")
    assert set(COMPUTED_AS) >= {name for chip in CHIPS for name in chip.peak_flops}


@each_chip
def test_disagreements_really_disagree(chip: Accelerator) -> None:
    used = {fact.key.removeprefix(f"accelerator/{chip.key}/"): fact for fact in chip.facts()}
    for attribute, others in chip.disagreements.items():
        assert all(value(other) != value(used[attribute]) for other in others)


def test_a_known_contradiction_is_kept() -> None:
    others = accelerator("mi355x").disagreements["peak_flops/fp8"]
    assert [value(other) for other in others] == [4600e12]


GOOD = {
    "name": "X",
    "vendor": "V",
    "kind": "GPU",
    "chips_per_server": 8,
    "source": "S",
    "checked": "2026-11-22",
    "confidence": "quoted",
    "peak_flops": {"bf16": 1e14},
    "memory_bytes": "80e9",
    "memory_bandwidth_bytes_per_s": 1e12,
}


def test_a_chip_of_ones_own_parses() -> None:
    chip = parse_accelerators(
        {"chips": {"own": {**GOOD, "tdp_w": {"value": 300, "confidence": "measured"}}}}
    )["own"]
    assert (value(chip.memory_bytes), chip.memory_bytes.confidence) == (80e9, Confidence.QUOTED)
    assert chip.tdp_w is not None
    assert chip.tdp_w.confidence is Confidence.MEASURED
    assert chip.release is None


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"memory_bytes": -1}, "own: memory_bytes must be a positive number"),
        ({"memory_bytes": "much"}, "own: memory_bytes"),
        ({"memroy": 1}, "own: unknown memroy"),
        ({"peak_flops": {"bf61": 1e14}}, "own: unknown precision bf61"),
        ({"tdp_w": {"value": 300, "unit": "kW"}}, "own: tdp_w: unknown unit"),
        ({"checked": "yesterday"}, "own: peak_flops|own: memory"),
        ({"confidence": "sure"}, "sure"),
    ],
)
def test_a_faulty_chip_is_refused_by_name(change: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        parse_accelerators({"chips": {"own": {**GOOD, **change}}})


@pytest.mark.parametrize("part", ["source", "checked", "confidence", "memory_bytes", "peak_flops", "vendor"])
def test_a_chip_without_a_needed_part_is_refused(part: str) -> None:
    entry = {name: entry for name, entry in GOOD.items() if name != part}
    with pytest.raises(ValueError, match=f"own: {part} missing"):
        parse_accelerators({"chips": {"own": entry}})


def test_loading_is_fast() -> None:
    def once() -> float:
        load_accelerators.cache_clear()
        start = time.perf_counter()
        load_accelerators()
        return time.perf_counter() - start

    assert min(once() for _ in range(3)) < 0.1
