"""The replicas that are awake, by when they are next to be looked at: a heap inside their own records."""

from __future__ import annotations

from typing import Any

from truecost.replay.engine_compile import kernel
from truecost.replay.engine_state import Records


@kernel
def settle(replicas: Records, place: int, r: int) -> None:
    """Put a replica at a place of the heap."""
    replicas[place].in_heap = r
    replicas[r].heap_place = place


@kernel
def sift_up(replicas: Records, r: int) -> None:
    """Bring a replica whose clock is earlier now to its place in the heap of those awake."""
    when, place = replicas[r].clock, replicas[r].heap_place
    while place > 0 and replicas[replicas[(place - 1) // 2].in_heap].clock > when:
        settle(replicas, place, replicas[(place - 1) // 2].in_heap)
        place = (place - 1) // 2
    settle(replicas, place, r)


@kernel
def sift_down(replicas: Records, awake: int) -> None:
    """Bring the replica at the top of the heap, whose clock is later now, to its place."""
    r = replicas[0].in_heap
    place, child = 0, 1
    while child < awake:
        other = child + 1
        if other < awake and clock_at(replicas, other) < clock_at(replicas, child):
            child = other
        if clock_at(replicas, child) >= replicas[r].clock:
            break
        settle(replicas, place, replicas[child].in_heap)
        place, child = child, 2 * child + 1
    settle(replicas, place, r)


@kernel
def clock_at(replicas: Records, place: int) -> float:
    """The clock of the replica at a place of the heap."""
    return replicas[replicas[place].in_heap].clock


@kernel
def push(engine: Any, replicas: Records, r: int) -> None:
    """A replica wakes, its clock set."""
    replicas[r].awake = 1
    replicas[r].heap_place = engine.awake
    engine.awake += 1
    sift_up(replicas, r)


@kernel
def pop(engine: Any, replicas: Records) -> None:
    """The replica at the top goes to sleep. The heap must be sifted down after."""
    replicas[replicas[0].in_heap].awake = 0
    engine.awake -= 1
    settle(replicas, 0, replicas[engine.awake].in_heap)


@kernel
def remove(engine: Any, replicas: Records, r: int) -> None:
    """A replica anywhere in the heap goes to sleep."""
    replicas[r].clock = -1.0
    sift_up(replicas, r)
    pop(engine, replicas)
    if engine.awake > 1:
        sift_down(replicas, engine.awake)
