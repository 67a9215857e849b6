"""The cells of a report by the shortest query: the same to the last digit as the whole question."""

from __future__ import annotations

from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.unit.ledger.logs import EXAMPLES, NOW, take

from truecost.ledger import filling, import_usage, usage_report
from truecost.ledger.engine import connected
from truecost.ledger.filling import Summed, fill_cells
from truecost.ledger.questions import Window, cells, printed, question
from truecost.ledger.reporting import prepare_tables
from truecost.ledger.store import Store, open_store

KNOWN = date(2026, 11, 22)
BY = ("user", "day", "region", "batch")
BILL = {"ts": "2026-10-06T12:00:00Z", "model": "x", "kind": "other", "stated_usd": 3, "input_tokens": 0}
HOURS = {"ts": "2026-10-07T12:00:00Z", "model": "h100-sxm", "kind": "fleet", "chip_hours": 2,
         "input_tokens": 0}  # fmt: skip


def used(number: int, model: str = "gpt-4.1-mini", **more: Any) -> dict[str, Any]:
    """A row in the normal form."""
    return {
        "ts": f"2026-10-{number % 28 + 1:02d}T12:00:00Z", "request_id": f"r{number}", "model": model,
        "provider": "openai", "input_tokens": 1000, "output_tokens": 10, **more,
    }  # fmt: skip


def both(store: Store) -> tuple[list[Any], list[Any], list[Any], list[Any]]:
    """Cells and gaps by the whole question, and by the shortest."""
    asked = Summed(cells(BY, question("priced")), question("unpriced"))
    with connected() as connection:
        prepare_tables(connection, store, Window(), KNOWN)
        whole = connection.execute(printed(asked.cells, "duckdb")).fetchall()
        gaps = connection.execute(printed(asked.unpriced, "duckdb")).fetchall()
        shorter_gaps = fill_cells(connection, asked, store, Window())
        shorter = connection.execute("SELECT * FROM cells").fetchall()
    # files that are asked apart give a cell each
    return merged(whole), merged(shorter), gaps, shorter_gaps


def merged(rows: list[Any]) -> list[Any]:
    """Cells by group, those of one group added up."""
    keys = len(BY) + 2
    sums: dict[Any, list[Any]] = {}
    for row in rows:
        found = sums.setdefault(row[:keys], [0] * (len(row) - keys))
        sums[row[:keys]] = [one + another for one, another in zip(found, row[keys:], strict=True)]
    return sorted(((key, *value) for key, value in sums.items()), key=repr)


@st.composite
def rows_used(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Rows of models with a price, without one, by length, and of what a bill or a fleet says."""
    made: list[dict[str, Any]] = []
    for number in range(draw(st.integers(1, 12))):
        tokens = draw(st.sampled_from([0, 1, 1000, 300_000]))
        cached = draw(st.integers(0, tokens))
        more: dict[str, Any] = draw(
            st.sampled_from([{}, {}, {"region": "eu"}, {"batch": True}, {"service_tier": "flex"},
                             {"quality": "estimated"}, {"status": "error"}, {"searches": 2}, {"requests": 3}])
        )  # fmt: skip
        model = draw(st.sampled_from(["gpt-4.1-mini", "gpt-5.4", "no-such-model"]))
        made.append(used(number, model, input_tokens=tokens, cache_read_tokens=cached, **more))
    return made + draw(st.sampled_from([[], [BILL], [HOURS], [BILL, HOURS]]))


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(records=rows_used())
def test_any_usage_adds_up_to_the_same(
    tmp_path_factory: pytest.TempPathFactory, records: list[dict[str, Any]]
) -> None:
    folder = tmp_path_factory.mktemp("any")
    take(folder, *records)
    whole, shorter, gaps, shorter_gaps = both(open_store(folder / "usage"))
    assert whole
    assert shorter == whole
    assert Counter(shorter_gaps) == Counter(gaps)


def test_all_samples_in_one_store_add_up_to_the_same(tmp_path: Path) -> None:
    import_usage(sorted(EXAMPLES.glob("openai*.jsonl")), tmp_path / "usage", now=NOW)
    import_usage([EXAMPLES / "opencost.csv"], tmp_path / "usage", now=NOW)
    whole, shorter, gaps, shorter_gaps = both(open_store(tmp_path / "usage"))
    assert (shorter, shorter_gaps) == (whole, gaps)


def test_a_row_too_dear_for_whole_units_is_added_in_decimals(tmp_path: Path) -> None:
    tokens = 100_000_000_000
    take(tmp_path, used(1, input_tokens=tokens), used(2))
    report = usage_report(tmp_path / "usage", as_known=KNOWN)
    # gpt-4.1-mini: 0.40 USD a million tokens in, 1.60 out
    assert str(report.total_usd.normalize()) == "40000.000432"


def test_usual_usage_is_asked_in_whole_units_and_bills_in_decimals(tmp_path: Path) -> None:
    take(tmp_path, used(1))
    take(tmp_path, BILL, name="bill.jsonl")
    with patch.object(filling, "in_whole_units", wraps=filling.in_whole_units) as whole:
        report = usage_report(tmp_path / "usage", as_known=KNOWN)
    assert whole.call_count == 1
    assert str(report.total_usd.normalize()) == "3.000416"
