-- What another life of caches would change, at most, within a session: tokens written anew that a cache of an
-- hour may still have held (something was cached 5 to 60 minutes before), and tokens read that one of 5 minutes
-- would have lost (nothing was cached in the 5 minutes before, and the session writes for an hour).
WITH told AS (
    SELECT
        usage.*,
        COALESCE(usage.task, '') AS session_name,
        usage.cache_read_tokens + usage.cache_write_5m_tokens + usage.cache_write_1h_tokens AS cached_tokens
    FROM usage
),
timed AS (
    SELECT
        told.*,
        session_name <> '' AND requests = 1 AND cached_tokens > 0 AS is_timed
    FROM told
),
seen AS (
    SELECT
        timed.*,
        MAX(cached_tokens) OVER (
            PARTITION BY is_timed, provider, model, session_name ORDER BY ts
            RANGE BETWEEN INTERVAL '60' MINUTE PRECEDING AND INTERVAL '5' MINUTE PRECEDING
        ) AS cached_within_hour,
        LAG(ts) OVER (PARTITION BY is_timed, provider, model, session_name ORDER BY ts, request_id) AS cached_before,
        SUM(cache_write_1h_tokens) OVER (
            PARTITION BY is_timed, provider, model, session_name ORDER BY ts, request_id
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ) AS written_for_an_hour
    FROM timed
)
SELECT
    seen.*,
    CASE WHEN is_timed THEN LEAST(cache_write_5m_tokens, COALESCE(cached_within_hour, 0)) ELSE 0 END AS spared_tokens,
    CASE WHEN is_timed AND COALESCE(written_for_an_hour, 0) > 0
        AND cached_before < ts - INTERVAL '5' MINUTE AND cached_before >= ts - INTERVAL '60' MINUTE
        THEN cache_read_tokens ELSE 0 END AS lapsed_tokens
FROM seen
