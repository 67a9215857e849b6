-- The parts of focus.sql that a contract changes. `contracted` is usage with its amounts and its prices by kind
-- (truecost.ledger.contract_kinds): `priced` are the months that are told, what no price is known for named as
-- such; `amounts` is what each kind of token comes to. What a capacity covers is shared out by the weight of its
-- tokens, what rounding leaves of it in the kind that comes first; it has no price by the token where neither a
-- list nor the contract has one, and is then one unit of that amount.
WITH priced AS (
    SELECT
        contracted.* EXCLUDE (list_usd, contracted_usd, effective_usd, billed_usd) REPLACE (
            CASE WHEN effective_usd IS NULL THEN 'unpriced' WHEN usd IS NULL THEN 'priced' ELSE coverage END AS coverage,
            CASE WHEN NOT agreed_request_rate IS NULL THEN COALESCE(request_rate, 0) ELSE request_rate END AS request_rate
        ),
        CASE
            WHEN plain_input > 0 THEN 'input'
            WHEN plain_output > 0 THEN 'output'
            WHEN cache_read_tokens > 0 THEN 'cache_read'
            WHEN cache_write_5m_tokens > 0 THEN 'cache_write_5m'
            WHEN cache_write_1h_tokens > 0 THEN 'cache_write_1h'
            WHEN reasoning_tokens > 0 THEN 'reasoning'
            WHEN audio_input_tokens > 0 THEN 'audio_input'
            ELSE 'audio_output'
        END AS first_kind,
        CAST(CAST(plain_input + cache_write_5m_tokens + cache_write_1h_tokens + audio_input_tokens AS DECIMAL(19, 0))
                * input_weight
            + CAST(cache_read_tokens AS DECIMAL(19, 0)) * cached_weight
            + CAST(plain_output + reasoning_tokens + audio_output_tokens AS DECIMAL(19, 0)) * output_weight
            AS DECIMAL(18, 0)) AS shared_weight
    FROM contracted
),
amounts AS (
    WITH kinds AS (
        SELECT
            charged.*,
            CASE token_kind
                WHEN 'input' THEN agreed_input_rate
                WHEN 'cache_read' THEN agreed_cache_read_rate
                WHEN 'cache_write_5m' THEN agreed_cache_write_5m_rate
                WHEN 'cache_write_1h' THEN agreed_cache_write_1h_rate
                WHEN 'output' THEN agreed_output_rate
                WHEN 'reasoning' THEN agreed_reasoning_rate
                WHEN 'audio_input' THEN agreed_audio_input_rate
                WHEN 'audio_output' THEN agreed_audio_output_rate
                WHEN 'image' THEN agreed_image_rate
                WHEN 'search' THEN agreed_search_rate
                WHEN 'request' THEN agreed_request_rate
                WHEN 'chip_hour' THEN chip_hour_rate
            END AS contracted_rate,
            CASE token_kind
                WHEN 'input' THEN net_input_rate
                WHEN 'cache_read' THEN net_cache_read_rate
                WHEN 'cache_write_5m' THEN net_cache_write_5m_rate
                WHEN 'cache_write_1h' THEN net_cache_write_1h_rate
                WHEN 'output' THEN net_output_rate
                WHEN 'reasoning' THEN net_reasoning_rate
                WHEN 'audio_input' THEN net_audio_input_rate
                WHEN 'audio_output' THEN net_audio_output_rate
                WHEN 'image' THEN net_image_rate
                WHEN 'search' THEN net_search_rate
                WHEN 'request' THEN net_request_rate
                WHEN 'chip_hour' THEN chip_hour_rate
            END AS net_rate,
            CASE WHEN is_covered THEN CAST(CAST(quantity AS DECIMAL(19, 0)) * CASE
                WHEN token_kind IN ('input', 'cache_write_5m', 'cache_write_1h', 'audio_input') THEN input_weight
                WHEN token_kind = 'cache_read' THEN cached_weight
                WHEN token_kind IN ('output', 'reasoning', 'audio_output') THEN output_weight
                ELSE 0
            END AS DECIMAL(18, 0)) END AS kind_weight
        FROM charged
        WHERE quantity > 0
    ),
    costs AS (
        SELECT
            kinds.* REPLACE (COALESCE(rate, contracted_rate) AS rate),
            CAST(CASE
                WHEN token_kind = 'stated' THEN as_stated_usd
                WHEN is_covered THEN kind_weight * usd_per_weight
                    + CASE WHEN token_kind = first_kind THEN capacity_usd - shared_weight * usd_per_weight ELSE 0 END
                ELSE quantity * net_rate
            END AS DECIMAL(38, 15)) AS effective_usd,
            token_kind = 'stated' OR contracted_rate IS NULL AS by_amount,
            CASE
                WHEN token_kind = 'stated' THEN NULL
                WHEN contracted_rate IS NULL THEN 'no price by the token: its part of the capacity stands in for it'
                WHEN rate IS NULL THEN 'no list price: the contracted one stands in for it'
            END AS gap
        FROM kinds
    )
    SELECT
        costs.*,
        CASE WHEN by_amount THEN effective_usd ELSE CAST(quantity * rate AS DECIMAL(38, 15)) END AS list_usd,
        CASE WHEN by_amount THEN effective_usd ELSE CAST(quantity * contracted_rate AS DECIMAL(38, 15)) END
            AS contracted_usd,
        CASE WHEN is_covered THEN CAST(0 AS DECIMAL(38, 15)) ELSE effective_usd END AS billed_usd,
        CASE WHEN is_covered THEN concat('capacity.', capacity)
            WHEN commitment >= 0 THEN concat('commitments.', commitment) END AS agreement,
        CAST(CASE WHEN is_covered THEN kind_weight ELSE effective_usd END AS DECIMAL(38, 15)) AS agreed_quantity,
        CASE WHEN tier_from > 0 THEN rtrim(rtrim(CAST(tier_from AS VARCHAR), '0'), '.') END AS volume_from
    FROM costs
)
SELECT 1
