"""Contracts: amounts worked by hand, every view adding up to the last digit, months that hang together."""

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

from truecost.ledger import import_usage
from truecost.ledger.contracts.bill import converted
from truecost.ledger.contracts.contract import Contract, contract_of
from truecost.ledger.contracts.report import ContractReport, contract_report
from truecost.spec import SpecError

KNOWN = date(2026, 11, 22)
MINI = "gpt-4.1-mini"  # USD a million tokens: input 0.40, cached 0.10, output 1.60; as a batch half


def row(number: int = 0, ts: str = "2026-10-20T12:00:00Z", **counts: Any) -> dict[str, Any]:
    """A row in the normal form, of gpt-4.1-mini unless it says otherwise."""
    known = {"ts": ts, "provider": "openai", "model": MINI, "request_id": f"r{number}"}
    return {**known, "input_tokens": 0, "output_tokens": 0, **counts}


def under(tmp_path: Path, contract: str, *rows: dict[str, Any], **how: Any) -> ContractReport:
    """The report on some rows under a contract."""
    file = tmp_path / "contract.yaml"
    file.write_text(contract, encoding="utf-8")
    take(tmp_path, *rows)
    return contract_report(
        tmp_path / "usage", contract_of(file), how.pop("by", ("user",)), as_known=KNOWN, **how
    )


def amounts(report: ContractReport) -> tuple[Decimal, ...]:
    return tuple(report.total[key] for key in ("list_usd", "contracted_usd", "effective_usd", "billed_usd"))


def test_a_negotiated_price_stands_in_place_of_the_lists(tmp_path: Path) -> None:
    contract = "rates: [{provider: openai, model: gpt-4.1-mini*, usd_per_mtok: {input: 0.32, output: 1.28}}]"
    used = row(
        input_tokens=1_000_000, cache_read_tokens=800_000, output_tokens=100_000, reasoning_tokens=50_000
    )
    report = under(tmp_path, contract, used)
    # cached tokens keep their own list price; reasoning is output and follows it
    assert report.total["list_usd"] == Decimal("0.08") + Decimal("0.08") + Decimal("0.16")
    assert report.total["contracted_usd"] == Decimal("0.064") + Decimal("0.08") + Decimal("0.128")
    assert len(set(amounts(report)[1:])) == 1


def test_a_price_is_not_of_batches_and_a_discount_is(tmp_path: Path) -> None:
    batch = row(input_tokens=1_000_000, batch=True)
    priced = under(tmp_path, f"rates: [{{model: {MINI}, usd_per_mtok: {{input: 0.1}}}}]", batch)
    assert priced.total["contracted_usd"] == Decimal("0.2")
    assert priced.unused == ("rates.0",)
    (tmp_path / "contract.yaml").write_text("rates: [{provider: openai, discount: 10 %}]", encoding="utf-8")
    less = contract_report(tmp_path / "usage", contract_of(tmp_path / "contract.yaml"), as_known=KNOWN)
    assert less.total["contracted_usd"] == Decimal("0.18")


def test_the_first_entry_that_fits_is_taken_on_its_days(tmp_path: Path) -> None:
    contract = """
rates:
  - {provider: openai, discount: 50 %, kinds: [input], valid_until: 2026-10-10}
  - {provider: openai, discount: 25 %}
"""
    rows = [row(n, f"2026-10-{day}T00:00:00Z", input_tokens=1_000_000, output_tokens=1_000_000, user=day)
            for n, day in enumerate(("09", "10"))]  # fmt: skip
    report = under(tmp_path, contract, *rows)
    by_day = {group["user"]: group["contracted_usd"] for group in report.groups}
    assert by_day == {"09": Decimal("0.2") + Decimal("1.2"), "10": Decimal("0.3") + Decimal("1.2")}


def test_only_longer_requests(tmp_path: Path) -> None:
    contract = "rates: [{discount: 50 %, above_input_tokens: 1000}]"
    rows = [row(0, input_tokens=1000, user="at"), row(1, input_tokens=1001, user="above")]
    found = {group["user"]: group["contracted_usd"] for group in under(tmp_path, contract, *rows).groups}
    assert found == {"at": Decimal("0.0004"), "above": Decimal("0.0002002")}


