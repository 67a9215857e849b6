"""torchtitan's benchmark pages: Llama 2 and 3 on A100, H100 and H200, one to four dimensions of parallelism.

Their unit is tokens a second and chip, with tokens counted once over tensor, pipeline and context groups. A
local batch is that of a data-parallel rank; where its micro-batches are not stated but a pipeline of eight
stages needs as many of them as the local batch has sequences, the micro-batch is one. Sequences of 8,192 are
stated for A100 only; on H100 and H200 they are the default of the configurations. That torchtitan shards the
sequence wherever it shards tensors, keeps gathered parameters through a step of the pipeline (hence zero-2)
and what its checkpointing options keep is knowledge of its code, not of these pages.

Its "selective op" recomputes every second product of matrices, more than Megatron's selective recomputation
(only attention's scores) but far less than everything; "selective layer" recomputes every second layer whole.
"""

from __future__ import annotations

from pathlib import Path

from training_tables.schema import case, layout_fault, read_table, seconds

FIGURES = Path(__file__).with_name("public_torchtitan.csv")
RECOMPUTE = {"none": "none", "selective op": "selective", "selective layer": "", "full": "full"}
EVERY_SECOND_LAYER = "recomputes every second layer whole, which no mode describes"
WORDS = {
    "compile": {"yes": "torch.compile", "no": "without torch.compile", "": "torch.compile not stated"},
    "async_tp": {"yes": "asynchronous tensor parallelism", "no": "", "": ""},
    "checkpointing": {"selective op": "selective: every second product of matrices recomputed"},
}


def rows(figures: Path = FIGURES) -> list[dict[str, str]]:
    """Every case of the pages, in their order."""
    return [_case(raw) for raw in read_table(figures)]


def _case(raw: dict[str, str]) -> dict[str, str]:
    tensor, pipeline, context = int(raw["tensor"]), int(raw["pipeline"]), int(raw["context"])
    count, sequence = int(raw["chips"]), int(raw["sequence"])
    data = count // (tensor * pipeline * context)
    batch = data * int(raw["local_batch"])
    row = case(
        dataset="torchtitan",
        release=raw["release"],
        stack="torchtitan",
        model=raw["model"],
        accelerator=raw["accelerator"],
        count=count,
        per_node=8,
        inter_node_bytes_per_s=raw["network_bytes_per_s"],
        precision=raw["precision"],
        tensor_parallel_size=tensor,
        pipeline_parallel_size=pipeline,
        virtual_pipeline_size=raw["virtual"],
        context_parallel_size=context,
        data_parallel_size=data,
        sharding="zero-3" if pipeline == 1 else "zero-2",
        sequence_parallel=tensor > 1,
        global_batch_size=batch,
        micro_batch_size=raw["micro_batch"],
        sequence_length=sequence,
        recompute=RECOMPUTE[raw["checkpointing"]],
        attention="flash",
        power_cap_w=raw["power_cap_w"],
        step_time_s=seconds(batch * sequence / (float(raw["tokens_per_s_per_chip"]) * count)),
        note=_note(raw),
        source="torchtitan",
    )
    doubtful = EVERY_SECOND_LAYER if raw["checkpointing"] == "selective layer" else ""
    row["left_out"] = layout_fault(row) or doubtful
    return row


def _note(raw: dict[str, str]) -> str:
    notes = [raw["place"], *(words.get(raw[name], "") for name, words in WORDS.items()), raw["remark"]]
    if raw["power_cap_w"]:
        notes.append("H100 with 96 GB of HBM2e at 2.4 TB/s")
    if not raw["network_bytes_per_s"]:
        notes.append("network not stated")
    if raw["accelerator"] != "a100-sxm-80" and raw["sequence"] == "8192":
        notes.append("sequence from the default configuration")
    if raw["pipeline"] != "1":
        notes.append("sharding not stated: parameters kept through the pipeline")
    if raw["pipeline"] != "1" and raw["micro_batch"]:
        notes.append("micro-batch of one because eight stages need eight micro-batches")
    if not raw["micro_batch"]:
        notes.append("micro-batch not stated" + ("" if raw["virtual"] else ", nor virtual stages"))
    return "; ".join(note for note in notes if note)
