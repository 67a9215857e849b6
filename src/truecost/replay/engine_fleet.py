"""A fleet that changes while it serves: replicas that start, drain and go, and replicas that are taken away.

A replica is free (`ready_s` infinite), starting (before `ready_s`), up, or draining (from `drain_s`): then it
takes no new request, finishes its own and goes. It is paid from `since_s`, when its start began, until it
goes. The autoscaler looks at fixed intervals at the requests running or waiting on the replicas that are not
draining. A replica that is taken away (spot) loses its cache and what it computes; its requests go to others,
which compute their prompts and what they had generated again, and it starts anew.
"""

from __future__ import annotations

import math
from typing import Any

from truecost.replay.engine_compile import kernel
from truecost.replay.engine_heap import remove
from truecost.replay.engine_routing import choose, join, load
from truecost.replay.engine_slots import tokens_of
from truecost.replay.engine_state import BUCKETS, PERIODS, PREFILLING, REJECTED, Records, Store
from truecost.replay.engine_step import emitted, end_step, issue
from truecost.replay.engine_timing import cut, stretch_s, widen_periods, wrote_last

UP_S = 6
"""The column of the periods that holds the replica-seconds paid."""


@kernel
def note_up(engine: Any, began_s: float, ended_s: float) -> None:
    """Add the time that a replica was paid to the periods it lies in."""
    while ended_s > engine.period_s * PERIODS:
        widen_periods(engine)
        engine.period_s *= 2.0
    width = engine.period_s
    for period in range(int(began_s / width), PERIODS):
        if period * width >= ended_s:
            break
        paid = min(ended_s, (period + 1) * width) - max(began_s, period * width)
        engine.periods[period, UP_S] += max(0.0, paid)


@kernel
def pay(engine: Any, replica: Any, now: float) -> None:
    """A replica is paid up to a moment, if it is."""
    if replica.since_s >= 0:
        replica.up_s += now - replica.since_s
        note_up(engine, replica.since_s, now)
        replica.since_s = -1.0


@kernel
def halt(engine: Any, store: Store, replica: Any, now: float) -> None:
    """A replica stops at a moment: steps that ended by then count, and what its sequences have generated."""
    if replica.stepping:
        if replica.planned > 1:
            cut(replica, now)
        if replica.clock > now:
            replica.planned -= 1
            replica.clock = replica.step_began + stretch_s(replica, replica.planned)
        if replica.planned > 0:
            end_step(engine, store, replica, replica.clock)
        replica.stepping = 0
    place = replica.oldest
    while place >= 0:
        slot = store.slots[place]
        if slot.phase != PREFILLING:
            request = store.requests[slot.request]
            request.generated = emitted(engine, replica, slot, request)
        place = slot.newer


@kernel
def put_back(engine: Any, store: Store, replica: Any) -> int:
    """The first of the requests of a replica that has stopped, by admission, then as they waited.

    They are linked as a queue is. Those that ran are marked as interrupted.
    """
    first, last = -1, -1
    place = replica.oldest
    while place >= 0:
        slot = store.slots[place]
        request = store.requests[slot.request]
        engine.discarded_tokens += tokens_of(slot, replica)
        if slot.phase != PREFILLING:
            request.finished_s = wrote_last(replica, request, replica.clock)
        request.preempted += 1
        store.interrupted[slot.request] += 1
        request.after = -1
        if last >= 0:
            store.requests[last].after = slot.request
        else:
            first = slot.request
        last = slot.request
        place = slot.newer
    if last < 0:
        return replica.first_waiting
    store.requests[last].after = replica.first_waiting
    return first


