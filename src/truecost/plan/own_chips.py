"""What chips of one's own would save a class over the plan, against its API."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from truecost.physics.replica import DoesNotFit
from truecost.plan.book import Book, over_months
from truecost.plan.break_even import STAND_IN
from truecost.plan.evaluate import Evaluation
from truecost.plan.serving import ClassServing, option_charges
from truecost.ranges import FloatArray, Ranged, summarize
from truecost.spec.sampling import sample


def against_api(name: str, evaluation: Evaluation) -> dict[str, Ranged | None]:
    """USD over the plan: the API's bill for a class, own chips for the same work, and what they would save.

    Months, growth, price paths and porting count as the plan has them, from the first draws; where the plan
    names no model to host the stand-in of the break-even does. All null where that does not fit or a price of
    it is missing.
    """
    served = evaluation.served[name]
    api = _usd(served, "api", evaluation)
    own = _usd(served, "self_hosted", evaluation) if "self_hosted" in served.options else None
    if own is None:
        more = _stand_in_less_api(name, evaluation)
        own = None if more is None else api + more
    if own is None:
        return dict.fromkeys(("api_usd", "own_chips_usd", "saved_usd"))
    return {"api_usd": summarize(api), "own_chips_usd": summarize(own), "saved_usd": summarize(api - own)}


def _usd(served: ClassServing, option: str, evaluation: Evaluation) -> FloatArray:
    return _over_plan(served.options[option].cost(), evaluation)


def _stand_in_less_api(name: str, evaluation: Evaluation) -> FloatArray | None:
    """How much more than the API the stand-in costs: what the levers cost is on both sides, and left off."""
    book = _apart(evaluation.first)
    host = STAND_IN.model_copy(update={"region": evaluation.plan.region})
    serving = sample(evaluation.plan, book.draws).serving[name].model_copy(update={"self_hosted": host})
    work = evaluation.served[name].work
    try:
        own, api = (
            option_charges(option, serving, work, f"serving.{name}", book).cost()
            for option in ("self_hosted", "api")
        )
    except (LookupError, DoesNotFit):
        return None
    return _over_plan(own, evaluation) - _over_plan(api, evaluation)


def _apart(book: Book) -> Book:
    """A book whose every entry is its own: what is computed here leaves no trace in the result."""
    return replace(
        book.aside(), facts={}, defaults={}, left_out={}, warnings={}, decisions=dict(book.decisions)
    )


def _over_plan(by_month: object, evaluation: Evaluation) -> FloatArray:
    total = over_months(np.asarray(by_month, dtype=np.float64), evaluation.plan.horizon_months)
    return np.broadcast_to(total, (evaluation.first.draws.count,))
