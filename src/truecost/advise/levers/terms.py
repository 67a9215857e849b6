"""How own chips are paid: by the hour, under a commitment, as spare capacity, or bought."""

from __future__ import annotations

from collections.abc import Iterator

from truecost.advise.levers.lever import THEIR_CHIPS, Case, Lever, Outcome

TERMS = ("on_demand", "reserved_1y", "reserved_3y", "spot", "owned")
WORDS = {
    "on_demand": "Rent chips on demand",
    "reserved_1y": "Commit to chips for a year",
    "reserved_3y": "Commit to chips for three years",
    "spot": "Rent spare chips (spot)",
    "owned": "Buy the chips",
}
RISKS = {
    "on_demand": "whether chips can be had when they are needed",
    "reserved_1y": "a year is paid for whatever the demand; beyond the plan it is not counted",
    "reserved_3y": "three years are paid for whatever the demand; beyond the plan they are not counted",
    "spot": "how often chips are taken away, and what that interrupts",
    "owned": "what the chips are worth when demand falls or better ones come",
}


def commitment(case: Case) -> Iterator[Outcome]:
    """Every other term, and chips by the hour that follow the load of the hour."""
    host = case.host
    if host is None:
        yield case.why_not("term", "Commit to chips", THEIR_CHIPS[case.used])
        return
    at = f"{case.path}.self_hosted"
    own: list[str] = []
    if host.usd_per_chip_hour is not None:
        own.append(f"{at}.usd_per_chip_hour=null")
    stated = "; the stated rent gives way to the catalog's" if own else ""
    for term in TERMS:
        if term == host.purchase:
            continue
        fixed = [f"{at}.autoscale=false"] if host.autoscale else []
        yield Lever(
            f"term.{case.name}.{term}",
            WORDS[term],
            case.name,
            (f"{at}.purchase={term}", *fixed, *own),
            quality=RISKS[term] + stated,
            latency="no effect" if term != "spot" else "not known: calls wait while chips are replaced",
            group=f"term.{case.name}",
            apart=""
            if term != "spot" or case.request.latency == "batch"
            else "users would wait while chips are replaced",
        )
    if not host.autoscale:
        moved = [f"{at}.purchase=on_demand", *own] if host.purchase != "on_demand" else []
        yield Lever(
            f"term.{case.name}.autoscale",
            "Rent chips by the hour, with the load",
            case.name,
            (*moved, f"{at}.autoscale=true"),
            quality="whether chips can be had each time the load rises" + (stated if moved else ""),
            latency="not known: calls wait while chips start",
            group=f"term.{case.name}",
            idle="the fleet is as small at its peak as at its mean",
        )
