"""One step of a replica: its beginning (what is scheduled, how long it takes) and its end (what it brought).

The scheduler is vLLM's (v1) or, with `prompts_first`, SGLang's. vLLM's: decodes take the token budget first,
then the prompt partly done, then waiting requests by arrival; SGLang's: prompts alone while any fit, decodes
when none does. A request is admitted when all its tokens so far fit the KV cache (vLLM's
`scheduler_reserve_full_isl`, on by default); blocks are taken chunk by chunk; when they run out the sequence
admitted last is preempted and computed again.

Per step the work does not grow with the sequences that run. All decoding sequences advance together, so one
index `growth` counts the tokens each has written since any moment; a sequence finishes at a decode index
known when it joins and waits for it in a calendar of buckets; and it needs a new block whenever `growth`
meets its residue class modulo the block size, so classes are counted. How long steps take: `engine_timing`.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from truecost.replay.engine_compile import kernel
from truecost.replay.engine_prefix import (
    blocks_of,
    cached_tokens,
    cached_units,
    hold_unit,
    private_blocks,
    take,
    unit_blocks,
    unit_of,
    units_of,
)
from truecost.replay.engine_slots import (
    class_of,
    into_bucket,
    leave_class,
    next_waiting,
    out_of_bucket,
    start_running,
    stop_running,
    tokens_of,
    wait_first,
)
from truecost.replay.engine_state import (
    BUCKETS,
    FULL_GROWN,
    GROWING,
    PREFILLING,
    SERVED,
    TRUNCATED,
    Records,
    Store,
)
from truecost.replay.engine_timing import (
    blocks_to_grow,
    note_stretch,
    plan,
    record_gap,
    record_stall,
    record_stretch,
    stretch_s,
    time_step,
    wrote_last,
)


@kernel
def grown(decode_index: int, pace: float) -> int:
    """Tokens a sequence decoding all along has written by a decode index."""
    return int(decode_index * pace)


@kernel
def allowed(engine: Any, request: Any) -> int:
    """Tokens a request may generate before its context is full."""
    return min(request.output_tokens, engine.max_tokens - request.input_tokens)


@kernel
def emitted(engine: Any, replica: Any, slot: Any, request: Any) -> int:
    """Tokens that the request of a decoding slot has generated so far; the last is still to come."""
    most = allowed(engine, request) - 1
    if slot.phase == FULL_GROWN:
        return most
    return min(most, request.generated + replica.growth - slot.joined)


@kernel
def preempt_newest(engine: Any, store: Store, replica: Any, now: float) -> None:
    """Throw out the sequence admitted last: its KV is lost, it waits first, its tokens are computed again.

    Until it resumes, `finished_s` keeps when it emitted its last token.
    """
    place = replica.newest
    slot = store.slots[place]
    number = slot.request
    request = store.requests[number]
    engine.discarded_tokens += tokens_of(slot, replica)
    if slot.phase == PREFILLING:
        replica.prefilling = -1
    else:
        out_of_bucket(store.slots, replica, place)
        request.generated = emitted(engine, replica, slot, request)
        request.finished_s = wrote_last(replica, request, now)
    stop_running(engine, store, replica, place)
    request.preempted += 1
    wait_first(store.requests, replica, number)


@kernel
def grow_decoding(engine: Any, store: Store, replica: Any, now: float) -> bool:
    """Blocks for the tokens written in this step; whether any sequence was preempted for them."""
    preempted = False
    growth = grown(replica.decode_index + 1, engine.pace)
    need = blocks_to_grow(engine, store.classes, replica, replica.growth, growth)
    while need > replica.free_blocks + replica.reclaimable:
        preempt_newest(engine, store, replica, now)
        preempted = True
        need = blocks_to_grow(engine, store.classes, replica, replica.growth, growth)
    take(store.units, replica, need)
    return preempted


@kernel
def prefill(engine: Any, store: Store, replica: Any, place: int, chunk: int) -> None:
    """Schedule a chunk of a prompt: its blocks, the prefix units it completes, whether it ends the prompt."""
    slot = store.slots[place]
    request = store.requests[slot.request]
    before = slot.tokens
    after = before + chunk
    replica.free_blocks += private_blocks(slot, before, engine.block_size)
    units = units_of(engine, store, slot.request)
    while slot.shared < units:
        blocks = unit_blocks(engine, request, slot.shared)
        if slot.shared * engine.block_tokens + blocks * engine.block_size > after:
            break
        unit = unit_of(store, replica, slot.request, slot.shared)
        if store.units[unit].users >= 0 and store.units[unit].blocks != blocks:
            break  # the same id for another length: not the same tokens
        hold_unit(store.units, replica, unit, blocks)
        slot.shared += 1
        slot.shared_blocks += blocks
    take(store.units, replica, private_blocks(slot, after, engine.block_size))
    slot.tokens = after
    replica.prefill_tokens += chunk
    replica.prefill_pairs += chunk * (before + 0.5 * (chunk + 1))
    if after == slot.target:
        slot.after = replica.completing
        replica.completing = place
        replica.prefilling = -1
    else:
        replica.prefilling = place


@kernel
def hold_cached(engine: Any, store: Store, replica: Any, place: int, units: int) -> None:
    """A newly admitted request uses what the cache has of its prompt."""
    slot = store.slots[place]
    request = store.requests[slot.request]
    for unit in range(units):
        blocks = unit_blocks(engine, request, unit)
        hold_unit(store.units, replica, unit_of(store, replica, slot.request, unit), blocks)
        slot.shared_blocks += blocks
    slot.shared = units
    slot.tokens = cached_tokens(engine, request, units, slot.target)


@kernel
def tokens_to_prefill(request: Any) -> int:
    """The prompt; after preemption also what was generated."""
    return request.input_tokens + request.generated


@kernel
def fits(engine: Any, store: Store, replica: Any, number: int, units: int) -> bool:
    """Whether the blocks of all a request's tokens so far are free or can be, beside the units it shares."""
    need = blocks_of(tokens_to_prefill(store.requests[number]), engine.block_size)
    available = replica.free_blocks + replica.reclaimable
    for place in range(units):
        unit = store.units[unit_of(store, replica, number, place)]
        need -= unit.blocks
        if unit.users == 0:
            available -= unit.blocks
    return need <= available


