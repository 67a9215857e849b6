-- The same requests before and under the alternative, added up: a row for each group, model and fate. What one
-- groups by stands before these columns. Amounts are of compared requests alone, on both sides; `left_out_usd`
-- is what the others cost before.
WITH fates AS (
    SELECT
        high.*,
        CASE
            WHEN kind <> 'api' OR NOT chip_hours IS NULL THEN 'not_api'
            WHEN is_paid_as_stated AND is_changed AND (NOT is_moved OR own_tokens = 0) THEN 'stated'
            WHEN was_usd IS NULL THEN 'unpriced_before'
            WHEN NOT is_changed THEN 'compared'
            WHEN NOT same_work THEN 'other_work'
            WHEN is_other_media THEN 'other_media'
            WHEN is_too_long THEN 'too_long'
            WHEN low_usd IS NULL OR usd IS NULL THEN 'unpriced_after'
            ELSE 'compared'
        END AS fate
    FROM high
)
SELECT
    fate,
    own_provider,
    own_model,
    own_region,
    own_service_tier,
    own_batch,
    provider,
    model,
    region,
    service_tier,
    batch,
    MAX(priced_as) AS priced_as,
    COUNT(*) AS entries,
    SUM(CAST(requests AS DECIMAL(38, 0))) AS requests,
    SUM(CASE WHEN is_changed THEN 1 ELSE 0 END) AS changed_entries,
    SUM(CASE WHEN was_coverage = 'estimated' OR coverage = 'estimated' THEN 1 ELSE 0 END) AS estimated_entries,
    SUM(CASE WHEN is_paid_as_stated AND is_changed THEN 1 ELSE 0 END) AS stated_entries,
    SUM(CASE WHEN other_life_tokens > 0 AND NOT is_timed THEN 1 ELSE 0 END) AS untimed_entries,
    SUM(CAST(spared_tokens AS DECIMAL(38, 0))) AS spared_tokens,
    SUM(CAST(lapsed_tokens AS DECIMAL(38, 0))) AS lapsed_tokens,
    MIN(CAST(ts AS DATE)) AS first_day,
    MAX(CAST(ts AS DATE)) AS last_day,
    SUM(CASE WHEN fate = 'compared' THEN was_input_usd ELSE 0 END) AS was_input_usd,
    SUM(CASE WHEN fate = 'compared' THEN was_cache_read_usd ELSE 0 END) AS was_cache_read_usd,
    SUM(CASE WHEN fate = 'compared' THEN was_cache_write_usd ELSE 0 END) AS was_cache_write_usd,
    SUM(CASE WHEN fate = 'compared' THEN was_output_usd ELSE 0 END) AS was_output_usd,
    SUM(CASE WHEN fate = 'compared' THEN was_other_usd ELSE 0 END) AS was_other_usd,
    SUM(CASE WHEN fate = 'compared' THEN was_as_stated_usd ELSE 0 END) AS was_as_stated_usd,
    SUM(CASE WHEN fate = 'compared' THEN was_usd ELSE 0 END) AS was_usd,
    SUM(CASE WHEN fate = 'compared' THEN low_input_usd ELSE 0 END) AS low_input_usd,
    SUM(CASE WHEN fate = 'compared' THEN low_cache_read_usd ELSE 0 END) AS low_cache_read_usd,
    SUM(CASE WHEN fate = 'compared' THEN low_cache_write_usd ELSE 0 END) AS low_cache_write_usd,
    SUM(CASE WHEN fate = 'compared' THEN low_output_usd ELSE 0 END) AS low_output_usd,
    SUM(CASE WHEN fate = 'compared' THEN low_other_usd ELSE 0 END) AS low_other_usd,
    SUM(CASE WHEN fate = 'compared' THEN low_as_stated_usd ELSE 0 END) AS low_as_stated_usd,
    SUM(CASE WHEN fate = 'compared' THEN low_usd ELSE 0 END) AS low_usd,
    SUM(CASE WHEN fate = 'compared' THEN input_usd ELSE 0 END) AS high_input_usd,
    SUM(CASE WHEN fate = 'compared' THEN cache_read_usd ELSE 0 END) AS high_cache_read_usd,
    SUM(CASE WHEN fate = 'compared' THEN cache_write_usd ELSE 0 END) AS high_cache_write_usd,
    SUM(CASE WHEN fate = 'compared' THEN output_usd ELSE 0 END) AS high_output_usd,
    SUM(CASE WHEN fate = 'compared' THEN other_usd ELSE 0 END) AS high_other_usd,
    SUM(CASE WHEN fate = 'compared' THEN as_stated_usd ELSE 0 END) AS high_as_stated_usd,
    SUM(CASE WHEN fate = 'compared' THEN usd ELSE 0 END) AS high_usd,
    SUM(CASE WHEN fate = 'compared' THEN 0 ELSE COALESCE(was_usd, 0) END) AS left_out_usd
FROM fates
GROUP BY fate, own_provider, own_model, own_region, own_service_tier, own_batch, provider, model, region,
    service_tier, batch
