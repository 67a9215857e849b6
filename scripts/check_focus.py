"""Check files of FOCUS rows against the rules of FOCUS 1.2, and beside it with the package focus-validator.

    python scripts/check_focus.py                     # the export of the sample logs
    python scripts/check_focus.py out.parquet out.csv
    python scripts/check_focus.py --validator         # the package too, in an environment of its own

The rules are written from the specification (https://focus.finops.org/focus-specification/v1-2/, dataset Cost
and Usage, read 2026-11-22), not from what we write: each counts the rows that break it. The package, version
1.0.0, holds files against FOCUS 1.0. Three of its requirements are pinned, for the newest do not run with it;
and five of its rules look for columns by the names of FOCUS 0.5, so it is given a copy that has those too.
"""

from __future__ import annotations

import argparse
import csv
import re
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import duckdb

ROOT = Path(__file__).parent.parent
# written out a second time on purpose: a column lost in what we write must not be lost in its check
MANDATORY = (
    "BilledCost",
    "BillingAccountId",
    "BillingAccountName",
    "BillingCurrency",
    "BillingPeriodEnd",
    "BillingPeriodStart",
    "ChargeCategory",
    "ChargeClass",
    "ChargeDescription",
    "ChargePeriodEnd",
    "ChargePeriodStart",
    "ContractedCost",
    "EffectiveCost",
    "InvoiceIssuerName",
    "ListCost",
    "PricingQuantity",
    "PricingUnit",
    "ProviderName",
    "PublisherName",
    "ServiceCategory",
    "ServiceName",
)
NOT_NULL = (
    "BilledCost",
    "BillingAccountId",
    "BillingCurrency",
    "BillingPeriodEnd",
    "BillingPeriodStart",
    "ChargeCategory",
    "ChargeDescription",
    "ChargeFrequency",
    "ChargePeriodEnd",
    "ChargePeriodStart",
    "ContractedCost",
    "EffectiveCost",
    "InvoiceIssuerName",
    "ListCost",
    "ProviderName",
    "PublisherName",
    "ServiceCategory",
    "ServiceName",
    "ServiceSubcategory",
)
WHEN_USED = (
    "PricingQuantity",
    "PricingUnit",
    "ListUnitPrice",
    "ContractedUnitPrice",
    "PricingCategory",
    "SkuId",
    "SkuPriceId",
)
"""Not null where ChargeCategory is Usage or Purchase and ChargeClass not Correction; null for a Tax."""
DECIMALS = (
    "BilledCost",
    "ContractedCost",
    "EffectiveCost",
    "ListCost",
    "PricingQuantity",
    "ConsumedQuantity",
    "ListUnitPrice",
    "ContractedUnitPrice",
    "CommitmentDiscountQuantity",
    "PricingCurrencyContractedUnitPrice",
    "PricingCurrencyEffectiveCost",
    "PricingCurrencyListUnitPrice",
)
INSTANTS = ("BillingPeriodStart", "BillingPeriodEnd", "ChargePeriodStart", "ChargePeriodEnd")
ALLOWED = {
    "ChargeCategory": ("Usage", "Purchase", "Tax", "Credit", "Adjustment"),
    "ChargeClass": ("Correction",),
    "ChargeFrequency": ("One-Time", "Recurring", "Usage-Based"),
    "PricingCategory": ("Standard", "Dynamic", "Committed", "Other"),
    "ServiceCategory": (
        "AI and Machine Learning", "Analytics", "Business Applications", "Compute", "Databases",
        "Developer Tools", "Multicloud", "Identity", "Integration", "Internet of Things",
        "Management and Governance", "Media",
        "Migration", "Mobile", "Networking", "Security", "Storage", "Web", "Other",
    ),
    "CommitmentDiscountCategory": ("Spend", "Usage"),
    "CommitmentDiscountStatus": ("Used", "Unused"),
    "CapacityReservationStatus": ("Used", "Unused"),
}  # fmt: skip
SUBCATEGORIES = {
    "AI and Machine Learning": (
        "Bots", "Generative AI", "Machine Learning", "Natural Language Processing",
        "Other (AI and Machine Learning)",
    ),
    "Compute": (
        "Containers", "End User Computing", "Quantum", "Serverless Compute", "Virtual Machines",
        "Other (Compute)",
    ),
    "Other": ("Other (Other)",),
}  # fmt: skip
"""Of the categories that usage has."""
FOLLOWING = {
    "RegionName": "RegionId", "ResourceName": "ResourceId", "SubAccountName": "SubAccountId",
    "SkuMeter": "SkuId", "SkuPriceDetails": "SkuPriceId", "ConsumedUnit": "ConsumedQuantity",
    "CapacityReservationStatus": "CapacityReservationId",
    **{f"CommitmentDiscount{what}": "CommitmentDiscountId"
       for what in ("Category", "Name", "Quantity", "Status", "Type", "Unit")},
}  # fmt: skip
"""Null where the other column is."""
TOGETHER = (("RegionId", "RegionName"), ("ConsumedQuantity", "ConsumedUnit"))
"""Neither is null without the other."""
PARENTS = {
    "SkuPriceId": ("SkuId", "SkuPriceDetails"),
    "SkuId": ("SkuMeter",),
    "ServiceSubcategory": ("ServiceCategory",),
}
"""One value of the second for each of the first."""
UNIT = r"^([1-9][0-9]* )?[A-Z][A-Za-z]*(-[A-Z][a-z]+)*(/[A-Z][a-z]+)?$"
INSTANT = r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$"
REQUIREMENT = "focus-validator==1.0.0"
PINS = ("multimethod<2", "SQLAlchemy<2", "pandas<2.2")
OLD_NAMES = {
    "Provider": "ProviderName", "Publisher": "PublisherName", "InvoiceIssuer": "InvoiceIssuerName",
    "ResourceID": "ResourceId", "ChargeType": "ChargeCategory",
}  # fmt: skip
"""Columns that the package looks for, by their names of FOCUS 0.5 and 1.0-preview, and what they are now."""


