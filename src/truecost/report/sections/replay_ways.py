"""Sections of the same traffic served three ways: USD a month of each, break-even volume, the split."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from truecost.report.charts.rows import Row, bars
from truecost.report.charts.svg import figure
from truecost.report.charts.volumes import Mark, Way, volumes
from truecost.report.phrases import plural, share, shown
from truecost.report.replay_ways_text import CALLED, MET, SUBJECT, among, beside
from truecost.report.run_words import interval
from truecost.report.sections.section import Choice, DecisionTable, Section, Table
from truecost.report.sections.training_choices import mini_bar, unbroken

Told = Mapping[str, Any]
CURVES = {
    "api": "usd_per_month_api",
    "self-host": "usd_per_month_self_host",
    "hybrid": "usd_per_month_hybrid",
}
SPLITS = 12
TOKENS = 1e6
RIVALS = ("api", "self-host")
"""Ways that have a break-even."""


def ways(told: Told) -> Section:
    """USD a month of each way, the cheapest in the accent, and what each is made of."""
    best = None if told["cheapest"] is None else told["cheapest"]["way"]
    priced = [way for way in told["ways"] if way["usd_per_month"] is not None]
    rows = [_bar(way, accent=way["way"] == best) for way in priced]
    each = [f"{CALLED[way['way']]} {shown(way['usd_per_month'], 'USD')}" for way in priced]
    title = f"A month of this load: {', '.join(each)}" if each else "No way to serve it has a price"
    return Section(
        "ways",
        unbroken(title),
        f"USD a month of {shown(told['traffic']['requests_per_month'], 'requests')}, as many a second as in "
        "the trace. The bar ends at the middle, the thin line is the 90 % interval.",
        figure(lambda width: bars(rows, width), f"{title}.") if rows else None,
        decision=DecisionTable(
            ("Way", "A month", "a million tokens", "a request", "on the API", "SLO"),
            [_choice(way, told, priced, best) for way in told["ways"]],
            "Ways to serve the traffic",
        ),
        facts=[f"{CALLED[way['way']][:1].upper()}{CALLED[way['way']][1:]}: {way['note']}."
               for way in told["ways"] if way["note"]],
        tables=[_parts(told)],
    )  # fmt: skip


def ways_title(told: Told) -> str:
    """Which way is the cheapest, and by how much."""
    cheapest = told["cheapest"]
    if cheapest is None:
        return f"No way has a price{' and keeps the SLO' if among(told) else ''}"
    name = SUBJECT[cheapest["way"]]
    said = (
        f"{name[:1].upper() + name[1:]} is the cheapest{among(told)}: "
        f"{shown(cheapest['usd_per_month'], 'USD')} a month"
    )
    if cheapest["next"] is None:
        return said
    less = shown(cheapest["saves_usd_per_month"], "USD")
    return f"{said}, {less} less than {SUBJECT[cheapest['next']]}"


def _bar(way: Told, *, accent: bool) -> Row:
    middle = way["usd_per_month"]
    low, high = way["usd_per_month_p5"], way["usd_per_month_p95"]
    return Row(
        CALLED[way["way"]],
        middle if low is None else low,
        middle,
        middle if high is None else high,
        interval(way, "usd_per_month", "USD"),
        way["name"],
        accent,
    )


def _choice(way: Told, told: Told, priced: Sequence[Told], best: str | None) -> Choice:
    most = max((one["usd_per_month"] for one in priced), default=0.0) or 1.0
    month, is_best = way["usd_per_month"], way["way"] == best
    meets = MET[way["meets_slo"]] if told["slo_limits"] or way["meets_slo"] is False else "none"
    return Choice(
        CALLED[way["way"]],
        way["name"],
        mini_bar((month or 0.0) / most, best=is_best),
        interval(way, "usd_per_month", "USD"),
        [
            shown(way["usd_per_million_tokens"], "USD") or "unknown",
            shown(way["usd_per_request"], "USD") or "unknown",
            share(way["share_on_api"]),
            meets,
        ],
        is_best,
    )


def _parts(told: Told) -> Table:
    rows = [
        [CALLED[way["way"]], part["label"], interval(part, "usd_per_month", "USD")]
        for way in told["ways"]
        for part in way["parts"]
    ]
    return Table(("way", "part", "a month"), rows, "What each way is made of", words=2)


def break_even(told: Told) -> Section | None:
    """USD a million tokens by volume, and where own chips begin to be cheaper; None without a curve."""
    found = told["break_even"]
    curve: Sequence[Told] = found["curve"] if found else []
    drawn = [_way(way, curve) for way in _drawn(told, curve)]
    if found is None or len(curve) < 2 or not drawn:
        return None
    at = [point["requests_per_s"] for point in curve]
    marks = [
        Mark(volume, name, is_crossing)
        for volume, name, is_crossing in (
            (told["traffic"]["requests_per_s"], "the trace", False),
            (found["requests_per_s"] if found["found"] else None, "break-even", True),
        )
        if volume is not None and at[0] <= volume <= at[-1]
    ]
    title = even_title(found)
    return Section(
        "break-even",
        title,
        "The same traffic, faster and slower: USD for a million tokens against requests a second, the "
        "cheapest way in the accent colour. One's own fleet has as many replicas as the SLO takes at each "
        "volume, which makes its teeth.",
        figure(lambda width: volumes(drawn, at, marks, width, "requests a second"), f"{title}."),
        facts=_even_facts(found),
        tables=[_curve_table(curve)],
    )


def _drawn(told: Told, curve: Sequence[Told]) -> list[str]:
    """One's own fleet and the API; a hybrid is below both, and its volumes are in the table."""
    asked = [way["way"] for way in told["ways"]]
    return [
        way
        for way in RIVALS
        if way in asked
        and all(point.get(CURVES[way]) is not None and point[CURVES[way]] > 0 for point in curve)
    ]


