"""The same traffic by API, on a fleet, and by both, for a terminal: the cheapest, the parts, break-even."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from truecost.report.layout import DEFAULT_WIDTH, Page, Style
from truecost.report.phrases import plural, share, shown
from truecost.report.replay_text import limit_words, provider_words
from truecost.report.run_words import assumptions, interval
from truecost.report.tables import Column, table

Told = Mapping[str, Any]
CALLED = {"api": "API", "self-host": "self-hosted", "hybrid": "hybrid"}
SUBJECT = {"api": "the API", "self-host": "self-hosting", "hybrid": "the hybrid"}
"""Ways in a heading, and in a sentence."""
MET = {True: "met", False: "missed", None: "not known"}
FAR_APART = 0.05
"""How far the first rate may lie below break-even without being told, as a share of it."""


def page(told: Told, width: int = DEFAULT_WIDTH, *, everything: bool = False) -> Page:
    """What `replay.ways.compared.compared_ways` gives, as a page."""
    made = Page(width)
    made.title(told["name"])
    made.text(_setting(told), Style.FAINT)
    made.blank()
    made.text(answer(told), Style.STRONG)
    for warning in [*told["warnings"], *told["traffic"]["notes"]]:
        made.text(f"note: {warning}", Style.WARNING)
    _ways(told, made)
    _parts(told, made)
    if told["break_even"] is not None:
        _break_even(told["break_even"], "keeps the SLO" if told["slo_limits"] else "keeps up", made)
    _rests_on(told, made)
    for key, reason in told["unknown"].items():
        made.item(f"{key} is unknown: {reason}", Style.WARNING)
    assumptions(told, made, everything)
    made.blank()
    made.text(provider_words(told["provider"]), Style.FAINT)
    return made


def _setting(told: Told) -> str:
    traffic = told["traffic"]
    limits = ", ".join(f"{limit_words(name)} < {shown(at, 's')}" for name, at in told["slo_limits"].items())
    return (
        f"{traffic['name']} again and again: {shown(traffic['requests_per_s'])} requests a second, "
        f"{shown(traffic['requests_per_month'])} a month of {told['hours_per_month']:g} hours, "
        f"{shown(traffic['tokens_per_month'], 'tokens')}; {limits or 'no SLO'}. Prices of {told['as_of']}."
    )


def answer(told: Told) -> str:
    """The finding, in a sentence or two."""
    costs = [f"{_subject(row, told)} costs {_month(row)}" for row in told["ways"]]
    said = f"{costs[0][0].upper()}{', '.join(costs)[1:]} a month"
    best = told["cheapest"]
    if best is None:
        return f"{said}: no way has a price and keeps the SLO.{_needed(told)}"
    if len(told["ways"]) == 1:
        return f"{said}.{_needed(told)}"
    return f"{said}: {SUBJECT[best['way']]} is the cheapest{among(told)}.{_needed(told)}"


def among(told: Told) -> str:
    """Which ways the cheapest is one of, where some miss the SLO."""
    return " of those that do not miss the SLO" if any(r["meets_slo"] is False for r in told["ways"]) else ""


def _subject(row: Told, told: Told) -> str:
    """The way; of several APIs the model as well."""
    several = sum(1 for one in told["ways"] if one["way"] == "api") > 1
    return f"{SUBJECT['api']} {row['model']}" if row["way"] == "api" and several else SUBJECT[row["way"]]


def _month(row: Told) -> str:
    return "an unknown amount" if row["usd_per_month"] is None else interval(row, "usd_per_month", "USD")


def _needed(told: Told) -> str:
    """What the spec's fleet misses and which would do, where it is another."""
    row = next((one for one in told["ways"] if one["way"] == "self-host"), None)
    if row is None or row["needed_replicas"] == row["replicas"]:
        return ""
    needed = row["needed_replicas"]
    would = "" if needed is None else f"{plural(needed, 'replica')} would, for {_needed_usd(row)} a month"
    if row["meets_slo"] is False:
        stated = plural(row["replicas"], "replica")
        what = "keep the SLO" if row["keeps_up"] else "keep up"
        do = "does" if row["replicas"] == 1 else "do"
        return f" {stated} {do} not {what}; {would or 'nor does any number that was tried'}."
    return f" {would}." if needed is not None and needed < row["replicas"] else ""


def _needed_usd(row: Told) -> str:
    if row["needed_usd_per_month"] is None:
        return "an unknown amount"
    return interval(row, "needed_usd_per_month", "USD")


def _ways(told: Told, page: Page) -> None:
    page.heading("A month, each way")
    rows = [
        [
            CALLED[row["way"]],
            row["name"],
            "unknown" if row["usd_per_month"] is None else interval(row, "usd_per_month", ""),
            "" if row["usd_per_million_tokens"] is None else shown(row["usd_per_million_tokens"]),
            "" if row["share_on_api"] is None else share(row["share_on_api"]),
            MET[row["meets_slo"]] if told["slo_limits"] or row["meets_slo"] is False else "",
        ]
        for row in told["ways"]
    ]
    heads = [
        Column(""), Column("", wraps=True), Column("USD a month", right=True),
        Column("USD/M\ntokens", right=True),
        Column("on the\nAPI", right=True, optional=True), Column("SLO"),
    ]  # fmt: skip
    page.extend(table(heads, rows, page.width))
    for note in dict.fromkeys(f"{CALLED[row['way']]}: {row['note']}." for row in told["ways"] if row["note"]):
        page.item(note)


