"""The volume from which a fleet of one's own costs no more than an API."""

from __future__ import annotations

import numpy as np

from truecost.ranges import FloatArray, Value


def self_hosting_volume(
    api_usd_per_token: Value,
    usd_per_replica_month: Value,
    tokens_per_replica_month: Value,
    spare: Value,
    fixed_usd_per_month: Value = 0.0,
) -> FloatArray:
    """Tokens a month from which a fleet of one's own costs no more than the API, for good; inf for never.

    A fleet for V tokens a month is n = ceil(V / K) replicas and the spares, R a month each, and a fixed
    part F: it costs no more than the API at a USD a token from V_n = (F + R (n + spare)) / a on, as long as
    n replicas do. The last n that still loses just above the capacity of n - 1, V_n > (n - 1) K, is the
    largest whole number below (F + R spare + a K) / (a K - R); V_n of it is the answer, beyond which no
    further replica brings a loss back. At a smaller volume the fleet may be ahead for a while. Never where
    a full replica costs more than the API does, a K <= R.

    >>> self_hosting_volume(1.0, 4.0, 10.0, 1).tolist(), self_hosting_volume(1.0, 7.0, 10.0, 1).tolist()
    ([12.0], [42.0])
    """
    api, rent, capacity, idle, fixed = np.atleast_1d(
        *np.broadcast_arrays(
            *(
                np.asarray(v, dtype=np.float64)
                for v in (
                    api_usd_per_token,
                    usd_per_replica_month,
                    tokens_per_replica_month,
                    spare,
                    fixed_usd_per_month,
                )
            )
        )
    )
    saved, standing = api * capacity, fixed + rent * idle
    gain = saved - rent
    pays = gain > 0
    bound = (standing + saved) / np.where(pays, gain, 1.0)
    replicas = np.maximum(np.ceil(bound) - 1, 1.0)
    return np.where(pays, (standing + rent * replicas) / np.where(pays, api, 1.0), np.inf)
