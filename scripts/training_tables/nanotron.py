"""Nanotron's best layouts (ultra-scale playbook, docs/benchmark_summary.svg): Llama shapes on H100.

Sizes, vocabulary, sequence and batch are those of the authors' generator, scripts/scaling_benchmarks.py at
0e0a27ea: sequences of 4,096, a million tokens a step, vocabulary of 131,072. The MFU divides by 989 TFLOP/s
and counts attention in full and the head once (its remark of 363.66 TFLOP/s at 14,167 tokens/s for the 3.57B
confirms it).
"""

from __future__ import annotations

from pathlib import Path

from training_tables.schema import case, layout_fault, read_table, seconds

SEQUENCE = 4096
VOCABULARY = 131_072
PEAK = 989e12
MODELS = {
    "1.34": (16, 2048, 32, 8192),
    "3.57": (28, 3072, 32, 8192),
    "8.86": (32, 4096, 32, 14336),
    "80.0": (80, 8192, 64, 28672),
}
"""Billion parameters -> layers, hidden size, heads (as many for keys and values), feed-forward size."""
OUTLIERS = {
    (
        "80.0",
        "32",
    ): "outlier: 15 % of peak, where 64 chips with twice the model-parallel chips reach 31 %; the "
    "only layout that fits, 66 GB of 80, cause not stated",
}
"""Billion parameters, chips -> reason."""


def flops_per_token(layers: int, hidden: int, intermediate: int) -> int:
    """Training FLOP a token as nanotron counts them."""
    matrices = layers * (4 * hidden**2 + 3 * hidden * intermediate) + VOCABULARY * hidden
    return 6 * matrices + 12 * layers * hidden * SEQUENCE


def rows(directory: Path) -> list[dict[str, str]]:
    """The best layout of each size on each number of servers."""
    return [_case(raw) for raw in read_table(directory / "throughput_nanotron_best.csv")]


def _case(raw: dict[str, str]) -> dict[str, str]:
    layers, hidden, heads, intermediate = MODELS[raw["params_b"]]
    replicas, tensor, pipeline = int(raw["dp"]), int(raw["tp"]), int(raw["pp"])
    count, micro_batch = int(raw["gpus"]), int(raw["micro_batch"])
    batch = replicas * micro_batch * int(raw["grad_accum"])
    flops = flops_per_token(layers, hidden, intermediate) * batch * SEQUENCE
    row = case(
        dataset="nanotron",
        stack="nanotron",
        hidden_size=hidden,
        num_hidden_layers=layers,
        num_attention_heads=heads,
        num_key_value_heads=heads,
        intermediate_size=intermediate,
        vocab_size=VOCABULARY,
        head_dim=hidden // heads,
        gated_mlp=True,
        accelerator="h100-sxm",
        count=count,
        per_node=8,
        precision="bf16",
        tensor_parallel_size=tensor,
        pipeline_parallel_size=pipeline,
        virtual_pipeline_size=1,
        data_parallel_size=replicas,
        sharding=f"zero-{raw['zero']}",
        sequence_parallel=tensor > 1,
        global_batch_size=batch,
        micro_batch_size=micro_batch,
        sequence_length=SEQUENCE,
        recompute="none",
        attention="flash",
        step_time_s=seconds(flops / (count * PEAK * float(raw["mfu_pct"]) / 100)),
        note=_note(layers, intermediate, tensor, pipeline),
        source="nanotron",
    )
    row["left_out"] = layout_fault(row) or OUTLIERS.get((raw["params_b"], raw["gpus"]), "")
    return row


def _note(layers: int, intermediate: int, tensor: int, pipeline: int) -> str:
    parts = ["gradients accumulated in FP32", "no recomputation in the base configuration"]
    if intermediate < 10_000:
        parts.append("tied embeddings")
    if layers % pipeline:
        parts.append(f"{layers} layers spread unevenly over {pipeline} stages")
    if tensor > 8:
        parts.append("the tensor-parallel group spans servers")
    return "; ".join([*parts, "network between servers not stated"])
