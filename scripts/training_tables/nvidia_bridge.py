"""`throughput_nvidia_megatron_bridge.csv`: tokens a second of Megatron Bridge, releases 25.09 to 26.08.

A cell "a (b)" holds two runs: a in per-tensor FP8, b in MXFP8 (note below the source's tables), each with its
own layout, so such a line becomes two rows. FSDP > 0 is Megatron-FSDP with everything sharded over
chips / (tensor x pipeline); 0, "n/a" or no such column is the distributed optimizer (ZeRO-1).
Recompute, offloading and micro-batch are read from the release's recipes where those match the stated layout.
"""

from __future__ import annotations

import re
from pathlib import Path

from training_tables import nvidia_row, schema

MODELS = {
    "LLAMA3_8B": "llama-3-8b",
    "LLAMA3_70B": "llama-3-70b",
    "LLAMA3.1_405B": "llama-3.1-405b",
    "DeepSeekV3": "deepseek-v3",
    "DeepSeekV4 Flash": "deepseek-v4-flash",
    "Qwen3_30B_a3B": "qwen3-30b-a3b",
}
PRECISIONS = {
    "BF16": "bf16", "FP8": "fp8", "FP8-CS": "fp8", "FP8-MX": "mxfp8", "MXFP8": "mxfp8", "NVFP4": "nvfp4",
}  # fmt: skip
PAIR = re.compile(r"^(\S+) \((\S+)\)$")
MODEL = re.compile(r"^(.+?)(?: \((.+)\))?$")
ALTERNATIVE = "the figures in parentheses of a line that holds two runs"


def rows(path: Path) -> list[dict[str, str]]:
    """One row a run, in the order of the file; the second run of a line follows the first."""
    return [_row(run, second) for line in schema.read_table(path) for run, second in _runs(line)]


def _runs(line: dict[str, str]) -> list[tuple[dict[str, str], bool]]:
    if not PAIR.match(line["tokens_per_s_per_gpu"]):
        return [({key: _side(cell, 1) for key, cell in line.items() if key != "source"}, False)]
    first, second = ({key: _side(cell, side) for key, cell in line.items()} for side in (1, 2))
    for run, precision in ((first, "FP8-CS"), (second, "FP8-MX")):
        run["precision"] = precision
        run["model"] = line["model"]
    return [(first, False), (second, True)]


def _side(cell: str, side: int) -> str:
    """One of the two values of a cell, or its only one.

    >>> _side("1 (8)", 2), _side("8192", 2)
    ('8', '8192')
    """
    pair = PAIR.match(cell)
    return pair.group(side) if pair and cell[0].isdigit() else cell


def _size(cell: str) -> str:
    return "1" if cell in {"", "n/a"} else cell


def _layout(run: dict[str, str]) -> nvidia_row.Layout:
    sharding = "zero-1" if _is_ddp(run) else "zero-3"
    return nvidia_row.Layout(run["TP"], run["PP"], run["CP"], _size(run["VP"]), _size(run["EP"]), sharding)


def _row(run: dict[str, str], second: bool) -> dict[str, str]:
    name, variant = _model(run["model"])
    layout, count = _layout(run), int(run["gpus"])
    micro_batch = _micro_batch(run, layout)
    speed, speed_note = _tokens_per_s(name, run)
    recompute, recipe = _recompute(name, run)
    row = schema.case(
        dataset="bridge",
        release=run["release"],
        stack="megatron",
        model=MODELS[name],
        precision=PRECISIONS[run["precision"] or "FP8-CS"],
        global_batch_size=run["gbs"],
        micro_batch_size=micro_batch,
        sequence_length=run["seq_len"],
        recompute=recompute,
        attention="flash",
        step_time_s=schema.seconds(int(run["gbs"]) * int(run["seq_len"]) / speed),
        source="megatron_bridge",
        **nvidia_row.MACHINES[run["system"]].cells(),
        **layout.cells(count),
    )
    notes = [
        "full fine-tuning, samples packed to the sequence length" if run["stage"].startswith("SFT") else "",
        ALTERNATIVE if second else "",
        _precision_note(run),
        _expert_note(name, variant, run),
        recipe,
        speed_note,
        "micro-batch from the accumulation steps stated" if micro_batch != run["mbs"] else "",
    ]
    return nvidia_row.finished(row, layout, _left_out(run), notes)


