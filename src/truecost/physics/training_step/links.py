"""How fast a group of chips exchanges data over the links it really crosses.

Ranks are laid out tensor first, then context, expert and data, pipeline last, as Megatron does. A group that
stays inside a node uses its fast link. One that leaves it drives the network cards of all its ranks on the
node at once, so its rate is theirs added up, never more than the fast link's.
"""

from __future__ import annotations

import numpy as np

from truecost.physics.training_step.cases import Cases
from truecost.physics.training_step.constants import StepConstants
from truecost.ranges import Value


def ranks_on_node(cases: Cases, group: Value, inside: Value) -> Value:
    """Ranks of a group that sit on one node; `inside` counts the chips between two neighbours of it."""
    return np.clip(np.floor_divide(cases.chips.per_node, inside), 1, group)


def group_rate(cases: Cases, constants: StepConstants, group: Value, inside: Value) -> Value:
    """Bytes per second a chip exchanges in rings over a group of `group` chips, `inside` apart."""
    chips = cases.chips
    link = chips.link_bytes_per_s * constants.link_efficiency
    ranks = ranks_on_node(cases, group, inside)
    outside = np.minimum(link, ranks * chips.network_bytes_per_s * constants.network_efficiency)
    return np.where(np.less_equal(group, ranks), link, outside)


def ring_seconds(size: Value, group: Value, rate: Value) -> Value:
    """Gather (or reduce and scatter) `size` bytes: each chip passes on (group - 1) / group of it."""
    return size * (group - 1) / group / rate


def exchange_seconds(cases: Cases, constants: StepConstants, size: Value, group: Value) -> Value:
    """Every chip of an expert group sends `size` bytes, spread evenly over the group's other chips."""
    chips, inside = cases.chips, cases.layout.tensor
    ranks = ranks_on_node(cases, group, inside)
    near = size * (ranks - 1) / group / (chips.link_bytes_per_s * constants.link_efficiency)
    far = size * (group - ranks) / group / (chips.network_bytes_per_s * constants.network_efficiency)
    return near + far
