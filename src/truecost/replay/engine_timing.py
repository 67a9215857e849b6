"""How long steps take: the table read along straight lines, and stretches of steps that only decode.

Nothing changes between two steps that only decode but the context, which grows by a token a sequence. So a
replica plans a stretch of them at once, as far as no sequence finishes, blocks suffice and one cell of the
table holds; step i of it takes `step_s` + i `slope_s`. A request that arrives meanwhile cuts the stretch at
the end of the step under way. The result is that of single steps; the work does not grow with their number.
"""

from __future__ import annotations

import math
from typing import Any

from truecost.replay.engine_compile import kernel
from truecost.replay.engine_state import (
    BINS_PER_OCTAVE,
    BUCKETS,
    COLUMNS,
    GAPS,
    PERIODS,
    PREFILLING,
    SHORTEST_OCTAVE,
    Floats,
    Integers,
    Store,
)


@kernel
def cell(table: Floats, guess: int, first: int, points: int, value: float) -> int:
    """The interval of an axis that holds a value, by its lower end; the outer ones reach beyond the ends.

    Most often that of the step before, so that is looked at first.
    """
    if table[guess] <= value < table[guess + 1]:
        return guess
    low, high = first, first + points - 1
    while high - low > 1:
        middle = (low + high) // 2
        if table[middle] <= value:
            low = middle
        else:
            high = middle
    return low


@kernel
def share(table: Floats, low: int, value: float) -> float:
    """How far into its interval a value lies."""
    return (value - table[low]) / (table[low + 1] - table[low])


@kernel
def along(table: Floats, corner: int, row: int, y: float) -> float:
    """A straight line from a point of the table to the next one of its middle axis."""
    return table[corner] + (table[corner + row] - table[corner]) * y


@kernel
def across(table: Floats, corner: int, row: int, y: float, z: float) -> float:
    """Straight lines between four points of the table, on its middle and its last axis."""
    low = along(table, corner, row, y)
    return low + (along(table, corner + 1, row, y) - low) * z


@kernel
def time_step(engine: Any, table: Floats, replica: Any) -> None:
    """Seconds of the step just scheduled, and how they grow with the context of each that only decodes."""
    decode_axis = engine.prefill_points
    context_axis = decode_axis + engine.decode_points
    row = engine.context_points
    decoding = replica.step_decoding
    context = replica.context if decoding > 0 else 0
    j = cell(table, decode_axis + replica.decode_cell, decode_axis, engine.decode_points, decoding)
    k = cell(table, context_axis + replica.context_cell, context_axis, row, context)
    replica.decode_cell = j - decode_axis
    replica.context_cell = k - context_axis
    y, z = share(table, j, decoding), share(table, k, context)
    corner = context_axis + row + replica.decode_cell * row + replica.context_cell
    low, high = along(table, corner, row, y), along(table, corner + 1, row, y)
    seconds = low + (high - low) * z
    replica.slope_s = (high - low) / (table[k + 1] - table[k]) * replica.growing
    if replica.prefill_tokens > 0:
        i = cell(table, 0, 0, engine.prefill_points, replica.prefill_tokens)
        x = share(table, i, replica.prefill_tokens)
        sheet = row * engine.decode_points
        low = across(table, corner + i * sheet, row, y, z)
        high = across(table, corner + (i + 1) * sheet, row, y, z)
        seconds = low + (high - low) * x + replica.prefill_pairs * engine.seconds_per_pair
    replica.step_s = max(0.0, seconds)


@kernel
def stretch_s(replica: Any, steps: int) -> float:
    """Seconds of the first steps of a stretch: n s + (n (n - 1) / 2) slope."""
    return steps * (replica.step_s + 0.5 * (steps - 1) * replica.slope_s)


@kernel
def plan(engine: Any, store: Store, replica: Any) -> int:
    """Steps until something other than the context changes, at least 1; for steps that only decode.

    No request waiting can be admitted before a sequence finishes, as neither blocks nor seats come free.
    """
    if engine.pace != 1.0 or replica.step_s <= 0.0 or replica.slope_s < 0.0:
        return 1
    most = BUCKETS
    upper = engine.prefill_points + engine.decode_points + replica.context_cell + 1
    if replica.context_cell + 2 < engine.context_points and replica.growing > 0:
        most = min(most, 1 + int((store.table[upper] - 1 - replica.context) / replica.growing))
    until = (int(replica.step_began / engine.period_s) + 1) * engine.period_s
    most = min(most, 1 + int((until - replica.step_began) / replica.step_s))
    blocks = replica.free_blocks + replica.reclaimable
    residue = replica.growth % engine.block_size
    for steps in range(1, most):
        if replica.buckets[(replica.decode_index + steps) % BUCKETS] >= 0:
            return steps
        residue = residue + 1 if residue + 1 < engine.block_size else 0
        blocks -= store.classes[replica.first_class + (engine.block_size - residue) % engine.block_size]
        if blocks < 0:
            return steps
    return max(1, most)


@kernel
def cut(replica: Any, now: float) -> None:
    """End a stretch with the first step that ends at a moment or later."""
    elapsed = now - replica.step_began
    lead = replica.step_s - 0.5 * replica.slope_s
    root = math.sqrt(max(0.0, lead * lead + 2.0 * replica.slope_s * elapsed))
    steps = min(max(1, int(2.0 * elapsed / (lead + root))), replica.planned)
    while steps > 1 and replica.step_began + stretch_s(replica, steps - 1) >= now:
        steps -= 1
    while steps < replica.planned and replica.step_began + stretch_s(replica, steps) < now:
        steps += 1
    replica.planned = steps
    replica.clock = replica.step_began + stretch_s(replica, steps)


