-- Where what was just read tells of the same days and provider as another log, and one of the two is a sum.
-- `told` has a row for each kind, provider, day and source, new or of the store; `summing` names sources that sum.
SELECT
    fresh.kind,
    CASE WHEN fresh.kind = 'api' THEN fresh.provider ELSE '' END AS provider,
    least(fresh.source, other.source) AS one,
    greatest(fresh.source, other.source) AS another,
    count(DISTINCT fresh.day) AS days,
    CAST(min(fresh.day) AS VARCHAR) AS first_day,
    CAST(max(fresh.day) AS VARCHAR) AS last_day
FROM told AS fresh JOIN told AS other
    ON fresh.kind = other.kind AND fresh.day = other.day
    AND (fresh.provider = other.provider OR (fresh.kind = 'chips' AND '' IN (fresh.provider, other.provider)))
WHERE fresh.is_new
    AND (fresh.source IN (FROM summing) OR other.source IN (FROM summing))
    AND CASE WHEN fresh.source = other.source THEN NOT other.is_new ELSE NOT other.is_new OR fresh.source < other.source END
GROUP BY ALL
ORDER BY days DESC, fresh.kind, provider, one, another
