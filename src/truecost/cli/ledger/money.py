"""Options of the questions that set a file of money beside the ledger: its columns, its currencies."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation

import click

from truecost.cli.failures import refuse

usd_per_option = click.option(
    "--usd-per", multiple=True, metavar="CURRENCY=USD",
    help="What one of another currency is worth in USD, such as EUR=1.08; may be repeated.",
)  # fmt: skip
map_option = click.option(
    "--map", "maps", multiple=True, metavar="FIELD=COLUMN,...",
    help="Take fields from columns of other names: amount=Betrag,date=Datum.",
)  # fmt: skip


def worth(given: tuple[str, ...]) -> dict[str, Decimal]:
    """What --usd-per says of each currency."""
    found: dict[str, Decimal] = {}
    for one in given:
        currency, equals, text = one.partition("=")
        try:
            value = Decimal(text.strip())
        except InvalidOperation:
            value = Decimal("NaN")
        name = currency.strip().upper()
        if not equals or not value.is_finite() or value <= 0 or not (name.isalpha() and len(name) == 3):
            refuse(f"--usd-per {one}: write CURRENCY=USD, such as EUR=1.08")
        if name in found or name == "USD":
            refuse(f"--usd-per {one}: {'a dollar is one' if name == 'USD' else f'{name} is given twice'}")
        found[name] = value
    return found


def mapped(maps: tuple[str, ...]) -> dict[str, str]:
    """What --map says of each field."""
    found: dict[str, str] = {}
    for part in (part for one in maps for part in one.split(",")):
        field, equals, column = part.partition("=")
        if not equals or not column.strip():
            refuse(f"--map {part}: write FIELD=COLUMN, such as amount=Betrag")
        if field.strip() in found:
            refuse(f"--map {part}: {field.strip()} is named twice")
        found[field.strip()] = column.strip()
    return found


def share_of(text: str, option: str) -> Decimal:
    """A share as "1%" or "0.5 %"."""
    plain = text.strip()
    try:
        value = Decimal(plain.removesuffix("%").strip())
    except InvalidOperation:
        value = Decimal("NaN")
    if not plain.endswith("%") or not value.is_finite() or not 0 <= value <= 1000:
        refuse(f"{option} {text}: write a share such as 1%")
    return value / 100
