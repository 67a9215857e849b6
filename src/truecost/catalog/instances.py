"""Which accelerators, and how many, an instance of a cloud has: what turns instance hours into chip hours.

One row an instance type in `data/instances.csv`, by the name that the cloud sells it under.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files

from truecost.catalog.facts import Confidence, Fact


@dataclass(frozen=True, slots=True)
class Instance:
    """An instance type: who rents it out, the key of its accelerator, how many of them it has."""

    name: str
    cloud: str
    chip: str
    chips: int
    fact: Fact
    """The number of chips, with its source."""


@cache
def load_instances() -> Mapping[str, Instance]:
    """Every instance type with accelerators that the package knows, by its name.

    >>> found = load_instances()["p5.48xlarge"]
    >>> found.cloud, found.chip, found.chips
    ('aws', 'h100-sxm', 8)
    """
    text = (files("truecost.catalog") / "data" / "instances.csv").read_text(encoding="utf-8")
    return {row["instance"]: _instance(row) for row in csv.DictReader(text.splitlines())}


def _instance(row: Mapping[str, str]) -> Instance:
    fact = Fact(
        f"instance/{row['instance']}", float(row["value"]), row["unit"], row["source"],
        date.fromisoformat(row["checked"]), Confidence(row["confidence"]),
    )  # fmt: skip
    return Instance(row["instance"], row["cloud"], row["chip"], int(row["value"]), fact)
