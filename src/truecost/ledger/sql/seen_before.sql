-- Arrivals whose request is in the store: the same again, or told differently.
UPDATE arrivals SET
    fate = CASE WHEN seen.content = fresh.content THEN 'duplicates' ELSE 'conflicts' END,
    reason = concat('request id ', arrivals.request_id, ' is in the store with other content, from ',
        seen.source_file, ':', seen.line)
FROM fresh JOIN seen ON hash(seen.provider, seen.request_id) = fresh.key
WHERE fresh.arrival = arrivals.rowid AND seen.provider = arrivals.provider AND seen.request_id = arrivals.request_id
