-- Usage of a month by what was bought: the model or the chip, as the prices name it where one is known.
-- The label that says what it was for stands before these columns.
SELECT
    CAST(DATE_TRUNC('month', ts) AS DATE) AS first_of_month,
    kind,
    priced_as,
    provider,
    model,
    MIN(CAST(ts AS DATE)) AS first_day,
    COUNT(*) AS entries,
    SUM(CASE WHEN coverage = 'unpriced' THEN 1 ELSE 0 END) AS unpriced_entries,
    SUM(CAST(requests AS DECIMAL(38, 0))) AS requests,
    SUM(CAST(input_tokens AS DECIMAL(38, 0)) + CAST(output_tokens AS DECIMAL(38, 0))) AS tokens,
    SUM(CAST(COALESCE(chip_hours, 0) AS DECIMAL(38, 9))) AS chip_hours,
    SUM(CASE WHEN coverage = 'unpriced' THEN 0 ELSE usd END) AS usd
FROM priced
GROUP BY first_of_month, kind, priced_as, provider, model
ORDER BY first_of_month, kind, priced_as, provider, model