@kernel
def blocks_to_grow(engine: Any, classes: Integers, replica: Any, first: int, last: int) -> int:
    """New blocks that the decoding sequences need to grow from one index to another."""
    need = (last - first) // engine.block_size * replica.growing
    for index in range(first, first + (last - first) % engine.block_size):
        need += classes[replica.first_class + (-index) % engine.block_size]
    return need


# What is recorded.


@kernel
def bin_of(seconds: float) -> int:
    """The bin of a gap."""
    mantissa, octave = math.frexp(seconds)
    return min(max(0, int((2 * mantissa - 2 + octave - SHORTEST_OCTAVE) * BINS_PER_OCTAVE)), GAPS - 1)


@kernel
def upper_end(place: int) -> float:
    """The gap at which a bin ends."""
    octave, part = place // BINS_PER_OCTAVE, place % BINS_PER_OCTAVE
    return 2.0 ** (octave + SHORTEST_OCTAVE) * (1.0 + (part + 1) / BINS_PER_OCTAVE)


@kernel
def record_gap(engine: Any, seconds: float) -> None:
    """Count one gap between tokens of a sequence."""
    engine.gap_s += seconds
    engine.longest_gap_s = max(engine.longest_gap_s, seconds)
    engine.gaps[bin_of(seconds)] += 1


@kernel
def record_stretch(engine: Any, replica: Any) -> None:
    """Count the gaps of all steps of a stretch, bin by bin."""
    count, steps = replica.step_decoding, replica.planned
    last = replica.step_s + (steps - 1) * replica.slope_s
    engine.gap_s += count * stretch_s(replica, steps)
    engine.longest_gap_s = max(engine.longest_gap_s, last)
    place = bin_of(replica.step_s)
    final = place if steps == 1 else bin_of(last)
    done = 0
    while place < final:
        reached = 1 + int((upper_end(place) - replica.step_s) / replica.slope_s)
        reached = min(max(done, reached), steps)
        engine.gaps[place] += count * (reached - done)
        done = reached
        place += 1
    engine.gaps[place] += count * (steps - done)


@kernel
def joined_s(request: Any) -> float:
    """When a decoding sequence joined the others: with its first token, or the next one after preemption."""
    if request.preempted == 0 or math.isnan(request.finished_s):
        return request.first_token_s
    return max(request.first_token_s, request.finished_s)


@kernel
def wrote_last(replica: Any, request: Any, now: float) -> float:
    """When a decoding sequence wrote its last token: now, with the last step, or before prompts ran alone."""
    return now if replica.stalled_s < 0 else max(joined_s(request), replica.stalled_s)


@kernel
def record_stall(engine: Any, store: Store, replica: Any) -> None:
    """The first gap of a stretch after prompts ran alone: each sequence waited since its last token.

    Those that were decoding before waited since the first of these prompts; the newest, whose own prompts
    were among them, since their first token.
    """
    before = replica.step_decoding
    first = replica.step_s
    engine.gaps[bin_of(first)] -= before
    place = replica.newest
    while place >= 0:
        slot = store.slots[place]
        request = store.requests[slot.request]
        place = slot.older
        if slot.phase == PREFILLING:
            continue
        last_s = joined_s(request)
        if not last_s > replica.stalled_s:
            break
        waited = replica.step_began - last_s
        engine.gap_s += waited
        engine.longest_gap_s = max(engine.longest_gap_s, waited + first)
        engine.gaps[bin_of(waited + first)] += 1
        before -= 1
    waited = replica.step_began - replica.stalled_s
    replica.stalled_s = -1.0
    if before > 0:
        engine.gap_s += before * waited
        engine.longest_gap_s = max(engine.longest_gap_s, waited + first)
        engine.gaps[bin_of(waited + first)] += before


@kernel
def note_stretch(engine: Any, replica: Any, now: float) -> None:
    """Add a stretch to the sums, and to those of the period it began in."""
    seconds, steps = now - replica.step_began, replica.planned
    engine.steps += steps
    engine.prefill_tokens += replica.prefill_tokens
    replica.busy_s += seconds
    if replica.prefill_tokens == 0:
        engine.decode_s += seconds
    elif replica.step_decoding == 0:
        engine.prefill_s += seconds
    else:
        engine.mixed_s += seconds
    while replica.step_began >= engine.period_s * PERIODS:
        widen_periods(engine)
        engine.period_s *= 2.0
    period = int(replica.step_began / engine.period_s)
    engine.periods[period, 0] += seconds
    engine.periods[period, 1] += seconds * replica.running
    engine.periods[period, 2] += seconds * replica.waiting
    engine.periods[period, 3] += seconds * replica.used_blocks
    engine.periods[period, 4] += replica.prefill_tokens
    engine.periods[period, 5] += replica.step_decoding * engine.pace * steps


@kernel
def widen_periods(engine: Any) -> None:
    """Two periods become one, so that as many again lie ahead."""
    for column in range(COLUMNS):
        for period in range(PERIODS // 2):
            engine.periods[period, column] = (
                engine.periods[2 * period, column] + engine.periods[2 * period + 1, column]
            )
        for period in range(PERIODS // 2, PERIODS):
            engine.periods[period, column] = 0.0
