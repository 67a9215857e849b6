"""Pages of replays for tests: runs of small specs, fleets side by side, three ways to serve the traffic."""

from __future__ import annotations

import math
from functools import cache
from typing import Any

from tests.unit.replay.specs import spec

from truecost.catalog.catalog import load
from truecost.replay import replay
from truecost.replay.fleets import compared, read_fleets
from truecost.replay.lever_trials import replayed
from truecost.replay.levers import Asked
from truecost.replay.metrics import limits_of
from truecost.replay.reading import read
from truecost.report.replay_page import render, render_fleets, render_levers, render_ways
from truecost.report.run_page import Written

PAGES = ("run", "missed", "closed", "own", "unpriced", "autoscaled", "refused", "fleets", "no-fleet",
         "free-fleets", "compared", "ways", "unpriced-ways", "levers")  # fmt: skip
DAY = "2026-11-22"
CLOSED = {"requests": 120, "input_tokens": "uniform 100..900", "output_tokens": 64,
          "arrival": {"concurrency": 16}}  # fmt: skip
RUNS: dict[str, dict[str, Any]] = {
    "run": {
        "name": "A <small> service",
        "slo": {"ttft_p99_s": 100.0, "tpot_p99_s": 50.0, "ttft_p50_s": 90.0},
    },
    "missed": {"slo": {"ttft_p99_s": 1e-6, "e2e_mean_s": 100.0}, "fleet__replicas": 2},
    "closed": {"traffic": {"synthetic": CLOSED}},
    "own": {"price": {"basis": "own"}, "site": {"region": "us"}},
    "unpriced": {"fleet__accelerator": "b100", "price": {"basis": "rent"}},
    "autoscaled": {
        "fleet": {
            "accelerator": "h100-sxm",
            "autoscale": {"max_replicas": 3, "scale_up_at": 2, "start_s": 5, "downscale_delay_s": 20},
        }
    },
    "refused": {"engine__max_model_len": 256},
}  # fmt: skip


@cache
def run_told(name: str) -> dict[str, Any]:
    """What one of RUNS gives."""
    return replay(spec(**RUNS[name])).to_dict()


def page_of(name: str) -> str:
    """The page by its name."""
    written = Written("small.yaml", "model: llama-3.1-8b  # <the> model\n", ("fleet.replicas=2",))
    if name in RUNS:
        return render(run_told(name), written)
    if name == "ways":
        return render_ways(ways_told(), written)
    if name == "unpriced-ways":
        return render_ways(unpriced_ways(), written)
    if name == "levers":
        return render_levers(levers_told(), "A <small> service", DAY, written)
    made = {
        "fleets": fleets_told,
        "no-fleet": no_fleet,
        "free-fleets": free_fleets,
        "compared": compared_told,
    }
    told = made[name]()
    return render_fleets(told, "A <small> service", DAY, written)


@cache
def compared_told() -> dict[str, Any]:
    """Fleets of the small spec, replayed."""
    catalog = load(None)
    document = read(spec(slo={"ttft_p99_s": 30.0, "tpot_p99_s": 10.0}), catalog)
    chips = read_fleets("1xh100,2xh100,1xb200,2xl40s,1xt4", catalog)
    return compared(document, catalog, chips, limits_of(document.value.slo))


@cache
def levers_told() -> dict[str, Any]:
    """Levers of the small spec, replayed."""
    catalog = load(None)
    document = read(spec(slo={"ttft_p99_s": 30.0}), catalog)
    return replayed(document, catalog, limits_of(document.value.slo), Asked(None, 0.0, 0.3))


CHIPS = {"h100-sxm": 2.5, "b200": 4.4, "mi325x": 1.9, "l40s": 0.9, "h200": 3.2}
SPEED = {"h100-sxm": 1.0, "b200": 2.2, "mi325x": 0.9, "l40s": 0.22, "h200": 1.25}


def fleets_told() -> dict[str, Any]:
    """Fleets of several chips, some of which keep the SLO: as a search gives them."""
    rows = [_fleet(chip, count) for chip in CHIPS for count in (1, 2, 4, 8)]
    rows.sort(key=lambda row: (not row["meets_slo"], row["usd_per_month"]))
    rows.append({"fleet": "1xt4", "possible": False, "reason": "llama-3.1-70b does not fit 1 x t4"})
    best = rows[0]
    kept, least = [], math.inf
    for row in sorted(rows[:-1], key=lambda row: row["usd_per_month"]):
        if row["worst_over"] < least and row["worst_over"] < 10:
            kept.append(row)
            least = row["worst_over"]
    step = next(row for row in rows if row["possible"] and not row["meets_slo"])
    return {
        "question": "fleets", "model": "llama-3.1-70b", "traffic": "azure-conv-2023", "requests": 19366,
        "as_of": DAY, "slo": {"ttft_p99_s": 1.0, "tpot_p99_s": 0.05}, "fleets": rows, "best": best["fleet"],
        "best_sure": None, "closest": None, "frontier_axis": "worst_over", "frontier": kept,
        "one_step_cheaper": [
            _step(step, best, "one_replica_fewer"),
            {"step": "other_chip", "fleet": "1xt4", "possible": False, "reason": "too small", "breaks": []},
        ],
        "simulations": 80,
    }  # fmt: skip


