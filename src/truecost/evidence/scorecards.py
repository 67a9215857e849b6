"""Every law's score on data it was not fitted on, as plain values, beside a constant and the peers.

scorecards()["laws"][0]["left_out"]["model"]["mean_error"]
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np

from truecost.evidence.epoch import BANDS, scorecard, within
from truecost.evidence.epoch_tables import METHODS
from truecost.evidence.fit import fitting_points
from truecost.evidence.lost_time import FACTOR, lost_time, off_by, recorded_share
from truecost.evidence.serving_score import Comparison, serving_score
from truecost.evidence.training_told import TRAINING, WORST, errors
from truecost.physics.calibration import load_calibration
from truecost.version import VERSION

CLAIMS = "truecost claims"
TRENDS = "truecost trends"


def scorecards(names: Sequence[str] | None = None) -> dict[str, Any]:
    """The scores of some laws, all by default; serving takes five seconds, the rest three."""
    return {
        "truecost": {"version": VERSION},
        "laws": [LAWS[name]() | {"peers": peers(name)} for name in names or LAWS],
        "elsewhere": {"published claims": CLAIMS, "price trends": TRENDS},
    }


def serving_told() -> dict[str, Any]:
    """Serving: models, chips and whole sources left out; intervals by quantity; the worst setups."""
    result, calibration = serving_score(), load_calibration()
    return {
        "key": "serving",
        "title": "Serving",
        "quantity": "seconds of a replica that a request takes",
        "command": "truecost evidence serving",
        "fitted": calibration.checked.isoformat(),
        "fitted_on": calibration.fitted_on,
        "baseline": "the best constant share of the roofline that suits the others",
        "left_out": {what: _compared(one) for what, one in result.comparisons.items()},
        "outside": errors(result.outside) | {"coverage": result.outside_coverage},
        "seen": errors(result.seen),
        "intervals": [
            {
                "quantity": name,
                "low": interval.low,
                "high": interval.high,
                "coverage": result.coverages[name],
                **errors(result.quantities[name]),
            }
            for name, interval in result.intervals.items()
        ],
        "service": {
            "what": "DeepSeek's published day on H800",
            "measured_chips": result.service.measured_chips,
            "predicted_chips": result.service.predicted_chips,
        },
        **_serving_points(),
    }


def _compared(one: Comparison) -> dict[str, Any]:
    return {
        **errors(one.law),
        "groups": one.law.groups,
        "coverage": one.coverage,
        "baseline": errors(one.constant_roofline_share),
        "constant_utilization": errors(one.constant_utilization),
    }


def _serving_points() -> dict[str, Any]:
    """Replica-seconds measured and predicted with the model left out, and the worst of each setup."""
    points, ratios = fitting_points(), serving_score().held_out["model"].log_ratios.replica_seconds
    told = [
        {
            "name": name,
            "kind": chip,
            "measured": float(f"{seconds:.4g}"),
            "predicted": float(f"{seconds * np.exp(-ratio):.4g}"),
        }
        for name, chip, seconds, ratio in zip(
            points.models.tolist(),
            points.chips.tolist(),
            points.replica_seconds.tolist(),
            ratios.tolist(),
            strict=True,
        )
    ]
    firsts: dict[str, int] = {}
    for place in np.argsort(-np.abs(ratios), kind="stable").tolist():
        firsts.setdefault(str(points.setups[place]), place)
    worst = [
        {
            "case": setup.replace("/", ", "),
            "concurrency": float(points.concurrency[place]),
            "measured_s": told[place]["measured"],
            "predicted_s": told[place]["predicted"],
            "error": float(np.expm1(-ratios[place])),
        }
        for setup, place in list(firsts.items())[:WORST]
    ]
    return {"points": told, "worst": worst}


def lost_time_told() -> dict[str, Any]:
    """Lost time: the law of failures from the chips alone, against one recorded share."""
    runs, share = lost_time(), recorded_share()
    return {
        "key": "lost-time",
        "title": "Time lost to failures",
        "quantity": "share of a run lost",
        "command": "truecost evidence",
        "fitted": None,
        "fitted_on": "nothing: rates of failures on record",
        "baseline": f"one share of {share:.1%}, which plans take",
        "cases": len(runs),
        "factor": FACTOR,
        "within": sum(off_by(run.by_law[1], run.recorded) <= FACTOR for run in runs),
        "constant_within": sum(off_by(share, run.recorded) <= FACTOR for run in runs),
        "share": share,
        "runs": [
            {
                "run": run.run,
                "chips": run.chips,
                "recorded_low": run.recorded[0],
                "recorded_high": run.recorded[1],
                "by_law": list(run.by_law),
                "by_own_interruptions": run.by_own_interruptions,
            }
            for run in runs
        ],
    }


def costs_told() -> dict[str, Any]:
    """Training costs: Epoch AI's published figures under its own assumptions."""
    scores = scorecard()
    rows: list[dict[str, Any]] = []
    for method in METHODS:
        of = [one for one in scores if one.method == method]
        rows.append(
            {
                "method": method,
                "figures": len(of),
                "within": [within(of, band) for band in BANDS],
                "no_inputs": sum(one.difference is None for one in of),
            }
        )
    return {
        "key": "training-costs",
        "title": "Training costs",
        "quantity": "Epoch AI's published USD of a run, under its own assumptions",
        "command": "truecost evidence epoch",
        "fitted": None,
        "fitted_on": "nothing: the same rules on the same inputs",
        "baseline": None,
        "cases": len(scores),
        "bands": list(BANDS),
        "methods": rows,
    }


@cache
def _peer_rows() -> list[dict[str, Any]]:
    import yaml

    text = (files("truecost.evidence") / "data" / "peers.yaml").read_text(encoding="utf-8")
    return yaml.load(text, Loader=yaml.CSafeLoader)


def peers(law: str) -> list[dict[str, Any]]:
    """What other tools reach on the same question, by themselves (claimed) or in our hands (measured)."""
    return [
        {key: str(value) if key == "checked" else value for key, value in row.items() if key != "law"}
        for row in _peer_rows()
        if row["law"] == law
    ]


LAWS: Mapping[str, Callable[[], dict[str, Any]]] = {
    "serving": serving_told,
    **TRAINING,
    "lost-time": lost_time_told,
    "training-costs": costs_told,
}
"""By name, what tells its score, in the order they are printed in."""
