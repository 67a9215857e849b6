"""Exports that are no single request: usage in buckets, a cluster's hours, a cloud bill, training runs."""

from __future__ import annotations

import csv
import json
import tempfile
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.unit.ledger.logs import CREATED, EXAMPLES, NOW, chat, rows, take, write

from truecost.ledger import import_usage, usage_report
from truecost.ledger.importing import ImportResult

DAY = 86_400
KNOWN = date(2026, 11, 22)


def openai_page(*results: Mapping[str, Any], start: int = CREATED) -> dict[str, Any]:
    """A page with one bucket."""
    bucket = {"object": "bucket", "start_time": start, "end_time": start + DAY, "results": list(results)}
    return {"object": "page", "data": [bucket], "has_more": False}


def used(**told: Any) -> dict[str, Any]:
    """A result of OpenAI's usage."""
    plain = {
        "input_tokens": 0,
        "output_tokens": 0,
        "num_model_requests": 1,
        "model": "gpt-4.1-mini-2025-04-14",
    }
    return {**plain, "project_id": None, "user_id": None, "api_key_id": None, "batch": False, **told}


def anthropic_page(*results: Mapping[str, Any]) -> dict[str, Any]:
    """A page with one day."""
    day = {
        "starting_at": "2026-10-05T00:00:00Z",
        "ending_at": "2026-10-06T00:00:00Z",
        "results": list(results),
    }
    return {"data": [day], "has_more": False}


def sonnet(plain: int, window: str | None, output: int = 0, **told: Any) -> dict[str, Any]:
    """A result of Anthropic's usage."""
    return {
        "uncached_input_tokens": plain, "cache_read_input_tokens": 0, "output_tokens": output,
        "cache_creation": {"ephemeral_5m_input_tokens": 0, "ephemeral_1h_input_tokens": 0},
        "server_tool_use": {"web_search_requests": 0}, "model": "claude-sonnet-4-5-20250929",
        "service_tier": "standard", "context_window": window, **told,
    }  # fmt: skip


def table(path: Path, lines: Sequence[Mapping[str, Any]]) -> Path:
    """A CSV of rows, with all columns that any of them has."""
    names = dict.fromkeys(name for line in lines for name in line)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(names))
        writer.writeheader()
        writer.writerows(lines)
    return path


def read(
    tmp_path: Path, lines: Sequence[Mapping[str, Any]], name: str = "table.csv", **how: Any
) -> ImportResult:
    """Import a CSV into the store `usage` of a folder."""
    return import_usage([table(tmp_path / name, lines)], tmp_path / "usage", now=NOW, **how)


def told(result: ImportResult) -> tuple[str, int, int]:
    """Dialect, rows added, lines kept aside."""
    return result.files[0].dialects[0], result.rows, result.rejected


def usd(tmp_path: Path, **how: Any) -> Decimal:
    return usage_report(tmp_path / "usage", [], as_known=KNOWN, **how).total_usd


def charge(cost: str, description: str = "storage", **more: str) -> dict[str, str]:
    """A line of a bill in FOCUS."""
    return {
        "BilledCost": cost, "EffectiveCost": cost, "BillingCurrency": "USD", "ChargeCategory": "Usage",
        "ChargePeriodStart": "2026-10-05T00:00:00Z", "ChargeDescription": description, "ProviderName": "AWS",
        "ServiceCategory": "Compute", "ServiceName": "Amazon Elastic Compute Cloud", "Tags": "", **more,
    }  # fmt: skip


# ------------------------------------------------------------------------------------- usage of organizations


