"""Cloud bills in FOCUS 1.0 to 1.3: every charge with what it costs, as CSV, Parquet or JSON lines.

The amount is `EffectiveCost`: what was paid ahead (a reservation, a savings plan) is spread over what used
it, so the purchase itself is 0 and the days of use are dear; where there is none, `BilledCost`. It is taken
as it stands, to 15 places, so the sum of the rows is the sum of the bill. A charge for accelerators is
`fleet`, a charge for tokens of an AI service `api`, any other `other`. Hours of chips come of an instance
type that the catalog knows times its chips, or of hours billed by the chip, and only where the chips were
used.
Columns: https://focus.finops.org/focus-specification/v1-2/, read 2026-11-22; `x_` those of AWS and Azure.
"""

from __future__ import annotations

from truecost.ledger.readers.chips import AtFirstUse, billed_chip, instance_chip, instance_chips
from truecost.ledger.readers.counts import named
from truecost.ledger.readers.reader import TEXT, Reader, Record

_NAMING = (
    "x_InstanceType", "InstanceType", "x_UsageType", "SkuMeter", "x_SkuMeterName", "SkuPriceDetails",
    "x_SkuDetails", "ResourceType", "x_SkuDescription", "ChargeDescription", "SkuId",
)  # fmt: skip
"""Columns that may name an instance type or a chip, the plainest first."""
_FIELDS = (
    "BilledCost", "EffectiveCost", "x_BilledCostInUsd", "x_EffectiveCostInUsd", "BillingCurrency",
    "ChargeCategory", "ChargePeriodStart", "ProviderName", "ServiceProviderName", "PublisherName",
    "RegionId", "RegionName", "Region", "ServiceCategory", "ServiceName", "PricingCategory",
    "CommitmentDiscountStatus", "CapacityReservationStatus", "ConsumedQuantity", "ConsumedUnit",
    "PricingQuantity", "PricingUnit", "SubAccountId", "SubAccountName", "Tags", "x_Model", *_NAMING,
)  # fmt: skip
_AI = "AI and Machine Learning"
_AI_SERVICES = "(bedrock|openai|anthropic|claude|vertex|gemini|foundry|cognitive services|generative ai)"
_HOUR = "(hours?|hrs?|h|(instance|vm|compute|machine)[- ]?hours?)"
_CHIP_HOUR = "((chip|gpu|tpu|accelerator)[- ]?hours?)"


def _claims(record: Record) -> bool:
    names = {name.lower() for name in record}
    return "chargeperiodstart" in names and bool({"billedcost", "effectivecost"} & names)


def _told(*names: str) -> str:
    return f"coalesce({', '.join(f'nullif(trim({one}), {chr(39) * 2})' for one in names)})"


_NAMES = f"concat_ws(chr(10), {', '.join(_told(one) for one in _NAMING)})"
_TOKENS_OF_AI = (
    f"((coalesce(\"ServiceCategory\", '') = '{_AI}'"
    f" OR regexp_matches(lower(coalesce(\"ServiceName\", '')), '{_AI_SERVICES}'))"
    ' AND regexp_matches(lower(concat_ws(\' \', "ConsumedUnit", "PricingUnit", "SkuMeter",'
    " x_SkuMeterName, x_UsageType, \"ChargeDescription\")), 'token'))"
)
_PROVIDER = f"lower({_told('ProviderName', 'ServiceProviderName', 'PublisherName')})"
_USED = (
    "(lower(coalesce(nullif(\"ChargeCategory\", ''), 'usage')) = 'usage'"
    " AND lower(coalesce(\"CommitmentDiscountStatus\", '')) <> 'unused'"
    " AND lower(coalesce(\"CapacityReservationStatus\", '')) <> 'unused'"
    " AND NOT regexp_matches(lower(coalesce(x_UsageType, '')), '(unused|reservation|ebsoptimized)'))"
)


def _amount() -> str:
    """SQL of the effective cost in USD; an amount of another currency is no number, and says why."""
    own, usd = _told("EffectiveCost", "BilledCost"), _told("x_EffectiveCostInUsd", "x_BilledCostInUsd")
    currency = f"upper(coalesce({_told('BillingCurrency')}, 'USD'))"
    return (
        f"CASE WHEN {currency} = 'USD' THEN coalesce({own}, {usd}, 'no amount')"
        f" ELSE coalesce({usd}, concat({currency}, ' ', {own})) END"
    )