def test_another_vendors_offer_of_the_model_is_not_meant(tmp_path: Path) -> None:
    rows = [
        row(
            0, provider="aws", model="anthropic.claude-sonnet-4-5-20250929-v1:0", input_tokens=900, user="aws"
        ),
        row(1, provider="", model="claude-sonnet-4-5", input_tokens=1_000_000, user="maker"),
        row(2, provider="gemini", model="gemini-2.5-pro", input_tokens=1000, user="gemini"),
    ]
    contract = "rates: [{provider: anthropic, discount: 50 %}, {provider: google, discount: 50 %}]"
    report = under(tmp_path, contract, *rows)
    halves = {group["user"]: group["contracted_usd"] * 2 == group["list_usd"] for group in report.groups}
    assert report.total["unpriced_entries"] == 0
    assert halves == {"aws": False, "maker": True, "gemini": True}
    assert {line["payee"] for line in report.bill} == {"aws", "anthropic", "google"}


def volume(rule: str, measure: str, start: str) -> str:
    """Tiers of a month: nothing off, then 10 %."""
    tiers = f"[{{starts_at: 0, discount: 0}}, {{starts_at: {start}, discount: 10 %}}]"
    return f"volume: [{{provider: openai, measure: {measure}, rule: {rule}, tiers: {tiers}}}]"


@pytest.mark.parametrize(("rule", "measure", "start", "usd"), [
    # three requests of 600,000 tokens, 0.24 USD each; before them 0, 600 k and 1.2 M tokens of the month
    ("graduated", "tokens", "1M", "0.696"),
    ("graduated", "tokens", "1.2M", "0.696"),  # reached by what was before it
    ("graduated", "tokens", "1200001", "0.72"),
    ("graduated", "usd", "0.24", "0.672"),
    ("all", "tokens", "1M", "0.648"),
    ("all", "tokens", "1.8M", "0.648"),
    ("all", "usd", "0.73", "0.72"),
])  # fmt: skip
def test_volume_tiers(tmp_path: Path, rule: str, measure: str, start: str, usd: str) -> None:
    rows = [row(n, f"2026-10-{20 - n}T12:00:00Z", input_tokens=600_000) for n in range(3)]
    report = under(tmp_path, volume(rule, measure, start), *rows)
    assert report.total["contracted_usd"] == Decimal(usd)


def test_a_month_begins_its_tiers_anew_and_a_tier_may_state_prices(tmp_path: Path) -> None:
    contract = f"""
volume:
  - model: {MINI}
    measure: tokens
    rule: graduated
    tiers: [{{starts_at: 0, discount: 0}}, {{starts_at: 500k, usd_per_mtok: {{input: 0.2}}}}]
"""
    rows = [row(n, ts, input_tokens=500_000) for n, ts in enumerate(
        ("2026-09-30T23:00:00Z", "2026-09-30T23:59:59Z", "2026-10-01T00:00:00Z")
    )]  # fmt: skip
    assert under(tmp_path, contract, *rows).total["contracted_usd"] == Decimal("0.2") + Decimal(
        "0.1"
    ) + Decimal("0.2")


CAPACITY = """
capacity:
  - {name: PTU, provider: openai, model: gpt-4.1-mini, usd_per_hour: 1, tokens_per_minute: 1000,
     output_weight: 4}
"""


def test_capacity_is_amortized_over_what_it_covers_and_the_rest_is_idle(tmp_path: Path) -> None:
    # in one minute: 400 + 4 x 100 = 800, then 400 more (it begins below 1,000), then one that finds it full
    rows = [
        row(0, "2026-10-05T12:00:01Z", input_tokens=400, output_tokens=100, user="a"),
        row(1, "2026-10-05T12:00:02Z", input_tokens=400, user="b"),
        row(2, "2026-10-05T12:00:03Z", input_tokens=1_000_000, user="c"),
    ]
    report = under(tmp_path, CAPACITY, *rows)
    fee = Decimal(24 * 31)
    used = fee * 1200 / (1000 * 60 * 24 * 31)  # 0.02 USD
    groups = {group["user"]: group for group in report.groups}
    assert used == Decimal("0.02") == groups["a"]["effective_usd"] + groups["b"]["effective_usd"]
    assert abs(groups["a"]["effective_usd"] - used * 2 / 3) < Decimal("1e-11")
    assert [groups[user]["billed_usd"] for user in "abc"] == [0, 0, Decimal("0.4")]
    assert groups["a"]["contracted_usd"] == Decimal("0.00016") + Decimal("0.00016")
    assert [(line["kind"], line["usd"]) for line in report.beside_use] == [("idle", fee - used)]
    assert {(line["kind"], line["usd"]) for line in report.bill} == {
        ("capacity", fee),
        ("usage", Decimal("0.4")),
    }
    assert report.billed_usd == report.effective_usd == fee + Decimal("0.4")