def test_a_bucket_is_many_requests_with_cached_tokens_once(tmp_path: Path) -> None:
    page = openai_page(used(input_tokens=12_000_000, input_cached_tokens=9_000_000, output_tokens=800_000,
                            num_model_requests=4000, project_id="proj_a", user_id="u-1"))  # fmt: skip
    assert told(take(tmp_path, page)) == ("openai-usage", 1, 0)
    (row,) = rows(tmp_path / "usage")
    assert (row["requests"], row["input_tokens"], row["cache_read_tokens"]) == (4000, 12_000_000, 9_000_000)
    assert (row["user"], row["tags"], row["ts"]) == ("u-1", {"project": "proj_a"}, datetime(2026, 10, 5, 12))
    # 3 M at 0.40 + 9 M at 0.10 + 0.8 M at 1.60 USD a million
    assert usd(tmp_path) == Decimal("3.38")


def test_a_batch_and_audio_of_an_export(tmp_path: Path) -> None:
    batch = used(input_tokens=1_000_000, output_tokens=100_000, batch=True)
    audio = used(
        input_tokens=100, input_audio_tokens=60, input_cached_audio_tokens=20, input_cached_tokens=20
    )
    take(tmp_path, openai_page(batch, audio))
    found = {row["batch"]: row for row in rows(tmp_path / "usage")}
    assert (found[False]["cache_read_tokens"], found[False]["audio_input_tokens"]) == (20, 40)
    report = usage_report(tmp_path / "usage", ["batch"], as_known=KNOWN)
    assert {one["batch"]: one["usd"] for one in report.groups}[True] == Decimal("0.28"), "half of 0.40 + 0.16"


def test_results_of_two_keys_are_two_rows_and_neither_key_is_kept(tmp_path: Path) -> None:
    same = [used(input_tokens=10, output_tokens=1, api_key_id=key) for key in ("key_SECRET1", "key_SECRET2")]
    assert take(tmp_path, openai_page(*same)).rows == 2
    again = take(
        tmp_path, openai_page(*same, used(input_tokens=7, output_tokens=1, project_id="p")), name="2.json"
    )
    assert (again.rows, again.to_dict()["duplicates"]) == (1, 2)
    for path in (tmp_path / "usage").rglob("*"):
        assert not path.is_file() or b"SECRET" not in path.read_bytes()


def test_a_day_that_was_not_over_is_named_not_added(tmp_path: Path) -> None:
    take(tmp_path, openai_page(used(input_tokens=10, output_tokens=1)))
    later = take(tmp_path, openai_page(used(input_tokens=30, output_tokens=1)), name="2.json")
    assert (later.rows, later.to_dict()["conflicts"]) == (0, 1)
    assert "table.csv" not in str(later.first_rejects)


def test_the_dashboards_csv_is_read_and_its_empty_days_are_passed_over(tmp_path: Path) -> None:
    full = {"start_time": CREATED, "end_time": CREATED + DAY, "start_time_iso": "x", **used(input_tokens=500),
            "batch": "False", "input_cached_tokens": 100, "service_tier": "default"}  # fmt: skip
    empty = {
        **dict.fromkeys(full, ""),
        "start_time": CREATED - DAY,
        "num_model_requests": 0,
        "input_tokens": 0,
    }
    result = read(tmp_path, [full, empty])
    assert (*told(result), result.to_dict()["nothing_to_count"]) == ("openai-usage", 1, 0, 1)
    assert rows(tmp_path / "usage")[0]["line"] == 2


def test_buckets_a_line_are_read_and_costs_are_not_taken_for_usage(tmp_path: Path) -> None:
    buckets = (
        openai_page(used(input_tokens=5), start=CREATED)["data"] + anthropic_page(sonnet(9, None))["data"]
    )
    assert take(tmp_path, *buckets).rows == 2
    costs = {
        "object": "bucket",
        "start_time": CREATED,
        "results": [{"amount": {"value": 0.06}, "line_item": None}],
    }
    with pytest.raises(ValueError, match="these are costs, not usage: truecost ledger reconcile"):
        take(tmp_path, {"object": "page", "data": [costs]}, name="costs.json")


