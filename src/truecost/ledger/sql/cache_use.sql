-- What caches saved and what writing them cost, and what a cache might have saved more: where a request of a task
-- follows another within five minutes, what is as long as that one might have been read from a cache. Before
-- these columns stands what one groups by.
SELECT
    SUM(cache_read_tokens) AS cache_read_tokens,
    SUM(input_tokens) AS input_tokens,
    SUM(CAST(cache_read_tokens AS DECIMAL(19, 0)) * (input_rate - cache_read_rate)) AS saved_usd,
    SUM(
        CASE WHEN cache_write_5m_tokens = 0 THEN 0
            ELSE CAST(cache_write_5m_tokens AS DECIMAL(19, 0)) * (cache_write_5m_rate - input_rate) END
        + CASE WHEN cache_write_1h_tokens = 0 THEN 0
            ELSE CAST(cache_write_1h_tokens AS DECIMAL(19, 0)) * (cache_write_1h_rate - input_rate) END
    ) AS writing_usd,
    SUM(missed_tokens) AS missed_tokens,
    SUM(CASE WHEN missed_tokens = 0 THEN 0
        ELSE CAST(missed_tokens AS DECIMAL(19, 0)) * (input_rate - cache_read_rate) END) AS missed_usd,
    SUM(CASE WHEN task IS NULL THEN plain_input ELSE 0 END) AS tokens_without_task
FROM (
    SELECT
        after.*,
        CASE
            WHEN task IS NULL OR input_before IS NULL OR cache_read_rate IS NULL OR cache_read_rate >= input_rate
                OR requests <> 1 OR ts > ts_before + INTERVAL '5' MINUTE
                OR LEAST(input_before, input_tokens) < 1024 THEN 0
            ELSE GREATEST(LEAST(input_before - cache_read_tokens, CAST(plain_input AS BIGINT)), 0)
        END AS missed_tokens
    FROM (
        SELECT
            priced.*,
            LAG(ts) OVER (PARTITION BY provider, model, task ORDER BY ts, request_id) AS ts_before,
            LAG(input_tokens) OVER (PARTITION BY provider, model, task ORDER BY ts, request_id) AS input_before
        FROM priced
        WHERE kind = 'api' AND NOT is_stated AND NOT usd IS NULL
    ) AS after
) AS missed
