-- Priced usage by model, tier and kind of token, with the seconds from the nearer end of a period where it is
-- near one: usage there may be billed in the period before or after. `priced` reaches beyond both ends.
SELECT
    provider,
    model,
    priced_as,
    service_tier,
    batch,
    is_stated,
    usd IS NULL AS is_unpriced,
    near,
    CASE WHEN ABS(seconds) < $fine THEN seconds ELSE FLOOR(seconds / 1800) * 1800 END AS at_second,
    SUM(plain_input) AS input_tokens,
    SUM(CAST(cache_read_tokens AS DECIMAL(38, 0))) AS cache_read_tokens,
    SUM(CAST(cache_write_5m_tokens AS DECIMAL(38, 0))) AS cache_write_5m_tokens,
    SUM(CAST(cache_write_1h_tokens AS DECIMAL(38, 0))) AS cache_write_1h_tokens,
    SUM(CAST(output_tokens - audio_output_tokens AS DECIMAL(38, 0))) AS output_tokens,
    SUM(CASE WHEN usd IS NULL THEN 0 ELSE input_usd END) AS input_usd,
    SUM(CASE WHEN usd IS NULL THEN 0 ELSE cache_read_usd END) AS cache_read_usd,
    SUM(CASE WHEN usd IS NULL OR is_stated OR cache_write_5m_tokens = 0 THEN 0
        ELSE CAST(CAST(cache_write_5m_tokens AS DECIMAL(19, 0)) * cache_write_5m_rate AS DECIMAL(38, 15)) END)
        AS cache_write_5m_usd,
    SUM(CASE WHEN usd IS NULL OR is_stated OR cache_write_1h_tokens = 0 THEN 0
        ELSE CAST(CAST(cache_write_1h_tokens AS DECIMAL(19, 0)) * cache_write_1h_rate AS DECIMAL(38, 15)) END)
        AS cache_write_1h_usd,
    SUM(CASE WHEN usd IS NULL THEN 0 ELSE output_usd END) AS output_usd,
    SUM(CASE WHEN usd IS NULL THEN 0 ELSE usd END) AS usd
FROM (
    SELECT
        *,
        CASE WHEN ts < $first_reach THEN 'since' WHEN ts >= $last_reach THEN 'until' END AS near,
        CASE
            WHEN ts < $first_reach THEN FLOOR(EPOCH(ts) - EPOCH($since))
            WHEN ts >= $last_reach THEN FLOOR(EPOCH(ts) - EPOCH($until))
        END AS seconds
    FROM priced
) AS placed
GROUP BY provider, model, priced_as, service_tier, batch, is_stated, is_unpriced, near, at_second
