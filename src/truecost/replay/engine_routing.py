"""Which replica a request goes to, and how it joins the queue there."""

from __future__ import annotations

from typing import Any

from truecost.replay.engine_compile import kernel
from truecost.replay.engine_heap import push, sift_up
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
    Records,
    Store,
)
from truecost.replay.engine_step import issue
from truecost.replay.engine_timing import cut


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
def of_session(engine: Any, store: Store, replicas: Records, number: int, now: float) -> int:
    """The replica that had the session before; the least loaded for a new one, or where that is gone."""
    session = store.sessions[number]
    if session < 0:
        return least_loaded(engine, replicas, now)
    home = store.homes[session]
    if home < 0 or not takes(replicas[home], now):
        home = least_loaded(engine, replicas, now)
        store.homes[session] = home
    return home


@kernel
def soonest_ready(replicas: Records, now: float) -> int:
    """When no replica takes requests: the one that starts next and will take any; -1 if none will."""
    best = -1
    for r in range(len(replicas)):
        replica = replicas[r]
        starts = now < replica.ready_s < replica.drain_s
        if starts and (best < 0 or replica.ready_s < replicas[best].ready_s):
            best = r
    return best


@kernel
def with_room(engine: Any, replicas: Records, r: int, now: float) -> int:
    """The replica chosen, or where it has all it may take the least loaded; -1 where all are full."""
    if engine.most_outstanding == 0 or r < 0 or load(replicas[r]) < engine.most_outstanding:
        return r
    other = least_loaded(engine, replicas, now)
    return other if other >= 0 and load(replicas[other]) < engine.most_outstanding else -1


@kernel
def choose(engine: Any, store: Store, replicas: Records, number: int) -> int:
    """The replica that a request is sent to now, full or not; -1 if there is none, nor will be."""
    now = engine.now_s
    if engine.routing == LEAST_LOADED:
        r = least_loaded(engine, replicas, now)
    elif engine.routing == PREFIX_AWARE:
        r = prefix_aware(engine, store, replicas, number, now)
    elif engine.routing == SESSION:
        r = of_session(engine, store, replicas, number, now)
    else:
        r = in_turn(engine, replicas, now)
    return r if r >= 0 else soonest_ready(replicas, now)


@kernel
def join(engine: Any, store: Store, replicas: Records, number: int, r: int) -> None:
    """A request joins the queue of a replica, which may wake it. A stretch ends with its step."""
    replica = replicas[r]
    engine.turn = r
    store.requests[number].replica = r
    replica.requests += 1
    wait_last(store.requests, replica, number)
    if not replica.awake:
        replica.clock = max(engine.now_s, replica.ready_s)
        push(engine, replicas, r)
    elif replica.stepping and replica.planned > 1 and replica.waiting == 1:
        cut(replica, engine.now_s)
        sift_up(replicas, r)


@kernel
def arrive(engine: Any, store: Store, replicas: Records, number: int) -> None:
    """A request arrives; it is rejected if its prompt is too long, or there is none that takes one more."""
    r = -1
    if store.requests[number].input_tokens < engine.max_tokens:
        r = with_room(engine, replicas, choose(engine, store, replicas, number), engine.now_s)
    if r >= 0:
        join(engine, store, replicas, number, r)
    else:
        store.requests[number].state = REJECTED
        issue(engine, store.requests, engine.now_s)