def _way(way: str, curve: Sequence[Told]) -> Way:
    """USD a million tokens of a way at each volume."""
    key = CURVES[way]
    each = [TOKENS / point["tokens_per_month"] for point in curve]
    usd = [point[key] * one for point, one in zip(curve, each, strict=True)]
    ends = (
        [middle if point.get(f"{key}{end}") is None else point[f"{key}{end}"] * one
         for middle, point, one in zip(usd, curve, each, strict=True)]
        for end in ("_p5", "_p95")
    )  # fmt: skip
    low, high = ends
    return Way(CALLED[way], usd, low, high)


def even_title(found: Told) -> str:
    """From which volume on own chips are cheaper than the API, or that none is."""
    if found["found"]:
        rate = interval(found, "requests_per_s", "")
        times = shown(found["times_the_trace"])
        return f"Own chips are cheaper than the API from {rate} requests a second on, {times} times the trace"
    why = f": {found['reason']}" if found["reason"] else ""
    return f"No volume makes own chips cheaper than the API{why}"


def _even_facts(found: Told) -> list[str]:
    low, high = found["searched_requests_per_s"]
    said = [f"Searched from {shown(low)} to {shown(high)} requests a second."]
    if found["found"]:
        tokens = interval(found, "tokens_per_month", "tokens")
        fleet = plural(found["replicas"], "replica")
        said.insert(
            0,
            f"That is {tokens} a month for {shown(found['usd_per_month'], 'USD')} either way, on {fleet}.",
        )
        said[1:1] = beside(found)
    elif found["closest"]:
        ratio = found["closest"]["self_host_over_api"]
        said.append(
            f"The closest is {shown(found['closest']['requests_per_s'])} requests a second: own chips cost "
            f"{shown(ratio)} times the API."
        )
    return said


def _curve_table(curve: Sequence[Told]) -> Table:
    rows = [
        [
            shown(point["requests_per_s"]),
            *(shown(point.get(key), "USD") or "" for key in CURVES.values()),
            f"{point['replicas']:,}" if point.get("replicas") is not None else "",
            share(point.get("hybrid_share_on_api")),
        ]
        for point in curve
    ]
    head = ("requests/s", *CALLED.values(), "replicas", "hybrid: on the API")
    return Table(head, rows, "USD a month by volume")


def split(told: Told) -> Section | None:
    """How much of the traffic the API takes over an owned base; None without a hybrid."""
    hybrid = next((way for way in told["ways"] if way["way"] == "hybrid"), None)
    if hybrid is None or not hybrid.get("splits"):
        return None
    known = [one for one in hybrid["splits"] if one["usd_per_month"] is not None]
    if not known:
        return None
    shown_here = sorted(known, key=lambda one: one["usd_per_month"])[:SPLITS]
    most = max(one["usd_per_month"] for one in shown_here)
    rows = [_split(one, most, best=one is shown_here[0]) for one in shown_here]
    return Section(
        "split",
        f"The cheapest split sends {share(hybrid['share_on_api'])} of the requests to the API",
        "An owned base takes what it can hold, the API the rest: each row is a base and the most requests it "
        "takes at once.",
        decision=DecisionTable(
            ("Base", "A month", "on the API", "at once, at most", "SLO"), rows, "Splits, the cheapest first"
        ),
    )


def _split(one: Told, most: float, *, best: bool) -> Choice:
    meets = MET[one["meets_slo"]]
    base = plural(one["replicas"], "replica") if one["replicas"] else "all on the API"
    cap = one["most_outstanding"]
    return Choice(
        base,
        "",
        mini_bar(one["usd_per_month"] / most, best=best),
        shown(one["usd_per_month"], "USD"),
        [share(one["share_on_api"]), "" if cap is None else f"{cap:,}", meets],
        best,
    )


def sellers(told: Told) -> Section | None:
    """What each seller of the model would take; None with fewer than two."""
    api = next((way for way in told["ways"] if way["way"] == "api"), None)
    offers = [] if api is None else [one for one in api["sellers"] if one["usd_per_month"] is not None]
    if api is None or len(offers) < 2:
        return None
    ordered = sorted(offers, key=lambda one: one["usd_per_month"])
    most = ordered[-1]["usd_per_month"] or 1.0
    rows = [
        Choice(
            one["provider"],
            one["model"],
            mini_bar(one["usd_per_month"] / most, best=one is ordered[0]),
            shown(one["usd_per_month"], "USD"),
            [f"{one['usd_per_month'] / ordered[0]['usd_per_month']:.2f}×"],
            one is ordered[0],
        )
        for one in ordered[:SPLITS]
    ]
    return Section(
        "sellers",
        f"{plural(len(offers), 'seller')} of {api['model']}: {ordered[0]['provider']} is the cheapest",
        "List prices as of the day, for the trace's own tokens; batch and cached input as the spec says.",
        decision=DecisionTable(("Seller", "A month", "of the cheapest"), rows, "Sellers, the cheapest first"),
    )
