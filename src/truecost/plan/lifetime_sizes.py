"""The size a model should have for the tokens it will serve: from its training compute alone, no plan."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np

from truecost.physics.loss_law import (
    DEFAULT_LAW,
    FORWARD,
    LossLaw,
    Setting,
    lifetime_optimum,
    published_law,
    wall,
)
from truecost.plan.book import Book
from truecost.plan.inference_wall import LEVERS, pulled
from truecost.ranges import Draws, Ranged, Value, summarize

if TYPE_CHECKING:
    from truecost.catalog.catalog import Catalog

SERVED = (0.0, 60e12, 300e12)
DRAWS = 1024


def lifetime_sizes(
    flops: float,
    served: Sequence[float] = SERVED,
    *,
    law: str = DEFAULT_LAW,
    serving_price: float = 1.0,
    catalog: Catalog | None = None,
) -> dict[str, Any]:
    """What `truecost wall` tells: the best size at the loss of a run of `flops`, by the tokens it serves.

    `serving_price` is what a FLOP of serving costs over one of training: 1 counts compute. `levers` are
    computed at the first of the volumes that is not 0, over draws of their facts. Raises ValueError for a
    compute or price that is not above 0, or a volume below 0.

    >>> [f"{row['parameters'] / 1e9:.0f}B" for row in lifetime_sizes(2.1e25)["rows"]]
    ['456B', '213B', '149B']
    """
    _check(flops, served, serving_price)
    chosen = published_law(law)
    alone, tokens = chosen.compute_optimal(flops)
    loss, setting = chosen.loss(alone, tokens), Setting(serving_price=serving_price)
    rows = [_row(chosen, loss, volume, setting, float(alone)) for volume in served]
    asked = next((volume for volume in served if volume > 0), None)
    return {
        "training_flops": flops,
        "law": {
            "name": chosen.name,
            "source": chosen.source,
            "irreducible": chosen.irreducible,
            "of_parameters": chosen.of_parameters,
            "of_tokens": chosen.of_tokens,
            "parameters_exponent": chosen.parameters_exponent,
            "tokens_exponent": chosen.tokens_exponent,
        },
        "loss": loss,
        "serving_price": serving_price,
        "rows": rows,
        "tokens_at_training_budget": 3 * tokens / serving_price,
        "tokens_at_training_budget_if_sized_for_it": wall(chosen, loss, setting),
        "levers_at_served_tokens": asked,
        "levers": _levers(chosen, loss, asked, setting, catalog),
    }


def _check(flops: float, served: Sequence[float], serving_price: float) -> None:
    for name, value in (("the training compute", flops), ("the price of serving", serving_price)):
        if not (value > 0 and math.isfinite(value)):
            raise ValueError(f"{name} must be above 0, not {value:g}")
    for volume in served:
        if not (volume >= 0 and math.isfinite(volume)):
            raise ValueError(f"served tokens must be at least 0, not {volume:g}")


def _row(law: LossLaw, loss: Value, served: float, setting: Setting, alone: float) -> dict[str, float]:
    """The best size for a volume, and what it saves against the size that costs least to train."""
    best = lifetime_optimum(law, loss, served, setting)
    training = lifetime_optimum(law, loss, 0.0, setting).training_flops
    otherwise = training + setting.serving_price * FORWARD * alone * served
    return {
        "served_tokens": served,
        "parameters": float(best.active_parameters),
        "training_tokens": float(best.tokens),
        "training_flops": float(best.training_flops),
        "serving_flops": float(best.serving_flops),
        "saving_share": float(1 - best.cost / otherwise),
    }


def _levers(
    law: LossLaw, loss: Value, served: float | None, setting: Setting, catalog: Catalog | None
) -> dict[str, dict[str, Ranged | None]]:
    """Size, training tokens, lifetime saving and wall with each lever; ranges are of its facts."""
    from truecost.catalog.catalog import load

    book = Book(1, Draws(1, 0, DRAWS), date.today(), catalog or load())
    told: dict[str, dict[str, Ranged | None]] = {}
    plain = None if served is None else lifetime_optimum(law, loss, served, setting)
    for name in LEVERS:
        there, _ = pulled(name, law, loss, setting, book)
        best = None if served is None else lifetime_optimum(law, loss, served, there)
        moved = np.broadcast_to(np.asarray(wall(law, loss, there)), (DRAWS,))
        saving = None if best is None or plain is None else summarize(1 - np.divide(best.cost, plain.cost))
        told[name] = {
            "parameters": None if best is None else summarize(np.atleast_1d(best.active_parameters)),
            "training_tokens": None if best is None else summarize(np.atleast_1d(best.tokens)),
            "saving_share": saving,
            "tokens_at_training_budget_if_sized_for_it": summarize(moved),
        }
    return told
