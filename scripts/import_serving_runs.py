"""Rewrites the InferenceX and NVIDIA rows of truecost.evidence/data/serving_points.csv from their table.

    python scripts/import_serving_runs.py TABLE

TABLE holds 2,449 of the 5,221 rows of aiconfigurator_core/systems/silicon_sample.csv (aiconfigurator-core
0.12.0 wheel, Apache-2.0; none of its rows on B200, none of some models), with what silicon_data_source says
in columns of its own: concurrency, measured_date, and origin, which is internal_csv for NVIDIA's runs.
Settings that it lacks are those of the recipes the runs were made with (SemiAnalysisAI/InferenceX,
benchmarks/): the precision of the cache, tokens of a step, lengths from 0.8 to 1 of the nominal ones. Rows of
other sources are kept as they are.
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterator, Mapping, Sequence, Set
from pathlib import Path

TARGET = Path(__file__).parent.parent / "src" / "truecost" / "evidence" / "data" / "serving_points.csv"
COLUMNS: tuple[str, ...] = (
    "source", "model", "chip", "engine", "engine_version", "precision", "kv_precision",
    "tensor_parallel_size", "data_parallel_size", "expert_parallel_size", "max_num_batched_tokens",
    "shortest", "input_tokens", "output_tokens", "concurrency", "ttft_s", "tpot_s",
    "output_tokens_per_second_per_chip", "measured",
)  # fmt: skip
LOAD = ("input_tokens", "output_tokens", "concurrency", "max_num_batched_tokens")
CHIPS = {"h100_sxm": "h100-sxm", "h200_sxm": "h200", "b300_sxm": "b300", "gb200": "gb200"}
MODELS = {
    "Qwen/Qwen3-235B-A22B-FP8": "Qwen/Qwen3-235B-A22B",
    "zhipuai/GLM-5": "zai-org/GLM-5",
    "nvidia/Qwen3-32B-NVFP4": "Qwen/Qwen3-32B",
    "nvidia/DeepSeek-V3.1-NVFP4": "deepseek-ai/DeepSeek-R1",
}
SAME_SIZES = {"deepseek-ai/DeepSeek-V3": "deepseek-ai/DeepSeek-R1"}
HEADS = {"Qwen/Qwen3-32B": 64, "meta-llama/Llama-3.1-70B": 64, "MiniMaxAI/MiniMax-M2.5": 48}
APART = 1.2
"""Times per token of one setup, measured twice, that cannot both be of what the table says."""
SHORTEST = 0.8
"""Least length of InferenceX's random prompts and answers, as a share of the nominal one."""
CHUNK = 8192
"""Tokens of a step where no recipe says otherwise."""
NVIDIA_CHUNK = 2048
"""Of NVIDIA's vLLM and TensorRT-LLM runs at fixed lengths. Inferred: prompts that arrive together wait for
each other by steps of about this size (of 1,024, 2,048, 4,096 and 8,192 it suits
first-token times best)."""


