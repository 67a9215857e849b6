"""The import of price lists: what their names and keys say becomes columns, and days are taken with care."""

from __future__ import annotations

import sys
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).parents[3] / "scripts"
sys.path.insert(0, str(SCRIPTS))

import api_price_lists as lists  # noqa: E402
import import_api_prices as importer  # noqa: E402

GENAI = """
providers: list[Provider] = [
    Provider(
        id='openai', name='OpenAI', pricing_urls=['https://example.org'],
        models=[
            ModelInfo(
                id='m-1',
                match=ClauseOr(or_=[ClauseEquals(equals='m-1'), ClauseStartsWith(starts_with='m-1-20')]),
                prices=[
                    ConditionalPrice(
                        prices=ModelPrice(input_mtok=Decimal('10'), output_mtok=Decimal('40')),
                    ),
                    ConditionalPrice(
                        constraint=StartDateConstraint(start_date=datetime.date(2026, 6, 10)),
                        prices=ModelPrice(
                            input_mtok=TieredPrices(
                                base=Decimal('2'), tiers=[Tier(start=199999, price=Decimal('4'))]
                            ),
                            cache_write_1h_mtok=Decimal('4'),
                            output_mtok=Decimal('8'),
                        ),
                    ),
                ],
                price_variants=[
                    PriceVariant(
                        when={'processing': 'batch'},
                        prices=ModelPrice(input_mtok=Decimal('1'), output_mtok=Decimal('4')),
                        constraint=StartDateConstraint(start_date=datetime.date(2026, 10, 14)),
                    ),
                ],
            ),
            ModelInfo(
                id='free', match=ClauseEquals(equals='free'), prices=ModelPrice(input_mtok=Decimal('0'))
            ),
        ],
    ),
]
"""
LITELLM = {
    "m-1": {
        "litellm_provider": "openai", "mode": "chat", "source": "https://example.com",
        "input_cost_per_token": 2e-06, "output_cost_per_token": 8e-06, "input_cost_per_token_flex": 1e-06,
    },
    "bedrock/us-gov-west-1/anthropic.claude-x-v1:0": {
        "litellm_provider": "bedrock", "mode": "chat", "input_cost_per_token": 3e-06,
        "output_cost_per_token": 1.5e-05, "cache_read_input_token_cost": 0.0,
        "cache_creation_input_token_cost_above_1hr_above_200k_tokens": 1.2e-05,
    },
    "chat-free": {
        "litellm_provider": "openai", "mode": "chat", "input_cost_per_token": 0.0,
        "output_cost_per_token": 0.0,
    },
}  # fmt: skip
HEADER = (
    "provider,model,basis,valid_from,valid_until,tier,context_above_tokens,utc_from,utc_until,"
    "input,cache_read,cache_write,output,source,confidence,note\n"
)


@pytest.fixture
def history(tmp_path: Path) -> importer.History:
    file = tmp_path / "history.csv"
    file.write_text(
        HEADER
        + "openai,m-1,first_seen,2026-02-01,,,,,,10,,,40,a catalog,quoted,\n"
        + "openai,m-1,price,2025-12-01,2026-02-01,,,,,20,,,80,a page,quoted,launch\n",
        encoding="utf-8",
    )
    return importer.History(file)


@pytest.fixture
def models(history: importer.History) -> importer.Models:
    found = importer.genai_models(lists.genai_providers(GENAI), history)
    importer.add_litellm(found, LITELLM, history)
    importer.name_models(found)
    return found


def spans(
    models: importer.Models, kind: str, tier: str = "standard", above: int = 0
) -> list[tuple[object, ...]]:
    rows = models["openai", "m-1"].prices[""]
    mine = [p for p in rows if (p.kind, p.tier, p.above) == (kind, tier, above) and "litellm" not in p.source]
    return sorted((p.start, p.end, p.usd * 1_000_000) for p in mine)


def test_past_prices_come_first_and_each_ends_where_the_next_begins(models: importer.Models) -> None:
    assert spans(models, "input") == [
        (date(2025, 12, 1), date(2026, 2, 1), 20),
        (date(2026, 2, 1), date(2026, 6, 10), 10),
        (date(2026, 6, 10), None, 2),
    ]


def test_a_threshold_written_one_token_low_is_inclusive(models: importer.Models) -> None:
    (long,) = [p for p in models["openai", "m-1"].prices[""] if p.above]
    assert (long.above, long.inclusive, long.usd * 1_000_000) == (200_000, True, 4)


def test_a_batch_price_is_kept_from_the_day_it_was_verified_and_estimated_before(
    models: importer.Models,
) -> None:
    batch = [p for p in models["openai", "m-1"].prices[""] if p.tier == "batch" and p.kind == "output"]
    assert {(p.start, p.end, p.confidence) for p in batch} == {
        (date(2026, 6, 10), date(2026, 10, 14), "estimate"),
        (date(2026, 10, 14), None, "published"),
    }


def test_a_cache_lifetime_is_a_column(models: importer.Models) -> None:
    assert {p.lifetime for p in models["openai", "m-1"].prices[""] if p.kind == "cache_write"} == {"1h"}


def test_the_second_list_joins_the_model_it_names(models: importer.Models) -> None:
    second = [p for p in models["openai", "m-1"].prices[""] if p.source.startswith("litellm")]
    assert {(p.kind, p.tier, p.usd * 1_000_000, p.confidence) for p in second} == {
        ("input", "standard", 2, "quoted"),
        ("output", "standard", 8, "quoted"),
        ("input", "flex", 1, "quoted"),
    }


