"""The reconciliation: each cause alone in an otherwise equal invoice is found, with its exact amount."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.ledger.logs import take

from truecost.ledger.invoices import InvoiceError
from truecost.ledger.invoices.line import TOKENS
from truecost.ledger.reconciling.drift import Charge, Drift
from truecost.ledger.reconciling.logged import Amount, Cell
from truecost.ledger.reconciling.reconcile import Reconciliation, reconcile

KNOWN = date(2026, 11, 22)
MTOK = Decimal("1e-6")
RATES = {
    "gpt-4.1": {"input": 2, "cache_read": Decimal("0.5"), "output": 8},
    "gpt-4.1-mini": {"input": Decimal("0.4"), "cache_read": Decimal("0.1"), "output": Decimal("1.6")},
    "gpt-5-mini": {"input": Decimal("0.25"), "cache_read": Decimal("0.025"), "output": 2},
}
"""USD a million tokens in October 2026."""
Lines = dict[tuple[str, str], list[Any]]


def call(number: int, model: str, day: str, counts: tuple[int, int, int], **more: Any) -> dict[str, Any]:
    """A logged request: input (cached ones in it), of that cached, output."""
    whole, cached, output = counts
    return {
        "ts": day, "provider": "openai", "model": model, "request_id": f"r{number}", "input_tokens": whole,
        "cache_read_tokens": cached, "output_tokens": output, **more,
    }  # fmt: skip


CALLS = [
    call(1, "gpt-4.1", "2026-10-03T12:00:00Z", (900_000, 200_000, 50_000)),
    call(2, "gpt-4.1", "2026-10-17T12:00:00Z", (700_000, 100_000, 30_000)),
    call(3, "gpt-4.1-mini", "2026-10-09T12:00:00Z", (1_000_000, 400_000, 90_000)),
    call(4, "gpt-4.1-mini", "2026-10-21T12:00:00Z", (800_000, 0, 70_000)),
    call(5, "gpt-5-mini", "2026-10-12T12:00:00Z", (600_000, 300_000, 200_000)),
]


def equal(calls: Iterable[Mapping[str, Any]] = CALLS) -> Lines:
    """The invoice that bills these calls as they were: by model and kind, tokens and USD."""
    lines: Lines = {}
    for one in calls:
        cached = one["cache_read_tokens"]
        counts = {
            "input": one["input_tokens"] - cached,
            "cache_read": cached,
            "output": one["output_tokens"],
        }
        for kind, count in counts.items():
            line = lines.setdefault((one["model"], kind), [0, Decimal(0)])
            line[0] += count
            line[1] += count * MTOK * RATES[one["model"]][kind]
    return lines


def written(path: Path, lines: Lines, *more: Mapping[str, Any]) -> Path:
    """A plain invoice of October."""
    fields = [
        "date",
        "model",
        "kind",
        "service_tier",
        "batch",
        "quantity",
        "amount",
        "currency",
        "description",
    ]
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, fields)
        writer.writeheader()
        for (model, kind), (quantity, usd) in lines.items():
            writer.writerow(
                {"date": "2026-10", "model": model, "kind": kind, "quantity": quantity, "amount": usd}
            )
        writer.writerows(more)
    return path


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The calls in a store."""
    folder = tmp_path_factory.mktemp("made")
    take(folder, *CALLS)
    return folder / "usage"


@pytest.fixture
def store(made: Path, tmp_path: Path) -> Path:
    """The same store in a folder of one's own."""
    (tmp_path / "usage").symlink_to(made)
    return tmp_path / "usage"


def asked(store: Path, lines: Lines, *more: Mapping[str, Any], **how: Any) -> Reconciliation:
    """The reconciliation of an invoice; whatever it is, its parts sum to the difference."""
    invoice = written(store.parent / "invoice.csv", lines, *more)
    found = reconcile(store, invoice, as_known=KNOWN, **how)
    check_sums(found)
    return found


def check_sums(found: Reconciliation) -> None:
    """Causes and residual sum to the drift, items to their cause, to the last digit."""
    assert found.drift_usd == found.invoice_usd - found.ledger_usd
    assert sum(one.usd for one in found.causes) + found.residual_usd == found.drift_usd
    for cause in found.causes:
        assert sum(item.usd for item in cause.items) == cause.usd


def alone(found: Reconciliation, name: str, usd: Decimal | str) -> None:
    """Exactly one cause, with exactly this amount, and nothing left."""
    assert [(one.name, one.usd) for one in found.causes] == [(name, Decimal(usd))]
    assert found.residual_usd == 0


def test_an_equal_invoice_has_no_drift(store: Path) -> None:
    found = asked(store, equal())
    assert (found.drift_usd, found.causes, found.residual_usd) == (0, (), 0)
    assert found.within


