"""Our own schema, as CSV, JSONL or Parquet: what `truecost trace convert` and `trace synth` write.

`arrival_s` (seconds from the start; without it every request is there at once), `input_tokens`,
`output_tokens`; where known `session_id` (number or text), and `prefix_blocks` with `block_tokens`: the ids
of the prompt's blocks, a list in JSONL and Parquet, in CSV "0 14..27".
"""

from truecost.replay.traces.dialects.columns import TableDialect

ARRIVAL, INPUT, OUTPUT, SESSION = "arrival_s", "input_tokens", "output_tokens", "session_id"
BLOCK_TOKENS, BLOCKS = "block_tokens", "prefix_blocks"

OWN = TableDialect(
    name="truecost",
    what="our own schema: arrival_s, input_tokens, output_tokens",
    time=ARRIVAL,
    given=INPUT,
    answer=OUTPUT,
    time_is_optional=True,
    blocks=BLOCKS,
    blocks_are_optional=True,
    session_columns=(SESSION,),
)
