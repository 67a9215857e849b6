"""`throughput_nvidia_dgxc.csv`: step times of NVIDIA's DGX Cloud benchmarking recipes, 16 to 2,048 H100.

The batch follows from tokens a second x step time; lengths and layouts are those of the recipes' READMEs.
The same figures stand in several revisions: every copy after the first is left out.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from training_tables import nvidia_row, schema

WORKLOAD = re.compile(
    r"^(?P<name>.+?)(?: (?P<container>24\.\d\d))? (?P<precision>BF16|FP8)(?: \((?P<layout>.+)\))?$"
)
REVISION = re.compile(r"@(\w+)")
SIZE = re.compile(r"\b(TP|PP|CP|VP|MBS)=(\d+)")


@dataclass(frozen=True, slots=True)
class Workload:
    """What a recipe's README says of its runs."""

    model: str
    stack: str
    sequence_length: int


WORKLOADS = {
    "Llama 3.1 70b": Workload("llama-3.1-70b", "megatron", 8192),
    "Nemotron4 15b": Workload("nemotron-4-15b", "megatron", 4096),
    "Maxtext Llama3 70b": Workload("llama-3-70b", "maxtext", 8192),
    "Maxtext LLama2 70b": Workload("llama-2-70b", "maxtext", 4096),
}
CONTAINERS = {
    ("Llama 3.1 70b", "1b9bb6b"): "24.12",
    ("Llama 3.1 70b", "e6afea3"): "24.09",
    ("Nemotron4 15b", "e6afea3"): "24.11",
    ("Maxtext LLama2 70b", "e6afea3"): "2024-12-09",
}
"""Workload and revision of the recipes -> the container its README or a later copy of the figures names."""
MAXTEXT_FSDP_LIMIT = 256
"""From 512 chips on, MaxText's runs shard over 128 chips and copy over the rest (README and configure.sh)."""


def rows(path: Path) -> list[dict[str, str]]:
    """One row a line of the file, in its order."""
    seen: dict[tuple[str, ...], str] = {}
    return [_row(line, seen) for line in schema.read_table(path)]


def _row(line: dict[str, str], seen: dict[tuple[str, ...], str]) -> dict[str, str]:
    found = WORKLOAD.match(line["workload"])
    assert found is not None
    workload, count = WORKLOADS[found["name"]], int(line["gpus"])
    batch = _batch(found["name"], count)
    layout, micro_batch = _layout(workload, found["layout"], count)
    row = schema.case(
        dataset="dgxc",
        release=_release(line, found),
        stack=workload.stack,
        model=workload.model,
        accelerator="h100-sxm",
        per_node=8,
        precision=found["precision"].lower(),
        global_batch_size=batch,
        micro_batch_size=micro_batch,
        sequence_length=workload.sequence_length,
        recompute=_recompute(workload),
        attention="flash",
        step_time_s=schema.seconds(float(line["step_time_s"])),
        source="dgxc_benchmarking",
        **layout.cells(count),
    )
    return nvidia_row.finished(row, layout, _copy(line, found, seen), _notes(workload, found, count))


def _batch(name: str, count: int) -> int:
    """Sequences of a global batch: 2 a chip for Llama, 4 a chip for Nemotron (GBS of the READMEs)."""
    return count * (4 if name.startswith("Nemotron") else 2)


def _layout(workload: Workload, text: str | None, count: int) -> tuple[nvidia_row.Layout, str]:
    """The layout and the micro-batch size, both empty where the workload does not state them."""
    if workload.stack == "maxtext":
        sharding = "zero-3" if count <= MAXTEXT_FSDP_LIMIT else "hsdp"
        return nvidia_row.Layout("1", "1", sharding=sharding), "2"
    if text is None:
        return nvidia_row.Layout("", "", "", "", "1"), ""
    size = dict(SIZE.findall(text))
    layout = nvidia_row.Layout(size["TP"], size["PP"], size.get("CP", "1"), size.get("VP", "1"))
    return layout, size["MBS"]


def _copy(line: dict[str, str], found: re.Match[str], seen: dict[tuple[str, ...], str]) -> str:
    key = (found["name"], found["precision"], line["gpus"], line["step_time_s"], line["tokens_per_s"])
    revision = _revision(line)
    first = seen.setdefault(key, revision)
    return "" if first == revision else f"duplicate of the same line at revision {first}"


def _revision(line: dict[str, str]) -> str:
    found = REVISION.search(line["source"])
    assert found is not None
    return found[1]


def _release(line: dict[str, str], found: re.Match[str]) -> str:
    """The NeMo container where it is known, else nothing: the recipes' revision stands in the note."""
    return found["container"] or CONTAINERS.get((found["name"], _revision(line)), "")


def _recompute(workload: Workload) -> str:
    return "full" if workload.stack == "maxtext" else "none"


def _notes(workload: Workload, found: re.Match[str], count: int) -> list[str]:
    if workload.stack == "maxtext":
        groups = "" if count <= MAXTEXT_FSDP_LIMIT else f"shards over 128 chips, {count // 128} copies"
        remat = "all but the query, key and value projections recomputed (remat policy save_qkv_proj)"
        return [groups, remat, "network not stated"]
    stated = "" if found["layout"] else "layout and micro-batch not stated"
    return [stated, "no recompute in the recipe's configuration", "network not stated"]