def test_worked_by_hand(store: Path) -> None:
    # gpt-4.1: 1.3 M x 2 + 0.3 M x 0.5 + 0.08 M x 8 = 3.39; mini: 1.4 x 0.4 + 0.4 x 0.1 + 0.16 x 1.6 = 0.856
    # gpt-5-mini: 0.3 x 0.25 + 0.3 x 0.025 + 0.2 x 2 = 0.4825
    assert asked(store, equal()).ledger_usd == Decimal("4.7285")


def test_unpriced_usage(tmp_path: Path) -> None:
    house = call(9, "house-7b", "2026-10-10T12:00:00Z", (1000, 0, 100))
    take(tmp_path, *CALLS, house)
    lines = equal()
    lines[("house-7b", "input")] = [1000, Decimal("0.003")]
    lines[("house-7b", "output")] = [100, Decimal("0.002")]
    found = asked(tmp_path / "usage", lines)
    alone(found, "unpriced", "0.005")
    assert found.unpriced_models == ("openai/house-7b",)
    assert {item.model for item in found.causes[0].items} == {"openai/house-7b"}


def test_more_of_an_unpriced_model_than_logged_is_missing(tmp_path: Path) -> None:
    take(tmp_path, *CALLS, call(9, "house-7b", "2026-10-10T12:00:00Z", (1000, 0, 0)))
    lines = equal()
    lines[("house-7b", "input")] = [4000, Decimal("0.004")]
    found = asked(tmp_path / "usage", lines)
    assert {one.name: one.usd for one in found.causes} == {
        "unpriced": Decimal("0.001"),
        "missing": Decimal("0.003"),
    }


def test_billed_as_a_batch_though_logged_as_standard(store: Path) -> None:
    lines = equal()
    del lines[("gpt-5-mini", "output")]
    row = {"date": "2026-10", "model": "gpt-5-mini", "kind": "output", "quantity": 200_000, "batch": "true"}
    found = asked(store, lines, {**row, "amount": "0.2"})
    alone(found, "tier", "-0.2")
    assert (found.causes[0].items[0].before, found.causes[0].items[0].after) == ("standard", "batch")


def test_a_tier_is_seen_by_its_price_where_the_invoice_tells_none(store: Path) -> None:
    lines = equal()
    for kind in ("input", "output"):
        lines[("gpt-4.1", kind)][1] /= 2
    alone(asked(store, lines), "tier", -(Decimal("2.6") + Decimal("0.64")) / 2)


def test_cached_tokens_billed_as_plain_ones(store: Path) -> None:
    lines = equal()
    lines[("gpt-4.1-mini", "input")] = [1_800_000, Decimal("0.72")]
    del lines[("gpt-4.1-mini", "cache_read")]
    found = asked(store, lines)
    alone(found, "cache", "0.12")  # 400,000 tokens at 0.4 in place of 0.1
    assert found.causes[0].items[0].tokens == 400_000


def test_usage_at_the_end_of_a_month_billed_in_the_next(tmp_path: Path) -> None:
    last = call(9, "gpt-4.1", "2026-10-31T23:58:00Z", (10_000, 1_000, 500))
    take(tmp_path, *CALLS, last)
    found = asked(tmp_path / "usage", equal())
    alone(found, "late", "-0.0225")  # 9,000 x 2 + 1,000 x 0.5 + 500 x 8
    assert found.hours_from_utc is None or min(found.hours_from_utc) < 0


def test_usage_of_the_month_before_billed_in_this_one(tmp_path: Path) -> None:
    first = call(9, "gpt-4.1", "2026-09-30T02:00:00Z", (10_000, 1_000, 500))
    take(tmp_path, *CALLS, first)
    found = asked(tmp_path / "usage", equal([*CALLS, first]))
    alone(found, "late", "0.0225")
    assert found.hours_from_utc is None


def test_late_usage_is_seen_by_the_amount_where_no_counts_are_told(tmp_path: Path) -> None:
    first = call(9, "gpt-4.1", "2026-09-30T02:00:00Z", (10_000, 1_000, 500))
    take(tmp_path, *CALLS, first)
    lines = equal([*CALLS, first])
    for line in lines.values():
        line[0] = ""
    alone(asked(tmp_path / "usage", lines), "late", "0.0225")


def test_days_that_begin_elsewhere_than_in_utc(tmp_path: Path) -> None:
    # Pacific time: October is from 07:00 UTC on the 1st to 07:00 UTC on the 1st of November
    early = call(8, "gpt-4.1", "2026-10-01T03:00:00Z", (20_000, 0, 700))
    after = call(9, "gpt-5-mini", "2026-11-01T06:30:00Z", (90_000, 0, 9_000))
    take(tmp_path, *CALLS, early, after)
    found = asked(tmp_path / "usage", equal([*CALLS, after]))
    alone(found, "late", Decimal("0.0405") - Decimal("0.0456"))
    assert found.hours_from_utc is not None
    low, high = found.hours_from_utc
    assert low <= 7 <= high


