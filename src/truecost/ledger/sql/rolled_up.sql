-- Spans with usage that lie above another span with usage, whatever stands between, are sums of it.
UPDATE arrivals SET fate = 'rolled_up'
WHERE fate IS NULL AND span IS NOT NULL AND (trace, span) IN (
    WITH RECURSIVE above(trace, span) AS (
        SELECT trace, parent_id FROM arrivals WHERE fate IS NULL AND span IS NOT NULL AND parent_id <> span
        UNION
        SELECT spans.trace, spans.parent
        FROM above JOIN spans ON spans.trace = above.trace AND spans.span = above.span
        WHERE spans.parent IS NOT NULL
    )
    SELECT trace, span FROM above WHERE trace IS NOT NULL AND span IS NOT NULL
)
