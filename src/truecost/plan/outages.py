"""Days on which a class gets no answer, because its model went away before another was ready.

The queries of those days are not served: they cost no API call, and bring no price by the query or token.
Flat prices and contracts are refunded for them, in proportion to the tier's queries that fall in the class.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from truecost.plan.book import DAYS_PER_MONTH, Book
from truecost.plan.demand import TierTraffic, Traffic
from truecost.plan.schema import Serving
from truecost.plan.schema.serving import Api
from truecost.ranges import Value


def unserved_shares(serving: Mapping[str, Serving], book: Book) -> dict[str, Value]:
    """For each class whose API switches: the share of its queries not answered, by month.

    Formula: days without an answer / 30.4375 in the month of the switch, 0 in every other.
    """
    found: dict[str, Value] = {}
    for name, given in serving.items():
        if given.api is None or given.api.switch is None or given.options[0] not in {"api", "hybrid"}:
            continue
        path = f"serving.{name}.api.switch"
        days = _days(given.api, f"{path}.outage_days", book)
        found[name] = book.quantity(
            f"unserved.{name}",
            (book.month_index == given.api.switch.month) * days / DAYS_PER_MONTH,
            "share",
            "days without an answer / 30.4375, in the month of the switch",
            (f"{path}.outage_days",),
        )
    return found


def _days(spec: Api, path: str, book: Book) -> Value:
    assert spec.switch is not None
    if spec.switch.outage_days is None and spec.standby is not None:
        return 0.0
    return book.number(path, spec.switch.outage_days, "migration/outage_days")


def with_outages(demand: Traffic, serving: Mapping[str, Serving], book: Book) -> Traffic:
    """The demand that is served, and the share of flat prices that is kept."""
    lost = unserved_shares(serving, book)
    if not lost:
        return demand
    classes = {
        name: replace(c, queries=np.asarray(c.queries * (1 - lost.get(name, 0.0))))
        for name, c in demand.classes.items()
    }
    return Traffic({name: _served(tier, lost) for name, tier in demand.tiers.items()}, classes)


def _served(tier: TierTraffic, lost: Mapping[str, Value]) -> TierTraffic:
    answered = {name: share * (1 - lost.get(name, 0.0)) for name, share in tier.mix.items()}
    kept = sum(answered.values(), start=np.zeros((1, 1)))
    mix = {name: share / kept for name, share in answered.items()}
    return replace(tier, queries=np.asarray(tier.queries * kept), mix=mix, paid_share=kept)
