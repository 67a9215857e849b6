"""The traces that come with truecost: their names, sources and licences (`data/traces.csv`)."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

_DATA = files("truecost.replay") / "data"


@dataclass(frozen=True, slots=True)
class Shipped:
    """A trace by name: where it is from, under which licence, whom to name, when it was carried over."""

    name: str
    requests: int
    what: str
    source: str
    licence: str
    attribution: str
    checked: str
    note: str


@cache
def shipped_traces() -> tuple[Shipped, ...]:
    """The shipped traces, in the order of their list."""
    rows = csv.DictReader((_DATA / "traces.csv").read_text(encoding="utf-8").splitlines())
    return tuple(_shipped(row) for row in rows)


def _shipped(row: dict[str, str]) -> Shipped:
    return Shipped(
        row["name"], int(row["requests"]), row["what"], row["source"], row["licence"], row["attribution"],
        row["checked"], row["note"],
    )  # fmt: skip


def data_file(shipped: Shipped) -> str:
    """Where the requests of a shipped trace lie, in our own schema."""
    return str(_DATA / f"{shipped.name}.csv.gz")