@kernel
def admit(engine: Any, store: Store, replica: Any, now: float, budget: int) -> None:
    """Waiting requests, first come first served, while tokens, sequences and blocks last."""
    while budget > 0 and replica.waiting > 0 and replica.running < engine.max_num_seqs:
        number = replica.first_waiting
        request = store.requests[number]
        target = tokens_to_prefill(request)
        units = cached_units(engine, store, replica, number)
        if not fits(engine, store, replica, number, units):
            break
        if not engine.chunked and target - cached_tokens(engine, request, units, target) > budget:
            break
        next_waiting(store.requests, replica)
        place = start_running(store.slots, replica, number)
        slot = store.slots[place]
        slot.target = target
        hold_cached(engine, store, replica, place, units)
        if math.isnan(request.first_admit_s):
            request.first_admit_s = now
            request.hit_tokens = slot.tokens
        chunk = min(budget, target - slot.tokens)
        prefill(engine, store, replica, place, chunk)
        budget -= chunk


@kernel
def note_blocks(engine: Any, replica: Any) -> None:
    """Blocks that running sequences use, and the most there ever were."""
    replica.used_blocks = engine.kv_blocks - replica.free_blocks - replica.reclaimable
    replica.peak_blocks = max(replica.peak_blocks, replica.used_blocks)