def main() -> None:
    """Rewrite the table."""
    with open(sys.argv[1], encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    with open(TARGET, encoding="utf-8", newline="") as file:
        kept = [row for row in csv.DictReader(file) if row["source"] not in ("inferencex", "aiconfigurator")]
    made = agreeing(list(unique(point for row in rows if (point := point_of(row)) is not None)))
    made.sort(key=lambda row: tuple(row[name] for name in ("source", "chip", "model", "engine")))
    with open(TARGET, "w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, restval="", lineterminator="\n")
        writer.writeheader()
        for row in [*made, *(filled(row) for row in kept)]:
            writer.writerow(row)
    print(f"{len(made)} rows written, {len(kept)} of other sources kept")


def filled(row: dict[str, str]) -> dict[str, str]:
    """A row of another source with the columns it may lack: data-parallel ranks share experts whole."""
    chips = int(row["tensor_parallel_size"]) * int(row["data_parallel_size"])
    shared = row["source"] == "mlenergy" or int(row["data_parallel_size"]) > 1
    defaults = {
        "expert_parallel_size": str(chips if shared else 1),
        "max_num_batched_tokens": str(CHUNK),
        "shortest": "1",
    }
    return {name: row.get(name) or defaults.get(name, "") for name in COLUMNS}


def unique(points: Iterator[dict[str, str]]) -> Iterator[dict[str, str]]:
    """Each measurement once: the table has some under several ids and model names of equal sizes."""
    met: set[tuple[str, ...]] = set()
    for point in points:
        key = key_of(point, {"measured", "engine_version", "model"})
        if key not in met:
            met.add(key)
            yield point


def agreeing(points: Sequence[dict[str, str]]) -> list[dict[str, str]]:
    """The points but those of setups that contradict themselves.

    Of one release in one layout, most loads measured twice have times per token more than APART apart: some
    of its runs hold what the table does not say (several tokens a step, most likely), and it does not say
    which.
    """
    setups = [key_of(point, {"measured", "ttft_s", "tpot_s", *LOAD}) for point in points]
    times: dict[tuple[str, ...], dict[tuple[str, ...], list[float]]] = {}
    for setup, point in zip(setups, points, strict=True):
        load = tuple(point[name] for name in LOAD)
        times.setdefault(setup, {}).setdefault(load, []).append(float(point["tpot_s"]))
    return [point for setup, point in zip(setups, points, strict=True) if not is_torn(times[setup])]


def is_torn(times: Mapping[tuple[str, ...], Sequence[float]]) -> bool:
    """Whether most loads of a setup that were measured several times disagree about the time per token."""
    apart = [max(found) > APART * min(found) for found in times.values() if len(found) > 1]
    return 2 * sum(apart) > len(apart)


def key_of(point: Mapping[str, str], but: Set[str]) -> tuple[str, ...]:
    """What a point says, models of equal sizes under one name, without some of its columns."""
    said = [point.get(name, "") for name in COLUMNS if name not in but]
    return tuple(SAME_SIZES.get(one, one) for one in said)


def point_of(row: Mapping[str, str]) -> dict[str, str] | None:
    """A row of ours; None for one that is not comparable."""
    if row["mode"] != "agg" or row["system"] not in CHIPS:
        return None
    layout = layout_of(row)
    is_nvidia = row["origin"] == "internal_csv"
    if layout is None:
        return None
    tensor, data, expert = layout
    if data == 1 and round(float(row["batch_size"])) != int(float(row["concurrency"])):
        return None  # concurrency that spans several replicas
    lengths = [float(row[name]) * (1.0 if is_nvidia else (1 + SHORTEST) / 2) for name in ("isl", "osl")]
    ttft = "" if waits_for_a_batch(row, tensor) else f"{float(row['silicon_ttft_ms']) / 1e3:.4g}"
    return {
        "source": "aiconfigurator" if is_nvidia else "inferencex",
        "model": MODELS.get(row["model_path"], row["model_path"]),
        "chip": CHIPS[row["system"]],
        "engine": row["backend"],
        "engine_version": row["backend_version"],
        "precision": row["precision"] or "bf16",
        "kv_precision": cache_precision(row),
        "tensor_parallel_size": str(tensor),
        "data_parallel_size": str(data),
        "expert_parallel_size": str(expert),
        "max_num_batched_tokens": str(step_tokens(row)),
        "shortest": "1" if is_nvidia else str(SHORTEST),
        "input_tokens": f"{lengths[0]:.0f}",
        "output_tokens": f"{lengths[1]:.0f}",
        "concurrency": str(int(float(row["concurrency"]))),
        "ttft_s": ttft,
        "tpot_s": f"{float(row['silicon_tpot_ms']) / 1e3:.4g}",
        "measured": row["measured_date"],
    }


def layout_of(row: Mapping[str, str]) -> tuple[int, int, int] | None:
    """Tensor-parallel width, data-parallel ranks, chips that share experts whole; None beyond one server.

    On eight-chip servers some rows hold products of a number with itself: widths of 16 or 64, and as many
    data-parallel ranks as the width, which is their number alone.
    """
    tensor, data = int(row["tp_size"]), int(row["attention_dp_size"] or 1) or 1
    experts = int(row["moe_ep_size"] or 1) or 1
    is_server = not row["system"].startswith("gb")
    if is_server and data == 1 and tensor in (16, 64):
        tensor, experts = round(tensor**0.5), int(row["moe_ep_size"] or 1)
    elif is_server and data in (16, 64) and tensor == 1:
        data = round(data**0.5)
    elif is_server and tensor == data > 1:
        tensor = 1
    chips = tensor * data
    if chips > 8 or HEADS.get(row["model_path"], tensor) % tensor:
        return None
    sliced = int(row["moe_tp_size"] or 1) or 1
    if tensor < sliced and data == 1:
        return None  # experts over more chips than the replica has
    if data > 1 or experts >= chips:
        return tensor, data, chips
    return tensor, data, experts if experts * sliced == chips else 1


def waits_for_a_batch(row: Mapping[str, str], tensor: int) -> bool:
    """TensorRT-LLM's Llama 70B recipe holds prompts back for up to 20 steps at lengths of 1,024."""
    is_recipe = row["backend"] == "trtllm" and row["model_path"] == "meta-llama/Llama-3.1-70B"
    return is_recipe and row["isl"] == row["osl"] == "1024" and tensor < 8


def cache_precision(row: Mapping[str, str]) -> str:
    """As the recipes have it; NVIDIA's own runs by the engine's default."""
    if row["backend"] == "trtllm":
        return "fp8" if row["precision"] not in ("", "bf16") else "bf16"
    if row["origin"] == "internal_csv":
        return "bf16"
    is_plain = row["backend"] == "sglang" and row["system"] == "h200_sxm"
    return "bf16" if is_plain and not row["model_path"].startswith("Qwen") else "fp8"


def step_tokens(row: Mapping[str, str]) -> int:
    """max_num_batched_tokens, chunked-prefill-size or max_num_tokens of the recipe."""
    if row["origin"] == "internal_csv":
        return CHUNK if row["backend"] == "sglang" else NVIDIA_CHUNK
    prompt, together = int(row["isl"]), int(float(row["concurrency"]))
    if row["backend"] == "sglang":
        if row["model_path"].startswith("Qwen"):
            return 16384
        return CHUNK if row["model_path"].startswith("zhipuai") and row["system"] == "h200_sxm" else 32768
    if row["backend"] == "vllm" and row["model_path"].startswith("MiniMax"):
        return 2 * prompt if row["system"] == "b300_sxm" else 16384 if together < 64 else 32768
    if row["backend"] == "trtllm" and row["model_path"].startswith("deepseek"):
        return max(CHUNK, prompt + together)
    return 10240 if row["backend"] == "trtllm" else CHUNK


if __name__ == "__main__":
    main()
