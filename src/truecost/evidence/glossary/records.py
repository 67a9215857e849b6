"""Whole training runs as they are on record, for the examples that show one."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files

from truecost.catalog.facts import Confidence, Fact
from truecost.physics.training import chip_hours

UNITS = {"tokens": "tokens", "training_flop": "FLOP", "chip_hours": "chip-hours"}


@dataclass(frozen=True, slots=True)
class WholeRun:
    """One recorded run: what it trained on, its FLOP, the chip-hours it took, the dense peak of its chip."""

    model: str
    tokens: float
    training_flop: float
    chip_hours: float
    peak_flops_per_s: float
    source: str

    @property
    def utilization(self) -> float:
        """Model FLOP over chip-hours x dense peak."""
        return float(chip_hours(self.training_flop, self.peak_flops_per_s, 1.0)) / self.chip_hours

    def fact(self, name: str) -> Fact:
        """One figure of the record with its source; `name` is one of UNITS."""
        return Fact(
            f"whole run/{self.model}/{name}",
            float(getattr(self, name)),
            UNITS[name],
            self.source,
            read_on(),
            Confidence.PUBLISHED,
        )


@cache
def read_on() -> date:
    """The day on which the tables of the catalog were read."""
    from truecost.catalog.rates import load_rates

    return load_rates().fact("utilization/whole_run").checked


@cache
def whole_run(model: str) -> WholeRun:
    """The recorded run of a model. Raises LookupError for one that is not on record.

    >>> whole_run("DeepSeek-V3").chip_hours
    2664000.0
    """
    text = (files("truecost.catalog") / "data" / "whole_runs.csv").read_text(encoding="utf-8")
    for row in csv.DictReader(text.splitlines()):
        if row["model"] == model:
            return WholeRun(
                model,
                float(row["tokens"]),
                float(row["training_flop"]),
                float(row["chip_hours"]),
                float(row["peak_flops_per_s"]),
                row["source"],
            )
    raise LookupError(f"no whole run of {model} is on record")
