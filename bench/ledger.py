"""How fast the ledger is: single prices, a report on many rows, the import of a log; beside bare DuckDB SQL.

Run with `python bench/ledger.py`; `--rows 10M` or `100M` takes more rows, `--peers` adds tokencost,
genai-prices and LiteLLM on single calls and on the same rows, each in an environment of its own that is made
once, `--spark` the same report by Spark. What is made for it lies in a temporary folder and is removed.
Ratios are of the same run; where others use the machine too, those of processor time say more.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from ledger_scale import BY, by_spark, imported, machine
from ledger_usage import make_log, make_store
from peer_environments import Failed, called, environment

from truecost.ledger.engine import connected, parquet, text
from truecost.ledger.store import open_store
from truecost.pricing import price

PRICE_BAR_US = 20.0
RATE_BAR, RATIO_BAR, IMPORT_BAR = 8e6, 3.0, 2.5
REPORT_BAR_S, REPORT_ROWS, MEMORY_BAR_GB = 3.0, 10_000_000, 6.0
LOG_LINES = 100_000
PEER_ROWS = 20_000
SPAN_S = 2.0
DAY = date(2026, 11, 22)
CALL = {"input_tokens": 10_000, "cache_read_tokens": 8_000, "output_tokens": 1_000}
MODELS = ("gpt-4.1-mini", "claude-sonnet-4-5", "gemini-2.5-pro", "grok-4.5", "o3", "mistral-large-latest")
PEERS = ("tokencost==0.1.26", "genai-prices==0.2.3", "litellm==1.106.2")


def row(name: str, value: str, bar: str = "", met: bool = True) -> None:
    """One figure, beside its bar where it has one."""
    print(f"{name:<58} {value:>16}" + (f"   bar {bar:<10} {'met' if met else 'MISSED'}" if bar else ""))


def single_prices() -> None:
    """One call again and again, and calls of many models on the days of a year."""
    begin = time.perf_counter()
    first = price(MODELS[0], on=DAY, **CALL)
    row("first price of a process", f"{(time.perf_counter() - begin) * 1e3:.0f} ms")
    count, begin = 0, time.perf_counter()
    while (taken := time.perf_counter() - begin) < SPAN_S:
        for _ in range(1000):
            price(MODELS[0], on=DAY, **CALL)
        count += 1000
    us = taken / count * 1e6
    row("price() of one call, warm", f"{us:.1f} us", f"{PRICE_BAR_US:.0f} us", us <= PRICE_BAR_US)
    row("  the same a second", f"{count / taken:,.0f}/s")
    days = [DAY - timedelta(days) for days in range(365)]
    asked = [(model, day) for day in days for model in MODELS if priced(model, day)]
    begin = time.perf_counter()
    for model, day in asked * 10:
        price(model, on=day, **CALL)
    us = (time.perf_counter() - begin) / (len(asked) * 10) * 1e6
    name = f"price() of {len(MODELS)} models on 365 days, warm"
    row(name, f"{us:.1f} us", f"{PRICE_BAR_US:.0f} us", us <= PRICE_BAR_US)
    print(f"  {MODELS[0]}: {first.total_usd:f} USD a call")


def priced(model: str, day: date) -> bool:
    """Whether a call of a model on a day has a price."""
    try:
        return price(model, on=day, **CALL).total_usd is not None
    except LookupError:
        return False


def reports(store: Path, rows: int) -> str | None:
    """Pricing and grouping, and the whole report, beside the bare SQL on the same files; returns its USD."""
    script = Path(__file__).parent / "ledger_scale.py"
    runs = 3 if rows <= REPORT_ROWS else 1
    found: dict[str, Any] = json.loads(called(sys.executable, script, store, runs).splitlines()[-1])
    (priced_s, priced_cores), (bare_s, bare_cores) = found["priced"], found["bare"]
    print(f"\n{rows:,} rows of Parquet by day, by {' x '.join(BY)} ({machine()})")
    rate = rows / priced_s
    row("price by all rules and group", f"{rate / 1e6:.2f} M rows/s", "8 M rows/s", rate >= RATE_BAR)
    row("  the same a second of one core", f"{rows / priced_cores / 1e6:.2f} M rows")
    row("bare SQL without rules", f"{rows / bare_s / 1e6:.2f} M rows/s")
    row("  the same a second of one core", f"{rows / bare_cores / 1e6:.2f} M rows")
    ratio, cores = priced_s / bare_s, priced_cores / bare_cores
    row("times the bare SQL", f"{ratio:.1f}x", "3x", ratio <= RATIO_BAR)
    row("  by processor time", f"{cores:.1f}x", "3x", cores <= RATIO_BAR)
    report_s = found["report"][0]
    bar = REPORT_BAR_S * rows / REPORT_ROWS
    row("the whole report (bar: 3 s for 10 M rows)", f"{report_s:.2f} s", f"{bar:.1f} s", report_s <= bar)
    row("  its processor time", f"{found['report'][1]:.2f} s")
    peak = found["peak_bytes"] / 1e9
    row("  its peak memory", f"{peak:.2f} GB", "6 GB", peak <= MEMORY_BAR_GB)
    return found["usd"]


def imports(folder: Path) -> None:
    """The import of a log, beside a bare insert of its fields."""
    log = folder / "log.jsonl"
    make_log(log, LOG_LINES)
    found = imported(log, folder)
    log.unlink()
    (ours_s, ours_cores), (bare_s, bare_cores) = found["ours"], found["bare"]
    size = found["bytes"] / 1e6
    print(
        f"\n{size:,.0f} MB of JSONL: {found['rows']:,} requests, {found['duplicates']:,} told twice,"
        f" {found['rejected']:,} broken ({machine()})"
    )
    row("import", f"{size / ours_s:,.0f} MB/s")
    row("bare read_json insert", f"{size / bare_s:,.0f} MB/s")
    ratio, cores = ours_s / bare_s, ours_cores / bare_cores
    row("times the bare insert", f"{ratio:.1f}x", "2.5x", ratio <= IMPORT_BAR)
    row("  by processor time", f"{cores:.1f}x", "2.5x", cores <= IMPORT_BAR)


def spark(store: Path, usd: str | None) -> None:
    """The same report by Spark on two cores, and whether its total is DuckDB's."""
    found = by_spark(store)
    row("the whole report by Spark local[2], its start included", f"{found['seconds']:.1f} s")
    if usd is not None:
        row("  its total", "equal" if usd == found["usd"] else "NOT EQUAL")


