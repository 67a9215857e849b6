"""Every law's score on data it was not fitted on, as plain values, beside a constant and the peers.

scorecards()["laws"][0]["left_out"]["model"]["mean_error"]
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any

from truecost.evidence.epoch import BANDS, scorecard, within
from truecost.evidence.epoch_tables import METHODS
from truecost.evidence.lost_time import FACTOR, lost_time, off_by, recorded_share
from truecost.evidence.serving_told import serving_told
from truecost.evidence.training_told import TRAINING
from truecost.version import VERSION

CLAIMS = "truecost claims"
TRENDS = "truecost trends"


def scorecards(names: Sequence[str] | None = None) -> dict[str, Any]:
    """The scores of some laws, all by default; serving takes six seconds, the rest three."""
    return {
        "truecost": {"version": VERSION},
        "laws": [LAWS[name]() | {"peers": peers(name)} for name in names or LAWS],
        "elsewhere": {"published claims": CLAIMS, "price trends": TRENDS},
    }


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
