"""The prefix cache of a replica: units of a prompt by id, counted by users, evicted by last use.

A unit is one block of the trace, or its last one as far as it fills whole KV blocks. Units without users keep
their KV blocks until these are needed.
"""

from __future__ import annotations

from typing import Any

from truecost.replay.engine_compile import kernel
from truecost.replay.engine_state import Records, Store


@kernel
def blocks_of(tokens: int, block_size: int) -> int:
    """Blocks that hold a number of tokens."""
    return (tokens + block_size - 1) // block_size


@kernel
def private_blocks(slot: Any, tokens: int, block_size: int) -> int:
    """Blocks of a slot beside those it shares through the prefix cache."""
    return max(0, blocks_of(tokens, block_size) - slot.shared_blocks)


@kernel
def unit_blocks(engine: Any, request: Any, unit: int) -> int:
    """KV blocks of a unit of a prompt; of the last one, filled in part, only whole blocks are shared."""
    tokens = min(engine.block_tokens, request.input_tokens - unit * engine.block_tokens)
    return max(0, tokens) // engine.block_size


@kernel
def units_of(engine: Any, store: Store, request: int) -> int:
    """How many units of a prompt can be shared."""
    if not engine.caching:
        return 0
    count = store.chains[request + 1] - store.chains[request]
    while count > 0 and unit_blocks(engine, store.requests[request], count - 1) == 0:
        count -= 1
    return count


@kernel
def unit_of(store: Store, replica: Any, request: int, place: int) -> int:
    """Where a replica keeps the unit at a place of a prompt."""
    return replica.first_unit + store.chains[store.chains[request] + place]


@kernel
def unlist_unit(units: Records, replica: Any, unit: int) -> None:
    """Take a unit out of the list of those without users."""
    held = units[unit]
    if held.staler >= 0:
        units[held.staler].fresher = held.fresher
    else:
        replica.stalest = held.fresher
    if held.fresher >= 0:
        units[held.fresher].staler = held.staler
    else:
        replica.freshest = held.staler
    replica.reclaimable -= held.blocks


@kernel
def take(units: Records, replica: Any, blocks: int) -> None:
    """Take free blocks, evicting the cached units used longest ago as needed."""
    while replica.free_blocks < blocks and replica.stalest >= 0:
        unit = replica.stalest
        unlist_unit(units, replica, unit)
        units[unit].users = -1
        replica.free_blocks += units[unit].blocks
    replica.free_blocks -= blocks


@kernel
def hold_unit(units: Records, replica: Any, unit: int, blocks: int) -> None:
    """One more user of a unit, which comes into the cache if it is not there."""
    held = units[unit]
    if held.users == 0:
        unlist_unit(units, replica, unit)
        held.users = 1
    elif held.users > 0:
        held.users += 1
    else:
        take(units, replica, blocks)
        held.users = 1
        held.blocks = blocks


@kernel
def release_unit(units: Records, replica: Any, unit: int) -> None:
    """One user less; without users a unit stays until its blocks are needed."""
    held = units[unit]
    held.users -= 1
    if held.users > 0:
        return
    held.staler = replica.freshest
    held.fresher = -1
    if replica.freshest >= 0:
        units[replica.freshest].fresher = unit
    else:
        replica.stalest = unit
    replica.freshest = unit
    replica.reclaimable += held.blocks


@kernel
def cached_units(engine: Any, store: Store, replica: Any, request: int) -> int:
    """How many units from the start of a prompt are in the cache of a replica."""
    count = units_of(engine, store, request)
    for place in range(count):
        unit = store.units[unit_of(store, replica, request, place)]
        if unit.users < 0 or unit.blocks != unit_blocks(engine, store.requests[request], place):
            return place
    return count


@kernel
def cached_tokens(engine: Any, request: Any, units: int, target: int) -> int:
    """Tokens that a number of cached units save: whole KV blocks, and at least one token is computed."""
    if units == 0:
        return 0
    last = units - 1
    tokens = last * engine.block_tokens + unit_blocks(engine, request, last) * engine.block_size
    return min(tokens, (target - 1) // engine.block_size * engine.block_size)
