"""The forecast: what a month will have cost at its end, with a 90 % range and how far off that has been.

Spent so far is exact; the days to come are `truecost.finance.daily_forecast`. Its past error is that of the
same question asked on earlier days: as many days spent, as many to go.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from truecost.finance.daily_forecast import Outlook, Score, TooShort, outlook
from truecost.ledger.over_time.daily import Asked, History, Series, costs_by_day, estimate
from truecost.ledger.questions import Window
from truecost.ledger.reporting import plain

if TYPE_CHECKING:
    from truecost.catalog.catalog import Catalog

QUANTILES: Mapping[str, float] = {"p5": 0.05, "p50": 0.5, "p95": 0.95}
_RECENT_DAYS = 7
_SHOWN_WEIGHT = 0.05


@dataclass(frozen=True, slots=True)
class EndOfPeriod:
    """What a period will have cost: spent so far, and at its end where that can be said.

    `usd` has p5, p50 and p95; None with the reason in `declined`. `usd_per_day` is the mean of the last seven
    days. `score` is the record of the same question asked earlier: sums of `score_days`, of which the last
    `score_horizon` were forecast. `error_days` is the longest horizon with errors of its own, beyond which
    the range is extrapolated. `methods` are what was pooled, with weights.
    """

    spent_usd: Decimal
    usd_per_day: Decimal
    usd: Mapping[str, Decimal] | None
    declined: str | None
    score: Score | None
    score_days: int
    score_horizon: int
    error_days: int
    methods: tuple[tuple[str, float], ...]


@dataclass(frozen=True, slots=True)
class GroupForecast:
    """The forecast of one group, by itself."""

    label: Mapping[str, Any]
    end: EndOfPeriod


@dataclass(frozen=True, slots=True)
class CostForecast:
    """A month's cost at its end, whole and by group; the groups are forecast each by itself."""

    store: str
    month: str
    by: tuple[str, ...]
    as_known: date
    first_day: date
    on: date
    unfinished_day: date | None
    empty_days: int
    days_known: int
    days_spent: int
    days_left: int
    requests: int
    unpriced_requests: int
    total: EndOfPeriod
    groups: tuple[GroupForecast, ...]
    other_groups: int
    where: str | None = None
    catalog: str | None = None
    """The file whose prices went before those that ship."""

    def to_dict(self) -> dict[str, Any]:
        """Plain values with stable keys; amounts as text."""
        told = {key: value for key, value in asdict(self).items() if key not in ("total", "groups")}
        groups = [{"label": dict(one.label), **told_end(one.end)} for one in self.groups]
        return plain({**told, "total": told_end(self.total), "groups": groups})


def told_end(end: EndOfPeriod) -> dict[str, Any]:
    """An EndOfPeriod with its units in the keys."""
    past = None if end.score is None else {
        "days": end.score_days,
        "horizon_days": end.score_horizon,
        "starts": end.score.starts,
        "independent_starts": round(end.score.independent, 1),
        "mean_absolute_error_share": end.score.mape,
        "last_week_again_error_share": end.score.naive_mape,
        "range_90_held_share": end.score.coverage,
        "ranges": end.score.ranges,
    }  # fmt: skip
    return {
        "spent_usd": end.spent_usd,
        "usd_per_day": end.usd_per_day,
        "forecast_usd": end.usd,
        "declined": end.declined,
        "past": past,
        "error_days": end.error_days,
        "methods": [{"method": one, "weight": round(weight, 3)} for one, weight in end.methods],
    }


def cost_forecast(
    store: str | os.PathLike[str],
    by: Sequence[str] = (),
    *,
    month: str | None = None,
    on: date | None = None,
    as_known: date | None = None,
    today: date | None = None,
    where: str | None = None,
    catalog: Catalog | None = None,
) -> CostForecast:
    """What a month will have cost at its end, from what was used up to the end of the day `on`.

    `month` is the one that the day after `on` lies in, or an earlier one, which is over; `where`
    (`truecost.ledger.filters`) takes some rows alone. Raises NoStore, NoUsage, ValueError for a column, a
    filter, a later month or what is no month.
    """
    asked = Asked(tuple(by), on, as_known, today=today, where=where, catalog=catalog)
    with costs_by_day(store, asked) as (_, history):
        begin, end = _period(history, month)
        total = end_of_period(history, history.total, begin, end)
        groups = tuple(
            GroupForecast(
                dict(zip(history.by, one.label, strict=True)), end_of_period(history, one, begin, end)
            )
            for one in history.groups
        )
    spent = max(0, min(history.days, history.place(end)) - max(history.place(begin), 0))
    return CostForecast(
        history.store, begin.strftime("%Y-%m"), history.by, history.as_known, history.first_day, history.on,
        history.unfinished, history.empty_days, history.days, spent, days_left(history, end),
        history.requests, history.unpriced_requests, total, groups, history.others,
        history.where, history.catalog,
    )  # fmt: skip


def _period(history: History, month: str | None) -> tuple[date, date]:
    """The first day of a month and of the next one."""
    following = history.on + timedelta(1)
    window = Window.of_month(month or following.strftime("%Y-%m"))
    assert window.since is not None
    assert window.until is not None
    if window.since > following:
        raise ValueError(
            f"--month {month}: usage ends on {history.on}, and what is forecast is the month that the day"
            f" after it lies in, {following:%Y-%m}"
        )
    if window.until <= history.first_day:
        raise ValueError(f"--month {month}: usage begins on {history.first_day}")
    return window.since, window.until


def days_left(history: History, end: date) -> int:
    """Days from the last that counts to the end of a period."""
    return max(0, (end - history.on).days - 1)


def end_of_period(history: History, series: Series, begin: date, end: date) -> EndOfPeriod:
    """What a series will have cost from `begin` to before `end`."""
    spent = series.sum(history.place(begin), history.place(end))
    recent = min(_RECENT_DAYS, history.days)
    pace = estimate(float(series.sum(history.days - recent, history.days)) / recent)
    left = days_left(history, end)
    if left == 0:
        return EndOfPeriod(spent, pace, dict.fromkeys(QUANTILES, spent), None, None, 0, 0, 0, ())
    try:
        ahead = outlook(series.costs, left)
    except TooShort as error:
        return EndOfPeriod(spent, pace, None, str(error), None, 0, 0, 0, ())
    horizon = min(left, ahead.record.longest)
    spent_days = min((end - begin).days - left, history.days // 2)
    return EndOfPeriod(
        spent,
        pace,
        _at_end(ahead, spent, left),
        None,
        ahead.record.score(horizon, spent_days),
        spent_days + horizon,
        horizon,
        ahead.measured_steps,
        tuple(one for one in ahead.methods if one[1] >= _SHOWN_WEIGHT),
    )


def _at_end(ahead: Outlook, spent: Decimal, left: int) -> dict[str, Decimal]:
    return {name: spent + estimate(ahead.quantile(share, left)) for name, share in QUANTILES.items()}
