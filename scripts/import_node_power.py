"""Write evidence/data/node_power.csv: mean power of training servers, and how busy their chips were.

    python scripts/import_node_power.py DIRECTORY

DIRECTORY holds `mlperf_training_power.csv` (one row a run: power logs of MLPerf Training, mlcommons,
Apache-2.0, integrated over the timed run) and `mlperf_training_results.csv` (samples until the target was
reached). One row a system, submitter and benchmark: energy over time of its runs; no run is left out. Logs
that could not be read belong to network switches, so the power is that of the servers alone.

`load` is the share of the time that chips compute rather than wait for others: work a chip-minute over that
of the same benchmark in one server, 1 in one server by definition. It takes the same number of samples to
reach the target where the results do not state them. The same inputs give the same bytes. Not a part of
the package.
"""

from __future__ import annotations

import argparse
import csv
from collections import defaultdict
from pathlib import Path
from statistics import fmean

TARGET = Path(__file__).parents[1] / "src" / "truecost" / "evidence" / "data" / "node_power.csv"
CHIP, CHIPS_PER_NODE = "h100-sxm", 8
"""All systems with power logs are servers of eight H100."""
REFERENCE_SUBMITTER = "smc-ac-power"
BASIS = {
    "one": "one server",
    "relative": "work a chip-minute over that of one server",
    "none": "no run in one server; its utilization is above that of any run with load 1",
}
Row = dict[str, str]
Group = tuple[str, str, str]


def read(path: Path) -> list[Row]:
    with path.open(encoding="utf-8", newline="") as source:
        return list(csv.DictReader(source))


def grouped(rows: list[Row]) -> dict[Group, list[Row]]:
    groups: dict[Group, list[Row]] = defaultdict(list)
    for row in rows:
        groups[row["submitter"], row["system"], row["benchmark"]].append(row)
    return groups


def load_of(group: Group, groups: dict[Group, list[Row]], samples: dict[Group, float]) -> tuple[float, str]:
    """Share of the time that the chips compute, and what it rests on."""
    submitter, _, benchmark = group
    if is_single(groups[group]):
        return 1.0, BASIS["one"]
    singles = [each for each in groups if each[2] == benchmark and is_single(groups[each])]
    if not singles:
        return 1.0, BASIS["none"]
    same = [each for each in singles if each[0] == submitter]
    one = (same or [each for each in singles if each[0] == REFERENCE_SUBMITTER])[0]
    ratio = samples[group] / samples[one] if group in samples and one in samples else 1.0
    return min(1.0, ratio * node_minutes(groups[one]) / node_minutes(groups[group])), BASIS["relative"]


def is_single(runs: list[Row]) -> bool:
    return runs[0]["nodes_with_power"] == "1"


def node_minutes(runs: list[Row]) -> float:
    return fmean(float(run["run_minutes"]) for run in runs) * float(runs[0]["nodes_with_power"])


def mean_power(runs: list[Row]) -> float:
    """Energy over time of all runs together."""
    minutes = [float(run["run_minutes"]) for run in runs]
    energy = sum(t * float(run["mean_node_power_w"]) for t, run in zip(minutes, runs, strict=True))
    return energy / sum(minutes)


def written(group: Group, groups: dict[Group, list[Row]], samples: dict[Group, float]) -> dict[str, object]:
    runs, (load, basis) = groups[group], load_of(group, groups, samples)
    submitter, system, benchmark = group
    first = runs[0]
    name, _, commit = first["source"].split(" (")[0].partition(" @")
    return {
        "system": system,
        "submitter": submitter,
        "benchmark": benchmark,
        "chip": CHIP,
        "chips_per_node": CHIPS_PER_NODE,
        "nodes": first["nodes_with_power"],
        "runs": len(runs),
        "minutes": f"{fmean(float(run['run_minutes']) for run in runs):.3f}",
        "load": f"{load:.3f}",
        "load_basis": basis,
        "mean_node_power_w": f"{mean_power(runs):.0f}",
        "source": f"{name}@{commit[:8]} (Apache-2.0), power logs integrated over the timed runs",
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("directory", type=Path)
    directory: Path = parser.parse_args().directory
    groups = grouped(read(directory / "mlperf_training_power.csv"))
    samples = {
        (row["submitter"], row["system"], row["benchmark"]): float(row["samples_to_converge"])
        for row in read(directory / "mlperf_training_results.csv")
        if row["samples_to_converge"]
    }
    rows = [written(group, groups, samples) for group in sorted(groups, key=lambda each: (each[1], *each))]
    with TARGET.open("w", newline="", encoding="utf-8") as target:
        writer = csv.DictWriter(target, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    print(f"node_power.csv: {len(rows)} rows of {sum(len(runs) for runs in groups.values())} runs")


if __name__ == "__main__":
    main()