WINDOWS = [
    ("0-200k", 2_500_000, 13, "8.10"),  # 2.5 M at 3 USD + 40,000 at 15 USD a million
    ("200k-1M", 2_500_000, 3, "15.90"),  # at 6 and 22.50: the whole request is dear
    ("200k-1M", 2_000_001, 3, "12.900006"),
    ("200k-1M", 640_000, 1, "4.74"),
    ("0-200k", 200_000, 1, "1.20"),  # the threshold itself is not above it
    (None, 2_500_000, 13, "8.10"),
]


def test_the_context_window_decides_the_price(tmp_path: Path) -> None:
    results = [
        sonnet(plain, window, 40_000, workspace_id=str(index))
        for index, (window, plain, _, _) in enumerate(WINDOWS)
    ]
    take(tmp_path, anthropic_page(*results))
    found = {row["tags"]["workspace"]: row for row in rows(tmp_path / "usage")}
    report = usage_report(tmp_path / "usage", ["tag:workspace"], as_known=KNOWN)
    dollars = {one["tag:workspace"]: one["usd"] for one in report.groups}
    for index, (_, _, requests, amount) in enumerate(WINDOWS):
        assert (found[str(index)]["requests"], found[str(index)]["quality"]) == (requests, "estimated")
        assert dollars[str(index)] == Decimal(amount), WINDOWS[index]


def test_cached_tokens_are_put_into_the_input_and_decide_the_window_with_it(tmp_path: Path) -> None:
    writes = {"ephemeral_5m_input_tokens": 400_000, "ephemeral_1h_input_tokens": 100_000}
    one = sonnet(2_000_000, "0-200k", 300_000, cache_read_input_tokens=6_000_000, cache_creation=writes)
    take(tmp_path, anthropic_page(one))
    (row,) = rows(tmp_path / "usage")
    assert (row["input_tokens"], row["requests"]) == (8_500_000, 43)
    # 2 M at 3 + 6 M at 0.30 + 0.4 M at 3.75 + 0.1 M at 6 + 0.3 M at 15
    assert usd(tmp_path) == Decimal("14.4")


def test_the_consoles_csv_is_the_same_report(tmp_path: Path) -> None:
    line = {
        "usage_date_utc": "2026-10-05 02:00", "model_version": "claude-sonnet-4-5-20250929",
        "api_key": "SECRET", "workspace": "Default", "usage_type": "standard", "context_window": "> 200k",
        "usage_input_tokens_no_cache": 2_500_000, "usage_input_tokens_cache_write_5m": 0,
        "usage_input_tokens_cache_write_1h": 0, "usage_input_tokens_cache_read": 0,
        "usage_output_tokens": 40_000, "web_search_count": 0, "inference_geo": "not_available", "speed": "",
    }  # fmt: skip
    result = read(tmp_path, [line, {**line, "usage_type": "batch", "context_window": "≤ 200k"}])
    assert told(result) == ("anthropic-usage", 2, 0)
    found = {row["batch"]: row for row in rows(tmp_path / "usage")}
    assert (found[False]["requests"], found[False]["tags"]) == (3, {"workspace": "Default"})
    assert found[False]["ts"] == datetime(2026, 10, 5, 2)
    assert usd(tmp_path) == Decimal("15.90") + Decimal("4.05")
    assert all("SECRET" not in str(row) for row in found.values())


# ------------------------------------------------------------------------------------- hours of chips


