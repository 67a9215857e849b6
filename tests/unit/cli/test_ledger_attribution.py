"""`truecost ledger unit | allocate | cache` as a user meets them."""

from __future__ import annotations

import csv
import io
import json
from decimal import Decimal
from pathlib import Path

import pytest
from tests.unit.cli.conftest import Run
from tests.unit.ledger.logs import take
from tests.unit.ledger.test_attribution import FLEET, call, hosted

KNOWN = ("--as-known", "2026-11-22")


@pytest.fixture
def store(tmp_path: Path) -> str:
    """A small store with a fleet."""
    chat = hosted("chat", 3_000_000)
    take(tmp_path, FLEET, chat, call(task="a", feature="mail", input_tokens=9, output_tokens=1_000_000))
    return str(tmp_path / "usage")


def test_a_fleet_is_shared_out_and_idle_is_a_line(run: Run, store: str) -> None:
    how = ("--cost", "kind = fleet", "--to", "model = house-7b", "--capacity", "0.6M", *KNOWN)
    shown = run("ledger", "allocate", store, *how)
    assert shown.exit_code == 0
    assert "30 USD shared out by tokens" in " ".join(shown.stdout.split())
    assert "Used: 50 %" in shown.stdout
    assert "(idle)" in shown.stdout
    told = json.loads(run("ledger", "allocate", store, *how, "--json").stdout)
    assert (told["idle_usd"], told["shares"][0]["allocated_usd"]) == (
        "15.000000000000000", "15.000000000000000",
    )  # fmt: skip
    rows = list(csv.DictReader(io.StringIO(run("ledger", "allocate", store, *how, "--csv", "-").stdout)))
    assert [one["feature"] for one in rows] == ["chat", "(idle)"]
    assert sum(Decimal(one["allocated_usd"]) for one in rows) == 30, "idle is in it: all that was shared"


def test_a_task_costs_and_a_cache_saves(run: Run, store: str) -> None:
    shown = run("ledger", "unit", store, "--by", "feature", *KNOWN)
    assert "1.60 USD a task, 1 of them" in " ".join(shown.stdout.split())
    assert "In no task: 2 lines of usage, 30 USD." in shown.stdout
    cached = run("ledger", "cache", store, *KNOWN).stdout
    assert "caches saved 0 USD" in " ".join(cached.split())
    none = run("ledger", "unit", store, "--per", "customer", *KNOWN).stdout
    assert "no request names a customer" in " ".join(none.split())


@pytest.mark.parametrize(("how", "message"), [
    (("allocate", "--cost", "kind = fleet", "--capacity", "much"), "--capacity much: write a count"),
    (("allocate", "--cost", "kind"), "--cost kind: it ends where"),
    (("unit", "--per", "tsk"), "the nearest is task"),
    (("cache", "--for", "x = 1"), "no column 'x'"),
])  # fmt: skip
def test_what_is_not_understood_exits_2(run: Run, store: str, how: tuple[str, ...], message: str) -> None:
    result = run("ledger", how[0], store, *how[1:])
    assert result.exit_code == 2
    assert message in result.stderr
