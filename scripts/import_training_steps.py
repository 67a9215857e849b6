"""Write evidence/data/training_steps.csv from published tables of training throughput.

    python scripts/import_training_steps.py DIRECTORY

DIRECTORY holds the large tables as published (throughput_*.csv, published_mfu_points.csv); small ones lie
beside their modules (training_tables/public_*.csv). Every family of tables has a module in training_tables/
that says what its source counts and how that becomes seconds a step; the families are written in a fixed
order, so that another run gives the same bytes. Not a part of the package: it runs when tables are renewed.
"""

from __future__ import annotations

import argparse
import csv
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

from training_tables.schema import COLUMNS

TARGET = Path(__file__).parents[1] / "src" / "truecost" / "evidence" / "data" / "training_steps.csv"
FAMILIES = (
    "vtrain",
    "narayanan",
    "korthikanti",
    "mosaic",
    "fms_fsdp",
    "nanotron",
    "maxtext",
    "nvidia",
    "mfu_points",
    "public",
)


def all_rows(directory: Path) -> list[dict[str, str]]:
    """The cases of every family there is a module for, in the fixed order."""
    names = [f"training_tables.{family}" for family in FAMILIES]
    return [row for name in names if find_spec(name) for row in import_module(name).rows(directory)]


def write(rows: list[dict[str, str]], target: Path) -> None:
    """The rows as CSV, their columns checked against the schema."""
    with target.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("directory", type=Path, help="folder of the tables as published")
    parser.add_argument("--target", type=Path, default=TARGET, help="CSV to write (default: the evidence's)")
    arguments = parser.parse_args()
    rows = all_rows(arguments.directory)
    write(rows, arguments.target)
    for dataset in dict.fromkeys(row["dataset"] for row in rows):
        cases = [row for row in rows if row["dataset"] == dataset]
        left_out = sum(bool(row["left_out"]) for row in cases)
        print(f"{dataset}: {len(cases) - left_out} used, {left_out} left out")


if __name__ == "__main__":
    main()