def test_a_discount_on_all_lines(store: Path) -> None:
    lines = equal()
    for line in lines.values():
        line[1] *= Decimal("0.9")
    found = asked(store, lines)
    alone(found, "discount", "-0.47285")
    assert found.factor == Decimal("0.9")


def test_a_price_of_ones_own(store: Path) -> None:
    lines = equal()
    lines[("gpt-4.1", "output")][1] = 80_000 * MTOK * 7
    found = asked(store, lines)
    alone(found, "price", "-0.08")
    item = found.causes[0].items[0]
    assert (item.list_usd_per_mtok, item.billed_usd_per_mtok) == (8, 7)


def test_usage_that_no_log_has(store: Path) -> None:
    lines = equal()
    lines[("gpt-4.1", "input")][0] += 123_456
    lines[("gpt-4.1", "input")][1] += 123_456 * MTOK * 2
    alone(asked(store, lines), "missing", "0.246912")


def test_usage_that_was_not_billed(store: Path) -> None:
    alone(asked(store, equal(CALLS[:-1])), "unbilled", "-0.4825")


def test_a_model_that_nobody_logged(store: Path) -> None:
    row = {
        "date": "2026-10",
        "model": "gpt-4.1-nano",
        "kind": "input",
        "quantity": 1_000_000,
        "amount": "0.1",
    }
    alone(asked(store, equal(), row), "missing", "0.1")


@pytest.mark.parametrize(("description", "usd", "cause"), [
    ("VAT 19 %", "0.9", "tax"),
    ("Promotional credit", "-1.5", "credit"),
    ("Premium support", "20", "fee"),
    ("Volume discount", "-0.3", "discount"),
    ("Correction of September", "-0.02", "adjustment"),
    ("Commitment, October", "100", "purchase"),
])  # fmt: skip
def test_lines_beside_usage(store: Path, description: str, usd: str, cause: str) -> None:
    alone(asked(store, equal(), {"date": "2026-10", "description": description, "amount": usd}), cause, usd)


def test_lines_rounded_to_cents(store: Path) -> None:
    lines = equal()
    for line in lines.values():
        line[1] = line[1].quantize(Decimal("0.01"))
    found = asked(store, lines)
    alone(found, "rounding", sum(line[1] for line in lines.values()) - Decimal("4.7285"))


def test_another_currency_needs_its_worth(store: Path) -> None:
    lines = equal()
    for line in lines.values():
        line[1] /= Decimal("1.25")
    text = written(store.parent / "euros.csv", lines).read_text().replace(",,\n", ",EUR,\n")
    (store.parent / "euros.csv").write_text(text)
    with pytest.raises(InvoiceError, match=r"in EUR; say what one is worth: --usd-per EUR=1.08"):
        reconcile(store, store.parent / "euros.csv", as_known=KNOWN)
    same = reconcile(store, store.parent / "euros.csv", as_known=KNOWN, usd_per={"EUR": Decimal("1.25")})
    assert same.drift_usd == 0
    other = reconcile(store, store.parent / "euros.csv", as_known=KNOWN, usd_per={"EUR": Decimal("1.2")})
    check_sums(other)
    alone(other, "currency", Decimal("4.7285") * Decimal("-0.04"))


def test_several_causes_at_once(tmp_path: Path) -> None:
    """A discount, a batch, cached tokens, a tax and a missing request, each as it would be alone."""
    take(tmp_path, *CALLS)
    lines = equal()
    lines[("gpt-4.1-mini", "input")] = [1_800_000, Decimal("0.72")]
    del lines[("gpt-4.1-mini", "cache_read")]
    lines[("gpt-4.1", "input")][0] += 1_000_000
    lines[("gpt-4.1", "input")][1] += 2
    for line in lines.values():
        line[1] *= Decimal("0.95")
    found = asked(tmp_path / "usage", lines, {"date": "2026-10", "description": "Sales tax", "amount": "0.4"})
    causes = {one.name: one.usd for one in found.causes}
    listed = Decimal("4.7285") + Decimal("0.12") + 2
    assert causes == {
        "missing": 2, "cache": Decimal("0.12"), "tax": Decimal("0.4"), "discount": listed * Decimal("-0.05"),
    }  # fmt: skip
    assert not found.within


