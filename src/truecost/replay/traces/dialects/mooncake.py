"""Mooncake: one JSON object a request, milliseconds from the start, a hash id for each 512 tokens of prompt.

Two requests with the same id at a place have the same tokens up to the end of that block.
Source: https://github.com/kvcache-ai/Mooncake, FAST25-release/traces.
"""

from truecost.replay.traces.dialects.columns import TableDialect
from truecost.replay.traces.source import JSONL

MOONCAKE = TableDialect(
    name="mooncake",
    what="Mooncake traces, prompts as hashes of 512 tokens",
    time="timestamp",
    given="input_length",
    answer="output_length",
    units_per_s=1000,
    blocks="hash_ids",
    blocks_are_optional=True,
    block_tokens=512,
    written_as=JSONL,
)