def test_hours_of_a_cluster_with_and_without_a_cost(tmp_path: Path) -> None:
    plain = {"namespace": "serving", "start": "2026-10-05T00:00:00Z", "end": "2026-10-06T00:00:00Z"}
    result = read(tmp_path, [
        {**plain, "name": "a", "gpuHours": "96.5", "gpuCost": "336.10", "gpuCostAdjustment": "-16.80",
         "gpu": "H100"},
        {**plain, "name": "b", "gpuHours": "48", "gpuCost": "0", "gpu": "NVIDIA-L40S"},
        {**plain, "name": "c", "gpuHours": "0", "gpuCost": "0", "gpu": ""},
        {**plain, "name": "d", "gpuHours": "-4", "gpuCost": "0", "gpu": "NVIDIA-L40S"},
    ])  # fmt: skip
    assert told(result) == ("opencost", 2, 1)
    assert result.reasons == {"negative tokens or hours": 1}
    priced, rented = sorted(rows(tmp_path / "usage"), key=lambda row: row["line"])
    assert (priced["model"], priced["chip_hours"], priced["stated_usd"]) == (
        "h100-sxm",
        Decimal("96.5"),
        Decimal("319.3"),
    )
    assert (rented["model"], rented["stated_usd"], rented["kind"], rented["requests"]) == (
        "l40s",
        None,
        "fleet",
        0,
    )
    report = usage_report(tmp_path / "usage", ["model"], as_known=KNOWN)
    by_model = {one["model"]: one for one in report.groups}
    assert by_model["h100-sxm"]["usd"] == by_model["h100-sxm"]["as_stated_usd"] == Decimal("319.3")
    from truecost.catalog.catalog import load

    rent: Any = load().rental("l40s", date(2026, 10, 16)).value
    assert by_model["l40s"]["usd"] == 48 * Decimal(f"{rent.median:.9f}")
    assert report.by_coverage["estimated"]["chip_hours"] == 48


def test_a_page_of_allocations_has_its_chip_from_a_label_and_its_idle_nodes(tmp_path: Path) -> None:
    result = import_usage([EXAMPLES / "opencost.json"], tmp_path / "usage", now=NOW)
    assert told(result) == ("opencost", 2, 0)
    found = {row["feature"]: row for row in rows(tmp_path / "usage")}
    assert (found["chat"]["model"], found["chat"]["provider"], found["chat"]["tags"]["team"]) == (
        "h100-sxm", "google", "assist",
    )  # fmt: skip
    assert (found["__idle__"]["stated_usd"], found["__idle__"]["chip_hours"]) == (Decimal("61.25"), 0)


def test_a_cluster_without_a_chip_takes_it_from_the_mapping(tmp_path: Path) -> None:
    line = {"Date": "2026-10-05", "Namespace": "serving", "ControllerName": "chat", "Pod": "p",
            "gpu_hours": "3", "kind_of_node": "a3-highgpu-8g"}  # fmt: skip
    assert read(tmp_path, [line]).reasons == {"no model": 1}
    read(tmp_path, [{**line, "Pod": "q"}], "2.csv", mapping={"model": "=h100-sxm"})
    read(tmp_path, [{**line, "Pod": "r"}], "3.csv", mapping={"model": "kind_of_node"})
    assert sorted(row["model"] for row in rows(tmp_path / "usage")) == ["a3-highgpu-8g", "h100-sxm"]


def test_opencosts_own_csv_tells_an_amount_and_no_hours(tmp_path: Path) -> None:
    line = {"Date": "2026-10-05", "Namespace": "n", "ControllerKind": "k", "ControllerName": "c", "Pod": "p",
            "Container": "x", "GPUs": "2", "CPUCost": "0.3", "GPUCost": "0.8"}  # fmt: skip
    result = read(tmp_path, [line, {**line, "Pod": "q", "GPUCost": "0"}])
    assert result.reasons == {"neither chip hours nor an amount": 1}
    (row,) = rows(tmp_path / "usage")
    assert (row["chip_hours"], row["stated_usd"], row["feature"]) == (None, Decimal("0.8"), "c")


