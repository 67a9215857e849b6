"""What the simulator's kernels work on: replicas, running sequences and cached prefixes as arrays.

Links between records are indices, -1 for none. Records are `Any` to kernels: Numba types them itself.
"""

from __future__ import annotations

from typing import Any, NamedTuple, Protocol, TypeVar

import numpy as np

T_co = TypeVar("T_co", covariant=True)


class Column(Protocol[T_co]):
    """An array as a kernel sees it: a scalar or a record at an index."""

    def __len__(self) -> int: ...
    def __getitem__(self, place: Any, /) -> T_co: ...
    def __setitem__(self, place: Any, value: Any, /) -> None: ...


Floats = Column[float]
Integers = Column[int]
Records = Column[Any]

UNFINISHED, SERVED, TRUNCATED, REJECTED = 0, 1, 2, 3
ROUND_ROBIN, LEAST_LOADED, PREFIX_AWARE, SESSION = 0, 1, 2, 3
PREFILLING, GROWING, FULL_GROWN = 0, 1, 2
BUCKETS = 1024
"""Of the calendar; a sequence that finishes later waits a lap more."""
BINS_PER_OCTAVE, SHORTEST_OCTAVE, OCTAVES = 64, -20, 34
"""Bins of inter-token gaps: from 2^-20 s to 2^14 s, each octave in equal parts, 0.8 to 1.6 % wide."""
PERIODS, COLUMNS = 1024, 7
"""Of the load over time; their width doubles when time outgrows them. What is summed: `Timeline`."""
GAPS = BINS_PER_OCTAVE * OCTAVES
SPREAD, RATIO, MATCHED = 64, 1.5, 0.3
"""Prefix-aware routing: when load goes before the cache, and the least share of a prompt worth a detour."""

