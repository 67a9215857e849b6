-- What each request of `priced` comes to under a contract (`terms`, `steps`, `capacity_months`): at list, as
-- contracted, effective and billed. Use within a capacity has no price by the token: it is not billed again,
-- and effectively costs its part of what the capacity does. `amount` stands for the sum over kinds of token.
WITH termed AS (
    SELECT
        priced.*,
        CASE WHEN priced.is_stated THEN -1 ELSE COALESCE(terms.volume, -1) END AS volume,
        CASE WHEN priced.is_stated THEN -1 ELSE COALESCE(terms.capacity, -1) END AS capacity,
        CASE WHEN priced.is_stated THEN -1 ELSE COALESCE(terms.commitment, -1) END AS commitment,
        CAST(DATE_TRUNC('month', priced.ts) AS DATE) AS bill_month,
        AMOUNT('', 'contracted') AS base_usd,
        AMOUNT('', 'effective') AS base_effective_usd
    FROM priced
    LEFT JOIN terms ON terms.term = priced.term
),
weighed AS (
    SELECT
        termed.*,
        capacities.per_minute,
        capacities.covers_all,
        CAST(
            CAST(termed.input_tokens - termed.cache_read_tokens AS DECIMAL(19, 0)) * capacities.input_weight
            + CAST(termed.cache_read_tokens AS DECIMAL(19, 0)) * capacities.cached_weight
            + CAST(termed.output_tokens AS DECIMAL(19, 0)) * capacities.output_weight
            AS DECIMAL(18, 0)) AS weight
    FROM termed
    LEFT JOIN capacities ON capacities.capacity = termed.capacity
),
covered AS (
    SELECT
        weighed.*,
        capacity >= 0 AND input_tokens + output_tokens > 0 AND (
            covers_all OR COALESCE(SUM(weight) OVER (
                PARTITION BY capacity, DATE_TRUNC('minute', ts) ORDER BY ts, provider, request_id, source_file, line
                ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) < per_minute) AS is_covered
    FROM weighed
),
measured AS (
    SELECT
        covered.*,
        CASE
            WHEN covered.volume < 0 OR is_covered THEN 0
            WHEN volumes.by_usd THEN COALESCE(base_usd, 0)
            ELSE CAST(input_tokens + output_tokens AS DECIMAL(38, 15))
        END AS measure,
        volumes.of_month
    FROM covered
    LEFT JOIN volumes ON volumes.volume = covered.volume
),
placed AS (
    SELECT
        measured.*,
        CASE
            WHEN volume < 0 OR is_covered THEN NULL
            WHEN of_month THEN SUM(measure) OVER (PARTITION BY volume, bill_month)
            ELSE COALESCE(SUM(measure) OVER (
                PARTITION BY volume, bill_month ORDER BY ts, provider, request_id, source_file, line
                ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0)
        END AS reached,
        ROW_NUMBER() OVER (
            PARTITION BY capacity, is_covered, bill_month
            ORDER BY weight DESC, ts, provider, request_id, source_file, line) AS place
    FROM measured
),
stepped AS (
    SELECT
        placed.*,
        steps.step,
        CASE WHEN steps.step IS NULL THEN base_usd ELSE AMOUNT('step_', 'contracted') END AS tokens_usd,
        CASE WHEN steps.step IS NULL THEN base_effective_usd ELSE AMOUNT('step_', 'effective') END AS tokens_effective_usd
    FROM placed
    LEFT JOIN steps
        ON steps.term = placed.term AND placed.reached >= steps.reached_from AND placed.reached < steps.reached_to
),
shared AS (
    SELECT
        stepped.*,
        CAST(chip_usd + as_stated_usd AS DECIMAL(38, 15)) AS fixed_usd,
        CASE WHEN is_covered THEN CAST(weight * capacity_months.usd_per_weight
            + CASE WHEN place = 1 THEN capacity_months.remainder_usd ELSE 0 END AS DECIMAL(38, 15))
        END AS capacity_usd
    FROM stepped
    LEFT JOIN capacity_months
        ON capacity_months.capacity = stepped.capacity AND capacity_months.bill_month = stepped.bill_month
)
SELECT
    shared.*,
    usd AS list_usd,
    CAST(tokens_usd + fixed_usd AS DECIMAL(38, 15)) AS contracted_usd,
    CAST(CASE WHEN is_covered THEN capacity_usd ELSE tokens_effective_usd END + fixed_usd AS DECIMAL(38, 15))
        AS effective_usd,
    CAST(CASE WHEN is_covered THEN 0 ELSE tokens_effective_usd END + fixed_usd AS DECIMAL(38, 15)) AS billed_usd
FROM shared
