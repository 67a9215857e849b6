-- Priced usage as charges in the columns of FOCUS 1.2: a row for each kind of token, price, label and day.
-- `meters` says in which unit a kind is priced, `sellers` who sells what is priced, `account` who pays.
-- What has no price is no charge: it has no row, never one of 0. What a bill states is one unit of that amount.
-- All four costs are at list; under a contract `amounts` is that of focus_contract.sql, and `agreements` names
-- the capacities and commitments that usage counts for.
WITH charged AS (
    SELECT
        priced.*,
        meters.token_kind,
        CAST(ts AS DATE) AS charge_start,
        CAST(ts AS DATE) + INTERVAL 1 DAY AS charge_end,
        CAST(NULL AS VARCHAR) AS charged_request,
        CAST(CASE
            WHEN is_stated THEN CASE WHEN meters.token_kind = 'stated' THEN 1 ELSE 0 END
            ELSE CASE meters.token_kind
            WHEN 'input' THEN plain_input
            WHEN 'cache_read' THEN cache_read_tokens
            WHEN 'cache_write_5m' THEN cache_write_5m_tokens
            WHEN 'cache_write_1h' THEN cache_write_1h_tokens
            WHEN 'output' THEN plain_output
            WHEN 'reasoning' THEN reasoning_tokens
            WHEN 'audio_input' THEN audio_input_tokens
            WHEN 'audio_output' THEN audio_output_tokens
            WHEN 'image' THEN image_units
            WHEN 'search' THEN searches
            WHEN 'request' THEN CASE WHEN input_tokens + output_tokens + image_units = 0 OR request_rate IS NULL
                THEN 0 ELSE requests END
            WHEN 'chip_hour' THEN chip_hours
            END
        END AS DECIMAL(38, 9)) AS quantity,
        CASE meters.token_kind
            WHEN 'input' THEN input_rate
            WHEN 'cache_read' THEN cache_read_rate
            WHEN 'cache_write_5m' THEN cache_write_5m_rate
            WHEN 'cache_write_1h' THEN cache_write_1h_rate
            WHEN 'output' THEN output_rate
            WHEN 'reasoning' THEN reasoning_rate
            WHEN 'audio_input' THEN audio_input_rate
            WHEN 'audio_output' THEN audio_output_rate
            WHEN 'image' THEN image_rate
            WHEN 'search' THEN search_rate
            WHEN 'request' THEN request_rate
            WHEN 'chip_hour' THEN chip_hour_rate
        END AS rate
    FROM priced CROSS JOIN meters
    WHERE coverage <> 'unpriced'
),
amounts AS (
    SELECT
        charged.*,
        CASE WHEN token_kind = 'stated' THEN as_stated_usd ELSE CAST(quantity * rate AS DECIMAL(38, 15)) END AS list_usd,
        list_usd AS contracted_usd,
        list_usd AS effective_usd,
        list_usd AS billed_usd,
        rate AS contracted_rate,
        token_kind = 'stated' AS by_amount,
        CAST(NULL AS VARCHAR) AS agreement,
        CAST(NULL AS DECIMAL(38, 15)) AS agreed_quantity,
        CAST(NULL AS VARCHAR) AS volume_from,
        CAST(NULL AS VARCHAR) AS gap
    FROM charged
    WHERE quantity > 0
),
summed AS (
    SELECT
        charge_start, charge_end, charged_request, kind, priced_as, provider, model, region, service_tier, batch,
        token_kind, rate, contracted_rate, by_amount, agreement, volume_from, gap, length_from, minute_from, coverage,
        "user", customer, feature, task, tags,
        SUM(quantity) AS quantity,
        SUM(list_usd) AS list_usd,
        SUM(contracted_usd) AS contracted_usd,
        SUM(effective_usd) AS effective_usd,
        SUM(billed_usd) AS billed_usd,
        SUM(agreed_quantity) AS agreed_quantity,
        SUM(CAST(requests AS DECIMAL(38, 0))) AS requests
    FROM amounts
    GROUP BY ALL
),
charges AS (
    SELECT
        summed.* REPLACE (CASE WHEN summed.token_kind = 'stated' THEN 1 ELSE quantity END AS quantity),
        meters.* EXCLUDE (token_kind, pricing_unit),
        sellers.* EXCLUDE (priced_as, provider, model, kind),
        agreements.* EXCLUDE (agreement),
        CASE WHEN by_amount THEN 'Units' ELSE meters.pricing_unit END AS pricing_unit,
        CAST(CASE WHEN by_amount THEN 1 ELSE summed.quantity * meters.pricing_units_each END AS DECIMAL(38, 15))
            AS pricing_quantity,
        CAST(CASE WHEN by_amount THEN list_usd ELSE rate * meters.per_pricing_unit END AS DECIMAL(38, 15))
            AS list_price,
        CAST(CASE WHEN by_amount THEN contracted_usd ELSE contracted_rate * meters.per_pricing_unit END
            AS DECIMAL(38, 15)) AS contracted_price,
        concat(CASE WHEN batch AND service_tier = 'standard' THEN '' ELSE service_tier END,
            CASE WHEN batch AND service_tier <> 'standard' THEN '-' ELSE '' END,
            CASE WHEN batch THEN 'batch' ELSE '' END) AS sold_as
    FROM summed
    JOIN meters ON meters.token_kind = summed.token_kind
    JOIN sellers ON sellers.priced_as IS NOT DISTINCT FROM summed.priced_as
        AND sellers.provider = summed.provider AND sellers.model = summed.model AND sellers.kind = summed.kind
    LEFT JOIN agreements ON agreements.agreement = summed.agreement
)
SELECT
    account.id AS "BillingAccountId",
    account.name AS "BillingAccountName",
    CAST(billed_usd AS DECIMAL(38, 15)) AS "BilledCost",
    account.currency AS "BillingCurrency",
    CAST(DATE_TRUNC('month', charge_start) AS TIMESTAMP) AT TIME ZONE 'UTC' AS "BillingPeriodStart",
    CAST(DATE_TRUNC('month', charge_start) + INTERVAL 1 MONTH AS TIMESTAMP) AT TIME ZONE 'UTC' AS "BillingPeriodEnd",
    'Usage' AS "ChargeCategory",
    concat(meter, ' of ', sold, ', ', sold_as) AS "ChargeDescription",
    'Usage-Based' AS "ChargeFrequency",
    CAST(charge_start AS TIMESTAMP) AT TIME ZONE 'UTC' AS "ChargePeriodStart",
    CAST(charge_end AS TIMESTAMP) AT TIME ZONE 'UTC' AS "ChargePeriodEnd",
    discount_category AS "CommitmentDiscountCategory",
    agreement AS "CommitmentDiscountId",
    discount_name AS "CommitmentDiscountName",
    CAST(CASE WHEN discount_category = 'Spend' THEN agreed_quantity
        ELSE CAST(agreed_quantity AS DECIMAL(28, 0)) * units_each END AS DECIMAL(38, 15)) AS "CommitmentDiscountQuantity",
    CASE WHEN NOT agreement IS NULL THEN 'Used' END AS "CommitmentDiscountStatus",
    discount_type AS "CommitmentDiscountType",
    discount_unit AS "CommitmentDiscountUnit",
    CAST(quantity AS DECIMAL(38, 9)) AS "ConsumedQuantity",
    consumed_unit AS "ConsumedUnit",
    CAST(contracted_usd AS DECIMAL(38, 15)) AS "ContractedCost",
    contracted_price AS "ContractedUnitPrice",
    CAST(effective_usd AS DECIMAL(38, 15)) AS "EffectiveCost",
    seller AS "InvoiceIssuerName",
    CAST(list_usd AS DECIMAL(38, 15)) AS "ListCost",
    list_price AS "ListUnitPrice",
    CASE WHEN NOT agreement IS NULL THEN 'Committed' WHEN by_amount THEN 'Other' ELSE 'Standard' END
        AS "PricingCategory",
    pricing_quantity AS "PricingQuantity",
    pricing_unit AS "PricingUnit",
    seller AS "ProviderName",
    publisher AS "PublisherName",
    NULLIF(region, '') AS "RegionId",
    NULLIF(region, '') AS "RegionName",
    service_category AS "ServiceCategory",
    service AS "ServiceName",
    service_subcategory AS "ServiceSubcategory",
    concat_ws('/', seller, sold, token_kind) AS "SkuId",
    meter AS "SkuMeter",
    CAST(json_merge_patch('{}', json_object(
        'ServiceTier', service_tier,
        'Batch', batch,
        'PriceRegion', NULLIF(sold_in, ''),
        'InputTokensFrom', NULLIF(length_from, 0),
        'UtcMinuteFrom', NULLIF(minute_from, 0),
        'VolumeFrom', volume_from)) AS VARCHAR) AS "SkuPriceDetails",
    concat_ws('/', seller, sold, token_kind, sold_as, NULLIF(sold_in, ''),
        CASE WHEN length_from > 0 THEN concat('from-', length_from, '-input-tokens') END,
        CASE WHEN minute_from > 0 THEN concat('from-minute-', minute_from, '-utc') END,
        CASE WHEN NOT volume_from IS NULL THEN concat('from-volume-', volume_from) END) AS "SkuPriceId",
    CAST(json_merge_patch(to_json(COALESCE(tags, MAP {})), json_object(
        'user', "user", 'customer', customer, 'feature', feature, 'task', task)) AS VARCHAR) AS "Tags",
    model AS "x_Model",
    token_kind AS "x_TokenKind",
    CAST(requests AS BIGINT) AS "x_Requests",
    coverage AS "x_Coverage",
    charged_request AS "x_RequestId",
    CASE WHEN seller IS NULL THEN 'the log names no provider' ELSE gap END AS "x_Gap"
FROM charges CROSS JOIN account
ORDER BY "ChargePeriodStart", "SkuPriceId", "x_Model", "RegionId", "Tags", "ListUnitPrice", "ContractedUnitPrice",
    "CommitmentDiscountId", "x_Coverage", "x_RequestId"
