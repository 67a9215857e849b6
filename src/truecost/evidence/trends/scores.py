"""How good the predictions of a backtest were, by horizon, and whether the trend beat the random walk."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from truecost.finance.backtest import Trial

LEVEL = 0.05
"""Within 5 % of the random walk's error the trend is neither better nor worse."""
FEW_ORIGINS = 6
"""With fewer origins a comparison says little: they overlap as well."""


def scores(trials: Sequence[Trial], horizons: Iterable[str], scope: str) -> list[dict[str, Any]]:
    """One row a horizon and forecaster; errors are shares of what came, `mean_log_error` is of ln(actual /
    said).
    """
    rows: list[dict[str, Any]] = []
    for horizon in horizons:
        for name in dict.fromkeys(trial.forecaster for trial in trials):
            own = [t for t in trials if t.horizon == horizon and t.forecaster == name]
            if own:
                rows.append({"scope": scope, "horizon": horizon, "forecaster": name} | _row(own))
    return rows


def _row(trials: Sequence[Trial]) -> dict[str, Any]:
    logs = np.array([trial.log_error for trial in trials])
    relative = np.expm1(-logs)
    return {
        "predictions": len(trials),
        "origins": len({trial.origin for trial in trials}),
        "mean_log_error": float(np.abs(logs).mean()),
        "mean_error": float(np.abs(relative).mean()),
        "p90_error": float(np.quantile(np.abs(relative), 0.9)),
        "bias": float(np.median(relative)),
        "coverage_90": float(np.mean([trial.is_inside for trial in trials])),
    }


def verdicts(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """At each horizon, whether the trend's mean log error is below that of the random walk."""
    found: list[dict[str, Any]] = []
    for row in rows:
        if row["forecaster"] != "trend":
            continue
        walk = next(r for r in rows if r["forecaster"] == "random_walk" and _place(r) == _place(row))
        ratio = row["mean_log_error"] / walk["mean_log_error"]
        found.append(
            {
                "scope": row["scope"],
                "horizon": row["horizon"],
                "verdict": verdict(ratio),
                "error_over_random_walk": ratio,
                "predictions": row["predictions"],
                "origins": row["origins"],
                "few": row["origins"] < FEW_ORIGINS,
            }
        )
    return found


def verdict(ratio: float) -> str:
    """The trend's error over the random walk's, in a word.

    >>> verdict(0.8), verdict(0.98), verdict(1.2)
    ('beats', 'level', 'loses')
    """
    if ratio < 1 - LEVEL:
        return "beats"
    return "loses" if ratio > 1 + LEVEL else "level"


def _place(row: dict[str, Any]) -> tuple[str, str]:
    return row["scope"], row["horizon"]
