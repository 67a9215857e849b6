"""`throughput_nvidia_nemo_history.csv`: NeMo 24.07 on DGX H100, from three revisions of one page.

All in FP8 with delayed scaling. The fine-tuning tables do not carry their task and length into the CSV; the
page gives them: three SFT lines, then three LoRA ones, samples packed to 4,096 tokens.
"""

from __future__ import annotations

from pathlib import Path

from training_tables import nvidia_row, schema

MODELS = {
    "GPT3-5B": "nemo-gpt3-5b",
    "GPT3-20B": "nemo-gpt3-20b",
    "GPT3-175B": "gpt-3",
    "LLAMA2-7B": "llama-2-7b",
    "LLAMA2-13B": "llama-2-13b",
    "LLAMA2-70B": "llama-2-70b",
    "LLAMA3-8B": "llama-3-8b",
    "LLAMA3-70B": "llama-3-70b",
    "Nemotron-8B": "nemotron-3-8b",
    "Nemotron-22B": "nemotron-3-22b",
    "Nemotron-340B": "nemotron-4-340b",
}
PACKED_LENGTH = 4096
"""Tokens a packed fine-tuning sequence has (docs/source/performance/performance_summary.md)."""
SHIFTED = "no measurement: the columns of the page's long-sequence table were shifted and its figures lost"


def rows(path: Path) -> list[dict[str, str]]:
    """One row a line of the file, in its order."""
    return [_row(line) if line["tokens_per_s_per_gpu"] else _lost(line) for line in schema.read_table(path)]


def _lost(line: dict[str, str]) -> dict[str, str]:
    return schema.case(
        dataset="nemo",
        release=line["release"],
        stack="megatron",
        model="llama-3-8b",
        precision="fp8",
        context_parallel_size="",
        left_out=SHIFTED,
        note="chips, batch, length and layout not recoverable",
        source="nemo_performance",
        **nvidia_row.MACHINES[line["system"]].cells(),
    )


def _is_tuning(line: dict[str, str]) -> bool:
    return line["section"].endswith("Finetuning")


def _is_adapter(line: dict[str, str]) -> bool:
    """LoRA lines: about 4 FLOP a token and parameter, against 6 where every weight is trained."""
    flop_a_token = float(line["model_tflops_per_gpu"]) * 1e12 / float(line["tokens_per_s_per_gpu"])
    billions = float(line["model"].split("-")[1].rstrip("B"))
    return _is_tuning(line) and flop_a_token < 5e9 * billions


def _layout(line: dict[str, str]) -> nvidia_row.Layout:
    virtual = line["vp"] or ("1" if line["pp"] == "1" else "")
    return nvidia_row.Layout(line["tp"], line["pp"], line["cp"] or "1", virtual)


def _row(line: dict[str, str]) -> dict[str, str]:
    layout, count = _layout(line), int(line["gpus"])
    length = int(line["seq_len"] or PACKED_LENGTH)
    recompute = "" if line["model"] in {"GPT3-20B", "GPT3-175B"} or _is_tuning(line) else "none"
    speed = float(line["tokens_per_s_per_gpu"]) * count
    row = schema.case(
        dataset="nemo",
        release=line["release"],
        stack="megatron",
        model=MODELS[line["model"]],
        precision="fp8",
        global_batch_size=line["gbs"],
        micro_batch_size=line["mbs"],
        sequence_length=length,
        recompute=recompute,
        attention="flash",
        step_time_s=schema.seconds(int(line["gbs"]) * length / speed),
        source="nemo_performance",
        **nvidia_row.MACHINES[line["system"]].cells(),
        **layout.cells(count),
    )
    notes = [_revision(line), _tuning_note(line, layout), _recompute_note(recompute)]
    return nvidia_row.finished(row, layout, nvidia_row.ADAPTERS if _is_adapter(line) else "", notes)


def _revision(line: dict[str, str]) -> str:
    return f"page of {line['source'].split()[-2]}"


def _tuning_note(line: dict[str, str], layout: nvidia_row.Layout) -> str:
    if not _is_tuning(line):
        return ""
    note = "full fine-tuning, SQuAD samples packed to 4,096 tokens: attention spans a sample, nearly free"
    return note if layout.virtual else f"{note}; virtual stages not stated"


def _recompute_note(recompute: str) -> str:
    return "no recompute in the launcher's configuration" if recompute else "recompute not stated"
