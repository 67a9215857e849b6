"""MaxText's published rates: synthetic Llama-like models on TPU v4, v5e, v5p and Llama 2 7B on Google's A3.

A row states the size, the slices and TFLOP/s a chip; shapes, batch, recomputation and degrees are those of
the scripts beside the tables (src/maxtext/configs). A size of MaxText is its base shape (2,048 wide, 16 heads
of 128, 7,168 in the gated feed-forward, 16 layers), doubled in turn in heads and feed-forward, width, layers.
The rates of v4 are older: ungated feed-forward of four times the width, heads of 256, which is what gives
22B and 52B. All tables are taken to be older than July 2025, when MaxText began to halve causal attention:
counted in full.

Slices are joined by the data-centre network; a slice is one fast domain. Parameters are sharded within it and
copied across slices. A policy that keeps the products of matrices ("minimal") stands as selective.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from training_tables.schema import case, layout_fault, read_table, seconds

VOCABULARY = 32_000


class Shape(NamedTuple):
    """Sizes of a model."""

    hidden: int
    layers: int
    heads: int
    head_dim: int
    intermediate: int
    gated: bool


class Setup(NamedTuple):
    """What a script sets: sequences a chip (before tensor parallelism), tensor degree, policy, sequence."""

    batch_per_chip: int
    tensor: int
    policy: str
    sequence: int = 2048


CHIPS = {
    "TPU v4": ("tpu-v4", 275e12),
    "TPU v5e": ("tpu-v5e", 197e12),
    "TPU v5p": ("tpu-v5p", 459e12),
    "H100-80GB (A3)": ("h100-sxm", 989.5e12),
}
"""Chip -> catalog key, the peak its MFU divides by."""
SETUPS = {
    ("TPU v4", "22"): Setup(13, 1, "full"),
    ("TPU v4", "52"): Setup(7, 1, "full"),
    ("TPU v5e", "16"): Setup(6, 1, "full"),
    ("TPU v5e", "32"): Setup(4, 1, "full"),
    ("TPU v5e", "64"): Setup(2, 1, "full"),
    ("TPU v5e", "128"): Setup(1, 16, "qkv_proj_offloaded"),
    ("TPU v5p", "32"): Setup(6, 4, "minimal"),
    ("TPU v5p", "64"): Setup(3, 4, "minimal"),
    ("TPU v5p", "128"): Setup(1, 8, "minimal"),
    ("TPU v5p", "256"): Setup(1, 8, "minimal"),
    ("TPU v5p", "512"): Setup(2, 8, "full"),
    ("TPU v5p", "1024"): Setup(2, 16, "full"),
    ("H100-80GB (A3)", "7"): Setup(4, 1, "minimal_flash", 4096),
}
RECOMPUTE = {
    "full": "full",
    "qkv_proj_offloaded": "full",
    "minimal": "selective",
    "minimal_flash": "selective",
}
FIXED = {
    "7": Shape(4096, 32, 32, 128, 11008, True),
    "22": Shape(6144, 48, 24, 256, 24576, False),
    "52": Shape(12288, 32, 32, 256, 49152, False),
}


def shape(billions: str) -> Shape:
    """Sizes of a model by its name: one of the fixed ones, or the base shape scaled by a power of two."""
    if billions in FIXED:
        return FIXED[billions]
    rounds, rest = divmod(int(billions).bit_length() - 1, 3)
    heads = 2 ** (rounds + (rest > 0))
    return Shape(2048 * 2 ** (rounds + (rest > 1)), 16 * 2**rounds, 16 * heads, 128, 7168 * heads, True)


def flops_per_token(model: Shape, sequence: int) -> int:
    """Training FLOP a token as MaxText counts them: matrices, head, attention in full."""
    width = model.heads * model.head_dim
    feed_forward = (3 if model.gated else 2) * model.hidden * model.intermediate
    matrices = model.layers * (4 * model.hidden * width + feed_forward) + VOCABULARY * model.hidden
    return 6 * matrices + 12 * model.layers * width * sequence


def rows(directory: Path) -> list[dict[str, str]]:
    """Every case of the tables."""
    return [_case(raw) for raw in read_table(directory / "throughput_maxtext.csv")]


def _case(raw: dict[str, str]) -> dict[str, str]:
    accelerator, peak = CHIPS[raw["chip"]]
    setup, model = SETUPS[raw["chip"], raw["params_b"]], shape(raw["params_b"])
    count, slices = int(raw["chips"]), int(raw["slices"])
    flops = flops_per_token(model, setup.sequence) * setup.batch_per_chip * setup.sequence
    gpu = accelerator == "h100-sxm"
    row = case(
        dataset="maxtext",
        stack="maxtext",
        **({"model": "llama-2-7b"} if gpu else _sizes(model)),
        accelerator=accelerator,
        count=count,
        per_node=count // slices,
        inter_node_bytes_per_s="12500000000.0" if gpu else "",
        precision="bf16",
        tensor_parallel_size=setup.tensor,
        pipeline_parallel_size=1,
        virtual_pipeline_size=1,
        data_parallel_size=count // setup.tensor,
        sharding="hsdp" if slices > 1 else "zero-3",
        sequence_parallel=False,
        global_batch_size=setup.batch_per_chip * count,
        micro_batch_size=setup.batch_per_chip * setup.tensor,
        sequence_length=setup.sequence,
        recompute=RECOMPUTE[setup.policy],
        attention="flash",
        step_time_s=seconds(flops / (peak * float(raw["mfu_pct"]) / 100)),
        note=_note(raw["chip"], setup.policy),
        source="maxtext",
    )
    row["left_out"] = layout_fault(row)
    return row


def _sizes(model: Shape) -> dict[str, object]:
    return {
        "hidden_size": model.hidden,
        "num_hidden_layers": model.layers,
        "num_attention_heads": model.heads,
        "num_key_value_heads": model.heads,
        "intermediate_size": model.intermediate,
        "vocab_size": VOCABULARY,
        "head_dim": model.head_dim,
        "gated_mlp": model.gated,
    }


def _note(chip: str, policy: str) -> str:
    parts = [f"batch and remat policy ({policy}) from the script beside the table, not stated in it"]
    if chip == "TPU v4":
        parts.append("shape older than today's scripts; batch of theirs")
    if chip.startswith("H100"):
        parts.append("A3's 800 Gbit/s for eight GPUs, over TCP")
    else:
        parts.append("a slice is a fast domain; network between slices not stated")
    return "; ".join([*parts, "attention counted in full"])
