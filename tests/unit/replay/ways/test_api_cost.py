"""What a load costs by API: the pricing room's rules request by request, sellers and tokenizers as ranges."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.unit.replay.specs import spec
from tests.unit.replay.ways.loads import DAY, apis, setup_of, with_prefixes

from truecost.catalog.api_prices import prices
from truecost.catalog.catalog import load
from truecost.pricing.api import Usage, api_cost
from truecost.replay.assumptions import Assumed
from truecost.replay.points import Points
from truecost.replay.traffic import Load
from truecost.replay.ways.api_cost import api_usd, usd_of_seller
from truecost.replay.ways.apis import Api, Asking, apis_of
from truecost.spec import Problems, SpecError


def _load(inputs: list[int], outputs: list[int]) -> Load:
    return Load("test", np.arange(len(inputs), dtype=np.float64), np.array(inputs), np.array(outputs))


def test_by_hand_with_the_context_tier_of_each_request() -> None:
    price = prices("gemini-2.5-pro", DAY)
    load = _load([1_000, 300_000], [100, 100])
    cost = api_usd(Api("gemini-2.5-pro", (price,)), load)
    by_hand = 1_000 * 1.25e-6 + 100 * 10e-6 + 300_000 * 2.5e-6 + 100 * 15e-6
    assert cost.usd.middle == pytest.approx(by_hand)
    assert sum(part.middle for part in cost.parts.values()) == pytest.approx(by_hand)
    assert cost.usd.p5 is None


def test_a_tokenizer_that_counts_more_may_cross_a_context_tier() -> None:
    price = prices("gemini-2.5-pro", DAY)
    api = Api("gemini-2.5-pro", (price,), ratio=Points(1.0, 0.9, 1.1))
    cost = api_usd(api, _load([190_000], [100]))
    assert cost.usd.p5 == pytest.approx(cost.usd.middle * 0.9)
    assert cost.usd.p95 == pytest.approx(209_000 * 2.5e-6 + 110 * 15e-6)


def test_what_can_wait_is_billed_at_the_batch_price() -> None:
    price, load = prices("gpt-4.1-mini", DAY), _load([1_000, 2_000], [100, 200])
    whole = api_usd(Api("gpt-4.1-mini", (price,)), load).usd.middle
    half = api_usd(Api("gpt-4.1-mini", (price,), batch_share=0.5), load).usd.middle
    assert half == pytest.approx(0.75 * whole)  # OpenAI's batch is at half price


def test_cached_input_is_billed_at_its_own_price() -> None:
    price = prices("gpt-4.1-mini", DAY)
    load = with_prefixes([[0, 1], [0, 1]], [20, 20])
    cached = api_usd(Api("gpt-4.1-mini", (price,), cached=True), load)
    read = api_cost(price, Usage(20.0, 5.0, cache_read_tokens=20.0))
    assert cached.usd.middle == pytest.approx(api_cost(price, Usage(20.0, 5.0)) + read)
    assert "cache_read" in cached.parts


def test_a_vendor_that_asks_for_writing_is_paid_for_what_is_read_again_alone() -> None:
    price = prices("claude-sonnet-4-5", DAY)
    load = with_prefixes([[0, 1], [0, 2]], [20, 20])
    parts = api_usd(Api("claude-sonnet-4-5", (price,), cached=True), load).parts
    assert parts["cache_write"].middle == pytest.approx(10 * 3.75e-6)
    assert parts["cache_read"].middle == pytest.approx(10 * 0.3e-6)
    assert parts["input"].middle == pytest.approx(20 * 3e-6)


def test_of_several_sellers_the_middle_is_one_of_them_and_the_ends_span_them() -> None:
    setup = setup_of(spec())
    (api,) = apis(setup)
    cost = api_usd(api, setup.load)
    asked = [usd for _, usd in cost.by_seller]
    assert len(asked) > 4
    assert asked == sorted(asked)
    assert cost.usd.middle in asked
    assert cost.usd.p5 is not None
    assert cost.usd.p95 is not None
    assert asked[0] <= cost.usd.p5 <= cost.usd.middle <= cost.usd.p95 <= asked[-1]
    assert usd_of_seller(api, cost.seller, setup.load) == pytest.approx(cost.usd.middle)


def test_the_parts_of_a_load_add_up_to_the_whole() -> None:
    setup = setup_of(spec(api={"model": "gpt-4.1-mini"}))
    (api,) = apis(setup)
    asked = np.arange(len(setup.load)) % 3 == 0
    apart = api_usd(api, setup.load, asked).usd.middle + api_usd(api, setup.load, ~asked).usd.middle
    assert apart == pytest.approx(api_usd(api, setup.load).usd.middle)


@pytest.mark.parametrize(
    ("api", "said"),
    [
        ({"model": "gpt-4.1-mni"}, "did you mean"),
        ({"model": ["gpt-4.1-mini", "gpt-4.1-mini"]}, "named twice"),
        ({"model": []}, "names no model"),
        ({"model": "gpt-4.1-mini", "provider": "anthropic"}, "anthropic has no price of gpt-4.1-mini"),
        ({"model": "gpt-4.1-mini", "provider": "opnai"}, "did you mean 'openai'"),
        ({"model": "deepseek-chat", "batch_share": 0.5}, "has no batch price"),
        ({"model": "gpt-4.1-mini", "cached_input": "trace"}, "says nothing of shared prefixes"),
        ({"provider": "anthropic"}, "no API price of llama-3.1-8b from anthropic"),
        ({"tokenizer_ratio": 0}, "api.tokenizer_ratio"),
        ({"batch_share": 1.5}, "api.batch_share"),
    ],
)
def test_terms_that_have_no_effect_or_are_not_on_record_are_refused(api: dict[str, Any], said: str) -> None:
    with pytest.raises(SpecError) as refused:
        setup_of(spec(api=api))
    assert said in str(refused.value)


def test_what_is_defaulted_is_told() -> None:
    setup = setup_of(spec(api={"model": "claude-sonnet-4-5"}))
    assumed = Assumed()
    asking = Asking(setup.spec, setup.layout.architecture, setup.load, load(), setup.as_of)
    (api,) = apis_of(asking, assumed, Problems())
    assert {row["field"] for row in assumed.rows} >= {
        "api.batch_share", "api.cached_input", "api.tokenizer_ratio"
    }  # fmt: skip
    assert api.ratio.p95 is not None
    assert api.ratio.p95 > 1.2
    (same,) = apis(setup_of(spec(api={"model": "llama-3.1-8b"})))
    assert replace(same, offers=()) == Api("llama-3.1-8b", ())


def test_a_price_of_the_user_s_own_stands_where_the_book_has_none(tmp_path: Path) -> None:
    overlay = tmp_path / "own.yaml"
    head = "checked: 2026-11-01\nsource: our contract\n"
    overlay.write_text(f"{head}prices:\n  mycloud/opt-66b: {{input: 0.5, output: 1}}\n", encoding="utf-8")
    setup = setup_of(spec(model="opt-66b", fleet__tensor_parallel_size=4))
    problems = Problems()
    asking = Asking(setup.spec, setup.layout.architecture, setup.load, load(overlay), setup.as_of)
    (api,) = apis_of(asking, Assumed(), problems)
    assert [offer.provider for offer in api.offers] == ["mycloud"]
