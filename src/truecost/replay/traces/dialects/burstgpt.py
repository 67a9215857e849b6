"""BurstGPT: requests to a campus service, one CSV row each, in seconds from the trace's start.

A failed request has a response of 0 tokens; it is left out and counted. Releases with sessions name them in
`Session ID`. Source: https://github.com/HPMLL/BurstGPT, README.
"""

from truecost.replay.traces.dialects.columns import TableDialect

BURSTGPT = TableDialect(
    name="burstgpt",
    what="BurstGPT, with or without failures and sessions",
    time="Timestamp",
    given="Request tokens",
    answer="Response tokens",
    session_columns=("Session ID",),
    zero_is_failed=True,
)