ENGINE = np.dtype(
    [
        # the rules: limits in tokens and blocks
        ("max_num_seqs", "i8"),
        ("max_num_batched_tokens", "i8"),
        ("block_size", "i8"),
        ("kv_blocks", "i8"),
        ("max_tokens", "i8"),  # of a request, in and out
        ("chunked", "i8"),
        ("prompts_first", "i8"),  # steps of prompts alone, before any that decodes
        ("caching", "i8"),
        ("block_tokens", "i8"),  # of a unit of a prefix
        ("draft_tokens", "i8"),
        ("acceptance", "f8"),
        ("drawn", "i8"),
        ("pace", "f8"),  # tokens that a decoding sequence writes a step
        ("deviation", "f8"),
        ("closed", "i8"),
        ("think_s", "f8"),
        ("routing", "i8"),
        ("most_outstanding", "i8"),  # requests on a replica; 0: any number
        ("horizon_s", "f8"),
        ("seed", "i8"),
        # how the fleet changes: the autoscaler's rules, seconds of a start
        ("least", "i8"),  # replicas
        ("most", "i8"),
        ("up_at", "f8"),  # requests a replica
        ("down_at", "f8"),
        ("interval_s", "f8"),
        ("up_delay_s", "f8"),
        ("down_delay_s", "f8"),
        ("start_s", "f8"),
        ("replace_s", "f8"),  # of a replica that was taken away
        # the table of step times: points on its axes
        ("prefill_points", "i8"),
        ("decode_points", "i8"),
        ("context_points", "i8"),
        ("seconds_per_pair", "f8"),
        # what goes on
        ("issued", "i8"),  # requests whose arrival is known
        ("turn", "i8"),  # the replica routed to last
        ("awake", "i8"),  # replicas in the heap
        ("now_s", "f8"),
        ("event_s", "f8"),  # when the fleet changes next; infinite for a fixed one
        ("look_s", "f8"),  # when the autoscaler looks next
        ("taken", "i8"),  # replicas taken away so far
        ("turned_s", "f8"),  # since when the autoscaler wants more, or less; -1 for neither
        ("is_more", "i8"),
        ("bound", "i8"),  # the least, or the most, of what it wanted since
        # sums
        ("steps", "i8"),
        ("end_s", "f8"),
        ("prefill_s", "f8"),
        ("decode_s", "f8"),
        ("mixed_s", "f8"),
        ("prefill_tokens", "i8"),
        ("discarded_tokens", "i8"),
        ("interruptions", "i8"),
        ("gap_s", "f8"),
        ("longest_gap_s", "f8"),
        ("period_s", "f8"),
        ("gaps", "i8", (GAPS,)),
        ("periods", "f8", (PERIODS, COLUMNS)),
    ],
    align=True,
)
REQUEST = np.dtype(
    [
        ("arrival_s", "f8"),
        ("first_admit_s", "f8"),
        ("first_token_s", "f8"),
        ("finished_s", "f8"),  # while preempted: when it emitted its last token
        ("input_tokens", "i4"),
        ("output_tokens", "i4"),
        ("generated", "i4"),
        ("hit_tokens", "i4"),
        ("preempted", "i4"),
        ("replica", "i4"),
        ("after", "i4"),  # in the queue
        ("state", "i4"),
    ],
    align=True,
)
REPLICA = np.dtype(
    [
        ("ready_s", "f8"),  # takes requests from then
        ("drain_s", "f8"),  # until then
        ("clock", "f8"),  # end of the step under way, or when to look for work
        ("step_began", "f8"),
        ("step_s", "f8"),  # of the step under way
        ("slope_s", "f8"),  # by which those of its stretch grow longer
        ("busy_s", "f8"),
        ("stalled_s", "f8"),  # since when decoding waits for prompts; -1 while it does not
        ("prefill_pairs", "f8"),  # of the step: pairs of tokens its prompts attend to
        ("decode_index", "i8"),  # decode steps so far
        ("growth", "i8"),  # tokens a sequence decoding all along would have written
        ("context", "i8"),  # KV tokens of the decoding sequences
        ("free_blocks", "i8"),
        ("reclaimable", "i8"),  # blocks of cached prefixes that nothing running uses
        ("peak_blocks", "i8"),
        ("used_blocks", "i8"),  # by the sequences that run
        ("prefill_tokens", "i8"),  # of the step
        ("requests", "i8"),  # routed here
        ("first_class", "i8"),  # where its classes, units and slots begin in the arrays of all
        ("first_unit", "i8"),
        ("free_slot", "i4"),
        ("planned", "i8"),  # steps of the stretch under way
        ("stepping", "i4"),
        ("awake", "i4"),
        ("decode_cell", "i4"),  # of the table, in the step before
        ("context_cell", "i4"),
        ("running", "i4"),
        ("waiting", "i4"),
        ("decoding", "i4"),
        ("growing", "i4"),
        ("step_decoding", "i4"),
        ("held", "i4"),  # after a preemption, with prompts first: none is admitted before a sequence ends
        ("first_waiting", "i4"),
        ("last_waiting", "i4"),
        ("oldest", "i4"),  # running, by admission
        ("newest", "i4"),
        ("prefilling", "i4"),  # the slot whose prompt is partly done
        ("completing", "i4"),  # slots whose prompt ends with this step
        ("stalest", "i4"),  # cached units nothing uses, by last use
        ("freshest", "i4"),
        ("heap_place", "i4"),
        ("in_heap", "i4"),  # the replica at this place of the heap of those awake
        ("since_s", "f8"),  # paid since then; -1 while it is not
        ("up_s", "f8"),  # paid so far, without the time since then
        ("buckets", "i4", (BUCKETS,)),  # of the calendar: first slots
    ],
    align=True,
)
SLOT = np.dtype(
    [
        ("tokens", "i8"),  # KV tokens: so far while prefilling, at joining while growing
        ("target", "i8"),  # tokens to prefill: the prompt, and after preemption what was generated
        ("joined", "i8"),  # `growth` when decoding began
        ("finish_at", "i8"),  # decode index of the last token
        ("event_at", "i8"),  # decode index at which its bucket must look at it
        ("request", "i4"),
        ("older", "i4"),
        ("newer", "i4"),
        ("before", "i4"),  # in its bucket
        ("after", "i4"),
        ("shared", "i4"),  # units of its prefix held in the cache
        ("shared_blocks", "i4"),
        ("phase", "i4"),
    ],
    align=True,
)
UNIT = np.dtype(
    [
        ("users", "i4"),  # -1 where not cached
        ("blocks", "i4"),
        ("staler", "i4"),
        ("fresher", "i4"),
    ],
    align=True,
)


class Store(NamedTuple):
    """The arrays, each of all replicas.

    `chains`: where the prefix units of each request begin in this same array (one more than requests), then
    their ids; empty without a prefix cache. `table`: the three axes of step times, then the seconds.
    `homes`: the replica of each session, -1 for none yet. `taken_s`, `taken`: when which replica is taken
    away, in the order of time; `interrupted`: how often each request ran on one that was (all three empty
    where none is).
    """

    requests: Records
    slots: Records
    units: Records
    classes: Integers
    chains: Integers
    sessions: Integers
    homes: Integers
    table: Floats
    taken_s: Floats
    taken: Integers
    interrupted: Integers