def _fleet(chip: str, count: int) -> dict[str, Any]:
    over = 1.9 / (SPEED[chip] * count) ** 0.9
    limits = {"ttft_p99_s": (1.0, over), "tpot_p99_s": (0.05, 0.8 * over)}
    return {
        "fleet": f"{count}x{chip}", "possible": True, "reason": "", "accelerator": chip, "chips": count,
        "tensor_parallel_size": min(count, 4), "replicas": max(1, count // 4), "weights": "fp8",
        "basis": "rent", "term": "reserved_1y", "meets_slo": over <= 1, "sure": over <= 0.6,
        "worst_over": over,
        "slo": [
            {"limit": name, "limit_s": limit, "value_s": limit * times, "p5_s": None, "p95_s": None,
             "met": times <= 1, "confidence": "middle" if times <= 1 else "none", "unanswered": 0.0,
             "over": times}
            for name, (limit, times) in limits.items()
        ],
        "limited_by": "traffic", "usd_per_chip_hour": CHIPS[chip], "usd_per_hour": CHIPS[chip] * count,
        "usd_per_month": CHIPS[chip] * count * 730.5, "ttft_p50_s": 0.4 * over, "ttft_p99_s": over,
        "tpot_p50_s": 0.02 * over, "tpot_p99_s": 0.04 * over, "e2e_p99_s": 9 * over,
        "utilization": min(1.0, over), "output_tokens_per_s": 1170.0, "served": 19366, "rejected": 0,
        "unfinished": 0, "goodput_fraction": 0.99, "cost_usd": CHIPS[chip] * count * 0.973,
        "usd_per_million_output_tokens": CHIPS[chip] * count * 0.24,
    }  # fmt: skip


def _step(row: dict[str, Any], best: dict[str, Any], step: str) -> dict[str, Any]:
    names = ("fleet", "accelerator", "chips", "tensor_parallel_size", "replicas", "weights", "term",
             "possible", "reason", "cost_usd", "usd_per_hour", "worst_over")  # fmt: skip
    saves = best["usd_per_hour"] - row["usd_per_hour"]
    return {
        "step": step,
        **{name: row[name] for name in names},
        "saves_usd_per_hour": saves,
        "saves_share": saves / best["usd_per_hour"],
        "breaks": [one for one in row["slo"] if not one["met"]],
    }


def no_fleet() -> dict[str, Any]:
    """Fleets none of which keeps the SLO."""
    told = fleets_told()
    missing = [row for row in told["fleets"] if row["possible"] and not row["meets_slo"]]
    closest = min(missing, key=lambda row: row["worst_over"])
    return told | {"fleets": missing, "best": None, "closest": closest["fleet"], "frontier": [],
                   "one_step_cheaper": []}  # fmt: skip


def free_fleets() -> dict[str, Any]:
    """Fleets without an SLO."""
    told = fleets_told()
    rows = [row | {"slo": [], "meets_slo": True, "sure": None} for row in told["fleets"] if row["possible"]]
    best = min(rows, key=lambda row: row["usd_per_month"])
    return told | {"slo": {}, "fleets": rows, "best": best["fleet"], "frontier_axis": "ttft_p99_s",
                   "one_step_cheaper": []}  # fmt: skip


def _priced(middle: float | None, spread: float = 1.5) -> dict[str, Any]:
    if middle is None:
        return dict.fromkeys(("usd_per_month", "usd_per_month_p5", "usd_per_month_p95"))
    return {
        "usd_per_month": middle,
        "usd_per_month_p5": middle / spread,
        "usd_per_month_p95": middle * spread,
    }


def _part(part: str, label: str, usd: float) -> dict[str, Any]:
    return {"part": part, "label": label, **_priced(usd)}


def ways_told() -> dict[str, Any]:
    """An API, own chips and a hybrid of both."""
    api = {"way": "api", "name": "llama-3.1-70b, 2 sellers", **_priced(9000.0, 1.8),
           "usd_per_million_tokens": 0.45, "usd_per_request": 0.0006, "meets_slo": None,
           "note": "the price book says nothing of latency",
           "parts": [_part("input", "input tokens", 6000.0), _part("output", "output tokens", 3000.0)],
           "model": "llama-3.1-70b-instruct",
           "sellers": [{"provider": "one", "model": "a/llama", "usd_per_month": 9900.0},
                       {"provider": "other", "model": "b/llama", "usd_per_month": 8100.0}],
           "tokenizer_ratio": 1.0, "batch_share": 0.0, "cached_input": "none",
           "share_on_api": 1.0}  # fmt: skip
    own = {"way": "self-host", "name": "1 replica of 4 x h100-sxm", "usd_per_month": 7305.0,
           "usd_per_month_p5": None, "usd_per_month_p95": None, "usd_per_million_tokens": 0.37,
           "usd_per_request": 0.0005, "meets_slo": False, "note": "misses tpot p99: 52.6 ms, limit 50 ms",
           "parts": [_part("rent", "rent", 7305.0)], "replicas": 1, "chips": 4, "utilization": 0.99,
           "keeps_up": True, "slo": [], "needed_replicas": 2, "needed_usd_per_month": 14610.0,
           "share_on_api": 0.0}  # fmt: skip
    splits = [{"replicas": n, "most_outstanding": 96 * n or None, "share_on_api": share,
               "usd_per_month": usd, "meets_slo": n > 0 or None}
              for n, share, usd in ((0, 1.0, 9000.0), (1, 0.021, 7500.0), (2, 0.0, 14610.0))]  # fmt: skip
    hybrid = {"way": "hybrid", "name": "1 replica, 2.1 % of requests to the API", **_priced(7500.0, 1.02),
              "usd_per_million_tokens": 0.38, "usd_per_request": 0.0005, "meets_slo": True,
              "note": "the SLO is judged on the base alone",
              "parts": [_part("rent", "rent", 7305.0), _part("api", "API above the base", 195.0)],
              "replicas": 1, "chips": 4, "most_outstanding": 96, "share_on_api": 0.021, "utilization": 0.99,
              "splits": splits}  # fmt: skip
    return {
        "name": "A <small> service", "as_of": DAY, "model": "llama-3.1-70b", "accelerator": "h100-sxm",
        "hours_per_month": 730.5,
        "traffic": {"name": "azure-conv-2023", "requests": 19366, "span_s": 3501.7, "requests_per_s": 5.53,
                    "requests_per_month": 1.454e7, "input_tokens_mean": 1150.0, "output_tokens_mean": 211.0,
                    "tokens_per_month": 1.98e10, "prefix_hit_fraction_ideal": None},
        "slo_limits": {"ttft_p99_s": 1.0, "tpot_p99_s": 0.05}, "ways": [api, own, hybrid],
        "cheapest": {"way": "self-host", "name": own["name"], "usd_per_month": 7305.0, "next": "hybrid",
                     "saves_usd_per_month": 195.0},
        "break_even": _break_even(), "provider": {"name": "law"}, "assumptions": [], "unknown": {},
        "warnings": ["a <warning>"],
    }  # fmt: skip


def _break_even() -> dict[str, Any]:
    curve: list[dict[str, Any]] = []
    for step in range(25):
        rate = 0.5 * (400 ** (step / 24))
        api, replicas = 1627.0 * rate, math.ceil(rate / 5.6)
        curve.append({
            "requests_per_s": rate, "times_the_trace": rate / 5.53, "tokens_per_month": 3.6e9 * rate,
            "usd_per_month_api": api, "usd_per_month_api_p5": api / 1.8, "usd_per_month_api_p95": api * 1.8,
            "usd_per_month_self_host": 7305.0 * replicas, "usd_per_month_self_host_p5": 7000.0 * replicas,
            "usd_per_month_self_host_p95": None, "usd_per_month_hybrid": min(api, 7305.0 * replicas) * 0.97,
            "replicas": replicas, "hybrid_replicas": replicas - 1, "hybrid_share_on_api": 0.1,
        })  # fmt: skip
    return {
        "found": True, "requests_per_s": 4.5, "requests_per_s_p5": 2.5, "requests_per_s_p95": 8.1,
        "requests_per_month": 1.2e7, "tokens_per_month": 1.6e10, "tokens_per_month_p5": 1e10,
        "tokens_per_month_p95": None, "usd_per_month": 7305.0, "replicas": 1, "times_the_trace": 0.81,
        "times_the_trace_p5": 0.45, "times_the_trace_p95": 1.46, "first_requests_per_s": 4.5,
        "most_replicas": 1024,
        "searched_requests_per_s": [0.5, 200.0], "closest": None, "reason": "", "curve": curve,
    }  # fmt: skip


def unpriced_ways() -> dict[str, Any]:
    """No seller of the model: own chips alone have a price, and no volume is worth a curve."""
    told = ways_told()
    api = told["ways"][0] | {**_priced(None), "usd_per_million_tokens": None, "usd_per_request": None,
                             "sellers": [], "parts": []}  # fmt: skip
    even = told["break_even"] | {"found": False, "requests_per_s": None, "curve": [],
                                 "reason": "no seller is on record"}  # fmt: skip
    cheapest = told["cheapest"] | {"next": None, "saves_usd_per_month": None}
    return told | {"ways": [api, told["ways"][1]], "break_even": even, "cheapest": cheapest,
                   "unknown": {"api": "no seller of llama-3.1-70b is on record"}}  # fmt: skip
