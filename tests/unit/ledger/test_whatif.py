"""What-ifs: amounts worked by hand, equal sums, ranges that hold what is not known, and what is left out."""

from __future__ import annotations

import tempfile
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.unit.ledger.logs import EXAMPLES, NOW, take
from tests.unit.ledger.test_reporting import own, single, used

from truecost.catalog.names import UnknownName
from truecost.ledger import import_usage
from truecost.ledger.whatifs.moves import Change
from truecost.ledger.whatifs.whatif import KINDS, SIDES, WhatIf, whatif
from truecost.ranges import Range

KNOWN = date(2026, 11, 22)
M = Decimal("1e-6")


def asked(tmp_path: Path, change: Change, *records: Any, **how: Any) -> WhatIf:
    """The answer on some records, each with an id of its own."""
    named = ({"request_id": f"r{place:03d}", **one} for place, one in enumerate(records))
    take(tmp_path, *named)
    return whatif(tmp_path / "usage", change, **{"as_known": KNOWN, **how})


def sonnet(at: str, **counts: Any) -> dict[str, Any]:
    """A request to claude-sonnet-4-5 at a time of a day: 3 / 0.30 / 3.75 / 6 / 15 USD a million tokens."""
    whole = sum(count for name, count in counts.items() if name.startswith("cache"))
    row = {"ts": f"2026-10-20T{at}Z", "input_tokens": whole, **counts}
    return own("claude-sonnet-4-5", "anthropic", **row)


def test_at_equal_tokens_the_answer_is_one_exact_number(tmp_path: Path) -> None:
    # gpt-4.1: 2 / 0.50 / 8; gpt-5-mini: 0.25 / 0.025 / 2; one tokenizer
    row = own("gpt-4.1", "openai", input_tokens=1_000_000, cache_read_tokens=800_000, output_tokens=50_000)
    found = asked(tmp_path, Change(model="gpt-4.1-mini"), row)
    assert found.before["usd"] == Decimal("0.4") + Decimal("0.4") + Decimal("0.4")
    # gpt-4.1-mini: 0.40 / 0.10 / 1.60
    assert found.after_low["usd"] == found.after_high["usd"] == Decimal("0.08") * 3
    assert found.saving_usd == (Decimal("0.96"), Decimal("0.96"))
    assert found.is_exact
    assert found.to_dict()["saving_share"] == {"low": 0.8, "high": 0.8}
    assert found.moves[0].why == "both count by openai-o200k"


def test_a_vendor_that_changed_its_tokenizer_is_a_range_too(tmp_path: Path) -> None:
    row = own("claude-sonnet-4-5", "anthropic", input_tokens=100_000)
    found = asked(tmp_path, Change(model="claude-sonnet-5"), row)
    one = found.moves[0]
    assert (one.tokens_for_one_low, one.tokens_for_one_high) == (1, Decimal("1.47"))
    assert found.after_high["usd"] == found.after_low["usd"] * Decimal("1.47")


def test_a_measured_ratio_stands_in_between_two_tokenizers(tmp_path: Path) -> None:
    rows = [
        own("claude-sonnet-4-5", "anthropic", input_tokens=100_000),
        own("o3", "openai", input_tokens=100_000),
    ]
    found = asked(tmp_path, Change(model="gpt-5-mini", tokenizer_ratio=Range(0.8, 0.8)), *rows)
    assert found.after_low["usd"] == found.after_high["usd"] == 180_000 * Decimal("0.25") * M


def test_caches_that_bill_writes_may_write_all_that_is_plain(tmp_path: Path) -> None:
    # an OpenAI log tells of no writes; at Anthropic what is read has been written, at 1.25 times the input
    row = own("gpt-4.1", "openai", input_tokens=1000, cache_read_tokens=400)
    change = Change(model="claude-sonnet-4-5", tokenizer_ratio=Range(1, 1))
    found = asked(tmp_path, change, row)
    read = 400 * Decimal("0.3") * M
    assert found.after_low["usd"] == 600 * 3 * M + read
    assert found.after_high["usd"] == 600 * Decimal("3.75") * M + read


