"""Write evidence/data/training_runs.csv: whole training runs whose chip-hours and work were both recorded.

    python scripts/import_training_runs.py DIRECTORY

DIRECTORY holds `recorded_runs_epoch.csv` (Epoch AI's database, CC-BY), `gpu_hours_llama_model_cards.csv`
and `published_training_runs.csv`. Merged with them, one row a run:
- `whole_runs.csv` of the catalog: the FLOP, the chip-hours, and why a run is left out;
- `training_runs_by_hand.csv` beside this script: shapes, further runs, and cells that overrule the tables
  (a filled cell wins), each with its source.

A run whose hours were computed from a utilization, or whose FLOP from its hours, proves nothing about
utilization: it stays in the table with `independent` false and the reason in `left_out`. The same inputs
give the same bytes. Not a part of the package.
"""

from __future__ import annotations

import argparse
import csv
from pathlib import Path

from truecost.catalog.accelerators import accelerator

ROOT = Path(__file__).parents[1] / "src" / "truecost"
BY_HAND = Path(__file__).with_name("training_runs_by_hand.csv")
COLUMNS: tuple[str, ...] = (
    "run",
    "developer",
    "published",
    "model",
    "hidden_size",
    "num_hidden_layers",
    "num_attention_heads",
    "num_key_value_heads",
    "intermediate_size",
    "vocab_size",
    "head_dim",
    "gated_mlp",
    "accelerator",
    "chips",
    "parameters",
    "active_parameters",
    "tokens",
    "sequence_length",
    "batch_tokens",
    "precision",
    "training_flop",
    "flop_basis",
    "chip_hours",
    "independent",
    "left_out",
    "confidence",
    "note",
    "source",
)
KEPT: tuple[str, ...] = (
    "developer",
    "published",
    "parameters",
    "tokens",
    "training_flop",
    "flop_basis",
    "chip_hours",
    "left_out",
    "source",
)
"""What is taken from the catalog's record of runs as it stands there."""
NOT_INDEPENDENT = ("hours are the tokens over", "hours derived from", "FLOP derived from")
"""What a reason in `left_out` says where hours and FLOP are one record, not two."""
Row = dict[str, str]


def read(path: Path) -> list[Row]:
    with path.open(encoding="utf-8", newline="") as source:
        return list(csv.DictReader(source))


def from_the_catalog(row: Row, chips: dict[str, str]) -> Row:
    """A run of whole_runs.csv in the columns of this table."""
    is_card = "MODEL_CARD" in row["source"] or "README" in row["source"]
    return {
        "run": row["model"],
        "accelerator": accelerator(row["chip"]).key,
        "chips": chips.get(row["model"], ""),
        "confidence": "published" if is_card else "quoted",
    } | {name: row[name] for name in KEPT}


def from_published(rows: list[Row]) -> dict[str, Row]:
    """Runs of `published_training_runs.csv` that are whole: its other rows are stages or sums of stages."""
    return {
        row["model"]: {
            "run": row["model"],
            "accelerator": accelerator(row["chip"]).key,
            "chips": row["chips"],
            "parameters": f"{float(row['params_b']) * 1e9:g}",
            "tokens": f"{float(row['tokens_t']) * 1e12:g}",
            "chip_hours": f"{float(row['chip_hours']):g}",
            "source": row["source"],
        }
        for row in rows
        if row["stage"] == "pre-training" and row["tokens_t"]
    }


def check_cards(cards: list[Row], runs: dict[str, Row]) -> None:
    """The hours of the model cards must be those of the catalog."""
    for card in cards:
        run = runs[card["model"]]
        if float(run["chip_hours"]) != float(card["gpu_hours"]):
            raise ValueError(f"{card['model']}: {run['chip_hours']} hours, the card says {card['gpu_hours']}")


def finished(row: Row) -> Row:
    """FLOP by 6 N D where none were counted, and whether hours and FLOP are independent records."""
    row["active_parameters"] = row.get("active_parameters") or row["parameters"]
    if not row.get("training_flop") and row.get("tokens"):
        flop = 6 * float(row["active_parameters"]) * float(row["tokens"])
        row |= {"training_flop": f"{flop:.6g}", "flop_basis": "6 N D"}
    is_derived = any(words in row.get("left_out", "") for words in NOT_INDEPENDENT)
    row["independent"] = "false" if is_derived else "true"
    return {name: row.get(name, "") for name in COLUMNS}


def merged(directory: Path) -> list[Row]:
    chips = {
        row["Model"]: f"{float(row['Hardware quantity']):.0f}"
        for row in read(directory / "recorded_runs_epoch.csv")
        if row["Hardware quantity"]
    }
    runs = {
        row["model"]: from_the_catalog(row, chips)
        for row in read(ROOT / "catalog" / "data" / "whole_runs.csv")
    }
    check_cards(read(directory / "gpu_hours_llama_model_cards.csv"), runs)
    for name, row in from_published(read(directory / "published_training_runs.csv")).items():
        runs[name] = row | {key: cell for key, cell in runs.get(name, {}).items() if cell}
    for row in read(BY_HAND):
        cells = {key: cell for key, cell in row.items() if cell and key != "chip"}
        if row["chip"]:
            cells["accelerator"] = accelerator(row["chip"]).key
        runs[row["run"]] = runs.get(row["run"], {}) | cells
    return [finished(row) for row in sorted(runs.values(), key=lambda row: (row["published"], row["run"]))]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("directory", type=Path)
    rows = merged(parser.parse_args().directory)
    with (ROOT / "evidence" / "data" / "training_runs.csv").open("w", newline="", encoding="utf-8") as target:
        writer = csv.DictWriter(target, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    print(f"training_runs.csv: {len(rows)} runs, {sum(not row['left_out'] for row in rows)} used")


if __name__ == "__main__":
    main()
