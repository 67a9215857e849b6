"""A question without what usage says nothing in: the same sums to the last digit, by a shorter query."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlglot import exp
from tests.unit.ledger.logs import EXAMPLES, NOW, chat, take

from truecost.ledger import import_usage
from truecost.ledger.engine import connected
from truecost.ledger.folding import folded, known_of
from truecost.ledger.questions import Window, cells, printed, question
from truecost.ledger.reporting import prepare_tables
from truecost.ledger.store import Store, open_store
from truecost.ledger.usage import SILENT

KNOWN = date(2026, 11, 22)
FULL = {
    "ts": "2026-10-05T12:00:00Z", "model": "gpt-4o-audio-preview", "provider": "openai",
    "input_tokens": 100, "output_tokens": 100, "cache_read_tokens": 1, "cache_write_5m_tokens": 1,
    "cache_write_1h_tokens": 1, "reasoning_tokens": 1, "audio_input_tokens": 1, "audio_output_tokens": 1,
    "image_units": 1, "searches": 1, "requests": 2,
}  # fmt: skip
BILL = {"ts": "2026-10-05T12:00:00Z", "model": "x", "kind": "other", "stated_usd": 3, "input_tokens": 0}
HOURS = {"ts": "2026-10-05T12:00:00Z", "model": "h100-sxm", "kind": "fleet", "chip_hours": 2,
         "input_tokens": 0}  # fmt: skip
AGAIN = chat(1, metadata={"attempt": "2"})


def both(store: Store) -> tuple[list[Any], list[Any], exp.Query]:
    """The cells of a store by the whole question and by the folded one, and that."""
    asked = cells(("user", "day"), question("priced"))
    with connected() as connection:
        prepare_tables(connection, store, Window(), KNOWN)
        shorter = folded(asked, known_of(store.empty(), has_fees=False))
        first, second = (
            connection.execute(f"SELECT * FROM ({printed(one, 'duckdb')}) ORDER BY ALL").fetchall()
            for one in (asked, shorter)
        )
    return first, second, shorter


def test_the_samples_add_up_to_the_same(tmp_path: Path) -> None:
    import_usage(sorted(EXAMPLES.glob("openai*.jsonl")), tmp_path / "usage", now=NOW)
    whole, shorter, _ = both(open_store(tmp_path / "usage"))
    assert whole
    assert shorter == whole


@pytest.mark.parametrize("records", [[chat(1)], [FULL], [BILL], [HOURS], [AGAIN]])
def test_what_is_said_is_kept(tmp_path: Path, records: list[dict[str, Any]]) -> None:
    take(tmp_path, *records)
    whole, shorter, _ = both(open_store(tmp_path / "usage"))
    assert whole
    assert shorter == whole


def test_text_alone_needs_no_sound_no_searches_and_no_tags(tmp_path: Path) -> None:
    take(tmp_path, chat(1, cached=5), chat(2))
    store = open_store(tmp_path / "usage")
    assert store.empty() == {*SILENT} - {"cache_read_tokens"}
    _, _, shorter = both(store)
    with connected() as connection:
        prepare_tables(connection, store, Window(), KNOWN)
        plan = connection.execute(f"EXPLAIN {printed(shorter, 'duckdb')}").fetchall()[0][1]
    read = set(re.findall(r"\w+", plan))
    assert "cache_read_tokens" in read
    assert read & {"audio_input_tokens", "searches", "stated_usd", "tags"} == set()


def test_one_file_that_says_something_is_enough(tmp_path: Path) -> None:
    take(tmp_path, chat(1))
    import_usage([*EXAMPLES.glob("anthropic.jsonl")], tmp_path / "usage", now=NOW)
    assert "cache_write_5m_tokens" not in open_store(tmp_path / "usage").empty()
