"""How fast single prices are looked up, beside other packages on the same call.

Run with `python bench/ledger.py`; `--peers` adds tokencost, genai-prices and LiteLLM, each in an environment
of its own that is made once. Rates are of one process; the first call, which reads the tables, is printed
apart.
"""

from __future__ import annotations

import argparse
import time
from datetime import date, timedelta
from pathlib import Path

from peer_environments import Failed, called, environment

from truecost.pricing import price

PRICE_BAR_US = 20.0
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


def beside_others() -> None:
    """The same call by other packages: calls a second, and what they make of it."""
    script = Path(__file__).parent / "peer_price.py"
    for requirement in PEERS:
        try:
            told = called(environment(requirement), script, requirement.partition("==")[0], SPAN_S)
        except Failed as why:
            row(requirement, "no figure")
            print(f"  {why}")
            continue
        rate, usd = map(float, told.splitlines()[-1].split())
        row(requirement, f"{rate:,.0f}/s")
        print(f"  {usd:.6f} USD a call")


def main() -> None:
    """Print every figure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--peers", action="store_true", help="other packages too, each in its own environment"
    )
    options = parser.parse_args()
    single_prices()
    if options.peers:
        beside_others()


if __name__ == "__main__":
    main()