def beside_others(store: Path, folder: Path) -> None:
    """The same call by other packages, and rows of the store: how many a second, what they make of it."""
    script = Path(__file__).parent / "peer_price.py"
    sample = folder / "rows.csv"
    with connected(store) as connection:
        connection.execute(
            "COPY (SELECT provider, model, input_tokens, cache_read_tokens, output_tokens"
            f" FROM {parquet(open_store(store).paths()[:1])} LIMIT {PEER_ROWS})"
            f" TO {text(str(sample))} (FORMAT csv, HEADER)"
        )
    print(f"\nother packages: one call, and {PEER_ROWS:,} of the rows one by one ({machine()})")
    for requirement in PEERS:
        try:
            python, name = environment(requirement), requirement.partition("==")[0]
            told = called(python, script, name, SPAN_S)
            of_rows = called(python, script, name, SPAN_S, sample)
        except Failed as why:
            row(requirement, "no figure")
            print(f"  {why}")
            continue
        rate, usd = map(float, told.splitlines()[-1].split())
        row(requirement, f"{rate:,.0f}/s")
        print(f"  {usd:.6f} USD a call")
        rate, unknown, _ = map(float, of_rows.splitlines()[-1].split())
        row("  rows of usage", f"{rate:,.0f} rows/s")
        print(f"  {unknown:.1%} of the rows are of models that it does not know")


def counted(given: str) -> int:
    """A count as `4M`, `250k` or `1000`."""
    scale = {"k": 1_000, "M": 1_000_000}.get(given[-1:], 1)
    return int(float(given.rstrip("kM")) * scale)


def main() -> None:
    """Print every figure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=counted, default=4_000_000, help="rows of usage to report on (4M)")
    parser.add_argument("--spark", action="store_true", help="the report by Spark too")
    parser.add_argument(
        "--peers", action="store_true", help="other packages too, each in its own environment"
    )
    options = parser.parse_args()
    single_prices()
    with tempfile.TemporaryDirectory(prefix="truecost-bench-") as name:
        folder = Path(name)
        store = folder / "usage"
        make_store(store, options.rows)
        usd = reports(store, options.rows)
        imports(folder)
        if options.spark:
            spark(store, usd)
        if options.peers:
            beside_others(store, folder)


if __name__ == "__main__":
    main()
