"""Qwen-Bailian: one JSON object a request with its chat, the chat before it, and a hash id per 16 tokens.

Times are seconds from the start. `parent_chat_id` is the request that a turn answers to, -1 for the first
of a conversation; a session is all that goes back to the same first.
Source: https://github.com/alibaba-edu/qwen-bailian-usagetraces-anon.
"""

from __future__ import annotations

import numpy as np

from truecost.replay.traces.dialects.columns import TableDialect
from truecost.replay.traces.source import JSONL
from truecost.replay.traces.table import Kind, Table
from truecost.replay.traces.trace import Integers

_DOUBLINGS = 64
"""Enough to reach the first turn of any conversation, and an end for one that goes in a circle."""


def sessions(table: Table) -> Integers:
    """A session key a request: the first chat that its parents lead to."""
    chats, parents = (table.numbers[name] for name in ("chat_id", "parent_chat_id"))
    distinct, place = np.unique(np.concatenate([chats, parents]), return_inverse=True)
    above = np.arange(len(distinct))
    is_turn = np.isfinite(parents) & (parents >= 0)
    above[place[: len(chats)][is_turn]] = place[len(chats) :][is_turn]
    for _ in range(_DOUBLINGS):
        further = above[above]
        if np.array_equal(further, above):
            break
        above = further
    return above[place[: len(chats)]].astype(np.int64)


BAILIAN = TableDialect(
    name="qwen-bailian",
    what="Qwen-Bailian usage traces, conversations and hashes of 16 tokens",
    time="timestamp",
    given="input_length",
    answer="output_length",
    signature=("chat_id", "parent_chat_id"),
    blocks="hash_ids",
    block_tokens=16,
    session_columns=("chat_id", "parent_chat_id"),
    session_kind=Kind.NUMBER,
    sessions=sessions,
    written_as=JSONL,
)