def test_a_region_in_a_key_is_a_column_and_a_cache_price_of_0_is_none(models: importer.Models) -> None:
    rows = models["aws", "anthropic.claude-x"].prices["us-gov-west-1"]
    assert {(p.kind, p.lifetime, p.above) for p in rows} == {
        ("input", "", 0),
        ("output", "", 0),
        ("cache_write", "1h", 200_000),
    }


def test_a_free_model_has_no_price(models: importer.Models) -> None:
    assert not {("openai", "free"), ("openai", "chat-free")} & set(models)


def test_a_price_seen_by_nobody_before_is_known_from_the_day_of_reading() -> None:
    assert lists.Seen({}).start([lists.Price("input", Decimal("1e-6"))]) == lists.CHECKED


def test_history_of_an_unknown_model_is_noticed(models: importer.Models, history: importer.History) -> None:
    history.prices["openai", "m-2"] = []
    assert set(history.prices) - history.used == {("openai", "m-2")}


def test_the_same_rows_give_the_same_bytes_in_any_order(tmp_path: Path, models: importer.Models) -> None:
    rows = list(importer.price_rows(models))
    for name, given in (("a.csv.gz", rows), ("b.csv.gz", rows[::-1])):
        importer.write_csv(tmp_path / name, importer.COLUMNS, given)
    assert (tmp_path / "a.csv.gz").read_bytes() == (tmp_path / "b.csv.gz").read_bytes()


def test_code_in_a_price_list_is_not_run() -> None:
    with pytest.raises(ValueError, match="not a literal"):
        lists.genai_providers("providers: list = [open('x') + 1]")


@pytest.mark.parametrize(
    ("comment", "price", "reason"),
    [
        ("Introductory rates apply through 2026-12-31.", lists.Price("input", Decimal("1e-6")), "promotion"),
        ("The previous $1 output price was incorrect.", lists.Price("output", Decimal("1e-7")), "correction"),
        ("The previous $1 output price was incorrect.", lists.Price("input", Decimal("1e-7")), ""),
        ("Made the introductory rates permanent.", lists.Price("input", Decimal("1e-6")), ""),
    ],
)
def test_a_comment_says_why_a_price_began(comment: str, price: lists.Price, reason: str) -> None:
    assert lists.with_reason(price, comment, first=True).reason == reason
    assert lists.with_reason(price, comment, first=False).reason == ("" if reason == "promotion" else reason)


def test_dates_say_that_a_price_changed_or_is_announced() -> None:
    old = lists.Price("input", Decimal("2e-6"), start=date(2026, 1, 1), end=date(2026, 5, 1))
    new = lists.Price("input", Decimal("1e-6"), start=date(2026, 5, 1), known=date(2026, 5, 1))
    to_come = lists.Price("input", Decimal("3e-6"), start=date(2027, 1, 1), known=date(2026, 11, 22))
    listed = [old, new, to_come]
    assert [importer.reason(price, listed) for price in listed] == ["", "change", "scheduled"]


def test_audio_is_a_kind_and_an_image_is_one_only_where_no_token_is_billed_for_it() -> None:
    entry = {
        "mode": "chat", "input_cost_per_token": 1e-06, "output_cost_per_token": 2e-06,
        "input_cost_per_audio_token": 3e-06, "input_cost_per_audio_token_batches": 1.5e-06,
        "input_cost_per_image": 1e-04,
    }  # fmt: skip
    found = {(p.kind, p.tier, p.usd) for p in lists.litellm_prices(entry, "x")}
    assert ("audio_input", "standard", Decimal("3e-6")) in found
    assert ("audio_input", "batch", Decimal("1.5e-6")) in found
    assert ("image", "standard", Decimal("1e-4")) in found
    by_token = lists.litellm_prices({**entry, "input_cost_per_image_token": 1e-06}, "x")
    assert "image" not in {p.kind for p in by_token}


def test_a_search_fee_is_one_only_where_it_is_the_same_for_all_and_by_the_search() -> None:
    def fee(**fees: float) -> Decimal | None:
        context = {f"search_context_size_{size}": usd for size, usd in fees.items() if size != "unit"}
        provider = "gemini" if "unit" in fees else "openai"
        entry = {"litellm_provider": provider, "search_context_cost_per_query": context}
        return lists.litellm_search_fee(entry)

    assert fee(low=0.01, medium=0.01, high=0.01) == Decimal("0.01")
    assert fee(low=0.005, medium=0.008, high=0.012) is None
    assert fee(low=0.035, medium=0.035, high=0.035, unit=0.035) is None, "Gemini's is by the prompt"


def test_a_search_fee_is_an_estimate_before_it_was_read() -> None:
    info = {
        "prices": {"input_mtok": Decimal(3), "output_mtok": Decimal(15), "web_searches_kcount": Decimal(10)}
    }
    seen = lists.Seen({(Decimal("0.000003"), Decimal("0.000015")): date(2025, 9, 29)})
    rows = [row for row in lists.genai_prices_of(info, "anthropic", seen) if row.kind == "search"]
    assert [(row.usd, row.start, row.end, row.confidence) for row in rows] == [
        (Decimal("0.01"), date(2025, 9, 29), lists.CHECKED, "estimate"),
        (Decimal("0.01"), lists.CHECKED, None, "published"),
    ]
