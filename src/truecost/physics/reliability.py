"""What failures, restarts and checkpoints take from a training run.

Interruptions arrive at a constant rate per chip and year (the records behind the rate are in
`evidence/data/interruptions.csv`, the fitted range in `calibration.toml`); after each, the work since the
last checkpoint is lost and the job needs time to come back. Everything here is in hours.

The number of chips alone does not tell what a run loses: the largest recorded runs lost the least, because
their operators had built for it (`truecost evidence`). A plan therefore takes the recorded share,
and shows the law's beside it; the law is for one who knows the interruptions of a cluster of his own.
"""

from __future__ import annotations

import numpy as np

from truecost.ranges import Value

HOURS_PER_YEAR = 8766.0


def mean_hours_between_interruptions(chips: Value, interruptions_per_chip_year: Value) -> Value:
    """Mean time between unplanned interruptions of a job that needs all its chips.

    Formula: 8766 / (chips x rate). Llama 3 405B: 419 in 54 days on 16,384 chips (arXiv:2407.21783).

    >>> round(mean_hours_between_interruptions(16_384.0, 0.173), 2)
    3.09
    """
    return HOURS_PER_YEAR / (chips * interruptions_per_chip_year)


def checkpoint_hours(parameters: Value, bytes_per_parameter: Value, write_bytes_per_s: Value) -> Value:
    """Time to write one checkpoint of weights and optimizer state, in hours.

    >>> round(checkpoint_hours(1e12, 13.8, 273e9) * 3600)  # one trillion parameters, arXiv:2104.04473 5.10
    51
    """
    return parameters * bytes_per_parameter / write_bytes_per_s / 3600


def optimum_checkpoint_interval_hours(checkpoint_hours: Value, mean_hours_between: Value) -> Value:
    """Hours of work between checkpoints that lose the least time, to first order.

    Formula: sqrt(2 x checkpoint x mean time between interruptions) (Young 1974, doi:10.1145/361147.361115;
    Daly 2006, doi:10.1016/j.future.2004.11.016). Holds while a checkpoint is short beside that time.

    >>> round(float(optimum_checkpoint_interval_hours(1 / 60, 3.0)), 3)
    0.316
    """
    return np.sqrt(2 * checkpoint_hours * mean_hours_between)


def lost_share(
    interval_hours: Value, checkpoint_hours: Value, restart_hours: Value, mean_hours_between: Value
) -> Value:
    """Share of a run's wall-clock time that makes no progress, between 0 and 1.

    Formula: 1 - w / (1 + ((interval + checkpoint) / 2 + restart) / mean time between), where
    w = interval / (interval + checkpoint) is the share left beside writing checkpoints. Each interruption
    costs half an interval on average, and one restart (detect, replace, load, warm up) during which no
    further interruption is counted.

    >>> round(lost_share(0.316, 1 / 60, 0.25, 3.09), 3)
    0.163
    """
    working = interval_hours / (interval_hours + checkpoint_hours)
    cost_of_interruption = (interval_hours + checkpoint_hours) / 2 + restart_hours
    return 1 - working / (1 + cost_of_interruption / mean_hours_between)


def lost_share_by_law(
    chips: Value, interruptions_per_chip_year: Value, checkpoint_hours: Value, restart_hours: Value
) -> Value:
    """`lost_share` of a run on `chips` chips that writes its checkpoints as often as is best.

    Llama 3 405B at its own 419 interruptions, with 11 minutes to come back, a little above the "less than
    10 %" that arXiv:2407.21783 reports:

    >>> round(float(lost_share_by_law(16_384.0, 0.173, 20 / 3600, 11 / 60)), 2)
    0.11
    """
    between = mean_hours_between_interruptions(chips, interruptions_per_chip_year)
    interval = optimum_checkpoint_interval_hours(checkpoint_hours, between)
    return lost_share(interval, checkpoint_hours, restart_hours, between)
