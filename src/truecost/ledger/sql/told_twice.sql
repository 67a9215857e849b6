-- Of arrivals that tell of one request, the best stays: an order of content alone, not of files.
CREATE OR REPLACE TEMP TABLE ranked AS
SELECT
    arrivals.rowid AS arrival,
    fresh.content,
    row_number() OVER best AS place,
    first_value(fresh.content) OVER best AS kept_content,
    first_value(concat(arrivals.source_file, ':', arrivals.line)) OVER best AS kept_at
FROM arrivals JOIN fresh ON fresh.arrival = arrivals.rowid
WHERE fresh.key IN (SELECT key FROM fresh GROUP BY key HAVING count(*) > 1)
WINDOW best AS (
    PARTITION BY arrivals.provider, arrivals.request_id
    ORDER BY
        CASE arrivals.quality WHEN 'measured' THEN 0 ELSE 1 END,
        CASE arrivals.status WHEN 'ok' THEN 0 WHEN 'error' THEN 1 ELSE 2 END,
        arrivals.output_tokens DESC, arrivals.input_tokens DESC, fresh.content,
        arrivals.source_file, arrivals.line
    ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
);

UPDATE arrivals SET
    fate = CASE WHEN ranked.content = ranked.kept_content THEN 'duplicates' ELSE 'conflicts' END,
    reason = concat('request id ', request_id, ' is told with other content at ', ranked.kept_at)
FROM ranked WHERE ranked.arrival = arrivals.rowid AND ranked.place > 1;
DELETE FROM fresh WHERE arrival IN (SELECT arrival FROM ranked WHERE place > 1)