def _parts(told: Told, page: Page) -> None:
    """What each way is made of; sellers of an API; how the hybrid divides the requests."""
    page.heading("What it is made of")
    for row in told["ways"]:
        known = [part for part in row["parts"] if part["usd_per_month"]]
        if known:
            made = "; ".join(f"{part['label']}: {shown(part['usd_per_month'], 'USD')}" for part in known)
            page.item(f"{_named(row, told)}: {made}.")
        if row["way"] == "api":
            _sellers(row, page)
        if row["way"] == "hybrid" and row["replicas"]:
            page.item(_division(row))


def _named(row: Told, told: Told) -> str:
    several = sum(1 for one in told["ways"] if one["way"] == row["way"]) > 1
    return f"{CALLED[row['way']]} ({row['model']})" if several else CALLED[row["way"]]


def _sellers(row: Told, page: Page) -> None:
    terms = [f"{share(row['batch_share'])} of the requests as batches"] if row["batch_share"] else []
    if row["cached_input"] == "trace":
        terms.append("cached input at its price")
    if row["tokenizer_ratio_p5"] is not None:
        ratio = interval(row, "tokenizer_ratio", "")
        terms.append(f"{ratio} tokens counted for each of the trace")
    sellers = row["sellers"]
    if len(sellers) > 1:
        first, last = sellers[0], sellers[-1]
        terms.insert(
            0,
            f"from {shown(first['usd_per_month'], 'USD')} ({first['provider']}) to "
            f"{shown(last['usd_per_month'], 'USD')} ({last['provider']}), in the middle {row['seller']}",
        )
    terms += row["billing_notes"]
    if terms:
        page.item(f"{row['model']}: {'; '.join(terms)}.")


def _division(row: Told) -> str:
    cap = row["most_outstanding"]
    if cap is None:
        return f"The base of {plural(row['replicas'], 'replica')} takes every request; none waits too long."
    return (
        f"Of {plural(row['requests_on_base'] + row['requests_on_api'], 'request')} the base of "
        f"{plural(row['replicas'], 'replica')} takes {row['requests_on_base']:,}, the API "
        f"{row['requests_on_api']:,}: those that find {cap:,} running or waiting on every replica."
    )


def _break_even(found: Told, serves: str, page: Page) -> None:
    if found["found"]:
        rate = interval(found, "requests_per_s", "requests/s")
        page.heading(f"Break-even with {found['against']}: from {rate} on")
        fleet = plural(found["replicas"], "replica")
        page.item(
            f"There, at {shown(found['times_the_trace'])} times the trace and "
            f"{interval(found, 'tokens_per_month', 'tokens')} a month, {fleet} and the API cost "
            f"{shown(found['usd_per_month'], 'USD')} a month each; with any more requests the fleet that "
            f"{serves} costs less."
        )
        for said in beside(found):
            page.item(said)
    else:
        low, high = found["searched_requests_per_s"]
        page.heading(f"Break-even with {found['against']}: none")
        page.item(f"{found['reason'][:1].upper()}{found['reason'][1:]}.")
        page.item(f"The curve is from {shown(low)} to {shown(high)} requests/s.")
    page.extend(_curve(found, page.width))


def beside(found: Told) -> list[str]:
    """What to know of a break-even: an end that there is none at, and where the fleet costs less already."""
    said: list[str] = []
    if found["times_the_trace_p95"] is None and found["times_the_trace_p5"] is not None:
        said.append(
            f"Its range is from {shown(found['requests_per_s_p5'])} requests/s to none at all: at a dear "
            "end the fleet never costs less."
        )
    first = found["first_requests_per_s"]
    if first is not None and first < (1 - FAR_APART) * found["requests_per_s"]:
        said.append(
            f"From {shown(first)} requests/s the fleet costs less in places, where its replicas are full."
        )
    return said


def _curve(found: Told, width: int) -> list[Any]:
    heads = [
        Column("requests\na second", right=True), Column("API,\nUSD", right=True),
        Column("self-hosted,\nUSD", right=True), Column("replicas", right=True, optional=True),
        Column("hybrid,\nUSD", right=True), Column("base + on the API", optional=True),
    ]  # fmt: skip
    rows = [
        [
            shown(point["requests_per_s"]),
            shown(point["usd_per_month_api"]),
            "none" if point["usd_per_month_self_host"] is None else shown(point["usd_per_month_self_host"]),
            "" if point["replicas"] is None else f"{point['replicas']:,}",
            "" if point["usd_per_month_hybrid"] is None else shown(point["usd_per_month_hybrid"]),
            ""
            if point["hybrid_replicas"] is None
            else f"{point['hybrid_replicas']:,} + {share(point['hybrid_share_on_api'])}",
        ]
        for point in found["curve"]
    ]
    return table(heads, rows, width)


def _rests_on(told: Told, page: Page) -> None:
    page.heading("What it rests on")
    page.item("A month is the trace again and again; a fleet is held all of it, whether it is full or not.")
    if told["break_even"] is not None:
        page.item(
            "At another rate the same requests come in the same order, all gaps shorter or longer by the "
            "same factor: bursts get shorter as they get denser. The fleet then has as many replicas of the "
            "spec's layout as keep the SLO."
        )
    page.item(
        "The API costs its list price for each request's own tokens. Its interval is over sellers and over "
        "tokenizers; that of a fleet over the price of its chips"
        + (
            " and, by volume, over the replicas that the step times' ends ask for."
            if told["break_even"]
            else "."
        )
    )
