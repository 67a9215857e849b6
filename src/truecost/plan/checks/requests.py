"""Request classes: shares that sum to 1, cache shares that fit into the input, lengths in order."""

from __future__ import annotations

from truecost.plan.checks.findings import SHARE_TOLERANCE, Checking, high, low
from truecost.plan.checks.tiers import WIDEST_SIGMA, spread_between
from truecost.plan.schema import Demand, RequestClass


def check_requests(demand: Demand, checking: Checking) -> None:
    """Shares of classes sum to 1, cache shares fit into the input, length spreads are in order."""
    shares = {n: r.share for n, r in demand.requests.items() if r.share is not None}
    if shares and len(shares) == len(demand.requests):
        checking.sums_to_one(shares, "demand.requests", "the shares of the classes")
    elif shares:
        missing = [n for n, r in demand.requests.items() if r.share is None]
        checking.add(f"demand.requests.{missing[0]}", "needs a share, since other classes have one")
    for name, request in demand.requests.items():
        _request(request, f"demand.requests.{name}", checking)


def _request(request: RequestClass, path: str, checking: Checking) -> None:
    cached = [s for s in (request.cacheable_share, request.cache_write_share) if s is not None]
    if sum(map(high, cached)) > 1 + SHARE_TOLERANCE:
        checking.add(
            f"{path}.cache_write_share",
            "with cacheable_share it exceeds the whole input, at the high ends of both",
            ["shares whose high ends sum to at most 1"],
        )
    spread = request.input_length
    if spread is not None:
        if low(spread.p50) <= 0 or low(spread.p99) <= high(spread.p50):
            checking.add(f"{path}.input_length", "p50 must lie above 0 and p99 above p50")
        elif spread_between(spread.p50, spread.p99, 0.99) > WIDEST_SIGMA:
            checking.add(f"{path}.input_length.p99", "is too many times p50 to add up")
    if request.regions is not None:
        checking.sums_to_one(request.regions, f"{path}.regions")
    if high(request.input_tokens) + high(request.output_tokens) == 0:
        checking.add(f"{path}.input_tokens", "a call has neither input nor output tokens")
