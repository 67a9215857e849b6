"""Setups that were measured: what correcting the law by nearby measurements comes to, each run left out.

The rows that `physics.nearby` takes, and their score: runs are left out in `FOLDS` parts, each corrected by
the others of its group. A figure from here is of an interpolation, not of a prediction.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping

import numpy as np

from truecost.catalog.models import model
from truecost.evidence.fit import LogRatios
from truecost.evidence.measurements import OFFLINE_BATCH, Stack
from truecost.evidence.metrics import Labels
from truecost.physics.nearby import KEYS, PLACES, RATIOS, Place, Residuals
from truecost.ranges import FloatArray

FOLDS = 5
SEED = 11
FEWEST = 6
"""Runs of a group that are judged: some must be left to interpolate from."""


def groups_of(points: Stack) -> Labels:
    """What must be the same of two runs, in words."""
    precisions = [str(setup).rsplit("/", 1)[-1] for setup in points.setups]
    rows = zip(points.models, points.chips, points.engines, precisions, strict=True)
    return np.array(["/".join(map(str, row)) for row in rows])


def places_of(points: Stack) -> FloatArray:
    """Logarithms of PLACES, a row a point; everything queued counts as the largest batch of an engine."""
    work = points.work
    ranks = np.asarray(work.data_parallel, dtype=np.float64)
    at_once = np.where(np.isfinite(points.concurrency), points.concurrency, OFFLINE_BATCH * ranks)
    columns = (
        np.asarray(work.tensor_parallel) * ranks,
        ranks,
        at_once,
        work.prefill_tokens,
        work.output_tokens,
    )
    return np.log(np.stack([np.asarray(column, dtype=np.float64) for column in columns], axis=1))


def seen_text(points: Stack, ratios: LogRatios) -> str:
    """The rows `physics.nearby` takes, as a CSV file."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([*KEYS, *PLACES, *RATIOS, "source"])
    places = np.exp(places_of(points))
    for at, name in enumerate(points.models.tolist()):
        sizes = model(name)
        keys = [sizes.total_parameters, sizes.num_hidden_layers, points.chips[at], points.engines[at]]
        found = (float(getattr(ratios, ratio)[at]) for ratio in RATIOS)
        writer.writerow(
            [
                *keys, str(points.setups[at]).rsplit("/", 1)[-1], *(f"{value:.6g}" for value in places[at]),
                *("" if np.isnan(value) else f"{value:.4f}" for value in found), points.sources[at],
            ]
        )  # fmt: skip
    return out.getvalue()


def corrected(points: Stack, ratios: LogRatios) -> tuple[LogRatios, Labels]:
    """Residuals once each run is corrected by the others of its group, and the groups; NaN where too few."""
    groups, places = groups_of(points), places_of(points)
    folds = np.random.default_rng(SEED).integers(0, FOLDS, len(points))
    table: FloatArray = np.stack([np.asarray(getattr(ratios, name)) for name in RATIOS], axis=1)
    left: Mapping[str, FloatArray] = {name: np.full(len(points), np.nan) for name in LogRatios._fields}
    for group in np.unique(groups):
        own = np.flatnonzero(groups == group)
        if len(own) < FEWEST:
            continue
        known = Residuals(places[own], table[own])
        for at in own.tolist():
            means, _ = known.near(Place(*np.exp(places[at]).tolist()), folds[own] != folds[at])
            for name, mean in zip(RATIOS, means.tolist(), strict=True):
                left[name][at] = getattr(ratios, name)[at] - mean
            left["e2e"][at] = ratios.e2e[at] - means[RATIOS.index("tpot")]
    return LogRatios(**left), groups
