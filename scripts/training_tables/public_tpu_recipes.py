"""Google's training recipes: MaxText on Trillium (v6e), v5p and Ironwood (TPU7x), step times from their logs.

The figures are a step's seconds with FLOP and tokens a second and chip; the three agree. TPU7x has two
devices a chip: everything here is counted in chips, so a context group of eight devices is four chips.
Parameters are sharded over all chips of a slice (which is one fast domain); only one case has two slices.

`kept` is what of a layer is kept or moved to the host; the rest, at least most of the feed-forward, is
computed again, so the mode is full recomputation. Recipes change too: the layout is that of a stored version
of each.
"""

from __future__ import annotations

from pathlib import Path

from training_tables.schema import case, layout_fault, read_table, seconds

FIGURES = Path(__file__).with_name("public_tpu_recipes.csv")
IRONWOOD = "two devices a chip; layout and recompute from a stored version of the recipe"


def rows(figures: Path = FIGURES) -> list[dict[str, str]]:
    """Every case of the recipes whose model the catalog has."""
    return [_case(raw) for raw in read_table(figures)]


def _case(raw: dict[str, str]) -> dict[str, str]:
    chips = int(raw["chips"])
    row = case(
        dataset="tpu-recipes",
        stack="maxtext",
        model=raw["model"],
        accelerator=raw["accelerator"],
        count=chips,
        per_node=chips // int(raw["slices"]),
        precision=raw["precision"],
        global_batch_size=raw["global_batch"],
        sequence_length=raw["sequence"],
        recompute="full" if raw["kept"] else "",
        attention="flash",
        step_time_s=seconds(float(raw["step_s"])),
        note=_note(raw),
        source="tpu_recipes",
        **_layout(raw, chips),
    )
    row["left_out"] = layout_fault(row)
    return row


def _layout(raw: dict[str, str], chips: int) -> dict[str, object]:
    """The parallel sizes; none where the recipe's configuration is not known."""
    if not raw["sharding"]:
        return {"context_parallel_size": "", "expert_parallel_size": ""}
    copies = chips // int(raw["context"])
    return {
        "tensor_parallel_size": 1,
        "pipeline_parallel_size": 1,
        "virtual_pipeline_size": 1,
        "context_parallel_size": raw["context"],
        "data_parallel_size": copies,
        "sharding": raw["sharding"],
        "sequence_parallel": False,
        "micro_batch_size": int(raw["global_batch"]) // copies,
    }


def _note(raw: dict[str, str]) -> str:
    kept = f"kept of a layer: {raw['kept']}" if raw["kept"] else ""
    devices = IRONWOOD if raw["accelerator"] == "tpu-v7" else ""
    return "; ".join(part for part in (raw["place"], kept, devices, raw["remark"]) if part)
