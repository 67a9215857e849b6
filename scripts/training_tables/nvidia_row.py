"""What the three NVIDIA tables share: the machines, a layout, and a row made from one case."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from training_tables import schema

Cells = dict[str, object]
ADAPTERS = "adapter tuning: most weight gradients are not computed"


@dataclass(frozen=True, slots=True)
class Machine:
    """A chip as the catalog names it, its fast domain, and network bytes/s a chip sends."""

    accelerator: str
    per_node: int
    inter_node_bytes_per_s: str

    def cells(self) -> Cells:
        """Its columns of a row."""
        return {
            "accelerator": self.accelerator,
            "per_node": self.per_node,
            "inter_node_bytes_per_s": self.inter_node_bytes_per_s,
        }


MACHINES = {
    "DGX-H100": Machine("h100-sxm", 8, "50e9"),
    "DGX-B200": Machine("b200", 8, "50e9"),
    "DGX-B300": Machine("b300", 8, "100e9"),
    "DGX-GB200": Machine("gb200", 72, "50e9"),
    "DGX-GB300": Machine("gb300", 72, "100e9"),
}
"""One ConnectX-7 (400 Gbit/s) a GPU; one ConnectX-8 (800 Gbit/s) with Blackwell Ultra."""


@dataclass(frozen=True, slots=True)
class Layout:
    """Sizes of the parallel groups; an empty string is one that the source does not state."""

    tensor: str
    pipeline: str
    context: str = "1"
    virtual: str = "1"
    expert: str = "1"
    sharding: str = "zero-1"

    def data(self, count: int) -> str:
        """Chips over tensor, pipeline and context groups; empty where one of them is unknown or none fits.

        >>> Layout("4", "4", "2").data(64), Layout("", "4").data(64), Layout("3", "1").data(64)
        ('2', '', '')
        """
        if not (self.tensor and self.pipeline and self.context):
            return ""
        size, rest = divmod(count, int(self.tensor) * int(self.pipeline) * int(self.context))
        return "" if rest else str(size)

    def sequence_parallel(self) -> str:
        """NVIDIA's recipes shard the sequence wherever they shard tensors."""
        return "" if not self.tensor else str(int(self.tensor) > 1).lower()

    def cells(self, count: int) -> Cells:
        """The columns of a row that describe it on `count` chips."""
        return {
            "count": count,
            "tensor_parallel_size": self.tensor,
            "pipeline_parallel_size": self.pipeline,
            "virtual_pipeline_size": self.virtual,
            "context_parallel_size": self.context,
            "expert_parallel_size": self.expert,
            "data_parallel_size": self.data(count),
            "sharding": self.sharding,
            "sequence_parallel": self.sequence_parallel(),
        }


def fault(layout: Layout, row: dict[str, str]) -> str:
    """Why a row's layout cannot run, or "": the schema's checks, and that a stage has room for its experts.

    >>> fault(Layout("8", "3"), {"count": "64"})
    'layout impossible: parallel sizes do not divide the chips'
    """
    stated = layout.tensor and layout.pipeline and layout.context
    if not stated:
        return ""
    replicas = layout.data(int(row["count"]))
    if not replicas:
        return "layout impossible: parallel sizes do not divide the chips"
    stage = int(layout.tensor) * int(layout.context) * int(replicas)
    if layout.expert and stage % int(layout.expert):
        return f"layout impossible: {layout.expert} expert-parallel ranks in a stage of {stage} chips"
    return schema.layout_fault(row)


def finished(row: dict[str, str], layout: Layout, left_out: str, notes: Iterable[str]) -> dict[str, str]:
    """The row with its notes joined and the reason it is not used, if any."""
    row["note"] = "; ".join(note for note in notes if note)
    row["left_out"] = left_out or fault(layout, row)
    return row
