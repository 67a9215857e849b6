"""What a trend says, in sentences: the finding, the answers, how far it can be trusted."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from truecost.report.layout import glued
from truecost.report.phrases import ranged, share, shown
from truecost.units import show

Fit = Mapping[str, Any]

FORECASTERS = {
    "trend": "the trend",
    "random_walk": "random walk",
    "random_walk_with_drift": "random walk, drift",
}
COUNTED = {"amortized": "wear and energy", "cloud": "rent"}
SCOPES = {"each": "single values", "market": "the mean of sellers"}
MODEST = 0.8
"""A 90 % interval that held less than this is called too narrow."""


def title(trend: Mapping[str, Any]) -> str:
    """The finding of a trend, as the title of its page."""
    return _TITLES[trend["trend"]](trend["fits"])


def answers(fit: Fit) -> list[str]:
    """What one asks of a trend, answered with its ranges."""
    return _ANSWERS[_family(fit)](fit)


def headline(fit: Fit) -> str:
    """The finding of one fit, as the title of its chart."""
    return _HEADLINES[_family(fit)](fit)


def verdict_line(fit: Fit) -> str:
    """Whether the trend beat a random walk on single values, without figures: the title of the backtest."""
    own = [v for v in fit["backtest"]["verdicts"] if v["scope"] == "each"]
    parts = [
        f"{verb} {_listed([v['horizon'] for v in own if v['verdict'] == word])}"
        for word, verb in _VERBS.items()
        if any(v["verdict"] == word for v in own)
    ]
    return (
        f"On values it never saw, the trend {'; it '.join(parts)}"
        if parts
        else "Too little is known for a backtest"
    )


def _listed(horizons: Sequence[str]) -> str:
    *others, last = (glued(each) for each in horizons)
    return f"{', '.join(others)} and {last}" if others else last


def growth(fit: Fit) -> str:
    """The growth a year with its interval: "-26 % (-56 to 23) a year"."""
    return f"{ranged(fit['growth_per_year'], 'share')} a year"


def times_a_year(fit: Fit) -> str:
    """The same as a factor: "×2.84 (2.53 – 3.20) a year"."""
    low, middle, high = (1 + fit["growth_per_year"][point] for point in ("p5", "p50", "p95"))
    return glued(f"×{middle:.2f} ({low:.2f} – {high:.2f}) a year")


def fitted_to(fit: Fit) -> str:
    """What a fit rests on: how many values, of whom, when, by which rule."""
    sellers = f" of {fit['sellers']} sellers" if fit["sellers"] else ""
    return f"{fit['values']} values{sellers}, {glued(fit['first'])} to {glued(fit['last'])}: {fit['rule']}."


def judged(fit: Fit) -> list[str]:
    """Whether the trend beat a random walk where it was tested, and whether its interval held."""
    found = [_judged(fit, scope) for scope in SCOPES]
    return [sentence for sentence in (*found, _held(fit)) if sentence]


def _judged(fit: Fit, scope: str) -> str:
    """At which horizons the trend wins, and at which not."""
    own = [v for v in fit["backtest"]["verdicts"] if v["scope"] == scope]
    by_word: dict[str, list[str]] = {}
    for verdict in own:
        few = f", {verdict['origins']} origins only" if verdict["few"] else ""
        said = f"{verdict['horizon']} (error ×{verdict['error_over_random_walk']:.2f}{few})"
        by_word.setdefault(verdict["verdict"], []).append(glued(said))
    parts = [f"{_VERBS[word]} {', '.join(by_word[word])}" for word in _VERBS if word in by_word]
    if not parts:
        return "" if scope == "market" else "Too little is known for a backtest."
    return f"On {SCOPES[scope]} that it never saw, the trend {'; '.join(parts)}."


_VERBS = {
    "loses": "loses to a random walk at",
    "level": "is no better than a random walk at",
    "beats": "beats a random walk at",
}


def _held(fit: Fit) -> str:
    """How often the 90 % interval of the trend held what came."""
    rows = [r for r in fit["backtest"]["scores"] if r["forecaster"] == "trend" and r["scope"] == "each"]
    if not rows:
        return ""
    shares = ", ".join(glued(f"{share(row['coverage_90'])} at {row['horizon']}") for row in rows)
    narrow = [row["horizon"] for row in rows if row["coverage_90"] < MODEST]
    meaning = f" It is too narrow at {', '.join(map(glued, narrow))}." if narrow else ""
    return f"Its 90 % interval held {shares} of what came.{meaning}"


def caveats(trend: str) -> list[str]:
    """What the numbers of a trend are not."""
    return list(_CAVEATS[trend])


_CAVEATS: Mapping[str, Sequence[str]] = {
    "training-cost": (
        "The costs are Epoch AI's estimates, not invoices, and the last run on record is of early 2025: "
        "all after it is extrapolated.",
        "Runs scatter widely about the line; the chance of any run takes those to come as independent, at "
        "the pace of the last two years on record.",
    ),
    "token-price": (
        "By tier, not by quality: no quality data ships with the package. The same quality gets cheaper "
        "faster than a tier, because each new model of a tier is a better one.",
        "A day is that on which the price tables first hold a price; where a launch day is unknown, it is "
        "later. Dearer lines that vendors put above their flagships are left out.",
    ),
    "gpu-hour": (
        "Of offers asked again, on demand. A chip's market also falls because cheaper sellers enter it, "
        "which the same seller's price does not show.",
    ),
    "price-performance": (
        "Peak 16-bit FLOP/s at the first price on record, not delivered FLOP/s: memory, links and "
        "utilization change it. Prices of chips are few, and those of servers include more than chips.",
    ),
}


def _family(fit: Fit) -> str:
    return "token-price" if fit["key"].startswith("token-price") else fit["key"]


def _training_title(fits: Sequence[Fit]) -> str:
    fit, reach = fits[0], fits[0]["reach"]
    others = "".join(f", {_reached(other)}" for other in fits[1:])
    return (
        f"A typical frontier run reaches {shown(reach['level_usd'], 'USD')} {_reached(fit)}{others}; costs "
        f"grow {times_a_year(fit)}"
    )


def _reached(fit: Fit) -> str:
    return f"in {year(fit['reach']['typical_year'])} counted as {COUNTED[fit['method']]}"


def _token_title(fits: Sequence[Fit]) -> str:
    moved = " and ".join(f"{fit['tier']} tiers {growth(fit)}" for fit in fits)
    rises = " and ".join(share(fit["moves"]["share_that_rise"]) for fit in fits)
    unsure = all(fit["growth_per_year"]["p5"] < 0 < fit["growth_per_year"]["p95"] for fit in fits)
    return (
        f"API prices move: {moved}{', so up or down' if unsure else ''}; {rises} of their changes are rises"
    )


def _hour_title(fits: Sequence[Fit]) -> str:
    fit = fits[0]
    return (
        f"An H100-hour is {ranged(_in_a_year(fit), 'USD')} in 12 months, from {shown(fit['level'], 'USD')} "
        f"now; rents move {growth(fit)}"
    )


def _performance_title(fits: Sequence[Fit]) -> str:
    return f"FLOP/s a USD grow {growth(fits[0])}: twice as much every {_years(fits[0]['doubling_years'])}"


_TITLES: Mapping[str, Callable[[Sequence[Fit]], str]] = {
    "training-cost": _training_title,
    "token-price": _token_title,
    "gpu-hour": _hour_title,
    "price-performance": _performance_title,
}


def _training_headline(fit: Fit) -> str:
    reach = fit["reach"]
    return (
        f"Counted as {COUNTED[fit['method']]}, runs grow {times_a_year(fit)}; the typical one reaches "
        f"{shown(reach['level_usd'], 'USD')} in {year(reach['typical_year'])}"
    )


_HEADLINES: Mapping[str, Callable[[Fit], str]] = {
    "training-cost": _training_headline,
    "token-price": lambda fit: f"The price of {fit['tier']} tiers moves {growth(fit)}",
    "gpu-hour": lambda fit: f"Rents of chips move {growth(fit)}",
    "price-performance": lambda fit: f"FLOP/s a USD grow {growth(fit)}",
}


def year(when: Mapping[str, float]) -> str:
    """A time with its interval, in years: "2028 (2027 – 2029)".

    >>> year({"p5": 2027.3, "p50": 2028.1, "p95": 2029.02}).replace(chr(160), " ")
    '2028 (2027 – 2029)'
    """
    low, middle, high = (
        str(int(when[p])) if math.isfinite(when[p]) else "never" for p in ("p5", "p50", "p95")
    )
    return glued(f"{middle} ({low} – {high})" if low != high else middle)


def _years(doubling: Mapping[str, float | None]) -> str:
    points = [doubling[point] for point in ("p5", "p50", "p95")]
    return glued(" ".join(f"{p:.1f}" if p is not None else "never" for p in points[1:2]) + " years ") + glued(
        f"({' – '.join(f'{p:.1f}' if p is not None else 'never' for p in (points[0], points[2]))})"
    )


def _in_a_year(fit: Fit) -> Mapping[str, Any]:
    return next(row for row in fit["forecast"] if row["is_a_year_on"])


def _training_answers(fit: Fit) -> list[str]:
    reach, by = fit["reach"], fit["reach"]["by_year"]
    level = shown(reach["level_usd"], "USD")
    record = reach["first_on_record"]
    said = [
        f"Grows {times_a_year(fit)}.",
        f"The typical frontier run reaches {level} in {year(reach['typical_year'])}.",
        f"One frontier run released at the end of {by} costs {level} or more with a probability of "
        f"{share(reach['chance_of_a_run_at_the_end_of_the_year'])}; any run by then, of "
        f"{shown(reach['frontier_runs_per_year'])} a year, with "
        f"{share(reach['chance_of_any_run_by_the_end_of_the_year'])}{_by_its_start(reach)}.",
    ]
    if record:
        said.append(f"On record already: {record['model']}, {record['on']}, {shown(record['usd'], 'USD')}.")
    rules = "; ".join(
        glued(f"{r['largest']} largest: {int(r['typical_year'])}, ×{1 + r['growth_per_year']:.2f} a year")
        for r in fit["by_rule"]
        if math.isfinite(r["typical_year"])
    )
    return [*said, f"By which runs count as frontier, the typical year is: {rules}."]


def _by_its_start(reach: Mapping[str, Any]) -> str:
    chance = reach["chance_of_any_run_by_its_start"]
    return "" if chance is None else f" ({share(chance)} by its start)"


def _token_answers(fit: Fit) -> list[str]:
    moves, same = fit["moves"], fit["moves"]["same_model"]
    ahead = _in_a_year(fit)
    return [
        f"Moves {growth(fit)}; the mean of vendors is {shown(fit['level'], 'USD/Mtok')} now and "
        f"{ranged(ahead, 'USD/Mtok')} in 12 months (random walk: "
        f"{ranged(ahead['random_walk'], 'USD/Mtok')}).",
        f"{moves['changes']} changes, {moves['rises']} of them rises ({share(moves['share_that_rise'])}): "
        f"the median rise is {_factor(moves['median_rise'])}, the median fall "
        f"{_factor(moves['median_fall'])}, the largest rise {_factor(moves['largest_rise'])}.",
        f"Without a new model: {same['changes']} changes, {same['rises']} of them rises.",
        _decided_by(fit),
    ]


def _factor(value: float | None) -> str:
    return "none" if value is None else glued(f"×{show(value)}")


def _decided_by(fit: Fit) -> str:
    rows: Sequence[Mapping[str, Any]] = fit["leave_one_out"][:2]
    said = ", ".join(
        glued(f"{share(row['growth_per_year'])} a year without {row['without']}") for row in rows
    )
    return f"One seller more or less decides: {said}." if said else ""


def _hour_answers(fit: Fit) -> list[str]:
    ahead, moves = _in_a_year(fit), fit["moves"]
    return [
        f"An H100-hour on demand is {shown(fit['level'], 'USD')} at the median seller now, and "
        f"{ranged(ahead, 'USD')} in 12 months; a random walk says {ranged(ahead['random_walk'], 'USD')}.",
        f"From any one seller: {ranged(fit['in_12_months_any_seller'], 'USD')}, because sellers ask "
        f"{ranged(fit['today'], 'USD')} today.",
        f"Asked again {moves['asked_again']} times, a price was unchanged {moves['unchanged']} times; of "
        f"{moves['changes']} changes {moves['rises']} were rises ({share(moves['share_that_rise'])}), the "
        f"median rise {_factor(moves['median_rise'])}, the median fall {_factor(moves['median_fall'])}.",
        _decided_by(fit),
    ]


def _performance_answers(fit: Fit) -> list[str]:
    ahead = _in_a_year(fit)
    return [
        f"Grows {growth(fit)}; doubles every {_years(fit['doubling_years'])}.",
        f"A chip first sold in 12 months: {ranged(ahead, 'FLOP/s/USD')}; the line: "
        f"{ranged(ahead['typical'], 'FLOP/s/USD')}.",
    ]


_ANSWERS: Mapping[str, Callable[[Fit], list[str]]] = {
    "training-cost": _training_answers,
    "token-price": _token_answers,
    "gpu-hour": _hour_answers,
    "price-performance": _performance_answers,
}