def test_amounts_alone_are_counted_by_the_list(store: Path, tmp_path: Path) -> None:
    """Without counts, as in Anthropic's report: what is missing follows from the amount, and it is said."""
    lines = equal()
    lines[("gpt-4.1", "output")][1] += Decimal("0.16")
    for line in lines.values():
        line[0] = ""
    found = asked(store, lines)
    alone(found, "missing", "0.16")
    assert found.causes[0].items[0].tokens == 20_000
    assert not found.counts_told


def test_a_total_alone_leaves_the_difference_unexplained(store: Path) -> None:
    found = asked(store, {}, {"date": "2026-10", "description": "API usage", "amount": "5"})
    assert found.causes == ()
    assert found.residual_usd == Decimal("0.2715")


def test_another_providers_usage_is_not_compared(tmp_path: Path) -> None:
    other = call(9, "claude-sonnet-4-5", "2026-10-10T12:00:00Z", (1000, 0, 100), provider="anthropic")
    take(tmp_path, *CALLS, other)
    found = asked(tmp_path / "usage", equal())
    assert (found.drift_usd, found.providers) == (0, ("openai",))


def test_lines_of_another_month_are_left_out_and_counted(store: Path) -> None:
    row = {"date": "2026-09", "model": "gpt-4.1", "kind": "input", "quantity": 10, "amount": "7"}
    found = asked(store, equal(), row, month="2026-10")
    assert (found.drift_usd, found.left_out_lines, found.left_out_usd) == (0, 1, 7)


def test_a_log_that_states_its_amounts_is_compared_by_them(tmp_path: Path) -> None:
    stated = call(9, "router/model-x", "2026-10-10T12:00:00Z", (1000, 0, 100), stated_usd="0.42")
    take(tmp_path, *CALLS, stated)
    lines = equal()
    lines[("router/model-x", "input")] = [1000, Decimal("0.3")]
    lines[("router/model-x", "output")] = [100, Decimal("0.2")]
    found = asked(tmp_path / "usage", lines)
    assert (found.causes, found.residual_usd) == ((), Decimal("0.08"))
    assert [one.model for one in found.residual_items] == ["openai/router/model-x"]


_CELLS = st.builds(
    Cell, st.sampled_from(["a", "b"]), st.sampled_from([("standard", False), ("standard", True)]),
    st.sampled_from([*TOKENS, "other", ""]),
)  # fmt: skip
_USD = st.fractions(-5, 50, max_denominator=1000)
_CHARGES = st.builds(
    Charge, _USD, st.none() | st.fractions(0, 10**6, max_denominator=1), st.just(Fraction(1, 200))
)


@st.composite
def logged(draw: st.DrawFn) -> Amount:
    """Usage of a cell, some of it without a price; nothing priced costs nothing."""
    tokens = draw(st.integers(0, 10**6))
    unpriced = draw(st.sampled_from([0, tokens // 3, tokens]))
    return Amount(
        tokens,
        unpriced,
        draw(st.fractions(0, 50, max_denominator=1000)) if unpriced < tokens else Fraction(0),
    )


@settings(max_examples=40, deadline=None)
@given(charges=st.dictionaries(_CELLS, _CHARGES, max_size=9),
       usage=st.dictionaries(_CELLS, logged(), max_size=9),
       listed=st.dictionaries(_CELLS, st.fractions(0, 1, max_denominator=100), max_size=9))  # fmt: skip
def test_whatever_is_billed_the_parts_sum_to_the_drift(
    charges: dict[Cell, Charge], usage: dict[Cell, Amount], listed: dict[Cell, Fraction]
) -> None:
    found = Drift(
        charges, usage, lambda cell: {cell.sold: listed[cell]} if cell in listed else {}
    ).explained()
    difference = sum(one.usd for one in charges.values()) - sum(one.usd for one in usage.values())
    assert sum(one.usd for one in found) == difference


def test_openai_buckets_reconcile(store: Path, tmp_path: Path) -> None:
    words = {"input": "input", "cache_read": "cached input", "output": "output"}
    results = [
        {"object": "organization.costs.result", "amount": {"value": float(usd), "currency": "usd"},
         "line_item": f"{model}-2025-04-14, {words[kind]}" if "4.1" in model else f"{model}, {words[kind]}",
         "quantity": count}
        for (model, kind), (count, usd) in equal().items()
    ]  # fmt: skip
    start = 1790812800  # 2026-10-01
    page = {"object": "page", "has_more": True, "data": [
        {"object": "bucket", "start_time": start, "end_time": start + 31 * 86400, "results": results}
    ]}  # fmt: skip
    path = tmp_path / "costs.json"
    path.write_text(json.dumps(page))
    found = reconcile(store, path, as_known=KNOWN)
    assert (found.drift_usd, found.format, found.incomplete) == (0, "openai-costs", True)
    assert (found.first_day, found.last_day) == (date(2026, 10, 1), date(2026, 10, 31))
