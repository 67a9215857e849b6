"""The columns of evidence/data/training_steps.csv, and what every family of tables needs to fill them."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path

COLUMNS: tuple[str, ...] = (
    "dataset",
    "release",
    "stack",
    "model",
    "hidden_size",
    "num_hidden_layers",
    "num_attention_heads",
    "num_key_value_heads",
    "intermediate_size",
    "vocab_size",
    "head_dim",
    "gated_mlp",
    "accelerator",
    "count",
    "per_node",
    "inter_node_bytes_per_s",
    "precision",
    "tensor_parallel_size",
    "pipeline_parallel_size",
    "virtual_pipeline_size",
    "context_parallel_size",
    "expert_parallel_size",
    "data_parallel_size",
    "sharding",
    "sequence_parallel",
    "global_batch_size",
    "micro_batch_size",
    "sequence_length",
    "recompute",
    "attention",
    "power_cap_w",
    "step_time_s",
    "left_out",
    "note",
    "source",
)
GPT_VOCABULARY = 51_200
"""GPT-2's 50,257 entries padded to a multiple of 1,024, as Megatron's papers state it."""


def read_table(path: Path) -> list[dict[str, str]]:
    """The rows of a raw table, in its order."""
    with path.open(encoding="utf-8-sig", newline="") as lines:
        return list(csv.DictReader(lines))


def seconds(value: float) -> str:
    """A time to six significant digits: finer than any of the measurements."""
    return f"{value:.6g}"


def case(**cells: object) -> dict[str, str]:
    """A row of the schema: the cells given, as text, the others empty.

    Parallel degrees that no table of a family mentions (context, expert) are 1.
    """
    unknown = set(cells) - set(COLUMNS)
    if unknown:
        raise ValueError(f"no such columns: {sorted(unknown)}")
    row = dict.fromkeys(COLUMNS, "") | {"context_parallel_size": "1", "expert_parallel_size": "1"}
    row |= {name: _text(value) for name, value in cells.items()}
    return row


def gpt_sizes(
    hidden_size: int, layers: int, heads: int, vocab_size: int = GPT_VOCABULARY
) -> dict[str, object]:
    """The size columns of a GPT: plain feed-forward of four times the width, a key and value a head."""
    return {
        "hidden_size": hidden_size,
        "num_hidden_layers": layers,
        "num_attention_heads": heads,
        "num_key_value_heads": heads,
        "intermediate_size": 4 * hidden_size,
        "vocab_size": vocab_size,
        "head_dim": hidden_size // heads,
        "gated_mlp": False,
    }


def layout_fault(row: Mapping[str, str]) -> str:
    """Why the layout of a row cannot be run as stated; "" where it can or is not stated whole."""
    degrees = [row[f"{kind}_parallel_size"] for kind in ("tensor", "pipeline", "context", "data")]
    if not all(degrees):
        return ""
    tensor, pipeline, context, data = (int(degree) for degree in degrees)
    if tensor * pipeline * context * data != int(row["count"]):
        return f"layout impossible: {tensor} x {pipeline} x {context} x {data} is not {row['count']} chips"
    if row["num_attention_heads"] and int(row["num_attention_heads"]) % tensor:
        return f"layout impossible: {row['num_attention_heads']} heads over {tensor} chips"
    if row["micro_batch_size"] and int(row["global_batch_size"]) % (data * int(row["micro_batch_size"])):
        return "layout impossible: the batch is not a multiple of micro-batch x replicas"
    return ""


def _text(value: object) -> str:
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)
