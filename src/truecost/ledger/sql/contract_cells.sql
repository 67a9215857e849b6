-- Usage under a contract added up: a row for each group, month, vendor, model and commitment. What one groups by
-- stands before these columns. An amount that is not known is in no sum: it is counted beside it.
SELECT
    bill_month,
    CASE WHEN provider = '' THEN COALESCE(SPLIT_PART(priced_as, '/', 1), '') ELSE provider END AS payee,
    provider AS used_provider,
    model AS used_model,
    commitment,
    COUNT(*) AS entries,
    SUM(CAST(requests AS DECIMAL(38, 0))) AS requests,
    SUM(CASE WHEN is_covered THEN CAST(requests AS DECIMAL(38, 0)) ELSE 0 END) AS covered_requests,
    SUM(CASE WHEN list_usd IS NULL THEN 1 ELSE 0 END) AS unlisted_entries,
    SUM(CASE WHEN contracted_usd IS NULL THEN 1 ELSE 0 END) AS uncontracted_entries,
    SUM(CASE WHEN effective_usd IS NULL THEN 1 ELSE 0 END) AS unpriced_entries,
    SUM(CASE WHEN effective_usd IS NULL THEN CAST(requests AS DECIMAL(38, 0)) ELSE 0 END) AS unpriced_requests,
    SUM(COALESCE(list_usd, 0)) AS list_usd,
    SUM(COALESCE(contracted_usd, 0)) AS contracted_usd,
    SUM(COALESCE(effective_usd, 0)) AS effective_usd,
    SUM(COALESCE(billed_usd, 0)) AS billed_usd
FROM contracted
GROUP BY
    bill_month,
    CASE WHEN provider = '' THEN COALESCE(SPLIT_PART(priced_as, '/', 1), '') ELSE provider END,
    provider,
    model,
    commitment
