-- Records of one file in the normal form, each with the reason why it is none, or NULL.
INSERT INTO arrivals
WITH read AS (
    SELECT
        *,
        counted(input_tokens) AS told_input,
        counted(output_tokens) AS told_output,
        coalesce(counted(cache_read_tokens), 0) AS cache_read,
        coalesce(counted(cache_write_5m_tokens), 0) AS cache_write_5m,
        coalesce(counted(cache_write_1h_tokens), 0) AS cache_write_1h,
        coalesce(counted(reasoning_tokens), 0) AS reasoning,
        coalesce(counted(audio_input_tokens), 0) AS audio_input,
        coalesce(counted(audio_output_tokens), 0) AS audio_output,
        coalesce(counted(image_units), 0) AS images,
        coalesce(counted(searches), 0) AS searched,
        lower(coalesce(kind, 'api')) AS told_kind,
        coalesce(counted(requests), CASE WHEN lower(coalesce(kind, 'api')) = 'api' THEN 1 ELSE 0 END) AS requested,
        TRY_CAST(chip_hours AS DECIMAL(18, 9)) AS hours,
        TRY_CAST(stated_usd AS DECIMAL(38, 15)) AS stated,
        moment(ts) AS at_utc
    FROM records
    WHERE mine
),
whole AS (
    SELECT
        *,
        coalesce(told_input, 0) + CASE WHEN $outside THEN cache_read + cache_write_5m + cache_write_1h ELSE 0 END
            AS whole_input,
        coalesce(told_output, 0) AS whole_output,
        least(coalesce(told_input, 0), coalesce(told_output, 0), cache_read, cache_write_5m, cache_write_1h,
            reasoning, audio_input, audio_output, images, searched, requested, coalesce(hours, 0)) AS smallest,
        greatest(coalesce(told_input, 0), coalesce(told_output, 0), cache_read, cache_write_5m, cache_write_1h,
            reasoning, audio_input, audio_output, images, searched, requested) AS largest
    FROM read
),
made AS (
    SELECT
        at_utc AS ts,
        coalesce(trim(provider), '') AS provider,
        coalesce(trim(model), '') AS model,
        nullif(trim(request_id), '') AS request_id,
        nullif(parent_id, '') AS parent_id,
        whole_input AS input_tokens,
        cache_read AS cache_read_tokens,
        cache_write_5m AS cache_write_5m_tokens,
        cache_write_1h AS cache_write_1h_tokens,
        whole_output AS output_tokens,
        reasoning AS reasoning_tokens,
        audio_input AS audio_input_tokens,
        audio_output AS audio_output_tokens,
        images AS image_units,
        requested AS requests,
        searched AS searches,
        hours AS chip_hours,
        stated AS stated_usd,
        told_kind AS kind,
        CASE
            WHEN lower(coalesce(service_tier, '')) IN ('', 'default', 'auto', 'on_demand', 'standard', 'batch')
            THEN 'standard' ELSE lower(service_tier)
        END AS service_tier,
        coalesce(yes(batch), false) OR lower(coalesce(service_tier, '')) = 'batch' AS batch,
        lower(coalesce(trim(region), '')) AS region,
        CASE WHEN lower(coalesce(status, 'ok')) IN ('ok', 'success', 'succeeded', 'completed', 'stop', '200', '') THEN 'ok'
             WHEN lower(status) IN ('cut', 'incomplete', 'cancelled') THEN 'cut' ELSE 'error' END AS status,
        CASE WHEN lower(coalesce(quality, '')) = 'estimated' THEN 'estimated' ELSE 'measured' END AS quality,
        nullif("user", '') AS "user",
        nullif(customer, '') AS customer,
        nullif(feature, '') AS feature,
        nullif(task, '') AS task,
        tidied(coalesce(tags, MAP {})) AS tags,
        $source AS source,
        $file AS source_file,
        line,
        CASE
            WHEN at_utc IS NULL THEN 'no time that can be read'
            WHEN at_utc > $until THEN 'a time over a day in the future'
            WHEN at_utc < TIMESTAMP '2015-01-01' THEN 'a time before 2015'
            WHEN smallest <= -1000000000000000000 THEN 'a count that is no whole number'
            WHEN told_kind NOT IN ('api', 'fleet', 'training', 'other') THEN 'a kind that is none of api, fleet, training, other'
            WHEN hours IS NULL AND chip_hours IS NOT NULL THEN 'chip hours that are no number'
            WHEN stated IS NULL AND regexp_matches(stated_usd, '^[A-Z]{3} ') THEN 'an amount in another currency than USD'
            WHEN stated IS NULL AND stated_usd IS NOT NULL THEN 'a stated amount that is no number'
            WHEN smallest < 0 THEN 'negative tokens or hours'
            WHEN largest > 100000000000 THEN 'over 100,000,000,000 tokens in a row'
            WHEN stated IS NULL AND hours IS NULL AND told_kind <> 'api' THEN 'neither chip hours nor an amount'
            WHEN coalesce(trim(model), '') = '' AND coalesce(status, 'ok') = 'ok' AND stated IS NULL THEN 'no model'
            WHEN told_input IS NULL AND told_output IS NULL AND coalesce(status, 'ok') IN ('ok', 'cut')
                AND told_kind = 'api' AND stated IS NULL
                AND NOT coalesce(map_contains(tags, 'local_cache_hit'), false) THEN 'no tokens told'
            WHEN cache_read + cache_write_5m + cache_write_1h > whole_input
                THEN 'cached tokens above the input that includes them'
            WHEN reasoning > whole_output THEN 'reasoning tokens above the output that includes them'
        END AS reason,
        trace,
        span
    FROM whole
)
SELECT
    * REPLACE (coalesce(request_id, concat('line:', $stem, ':', line, ':', md5(concat_ws('|',
        ts, provider, model, input_tokens, cache_read_tokens, cache_write_5m_tokens, cache_write_1h_tokens,
        output_tokens, requests, searches, chip_hours, stated_usd, "user", customer, feature, task, CAST(tags AS VARCHAR)))[1:12])) AS request_id)
FROM made
