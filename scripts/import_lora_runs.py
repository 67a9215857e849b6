"""Make `evidence/data/lora_runs.csv`: fine-tunes of Llama 2 70B by adapters, from MLPerf Training.

    python scripts/import_lora_runs.py DIRECTORY

DIRECTORY holds `mlperf_training_results.csv`, parsed from the logs of rounds 4.0, 4.1 and 5.0. A row is a
submission: minutes to the target loss (mean of 10 runs, fastest and slowest apart), and the training samples
of one of them. Submissions of the same system that differ in how power was measured are one row.
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

TARGET = Path(__file__).parents[1] / "src/truecost/evidence/data/lora_runs.csv"
SOURCE_FILE, BENCHMARK = "mlperf_training_results.csv", "llama2_70b_lora"
COLUMNS: tuple[str, ...] = (
    "round", "submitter", "system", "accelerator", "count", "per_node", "precision", "tensor_parallel_size",
    "context_parallel_size", "global_batch_size", "sequence_length", "samples", "evaluations", "minutes",
    "left_out", "note", "source",
)  # fmt: skip
CHIPS = {
    "NVIDIA H100-SXM5-80GB": "h100-sxm",
    "NVIDIA H100-SXM-80GB": "h100-sxm",
    "NVIDIA H200-SXM5-141GB": "h200",
    "NVIDIA Blackwell GPU (B200-SXM-180GB)": "b200",
    "NVIDIA Blackwell GPU (GB200)": "gb200",
    "AMD Instinct MI300X 192GB HBM3": "mi300x",
    "AMD Instinct MI325X 256GB HBM3e": "mi325x",
    "AMD Instinct MI325X 256GB HBM3E DLC": "mi325x",
    "NVIDIA L40S": "l40s",
    "NVIDIA A100-SXM4-80GB": "a100-sxm-80",
    "Intel(R) Gaudi(R) 2 AI Accelerator": "gaudi2",
}
LAYOUTS = {
    ("h100-sxm", 4): (4, 1), ("h100-sxm", 8): (4, 1), ("h100-sxm", 64): (4, 2), ("h100-sxm", 512): (4, 2),
    ("h100-sxm", 1024): (4, 2), ("h200", 8): (2, 1), ("l40s", 64): (4, 2), ("l40s", 384): (4, 2),
}  # fmt: skip
"""Tensor and context parallelism of NVIDIA's submissions: mlcommons/training_results_v4.0@62f111b,
NVIDIA/benchmarks/llama2_70b_lora/implementations/nemo/config_*.sh; others with as many chips are taken to run
the same code."""
RACK = {"gb200": 72}
BETWEEN_EVALUATIONS, FIRST_EVALUATION = 384, 1536
"""Samples; NVIDIA's submissions leave the first three evaluations out (SKIP_EVALS=3)."""
SEQUENCE_TOKENS = 8192


def rows(directory: Path) -> Iterator[dict[str, Any]]:
    """The submissions in our schema, in the order of the source."""
    seen: set[tuple[str, ...]] = set()
    with open(directory / SOURCE_FILE, encoding="utf-8", newline="") as file:
        for given in csv.DictReader(file):
            if given["benchmark"] != BENCHMARK:
                continue
            same = tuple(
                given[name] for name in ("round", "accelerators", "accelerator", "samples_to_converge")
            )
            key = (*same, given["time_to_train_min_olympic_mean"])
            if key not in seen:
                seen.add(key)
                yield _row(given)


def _row(given: Mapping[str, str]) -> dict[str, Any]:
    chip, count = CHIPS.get(given["accelerator"], ""), int(given["accelerators"])
    samples = int(given["samples_to_converge"])
    tensor, context = LAYOUTS.get((chip, count), ("", ""))
    return {
        "round": given["round"],
        "submitter": given["submitter"],
        "system": given["system"],
        "accelerator": chip,
        "count": count,
        "per_node": RACK.get(chip, int(given["accel_per_node"])),
        "precision": "fp8",
        "tensor_parallel_size": tensor,
        "context_parallel_size": context,
        "global_batch_size": given["global_batch_size"],
        "sequence_length": SEQUENCE_TOKENS,
        "samples": samples,
        "evaluations": max((samples - FIRST_EVALUATION) // BETWEEN_EVALUATIONS + 1, 0),
        "minutes": given["time_to_train_min_olympic_mean"],
        "left_out": _left_out(given, chip),
        "note": "" if tensor else "layout not stated",
        "source": given["source"].partition(",")[0].replace(" @", "@")
        + "; evaluations counted from the 1,536th sample",
    }


def _left_out(given: Mapping[str, str], chip: str) -> str:
    if not chip:
        return "accelerator not in the catalog"
    if given["submitter"] == "JuniperNetworks":
        return "DeepSpeed: precision and recomputation not stated"
    if chip == "gaudi2":
        return "precision not stated"
    return ""


def main() -> None:
    """Write the table."""
    with open(TARGET, "w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows(Path(sys.argv[1])))


if __name__ == "__main__":
    main()
