"""Series of prices: what is in them, and that they know nothing before its day."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from itertools import pairwise

import pytest

from truecost.catalog.api_prices import prices
from truecost.catalog.names import UnknownName
from truecost.catalog.series import (
    LOADERS,
    price_performance,
    rental_prices,
    series,
    successions,
    token_prices,
)

TODAY = date(2026, 11, 22)
DAYS = (date(2024, 6, 1), date(2025, 3, 15), date(2025, 12, 31), date(2026, 8, 1))


@pytest.mark.parametrize("name", LOADERS)
@pytest.mark.parametrize("day", DAYS)
def test_nothing_of_a_later_day_is_in_a_series(name: str, day: date) -> None:
    """Made on a day, it is what a later one holds of that day: no observation is added, none is different."""
    then, now = series(name, day), series(name, TODAY)
    assert all(each.on <= day for each in then.observations)
    in_force = {(o.group, o.value) for o in then.observations if o.on == day}
    earlier = [o for o in then.observations if o.on < day]
    assert earlier == [o for o in now.observations if o.on < day]
    assert in_force or not then.holds or not then.observations


@pytest.mark.parametrize("name", LOADERS)
def test_values_are_positive_and_named(name: str) -> None:
    found = series(name, TODAY)
    assert len(found.observations) >= 20
    assert all(each.value > 0 and each.label for each in found.observations)
    assert found.unit
    assert found.source
    assert found.rule


@pytest.mark.parametrize("tier", ["flagship", "small"])
def test_every_model_of_a_tier_has_a_price_at_its_vendor(tier: str) -> None:
    lines = successions(tier)
    assert {line.provider for line in lines} == {
        "openai",
        "anthropic",
        "google",
        "mistral",
        "x-ai",
        "deepseek",
    }
    for line in lines:
        for model in line.models:
            assert prices(model, TODAY, line.provider).has("input")


def test_a_tier_follows_its_vendor_to_the_newest_model() -> None:
    own = token_prices("flagship", TODAY).groups()["openai"]
    assert [(o.on, o.label, o.value) for o in own][:3] == [
        (date(2023, 3, 14), "gpt-4", pytest.approx(37.5)),
        (date(2023, 11, 6), "gpt-4-turbo", pytest.approx(15.0)),
        (date(2024, 5, 13), "gpt-4o", pytest.approx(7.5)),
    ]
    assert own[-1].label == "gpt-6.1-sol"
    assert own[-1].on == TODAY


def test_the_price_is_three_input_tokens_to_one_output() -> None:
    last = token_prices("small", TODAY).groups()["mistral"][-1]
    price = prices("mistral-small-latest", TODAY, "mistral")
    assert last.value == pytest.approx(1e6 * (3 * price.fact("input").value + price.fact("output").value) / 4)  # type: ignore[operator]


def test_a_scheduled_price_does_not_count_before_its_day() -> None:
    now, later = (
        token_prices("small", day).groups()["google"][-1].value for day in (TODAY, date(2027, 1, 2))
    )
    assert later == pytest.approx(2 * now)


def test_only_changes_and_the_price_in_force_are_steps() -> None:
    for own in token_prices("flagship", TODAY).groups().values():
        moved = [before.value != after.value for before, after in pairwise(own)]
        assert all(moved[:-1])


def test_rents_are_of_the_same_offer_and_without_estimates() -> None:
    lambda_8 = rental_prices(TODAY).groups()["Lambda / h100-sxm / 8"]
    assert (lambda_8[0].on, lambda_8[0].value) == (date(2024, 7, 11), 3.49)
    assert date(2025, 10, 1) not in {o.on for o in lambda_8}  # "as commonly quoted"


def test_chips_count_at_their_first_price_soon_after_release() -> None:
    by_chip = {o.label: o for o in price_performance(TODAY).observations}
    assert by_chip["NVIDIA P100 SXM2"].value == pytest.approx(21.22e12 / 10500)
    assert not any("TPU" in chip or "RTX" in chip or "A40" in chip for chip in by_chip)


def test_an_unknown_series_names_the_nearest() -> None:
    with pytest.raises(UnknownName) as failed:
        series("gpu-hours", TODAY)
    assert failed.value.nearest[0] == "gpu-hour"


def test_there_is_a_loader_for_each_name() -> None:
    for name, load in LOADERS.items():
        loader: Callable[[date], object] = load
        assert getattr(loader(TODAY), "key") == name  # noqa: B009