@dataclass(frozen=True, slots=True)
class Broken:
    """A rule that a file breaks, and in how many rows; 0 for a rule about the file as a whole."""

    rule: str
    rows: int


def check(path: Path) -> tuple[int, list[Broken]]:
    """How many rules a file was held against, and those it breaks."""
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    columns = _load(connection, path)
    rules = [*_of_the_file(columns, is_parquet=path.suffix == ".parquet")]
    broken = [Broken(rule, 0) for rule, kept in rules if not kept]
    of_rows = [*_of_rows(list(columns))]
    for rule, where in of_rows:
        count = connection.execute(f"SELECT count(*) FROM focus WHERE {where}").fetchall()[0][0]
        if count:
            broken.append(Broken(rule, count))
    return len(rules) + len(of_rows), broken


def _load(connection: duckdb.DuckDBPyConnection, path: Path) -> dict[str, str]:
    """The table `focus`, all text as FOCUS writes it; returns the columns and their types in the file."""
    if path.suffix == ".parquet":
        source = "read_parquet(?)"
    else:
        source = "read_csv(?, all_varchar = true, header = true)"
    described = connection.execute(f"DESCRIBE FROM {source}", [str(path)]).fetchall()
    columns = {one[0]: one[1] for one in described}
    shown = ", ".join(
        f'strftime("{name}", \'%Y-%m-%dT%H:%M:%SZ\') AS "{name}"'
        if kind.startswith("TIMESTAMP")
        else f'CAST("{name}" AS VARCHAR) AS "{name}"'
        for name, kind in columns.items()
    )
    connection.execute(f"CREATE TABLE focus AS SELECT {shown} FROM {source}", [str(path)])
    return columns


def _of_the_file(columns: dict[str, str], *, is_parquet: bool) -> Iterator[tuple[str, bool]]:
    """Rules about columns, and whether the file keeps them."""
    for name in MANDATORY:
        yield f"{name} MUST be present", name in columns
    for name in columns:
        named = re.fullmatch(r"x_[A-Z][A-Za-z0-9]*|[A-Z][A-Za-z0-9]*", name) is not None
        yield f"column {name}: Pascal case, alphanumeric, our own with x_", named
    if is_parquet:
        for name, kind in columns.items():
            if name in DECIMALS:
                yield f"{name} MUST be a Decimal, not {kind}", kind.startswith("DECIMAL")
            if name in INSTANTS:
                yield f"{name} MUST be a UTC instant, not {kind}", kind == "TIMESTAMP WITH TIME ZONE"