def test_batch_halves_what_is_no_batch_yet_and_names_who_sells_none(tmp_path: Path) -> None:
    rows = [
        own("gpt-4.1-mini", "openai", input_tokens=1_000_000),
        own("gpt-4.1-mini", "openai", input_tokens=1_000_000, batch=True),
        own("deepseek-chat", "deepseek", input_tokens=1_000_000, ts="2026-10-20T12:00:00Z"),
    ]
    found = asked(tmp_path, Change(batch=True), *rows)
    assert (found.before["usd"], found.after_high["usd"]) == (Decimal("0.6"), Decimal("0.4"))
    assert (found.compared["entries"], found.compared["changed_entries"]) == (2, 1)
    (left,) = found.left_out
    assert (left.fate, left.model, left.entries) == ("unpriced_after", "deepseek-chat", 1)
    assert left.before_usd > 0
    assert "known as a batch" in left.why
    back = whatif(tmp_path / "usage", Change(batch=False), as_known=KNOWN)
    assert back.saving_usd == (Decimal("-0.2"), Decimal("-0.2"))


def test_a_tier_leaves_batches_as_they_are(tmp_path: Path) -> None:
    # gpt-5-mini: 0.25, flex 0.125
    rows = [own("gpt-5-mini", "openai", input_tokens=1_000_000, ts="2026-11-20T12:00:00Z", batch=batch)
            for batch in (False, True)]  # fmt: skip
    found = asked(tmp_path, Change(tier="flex"), *rows)
    assert found.saving_usd == (Decimal("0.125"), Decimal("0.125"))
    assert found.compared == {
        "entries": 2, "requests": 2, "changed_entries": 1, "estimated_entries": 0, "stated_entries": 0
    }  # fmt: skip


def test_an_hours_cache_spares_between_nothing_and_what_a_session_wrote_anew(tmp_path: Path) -> None:
    writes = {"cache_write_5m_tokens": 10_000}
    rows = [
        sonnet("12:00:00", task="t", **writes),
        sonnet("12:10:00", task="t", cache_write_5m_tokens=14_000),  # 10 000 of them may have been there
        sonnet("12:12:00", task="u", **writes),  # another session
        sonnet("14:00:00", task="t", **writes),  # over an hour later
        sonnet("14:04:00", task="t", **writes),  # a cache of 5 minutes still held then: new content
        sonnet("14:05:00", **writes),  # of no session
    ]
    found = asked(tmp_path, Change(cache_ttl="1h"), *rows)
    assert found.before["usd"] == 64_000 * Decimal("3.75") * M
    assert found.after_high["usd"] == 64_000 * 6 * M
    assert found.after_low["usd"] == 54_000 * 6 * M + 10_000 * Decimal("0.3") * M
    assert found.cache_bounds == {"spared_tokens": 10_000, "lapsed_tokens": 0, "untimed_entries": 1}
    by_user = whatif(tmp_path / "usage", Change(cache_ttl="1h"), as_known=KNOWN, session="model")
    assert by_user.cache_bounds["untimed_entries"] == 0
    assert by_user.after_low["usd"] < found.after_low["usd"]


def test_five_minutes_lose_between_nothing_and_what_was_read_later(tmp_path: Path) -> None:
    read = {"cache_read_tokens": 20_000, "task": "t"}
    rows = [
        sonnet("12:00:00", task="t", cache_write_1h_tokens=20_000),
        sonnet("12:03:00", **read), sonnet("12:30:00", **read),
    ]  # fmt: skip
    found = asked(tmp_path, Change(cache_ttl="5m"), *rows)
    short, again = 20_000 * Decimal("3.75") * M, 20_000 * Decimal("0.3") * M
    assert found.before["usd"] == 20_000 * 6 * M + 2 * again
    assert found.after_low["usd"] == short + 2 * again
    assert found.after_high["usd"] == 2 * short + again


def test_without_caches_all_input_is_plain(tmp_path: Path) -> None:
    row = sonnet(
        "12:00:00", cache_read_tokens=50_000, cache_write_5m_tokens=10_000, cache_write_1h_tokens=10_000
    )
    found = asked(tmp_path, Change(cache_off=True), row)
    assert found.after_low["usd"] == found.after_high["usd"] == 70_000 * 3 * M