def test_a_training_run_is_chips_times_hours(tmp_path: Path) -> None:
    run = {"chip": "H100 SXM", "chips": "16", "start": "2026-10-05T08:00:00Z", "tokens": "1.2e9",
           "project": "assist", "usd": "512.40", "hours": "", "end": "", "chip_hours": ""}  # fmt: skip
    ways = [
        {"hours": "12.5"}, {"end": "2026-10-05T20:30:00Z"}, {"chip_hours": "191.25"},
        {"hours": "12.5", "end": "2026-10-06T00:00:00Z"},
    ]  # fmt: skip
    assert told(read(tmp_path, [{**run, "run_id": f"sft-{n}", **way} for n, way in enumerate(ways)])) == (
        "training-runs", 4, 0,
    )  # fmt: skip
    found = rows(tmp_path / "usage")
    assert [row["chip_hours"] for row in found] == [200, 200, Decimal("191.25"), 200]
    plain = {"name": "r", "gpu": "h100", "gpu_hours": "3", "start": "2026-10-05"}
    (tmp_path / "other").mkdir()
    assert told(read(tmp_path / "other", [plain]))[0] == "training-runs", "no cluster's row"
    row = found[0]
    assert (row["model"], row["kind"], row["feature"], row["task"]) == (
        "h100-sxm", "training", "assist", "sft-0",
    )  # fmt: skip
    assert (row["tags"], row["input_tokens"], row["requests"]) == ({"tokens": "1.2e9"}, 0, 0)
    assert usd(tmp_path) == 4 * Decimal("512.40")


def test_a_run_that_cannot_be_counted_says_why(tmp_path: Path) -> None:
    run = {"gpu": "h100", "gpus": "16", "start": "2026-10-05T08:00:00Z", "hours": "", "end": "", "usd": ""}
    wrong = [
        {"gpus": "many", "hours": "2"}, {"hours": "soon"}, {"end": "2026-10-05T07:00:00Z"}, {"hours": ""},
        {"hours": "2", "usd": "a lot"},
    ]  # fmt: skip
    assert read(tmp_path, [{**run, "run": f"r{n}", **one} for n, one in enumerate(wrong)]).reasons == {
        "chip hours that are no number": 2,
        "negative tokens or hours": 1,
        "neither chip hours nor an amount": 1,
        "a stated amount that is no number": 1,
    }


# ------------------------------------------------------------------------------------- bills


def test_the_report_of_a_bill_is_the_bill_to_the_last_digit(tmp_path: Path) -> None:
    bill = EXAMPLES / "cloud-bill-focus.csv"
    with bill.open(newline="") as file:
        whole = sum(Decimal(line["EffectiveCost"]) for line in csv.DictReader(file))
    import_usage([bill], tmp_path / "usage", now=NOW)
    assert usd(tmp_path) == whole == Decimal("1222.1302458013001")
    report = usage_report(tmp_path / "usage", ["kind"], as_known=KNOWN)
    kinds = {one["kind"]: (one["usd"], one["chip_hours"]) for one in report.groups}
    assert kinds == {
        # 24 used hours x 8 chips + 7.5 x 4; neither the 6 hours that nobody used nor the purchase
        "fleet": (Decimal("901.4400000000001") + Decimal("225.36") + Decimal("27.123456789"), Decimal(222)),
        "api": (Decimal("30.55"), 0),
        "other": (Decimal("37.6567890123"), 0),
    }
    assert report.total["requests"] == 0
    assert not report.unpriced


def hours(quantity: str, unit: str = "Hours", **more: str) -> dict[str, str]:
    """A line of hours of something in a bill."""
    return charge("1.25", ConsumedQuantity=quantity, ConsumedUnit=unit, **more)


H100 = {"SkuMeter": "USW2-BoxUsage:p5.48xlarge"}
CHARGES: list[tuple[dict[str, str], str | None, int | None]] = [
    (hours("1.5", **H100), "h100-sxm", 12),
    (charge("1.25", x_UsageType="Box:p5.48xlarge", PricingQuantity="2", PricingUnit="Hrs"), "h100-sxm", 16),
    (hours("3", "1 Hour", x_SkuMeterName="ND96isrH100v5"), "h100-sxm", 24),
    (hours("1", "Hour", SkuPriceDetails='{"InstanceType": "g6e.12xlarge"}'), "l40s", 4),
    (hours("7200", "seconds", ChargeDescription="Nvidia H100 80GB GPU running in Iowa"), "h100-sxm", 2),
    (hours("10", "GPU-Hours", SkuMeter="a2-ultragpu-4g"), "a100-sxm-80", 10),
    (hours("5", "vCPU-Hours", **H100), "h100-sxm", None),
    (hours("-5", **H100), "h100-sxm", None),
    (hours("5", x_UsageType="UnusedBox:p5.48xlarge"), "h100-sxm", None),
    (hours("5", CommitmentDiscountStatus="Unused", **H100), "h100-sxm", None),
    (hours("5", ChargeCategory="Purchase", **H100), "h100-sxm", None),
    (hours("5", x_UsageType="BoxUsage:m7i.4xlarge"), None, None),
    (hours("5", ChargeDescription="T4 lane in the L4 garage"), None, None),
]  # fmt: skip