def _of_rows(columns: list[str]) -> Iterator[tuple[str, str]]:
    """Rules about rows, and what is true of a row that breaks them; only of columns that the file has."""
    known = set(columns)
    for rule, needed, where in (*_values(), *_conditions(), *_commitments(), *_products(), *_relations()):
        if set(needed) <= known:
            yield rule, where


def _values() -> Iterator[tuple[str, tuple[str, ...], str]]:
    """What a column may hold at all."""
    for name in NOT_NULL:
        yield f"{name} MUST NOT be null", (name,), f"coalesce(\"{name}\", '') = ''"
    for name in DECIMALS:
        yield (
            f"{name}: NumericFormat, no exponent, no sign but -", (name,),
            f"NOT regexp_matches(\"{name}\", '^-?[0-9]+([.][0-9]+)?$')",
        )  # fmt: skip
    for name in INSTANTS:
        yield f"{name}: DateTimeFormat, UTC", (name,), f"NOT regexp_matches(\"{name}\", '{INSTANT}')"
    for name, values in ALLOWED.items():
        listed = ", ".join(f"'{one}'" for one in values)
        yield f"{name}: one of the allowed values", (name,), f'"{name}" NOT IN ({listed})'
    for category, values in SUBCATEGORIES.items():
        listed = ", ".join(f"'{one}'" for one in values)
        yield (
            f"ServiceSubcategory: one of those of {category}", ("ServiceSubcategory", "ServiceCategory"),
            f'"ServiceCategory" = \'{category}\' AND "ServiceSubcategory" NOT IN ({listed})',
        )  # fmt: skip
    yield (
        "BillingCurrency: three letters",
        ("BillingCurrency",),
        "NOT regexp_matches(\"BillingCurrency\", '^[A-Z]{3}$')",
    )
    for name in ("PricingUnit", "ConsumedUnit"):
        yield f"{name}: UnitFormat", (name,), f"NOT regexp_matches(\"{name}\", '{UNIT}')"
    for name in ("Tags", "SkuPriceDetails"):
        yield f"{name}: KeyValueFormat, an object of plain values", (name,), _no_key_values(name)


def _no_key_values(name: str) -> str:
    """True of text that is no JSON object, or one with an array or an object in it."""
    kind = f"json_type(\"{name}\", concat('$.\"', k, '\"'))"
    plain = f"list_filter(json_keys(\"{name}\"), lambda k: {kind} IN ('OBJECT', 'ARRAY'))"
    is_object = f'json_valid("{name}") AND json_type("{name}") = \'OBJECT\''
    return f'"{name}" IS NOT NULL AND NOT coalesce(CASE WHEN {is_object} THEN len({plain}) = 0 END, false)'


def _conditions() -> Iterator[tuple[str, tuple[str, ...], str]]:
    """What must be there, or must not, by the category of the charge."""
    used = "\"ChargeCategory\" IN ('Usage', 'Purchase') AND \"ChargeClass\" IS DISTINCT FROM 'Correction'"
    category = ("ChargeCategory",)
    for name in WHEN_USED:
        yield (
            f"{name} MUST NOT be null of usage",
            (name, *category, "ChargeClass"),
            f'{used} AND "{name}" IS NULL',
        )
        yield (
            f"{name} MUST be null of a tax",
            (name, *category),
            f'"ChargeCategory" = \'Tax\' AND "{name}" IS NOT NULL',
        )
    status = ("CommitmentDiscountStatus",)
    unused = "\"CommitmentDiscountStatus\" IS NOT DISTINCT FROM 'Unused'"
    yield (
        "ConsumedQuantity MUST NOT be null of usage, but of an unused commitment",
        ("ConsumedQuantity", *category, *status),
        f'"ChargeCategory" = \'Usage\' AND NOT {unused} AND "ConsumedQuantity" IS NULL',
    )  # fmt: skip
    yield (
        "ConsumedQuantity MUST be null of all but usage, and of an unused commitment",
        ("ConsumedQuantity", *category, *status),
        f'("ChargeCategory" <> \'Usage\' OR {unused}) AND "ConsumedQuantity" IS NOT NULL',
    )  # fmt: skip
    yield (
        "ChargeFrequency MUST NOT be Usage-Based of a purchase", ("ChargeFrequency", *category),
        "\"ChargeCategory\" = 'Purchase' AND \"ChargeFrequency\" = 'Usage-Based'",
    )  # fmt: skip


