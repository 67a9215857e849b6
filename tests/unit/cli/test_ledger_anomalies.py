"""`truecost ledger anomalies`: the odd day of the sample, what explains it, the exit codes."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from tests.unit.cli.conftest import Run
from tests.unit.ledger.logs import EXAMPLES, NOW

from truecost.ledger import import_usage

KNOWN = ("--as-known", "2026-11-22")


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shipped hundred days, of which 2026-10-08 is odd."""
    folder = tmp_path_factory.mktemp("daily") / "usage"
    import_usage([EXAMPLES / "daily.csv"], folder, now=NOW)
    return folder


def test_the_odd_day_and_what_explains_it(run: Run, store: Path) -> None:
    done = run("ledger", "anomalies", store, *KNOWN)
    assert done.exit_code == 0, done.output
    said = " ".join(done.stdout.split())
    assert "anomalies: 1 odd day among 72 days" in said
    assert "2026-10-08: 140 USD, expected 71.8 USD (65.0 – 79.3)" in said
    assert (
        "feature=agent explains 100 % of +68.7 USD (within it customer=acme 98 %): requests × 3.59." in said
    )


def test_none_is_said_and_strict_is_a_no(run: Run, store: Path) -> None:
    assert run("ledger", "anomalies", store, "--strict", *KNOWN).exit_code == 1
    done = run("ledger", "anomalies", store, "--since", "2026-10-09", "--strict", *KNOWN)
    assert done.exit_code == 0
    assert "anomalies: none among 16 days" in " ".join(done.stdout.split())


def test_json_and_csv(run: Run, store: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.csv"
    done = run("ledger", "anomalies", store, "--by", "feature,customer", "--json", "--csv", out, *KNOWN)
    one = json.loads(done.stdout)["anomalies"][0]
    row = next(iter(csv.DictReader(out.read_text(encoding="utf-8").splitlines())))
    assert (row["at"], row["feature"], row["customer"]) == ("2026-10-08", "agent", "acme")
    assert (row["usd"], row["effect"]) == (one["usd"], "requests")


@pytest.mark.parametrize(("words", "message"), [
    (("--hours",), "its usage is told by the day"),
    (("--month", "2026-10", "--since", "2026-10-01"), "give one"),
    (("--by", "usr"), "the nearest is user"),
])  # fmt: skip
def test_what_is_not_understood_is_one_message(
    run: Run, store: Path, words: tuple[str, ...], message: str
) -> None:
    done = run("ledger", "anomalies", store, *words, *KNOWN)
    assert done.exit_code == 2
    assert message in done.stderr
    assert len(done.stderr.splitlines()) == 1
