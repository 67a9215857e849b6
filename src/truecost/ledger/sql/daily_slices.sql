-- The usage of one odd step and of those it is compared with, by every dimension: what an excess is split by.
SELECT
    "kind", provider, model, service_tier, batch, region, status, quality, "user", customer, feature, task, source,
    tags,
    is_odd,
    SUM(CAST(GREATEST(requests, 1) AS DECIMAL(38, 0))) AS requests,
    SUM(CAST(input_tokens AS DECIMAL(38, 0))) AS input_tokens,
    SUM(CAST(cache_read_tokens AS DECIMAL(38, 0))) AS cache_read_tokens,
    SUM(CAST(output_tokens AS DECIMAL(38, 0))) AS output_tokens,
    SUM(input_usd + cache_write_usd) AS uncached_usd,
    SUM(cache_read_usd) AS cache_read_usd,
    SUM(output_usd) AS output_usd,
    SUM(usd - input_usd - cache_write_usd - cache_read_usd - output_usd) AS rest_usd,
    SUM(usd) AS usd
FROM steps
WHERE NOT usd IS NULL
GROUP BY
    "kind", provider, model, service_tier, batch, region, status, quality, "user", customer, feature, task, source,
    tags, is_odd
