"""The table of measured training steps: whole, possible, of known models and chips, and converted rightly.

The conversions are checked against a second figure that the same source states of the same run.
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Callable
from datetime import date
from importlib.resources import files
from math import isclose
from pathlib import Path

import pytest

from truecost.catalog import load

SCRIPTS = Path(__file__).parents[3] / "scripts"
sys.path.insert(0, str(SCRIPTS))

from training_tables import (  # noqa: E402
    fms_fsdp,
    korthikanti,
    maxtext,
    mfu_points,
    mosaic,
    nanotron,
    narayanan,
    schema,
    vtrain,
)

DATA = files("truecost.evidence") / "data"
Row = dict[str, str]
SIZES = (
    "hidden_size",
    "num_hidden_layers",
    "num_attention_heads",
    "num_key_value_heads",
    "intermediate_size",
    "vocab_size",
    "head_dim",
)
CHOICES = {
    "stack": {"megatron", "megatron-deepspeed", "fsdp", "torchtitan", "maxtext", "nanotron"},
    "precision": {"bf16", "fp16", "fp8", "mxfp8", "nvfp4"},
    "sharding": {"", "zero-0", "zero-1", "zero-2", "zero-3", "hsdp"},
    "recompute": {"", "none", "selective", "full"},
    "attention": {"", "flash", "unfused"},
    "sequence_parallel": {"", "true", "false"},
}
A100_PEAK = 312e12


def table(name: str) -> list[Row]:
    return list(csv.DictReader((DATA / name).read_text(encoding="utf-8").splitlines()))


ROWS = table("training_steps.csv")
USED = [row for row in ROWS if not row["left_out"]]


def of(dataset: str, **cells: str) -> list[Row]:
    rows = [row for row in ROWS if row["dataset"] == dataset]
    return [row for row in rows if all(row[name] == value for name, value in cells.items())]


def seconds(row: Row) -> float:
    return float(row["step_time_s"])


def number(row: Row, name: str) -> int:
    return int(row[name])


def close(value: float, stated: float, within: float = 0.02) -> bool:
    return isclose(value, stated, rel_tol=within)


def chip_flops_per_s(row: Row, flops_per_token: float) -> float:
    tokens = number(row, "global_batch_size") * number(row, "sequence_length")
    return flops_per_token * tokens / (seconds(row) * number(row, "count"))


def test_the_table_has_the_schema_and_the_datasets() -> None:
    assert tuple(ROWS[0]) == schema.COLUMNS
    counts = {name: len(of(name)) for name in dict.fromkeys(row["dataset"] for row in ROWS)}
    expected = {
        "vtrain-single": 474,
        "vtrain-multi": 54,
        "narayanan-1": 10,
        "narayanan-2": 12,
        "korthikanti": 8,
        "mosaic": 216,
        "fms-fsdp": 8,
        "nanotron": 26,
        "maxtext": 51,
        "mfu-points": 6,
    }
    assert {name: counts.get(name) for name in expected} == expected


@pytest.mark.parametrize("name", CHOICES)
def test_words_are_of_the_schema(name: str) -> None:
    assert {row[name] for row in ROWS} <= CHOICES[name]


def test_every_model_and_chip_is_in_the_catalog() -> None:
    catalog = load()
    for name in {row["model"] for row in ROWS} - {""}:
        assert catalog.model(name).name == name
    for name in {row["accelerator"] for row in ROWS}:
        assert catalog.accelerator(name).key == name


def test_sizes_are_given_whole_or_by_a_model() -> None:
    for row in ROWS:
        given = [bool(row[name]) for name in SIZES]
        assert all(given) != bool(row["model"]), row
        assert any(given) == all(given), row
        assert (row["gated_mlp"] in {"true", "false"}) == all(given), row


def test_degrees_multiply_to_the_chips() -> None:
    for row in USED:
        degrees = [row[f"{kind}_parallel_size"] for kind in ("tensor", "pipeline", "context", "data")]
        if not all(degrees):
            assert row["note"], row
            continue
        tensor, pipeline, context, data = map(int, degrees)
        assert tensor * pipeline * context * data == number(row, "count"), row


def test_batches_are_whole_micro_batches() -> None:
    for row in USED:
        if row["micro_batch_size"] and row["data_parallel_size"]:
            chunk = number(row, "micro_batch_size") * number(row, "data_parallel_size")
            assert number(row, "global_batch_size") % chunk == 0, row


def test_pipelines_of_virtual_stages_divide_the_layers() -> None:
    for row in USED:
        chunks = int(row["virtual_pipeline_size"] or 1)
        if chunks > 1 and row["num_hidden_layers"]:
            assert number(row, "num_hidden_layers") % (chunks * number(row, "pipeline_parallel_size")) == 0, (
                row
            )


def test_what_is_not_stated_is_said_in_the_note() -> None:
    wanted = ("micro_batch_size", "recompute", "sharding", "virtual_pipeline_size", "tensor_parallel_size")
    for row in USED:
        if not all(row[name] for name in wanted):
            assert "not stated" in row["note"] or "not given" in row["note"], row


def test_every_row_left_out_says_why() -> None:
    reasons = {row["left_out"] for row in ROWS} - {""}
    assert reasons
    assert all(len(reason.split()) >= 3 for reason in reasons)


def test_every_source_is_cited() -> None:
    sources = {row["key"]: row for row in table("sources.csv")}
    for key in {row["source"] for row in ROWS}:
        assert sources[key]["licence"]
        assert sources[key]["citation"]
        date.fromisoformat(sources[key]["checked"])


def test_no_step_is_faster_than_its_chips() -> None:
    catalog = load()
    for row in USED:
        model = row["model"]
        matrices = catalog.model(model).active_parameters if model else counted_matrices(row)
        multiplied = {"mxfp8": "fp8", "nvfp4": "fp4"}.get(row["precision"], row["precision"])
        peak = catalog.accelerator(row["accelerator"]).dense_peak(multiplied)
        share = chip_flops_per_s(row, 6 * matrices) / peak
        assert 0.001 < share < 0.85, (share, row)


def counted_matrices(row: Row) -> int:
    hidden, head_dim = number(row, "hidden_size"), number(row, "head_dim")
    heads, pairs = number(row, "num_attention_heads"), number(row, "num_key_value_heads")
    feed_forward = (3 if row["gated_mlp"] == "true" else 2) * hidden * number(row, "intermediate_size")
    attention = 2 * hidden * head_dim * (heads + pairs)
    return number(row, "num_hidden_layers") * (attention + feed_forward) + number(row, "vocab_size") * hidden


def gpt_flops_per_token(row: Row) -> float:
    """Model FLOP of a GPT a token: matrices, head, attention in full."""
    width, layers = number(row, "hidden_size"), number(row, "num_hidden_layers")
    return 6 * counted_matrices(row) + 12 * layers * width * number(row, "sequence_length")


# Model -> share of peak stated beside the seconds of table 5, arXiv:2205.05198.
KORTHIKANTI_MFU = {6144: 0.415, 12288: 0.514, 20480: 0.560, 25600: 0.563}


@pytest.mark.parametrize("hidden", KORTHIKANTI_MFU)
def test_korthikanti_seconds_agree_with_its_mfu(hidden: int) -> None:
    (row,) = of("korthikanti", hidden_size=str(hidden), recompute="selective")
    share = chip_flops_per_s(row, gpt_flops_per_token(row)) / A100_PEAK
    assert close(share, KORTHIKANTI_MFU[hidden])


# Chips -> days for 300 billion tokens, table 2 of arXiv:2104.04473 (whole days: 23 is 2 % wide).
NARAYANAN_DAYS = {
    ("megatron", 12288): {384: 84, 768: 43, 1536: 23},
    ("megatron", 20480): {560: 156, 1120: 80, 2240: 42},
    ("megatron-deepspeed", 12288): {384: 90, 768: 74, 1536: 74},
    ("megatron-deepspeed", 20480): {640: 169, 1120: 137, 2240: 140},
}


@pytest.mark.parametrize("key", NARAYANAN_DAYS)
def test_narayanan_flop_rates_agree_with_its_days(key: tuple[str, int]) -> None:
    stack, hidden = key
    for count, days in NARAYANAN_DAYS[key].items():
        (row,) = of("narayanan-2", stack=stack, hidden_size=str(hidden), count=str(count))
        steps = 300e9 / (number(row, "global_batch_size") * number(row, "sequence_length"))
        assert close(steps * seconds(row) / 86400, days)


def test_narayanan_flop_count_is_that_of_full_recomputation() -> None:
    for row in of("narayanan-1"):
        by_paper = narayanan.step_flops(
            number(row, "global_batch_size"), number(row, "num_hidden_layers"), number(row, "hidden_size")
        )
        tokens = number(row, "global_batch_size") * number(row, "sequence_length")
        head = 6 * number(row, "vocab_size") * number(row, "hidden_size")
        four_passes = 4 / 3 * (gpt_flops_per_token(row) - head) + head
        assert close(by_paper, four_passes * tokens, within=0.001)


# Chip, model, sequence, chips, micro-batch -> MFU in per cent, all parameters and peak it is of.
MOSAIC_MFU = {
    ("h100-sxm", "mpt-70b", 2048, 512, 8): (41.25, 64862437376, 989.5e12),
    ("h100-sxm", "mpt-7b", 2048, 8, 6): (46.44, 6658859008, 989.5e12),
    ("h100-sxm", "mpt-3b", 32768, 8, 3): (28.84, 2730480640, 989.5e12),
    ("h100-sxm", "mpt-1b", 65536, 8, 1): (26.34, 1445974016, 989.5e12),
    ("h100-sxm", "mpt-13b", 16384, 8, 3): (35.55, 12927354880, 989.5e12),
}


@pytest.mark.parametrize("key", MOSAIC_MFU)
def test_mosaic_seconds_agree_with_its_mfu(key: tuple[str, str, int, int, int]) -> None:
    chip, model, sequence, count, micro_batch = key
    stated, parameters, peak = MOSAIC_MFU[key]
    shape = load().model(model)
    (row,) = of(
        "mosaic",
        accelerator=chip,
        model=model,
        sequence_length=str(sequence),
        count=str(count),
        micro_batch_size=str(micro_batch),
        precision="bf16",
    )
    attention = 12 * shape.num_hidden_layers * shape.hidden_size * sequence
    assert close(chip_flops_per_s(row, 6 * parameters + attention) / peak, stated / 100)


def test_mosaic_parameters_are_the_catalogs() -> None:
    for billions, stated in (("3b", 2651837440), ("13b", 12853954560), ("70b", 64862437376)):
        model = load().model(f"mpt-{billions}")
        assert close(model.total_parameters + 2048 * model.hidden_size, stated, within=0.001)


def test_nanotron_counts_flops_as_its_authors_do() -> None:
    layers, hidden, _, intermediate = nanotron.MODELS["3.57"]
    assert close(nanotron.flops_per_token(layers, hidden, intermediate), 363.66e12 / 14167.25, within=0.001)


@pytest.mark.parametrize("billions", nanotron.MODELS)
def test_nanotron_shapes_have_their_names_parameters(billions: str) -> None:
    layers, hidden, _, intermediate = nanotron.MODELS[billions]
    tables = nanotron.VOCABULARY * hidden * (1 if intermediate < 10_000 else 2)
    assert close(
        layers * (4 * hidden**2 + 3 * hidden * intermediate) + tables, float(billions) * 1e9, within=0.005
    )


@pytest.mark.parametrize("billions", ["16", "22", "32", "52", "64", "128", "256", "512", "1024"])
def test_maxtext_shapes_have_their_names_parameters(billions: str) -> None:
    model = maxtext.shape(billions)
    parameters = maxtext.flops_per_token(model, sequence=0) / 6 + maxtext.VOCABULARY * model.hidden
    assert close(parameters, float(billions) * 1e9, within=0.03)


# Chip, chips, TFLOP/s a chip of MaxText's tables, beside the MFU they were converted from.
MAXTEXT_TFLOPS = [("tpu-v5p", 4096, 279), ("tpu-v5e", 8192, 108), ("tpu-v4", 384, 162), ("h100-sxm", 64, 409)]


@pytest.mark.parametrize(("chip", "count", "tflops"), MAXTEXT_TFLOPS)
def test_maxtext_seconds_agree_with_its_tflops(chip: str, count: int, tflops: float) -> None:
    row = of("maxtext", accelerator=chip, count=str(count))[0]
    if row["model"]:
        flops = maxtext.flops_per_token(maxtext.shape("7"), number(row, "sequence_length"))
    else:
        width = number(row, "num_attention_heads") * number(row, "head_dim")
        attention = 12 * number(row, "num_hidden_layers") * width * number(row, "sequence_length")
        flops = 6 * counted_matrices(row) + attention
    assert close(chip_flops_per_s(row, flops), tflops * 1e12)


def test_mt_nlg_seconds_agree_with_its_tflops() -> None:
    for count, tflops in ((2240, 126e12), (2800, 121e12), (3360, 113e12)):
        (row,) = of("mfu-points", count=str(count))
        flops = narayanan.step_flops(1920, 105, 20480)
        assert close(flops / (count * seconds(row)), tflops)


def test_fms_tokens_agree_with_its_mfu() -> None:
    """By all parameters, and attention in full as for its 7B and 13B; the larger ones do not agree."""
    for count, model, stated in (
        (128, "llama-2-7b", 0.68),
        (96, "llama-2-7b", 0.46),
        (128, "llama-2-13b", 0.61),
    ):
        (row,) = of("fms-fsdp", model=model, count=str(count))
        shape = load().model(model)
        attention = 12 * shape.num_hidden_layers * shape.hidden_size * number(row, "sequence_length")
        peak = A100_PEAK if count == 128 else 989.5e12
        flops = 6 * shape.total_parameters + attention
        assert close(chip_flops_per_s(row, flops) / peak, stated)


def test_vtrain_single_node_times_deny_recomputation() -> None:
    """Per layer, a chip alone would need more than the GEMMs of an A100 reach if a fourth pass ran."""
    cells = {"hidden_size": "2048", "micro_batch_size": "8", "data_parallel_size": "8"}
    few, many = (of("vtrain-single", num_hidden_layers=layers, **cells)[0] for layers in ("12", "24"))
    slope = (seconds(many) - seconds(few)) / 12
    layer = 6 * 12 * 2048**2 + 12 * 2048 * 1024
    rate = layer * number(many, "global_batch_size") / number(many, "count") * 1024 / slope
    assert close(rate, 157e12)
    assert 4 / 3 * rate > 0.65 * A100_PEAK
    assert {row["recompute"] for row in of("vtrain-single")} == {""}


RAW: dict[str, tuple[Callable[[Path], list[Row]], str]] = {
    "throughput_megatron_korthikanti2022.csv": (
        korthikanti.rows,
        "model,gpus,tp,pp,dp,global_batch,hidden,layers,heads,mode,iteration_time_s\n"
        "gpt3-175B,64,8,8,1,64,12288,96,96,full_recompute,18.13\n",
    ),
    "throughput_fms_fsdp.csv": (
        fms_fsdp.rows,
        "model,gpu,gpus,sharding,act_ckpt,batch_per_gpu,tokens_per_s_per_gpu,mfu,hfu\n"
        "7b,A100-80GB,128,HSDP,No AC,2,4550,0.68,0.68\n13b,H100-80GB,96,FSDP,Selective,2,4850,0.43,0.46\n",
    ),
    "throughput_mosaicml_mpt.csv": (
        mosaic.rows,
        "model,gpu,gpus,seq_len,micro_batch,global_batch_seqs,seqs_per_s,tokens_per_s,precision,sharding,act_ckpt\n"
        "13b,h100_80gb,8,32768,1,24,0,15812,amp_bf16,FULL_SHARD,True\n",
    ),
    "published_mfu_points.csv": (
        mfu_points.rows,
        "model,chips,tflops_per_chip,parallelism,note\n"
        'Llama 3 405B,8192,430,TP8 CP1 PP16 DP64,"seq 8192, 16M tokens/batch"\n'
        "MT-NLG 530B,2240,126,TP8 PP35,60.1s/iteration; batch 1920; HFU-like\n"
        "Gopher 280B,4096,,,as recorded\n",
    ),
}


@pytest.mark.parametrize("name", RAW)
def test_a_raw_row_becomes_the_shipped_one(name: str, tmp_path: Path) -> None:
    convert, text = RAW[name]
    (tmp_path / name).write_text(text, encoding="utf-8")
    made = convert(tmp_path)
    assert made
    assert all(row in ROWS for row in made)


def test_impossible_layouts_are_named(tmp_path: Path) -> None:
    heading = "# GPUs,global batch,micro batch,hidden size,attention heads,# layers,sequence length,"
    heading += "tensor parallelism,data parallelism,pipeline parallelism,iteration time (ms)\n"
    (tmp_path / "throughput_vtrain_multi.csv").write_text(heading, encoding="utf-8")
    cases = (
        "8,8,2,1024,16,24,1024,2,2,1,140\n",
        "6,8,2,1024,16,24,1024,6,1,1,140\n",
        "2,5,2,64,4,2,8,1,2,1,1\n",
    )
    (tmp_path / "throughput_vtrain_single.csv").write_text(heading + "".join(cases), encoding="utf-8")
    reasons = [row["left_out"] for row in vtrain.rows(tmp_path)]
    for reason, word in zip(reasons, ("8 chips", "16 heads over 6", "micro-batch"), strict=True):
        assert reason.startswith("layout impossible")
        assert word in reason


def test_an_unknown_column_is_refused() -> None:
    with pytest.raises(ValueError, match="no such columns"):
        schema.case(colour="red")