@kernel
def wipe(engine: Any, store: Store, replicas: Records, r: int) -> None:
    """A replica as it was at first: nothing runs or waits, nothing is cached, all blocks are free."""
    replica = replicas[r]
    place = replica.oldest
    while place >= 0:
        newer = store.slots[place].newer
        store.slots[place].newer = replica.free_slot
        replica.free_slot = place
        place = newer
    for residue in range(engine.block_size):
        store.classes[replica.first_class + residue] = 0
    for bucket in range(BUCKETS):
        replica.buckets[bucket] = -1
    for unit in range(len(store.units) // len(replicas)):
        store.units[replica.first_unit + unit].users = -1
    replica.first_waiting = -1
    replica.last_waiting = -1
    replica.oldest = -1
    replica.newest = -1
    replica.prefilling = -1
    replica.completing = -1
    replica.stalest = -1
    replica.freshest = -1
    replica.free_blocks = engine.kv_blocks
    replica.reclaimable = 0
    replica.running = 0
    replica.waiting = 0
    replica.decoding = 0
    replica.growing = 0
    replica.context = 0
    replica.held = 0
    replica.stalled_s = -1.0


@kernel
def is_kept(replica: Any) -> bool:
    """Whether a replica is up or starting, and not draining."""
    return replica.ready_s < math.inf and replica.drain_s == math.inf


@kernel
def start(engine: Any, replica: Any, now: float) -> None:
    """A free replica begins to start, and is paid from now."""
    replica.ready_s = now + engine.start_s
    replica.drain_s = math.inf
    replica.since_s = now


@kernel
def retire(engine: Any, store: Store, replicas: Records, r: int, now: float) -> None:
    """A replica without requests goes, is paid no longer and free to start anew."""
    pay(engine, replicas[r], now)
    wipe(engine, store, replicas, r)
    replicas[r].ready_s = math.inf
    replicas[r].drain_s = math.inf


@kernel
def wanted(engine: Any, kept: int, ongoing: int) -> int:
    """How many replicas the load asks for: enough that none has more than it may, or as few as may do it.

    Above `up_at` requests a replica the fewest that bring it down to that; below `down_at` the fewest that do
    not lift it above that; between the two what there is.
    """
    asked = kept
    if ongoing > engine.up_at * kept:
        asked = math.ceil(ongoing / engine.up_at)
    elif ongoing < engine.down_at * kept:
        asked = math.ceil(ongoing / engine.down_at)
    return min(max(asked, engine.least), engine.most)


@kernel
def steady(engine: Any, kept: int, asked: int, now: float) -> int:
    """What is asked for, once it has been for long enough; of a changing wish the least change.

    So a moment's load starts or ends nothing where a delay is set.
    """
    if asked == kept:
        engine.turned_s = -1.0
        return kept
    is_more = 1 if asked > kept else 0
    if engine.turned_s < 0 or engine.is_more != is_more:
        engine.turned_s = now
        engine.is_more = is_more
        engine.bound = asked
    engine.bound = min(engine.bound, asked) if is_more else max(engine.bound, asked)
    delay_s = engine.up_delay_s if is_more else engine.down_delay_s
    if now - engine.turned_s < delay_s:
        return kept
    engine.turned_s = -1.0
    return engine.bound


@kernel
def to_drain(replicas: Records, now: float) -> int:
    """The replica missed least: with the fewest requests; among equals one that only starts, or the last."""
    best = -1
    for r in range(len(replicas)):
        if not is_kept(replicas[r]):
            continue
        if best >= 0:
            fewer = load(replicas[r]) - load(replicas[best])
            later = replicas[best].ready_s > now and replicas[r].ready_s <= now
            if fewer > 0 or (fewer == 0 and later):
                continue
        best = r
    return best


@kernel
def scale(engine: Any, store: Store, replicas: Records, now: float) -> None:
    """The autoscaler looks at the load, and starts or drains replicas."""
    kept, ongoing = 0, 0
    for r in range(len(replicas)):
        if is_kept(replicas[r]):
            kept += 1
            ongoing += load(replicas[r])
    target = steady(engine, kept, wanted(engine, kept, ongoing), now)
    for r in range(len(replicas)):
        if kept < target and replicas[r].ready_s == math.inf:
            start(engine, replicas[r], now)
            kept += 1
    while kept > target:
        r = to_drain(replicas, now)
        replicas[r].drain_s = now
        if load(replicas[r]) == 0:
            retire(engine, store, replicas, r, now)
        kept -= 1


@kernel
def interrupt(engine: Any, store: Store, replicas: Records, r: int) -> None:
    """A replica that has stopped is gone: its requests go to others, or wait for the next that starts."""
    replica, now = replicas[r], engine.now_s
    number = put_back(engine, store, replica)
    if replica.awake:
        remove(engine, replicas, r)
    if is_kept(replica):
        wipe(engine, store, replicas, r)
        replica.ready_s = now + engine.replace_s
    else:
        retire(engine, store, replicas, r, now)
    while number >= 0:
        after = store.requests[number].after
        replica.requests -= 1
        place = choose(engine, store, replicas, number)
        if place >= 0:
            join(engine, store, replicas, number, place)
        else:
            store.requests[number].state = REJECTED
            issue(engine, store.requests, now)
        number = after


@kernel
def next_event(engine: Any, store: Store) -> float:
    """When the fleet changes next: the autoscaler looks at it, or a replica is taken away."""
    taken_s = store.taken_s[engine.taken] if engine.taken < len(store.taken_s) else math.inf
    return min(engine.look_s, taken_s)


@kernel
def change(engine: Any, store: Store, replicas: Records) -> int:
    """What happens to the fleet now: a replica is taken away, which one; or the autoscaler looks, -1."""
    if engine.taken < len(store.taken_s) and store.taken_s[engine.taken] <= engine.now_s:
        r = store.taken[engine.taken]
        engine.taken += 1
        if replicas[r].ready_s < math.inf:
            engine.interruptions += 1
            return r
        return -1
    scale(engine, store, replicas, engine.now_s)
    engine.look_s += engine.interval_s
    return -1