@kernel
def go_on(engine: Any, store: Store, replica: Any, now: float, budget: int) -> int:
    """A chunk of the prompt partly done: its tokens, 0 without one, -1 if blocks ran out."""
    if replica.prefilling < 0:
        return 0
    slot = store.slots[replica.prefilling]
    chunk = min(budget, slot.target - slot.tokens)
    size = engine.block_size
    need = blocks_of(slot.tokens + chunk, size) - blocks_of(slot.tokens, size)
    if need > replica.free_blocks + replica.reclaimable:
        preempt_newest(engine, store, replica, now)
        return -1
    prefill(engine, store, replica, replica.prefilling, chunk)
    return chunk


@kernel
def schedule_mixed(engine: Any, store: Store, replica: Any, now: float) -> bool:
    """Decodes, then prompts in what is left of the step; whether any sequence was preempted.

    After a preemption nothing is admitted in the same step.
    """
    preempted = grow_decoding(engine, store, replica, now) if replica.growing > 0 else False
    budget = engine.max_num_batched_tokens - replica.decoding * (1 + engine.draft_tokens)
    chunk = go_on(engine, store, replica, now, budget)
    replica.step_decoding = replica.decoding
    if preempted or chunk < 0:
        return True
    admit(engine, store, replica, now, budget - chunk)
    return False


@kernel
def schedule_apart(engine: Any, store: Store, replica: Any, now: float) -> bool:
    """Prompts alone while there are any that fit, decodes otherwise; whether any sequence was preempted.

    So SGLang does unless told to mix. After a preemption nothing is admitted before a sequence ends.
    """
    preempted = False
    if not (replica.held and replica.decoding > 0):
        chunk = go_on(engine, store, replica, now, engine.max_num_batched_tokens)
        preempted = chunk < 0
        if not preempted:
            admit(engine, store, replica, now, engine.max_num_batched_tokens - chunk)
    if replica.prefill_tokens > 0:
        if replica.stalled_s < 0 or replica.decoding == 0:
            replica.stalled_s = now
        replica.step_decoding = 0
        return preempted
    if replica.growing > 0 and grow_decoding(engine, store, replica, now):
        preempted = True
    replica.held |= preempted
    replica.step_decoding = replica.decoding
    return preempted


@kernel
def begin_step(engine: Any, store: Store, replica: Any, now: float) -> bool:
    """Schedule a step; False with nothing to do."""
    replica.prefill_tokens = 0
    replica.prefill_pairs = 0.0
    if engine.prompts_first:
        preempted = schedule_apart(engine, store, replica, now)
    else:
        preempted = schedule_mixed(engine, store, replica, now)
    if replica.step_decoding == 0 and replica.prefill_tokens == 0:
        return False
    note_blocks(engine, replica)
    time_step(engine, store.table, replica)
    replica.step_began = now
    replica.planned = 1 if preempted or replica.prefill_tokens > 0 else plan(engine, store, replica)
    replica.clock = now + stretch_s(replica, replica.planned)
    replica.stepping = 1
    return True


@kernel
def draw_steps(engine: Any, tokens: int) -> int:
    """Decode steps until a sequence has written so many tokens, each draft token accepted by chance.

    Of long answers all but the end is drawn at once, as a normal sum of independent steps.
    """
    steps = 0
    bulk = int((tokens - 8 - 6 * engine.deviation * math.sqrt(tokens / engine.pace)) / engine.pace)
    if bulk > 32:
        total = bulk * engine.pace + math.sqrt(bulk) * engine.deviation * np.random.normal()
        tokens -= min(max(bulk, round(total)), bulk * (1 + engine.draft_tokens))
        steps = bulk
    while tokens > 0:
        tokens -= 1
        accepted = 0
        while accepted < engine.draft_tokens and np.random.random() < engine.acceptance:
            accepted += 1
            tokens -= 1
        steps += 1
    return steps


@kernel
def index_after(decode_index: int, growth: int, tokens: int, pace: float) -> int:
    """The decode index at which a sequence that joins now has written so many tokens."""
    if pace == 1.0:
        return decode_index + tokens
    index = int((growth + tokens) / pace)
    while grown(index, pace) - growth < tokens:
        index += 1
    while grown(index - 1, pace) - growth >= tokens:
        index -= 1
    return index