def test_capacity_of_a_part_of_a_month_by_days_and_for_a_model_without_a_price(tmp_path: Path) -> None:
    contract = """
capacity:
  - {model: house-7b, usd_per_month: 310, tokens_per_minute: 1, beyond: covered, valid_from: 2026-10-22}
"""
    used = row(0, "2026-10-25T00:00:00Z", provider="openai", model="house-7b", input_tokens=10**9)
    report = under(tmp_path, contract, used, row(1, "2026-10-21T00:00:00Z", model="house-7b", input_tokens=1))
    assert report.billed_usd == 100  # 10 of 31 days
    assert report.total["used_usd"] == 100, "all of it used, nothing idle"
    assert report.capacities[0]["idle_usd"] == 0
    assert (report.total["unpriced_entries"], report.total["unlisted_entries"]) == (1, 2)
    assert report.unpriced[0]["model"] == "house-7b"


def test_what_is_missing_of_a_commitment_is_a_line_and_its_discount_is_effective_alone(
    tmp_path: Path,
) -> None:
    contract = "commitments: [{provider: openai, usd: 1, per: month, discount: 10 %}]"
    report = under(tmp_path, contract, row(input_tokens=1_000_000))
    assert amounts(report) == (Decimal("0.4"), Decimal("0.4"), Decimal(1), Decimal(1))
    assert report.total["used_usd"] == Decimal("0.36")
    assert [(line["kind"], line["usd"]) for line in report.beside_use] == [("shortfall", Decimal("0.64"))]
    kept = under(tmp_path, contract, row(1, input_tokens=4_000_000))
    assert kept.commitments[0]["shortfall_usd"] == 0
    assert kept.billed_usd == Decimal("1.8")


def test_a_year_of_a_commitment_is_billed_at_its_end(tmp_path: Path) -> None:
    contract = "commitments: [{provider: openai, usd: 12, per: year, valid_from: 2025-11-01}]"
    rows = [
        row(n, ts, input_tokens=5_000_000)
        for n, ts in enumerate(("2026-09-10T00:00:00Z", "2026-10-10T00:00:00Z"))
    ]
    before = under(tmp_path, contract, *rows, month="2026-09")
    assert (before.commitments[0]["spent_usd"], before.commitments[0]["shortfall_usd"]) == (2, None)
    last = under(tmp_path, contract, *rows, month="2026-10")
    assert last.commitments[0]["shortfall_usd"] == 8
    assert last.billed_usd == 10


def test_credits_are_of_bills_in_their_order_and_never_of_use(tmp_path: Path) -> None:
    contract = """
credits:
  - {name: late, usd: 5, valid_from: 2026-09-01}
  - {name: soon over, usd: 0.5, valid_from: 2026-09-01, valid_until: 2026-10-01}
  - {name: of another, usd: 9, valid_from: 2026-09-01, provider: anthropic}
"""
    rows = [
        row(n, ts, input_tokens=2_000_000)
        for n, ts in enumerate(("2026-09-10T00:00:00Z", "2026-10-10T00:00:00Z"))
    ]
    report = under(tmp_path, contract, *rows, month="2026-10")
    assert report.billed_usd == 0
    assert report.effective_usd == report.groups[0]["effective_usd"] == Decimal("0.8")
    states = {
        one["name"]: (one["used_before_usd"], one["used_usd"], one["left_usd"]) for one in report.credits
    }
    # September's 0.80 took what is over first, then 0.30 of the other
    assert states["soon over"] == (Decimal("0.5"), 0, 0)
    assert states["late"] == (Decimal("0.3"), Decimal("0.8"), Decimal("3.9"))
    assert states["of another"] == (0, 0, 9)


