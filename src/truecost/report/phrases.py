"""Values of a statement in words: ranges with their units, events that may never come, money in and out."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, TypeGuard

from truecost.report.layout import glued
from truecost.units import Interval, show, show_range, show_share

Ranged = Mapping[str, float]

METHODS = {
    "stated-price": ("At the stated price", "chip-hours × the plan's USD a chip-hour"),
    "cloud-spot": ("Rented, spot", "chip-hours × the spot price"),
    "cloud": ("Rented, 3-year commitment", "chip-hours × the 3-year price"),
    "cloud-1y": ("Rented, 1-year commitment", "chip-hours × the 1-year price"),
    "cloud-on-demand": ("Rented on demand", "chip-hours × the on-demand price"),
    "amortized": ("Own hardware: wear and energy", "what the run uses up of the chips"),
    "acquisition": ("The whole cluster, bought", "more than one run's cost"),
    "owned-energy": ("Energy alone", "chips that stand idle anyway"),
}
"""Ways of counting a run's compute: name, and what it is."""


def interval(value: Ranged, centre: str = "p50") -> Interval:
    """The points of a range that are shown, around its median or (`centre="mean"`) its mean."""
    return {"p5": value["p5"], "p50": value[centre], "p95": value["p95"]}


def ranged(value: Ranged, unit: str = "", centre: str = "p50") -> str:
    """A value with its 90 % interval, on one line.

    >>> ranged({"p5": 1e6, "p50": 2e6, "p95": 3e6, "mean": 2.1e6}, "USD").replace(chr(160), " ")
    '2.00 M USD (1.00 M – 3.00 M)'
    >>> ranged({"p5": 0.01, "p50": 0.02, "p95": 0.03, "mean": 0.02}, "share a month").replace(chr(160), " ")
    '2 % (1 – 3) a month'
    """
    unit, of_what = of_a_share(unit)
    return glued(f"{show_range(interval(value, centre), unit)} {of_what}".rstrip())


def averaged(value: Ranged, unit: str = "") -> str:
    """The mean with the 90 % interval, on one line: for what stands beside its parts or its whole.

    >>> averaged({"p5": 1e6, "p50": 2e6, "p95": 3e6, "mean": 2.1e6}, "USD").partition("USD")[0].split()
    ['2.10', 'M']
    """
    return ranged(value, unit, "mean")


def of_a_share(unit: str) -> tuple[str, str]:
    """A unit that is a share of something, and of what: the share itself is shown in per cent.

    >>> of_a_share("share of revenue"), of_a_share("USD/query")
    (('share', 'of revenue'), ('USD/query', ''))
    """
    head, _, rest = unit.partition(" ")
    return ("share", rest) if head == "share" else (unit, "")


def ends(value: Ranged, unit: str = "", centre: str = "p50") -> str:
    """The 90 % interval alone; "" where the value is one number.

    >>> ends({"p5": 0.16, "p50": 0.17, "p95": 0.19, "mean": 0.17}, "share").replace(chr(160), " ")
    '16 – 19'
    """
    return glued(show_range(interval(value, centre), unit).partition(" (")[2].removesuffix(")"))


def around_mean(value: Ranged, unit: str = "") -> str:
    """The 90 % interval that stands beside a mean; "" where the value is one number."""
    return ends(value, unit, "mean")


def loose(sentence: str) -> str:
    """A sentence that may break between a number and its interval: for those that would else be ragged.

    >>> loose("costs 2.00\\xa0M\\xa0USD\\xa0(1.00\\xa0M\\xa0–\\xa03.00\\xa0M)").split(" ")[1:]
    ['2.00\\xa0M\\xa0USD', '(1.00\\xa0M\\xa0–\\xa03.00\\xa0M)']
    """
    return sentence.replace("\N{NO-BREAK SPACE}(", " (")


def shown(value: float | None, unit: str = "") -> str:
    """One number on one line; "" for none."""
    return "" if value is None else glued(show(value, unit))


def share(value: float | None) -> str:
    """A share on one line; "" for none."""
    return "" if value is None else glued(show_share(value))


def negated(value: Ranged) -> dict[str, float]:
    """The range of the negative: a margin below zero as a loss."""
    return {"p5": -value["p95"], "p50": -value["p50"], "p95": -value["p5"], "mean": -value["mean"]}


def has(value: Mapping[str, Any] | None) -> TypeGuard[Mapping[str, Any]]:
    """Whether there is a number to show."""
    return value is not None and value.get("p50") is not None and not math.isnan(value["p50"])


ALMOST_ALL = 0.995
"""A share of the draws from which on it is as good as all of them."""


def month(event: Mapping[str, Any], never: str) -> str:
    """When something happens: "month 14 (11 – 20) in 63 % of the draws", or the words for never.

    >>> month({"p5": 11, "p50": 14, "p95": 20, "share_of_draws": 1.0}, "never").replace(chr(160), " ")
    'month 14 (11 – 20)'
    >>> month({"p5": 11, "p50": 14, "p95": 20, "share_of_draws": 0.2}, "never").replace(chr(160), " ")
    'never in 80 % of the draws; month 14 (11 – 20) in the others'
    """
    return _likely(event, glued("month ") + _whole(event) if has(event) else "", never)


def months(event: Mapping[str, Any], never: str) -> str:
    """How many months something lasts, and in which share of the draws it ends at all."""
    return _likely(event, _whole(event, "months") if has(event) else "", never)


def _whole(event: Mapping[str, Any], unit: str = "") -> str:
    return ranged({point: float(round(event[point])) for point in ("p5", "p50", "p95")}, unit)


def _likely(event: Mapping[str, Any], happens: str, never: str) -> str:
    """What happens and what does not, the likelier first."""
    often = event["share_of_draws"]
    if often >= ALMOST_ALL:
        return happens
    if often <= 1 - ALMOST_ALL:
        return never
    if often >= 0.5:
        return f"{happens} in {share(often)} of the draws; {never} in the others"
    return f"{never} in {share(1 - often)} of the draws; {happens} in the others"


STATISTICS = "Means with their 90 % interval; medians for months, multiples, limits, break-evens."
"""Which number of its draws a quantity is told by: said once in every face."""


def plural(count: float, one: str, many: str = "") -> str:
    """A count with its noun.

    >>> plural(1, "line"), plural(3, "line"), plural(2, "country", "countries")
    ('1 line', '3 lines', '2 countries')
    """
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def option_name(option: str) -> str:
    """A serving option as a reader calls it."""
    return {"api": "API", "self_hosted": "self-hosted", "hybrid": "hybrid", "quoted": "quoted"}.get(
        option, option
    )


def words(key: str) -> str:
    """A key of the result in words: "self_hosted" is "self hosted"."""
    return key.replace("_", " ").replace("-", " ")
