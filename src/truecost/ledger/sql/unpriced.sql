-- The models that have no price for what was used of them, the most used first.
SELECT
    provider,
    model,
    region,
    service_tier,
    batch,
    priced_as,
    COUNT(*) AS requests,
    SUM(CAST(input_tokens AS DECIMAL(38, 0)) + CAST(output_tokens AS DECIMAL(38, 0))) AS tokens,
    MIN(CAST(ts AS DATE)) AS first_day,
    MAX(CAST(ts AS DATE)) AS last_day
FROM priced
WHERE coverage = 'unpriced'
GROUP BY provider, model, region, service_tier, batch, priced_as
ORDER BY requests DESC, tokens DESC, provider, model, region, service_tier, batch
