"""SimuMax's measurements on one server of eight B200: Llama 3 layers at full width under Megatron.

The times are of real runs, in milliseconds a step: 12 layers of the 70B or 4 of the 405B with the whole
vocabulary, so their head weighs more than in the whole model; the sizes here are those that ran.
Communication is not overlapped, neither gradients nor tensor nor pipeline (the authors' launchers turn it
off), the micro-batch is one sequence, nothing is recomputed. Context parallelism is by all-to-all.

The DeepSeek rows of the same table (4 layers) are not carried over: their sizes need columns there are not.
"""

from __future__ import annotations

from pathlib import Path

from training_tables.schema import case, layout_fault, read_table, seconds

FIGURES = Path(__file__).with_name("public_simumax.csv")
SHAPES: dict[str, dict[str, object]] = {
    "llama3_70b": {
        "hidden_size": 8192,
        "num_attention_heads": 64,
        "num_key_value_heads": 8,
        "intermediate_size": 28672,
    },
    "llama3_405b": {
        "hidden_size": 16384,
        "num_attention_heads": 128,
        "num_key_value_heads": 16,
        "intermediate_size": 53248,
    },
}
"""Sizes as the launcher sets them: 16 key-value groups for the 405B, where the published model has eight."""
NOTE = "cross-entropy fused; no overlap of communication; micro-batch, no recompute from an older launcher"


def rows(figures: Path = FIGURES) -> list[dict[str, str]]:
    """Every case of the table of dense models."""
    return [_case(raw) for raw in read_table(figures)]


def _case(raw: dict[str, str]) -> dict[str, str]:
    tensor, pipeline, context = int(raw["tensor"]), int(raw["pipeline"]), int(raw["context"])
    data = int(raw["data"])
    row = case(
        dataset="simumax",
        release="1.2",
        stack="megatron",
        **SHAPES[raw["shape"]],
        num_hidden_layers=raw["layers"],
        vocab_size=128_256,
        head_dim=128,
        gated_mlp=True,
        accelerator="b200",
        count=tensor * pipeline * context * data,
        per_node=8,
        precision="bf16",
        tensor_parallel_size=tensor,
        pipeline_parallel_size=pipeline,
        virtual_pipeline_size=1,
        context_parallel_size=context,
        data_parallel_size=data,
        sharding="zero-1",
        sequence_parallel=tensor > 1,
        global_batch_size=data * int(raw["micro_batches"]),
        micro_batch_size=1,
        sequence_length=raw["sequence"],
        recompute="none",
        attention="flash",
        step_time_s=seconds(float(raw["step_ms"]) / 1000),
        note=NOTE + ("; context parallelism by all-to-all" if context > 1 else ""),
        source="simumax",
    )
    row["left_out"] = layout_fault(row)
    return row
