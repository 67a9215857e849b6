"""Prices one call again and again with one package, and prints calls a second; for an environment with it.

`python peer_price.py tokencost|genai-prices|litellm SECONDS [ROWS.csv]`. The call is gpt-4.1-mini with 10,000
tokens in, of which 8,000 cached, and 1,000 out: 0.0032 USD by OpenAI's list. What the package makes of it is
printed beside. Each is called by the function its users call, with what it can be told of the cache. With a
file of rows (provider, model, input_tokens, cache_read_tokens, output_tokens) those are priced one by one
instead: rows a second, the share of models it does not know, the USD of the others.
"""

from __future__ import annotations

import csv
import sys
import time
from collections.abc import Callable

MODEL, INPUT, CACHED, OUTPUT = "gpt-4.1-mini", 10_000, 8_000, 1_000
COUNTS = ("input_tokens", "cache_read_tokens", "output_tokens")


Priced = Callable[[str, str, int, int, int], float]
"""USD of provider, model, input tokens, cached ones among them, output tokens."""


def tokencost() -> Priced:
    """Its cost by token count; it takes no cached tokens beside others, so they are a call of their own."""
    from tokencost import calculate_cost_by_tokens

    def one(provider: str, model: str, given: int, cached: int, put_out: int) -> float:
        parts = ((given - cached, "input"), (cached, "cached"), (put_out, "output"))
        return float(sum(calculate_cost_by_tokens(count, model, kind) for count, kind in parts))

    return one


def genai_prices() -> Priced:
    """Its `calc_price` on a usage object."""
    from genai_prices import Usage, calc_price

    def one(provider: str, model: str, given: int, cached: int, put_out: int) -> float:
        usage = Usage(input_tokens=given, cache_read_tokens=cached, output_tokens=put_out)
        return float(calc_price(usage, model, provider_id=provider).total_price)

    return one


def litellm() -> Priced:
    """Its `cost_per_token`."""
    import litellm as package

    names = {"google": "gemini", "x-ai": "xai"}

    def one(provider: str, model: str, given: int, cached: int, put_out: int) -> float:
        return sum(
            package.cost_per_token(
                model=model,
                custom_llm_provider=names.get(provider, provider),
                prompt_tokens=given,
                completion_tokens=put_out,
                cache_read_input_tokens=cached,
            )
        )

    return one


PEERS = {"tokencost": tokencost, "genai-prices": genai_prices, "litellm": litellm}


def one_call(one: Priced, span_s: float) -> str:
    """Calls a second, and the USD of a call."""
    call = ("openai", MODEL, INPUT, CACHED, OUTPUT)
    usd = one(*call)
    count, begin = 0, time.perf_counter()
    while (taken := time.perf_counter() - begin) < span_s:
        for _ in range(100):
            one(*call)
        count += 100
    return f"{count / taken} {usd}"


def rows_of(one: Priced, path: str) -> str:
    """Rows a second, the share of rows of unknown models, the USD of the others."""
    with open(path, encoding="utf-8", newline="") as file:
        rows = [
            (row["provider"], row["model"], *(int(row[name]) for name in COUNTS))
            for row in csv.DictReader(file)
        ]
    known = {pair: is_known(one, pair) for pair in {(row[0], row[1]) for row in rows}}
    priced = [row for row in rows if known[row[0], row[1]]]
    begin = time.perf_counter()
    usd = sum(one(*row) for row in priced)
    taken = time.perf_counter() - begin
    return f"{len(priced) / taken} {1 - len(priced) / len(rows)} {usd}"


def is_known(one: Priced, pair: tuple[str, str]) -> bool:
    """Whether a package has a price for a model of a provider."""
    try:
        one(*pair, 1000, 100, 100)
    except Exception:  # each package has an error of its own
        return False
    return True


def main() -> None:
    """Print the figures of one package."""
    one, span_s = PEERS[sys.argv[1]](), float(sys.argv[2])
    print(rows_of(one, sys.argv[3]) if len(sys.argv) > 3 else one_call(one, span_s))


if __name__ == "__main__":
    main()