@kernel
def join_decoding(engine: Any, store: Store, replica: Any, place: int, remaining: int) -> None:
    """A sequence whose prompt is done begins to decode; when it will finish is known."""
    slot = store.slots[place]
    slot.phase = GROWING
    slot.joined = replica.growth
    slot.event_at = index_after(replica.decode_index, replica.growth, remaining, engine.pace)
    slot.finish_at = slot.event_at
    if engine.drawn:
        slot.finish_at = replica.decode_index + draw_steps(engine, remaining)
        slot.event_at = min(slot.event_at, slot.finish_at)
    replica.decoding += 1
    replica.growing += 1
    replica.context += slot.tokens
    store.classes[class_of(engine, replica, slot)] += 1
    into_bucket(store.slots, replica, place)


@kernel
def issue(engine: Any, requests: Records, now: float) -> None:
    """In a closed loop: a client is free and sends its next request when it has thought."""
    if engine.closed and engine.issued < len(requests):
        requests[engine.issued].arrival_s = now + engine.think_s
        engine.issued += 1


@kernel
def finish(engine: Any, store: Store, replica: Any, place: int, now: float) -> None:
    """A request has all its tokens; in a closed loop the next one follows."""
    request = store.requests[store.slots[place].request]
    stop_running(engine, store, replica, place)
    replica.held = 0
    request.generated = allowed(engine, request)
    request.finished_s = now
    request.state = SERVED if request.generated == request.output_tokens else TRUNCATED
    issue(engine, store.requests, now)


@kernel
def end_decode(engine: Any, store: Store, replica: Any, now: float) -> None:
    """Decoding sequences have grown; those of this bucket finish, or hold all they will and draft on."""
    record_stretch(engine, replica)
    if replica.stalled_s >= 0:
        record_stall(engine, store, replica)
    replica.decode_index += replica.planned
    growth = grown(replica.decode_index, engine.pace)
    if replica.planned > 1:
        need = blocks_to_grow(engine, store.classes, replica, replica.growth + 1, growth)
        take(store.units, replica, need)
        note_blocks(engine, replica)
    replica.context += (growth - replica.growth) * replica.growing
    replica.growth = growth
    place = replica.buckets[replica.decode_index % BUCKETS]
    while place >= 0:
        slot = store.slots[place]
        after = slot.after
        if slot.event_at == replica.decode_index:
            out_of_bucket(store.slots, replica, place)
            if slot.finish_at == replica.decode_index:
                finish(engine, store, replica, place, now)
            else:
                tokens = tokens_of(slot, replica)
                leave_class(engine, store.classes, replica, slot)
                slot.phase = FULL_GROWN
                slot.tokens = tokens
                slot.event_at = slot.finish_at
                into_bucket(store.slots, replica, place)
        place = after


@kernel
def end_prompts(engine: Any, store: Store, replica: Any, now: float) -> None:
    """Prompts that ended with this step have brought their first token, or the next one after preemption."""
    place = replica.completing
    replica.completing = -1
    while place >= 0:
        slot = store.slots[place]
        after = slot.after
        request = store.requests[slot.request]
        request.generated += 1
        if request.generated == 1:
            request.first_token_s = now
        else:
            record_gap(engine, now - request.finished_s)
            request.finished_s = now
        remaining = allowed(engine, request) - request.generated
        if remaining == 0:
            finish(engine, store, replica, place, now)
        else:
            join_decoding(engine, store, replica, place, remaining)
        place = after


@kernel
def end_step(engine: Any, store: Store, replica: Any, now: float) -> None:
    """What a stretch of steps has brought: tokens of decoding sequences, then of prompts that ended."""
    note_stretch(engine, replica, now)
    replica.stepping = 0
    if replica.step_decoding > 0:
        end_decode(engine, store, replica, now)
    if replica.completing >= 0:
        end_prompts(engine, store, replica, now)