def test_a_hit_rate_where_writes_are_free_is_exact_and_else_a_range(tmp_path: Path) -> None:
    rows = [own("gpt-4.1", "openai", input_tokens=1000), sonnet("12:00:00", cache_read_tokens=1000)]
    found = asked(tmp_path, Change(cache_hit_share=Decimal("0.8")), *rows)
    openai, claude = sorted(found.groups, key=lambda one: str(one["model"]), reverse=True)
    exact = (200 * 2 + 800 * Decimal("0.5")) * M
    assert openai["after_low_usd"] == openai["after_high_usd"] == exact
    assert claude["after_low_usd"] == (200 * 3 + 800 * Decimal("0.3")) * M
    assert claude["after_high_usd"] == (200 * Decimal("3.75") + 800 * Decimal("0.3")) * M


def test_what_cannot_move_is_in_neither_sum_and_named(tmp_path: Path) -> None:
    stated = own("gpt-4.1", "openrouter", input_tokens=1000, stated_usd="0.5")
    rows = [
        own("gpt-4.1", "openai", input_tokens=1000),
        own("gpt-4.1", "openai", input_tokens=300_000),
        own("gemini-2.5-flash", "google", input_tokens=900, audio_input_tokens=900),
        own("text-embedding-3-small", "openai", input_tokens=1000),
        own("no-such-model", "openai", input_tokens=1000),
        {"ts": "2026-10-20", "kind": "other", "model": "storage", "provider": "aws", "stated_usd": "7"},
        stated,
    ]  # fmt: skip
    found = asked(tmp_path, Change(model="gpt-5-mini"), *rows)
    fates = {one.model: one for one in found.left_out if one.model != "gpt-4.1"}
    assert fates["gemini-2.5-flash"].fate == "other_media"
    assert fates["text-embedding-3-small"].fate == "other_work"
    assert fates["no-such-model"].fate == "unpriced_before"
    assert fates["storage"].fate == "not_api"
    (long,) = (one for one in found.left_out if one.model == "gpt-4.1")
    assert (long.fate, long.entries, long.before_usd) == ("too_long", 1, Decimal("0.6"))
    assert "longer than the 272,000 tokens" in long.why
    # what was paid as a log states it, against the list price of where it would go
    assert found.compared["stated_entries"] == 1
    assert found.before["usd"] == Decimal("0.002") + Decimal("0.5")
    assert found.after_low["usd"] == found.after_high["usd"] == Decimal("0.0005")
    assert whatif(tmp_path / "usage", Change(batch=True), as_known=KNOWN).compared["stated_entries"] == 0


def test_it_stays_with_its_provider_where_that_sells_the_model(tmp_path: Path) -> None:
    rows = [
        own("gpt-4.1", provider, input_tokens=1000, ts="2026-11-22T00:00:00Z")
        for provider in ("azure", "openai")
    ]
    found = asked(tmp_path, Change(model="gpt-5-mini"), *rows, by=("provider",))
    assert {one.priced_as for one in found.moves} == {"azure/gpt-5-mini", "openai/gpt-5-mini"}
    moved = whatif(tmp_path / "usage", Change(provider="azure"), as_known=KNOWN)
    assert [one.priced_as for one in moved.moves] == ["azure/gpt-4.1"]
    assert moved.compared["changed_entries"] == 1


def test_a_filter_chooses_and_its_values_are_text(tmp_path: Path) -> None:
    rows = [own("gpt-4.1", "openai", input_tokens=1000 * n, feature=feature)
            for n, feature in enumerate(("chat", "summary", "x' OR 1=1 --"), 1)]  # fmt: skip
    found = asked(tmp_path, Change(batch=True), *rows, where='feature = "summary"')
    assert (found.selected["entries"], found.before["usd"]) == (1, Decimal("0.004"))
    nasty = whatif(tmp_path / "usage", Change(batch=True), where='feature = "x\' OR 1=1 --"', as_known=KNOWN)
    assert nasty.before["usd"] == Decimal("0.006")
    both = whatif(tmp_path / "usage", Change(batch=True), where="feature = chat or feature = summary",
                  month="2026-09", as_known=KNOWN)  # fmt: skip
    assert both.selected["entries"] == 0


