-- The models that have no price for what was used of them, the most used first.
SELECT
    provider,
    model,
    region,
    service_tier,
    batch,
    priced_as,
    kind,
    COUNT(*) AS entries,
    SUM(CAST(requests AS DECIMAL(38, 0))) AS requests,
    SUM(CAST(COALESCE(chip_hours, 0) AS DECIMAL(38, 9))) AS chip_hours,
    SUM(CAST(input_tokens AS DECIMAL(38, 0)) + CAST(output_tokens AS DECIMAL(38, 0))) AS tokens,
    MIN(CAST(ts AS DATE)) AS first_day,
    MAX(CAST(ts AS DATE)) AS last_day
FROM priced
WHERE coverage = 'unpriced'
GROUP BY provider, model, region, service_tier, batch, priced_as, kind
ORDER BY entries DESC, requests DESC, tokens DESC, provider, model, region, service_tier, batch