def _commitments() -> Iterator[tuple[str, tuple[str, ...], str]]:
    """What a charge that a commitment discount covers, buys or leaves unused says of it; and credits."""
    committed = '"CommitmentDiscountId" IS NOT NULL'
    used = f"{committed} AND \"ChargeCategory\" = 'Usage'"
    needed = ("CommitmentDiscountId", "ChargeCategory")
    for name in ("Category", "Type"):
        column = f"CommitmentDiscount{name}"
        yield (
            f"{column} MUST NOT be null of a commitment",
            (column, *needed),
            f'{committed} AND "{column}" IS NULL',
        )
    yield (
        "CommitmentDiscountStatus MUST NOT be null of usage of a commitment",
        ("CommitmentDiscountStatus", *needed), f'{used} AND "CommitmentDiscountStatus" IS NULL',
    )  # fmt: skip
    for name in ("Quantity", "Unit"):
        column = f"CommitmentDiscount{name}"
        yield (
            f"{column} MUST NOT be null of usage or a purchase of a commitment", (column, *needed),
            f'{committed} AND "ChargeCategory" IN (\'Usage\', \'Purchase\') AND "{column}" IS NULL',
        )  # fmt: skip
    yield (
        "CommitmentDiscountQuantity MUST NOT be negative", ("CommitmentDiscountQuantity",),
        'CAST("CommitmentDiscountQuantity" AS DECIMAL(38,15)) < 0',
    )  # fmt: skip
    yield (
        "PricingCategory MUST be Committed of usage of a commitment", ("PricingCategory", *needed),
        f"{used} AND \"PricingCategory\" <> 'Committed'",
    )  # fmt: skip
    cost = 'CAST("EffectiveCost" AS DECIMAL(38,15))'
    yield (
        "EffectiveCost MUST be 0 of what is bought to cover later charges", ("EffectiveCost", *needed),
        f"{committed} AND \"ChargeCategory\" = 'Purchase' AND {cost} <> 0",
    )  # fmt: skip
    for name in ("EffectiveCost", "ListCost", "ContractedCost"):
        yield (
            f"{name} MUST be BilledCost of a credit", (name, "BilledCost", "ChargeCategory"),
            f'"ChargeCategory" = \'Credit\' AND "{name}" <> "BilledCost"',
        )  # fmt: skip
    for name in ("PricingCurrencyListUnitPrice", "PricingCurrencyContractedUnitPrice"):
        yield (
            f"{name} MUST NOT be null of usage", (name, "ChargeCategory"),
            f'"ChargeCategory" IN (\'Usage\', \'Purchase\') AND "{name}" IS NULL',
        )  # fmt: skip


def _products() -> Iterator[tuple[str, tuple[str, ...], str]]:
    """Unit price times quantity is the cost, to the 15 places of what is written; no price is negative.

    A price in another currency is rounded to 15 places: half of the last is lost for each unit.
    """
    for kind in ("List", "Contracted"):
        price, cost = f"{kind}UnitPrice", f"{kind}Cost"
        product = f'CAST("{price}" AS DECIMAL(19,15)) * CAST("PricingQuantity" AS DECIMAL(19,10))'
        yield (
            f"{price} x PricingQuantity MUST be {cost}", (price, cost, "PricingQuantity"),
            f'abs({product} - CAST("{cost}" AS DECIMAL(38,15)))'
            ' > 0.000000000001 + 0.000000000000001 * CAST("PricingQuantity" AS DECIMAL(19,10))',
        )  # fmt: skip
        yield f"{price} MUST NOT be negative", (price,), f'CAST("{price}" AS DECIMAL(38,15)) < 0'