@pytest.mark.parametrize(("how", "message"), [
    ({}, "nothing is changed"), ({"batch": True, "tier": "flex"}, "as a batch or at a tier, not both"),
    ({"cache_off": True, "cache_ttl": "1h"}, "--cache-off and --cache-ttl"),
    ({"cache_ttl": "2h"}, "caches live 5m or 1h"), ({"cache_hit_share": Decimal(2)}, "from 0 to 1"),
    ({"batch": True, "tokenizer_ratio": Range(1, 2)}, "goes with --model"),
])  # fmt: skip
def test_a_change_that_cannot_be_is_refused(how: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Change(**how)


def test_an_unknown_target_has_its_nearest(tmp_path: Path) -> None:
    take(tmp_path, own("gpt-4.1", "openai", input_tokens=1))
    with pytest.raises(UnknownName, match=r"'gpt-5-minny'; nearest: .*gpt-5-mini"):
        whatif(tmp_path / "usage", Change(model="gpt-5-minny"), as_known=KNOWN)
    with pytest.raises(UnknownName, match="unknown provider 'azur'"):
        whatif(tmp_path / "usage", Change(provider="azur"), as_known=KNOWN)


CHANGES = (
    Change(model="gpt-5-mini"), Change(batch=True), Change(tier="flex"), Change(cache_ttl="1h"),
    Change(cache_hit_share=Decimal("0.5")), Change(model="claude-sonnet-4-5", batch=True, cache_ttl="5m"),
)  # fmt: skip


@pytest.mark.parametrize("change", CHANGES)
def test_groups_and_kinds_sum_to_the_total_at_both_ends(samples: Path, change: Change) -> None:
    found = whatif(samples, change, ("feature", "day"), as_known=KNOWN)
    for side, short in SIDES.items():
        told = getattr(found, side)
        assert sum(told[kind] for kind in KINDS if kind != "usd") == told["usd"]
        key = "before_usd" if side == "before" else f"after_{short}_usd"
        assert sum(one[key] for one in found.groups) == told["usd"]
    assert found.after_low["usd"] <= found.after_high["usd"]
    left = sum(one.entries for one in found.left_out)
    assert found.compared["entries"] + left == found.selected["entries"] > 60


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shipped samples in a store."""
    store = tmp_path_factory.mktemp("samples") / "usage"
    import_usage(sorted(EXAMPLES.glob("*.jsonl")), store, now=NOW)
    return store


@settings(max_examples=3, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(given_rows=st.lists(used(), min_size=6, max_size=25))
def test_it_is_what_single_prices_say_and_the_same_model_is_no_difference(
    given_rows: list[dict[str, Any]],
) -> None:
    rows = [{**row, "service_tier": "standard"} if row["batch"] else row for row in given_rows]
    pairs = [(single(row, KNOWN), single({**row, "batch": True}, KNOWN)) for row in rows]
    both = [(now, then) for now, then in pairs if now is not None and then is not None]
    with tempfile.TemporaryDirectory() as folder:
        take(Path(folder), *({**row, "request_id": f"r{place}"} for place, row in enumerate(rows)))
        store, model = f"{folder}/usage", rows[0]["model"]
        batch = whatif(store, Change(batch=True), (), as_known=KNOWN)
        same = whatif(store, Change(model=model), (), where=f'model = "{model}"', as_known=KNOWN)
    assert batch.compared["entries"] == len(both)
    assert batch.before["usd"] == sum(now for now, _ in both)
    assert batch.after_low["usd"] == batch.after_high["usd"] == sum(then for _, then in both)
    assert batch.saving_usd[0] >= 0
    assert same.saving_usd == (0, 0)
    assert same.compared["changed_entries"] == 0
    assert {one.fate for one in same.left_out} <= {"unpriced_before"}
