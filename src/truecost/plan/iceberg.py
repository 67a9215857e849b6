"""What people quote of a plan, and everything below the waterline."""

from __future__ import annotations

from typing import Any

import numpy as np

from truecost.lines import Payee
from truecost.plan.evaluate import Evaluation
from truecost.plan.programme.training_run import FINAL_RUN
from truecost.ranges import FloatArray, summarize

CHIP_PAYEES = (Payee.CLOUD, Payee.CHIPS)


def iceberg(evaluation: Evaluation) -> dict[str, Any]:
    """The quotable number against everything else: the first final run, or else the bill for serving."""
    quoted, above = quotable(evaluation)
    groups: dict[str, FloatArray] = {}
    tip = np.zeros(evaluation.draws)
    for name, totals in evaluation.lines.items():
        if name in above:
            tip = tip + totals.cost_usd
        else:
            group = totals.line.group
            groups[group] = groups.get(group, np.zeros(evaluation.draws)) + totals.cost_usd
    hidden = sorted(groups.items(), key=lambda item: -float(item[1].mean()))
    below = np.asarray(sum(groups.values(), start=np.zeros(evaluation.draws)))
    total = float(tip.mean() + below.mean())
    return {
        "quotable": quoted,
        "quotable_lines": [name for name in evaluation.lines if name in above],
        "quotable_usd": summarize(tip),
        "quotable_share": float(tip.mean()) / total if total else None,
        "below_waterline_usd": summarize(below),
        "groups": [{"group": name, "cost_usd": summarize(values)} for name, values in hidden],
    }


def quotable(evaluation: Evaluation) -> tuple[str, set[str]]:
    """What people quote of such a plan, and the lines it is made of."""
    lines = {name: totals.line for name, totals in evaluation.lines.items()}
    served = {n: line.payee for n, line in lines.items() if line.group == "Inference"}
    candidates = (
        ("final training run", {n for n, line in lines.items() if line.group == FINAL_RUN}),
        ("inference as quoted", {n for n in lines if n.startswith("inference.") and n.endswith(".quoted")}),
        ("the bill of the model's vendor", {n for n, p in served.items() if p is Payee.MODEL_VENDOR}),
        ("the chips", {n for n, p in served.items() if p in CHIP_PAYEES}),
    )
    return next(((name, found) for name, found in candidates if found), ("nothing", set[str]()))