def test_chips_of_a_bill_come_of_an_instance_or_of_hours_of_chips(tmp_path: Path) -> None:
    result = read(tmp_path, [line for line, _, _ in CHARGES])
    assert told(result) == ("focus", len(CHARGES), 0)
    found = {row["line"]: row for row in rows(tmp_path / "usage")}
    for number, (line, chip, of_chips) in enumerate(CHARGES, start=2):
        row = found[number]
        kind = ("fleet", chip) if chip else ("other", "Amazon Elastic Compute Cloud")
        assert (row["kind"], row["model"]) == kind, line
        assert (row["chip_hours"], row["stated_usd"]) == (of_chips, Decimal("1.25")), line


def test_tags_of_a_bill_say_whose_it_is(tmp_path: Path) -> None:
    tags = json.dumps({"Feature": "chat", "user:customer": "acme", "team": "assist", "user": "u-1"})
    read(
        tmp_path,
        [charge("1", Tags=tags, SubAccountName="prod", RegionId="us-east-1", PricingCategory="Dynamic")],
    )
    (row,) = rows(tmp_path / "usage")
    assert (row["feature"], row["customer"], row["user"]) == ("chat", "acme", "u-1")
    assert (row["tags"]["team"], row["tags"]["account"]) == ("assist", "prod")
    assert (row["provider"], row["region"], row["service_tier"]) == ("aws", "us-east-1", "spot")


def test_a_bill_as_parquet_with_its_own_types(tmp_path: Path) -> None:
    from truecost.ledger.engine import connected

    with connected() as connection:
        connection.execute(
            "COPY (SELECT CAST('0.1234567890123' AS DECIMAL(30, 15)) AS effectivecost, 1e-7 AS billedcost,"
            " TIMESTAMPTZ '2026-10-05 00:00:00+00' AS chargeperiodstart, 'Microsoft' AS providername,"
            " MAP {'feature': 'chat', 'team': 'a=b, c'} AS tags, 'Usage' AS chargecategory"
            f" UNION ALL SELECT NULL, 1e-7, TIMESTAMPTZ '2026-10-06 00:00:00+00', 'Microsoft', NULL, 'Usage')"
            f" TO '{tmp_path / 'bill.parquet'}' (FORMAT parquet)"
        )
    result = import_usage([tmp_path / "bill.parquet"], tmp_path / "usage", now=NOW)
    assert told(result) == ("focus", 2, 0)
    assert usd(tmp_path) == Decimal("0.1234567890123") + Decimal("0.0000001")
    found = [row for row in rows(tmp_path / "usage") if row["feature"] == "chat"]
    assert [row["provider"] for row in found] == ["azure"]


def test_an_amount_in_another_currency_is_not_taken_for_dollars(tmp_path: Path) -> None:
    euro = charge("10", BillingCurrency="EUR", x_EffectiveCostInUsd="", SkuId="a")
    result = read(tmp_path, [euro, {**euro, "x_EffectiveCostInUsd": "11.5"}, charge("", SkuId="b")])
    assert result.reasons == {
        "an amount in another currency than USD": 1,
        "a stated amount that is no number": 1,
    }
    assert usd(tmp_path) == Decimal("11.5")


# ------------------------------------------------------------------------------------- the same thing twice


