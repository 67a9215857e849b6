"""Fleets compared or searched, for a terminal: the cheapest that keeps the SLO, and what others miss."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from truecost.report.bars import SOLID, columns
from truecost.report.layout import DEFAULT_WIDTH, Page, Style
from truecost.report.phrases import plural, share, shown
from truecost.report.replay_text import limit_words
from truecost.report.run_words import interval
from truecost.report.tables import Column, table

Told = Mapping[str, Any]
GIVE_WAY = ("use", "USD/M\noutput")
"""Columns that go first where there is no room."""
FAR_OFF = 100
"""Times the limit, from which on how far does not matter."""
MOST_ROWS = 24
"""Fleets in the table; the others are counted."""
STEPS = {
    "one_replica_fewer": "one replica fewer",
    "half_the_width": "half as many chips",
    "other_chip": "the closest of other chips for less",
    "next_fleet": "the next cheaper fleet",
}
RENT = {"on_demand": "on demand", "reserved_1y": "1 year", "reserved_3y": "3 years"}


def page(told: Told, name: str, width: int = DEFAULT_WIDTH) -> Page:
    """What `replay.fleets.compared` and `replay.fleet_search.searched` give, as a page."""
    made = Page(width)
    made.title(name)
    made.text(_asked(told), Style.FAINT)
    made.blank()
    made.text(answer(told), Style.STRONG)
    if more := confidence(told):
        made.text(more)
    made.blank()
    _fleets(told, made)
    _frontier(told, made)
    _cheaper(told, made)
    return made


def _asked(told: Told) -> str:
    limits = ", ".join(f"{limit_words(key)} < {shown(value, 's')}" for key, value in told["slo"].items())
    what = plural(len(told["fleets"]), "fleet")
    if told["question"] == "search":
        kinds = len(told["fleets"])
        what = f"at most {plural(told['max_chips'], 'chip')}" + (f", of {kinds} kinds" if kinds > 1 else "")
    said = [f"{plural(told['requests'], 'request')} on {what}", limits or "no SLO"]
    if told.get("precisions"):
        said.append(f"weights in {' or '.join(told['precisions'])}")
    if told.get("terms"):
        said.append(f"rent {' or '.join(map(_rent, told['terms']))}")
    return "; ".join(said) + "."


def answer(told: Told) -> str:
    """The finding, in a sentence."""
    by_name = {row["fleet"]: row for row in told["fleets"]}
    if told["best"] is not None:
        row = by_name[told["best"]]
        usd = "at an unknown price" if row["cost_usd"] is None else interval(row, "cost_usd", "USD")
        hourly = "" if row["usd_per_hour"] is None else f", {shown(row['usd_per_hour'], 'USD')} an hour"
        what = "keeps the SLO" if told["slo"] else "runs it"
        sure = "" if row["sure"] or not told["slo"] else ", though not at the slow end of the interval"
        return f"{told['best']} is the cheapest that {what}{sure}: {usd}{hourly}."
    if told["closest"] is None:
        return "No fleet can run it."
    row = by_name[told["closest"]]
    return f"No fleet keeps the SLO. The closest is {told['closest']}: {_broken(row['slo'])}."


def _broken(limits: Any) -> str:
    """Limits that are not kept, in words."""
    said = [
        f"{limit_words(one['limit'])} {shown(one['value_s'], 's')} against {shown(one['limit_s'], 's')}"
        if one["over"] is not None and one["over"] > 1
        else f"{share(one['unanswered'])} of the requests get no answer"
        for one in limits
        if not one.get("met")
    ]
    return ", ".join(dict.fromkeys(said))


def confidence(told: Told) -> str:
    """Which fleet surely keeps the SLO, where the cheapest does only by the middle."""
    best = told["best"]
    if best is None or not told["slo"] or told["best_sure"] == best:
        return ""
    rows = [row for row in (told.get("surest"), *told["fleets"]) if row is not None and row["possible"]]
    row = next((row for row in rows if row["fleet"] == told["best_sure"]), None)
    if row is None:
        return "None is found that keeps it over the whole interval of the step times."
    price = "" if row["usd_per_hour"] is None else f": {shown(row['usd_per_hour'], 'USD')} an hour"
    return (
        f"Over the whole interval of the step times the cheapest is {row['fleet']} "
        f"({row['tensor_parallel_size']} x {row['replicas']}){price}."
    )


def _fleets(told: Told, made: Page) -> None:
    possible = [row for row in told["fleets"] if row["possible"]]
    numbers = ("TTFT\np99, s", "TPOT\np99, s", "use", "USD", "USD/M\noutput")
    heads = [
        Column("fleet"),
        Column("width x\nreplicas"),
        Column("weights", optional=True),
        Column("rent", optional=True),
        *(Column(name, right=True, optional=name in GIVE_WAY) for name in numbers),
        Column("SLO"),
    ]
    made.extend(table(heads, [_row(row, told) for row in possible[:MOST_ROWS]], made.width))
    if told["slo"] and possible:
        made.item(
            "SLO: met over the whole 90 % interval, met at its middle, or the worst value over its limit."
        )
    if len(possible) > MOST_ROWS:
        rest = possible[MOST_ROWS:]
        met = sum(1 for row in rest if row["meets_slo"])
        said = f", {met:,} of which {'keeps' if met == 1 else 'keep'} the SLO" if told["slo"] else ""
        made.item(f"And {plural(len(rest), 'fleet')} more{said}; --json has all.")
    reasons: dict[str, list[str]] = {}
    for row in told["fleets"]:
        if not row["possible"]:
            reasons.setdefault(row["reason"], []).append(row["fleet"])
    for reason, names in reasons.items():
        made.item(f"{', '.join(names)}: {reason}", Style.WARNING)


def _row(row: Told, told: Told) -> list[str]:
    return [
        row["fleet"],
        f"{row['tensor_parallel_size']} x {row['replicas']}",
        row["weights"] if len(told.get("precisions", ())) > 1 else "",
        _rent(row["term"]) if len(told.get("terms", ())) > 1 else "",
        shown(row["ttft_p99_s"]),
        shown(row["tpot_p99_s"]),
        share(row["utilization"]),
        "unknown" if row["cost_usd"] is None else shown(row["cost_usd"]),
        "unknown" if row["cost_usd"] is None else shown(row["usd_per_million_output_tokens"]),
        _verdict(row),
    ]


def _rent(term: str | None) -> str:
    return "" if term is None else RENT.get(term, term)


def _verdict(row: Told) -> str:
    if not row["slo"]:
        return ""
    if not row["meets_slo"]:
        return f"{shown(row['worst_over'])} x" if row["worst_over"] < FAR_OFF else f"over {FAR_OFF} x"
    return "met" if row["sure"] else "met (middle)"


def _frontier(told: Told, made: Page) -> None:
    """Cost against latency, from the cheapest on: a bar is the tightest limit's value over the limit."""
    rows = told["frontier"]
    if len(rows) < 2:
        return
    made.heading("More money, shorter latencies: the fleets that none beats on both")
    most = max(row["worst_over"] for row in rows)
    room = max(8, made.width - 62)
    cells = [
        [
            row["fleet"],
            f"{row['tensor_parallel_size']} x {row['replicas']}",
            shown(row["usd_per_hour"]),
            shown(row["ttft_p99_s"]),
            shown(row["tpot_p99_s"]),
            _frontier_verdict(row, told),
            SOLID * max(1, columns(row["worst_over"], most, room)),
        ]
        for row in rows
    ]
    heads = [
        *(Column("fleet"), Column("width x\nreplicas"), Column("USD/\nhour", right=True)),
        *(Column(f"{name}\np99, s", right=True) for name in ("TTFT", "TPOT")),
        Column("of the\nSLO" if told["slo"] else "", right=True),
        Column("", optional=True, style=Style.BAR),
    ]
    made.extend(table(heads, cells, made.width))


def _frontier_verdict(row: Told, told: Told) -> str:
    if not told["slo"]:
        return ""
    return f"{shown(row['worst_over'])} x" if row["worst_over"] > 1 else share(row["worst_over"])


def _cheaper(told: Told, made: Page) -> None:
    if not told["one_step_cheaper"]:
        return
    made.heading("What one step cheaper would break")
    for row in told["one_step_cheaper"]:
        if not row["possible"]:
            made.item(f"{row['fleet']} ({STEPS[row['step']]}): {row['reason']}.")
            continue
        saves = ""
        if row["saves_usd_per_hour"] is not None:
            saves = f" saves {shown(row['saves_usd_per_hour'], 'USD')} an hour ({share(row['saves_share'])})"
        made.item(f"{row['fleet']} ({STEPS[row['step']]}){saves}: {_broken(row['breaks'])}.")
