-- Usage at what a contract bills for it (`contracted` is that of truecost.ledger.contract_kinds), in the columns
-- of priced usage. What a capacity covers is not billed again: it is no part of it.
SELECT
    contracted.* REPLACE (
        CAST(CASE WHEN is_stated OR plain_input = 0 THEN 0 ELSE plain_input * net_input_rate END AS DECIMAL(38, 15))
            AS input_usd,
        CAST(CASE WHEN is_stated OR cache_read_tokens = 0 THEN 0
            ELSE CAST(cache_read_tokens AS DECIMAL(19, 0)) * net_cache_read_rate END AS DECIMAL(38, 15))
            AS cache_read_usd,
        net_cache_write_5m_rate AS cache_write_5m_rate,
        net_cache_write_1h_rate AS cache_write_1h_rate,
        CAST(CASE WHEN is_stated OR plain_output = 0 THEN 0 ELSE plain_output * net_output_rate END AS DECIMAL(38, 15))
        + CAST(CASE WHEN is_stated OR reasoning_tokens = 0 THEN 0
            ELSE CAST(reasoning_tokens AS DECIMAL(19, 0)) * net_reasoning_rate END AS DECIMAL(38, 15)) AS output_usd,
        billed_usd AS usd
    )
FROM contracted
WHERE NOT is_covered
