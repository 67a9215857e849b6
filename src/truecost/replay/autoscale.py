"""An autoscaler as Kubernetes' HPA and Ray Serve have it: replicas by the requests that each has to serve."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class Autoscaler:
    """At fixed intervals the requests running or waiting are set against the replicas up or starting.

    Above `scale_up_at` requests a replica so many are started that they come down to it: ongoing /
    scale_up_at, rounded up. Below `scale_down_at` so many are drained that they come up to that at most. With
    both the same, that is the rule of Ray Serve (`target_ongoing_requests`) and of the HPA without tolerance.
    The wish must last for `upscale_delay_s` or `downscale_delay_s`; of a changing one the least change is
    made.

    A replica takes requests `start_s` seconds after its start. When it drains it takes no new ones, and goes
    when those it has are answered; it is paid until then. The one with the fewest requests is drained first.
    `initial_replicas` (None: the fewest) are up at 0. There are never more than the fleet has places,
    draining ones included. Raises ValueError for what contradicts itself.
    """

    min_replicas: int
    scale_up_at: float
    scale_down_at: float
    start_s: float
    interval_s: float = 15.0
    upscale_delay_s: float = 0.0
    downscale_delay_s: float = 300.0
    initial_replicas: int | None = None

    def __post_init__(self) -> None:
        if self.min_replicas < 1:
            raise ValueError(f"min_replicas: {self.min_replicas}; at least 1")
        if not 0 < self.scale_down_at <= self.scale_up_at < np.inf:
            raise ValueError(
                f"scale_down_at: {self.scale_down_at}; above 0, at most scale_up_at = {self.scale_up_at}"
            )
        if not 0 < self.interval_s < np.inf:
            raise ValueError(f"interval_s: {self.interval_s}; seconds, above 0")
        for name in ("start_s", "upscale_delay_s", "downscale_delay_s"):
            if not 0 <= getattr(self, name) < np.inf:
                raise ValueError(f"{name}: {getattr(self, name)}; seconds, at least 0")

    @property
    def initial(self) -> int:
        """Replicas up at 0."""
        return self.min_replicas if self.initial_replicas is None else self.initial_replicas