def test_a_currency_is_of_the_months_last_day_and_adds_up(tmp_path: Path) -> None:
    contract = "currency: {code: EUR, rates: {2026-10-01: 1.08, 2026-10-31: 3}}"
    rows = [row(n, input_tokens=2_500_000, user=str(n)) for n in range(3)]
    report = under(tmp_path, contract, *rows)
    parts = [group["effective_in_currency"] for group in report.groups]
    assert report.billed_usd == 3
    assert sorted(parts) == [Decimal("0.333333333333333")] * 2 + [Decimal("0.333333333333334")]
    assert sum(parts) == report.total["billed_in_currency"] == 1
    with pytest.raises(LookupError, match=r"no rate of EUR on 2026-09-30; its first is of 2026-10-01"):
        contract_report(tmp_path / "usage", contract_of(tmp_path / "contract.yaml"), month="2026-09")


def test_halves_are_rounded_to_even() -> None:
    # 5e-16 and 1.5e-15 halves of 15 places: to 0 and to 2
    assert converted([Decimal("1e-15")], Decimal(2)) == [0]
    assert converted([Decimal("3e-15")], Decimal(2)) == [Decimal("2e-15")]


def test_a_price_that_only_the_contract_has(tmp_path: Path) -> None:
    prices = "usd_per_mtok: {input: 2, output: 4}, usd_each: {search: 0.01}"
    contract = f"rates: [{{provider: openai, model: our-*, {prices}}}]"
    used = row(
        0, model="our-tune", input_tokens=1000, cache_read_tokens=500, output_tokens=10, searches=2, user="a"
    )
    report = under(tmp_path, contract, used, row(1, model="theirs", input_tokens=5, user="b"))
    own, other = report.groups
    assert own["contracted_usd"] == Decimal("0.002") + Decimal("0.00004") + Decimal("0.02")
    assert (own["unlisted_entries"], own["unpriced_entries"], other["unpriced_entries"]) == (1, 0, 1)
    assert [one["model"] for one in report.unpriced] == ["theirs"]


@st.composite
def contracts(draw: st.DrawFn) -> dict[str, Any]:
    """A contract with something of everything."""
    cents = st.integers(1, 500).map(lambda cents: cents / 100)
    share = st.integers(0, 60).map(lambda per_cent: f"{per_cent} %")
    providers = st.sampled_from(["", "openai", "anthropic", "google"])
    tiers = [{"starts_at": start, "discount": draw(share)} for start in (0, 7_000, 30_000)]
    return {
        "rates": [{"provider": draw(providers), "discount": draw(share)}],
        "volume": [{"provider": draw(providers), "measure": "tokens", "tiers": tiers,
                    "rule": draw(st.sampled_from(["graduated", "all"]))}],
        "capacity": [{"model": draw(st.sampled_from(["gpt*", "claude-haiku*", "house*"])),
                      "usd_per_hour": draw(cents), "tokens_per_minute": draw(st.integers(1, 3000)),
                      "cached_weight": draw(share)}],
        "commitments": [{"provider": draw(providers), "usd": draw(cents), "discount": draw(share),
                         "per": draw(st.sampled_from(["month", "year"])), "valid_from": "2025-11-01"}],
        "credits": [{"usd": draw(cents), "valid_from": "2026-10-01", "provider": draw(providers)}],
        "currency": {"code": "EUR", "rates": {"2026-01-01": draw(cents)}},
    }  # fmt: skip


@pytest.fixture(scope="module")
def samples() -> Any:
    """The shipped logs in a store."""
    with tempfile.TemporaryDirectory() as folder:
        names = ("openai-chat", "openai-responses", "anthropic", "litellm-spend")
        import_usage([EXAMPLES / f"{name}.jsonl" for name in names], f"{folder}/usage", now=NOW)
        yield Path(folder) / "usage"


@settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(agreed=contracts(), by=st.sampled_from([("user",), ("model", "day"), ("tag:team",), ()]))
def test_every_view_adds_up_to_the_last_digit(
    samples: Path, agreed: dict[str, Any], by: tuple[str, ...]
) -> None:
    report = contract_report(samples, Contract.model_validate(agreed), by, as_known=KNOWN)
    total = report.total
    beside = sum(line["usd"] for line in report.beside_use)
    if by:
        for key in ("list_usd", "contracted_usd"):
            assert sum(group[key] for group in report.groups) == total[key]
        assert sum(group["effective_usd"] for group in report.groups) + beside == total["effective_usd"]
        local = [
            *report.groups,
            *({"effective_in_currency": line["in_currency"]} for line in report.beside_use),
        ]
        assert sum(one["effective_in_currency"] for one in local) == total["effective_in_currency"]
    assert sum(line["usd"] for line in report.bill) == total["billed_usd"] >= 0
    assert sum(line["in_currency"] for line in report.bill) == total["billed_in_currency"]
    assert total["effective_usd"] + total["credits_usd"] == total["billed_usd"]
    assert total["list_usd"] >= total["contracted_usd"]


def test_every_problem_of_a_file_at_once_with_its_place(tmp_path: Path) -> None:
    file = tmp_path / "contract.yaml"
    file.write_text("""\
rates:
  - {provider: openai, usd_per_mtok: {inputt: 1}}
  - {discount: 120 %}
  - {model: gpt-4.1, valid_from: 2026-10-02, valid_until: 2026-10-01, discount: 1 %}
  - {model: gpt-4.1}
volume:
  - {measure: tokens, rule: gradual, tiers: [{starts_at: 0, discount: 0}]}
capacity: [{tokens_per_minute: 5}]
credits: [{usd: 1 .. 2, valid_from: 2026-01-01}]
currency: {code: usd, rates: {soon: 1}}
""", encoding="utf-8")  # fmt: skip
    with pytest.raises(SpecError) as refused:
        contract_of(file)
    said = str(refused.value)
    for message in (
        ":2: rates.0.usd_per_mtok: 'inputt' is no kind of token; did you mean 'input'?",
        ":3: rates.1.discount: '120 %' is above 1",
        "valid_until 2026-10-01 is not after valid_from 2026-10-02",
        "rates.3.discount: an entry states usd_per_mtok, usd_each or discount",
        "did you mean 'graduated'?",
        "by usd_per_hour or by usd_per_month",
        "a contract states one number, not a range",
        "'usd' is no code of a currency",
        "'soon' is not a date",
    ):
        assert message in said, said


@pytest.mark.parametrize(("text", "message"), [
    ("rates: [{provider: anthropc, discount: 1 %}]", "did you mean 'anthropic'"),
    ("rates: [{tier: prioriti, discount: 1 %}]", "did you mean 'priority'"),
    ("volume: [{measure: usd, rule: all, tiers: [{starts_at: 5, discount: 0}, {starts_at: 5, discount: 0}]}]",
     "5 is not above the tier before"),
    ("commitments: [{usd: 5, per: year, valid_from: 2026-01-02}]", "begins on the first day of a month"),
    ("rates: [{discount: 1 %, usd_per_mtok: {input: 1}}]", "a price or a discount, not both"),
])  # fmt: skip
def test_what_would_price_nothing_or_contradicts_itself_is_refused(
    tmp_path: Path, text: str, message: str
) -> None:
    file = tmp_path / "contract.yaml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(SpecError, match=message):
        contract_of(file)


_WORDS = st.sampled_from(
    ["rates", "volume", "capacity", "usd", "discount", "provider", "tiers", "credits", "10 %", "x"]
)
_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | _WORDS,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(_WORDS | st.text(max_size=5), inner, max_size=4)
    ),
    max_leaves=12,
)


@settings(max_examples=40)
@given(st.dictionaries(_WORDS, _VALUES, max_size=4))
def test_whatever_a_file_holds_is_read_or_refused(given_file: dict[str, Any]) -> None:
    import json

    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "contract.yaml"
        file.write_text(json.dumps(given_file), encoding="utf-8")
        try:
            read = contract_of(file)
        except SpecError:
            return
        assert isinstance(read, Contract)
