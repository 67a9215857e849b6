"""Effects: a single change is the whole difference, all of them together sum to it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from truecost.ledger.over_time.effects import COLUMNS, FACTORS, effects, sums_by_model

PER_TOKEN = {"uncached": 2.0, "cached": 0.5, "output": 8.0}


def side(*models: tuple[float, float, float, float], price: float = 1.0) -> dict[str, Any]:
    """Sums of models, each (requests, input a request, cached share, output a request)."""
    rows: list[tuple[float, ...]] = []
    for at, (requests, length, cached, output) in enumerate(models):
        times = price * (1 + 9 * at)  # the second model is ten times as dear
        tokens = requests * length
        fresh, read = tokens * (1 - cached) * PER_TOKEN["uncached"], tokens * cached * PER_TOKEN["cached"]
        written = requests * output * PER_TOKEN["output"]
        amounts = (times * fresh, times * read, times * written, 0.0)
        rows.append((requests, tokens, tokens * cached, requests * output, *amounts))
    return dict(zip(COLUMNS, np.array(rows).T, strict=True))


def usd(sums: dict[str, Any]) -> float:
    return float(sum(sums[name].sum() for name in COLUMNS if name.endswith("_usd")))


USUAL = side((10, 100, 0.5, 20), (10, 100, 0.5, 20))


@pytest.mark.parametrize(("odd", "factor", "before", "after"), [
    (side((31, 100, 0.5, 20), (31, 100, 0.5, 20)), "requests", 20, 62),
    (side((10, 300, 0.5, 20), (10, 300, 0.5, 20)), "input_tokens_per_request", 100, 300),
    (side((10, 100, 0.5, 70), (10, 100, 0.5, 70)), "output_tokens_per_request", 20, 70),
    (side((10, 100, 0.1, 20), (10, 100, 0.1, 20)), "cache_read_share", 0.5, 0.1),
    (side((10, 100, 0.5, 20), (10, 100, 0.5, 20), price=1.3), "usd_per_token", 1, 1.3),
    # half of 1 and half of 10 is 5.5; a fifth of 1 and four of 10 is 8.2
    (side((4, 100, 0.5, 20), (16, 100, 0.5, 20)), "model_mix", 1, 8.2 / 5.5),
])  # fmt: skip
def test_one_change_is_the_whole_difference(odd: Any, factor: str, before: float, after: float) -> None:
    first, *rest = effects(USUAL, odd, usd(USUAL))
    assert first.factor == factor
    assert first.usd == pytest.approx(usd(odd) - usd(USUAL))
    assert (first.before, first.after) == (pytest.approx(before), pytest.approx(after))
    assert [one.usd for one in rest] == pytest.approx([0] * len(rest), abs=1e-9)


def test_what_was_expected_scales_the_requests_compared_with() -> None:
    # 5 days of 20 requests, half as much expected: 10 requests
    five = {name: 5 * values for name, values in USUAL.items()}
    first = effects(five, USUAL, usd(USUAL) / 2)[0]
    assert (first.factor, first.before, first.after) == ("requests", pytest.approx(10), 20)


def test_two_changes_share_what_they_did_together() -> None:
    # twice the requests, each three times as dear: 1 -> 6; alone +1 and +2, together +2 more, halved
    one = {
        **{name: np.array([0.0]) for name in COLUMNS},
        "requests": np.array([1.0]),
        "rest_usd": np.array([1.0]),
    }
    odd = {**one, "requests": np.array([2.0]), "rest_usd": np.array([6.0])}
    worth = {found.factor: found.usd for found in effects(one, odd, 1.0)}
    assert worth["requests"] == pytest.approx(2)
    assert worth["other_usd_per_request"] == pytest.approx(3)


def test_a_model_that_is_new_is_mix_not_price() -> None:
    odd = side((10, 100, 0.5, 20), (10, 100, 0.5, 20))
    none = side((20, 100, 0.5, 20), (0, 0, 0, 0))
    first = effects(none, odd, usd(none))[0]
    assert (first.factor, first.after) == ("model_mix", pytest.approx(5.5))


def test_nothing_on_one_side_compares_nothing() -> None:
    nothing = side((0, 0, 0, 0))
    assert effects(nothing, side((1, 1, 0, 1)), 5.0) == ()
    assert effects(side((1, 1, 0, 1)), nothing, 5.0) == ()


_MODEL = st.tuples(st.integers(0, 50), st.integers(0, 1000), st.floats(0, 1), st.integers(0, 500))


@given(
    st.lists(_MODEL, min_size=2, max_size=2), st.lists(_MODEL, min_size=2, max_size=2), st.floats(0.1, 1e5)
)
def test_effects_sum_to_the_difference(usual: Any, odd: Any, expected: float) -> None:
    before, after = side(*usual), side(*odd, price=1.5)
    found = effects(before, after, expected)
    if not found:
        assert min(usd(before), usd(after)) == 0
        return
    assert {one.factor for one in found} == set(FACTORS)
    assert sum(one.usd for one in found) == pytest.approx(
        usd(after) - expected, rel=1e-6, abs=1e-6 * expected
    )


def test_rows_find_their_side_whatever_their_order() -> None:
    rows = [("b", True, *range(8)), ("a", False, *range(1, 9))]
    usual, odd = sums_by_model(rows)
    assert (usual["requests"].tolist(), odd["requests"].tolist()) == ([0, 1], [0, 0])
    assert (usual["rest_usd"].tolist(), odd["rest_usd"].tolist()) == (
        [0, 8],
        [7, 0],
    )
