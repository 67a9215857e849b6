"""The simulator's loop: the fleet changes, requests arrive, replicas take their steps, in time order."""

from __future__ import annotations

import math

import numpy as np

from truecost.replay.engine_compile import entry
from truecost.replay.engine_fleet import change, halt, interrupt, next_event, pay, retire
from truecost.replay.engine_heap import clock_at, pop, sift_down
from truecost.replay.engine_routing import arrive, load
from truecost.replay.engine_state import Records, Store
from truecost.replay.engine_step import begin_step, end_step


@entry
def run(engines: Records, store: Store, replicas: Records) -> None:
    """Simulate until nothing is left to do, or the next thing to happen lies beyond the horizon.

    At a moment the fleet changes first, then requests arrive, then steps begin: a step sees all of it.
    """
    engine = engines[0]
    np.random.seed(engine.seed)
    arrived = 0
    soonest = math.inf
    while True:
        arrival = store.requests[arrived].arrival_s if arrived < engine.issued else math.inf
        when = clock_at(replicas, 0) if engine.awake > 0 else math.inf
        soonest = min(arrival, when)
        if engine.event_s <= soonest and engine.event_s <= engine.horizon_s and soonest < math.inf:
            engine.now_s = engine.event_s
            r = change(engine, store, replicas)
            if r >= 0:
                halt(engine, store, replicas[r], engine.now_s)
                interrupt(engine, store, replicas, r)
            engine.event_s = next_event(engine, store)
            continue
        if soonest > engine.horizon_s or soonest == math.inf:
            break
        engine.now_s = soonest
        engine.end_s = soonest
        if arrival <= when:
            arrive(engine, store, replicas, arrived)
            arrived += 1
            continue
        r = replicas[0].in_heap
        replica = replicas[r]
        if replica.stepping:
            end_step(engine, store, replica, when)
            if arrived < engine.issued and store.requests[arrived].arrival_s <= when:
                continue
        if not begin_step(engine, store, replica, when):
            pop(engine, replicas)
            if engine.event_s < math.inf and replica.drain_s <= when and load(replica) == 0:
                retire(engine, store, replicas, r, when)
        if engine.awake > 1:
            sift_down(replicas, engine.awake)
    stopped_s = engine.end_s if soonest == math.inf else engine.horizon_s
    for r in range(len(replicas)):
        halt(engine, store, replicas[r], stopped_s)
        pay(engine, replicas[r], stopped_s)
