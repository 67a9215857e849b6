"""Who runs and who waits on a replica: slots by admission, the calendar of finishes, the queue."""

from __future__ import annotations

from typing import Any

from truecost.replay.engine_compile import kernel
from truecost.replay.engine_prefix import private_blocks, release_unit, unit_of
from truecost.replay.engine_state import BUCKETS, GROWING, PREFILLING, Integers, Records, Store


@kernel
def tokens_of(slot: Any, replica: Any) -> int:
    """KV tokens a slot holds now."""
    return slot.tokens + (replica.growth - slot.joined if slot.phase == GROWING else 0)


@kernel
def start_running(slots: Records, replica: Any, request: int) -> int:
    """A slot for a request, the newest of those that run."""
    place = replica.free_slot
    slot = slots[place]
    replica.free_slot = slot.newer
    slot.request = request
    slot.phase = PREFILLING
    slot.shared = 0
    slot.shared_blocks = 0
    slot.older = replica.newest
    slot.newer = -1
    if replica.newest >= 0:
        slots[replica.newest].newer = place
    else:
        replica.oldest = place
    replica.newest = place
    replica.running += 1
    return place


@kernel
def class_of(engine: Any, replica: Any, slot: Any) -> int:
    """Where the sequences are counted that need a new block when this one does."""
    return replica.first_class + (slot.tokens - slot.joined) % engine.block_size


@kernel
def leave_class(engine: Any, classes: Integers, replica: Any, slot: Any) -> None:
    """A growing sequence grows no more."""
    classes[class_of(engine, replica, slot)] -= 1
    replica.growing -= 1


@kernel
def stop_running(engine: Any, store: Store, replica: Any, place: int) -> None:
    """Give back a slot, its blocks and its hold on cached units (the deepest first, so they go first)."""
    slot = store.slots[place]
    tokens = tokens_of(slot, replica)
    replica.free_blocks += private_blocks(slot, tokens, engine.block_size)
    for unit in range(slot.shared - 1, -1, -1):
        release_unit(store.units, replica, unit_of(store, replica, slot.request, unit))
    if slot.phase != PREFILLING:
        replica.decoding -= 1
        replica.context -= tokens
    if slot.phase == GROWING:
        leave_class(engine, store.classes, replica, slot)
    if slot.older >= 0:
        store.slots[slot.older].newer = slot.newer
    else:
        replica.oldest = slot.newer
    if slot.newer >= 0:
        store.slots[slot.newer].older = slot.older
    else:
        replica.newest = slot.older
    slot.newer = replica.free_slot
    replica.free_slot = place
    replica.running -= 1


@kernel
def into_bucket(slots: Records, replica: Any, place: int) -> None:
    """Note a sequence in the calendar at its `event_at`."""
    slot = slots[place]
    bucket = slot.event_at % BUCKETS
    slot.before = -1
    slot.after = replica.buckets[bucket]
    if slot.after >= 0:
        slots[slot.after].before = place
    replica.buckets[bucket] = place


@kernel
def out_of_bucket(slots: Records, replica: Any, place: int) -> None:
    """Take a sequence out of the calendar."""
    slot = slots[place]
    if slot.before >= 0:
        slots[slot.before].after = slot.after
    else:
        replica.buckets[slot.event_at % BUCKETS] = slot.after
    if slot.after >= 0:
        slots[slot.after].before = slot.before


@kernel
def wait_last(requests: Records, replica: Any, request: int) -> None:
    """Queue a request that has arrived."""
    requests[request].after = -1
    if replica.last_waiting >= 0:
        requests[replica.last_waiting].after = request
    else:
        replica.first_waiting = request
    replica.last_waiting = request
    replica.waiting += 1


@kernel
def wait_first(requests: Records, replica: Any, request: int) -> None:
    """Queue a preempted request before all others."""
    requests[request].after = replica.first_waiting
    replica.first_waiting = request
    if replica.last_waiting < 0:
        replica.last_waiting = request
    replica.waiting += 1


@kernel
def next_waiting(requests: Records, replica: Any) -> None:
    """Take the first request off the queue."""
    replica.first_waiting = requests[replica.first_waiting].after
    if replica.first_waiting < 0:
        replica.last_waiting = -1
    replica.waiting -= 1
