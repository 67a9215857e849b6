"""The simulator's loop over a fleet: arrivals find a replica, replicas take their steps in time order."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from truecost.replay.engine_compile import entry, kernel
from truecost.replay.engine_prefix import cached_units
from truecost.replay.engine_slots import wait_last
from truecost.replay.engine_state import (
    LEAST_LOADED,
    MATCHED,
    PREFIX_AWARE,
    RATIO,
    REJECTED,
    SESSION,
    SPREAD,
    Integers,
    Records,
    Store,
)
from truecost.replay.engine_step import begin_step, emitted, end_step, issue
from truecost.replay.engine_timing import cut, stretch_s


@kernel
def takes(replica: Any, now: float) -> bool:
    """Whether a replica takes requests now."""
    return replica.ready_s <= now < replica.drain_s


@kernel
def load(replica: Any) -> int:
    """Requests on a replica, running or waiting."""
    return replica.running + replica.waiting


@kernel
def in_turn(engine: Any, replicas: Records, now: float) -> int:
    """The next replica that takes requests; -1 if none does."""
    count = len(replicas)
    for step in range(1, count + 1):
        r = (engine.turn + step) % count
        if takes(replicas[r], now):
            return r
    return -1


@kernel
def least_loaded(engine: Any, replicas: Records, now: float) -> int:
    """The replica with the fewest requests, among equals the next in turn; -1 if none takes any."""
    best, fewest = -1, 0
    r = engine.turn
    for _ in range(len(replicas)):
        r = r + 1 if r + 1 < len(replicas) else 0
        replica = replicas[r]
        if (best < 0 or load(replica) < fewest) and takes(replica, now):
            best, fewest = r, load(replica)
            if fewest == 0:
                break
    return best


@kernel
def prefix_aware(engine: Any, store: Store, replicas: Records, number: int, now: float) -> int:
    """The replica that has most of the prompt in its cache.

    The least loaded one where that is too little of the prompt, or where loads are too far apart.
    """
    calm = least_loaded(engine, replicas, now)
    if calm < 0:
        return calm
    best, most, highest = calm, 0, 0
    for r in range(len(replicas)):
        if takes(replicas[r], now):
            highest = max(highest, load(replicas[r]))
            units = cached_units(engine, store, replicas[r], number)
            if units > most or (units == most and units > 0 and load(replicas[r]) < load(replicas[best])):
                best, most = r, units
    lowest = load(replicas[calm])
    if highest - lowest > SPREAD and highest > RATIO * lowest:
        return calm
    return best if most * engine.block_tokens > MATCHED * store.requests[number].input_tokens else calm


@kernel
def of_session(engine: Any, replicas: Records, homes: Integers, session: int, now: float) -> int:
    """The replica that had the session before; the least loaded for a new one, or where that is gone."""
    if session < 0:
        return least_loaded(engine, replicas, now)
    home = homes[session]
    if home < 0 or not takes(replicas[home], now):
        home = least_loaded(engine, replicas, now)
        homes[session] = home
    return home


@kernel
def soonest_ready(replicas: Records, now: float) -> int:
    """When no replica takes requests: the one that starts next; -1 if none will."""
    best = -1
    for r in range(len(replicas)):
        if replicas[r].ready_s > now and (best < 0 or replicas[r].ready_s < replicas[best].ready_s):
            best = r
    return best


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
def route(engine: Any, store: Store, replicas: Records, homes: Integers, number: int) -> int:
    """The replica that a request goes to as it arrives; -1 if its prompt is too long or there is none."""
    request = store.requests[number]
    now = request.arrival_s
    if request.input_tokens >= engine.max_tokens:
        return -1
    if engine.routing == LEAST_LOADED:
        r = least_loaded(engine, replicas, now)
    elif engine.routing == PREFIX_AWARE:
        r = prefix_aware(engine, store, replicas, number, now)
    elif engine.routing == SESSION:
        r = of_session(engine, replicas, homes, store.sessions[number], now)
    else:
        r = in_turn(engine, replicas, now)
    return r if r >= 0 else soonest_ready(replicas, now)


@kernel
def arrive(engine: Any, store: Store, replicas: Records, r: int, number: int) -> bool:
    """A request joins the queue of a replica; whether that wakes it. A stretch ends with its step."""
    request, replica = store.requests[number], replicas[r]
    engine.turn = r
    request.replica = r
    replica.requests += 1
    wait_last(store.requests, replica, number)
    if not replica.awake:
        replica.awake = 1
        replica.clock = max(request.arrival_s, replica.ready_s)
        return True
    if replica.stepping and replica.planned > 1 and replica.waiting == 1:
        cut(replica, request.arrival_s)
        sift_up(replicas, r)
    return False


@kernel
def stop_at_horizon(engine: Any, store: Store, replicas: Records) -> None:
    """Steps under way that end by the horizon count; so does what running sequences have generated."""
    for r in range(len(replicas)):
        replica = replicas[r]
        if replica.stepping and replica.planned > 1:
            cut(replica, engine.horizon_s)
            if replica.clock > engine.horizon_s:
                replica.planned -= 1
                replica.clock = replica.step_began + stretch_s(replica, replica.planned)
            if replica.planned > 0:
                end_step(engine, store, replica, replica.clock)
        place = replica.oldest
        while place >= 0:
            slot = store.slots[place]
            if slot.phase > 0:
                request = store.requests[slot.request]
                request.generated = emitted(engine, replica, slot, request)
            place = slot.newer


@entry
def run(engines: Records, store: Store, replicas: Records, homes: Integers) -> None:
    """Simulate until nothing is left to do, or the next thing to happen lies beyond the horizon.

    Arrivals at a moment go before steps that begin at it, so a step sees everything that has arrived.
    """
    engine = engines[0]
    np.random.seed(engine.seed)
    awake = 0
    arrived = 0
    while True:
        arrival = store.requests[arrived].arrival_s if arrived < engine.issued else math.inf
        when = clock_at(replicas, 0) if awake > 0 else math.inf
        soonest = min(arrival, when)
        if soonest > engine.horizon_s or soonest == math.inf:
            break
        engine.end_s = soonest
        if arrival <= when:
            r = route(engine, store, replicas, homes, arrived)
            if r < 0:
                store.requests[arrived].state = REJECTED
                issue(engine, store.requests, arrival)
            elif arrive(engine, store, replicas, r, arrived):
                replicas[r].heap_place = awake
                awake += 1
                sift_up(replicas, r)
            arrived += 1
            continue
        replica = replicas[replicas[0].in_heap]
        if replica.stepping:
            end_step(engine, store, replica, when)
            if arrived < engine.issued and store.requests[arrived].arrival_s <= when:
                continue
        if not begin_step(engine, store, replica, when):
            replica.awake = 0
            awake -= 1
            settle(replicas, 0, replicas[awake].in_heap)
        if awake > 1:
            sift_down(replicas, awake)
    stop_at_horizon(engine, store, replicas)
