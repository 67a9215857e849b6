-- Usage added up: a row for each group, status and coverage. What one groups by stands before these columns.
SELECT
    status,
    coverage,
    COUNT(*) AS entries,
    SUM(requests) AS requests,
    SUM(CASE WHEN NOT is_stated AND input_tokens + output_tokens + image_units + searches = 0
        THEN requests ELSE 0 END) AS unbilled_requests,
    SUM(CASE WHEN is_retry THEN requests ELSE 0 END) AS retried_requests,
    SUM(input_tokens) AS input_tokens,
    SUM(cache_read_tokens) AS cache_read_tokens,
    SUM(output_tokens) AS output_tokens,
    SUM(CAST(COALESCE(chip_hours, 0) AS DECIMAL(38, 9))) AS chip_hours,
    CASE WHEN coverage = 'unpriced' THEN 0 ELSE SUM(input_usd) END AS input_usd,
    CASE WHEN coverage = 'unpriced' THEN 0 ELSE SUM(cache_read_usd) END AS cache_read_usd,
    CASE WHEN coverage = 'unpriced' THEN 0 ELSE SUM(cache_write_usd) END AS cache_write_usd,
    CASE WHEN coverage = 'unpriced' THEN 0 ELSE SUM(output_usd) END AS output_usd,
    CASE WHEN coverage = 'unpriced' THEN 0 ELSE SUM(other_usd) END AS other_usd,
    CASE WHEN coverage = 'unpriced' THEN 0 ELSE SUM(chip_usd) END AS chip_usd,
    CASE WHEN coverage = 'unpriced' THEN 0 ELSE SUM(as_stated_usd) END AS as_stated_usd,
    CASE WHEN coverage = 'unpriced' THEN 0 ELSE SUM(usd) END AS usd,
    CASE WHEN coverage = 'unpriced' THEN 0 ELSE SUM(CASE WHEN is_retry THEN usd ELSE 0 END) END AS retried_usd
FROM priced
GROUP BY status, coverage