def _micro_batch(run: dict[str, str], layout: nvidia_row.Layout) -> str:
    """Sequences a replica takes at once: of the batch and the accumulation steps, where those are stated."""
    replicas = layout.data(int(run["gpus"]))
    if not (run["GA"] and replicas):
        return run["mbs"]
    return str(int(run["gbs"]) // (int(replicas) * int(run["GA"]))) if _is_ddp(run) else run["mbs"]


def _is_ddp(run: dict[str, str]) -> bool:
    return run["FSDP"] in {"", "0", "n/a"}


def _tokens_per_s(name: str, run: dict[str, str]) -> tuple[float, str]:
    """Tokens/s of the whole run: as stated, or of the TFLOP/s where a release rounds tokens/s coarsely."""
    flop_a_token = FLOP_A_TOKEN.get(name)
    if run["release"] in ROUNDED_RELEASES and flop_a_token:
        speed = float(run["model_tflops_per_gpu"]) * 1e12 / flop_a_token
        return speed * int(
            run["gpus"]
        ), "from TFLOP/s: this release rounds tokens/s to multiples of 16 to 128"
    return float(run["tokens_per_s_per_gpu"]) * int(run["gpus"]), ""


ROUNDED_RELEASES = {"26.04.01", "26.06.01", "26.08"}
FLOP_A_TOKEN = {
    "LLAMA3_70B": 4.492e11,
    "LLAMA3.1_405B": 2.524e12,
    "DeepSeekV3": 2.600e11,
    "Qwen3_30B_a3B": 2.301e10,
}
"""What the source counts for a token of pre-training: the median over its other releases, which agree within
0.3 %. It is 6 x the parameters multiplied (head included, active experts only) and causal attention counted
half; DeepSeek-V3's is with one layer of multi-token prediction."""


def _model(name: str) -> tuple[str, str]:
    found = MODEL.match(name)
    assert found is not None
    return found.group(1), found.group(2) or ""


def _left_out(run: dict[str, str]) -> str:
    if run["stage"].startswith("LoRA"):
        return nvidia_row.ADAPTERS
    layout = (run["release"], run["model"], run["system"], run["precision"])
    return CONTRADICTED.get(layout, "")


CONTRADICTED = {
    ("26.02.01", "LLAMA3_70B", "DGX-GB300", "NVFP4"): (
        "layout contradicted: TP 1, PP 1 without FSDP does not fit (weights and gradients alone are 282 GB); "
        "the releases before and after state PP 4, VP 5, MBS 1"
    ),
    ("26.02.01", "LLAMA3_70B", "DGX-GB300", "MXFP8"): (
        "layout contradicted: PP 4 without virtual stages would idle 27 % of the step, yet it is as fast as "
        "the releases before and after, which state VP 5, MBS 1"
    ),
}
"""Two lines of release 26.02.01 whose layout cells are not those of the run."""


def _precision_note(run: dict[str, str]) -> str:
    if not run["precision"]:
        return "precision not stated, taken as per-tensor FP8 as in the release after"
    if run["release"] == "25.09":
        return "per-tensor FP8 outside and MXFP8 inside parentheses, as the source's footnote and 25.11 say"
    return ""


def _expert_note(name: str, variant: str, run: dict[str, str]) -> str:
    if name not in {"DeepSeekV3", "DeepSeekV4 Flash", "Qwen3_30B_a3B"}:
        return ""
    balance = (
        "tokens dropped at capacity" if variant == "tokendrop" else "dropless, routing forced to balance"
    )
    if name == "Qwen3_30B_a3B":
        return balance
    if variant == "w/o MTP":
        return f"{balance}; without multi-token prediction"
    stated = "stated" if variant == "w/ MTP" else "as the source's FLOP a token show"
    prediction = f"with one layer of multi-token prediction ({stated})" if name == "DeepSeekV3" else ""
    return "; ".join(part for part in (balance, prediction) if part)


def _recompute(name: str, run: dict[str, str]) -> tuple[str, str]:
    """Recompute mode and the note that says which recipe it is from."""
    if name == "DeepSeekV3":
        return _recompute_deepseek(run)
    if name == "DeepSeekV4 Flash":
        return "", "recompute not stated"
    offload = _offloaded_layers(name, run)
    return "none", "no recompute in the recipe" + (f"; {offload}" if offload else "")


def _recompute_deepseek(run: dict[str, str]) -> tuple[str, str]:
    key = (run["system"], run["PP"], _size(run["VP"]), _size(run["EP"]), run["mbs"])
    modules = DEEPSEEK_MODULES.get(key)
    if modules is None:
        return "", "recompute not stated (no stored recipe has this layout)"
    if not modules:
        return "none", "no recompute in the recipe"
    return "selective", f"recompute of {modules} only, as in the recipe"


DEEPSEEK_MODULES = {
    ("DGX-GB300", "2", "8", "32", "2"): "the latent attention's up-projections",
    ("DGX-GB300", "2", "8", "32", "1"): "",
    ("DGX-GB200", "4", "4", "64", "1"): "the latent attention's up-projections",
    ("DGX-B300", "16", "1", "8", "1"): "the latent attention's up-projections",
    ("DGX-B200", "16", "1", "8", "1"): "the latent attention's up-projections",
    ("DGX-B200", "8", "2", "32", "1"): "the latent attention's up-projections and the dense feed-forwards",
    ("DGX-H100", "8", "4", "64", "1"): "the latent attention's up-projections and the dense feed-forwards",
}
"""System, pipeline, virtual and expert size, micro-batch -> what the DeepSeek recipes recompute."""


def _offloaded_layers(name: str, run: dict[str, str]) -> str:
    if _is_ddp(run):
        return ""
    layers = OFFLOADED.get((name, run["system"]))
    return f"activations of {layers} layers offloaded to the host" if layers else ""


OFFLOADED = {
    ("LLAMA3_70B", "DGX-GB300"): 20,
    ("LLAMA3_70B", "DGX-GB200"): 40,
    ("LLAMA3.1_405B", "DGX-GB200"): 95,
}
"""Layers whose activations Megatron-FSDP recipes in per-tensor FP8 move to the host."""
