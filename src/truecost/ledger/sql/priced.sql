-- What each request of `usage` cost. `rates` holds, for every model as the logs name it, USD for one token of
-- each kind, between which input lengths of a whole request, minutes of the UTC day and days it holds. A row
-- that stands for several requests is priced as their average one. What a bill states is the amount as it is.
-- An amount that has no price is NULL, never 0. Multiplications and additions of decimals alone; parts of 30
-- digits, since a sum of two that fill all 38 loses a digit behind the point on Spark. Counts have 19 digits: a
-- product of two decimals of 18 is one of 18 in DuckDB, too small for 1,000 USD.
WITH parts AS (
    SELECT
        usage.*,
        rates.priced_as,
        rates.is_estimate OR (usage.requests > 1 AND rates.by_length)
            OR (usage.searches > 0 AND rates.search_is_estimate) AS is_estimate,
        NOT usage.stated_usd IS NULL AS is_stated,
        CAST(GREATEST(usage.input_tokens - usage.cache_read_tokens - usage.cache_write_5m_tokens
            - usage.cache_write_1h_tokens - usage.audio_input_tokens, 0) AS DECIMAL(19, 0)) AS plain_input,
        CAST(GREATEST(usage.output_tokens - usage.reasoning_tokens - usage.audio_output_tokens, 0)
            AS DECIMAL(19, 0)) AS plain_output,
        rates.input_usd AS input_rate,
        rates.cache_read_usd AS cache_read_rate,
        rates.cache_write_5m_usd AS cache_write_5m_rate,
        rates.cache_write_1h_usd AS cache_write_1h_rate,
        rates.output_usd AS output_rate,
        rates.reasoning_usd AS reasoning_rate,
        rates.audio_input_usd AS audio_input_rate,
        rates.audio_output_usd AS audio_output_rate,
        rates.image_usd AS image_rate,
        rates.search_usd AS search_rate,
        rates.request_usd AS request_rate,
        rates.chip_hour_usd AS chip_hour_rate
    FROM usage
    LEFT JOIN rates
        ON rates.provider = usage.provider
        AND rates.model = usage.model
        AND rates.region = usage.region
        AND rates.service_tier = usage.service_tier
        AND rates.batch = usage.batch
        AND CASE WHEN usage.requests > 1 THEN FLOOR(usage.input_tokens / usage.requests)
            ELSE usage.input_tokens END >= rates.input_tokens_from
        AND CASE WHEN usage.requests > 1 THEN FLOOR(usage.input_tokens / usage.requests)
            ELSE usage.input_tokens END < rates.input_tokens_to
        AND CAST(usage.ts AS DATE) >= rates.valid_from
        AND CAST(usage.ts AS DATE) < rates.valid_to
        AND EXTRACT(HOUR FROM usage.ts) * 60 + EXTRACT(MINUTE FROM usage.ts) >= rates.utc_minute_from
        AND EXTRACT(HOUR FROM usage.ts) * 60 + EXTRACT(MINUTE FROM usage.ts) < rates.utc_minute_to
),
amounts AS (
    SELECT
        parts.*,
        CAST(CASE WHEN is_stated OR plain_input = 0 THEN 0 ELSE plain_input * input_rate END AS DECIMAL(30, 15)) AS input_usd,
        CAST(CASE WHEN is_stated OR cache_read_tokens = 0 THEN 0
            ELSE CAST(cache_read_tokens AS DECIMAL(19, 0)) * cache_read_rate END AS DECIMAL(30, 15)) AS cache_read_usd,
        CAST(CASE WHEN is_stated OR cache_write_5m_tokens = 0 THEN 0
            ELSE CAST(cache_write_5m_tokens AS DECIMAL(19, 0)) * cache_write_5m_rate END AS DECIMAL(30, 15))
        + CAST(CASE WHEN is_stated OR cache_write_1h_tokens = 0 THEN 0
            ELSE CAST(cache_write_1h_tokens AS DECIMAL(19, 0)) * cache_write_1h_rate END AS DECIMAL(30, 15))
            AS cache_write_usd,
        CAST(CASE WHEN is_stated OR plain_output = 0 THEN 0 ELSE plain_output * output_rate END AS DECIMAL(30, 15))
        + CAST(CASE WHEN is_stated OR reasoning_tokens = 0 THEN 0
            ELSE CAST(reasoning_tokens AS DECIMAL(19, 0)) * reasoning_rate END AS DECIMAL(30, 15)) AS output_usd,
        CAST(CASE WHEN is_stated OR audio_input_tokens = 0 THEN 0
            ELSE CAST(audio_input_tokens AS DECIMAL(19, 0)) * audio_input_rate END AS DECIMAL(30, 15))
        + CAST(CASE WHEN is_stated OR audio_output_tokens = 0 THEN 0
            ELSE CAST(audio_output_tokens AS DECIMAL(19, 0)) * audio_output_rate END AS DECIMAL(30, 15))
        + CAST(CASE WHEN is_stated OR image_units = 0 THEN 0
            ELSE CAST(image_units AS DECIMAL(19, 0)) * image_rate END AS DECIMAL(30, 15))
        + CAST(CASE WHEN is_stated OR searches = 0 THEN 0
            ELSE CAST(searches AS DECIMAL(19, 0)) * search_rate END AS DECIMAL(30, 15))
        + CAST(CASE WHEN is_stated OR input_tokens + output_tokens + image_units = 0 OR request_rate IS NULL THEN 0
            ELSE CAST(requests AS DECIMAL(19, 0)) * request_rate END AS DECIMAL(30, 15)) AS other_usd,
        CAST(CASE WHEN is_stated OR COALESCE(chip_hours, 0) = 0 THEN 0
            ELSE chip_hours * chip_hour_rate END AS DECIMAL(30, 15)) AS chip_usd,
        CAST(COALESCE(stated_usd, 0) AS DECIMAL(30, 15)) AS as_stated_usd
    FROM parts
)
SELECT
    amounts.*,
    CAST(input_usd + cache_read_usd + cache_write_usd + output_usd + other_usd + chip_usd + as_stated_usd
        AS DECIMAL(38, 15)) AS usd,
    CASE
        WHEN input_usd + cache_read_usd + cache_write_usd + output_usd + other_usd + chip_usd IS NULL THEN 'unpriced'
        WHEN NOT is_stated AND (quality = 'estimated' OR is_estimate) THEN 'estimated'
        ELSE 'priced'
    END AS coverage
FROM amounts
