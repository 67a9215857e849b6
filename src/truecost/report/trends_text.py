"""A trend for a terminal: the finding, the answers, a small chart on a logarithmic scale, the backtest."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from truecost.report.layout import DEFAULT_WIDTH, Line, Page, Span, Style, padded
from truecost.report.phrases import ranged, share, shown
from truecost.report.tables import Column, table
from truecost.report.trends_words import FORECASTERS, Fit, answers, caveats, fitted_to, judged, title

SEEN, MIDDLE, REACH = "·", "█", "▒"
LABEL, LEAST_CHART, LEAST_LABEL = 12, 16, 24
MORE = "More: --html FILE for charts, --json for every value{}."
PATHS = {
    "token-price": "; a plan follows it with price_path: trend:token-price-flagship, or -small",
    "gpu-hour": "; a plan follows it with price_path: trend:gpu-hour",
    "price-performance": "; a plan follows it with price_path: trend:price-performance",
}


def page(trend: Mapping[str, Any], width: int = DEFAULT_WIDTH) -> Page:
    """The page of a trend, no wider than `width`."""
    made = Page(width)
    made.title(f"{title(trend)}.")
    made.text(f"As known on {trend['as_of']}. Ranges are 90 % intervals.", Style.FAINT)
    for fit in trend["fits"]:
        made.heading(fit["title"])
        for sentence in answers(fit):
            if sentence:
                made.item(sentence)
        made.blank()
        made.extend(chart(fit, width))
        made.blank()
        for sentence in judged(fit):
            made.item(sentence, Style.STRONG if "loses" in sentence else Style.PLAIN)
        made.extend(_scores(fit, width))
        made.blank()
        made.item(fitted_to(fit), Style.FAINT)
    made.heading("What this is not")
    for sentence in caveats(trend["trend"]):
        made.item(sentence)
    made.item(f"Source: {trend['fits'][0]['source']}.", Style.FAINT)
    made.blank()
    made.text(MORE.format(PATHS.get(trend["trend"], "")), Style.FAINT)
    return made


def overview(trends: Mapping[str, Mapping[str, Any]], width: int = DEFAULT_WIDTH) -> Page:
    """The finding of each trend, by its name."""
    made = Page(width)
    made.title(f"{len(trends)} trends")
    made.text("One trend, with its backtest: truecost trends NAME. Ranges are 90 % intervals.", Style.FAINT)
    for name, trend in trends.items():
        made.blank()
        made.text(name, Style.STRONG, indent=2)
        made.text(f"{title(trend)}.", indent=4)
    return made


def chart(fit: Fit, width: int) -> list[Line]:
    """A line a year: what was seen (· from lowest to highest), what is predicted (▒, its median █)."""
    seen, ahead = seen_by_year(fit), [row for row in fit["forecast"] if not row["is_a_year_on"]]
    labels, room = _labels(ahead, fit["unit"], width)
    ends = [v for low, _, high in seen.values() for v in (low, high)]
    ends += [row[point] for row in ahead for point in ("p5", "p95")]
    scale = math.log(min(ends)), math.log(max(ends))
    lines: list[Line] = []
    for year, (low, middle, high) in seen.items():
        drawn = _strip((low, middle, high), scale, room, SEEN)
        lines.append(_line(str(year), drawn, f"{shown(middle, fit['unit'])}, seen", Style.FAINT))
    for row, label in zip(ahead, labels, strict=True):
        drawn = _strip((row["p5"], row["p50"], row["p95"]), scale, room, REACH)
        lines.append(_line(f"end {row['on'][:4]}", drawn, label, Style.BAR))
    return lines


def _labels(ahead: Sequence[Mapping[str, Any]], unit: str, width: int) -> tuple[list[str], int]:
    """What stands behind each strip, and the columns left for it; no interval where that is too wide."""
    said = (ranged(row, unit) for row in ahead), (shown(row["p50"], unit) for row in ahead)
    for each in said:
        labels = list(each)
        room = width - LABEL - 3 - max([len(label) for label in labels] + [LEAST_LABEL])
        if room >= LEAST_CHART:
            return labels, room
    return [""] * len(ahead), LEAST_CHART


def seen_by_year(fit: Fit) -> dict[int, tuple[float, float, float]]:
    """Lowest, median and highest of what was seen in each year, of the offers on which the level rests."""
    by_year: dict[int, list[float]] = {}
    for point in shown_points(fit):
        by_year.setdefault(int(point["on"][:4]), []).append(point["value"])
    return {
        year: (min(values), sorted(values)[len(values) // 2], max(values))
        for year, values in sorted(by_year.items())
    }


def shown_points(fit: Fit) -> list[Mapping[str, Any]]:
    """The observations on the scale of the forecast: of rents those of the chip that is forecast."""
    chip = fit.get("chip")
    return [p for p in fit["points"] if chip is None or f" {chip} " in f" {p['group'].replace('/', ' ')} "]


def _strip(points: tuple[float, float, float], scale: tuple[float, float], room: int, mark: str) -> str:
    low, middle, high = (_place(point, scale, room) for point in points)
    cells = [mark if low <= at <= high else " " for at in range(room)]
    cells[middle] = MIDDLE
    return "".join(cells)


def _place(value: float, scale: tuple[float, float], room: int) -> int:
    span = scale[1] - scale[0] or 1.0
    return min(room - 1, max(0, round((math.log(value) - scale[0]) / span * (room - 1))))


def _line(label: str, drawn: str, said: str, style: Style) -> Line:
    return (Span("  " + padded(label, LABEL - 2) + "  ", Style.FAINT), Span(drawn, style), Span(f" {said}"))


COLUMNS = (
    Column("ahead"),
    Column("forecaster"),
    Column("n\n(origins)", right=True, optional=True),
    Column("log error", right=True),
    Column("MAPE", right=True),
    Column("P90", right=True),
    Column("bias", right=True),
    Column("90 %\nheld", right=True),
)


def _scores(fit: Fit, width: int) -> list[Line]:
    """The scores on single values; those on the mean of sellers are in the other formats."""
    return table(COLUMNS, score_rows([r for r in fit["backtest"]["scores"] if r["scope"] == "each"]), width)


def score_rows(scores: Sequence[Mapping[str, Any]]) -> list[list[str]]:
    """The backtest as cells: each horizon and forecaster, its name said once a block."""
    rows: list[list[str]] = []
    before = ("", "")
    for row in scores:
        place = row["horizon"], row["scope"]
        first = place != before
        before = place
        rows.append(
            [
                row["horizon"] if first else "",
                FORECASTERS[row["forecaster"]],
                f"{row['predictions']} ({row['origins']})",
                f"{row['mean_log_error']:.2f}",
                share(row["mean_error"]),
                share(row["p90_error"]),
                _signed(row["bias"]),
                share(row["coverage_90"]),
            ]
        )
    return rows


def _signed(part: float) -> str:
    """A share with its sign, in whole per cents; none before a nought.

    >>> _signed(-0.21), _signed(0.034), _signed(-0.002)
    ('-21 %', '+3 %', '0 %')
    """
    percent = round(100 * part)
    return f"{percent:+,d} %" if percent else "0 %"
