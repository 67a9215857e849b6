"""Pages of figures of chips seldom measured by others: AWS Trainium and Intel Gaudi 2.

Amazon states sequences a second and degrees in cores (two a chip, here in chips); Intel states tokens a
second of all chips and no layout, so those cells are empty and the rows are not cases of the law.
"""

from __future__ import annotations

from pathlib import Path

from training_tables.schema import case, layout_fault, read_table, seconds

FIGURES = Path(__file__).with_name("public_vendors.csv")
NOTES = {
    "neuron": "NeuronX Distributed, which shards as Megatron does; ZeRO-1 stated for the 8B only; recompute, "
    "attention, sequence parallelism and network (trn1 or trn1n) not stated",
    "gaudi": "software of the chip's maker, its stack not named; layout, micro-batch, recompute and "
    "attention not stated",
}
LEFT_OUT = {"neuron": "recompute not stated and the fast link's rate of the chip unknown", "gaudi": ""}


def rows(figures: Path = FIGURES) -> list[dict[str, str]]:
    """Every figure of the pages."""
    return [_case(raw) for raw in read_table(figures)]


def _case(raw: dict[str, str]) -> dict[str, str]:
    batch, sequence = int(raw["global_batch"]), int(raw["sequence"])
    amount = batch * sequence if raw["unit"] == "tokens_per_s" else batch
    stated = bool(raw["tensor"])
    row = case(
        dataset=raw["dataset"],
        release=raw["release"],
        stack="megatron",
        model=raw["model"],
        accelerator=raw["accelerator"],
        count=raw["chips"],
        per_node=raw["per_node"],
        precision=raw["precision"],
        tensor_parallel_size=raw["tensor"],
        pipeline_parallel_size=raw["pipeline"],
        virtual_pipeline_size=1 if stated else "",
        context_parallel_size=1 if stated else "",
        data_parallel_size=raw["data"],
        sharding="zero-1" if stated else "",
        global_batch_size=batch,
        micro_batch_size=raw["micro_batch"],
        sequence_length=sequence,
        step_time_s=seconds(amount / float(raw["figure"])),
        note="; ".join(part for part in (NOTES[raw["dataset"]], raw["remark"]) if part),
        source=raw["source"],
    )
    row["left_out"] = layout_fault(row) or LEFT_OUT[raw["dataset"]]
    return row