def _hours(quantity: str, unit: str, per_chip: str) -> str:
    """SQL of hours, as DOUBLE, of a quantity in a unit such as "Hours", "100 Hours", "seconds"."""
    of = f"lower(trim({unit}))"
    times = (
        f"coalesce(TRY_CAST(regexp_extract({of}, '^[0-9]+') AS DOUBLE), 1) * TRY_CAST({quantity} AS DOUBLE)"
    )
    return (
        f"CASE WHEN regexp_full_match({of}, '([0-9]+ )?{_CHIP_HOUR}') THEN {times}"
        f" WHEN regexp_full_match({of}, '([0-9]+ )?{_HOUR}') THEN {times} * {per_chip}"
        f" WHEN {of} IN ('minute', 'minutes', 'min') THEN {times} / 60 * {per_chip}"
        f" WHEN {of} IN ('second', 'seconds', 's') THEN {times} / 3600 * {per_chip} END"
    )


def _chip_hours() -> str:
    """SQL of chip hours where chips were used; hours that a correction takes back no row can say: unknown."""
    chips = named(
        _NAMES, "n",
        f"coalesce(CAST({instance_chips('n')} AS INTEGER),"
        f" CASE WHEN {billed_chip('n')} IS NOT NULL THEN 1 END)",
    )  # fmt: skip
    consumed = _hours('"ConsumedQuantity"', '"ConsumedUnit"', "c")
    priced = _hours('"PricingQuantity"', '"PricingUnit"', "c")
    found = named(chips, "c", f"CASE WHEN c IS NOT NULL THEN coalesce({consumed}, {priced}) END")
    text = named(found, "h", "CASE WHEN h >= 0 THEN CAST(TRY_CAST(h AS DECIMAL(18, 9)) AS VARCHAR) END")
    return f"CASE WHEN {_USED} AND NOT {_TOKENS_OF_AI} THEN {text} END"


_TAGS = (
    'coalesce(TRY_CAST(TRY_CAST("Tags" AS JSON) AS MAP(VARCHAR, VARCHAR)),'
    ' TRY_CAST("Tags" AS MAP(VARCHAR, VARCHAR)), MAP {})'
)


def _tag(name: str) -> str:
    """SQL of a tag by its name, in any case, with or without the cloud's prefix for tags of users."""
    keys = f"list_filter(map_entries({_TAGS}), lambda one: lower(one.key) IN ('{name}', 'user:{name}'))"
    return f"nullif({keys}[1].value, '')"


def _columns() -> dict[str, str]:
    chip = named(_NAMES, "n", f"coalesce({instance_chip('n')}, {billed_chip('n')})")
    ai = _told("x_Model", "SkuMeter", "x_SkuMeterName", "x_UsageType", "ChargeDescription", "ServiceName")
    kept = (
        ("service", "ServiceName"),
        ("account", "SubAccountName"),
        ("commitment", "CommitmentDiscountStatus"),
    )
    more = ", ".join(f"{{key: '{name}', value: {_told(one)}}}" for name, one in kept)
    charge = 'CASE WHEN lower("ChargeCategory") <> \'usage\' THEN lower("ChargeCategory") END'
    vertex = "regexp_matches(lower(coalesce(\"ServiceName\", '')), 'vertex')"
    term = "CASE lower(\"PricingCategory\") WHEN 'dynamic' THEN 'spot' WHEN 'committed' THEN 'committed' END"
    return {
        "ts": '"ChargePeriodStart"',
        "provider": named(
            _PROVIDER, "p",
            "CASE WHEN regexp_matches(p, '(amazon|^aws)') THEN 'aws'"
            " WHEN regexp_matches(p, '(microsoft|azure)') THEN 'azure'"
            f" WHEN regexp_matches(p, 'google') THEN CASE WHEN {vertex} THEN 'vertex' ELSE 'google' END"
            " WHEN regexp_matches(p, 'oracle') THEN 'oracle' ELSE p END",
        ),
        "model": f"CASE WHEN {_TOKENS_OF_AI} THEN {ai}"
        f" ELSE coalesce({chip}, {_told('ServiceName', 'ChargeCategory')}) END",
        "requests": "'0'",
        "chip_hours": _chip_hours(),
        "stated_usd": _amount(),
        "kind": f"CASE WHEN {_TOKENS_OF_AI} THEN 'api' WHEN {chip} IS NOT NULL THEN 'fleet' ELSE 'other' END",
        "service_tier": term,
        "region": _told("RegionId", "RegionName", "Region"),
        **{one: _tag(one) for one in ("user", "customer", "feature", "task")},
        "tags": f"map_concat({_TAGS}, map_from_entries(list_filter("
        f"[{more}, {{key: 'charge', value: {charge}}}], lambda one: one.value IS NOT NULL)))",
    }  # fmt: skip


READER = Reader(
    name="focus",
    what="a cloud bill in FOCUS: every charge at its effective cost, chip hours where an instance tells them",
    fields=dict.fromkeys(_FIELDS, TEXT),
    columns=AtFirstUse(_columns),
    mine=f"{_told('ChargePeriodStart')} IS NOT NULL",
    claims=_claims,
    table=True,
    sums=True,
)
