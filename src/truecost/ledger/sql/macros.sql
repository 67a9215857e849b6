-- What texts in a log mean. A count that is none becomes -1e18, one beyond 1e18 is that: no check lets them
-- through, and a few of them add up without an overflow.

CREATE OR REPLACE TEMP MACRO moment(given) AS
CASE
    WHEN given IS NULL THEN NULL
    WHEN isfinite(TRY_CAST(given AS DOUBLE)) THEN make_timestamp(TRY_CAST(
        CASE
            WHEN abs(TRY_CAST(given AS DOUBLE)) < 1e11 THEN TRY_CAST(given AS DOUBLE) * 1e6
            WHEN abs(TRY_CAST(given AS DOUBLE)) < 1e14 THEN TRY_CAST(given AS DOUBLE) * 1e3
            WHEN abs(TRY_CAST(given AS DOUBLE)) < 1e17 THEN TRY_CAST(given AS DOUBLE)
            WHEN abs(TRY_CAST(given AS DOUBLE)) < 1e20 THEN TRY_CAST(given AS DOUBLE) / 1e3
        END AS BIGINT))
    ELSE TRY_CAST(given AS TIMESTAMPTZ) AT TIME ZONE 'UTC'
END;

CREATE OR REPLACE TEMP MACRO counted(given) AS
CASE
    WHEN given IS NULL THEN NULL
    WHEN contains(given, '.') OR contains(lower(given), 'e') THEN
        CASE WHEN TRY_CAST(given AS DOUBLE) = TRY_CAST(given AS BIGINT)
                THEN least(greatest(TRY_CAST(given AS BIGINT), -1000000000000000000), 1000000000000000000)
             ELSE -1000000000000000000 END
    ELSE least(greatest(coalesce(TRY_CAST(given AS BIGINT), -1000000000000000000), -1000000000000000000),
        1000000000000000000)
END;

CREATE OR REPLACE TEMP MACRO yes(given) AS lower(CAST(given AS VARCHAR)) IN ('true', 't', '1', 'yes');

CREATE OR REPLACE TEMP MACRO labels(a, b, c, d) AS
map_concat(coalesce(d, MAP {}), coalesce(c, MAP {}), coalesce(b, MAP {}), coalesce(a, MAP {}));

CREATE OR REPLACE TEMP MACRO attribute(known, wanted) AS
list_filter(known, lambda one: one.k = wanted)[1].v;

-- labels alone: no long text, nothing named like a key or a prompt, none of the columns
CREATE OR REPLACE TEMP MACRO tidied(tags) AS
map_from_entries(list_sort(list_filter(map_entries(tags), lambda one:
    one.value IS NOT NULL AND length(one.value) <= 256
    AND one.key NOT IN ('user', 'user_id', 'customer', 'customer_id', 'feature', 'task')
    AND NOT regexp_matches(lower(one.key),
        'secret|password|passwd|authorization|credential|api.?key|access.?token|bearer|cookie'
        || '|prompt|completion|message|content|answer|question|query|transcript|(^|_)text$')
    AND NOT regexp_matches(one.value,
        '(^|[^A-Za-z0-9])((sk|pk|rk)[-_]|xox[a-z]-|gh[a-z]_|github_pat_|AKIA|ASIA|AIza|ey[JK]|Bearer )[-_A-Za-z0-9.]{12,}'))));
