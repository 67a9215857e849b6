"""A plan against usage: months and lines joined, the verdict, what neither side has of the other."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.unit.ledger.logs import take
from tests.unit.plan.specs import fleet, product

import truecost
from truecost.plan.actual import against_usage, planned_usd
from truecost.plan.result import Result

KNOWN = date(2026, 11, 22)
START = {"as_of": "2026-10-01", "start": "2026-10"}


def used(day: int | str, tokens: int, **more: Any) -> dict[str, Any]:
    """A day's calls of gpt-4.1-mini for the class `chat`: input tokens at 0.40 USD a million."""
    ts = day if isinstance(day, str) else f"2026-10-{day:02d}T12:00:00Z"
    plain = {"ts": ts, "model": "gpt-4.1-mini", "provider": "openai", "feature": "chat", "requests": 2,
             "input_tokens": tokens, "output_tokens": 0}  # fmt: skip
    return plain | more


def set_against(folder: Path, plan: Result, *records: dict[str, Any]) -> dict[str, Any]:
    """The comparison of a plan with some usage."""
    take(folder, *records)
    return against_usage(plan, folder / "usage", as_known=KNOWN).to_dict()


@pytest.fixture(scope="module")
def small() -> Result:
    """One class on one API, 2,000 users, without ranges but of the tokens of a request."""
    spec = product(**START, demand__requests__chat__input_tokens="600 .. 1500")
    return truecost.plan(spec, draws=256)


@pytest.fixture(scope="module")
def two() -> Result:
    """Two classes on the same model, one on another."""
    spec = product(**START)
    spec["demand"]["requests"] = {
        "chat": {"share": 0.5, "input_tokens": "600 .. 1500", "output_tokens": 300},
        "title": {"share": 0.3, "input_tokens": 100, "output_tokens": 10},
        "code": {"share": 0.2, "input_tokens": 2000, "output_tokens": 500},
    }
    spec["serving"] = {
        "chat": {"api": {"model": "gpt-4.1-mini"}},
        "title": {"api": {"model": "gpt-4.1-mini"}},
        "code": {"api": {"model": "gpt-4.1"}},
    }
    return truecost.plan(spec, draws=256)


def test_a_month_is_held_against_the_plan_s_line(tmp_path: Path, small: Result) -> None:
    told = set_against(tmp_path, small, *(used(day, 100_000_000) for day in range(1, 32)))
    (line,) = told["lines"]
    assert line["components"] == ["inference.chat.api"]
    found = line["months"][0]
    planned = next(one for one in small.monthly if one.component == "inference.chat.api").cost_usd
    assert found["planned_usd"] == pytest.approx(dict(planned))
    assert Decimal(found["actual_usd"]) == Decimal("1240")  # 3,100 Mtok at 0.40
    assert found["difference_usd"] == pytest.approx(1240 - planned["mean"])
    assert (found["actual_quantity"], found["quantity_unit"]) == (3100.0, "Mtok")
    assert (told["months"][0]["days"], found["whole_months"]) == (31, True)


def test_the_difference_is_of_volume_and_of_price(tmp_path: Path, small: Result) -> None:
    told = set_against(tmp_path, small, *(used(day, 100_000_000) for day in range(1, 32)))
    found = told["lines"][0]["total"]
    each = found["planned_usd"]["mean"] / found["planned_quantity"]
    assert found["difference_by_volume_usd"] == pytest.approx((3100 - found["planned_quantity"]) * each)
    both = found["difference_by_volume_usd"] + found["difference_by_price_usd"]
    assert both == pytest.approx(found["difference_usd"])


@pytest.mark.parametrize(("mtok_a_day", "verdict"), [(30, "below"), (60, "inside"), (200, "above")])
def test_inside_the_interval_or_not(tmp_path: Path, small: Result, mtok_a_day: int, verdict: str) -> None:
    records = [used(day, mtok_a_day * 1_000_000) for day in range(1, 32)]
    found = set_against(tmp_path, small, *records)["total"]
    planned, actual = found["planned_usd"], mtok_a_day * 31 * 0.4
    expected = "above" if actual > planned["p95"] else "below" if actual < planned["p5"] else "inside"
    assert (found["verdict"], expected) == (verdict, verdict), planned


def test_a_month_that_is_not_over_says_its_days_and_is_not_scaled(tmp_path: Path, small: Result) -> None:
    told = set_against(tmp_path, small, used(3, 1_000_000), used(12, 1_000_000))
    (month,) = told["months"]
    assert (month["first_day"], month["last_day"]) == ("2026-10-03", "2026-10-12")
    assert (month["days"], month["days_in_month"], month["days_with_usage"]) == (10, 31, 2)
    assert not told["total"]["whole_months"]
    assert Decimal(told["total"]["actual_usd"]) == Decimal("0.8")


def test_months_are_matched_by_the_plan_s_start(tmp_path: Path, small: Result) -> None:
    told = set_against(
        tmp_path, small, used("2026-09-30T00:00:00Z", 5_000_000), used(1, 1_000_000),
        used("2026-11-02T00:00:00Z", 3_000_000),
    )  # fmt: skip
    assert [one["month"] for one in told["months"]] == ["2026-10", "2026-11"]
    assert [one["days"] for one in told["months"]] == [31, 2]
    (outside,) = told["usage_outside_the_plan"]
    assert (outside["month"], Decimal(outside["usd"]), outside["entries"]) == ("2026-09", Decimal(2), 1)
    line = told["lines"][0]
    assert [Decimal(one["actual_usd"]) for one in line["months"]] == [Decimal("0.4"), Decimal("1.2")]
    assert Decimal(line["total"]["actual_usd"]) == Decimal("1.6")
    means = sum(one["planned_usd"]["mean"] for one in line["months"])
    assert line["total"]["planned_usd"]["mean"] == pytest.approx(means)


