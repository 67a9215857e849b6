-- Usage added up: a row for each group, status and coverage. What one groups by stands before these columns.
SELECT
    status,
    coverage,
    COUNT(*) AS entries,
    SUM(CAST(requests AS DECIMAL(38, 0))) AS requests,
    SUM(CASE WHEN NOT is_stated AND input_tokens + output_tokens + image_units + searches = 0
        THEN CAST(requests AS DECIMAL(38, 0)) ELSE 0 END) AS unbilled_requests,
    SUM(CASE WHEN is_retry THEN CAST(requests AS DECIMAL(38, 0)) ELSE 0 END) AS retried_requests,
    SUM(CAST(input_tokens AS DECIMAL(38, 0))) AS input_tokens,
    SUM(CAST(cache_read_tokens AS DECIMAL(38, 0))) AS cache_read_tokens,
    SUM(CAST(output_tokens AS DECIMAL(38, 0))) AS output_tokens,
    SUM(CAST(COALESCE(chip_hours, 0) AS DECIMAL(38, 9))) AS chip_hours,
    SUM(CASE WHEN usd IS NULL THEN 0 ELSE input_usd END) AS input_usd,
    SUM(CASE WHEN usd IS NULL THEN 0 ELSE cache_read_usd END) AS cache_read_usd,
    SUM(CASE WHEN usd IS NULL THEN 0 ELSE cache_write_usd END) AS cache_write_usd,
    SUM(CASE WHEN usd IS NULL THEN 0 ELSE output_usd END) AS output_usd,
    SUM(CASE WHEN usd IS NULL THEN 0 ELSE other_usd END) AS other_usd,
    SUM(CASE WHEN usd IS NULL THEN 0 ELSE chip_usd END) AS chip_usd,
    SUM(CASE WHEN usd IS NULL THEN 0 ELSE as_stated_usd END) AS as_stated_usd,
    SUM(CASE WHEN usd IS NULL THEN 0 ELSE usd END) AS usd,
    SUM(CASE WHEN is_retry AND NOT usd IS NULL THEN usd ELSE 0 END) AS retried_usd
FROM priced
GROUP BY status, coverage