def test_a_sum_beside_what_it_sums_is_warned_of(tmp_path: Path) -> None:
    alone = take(tmp_path, chat(1), chat(2))
    assert alone.overlaps == ()
    page = openai_page(used(input_tokens=2000, num_model_requests=2), start=CREATED - CREATED % DAY)
    (found,) = take(tmp_path, page, name="export.json").overlaps
    assert (found.kind, found.provider, found.one, found.another) == (
        "api",
        "openai",
        "openai-chat",
        "openai-usage",
    )
    assert (found.days, found.first_day, found.last_day) == (1, "2026-10-05", "2026-10-05")
    elsewhere = take(tmp_path, anthropic_page(sonnet(9, "0-200k")), name="other.json")
    assert elsewhere.overlaps == (), "another provider"
    later = openai_page(used(input_tokens=9), start=CREATED + 3 * DAY)
    assert take(tmp_path, later, name="later.json").overlaps == (), "other days"


def test_a_bill_told_anew_is_warned_of_and_hours_of_a_run_in_it(tmp_path: Path) -> None:
    box = charge("5", SkuMeter="BoxUsage:p5.48xlarge", ConsumedQuantity="1", ConsumedUnit="Hours")
    run = {"run": "r", "chip": "h100-sxm", "chips": "8", "start": "2026-10-05T08:00:00Z", "hours": "1"}
    assert read(tmp_path, [box], "october.csv").overlaps == ()
    (again,) = read(tmp_path, [box, box], "october-final.csv").overlaps
    assert (again.one, again.another, again.kind) == ("focus", "focus", "chips")
    (of_run,) = read(tmp_path, [run], "runs.csv").overlaps
    assert (of_run.one, of_run.another, of_run.kind) == ("focus", "training-runs", "chips")


# ------------------------------------------------------------------------------------- anything at all

CELLS = st.sampled_from(
    ["", "1", "-1", "1.5", "1e400", "NaN", "many", "2026-10-05", "=1+1", "p5.48xlarge", "Hours", "EUR",
     '{"a": 1}',
     '{"a": "1", "a": "2"}', "{a=b", "99999999999999999999999999", "usage", "tokens", "200k-1M", "\x00"]
) | st.text(st.characters(exclude_categories=["Cs"]), max_size=6)  # fmt: skip


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    name=st.sampled_from(["openai-usage", "anthropic-usage", "opencost", "focus", "training-runs"]),
    data=st.data(),
)
def test_nothing_in_a_cell_breaks_an_export(name: str, data: st.DataObject) -> None:
    from truecost.ledger.readers import READERS

    plain = sorted(one for one, kind in READERS[name].fields.items() if kind == "VARCHAR")
    names = data.draw(st.lists(st.sampled_from(plain), min_size=3, max_size=8, unique_by=str.lower))
    cells = st.lists(CELLS.filter(lambda cell: "\x00" not in cell), min_size=len(names), max_size=len(names))
    lines = data.draw(st.lists(cells, min_size=1, max_size=4))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "export.csv"
        with path.open("w", newline="", encoding="utf-8") as file:
            csv.writer(file, quoting=csv.QUOTE_ALL).writerows([names, *lines])
        result = import_usage([path], Path(folder) / "usage", dialect=name, now=NOW)
        found = rows(Path(folder) / "usage")
    assert len(found) == result.rows
    assert all(
        row["requests"] >= 0 and (row["chip_hours"] is None or row["chip_hours"] >= 0) for row in found
    )


def test_pages_with_something_else_in_them_are_kept_aside(tmp_path: Path) -> None:
    odd = [{"data": 7, "start_time": CREATED}, {"data": [{"results": 3, "start_time": 1}]}, {"data": [None]}]
    path = write(tmp_path / "odd.jsonl", [openai_page(used(input_tokens=5)), *odd])
    result = import_usage([path], tmp_path / "usage", now=NOW)
    assert result.rows == 1
    assert result.rejected + result.to_dict()["nothing_to_count"] == 3
