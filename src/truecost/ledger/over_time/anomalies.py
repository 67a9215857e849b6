"""Anomalies: days or hours whose cost the days before do not lead to expect, and what explains each.

Which ones is `truecost.finance.daily_outliers`. The excess over what was expected is split by every dimension
(which value had more than its usual share of it) and by effect (`truecost.ledger.over_time.effects`) within
the value that explains the most.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import numpy as np

from truecost.finance.daily_outliers import FALSE_SHARE, LEAST_CYCLES, Judged, judged, named
from truecost.ledger.engine import Connection
from truecost.ledger.over_time.daily import HOURS_A_DAY, Asked, History, Series, costs_by_day, estimate
from truecost.ledger.over_time.effects import Effect
from truecost.ledger.over_time.explaining import Explained, explain
from truecost.ledger.questions import Window
from truecost.ledger.reporting import plain

DAYS_A_WEEK = 7
MOST_EXPLAINED = 30
"""Anomalies that are explained, those of the largest excess."""
_COMPARED_CYCLES = 8
_ENOUGH_COMPARED = 2


@dataclass(frozen=True, slots=True)
class Anomaly:
    """A step whose cost is out of what the steps before predict, with the 90 % range that they did.

    `chance` is that of a normal step to be as far off. `explained` is None where it is not one of the
    MOST_EXPLAINED largest.
    """

    label: Mapping[str, Any]
    at: date | datetime
    usd: Decimal
    expected_usd: Mapping[str, Decimal]
    excess_usd: Decimal
    chance: float
    explained: Explained | None


@dataclass(frozen=True, slots=True)
class Anomalies:
    """What was looked at and what stood out, the newest first."""

    store: str
    by: tuple[str, ...]
    step: str
    as_known: date
    first_day: date
    on: date
    since: date | None
    unfinished_day: date | None
    empty_days: int
    requests: int
    unpriced_requests: int
    series: int
    judged_steps: int
    too_short: tuple[Mapping[str, Any], ...]
    """Groups with too little history to judge any step by."""
    least_days: int
    other_groups: int
    false_share: float
    anomalies: tuple[Anomaly, ...]
    where: str | None = None
    catalog: str | None = None
    """The file whose prices went before those that ship."""

    def to_dict(self) -> dict[str, Any]:
        """Plain values with stable keys; amounts as text."""
        told = {key: value for key, value in asdict(self).items() if key != "anomalies"}
        return plain({**told, "anomalies": [_told(one) for one in self.anomalies]})


def _told(one: Anomaly) -> dict[str, Any]:
    found = one.explained
    at = one.at.isoformat(sep=" ", timespec="minutes") if isinstance(one.at, datetime) else one.at
    return {
        "label": dict(one.label),
        "at": at,
        "usd": one.usd,
        "expected_usd": one.expected_usd,
        "excess_usd": one.excess_usd,
        "chance": one.chance,
        "explained_by": [_told_value(value, one) for value in found.values] if found else None,
        "within": [_told_value(value, one) for value in found.within] if found else None,
        "effects": [_told_effect(effect, one) for effect in found.effects] if found else None,
        "compared_with": list(found.compared) if found else None,
    }


def _told_value(value: Any, of: Anomaly) -> dict[str, Any]:
    return {
        "dimension": value.dimension,
        "value": value.value,
        "excess_usd": estimate(value.excess_usd),
        "share_of_excess": value.excess_usd / float(of.excess_usd),
        "usual_share": value.usual_share,
    }


def _told_effect(effect: Effect, of: Anomaly) -> dict[str, Any]:
    return {
        "effect": effect.factor,
        "excess_usd": estimate(effect.usd),
        "share_of_excess": effect.usd / float(of.excess_usd),
        "before": effect.before,
        "after": effect.after,
    }


def cost_anomalies(
    store: str | os.PathLike[str],
    asked: Asked | None = None,
    *,
    since: date | None = None,
    month: str | None = None,
) -> Anomalies:
    """The steps of a store, whole and by group, whose cost stands out; from `since` on, or of a month.

    Every step is judged by those before it alone. Raises NoStore, NoUsage, ValueError.
    """
    how = asked or Asked()
    window = Window.of_month(month) if month else Window(since)
    with costs_by_day(store, how) as (connection, history):
        _check_window(window, history, month)
        if how.hours:
            _check_hours(connection)
        series = history.groups if history.by else (history.total,)
        season = _season(history, hours=how.hours)
        looked_at = [_in_window(judged(one.costs, season), history, window, how) for one in series]
        stands_out = _stand_out(looked_at)
        largest = _largest(series, stands_out)
        found = [
            _anomaly(connection, (history, one, how), (part, at), explained=(which, at) in largest)
            for which, (one, part) in enumerate(zip(series, stands_out, strict=True))
            for at in range(len(part.places))
        ]
    short = [one for one, part in zip(series, looked_at, strict=True) if not len(part.places)]
    too_short = [one for one in short if _first_use(one) + LEAST_CYCLES * season >= len(one.usd)]
    return Anomalies(
        history.store, history.by, "hour" if how.hours else "day", history.as_known, history.first_day,
        history.on, window.since, history.unfinished, history.empty_days, history.requests,
        history.unpriced_requests, len(series), sum(len(one.places) for one in looked_at),
        tuple(dict(zip(history.by, one.label, strict=True)) for one in too_short),
        LEAST_CYCLES * season // (HOURS_A_DAY if how.hours else 1), history.others, FALSE_SHARE,
        tuple(sorted(found, key=lambda one: (str(one.at), abs(one.excess_usd)), reverse=True)),
        history.where, history.catalog,
    )  # fmt: skip


def _check_window(window: Window, history: History, month: str | None) -> None:
    """Raises ValueError where no day of a window has come, or none has usage yet."""
    asked = f"--month {month}" if month else f"--since {window.since}"
    if window.since is not None and window.since > history.on:
        raise ValueError(f"{asked}: usage is looked at up to {history.on}")
    if window.until is not None and window.until <= history.first_day:
        raise ValueError(f"{asked}: usage begins on {history.first_day}")


def _check_hours(connection: Connection) -> None:
    """Raises ValueError where usage is told by day: all of it at 00:00."""
    rows = connection.execute("SELECT count(*) FROM daily WHERE hour(step) > 0").fetchall()
    if not rows[0][0]:
        raise ValueError("--hours: every row of the store is at 00:00 UTC: its usage is told by the day")


def _season(history: History, *, hours: bool) -> int:
    """Steps of a cycle: a week; of hours a day, until there are five weeks of them."""
    if not hours:
        return DAYS_A_WEEK
    whole = history.days > (LEAST_CYCLES + 1) * DAYS_A_WEEK
    return HOURS_A_DAY * DAYS_A_WEEK if whole else HOURS_A_DAY


def _first_use(series: Series) -> int:
    return next((at for at, usd in enumerate(series.usd) if usd), len(series.usd))


def _in_window(found: Judged, history: History, window: Window, how: Asked) -> Judged:
    """The steps of the days that are asked for."""
    a_day = HOURS_A_DAY if how.hours else 1
    low = history.place(window.since) * a_day if window.since else 0
    high = history.place(window.until) * a_day if window.until else history.days * a_day
    return found.part((found.places >= low) & (found.places < high))


def _stand_out(looked_at: Sequence[Judged]) -> list[Judged]:
    """Of all steps of all series together, those too far off for chance."""
    if not looked_at:
        return []
    kept = named(np.concatenate([one.chance for one in looked_at]))
    ends = np.cumsum([len(one.chance) for one in looked_at])[:-1]
    return [one.part(mine) for one, mine in zip(looked_at, np.split(kept, ends), strict=True)]


def _largest(series: Sequence[Series], found: Sequence[Judged]) -> set[tuple[int, int]]:
    """Series and place of the anomalies with the largest excess."""
    every = [
        (abs(float(series[which].usd[int(part.places[at])]) - float(part.expected[at])), which, at)
        for which, part in enumerate(found)
        for at in range(len(part.places))
    ]
    return {(which, at) for _, which, at in sorted(every, reverse=True)[:MOST_EXPLAINED]}


def _anomaly(
    connection: Connection, of: tuple[History, Series, Asked], found: tuple[Judged, int], *, explained: bool
) -> Anomaly:
    (history, series, how), (part, at) = of, found
    place = int(part.places[at])
    expected = {
        name: estimate(float(values[at]))
        for name, values in (("p5", part.low), ("p50", part.expected), ("p95", part.high))
    }
    label = dict(zip(history.by, series.label, strict=True))
    excess = series.usd[place] - expected["p50"]
    step = _moment(history, place, how)
    why: Explained | None = None
    if explained:
        odd = {int(one) for one in part.places}
        compared = _compared(series, place, odd, _season(history, hours=how.hours))
        steps = [_moment(history, one, how) for one in compared]
        why = explain(connection, (step, steps), label, float(expected["p50"]))
    return Anomaly(label, step, series.usd[place], expected, excess, float(part.chance[at]), why)


def _moment(history: History, place: int, how: Asked) -> date | datetime:
    if how.hours:
        return datetime.combine(history.first_day, datetime.min.time()) + timedelta(hours=place)
    return history.first_day + timedelta(place)


def _compared(series: Series, place: int, odd: set[int], season: int) -> list[int]:
    """The steps that one is compared with: the same weekday (or hour) of up to eight cycles before, where it
    cost anything and did not stand out; all of four weeks before where there are too few of them."""
    same = [place - season * cycle for cycle in range(1, _COMPARED_CYCLES + 1)]
    near = list(range(place - 4 * season, place))
    for places in (same, near):
        kept = [one for one in places if one >= 0 and one not in odd and series.usd[one]]
        if len(kept) >= _ENOUGH_COMPARED:
            return kept
    return []
