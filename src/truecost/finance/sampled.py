"""From a series of dated observations to the sample that a trend is fitted to."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

import numpy as np

from truecost.catalog.series import Observation, Series
from truecost.finance.trends import Sample

DAYS_PER_YEAR = 365.25
QUARTER_DAYS = 91.3125


def year_of(day: date) -> float:
    """A day as a number of years.

    >>> year_of(date(2024, 1, 1)), round(year_of(date(2026, 7, 2)), 2)
    (2024.0, 2026.5)
    """
    return 2024 + (day - date(2024, 1, 1)).days / DAYS_PER_YEAR


def day_of(year: float) -> date:
    """The day of a number of years.

    >>> day_of(2026.5)
    datetime.date(2026, 7, 2)
    """
    return date(2024, 1, 1) + timedelta(days=round((year - 2024) * DAYS_PER_YEAR))


def sampled(series: Series, as_of: date) -> Sample:
    """What was known of a series on a day: a price list read every quarter back from it, else the
    observations.
    """
    groups = followed(series, as_of)
    clusters = {name: number for number, name in enumerate(cluster_names(series, as_of))}
    rows: list[tuple[float, float, int, int]] = []
    for number, observations in enumerate(groups.values()):
        cluster = clusters[observations[0].cluster]
        read = _quarterly(observations, as_of) if series.holds else ((o.on, o.value) for o in observations)
        rows += [(year_of(day), value, number, cluster) for day, value in read]
    years, values, numbers, whose = zip(*sorted(rows), strict=True) if rows else ((), (), (), ())
    return Sample(
        np.asarray(years, dtype=np.float64),
        np.log(np.asarray(values, dtype=np.float64)),
        np.asarray(numbers, dtype=np.int64),
        np.asarray(whose, dtype=np.int64),
    )


def followed(series: Series, as_of: date) -> dict[str, list[Observation]]:
    """The groups that count: of several, those seen more than once, for one price alone says nothing of a
    change.
    """
    groups = series.until(as_of).groups()
    if len(groups) <= 1:
        return groups
    return {g: o for g, o in groups.items() if o[0].on < (as_of if series.holds else o[-1].on)}


def cluster_names(series: Series, as_of: date) -> list[str]:
    """The clusters of a sample by their number."""
    return sorted({observations[0].cluster for observations in followed(series, as_of).values()})


def _quarterly(observations: list[Observation], as_of: date) -> Iterator[tuple[date, float]]:
    """The value in force on the days that lie whole quarters before a day."""
    for back in range(round((as_of - observations[0].on).days / QUARTER_DAYS) + 1):
        day = as_of - timedelta(days=round(back * QUARTER_DAYS))
        known = [each.value for each in observations if each.on <= day]
        if known:
            yield day, known[-1]
