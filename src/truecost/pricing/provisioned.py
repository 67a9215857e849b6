"""Provisioned throughput: capacity bought by the hour, used or not."""

from __future__ import annotations

import numpy as np

from truecost.ranges import Value


def provisioned_cost(units: Value, usd_per_unit_hour: Value, hours: Value) -> Value:
    """USD of holding `units` of capacity for `hours`: units x USD/unit-hour x hours, idle hours included.

    >>> provisioned_cost(2.0, 36.0, 730.0)
    52560.0
    """
    for name, value in (("units", units), ("usd_per_unit_hour", usd_per_unit_hour), ("hours", hours)):
        if not np.all(np.greater_equal(value, 0)):
            raise ValueError(f"{name} must be 0 or more")
    return units * usd_per_unit_hour * hours
