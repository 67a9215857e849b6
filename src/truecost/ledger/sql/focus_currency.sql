-- Charges in USD told in the currency of the bill: each amount divided by the rate of its month and rounded half to
-- even to 15 places once, in whole numbers of 128 bits (`in_currency`). What the months' sums of billed costs, and of
-- effective costs without credits, lack is in the largest charge; a credit's effective cost is what it is billed.
-- `exchange` has USD for one of the currency by month.
WITH rated AS (
    SELECT
        charges.*,
        exchange.* EXCLUDE (month),
        row_number() OVER () AS place,
        SUM("BilledCost") OVER of_month AS billed_of_month,
        "ChargeCategory" = 'Credit' AS is_credit,
        SUM("EffectiveCost") OVER of_category AS effective_of_month
    FROM charges
    JOIN exchange ON exchange.month = CAST("BillingPeriodStart" AT TIME ZONE 'UTC' AS DATE)
    WINDOW
        of_month AS (PARTITION BY exchange.month),
        of_category AS (PARTITION BY exchange.month, "ChargeCategory" = 'Credit')
),
converted AS (
    SELECT
        rated.*,
        in_currency("BilledCost", rate_whole, rate_scale) AS billed,
        in_currency("EffectiveCost", rate_whole, rate_scale) AS effective
    FROM rated
),
summed AS (
    SELECT
        converted.*,
        in_currency(billed_of_month, rate_whole, rate_scale)
            - SUM(billed) OVER (PARTITION BY month_of_rate) AS billed_left,
        in_currency(effective_of_month, rate_whole, rate_scale)
            - SUM(effective) OVER (PARTITION BY month_of_rate, is_credit) AS effective_left,
        row_number() OVER (PARTITION BY month_of_rate ORDER BY abs("BilledCost") DESC, place) AS billed_rank,
        row_number() OVER (PARTITION BY month_of_rate, is_credit ORDER BY abs("EffectiveCost") DESC, place)
            AS effective_rank
    FROM converted
),
whole AS (
    SELECT
        summed.*,
        CAST(billed + CASE WHEN billed_rank = 1 THEN billed_left ELSE 0 END AS DECIMAL(38, 15)) AS billed_cost,
        CAST(effective + CASE WHEN effective_rank = 1 THEN effective_left ELSE 0 END AS DECIMAL(38, 15))
            AS effective_cost
    FROM summed
)
SELECT
    whole.* EXCLUDE (
        month_of_rate, rate_whole, rate_scale, rate_day, usd_for_one, place, billed_of_month, effective_of_month,
        is_credit, billed, effective, billed_left, effective_left, billed_rank, effective_rank, billed_cost,
        effective_cost
    ) REPLACE (
        billed_cost AS "BilledCost",
        CASE WHEN is_credit THEN billed_cost ELSE effective_cost END AS "EffectiveCost",
        CASE WHEN is_credit THEN billed_cost ELSE in_currency("ListCost", rate_whole, rate_scale) END AS "ListCost",
        CASE WHEN is_credit THEN billed_cost ELSE in_currency("ContractedCost", rate_whole, rate_scale) END
            AS "ContractedCost",
        in_currency("ListUnitPrice", rate_whole, rate_scale) AS "ListUnitPrice",
        in_currency("ContractedUnitPrice", rate_whole, rate_scale) AS "ContractedUnitPrice",
        currency.code AS "BillingCurrency"
    ),
    "BillingCurrency" AS "PricingCurrency",
    "ContractedUnitPrice" AS "PricingCurrencyContractedUnitPrice",
    "EffectiveCost" AS "PricingCurrencyEffectiveCost",
    "ListUnitPrice" AS "PricingCurrencyListUnitPrice",
    usd_for_one AS "x_UsdForOne",
    rate_day AS "x_RateDate"
FROM whole CROSS JOIN currency
ORDER BY place
