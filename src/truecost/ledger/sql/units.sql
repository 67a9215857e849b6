-- What each unit (a task, a user) costs: how many there are, what they cost together, in the middle, at most, and
-- how many of them came to the outcome. Before these columns stands what one groups by.
SELECT
    COUNT(unit) AS units,
    SUM(CASE WHEN unit IS NULL THEN 0 ELSE requests END) AS requests,
    SUM(CASE WHEN unit IS NULL THEN 0 ELSE usd END) AS usd,
    PERCENTILE_DISC(0.5) WITHIN GROUP (ORDER BY CASE WHEN unit IS NULL THEN NULL ELSE usd END) AS median_usd,
    PERCENTILE_DISC(0.9) WITHIN GROUP (ORDER BY CASE WHEN unit IS NULL THEN NULL ELSE usd END) AS p90_usd,
    MAX(CASE WHEN unit IS NULL THEN NULL ELSE usd END) AS most_usd,
    SUM(CASE WHEN unit IS NULL THEN 0 ELSE reached END) AS reached_units,
    SUM(CASE WHEN unit IS NULL OR unpriced = 0 THEN 0 ELSE 1 END) AS unpriced_units,
    SUM(CASE WHEN unit IS NULL THEN usd ELSE 0 END) AS no_unit_usd,
    SUM(CASE WHEN unit IS NULL THEN entries ELSE 0 END) AS no_unit_entries
FROM units
