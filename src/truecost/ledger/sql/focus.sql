-- Priced usage as charges in the columns of FOCUS 1.2: a row for each kind of token, price, label and day.
-- `meters` says in which unit a kind is priced, `sellers` who sells what is priced, `account` who pays.
-- What has no price is no charge: it has no row, never one of 0. What a bill states is one unit of that amount.
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
        CASE WHEN token_kind = 'stated' THEN as_stated_usd ELSE CAST(quantity * rate AS DECIMAL(38, 15)) END AS amount
    FROM charged
    WHERE quantity > 0
),
summed AS (
    SELECT
        charge_start, charge_end, charged_request, kind, priced_as, provider, model, region, service_tier, batch,
        token_kind, rate, length_from, minute_from, coverage, "user", customer, feature, task, tags,
        SUM(quantity) AS quantity,
        SUM(amount) AS usd,
        SUM(CAST(requests AS DECIMAL(38, 0))) AS requests
    FROM amounts
    GROUP BY ALL
),
charges AS (
    SELECT
        summed.* REPLACE (CASE WHEN summed.token_kind = 'stated' THEN 1 ELSE quantity END AS quantity),
        meters.* EXCLUDE (token_kind),
        sellers.* EXCLUDE (priced_as, provider, model, kind),
        CASE WHEN summed.token_kind = 'stated' THEN CAST(usd AS DECIMAL(38, 15))
            ELSE CAST(rate * meters.per_pricing_unit AS DECIMAL(38, 15)) END AS unit_price,
        concat(CASE WHEN batch AND service_tier = 'standard' THEN '' ELSE service_tier END,
            CASE WHEN batch AND service_tier <> 'standard' THEN '-' ELSE '' END,
            CASE WHEN batch THEN 'batch' ELSE '' END) AS sold_as
    FROM summed
    JOIN meters ON meters.token_kind = summed.token_kind
    JOIN sellers ON sellers.priced_as IS NOT DISTINCT FROM summed.priced_as
        AND sellers.provider = summed.provider AND sellers.model = summed.model AND sellers.kind = summed.kind
)
SELECT
    account.id AS "BillingAccountId",
    account.name AS "BillingAccountName",
    CAST(usd AS DECIMAL(38, 15)) AS "BilledCost",
    account.currency AS "BillingCurrency",
    CAST(DATE_TRUNC('month', charge_start) AS TIMESTAMP) AT TIME ZONE 'UTC' AS "BillingPeriodStart",
    CAST(DATE_TRUNC('month', charge_start) + INTERVAL 1 MONTH AS TIMESTAMP) AT TIME ZONE 'UTC' AS "BillingPeriodEnd",
    'Usage' AS "ChargeCategory",
    concat(meter, ' of ', sold, ', ', sold_as) AS "ChargeDescription",
    'Usage-Based' AS "ChargeFrequency",
    CAST(charge_start AS TIMESTAMP) AT TIME ZONE 'UTC' AS "ChargePeriodStart",
    CAST(charge_end AS TIMESTAMP) AT TIME ZONE 'UTC' AS "ChargePeriodEnd",
    CAST(quantity AS DECIMAL(38, 9)) AS "ConsumedQuantity",
    consumed_unit AS "ConsumedUnit",
    CAST(usd AS DECIMAL(38, 15)) AS "ContractedCost",
    unit_price AS "ContractedUnitPrice",
    CAST(usd AS DECIMAL(38, 15)) AS "EffectiveCost",
    seller AS "InvoiceIssuerName",
    CAST(usd AS DECIMAL(38, 15)) AS "ListCost",
    unit_price AS "ListUnitPrice",
    CASE WHEN token_kind = 'stated' THEN 'Other' ELSE 'Standard' END AS "PricingCategory",
    CAST(quantity * pricing_units_each AS DECIMAL(38, 15)) AS "PricingQuantity",
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
        'UtcMinuteFrom', NULLIF(minute_from, 0))) AS VARCHAR) AS "SkuPriceDetails",
    concat_ws('/', seller, sold, token_kind, sold_as, NULLIF(sold_in, ''),
        CASE WHEN length_from > 0 THEN concat('from-', length_from, '-input-tokens') END,
        CASE WHEN minute_from > 0 THEN concat('from-minute-', minute_from, '-utc') END) AS "SkuPriceId",
    CAST(json_merge_patch(to_json(COALESCE(tags, MAP {})), json_object(
        'user', "user", 'customer', customer, 'feature', feature, 'task', task)) AS VARCHAR) AS "Tags",
    model AS "x_Model",
    token_kind AS "x_TokenKind",
    CAST(requests AS BIGINT) AS "x_Requests",
    coverage AS "x_Coverage",
    charged_request AS "x_RequestId",
    CASE WHEN seller IS NULL THEN 'the log names no provider' END AS "x_Gap"
FROM charges CROSS JOIN account
ORDER BY "ChargePeriodStart", "SkuPriceId", "x_Model", "RegionId", "Tags", "ListUnitPrice", "x_Coverage", "x_RequestId"
