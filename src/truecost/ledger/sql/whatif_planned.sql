-- Each priced request of `own` as it would be under the alternative of `moves`: where it is sent, and its tokens
-- there, at the low end under the usual names and at the high end. Own names and amounts are kept beside them.
WITH parted AS (
    SELECT
        own.*,
        moves.*,
        CAST(GREATEST(input_tokens - cache_read_tokens - cache_write_5m_tokens - cache_write_1h_tokens
            - audio_input_tokens, 0) AS BIGINT) AS plain_tokens,
        CAST(GREATEST(cache_read_tokens + cache_write_5m_tokens + cache_write_1h_tokens + audio_input_tokens
            - input_tokens, 0) AS BIGINT) AS overlap_tokens,
        GREATEST(input_tokens - audio_input_tokens, 0) AS text_tokens,
        CAST(ROUND(CAST(GREATEST(input_tokens - audio_input_tokens, 0) AS DECIMAL(19, 0)) * moves.read_share)
            AS BIGINT) AS share_tokens
    FROM own
    JOIN moves
        ON moves.from_provider = own.provider AND moves.from_model = own.model AND moves.from_region = own.region
),
cached AS (
    SELECT
        parted.*,
        CASE cache WHEN 'off' THEN text_tokens WHEN 'share' THEN text_tokens - share_tokens ELSE plain_tokens END
            AS low_plain,
        CASE cache WHEN 'off' THEN 0 WHEN 'share' THEN share_tokens WHEN '1h' THEN cache_read_tokens + spared_tokens
            ELSE cache_read_tokens END AS low_read,
        CASE cache WHEN 'kept' THEN cache_write_5m_tokens WHEN '5m' THEN cache_write_5m_tokens + cache_write_1h_tokens
            ELSE 0 END AS low_5m,
        CASE cache WHEN 'kept' THEN cache_write_1h_tokens
            WHEN '1h' THEN cache_write_5m_tokens + cache_write_1h_tokens - spared_tokens ELSE 0 END AS low_1h,
        CASE cache WHEN 'off' THEN 0 WHEN 'share' THEN share_tokens WHEN '5m' THEN cache_read_tokens - lapsed_tokens
            ELSE cache_read_tokens END AS high_read,
        CASE cache WHEN 'kept' THEN cache_write_5m_tokens
            WHEN '5m' THEN cache_write_5m_tokens + cache_write_1h_tokens + lapsed_tokens ELSE 0 END AS base_5m,
        CASE cache WHEN 'kept' THEN cache_write_1h_tokens
            WHEN '1h' THEN cache_write_5m_tokens + cache_write_1h_tokens ELSE 0 END AS base_1h,
        CASE WHEN cache IN ('off', 'share') THEN 0 ELSE overlap_tokens END AS kept_overlap,
        CASE WHEN NOT rest_written OR cache = 'off' THEN 0 WHEN cache = 'share' THEN text_tokens - share_tokens
            ELSE plain_tokens END AS written_tokens
    FROM parted
),
counted AS (
    SELECT
        cached.*,
        CAST(ROUND(CAST(low_plain AS DECIMAL(19, 0)) * ratio_low) AS BIGINT) AS l_plain,
        CAST(ROUND(CAST(low_read AS DECIMAL(19, 0)) * ratio_low) AS BIGINT) AS l_read,
        CAST(ROUND(CAST(low_5m AS DECIMAL(19, 0)) * ratio_low) AS BIGINT) AS l_5m,
        CAST(ROUND(CAST(low_1h AS DECIMAL(19, 0)) * ratio_low) AS BIGINT) AS l_1h,
        CAST(ROUND(CAST(reasoning_tokens AS DECIMAL(19, 0)) * ratio_low) AS BIGINT) AS l_reasoning,
        CAST(ROUND(CAST(output_tokens - reasoning_tokens AS DECIMAL(19, 0)) * ratio_low) AS BIGINT) AS l_answer,
        CAST(ROUND(CAST(low_plain - written_tokens AS DECIMAL(19, 0)) * ratio_high) AS BIGINT) AS h_plain,
        CAST(ROUND(CAST(high_read AS DECIMAL(19, 0)) * ratio_high) AS BIGINT) AS h_read,
        CAST(ROUND(CAST(base_5m + CASE WHEN write_life = '1h' THEN 0 ELSE written_tokens END AS DECIMAL(18, 0))
            * ratio_high) AS BIGINT) AS h_5m,
        CAST(ROUND(CAST(base_1h + CASE WHEN write_life = '1h' THEN written_tokens ELSE 0 END AS DECIMAL(19, 0))
            * ratio_high) AS BIGINT) AS h_1h,
        CAST(ROUND(CAST(reasoning_tokens AS DECIMAL(19, 0)) * ratio_high) AS BIGINT) AS h_reasoning,
        CAST(ROUND(CAST(output_tokens - reasoning_tokens AS DECIMAL(19, 0)) * ratio_high) AS BIGINT) AS h_answer,
        CASE WHEN batch THEN COALESCE(to_batch, batch) ELSE COALESCE(to_batch, FALSE) END AS sent_as_batch
    FROM cached
),
sent AS (
    SELECT
        counted.*,
        l_plain + l_read + l_5m + l_1h + audio_input_tokens - kept_overlap AS l_input,
        h_plain + h_read + h_5m + h_1h + audio_input_tokens - kept_overlap AS h_input,
        CASE WHEN batch AND sent_as_batch THEN service_tier WHEN sent_as_batch THEN 'standard'
            ELSE COALESCE(to_tier, service_tier) END AS sent_tier
    FROM counted
)
SELECT
    ts, request_id, "user", customer, feature, task, tags, source, kind, status, quality,
    provider AS own_provider, model AS own_model, region AS own_region, service_tier AS own_service_tier,
    batch AS own_batch, coverage AS was_coverage,
    input_usd AS was_input_usd, cache_read_usd AS was_cache_read_usd, cache_write_usd AS was_cache_write_usd,
    output_usd AS was_output_usd, other_usd AS was_other_usd, as_stated_usd AS was_as_stated_usd, usd AS was_usd,
    NOT stated_usd IS NULL AS is_paid_as_stated, is_moved, same_work,
    to_provider AS provider, to_model AS model, to_region AS region, sent_tier AS service_tier,
    sent_as_batch AS batch,
    l_input AS input_tokens, l_read AS cache_read_tokens, l_5m AS cache_write_5m_tokens,
    l_1h AS cache_write_1h_tokens, l_reasoning + l_answer AS output_tokens, l_reasoning AS reasoning_tokens,
    audio_input_tokens, audio_output_tokens, image_units, requests, searches, chip_hours,
    CASE WHEN is_moved THEN NULL ELSE stated_usd END AS stated_usd,
    h_input, h_read, h_5m, h_1h, h_reasoning, h_reasoning + h_answer AS h_output,
    is_timed, spared_tokens, lapsed_tokens,
    CASE cache WHEN '1h' THEN cache_write_5m_tokens WHEN '5m' THEN cache_write_1h_tokens ELSE 0 END AS other_life_tokens,
    input_tokens + output_tokens AS own_tokens,
    NOT (provider = to_provider AND model = to_model AND region = to_region AND service_tier = sent_tier
        AND batch = sent_as_batch AND ratio_low = 1 AND ratio_high = 1
        AND cache_read_tokens = l_read AND cache_write_5m_tokens = l_5m AND cache_write_1h_tokens = l_1h
        AND cache_read_tokens = h_read AND cache_write_5m_tokens = h_5m AND cache_write_1h_tokens = h_1h)
        AS is_changed,
    NOT same_media AND audio_input_tokens + audio_output_tokens + image_units > 0 AS is_other_media,
    COALESCE(CASE WHEN requests > 1 THEN FLOOR(GREATEST(h_input, l_input) / requests)
        ELSE GREATEST(h_input, l_input) END > longest_input, FALSE) AS is_too_long
FROM sent
