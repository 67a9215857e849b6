"""The comparison as a user gets it: its keys, what holds between the ways, words of its page."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.unit.replay.specs import spec
from tests.unit.replay.ways.loads import fixed

from truecost.catalog.catalog import load
from truecost.replay.reading import read
from truecost.replay.ways.compared import WAYS, compared_ways, read_ways
from truecost.report.replay_ways_text import page
from truecost.spec import SpecError

ASKED = {"slo": {"ttft_p99_s": 1.0, "tpot_p99_s": 0.05}, "api": {"model": "gpt-4.1-mini"}}


def _told(given: dict[str, Any], ways: tuple[str, ...] = WAYS) -> dict[str, Any]:
    return compared_ways(read(given, load()), load(), ways, {})


@pytest.fixture(scope="module")
def told() -> dict[str, Any]:
    return _told(spec(traffic__synthetic__arrival={"rate_per_s": 30.0}, **ASKED))


def test_each_way_is_its_parts(told: dict[str, Any]) -> None:
    assert [row["way"] for row in told["ways"]] == ["api", "self-host", "hybrid"]
    for row in told["ways"]:
        parts = sum(part["usd_per_month"] for part in row["parts"])
        assert row["usd_per_month"] == pytest.approx(parts)
        each = row["usd_per_million_tokens"] * told["traffic"]["tokens_per_month"] / 1e6
        assert each == pytest.approx(row["usd_per_month"])
        if row["usd_per_month_p5"] is not None:
            assert row["usd_per_month_p5"] <= row["usd_per_month"] <= row["usd_per_month_p95"]


def test_the_hybrid_is_no_dearer_than_either_and_conserves_requests(told: dict[str, Any]) -> None:
    api, own, hybrid = told["ways"]
    assert hybrid["usd_per_month"] <= api["usd_per_month"] * (1 + 1e-9)
    assert hybrid["usd_per_month"] <= own["needed_usd_per_month"] * (1 + 1e-9)
    assert hybrid["requests_on_base"] + hybrid["requests_on_api"] == told["traffic"]["requests"]
    assert hybrid["splits"][0]["usd_per_month"] == pytest.approx(api["usd_per_month"])
    assert own["usd_per_month"] == pytest.approx(2.0 * told["hours_per_month"])


def test_the_cheapest_is_the_least_of_those_that_do_not_miss_the_slo(told: dict[str, Any]) -> None:
    able = [row["usd_per_month"] for row in told["ways"] if row["meets_slo"] is not False]
    assert told["cheapest"]["usd_per_month"] == min(able)


def test_break_even_is_where_both_cost_the_same(told: dict[str, Any]) -> None:
    found = told["break_even"]
    assert found["found"]
    assert found["against"] == "gpt-4.1-mini"
    at = next(
        one for one in found["curve"] if one["requests_per_s"] == pytest.approx(found["requests_per_s"])
    )
    assert at["usd_per_month_api"] == pytest.approx(found["usd_per_month"])
    assert at["usd_per_month_self_host"] == pytest.approx(found["usd_per_month"])
    assert found["replicas"] == at["replicas"]
    after = [one for one in found["curve"] if one["requests_per_s"] >= found["requests_per_s"] * 1.0001]
    assert all(one["usd_per_month_self_host"] <= one["usd_per_month_api"] for one in after)
    assert all(
        one["usd_per_month_hybrid"] <= min(one["usd_per_month_api"], one["usd_per_month_self_host"]) * 1.0001
        for one in found["curve"]
    )


def test_the_page_has_the_answer_first_and_keeps_its_width(told: dict[str, Any]) -> None:
    lines = ["".join(span.text for span in line).rstrip() for line in page(told, 80).lines]
    text = "\n".join(lines)
    assert max(map(len, lines)) <= 80
    assert "self-hosting costs" in text.partition("A month, each way")[0]
    assert "Break-even with gpt-4.1-mini: from" in text


def test_several_apis_are_several_rows() -> None:
    given = spec(api={"model": ["gpt-4.1-mini", "gpt-4.1-nano"], "provider": "openai"})
    told = _told(given)
    assert [row["way"] for row in told["ways"]] == ["api", "api", "self-host", "hybrid"]
    nano = told["ways"][1]
    assert nano["usd_per_month"] < told["ways"][0]["usd_per_month"]
    assert told["ways"][-1]["model"] == told["break_even"]["against"] == "gpt-4.1-nano"


def test_a_fleet_that_misses_the_slo_says_so_and_is_not_the_cheapest(tmp_path: Path) -> None:
    """A request takes a replica 1 s: at two a second one replica falls ever farther behind."""
    given = fixed(tmp_path, slo={"ttft_p99_s": 1.0}, api={"model": "gpt-4.1-mini"})
    given["traffic"]["synthetic"]["arrival"] = {"rate_per_s": 2.0}
    told = _told(given)
    own = told["ways"][1]
    assert own["meets_slo"] is False
    assert own["keeps_up"] is False
    assert own["needed_replicas"] > 2
    assert told["cheapest"]["way"] == "api"


def test_a_kind_without_a_price_is_a_named_gap() -> None:
    told = _told(spec(api={"model": "text-embedding-3-small"}))
    api, own, hybrid = told["ways"]
    assert api["usd_per_month"] is None
    assert hybrid["usd_per_month"] is None
    assert told["break_even"] is None
    assert "API text-embedding-3-small" in told["unknown"]
    assert told["cheapest"]["way"] == own["way"] == "self-host"
    assert "unknown" in "".join(span.text for line in page(told, 80).lines for span in line)


def test_a_fleet_alone_needs_no_api() -> None:
    told = _told(
        spec(model="opt-66b", fleet={"accelerator": "h100-sxm", "tensor_parallel_size": 4}), ("self-host",)
    )
    assert [row["way"] for row in told["ways"]] == ["self-host"]
    assert told["break_even"] is None


@pytest.fixture(scope="module")
def slack() -> dict[str, Any]:
    return _told(spec(**ASKED))


@pytest.mark.parametrize("setting", ["sample", "response_cache"])
def test_what_does_not_come_costs_neither_way_and_moves_no_break_even(
    slack: dict[str, Any], setting: str
) -> None:
    """A part of the traffic: by API its part of the USD, on a fleet held all month as much as before."""
    value: dict[str, Any] = {"sample": {"below": 0.5}, "response_cache": 0.5}
    part = _told(spec(**ASKED, **{f"traffic__{setting}": value[setting]}))
    requests = part["traffic"]["requests"]
    assert 80 < requests < 120
    whole, less = (one["ways"][0]["usd_per_month"] for one in (slack, part))
    assert less == pytest.approx(whole * requests / 200, rel=0.05), "the draw leaves another mean gap"
    assert part["ways"][1]["usd_per_month"] == slack["ways"][1]["usd_per_month"]
    assert part["ways"][2]["requests_on_base"] + part["ways"][2]["requests_on_api"] == requests
    rates = [one["break_even"]["requests_per_s"] for one in (slack, part)]
    assert rates[0] == pytest.approx(rates[1]), "USD a request by API and a replica's USD are the same"
    said = " ".join(part["traffic"]["notes"])
    assert "of 200 requests are" in said
    assert ("the cache is in front of every way" in said) == (setting == "response_cache")


def test_spot_is_compared_with_its_interruptions() -> None:
    """At the spot price; chips taken away so often that few answers end in time miss the SLO."""
    base: dict[str, Any] = ASKED | {"traffic__synthetic__arrival": {"rate_per_s": 1.0}}
    calm, stormy = (
        _told(spec(price={"basis": "rent", "term": "spot"} | often, **base), ("self-host",))["ways"][0]
        for often in ({}, {"interruptions_per_hour": 60.0, "replacement_s": 50.0})
    )
    assert calm["meets_slo"] is True
    assert stormy["meets_slo"] is False
    assert calm["usd_per_month"] == stormy["usd_per_month"]
    steady = _told(spec(price={"basis": "rent"}, **base), ("self-host",))["ways"][0]
    assert calm["usd_per_month"] < steady["usd_per_month"]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"traffic__synthetic__arrival": {"concurrency": 4}}, "does not come by a clock"),
        ({"traffic__synthetic__arrival": {"all_at_once": True}}, "arrival"),
        (
            {"fleet__autoscale": {"max_replicas": 4, "scale_up_at": 10}},
            "holds the fleet all month",
        ),
        ({"model": "opt-66b", "fleet__tensor_parallel_size": 4}, "api: {model: gpt-4.1-mini}"),
    ],
)
def test_what_cannot_be_compared_is_refused(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(SpecError) as refused:
        _told(spec(**changes))
    assert said in str(refused.value)


@pytest.mark.parametrize(
    ("text", "said"), [("api,selfhost", "self-host"), ("api,api", "twice"), ("", "no way")]
)
def test_ways_that_are_none(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        read_ways(text)
