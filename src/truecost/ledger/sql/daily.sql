-- What each day cost, or each hour: a row for each, and for each group of what one asks by, which stands before
-- these columns. What has no price is counted, in no amount.
SELECT
    CAST(ts AS DATE) AS step,
    SUM(CAST(requests AS DECIMAL(38, 0))) AS requests,
    SUM(CASE WHEN usd IS NULL THEN 0 ELSE usd END) AS usd,
    SUM(CASE WHEN coverage = 'unpriced' THEN GREATEST(requests, 1) ELSE 0 END) AS unpriced_requests
FROM priced