def test_no_month_in_common_is_one_message(tmp_path: Path) -> None:
    take(tmp_path, used(1, 1000))
    with pytest.raises(ValueError, match=r"usage is of 2026-10, the plan of 2026-12 to 2027-11: no month"):
        against_usage(truecost.plan(product(), draws=16), tmp_path / "usage", as_known=KNOWN)


def test_classes_are_compared_alone_where_the_usage_names_them(tmp_path: Path, two: Result) -> None:
    told = set_against(tmp_path, two, used(1, 10_000_000), used(2, 1_000_000, feature="title"))
    assert {one["name"]: Decimal(one["total"]["actual_usd"]) for one in told["lines"]} == {
        "gpt-4.1-mini API: chat": Decimal(4), "gpt-4.1-mini API: title": Decimal("0.4"),
    }  # fmt: skip
    assert [one["name"] for one in told["lines_without_usage"]] == ["gpt-4.1 API: code"]
    assert not told["usage_without_line"]


def test_lines_of_one_model_are_one_where_the_usage_does_not_tell_them_apart(
    tmp_path: Path, two: Result
) -> None:
    told = set_against(tmp_path, two, used(1, 10_000_000), used(2, 1_000_000, feature=None))
    (line,) = told["lines"]
    assert (line["name"], line["components"]) == (
        "gpt-4.1-mini API: chat, title", ["inference.chat.api", "inference.title.api"],
    )  # fmt: skip
    assert line["pooled_because"] == "the feature of its usage is not only a class of the plan: (none)"
    drawn = [np.asarray(two.evaluation.lines[name].line.amortized)[0] for name in line["components"]]
    assert line["total"]["planned_usd"]["p95"] == pytest.approx(float(np.quantile(sum(drawn), 0.95)))


def test_another_column_may_name_the_classes(tmp_path: Path, two: Result) -> None:
    take(tmp_path, used(1, 10_000_000, feature="else", use="title"), mapping={"tag:use": "use"})
    told = against_usage(two, tmp_path / "usage", class_column="tag:use", as_known=KNOWN).to_dict()
    assert [one["name"] for one in told["lines"]] == ["gpt-4.1-mini API: title"]
    with pytest.raises(ValueError, match="'featur'; the nearest is feature"):
        against_usage(two, tmp_path / "usage", class_column="featur")


def test_usage_that_no_line_buys_is_named(tmp_path: Path, small: Result) -> None:
    told = set_against(
        tmp_path, small, used(1, 1000), used(2, 1_000_000, model="gpt-4.1", feature="chat"),
        used(3, 1_000_000, provider="azure"), used(4, 5, model="nobody-knows-it"),
    )  # fmt: skip
    found = {one["name"]: one for one in told["usage_without_line"]}
    assert Decimal(found["openai/gpt-4.1"]["usd"]) == Decimal(2)
    assert set(found) == {"openai/gpt-4.1", "azure/gpt-4.1-mini", "openai/nobody-knows-it"}
    unknown = found["openai/nobody-knows-it"]
    assert (unknown["unpriced_entries"], unknown["entries"]) == (1, 1)


def test_usage_without_a_price_of_a_planned_model_stays_with_its_line(tmp_path: Path, small: Result) -> None:
    told = set_against(tmp_path, small, used(1, 1_000_000), used(2, 1_000_000, service_tier="golden"))
    assert told["lines"][0]["total"]["unpriced_entries"] == 1
    assert Decimal(told["lines"][0]["total"]["actual_usd"]) == Decimal("0.4")
    assert not told["usage_without_line"]


def test_own_chips_are_joined_with_the_fleet(tmp_path: Path) -> None:
    plan = truecost.plan(fleet(**START), draws=64)
    hours = {"ts": "2026-10-05T00:00:00Z", "kind": "fleet", "provider": "cloud", "model": "h100-sxm",
             "feature": "chat", "chip_hours": 730, "stated_usd": "1500.5", "requests": 0,
             "input_tokens": 0, "output_tokens": 0}  # fmt: skip
    training = hours | {"kind": "training", "feature": "final_run"}
    told = set_against(tmp_path, plan, hours, training)
    (line,) = told["lines"]
    assert (line["kind"], line["components"]) == ("fleet", ["inference.chat.rent"])
    assert (line["total"]["quantity_unit"], line["total"]["actual_quantity"]) == ("chip-hours", 730.0)
    assert Decimal(line["total"]["actual_usd"]) == Decimal("1500.5")
    assert [one["kind"] for one in told["usage_without_line"]] == ["training"]
    assert "inference.chat.operations" in {one["component"] for one in told["not_in_a_ledger"]}


def test_lines_joined_and_not_are_all_lines_of_the_plan(tmp_path: Path, two: Result) -> None:
    told = set_against(tmp_path, two, used(1, 10_000_000))
    groups = [*told["lines"], *told["lines_without_usage"]]
    means = [one.get("total", one)["planned_usd"]["mean"] for one in groups]
    means += [one["planned_usd"]["mean"] for one in told["not_in_a_ledger"]]
    whole = planned_usd(two.evaluation, two.evaluation.lines, ["2026-10"])["mean"]
    assert sum(means) == pytest.approx(whole)