def _relations() -> Iterator[tuple[str, tuple[str, ...], str]]:
    """What one column says of another."""
    for name, other in FOLLOWING.items():
        yield (
            f"{name} MUST be null where {other} is",
            (name, other),
            f'"{name}" IS NOT NULL AND "{other}" IS NULL',
        )
    for name, other in TOGETHER:
        yield (
            f"{other} MUST NOT be null where {name} is not",
            (name, other),
            f'"{name}" IS NOT NULL AND "{other}" IS NULL',
        )
    for name, others in PARENTS.items():
        for other in others:
            several = f'SELECT "{name}" FROM focus GROUP BY "{name}" HAVING count(DISTINCT "{other}") > 1'
            yield f"one {other} for a {name}", (name, other), f'"{name}" IN ({several})'
    for what in ("Billing", "Charge"):
        start, end = f"{what}PeriodStart", f"{what}PeriodEnd"
        yield f"{start} is before {end}", (start, end), f'"{start}" >= "{end}"'
    yield (
        "a charge lies in its billing period", INSTANTS,
        '"ChargePeriodStart" < "BillingPeriodStart" OR "ChargePeriodStart" >= "BillingPeriodEnd"',
    )  # fmt: skip


def validated(path: Path, folder: Path) -> tuple[int, list[str]]:
    """What focus-validator makes of a CSV: how many checks it ran, and those that fail, with why."""
    sys.path.insert(0, str(ROOT / "bench"))
    from peer_environments import called, environment

    python = environment(REQUIREMENT)
    called(python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *PINS)
    beside, told = folder / "with-old-names.csv", folder / "told.xml"
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    with beside.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, [*rows[0], *OLD_NAMES])
        writer.writeheader()
        writer.writerows(row | {old: row[now] for old, now in OLD_NAMES.items()} for row in rows)
    # it reads its currencies from a path that begins in the folder it is installed in
    script = (
        "import os, sys, focus_validator as f; os.chdir(os.path.dirname(os.path.dirname(f.__file__)));"
        "from focus_validator.main import main; main()"
    )
    arguments = ("--data-file", beside, "--output-type", "unittest", "--output-destination", told)
    called(python, "-W", "ignore", "-c", script, *arguments)
    cases = [*ElementTree.parse(told).getroot().iter("testcase")]
    failed = [f"{one.get('name')}: {why.get('message')}" for one in cases for why in one.findall("failure")]
    return len(cases), failed


def samples(folder: Path) -> list[Path]:
    """The sample logs, exported by day as CSV and as Parquet, by request, and under a contract."""
    from truecost.ledger import import_usage
    from truecost.ledger.contracts.contract import contract_of
    from truecost.ledger.focus.rows import export_focus

    store = folder / "usage"
    import_usage(sorted((ROOT / "examples" / "usage").glob("*.jsonl")), store)
    contract = contract_of(ROOT / "examples" / "usage" / "contract.yaml")
    asked: dict[str, dict[str, Any]] = {
        "by-day.csv": {},
        "by-day.parquet": {},
        "by-request.csv": {"by_request": True},
        "contract.csv": {"contract": contract},
        "contract.parquet": {"contract": contract},
    }
    for name, how in asked.items():
        export_focus(store, folder / name, as_known=date(2026, 11, 22), **how)
    return [folder / name for name in asked]


def main() -> int:
    """Print every file's figures; 1 where a rule is broken."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "files", nargs="*", type=Path, help="CSV or Parquet; the export of the samples without"
    )
    parser.add_argument("--validator", action="store_true", help="focus-validator too (CSV), installed once")
    options = parser.parse_args()
    bad = 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for path in options.files or samples(folder):
            count, broken = check(path)
            print(f"{path.name}: {count - len(broken)} of {count} rules of FOCUS 1.2 kept")
            for one in broken:
                print(f"  {one.rule}" + (f": {one.rows:,} rows" if one.rows else ""))
            bad += len(broken)
            if options.validator and path.suffix == ".csv":
                checks, failed = validated(path, folder)
                print(f"{path.name}: {checks - len(failed)} of {checks} of {REQUIREMENT} (FOCUS 1.0) pass")
                for why in failed:
                    print(f"  {why}")
                bad += len(failed)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
