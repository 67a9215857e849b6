"""Prices one call again and again with one package, and prints calls a second; for an environment with it.

`python peer_price.py tokencost|genai-prices|litellm SECONDS`. The call is gpt-4.1-mini with 10,000 tokens in,
of which 8,000 cached, and 1,000 out: 0.0032 USD by OpenAI's list. What the package makes of it is printed
beside. Each is called by the function its users call, with what it can be told of the cache.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

MODEL, INPUT, CACHED, OUTPUT = "gpt-4.1-mini", 10_000, 8_000, 1_000


def tokencost() -> Callable[[], float]:
    """Its cost by token count; it takes no cached tokens beside others, so they are a call of their own."""
    from tokencost import calculate_cost_by_tokens

    def one() -> float:
        parts = ((INPUT - CACHED, "input"), (CACHED, "cached"), (OUTPUT, "output"))
        return float(sum(calculate_cost_by_tokens(count, MODEL, kind) for count, kind in parts))

    return one


def genai_prices() -> Callable[[], float]:
    """Its `calc_price` on a usage object."""
    from genai_prices import Usage, calc_price

    def one() -> float:
        usage = Usage(input_tokens=INPUT, cache_read_tokens=CACHED, output_tokens=OUTPUT)
        return float(calc_price(usage, MODEL, provider_id="openai").total_price)

    return one


def litellm() -> Callable[[], float]:
    """Its `cost_per_token`."""
    import litellm as package

    def one() -> float:
        return sum(
            package.cost_per_token(
                model=MODEL, prompt_tokens=INPUT, completion_tokens=OUTPUT, cache_read_input_tokens=CACHED
            )
        )

    return one


PEERS = {"tokencost": tokencost, "genai-prices": genai_prices, "litellm": litellm}


def main() -> None:
    """Calls a second, and the USD of a call."""
    one, span = PEERS[sys.argv[1]](), float(sys.argv[2])
    usd = one()
    count, begin = 0, time.perf_counter()
    while (taken := time.perf_counter() - begin) < span:
        for _ in range(100):
            one()
        count += 100
    print(f"{count / taken} {usd}")


if __name__ == "__main__":
    main()
