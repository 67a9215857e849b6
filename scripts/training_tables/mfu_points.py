"""Published points of single runs that state a layout, a batch and a sequence: MT-NLG 530B and Llama 3 405B.

The other rows of the table are shares of peak without layout, which belong to whole runs, not to a step.
MT-NLG's rows state seconds an iteration, and hardware FLOP/s (full recomputation) that agree with them. Llama
3's state TFLOP/s a chip by a convention they do not name: model FLOP with causal attention halved is taken,
which at sequences of 8,192 is 4 % away from attention in full, at 131,072 half as much again.
"""

from __future__ import annotations

import re
from pathlib import Path

from training_tables.schema import case, layout_fault, read_table, seconds

LLAMA_3_BATCH_TOKENS = 2**24
LLAMA_3_MATRICES = 403_747_897_344
"""Parameters of the 405B's matrices, head included, input embedding not."""
LLAMA_3_ATTENTION = 6 * 126 * 16384
"""Training FLOP of causal attention, halved, a token and a token of sequence."""
_LAYOUT = re.compile(r"([A-Z]{2})(\d+)")
_SECONDS = re.compile(r"([\d.]+)s/iteration; batch (\d+)")
_SEQUENCE = re.compile(r"seq (\d+)")


def rows(directory: Path) -> list[dict[str, str]]:
    """The rows with a layout of a model there is a rule for, in the table's order."""
    return [row for raw in read_table(directory / "published_mfu_points.csv") if (row := _case(raw))]


def _case(raw: dict[str, str]) -> dict[str, str] | None:
    degrees = {name: int(value) for name, value in _LAYOUT.findall(raw["parallelism"])}
    if not degrees:
        return None
    if raw["model"] == "Llama 3 405B":
        return _llama_3(raw, degrees)
    return _mt_nlg(raw, degrees) if raw["model"] == "MT-NLG 530B" else None


def _mt_nlg(raw: dict[str, str], degrees: dict[str, int]) -> dict[str, str]:
    count = int(raw["chips"])
    found = _SECONDS.search(raw["note"])
    if not found:
        raise ValueError(f"no seconds an iteration in {raw['note']!r}")
    row = case(
        dataset="mfu-points",
        stack="megatron-deepspeed",
        model="megatron-turing-530b",
        accelerator="a100-sxm-80",
        count=count,
        per_node=8,
        inter_node_bytes_per_s="25000000000.0",
        precision="bf16",
        tensor_parallel_size=degrees["TP"],
        pipeline_parallel_size=degrees["PP"],
        virtual_pipeline_size=1,
        data_parallel_size=count // (degrees["TP"] * degrees["PP"]),
        sequence_parallel=False,
        global_batch_size=found[2],
        micro_batch_size=1,
        sequence_length=2048,
        recompute="full",
        attention="unfused",
        step_time_s=seconds(float(found[1])),
        note="micro-batch of 1 as vTrain's configurations of this run take it; sharding not stated",
        source="mt_nlg",
    )
    row["left_out"] = layout_fault(row)
    return row


def _llama_3(raw: dict[str, str], degrees: dict[str, int]) -> dict[str, str]:
    count = int(raw["chips"])
    found = _SEQUENCE.search(raw["note"])
    sequence = int(found[1]) if found else 0
    flops = (6 * LLAMA_3_MATRICES + LLAMA_3_ATTENTION * sequence) * LLAMA_3_BATCH_TOKENS
    long = sequence > 8192
    row = case(
        dataset="mfu-points",
        stack="torchtitan",
        model="llama-3.1-405b",
        accelerator="h100-sxm",
        count=count,
        per_node=8,
        inter_node_bytes_per_s="50000000000.0",
        precision="bf16",
        tensor_parallel_size=degrees["TP"],
        pipeline_parallel_size=degrees["PP"],
        context_parallel_size=degrees["CP"],
        data_parallel_size=degrees["DP"],
        sharding="zero-2",
        global_batch_size=LLAMA_3_BATCH_TOKENS // sequence,
        sequence_length=sequence,
        recompute="" if long else "none",
        attention="flash",
        step_time_s=seconds(flops / (count * float(raw["tflops_per_chip"]) * 1e12)),
        note="Meta's own stack, parameters kept after the forward pass; causal attention counted half (not "
        "stated); micro-batch, virtual stages and sequence parallelism not stated",
        source="llama_3",
    )
    doubtful = "attention is two fifths of its FLOP and how it is counted is not stated" if long else ""
    row["left_out"] = layout_fault(row) or doubtful
    return row
