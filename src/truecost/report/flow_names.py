"""Who pays and who gets, as a reader calls them."""

from __future__ import annotations

PAYERS = {
    "customers_earlier": "Earlier surplus",
    "cloud_credits": "Cloud credits",
    "investors": "Cash and rounds",
    "unfunded": "Nobody named",
}
PAYEES = {
    "cloud": "clouds",
    "chips": "makers of chips",
    "model vendor": "model vendors",
    "payment": "payment companies",
    "capital": "owners of capital",
    "whoever serves at the quote": "server at the quote",
    "other": "other suppliers",
}


def payer_name(key: str) -> str:
    """A payer by its name.

    >>> payer_name("customers.pro"), payer_name("investors")
    ('Customers, pro', 'Cash and rounds')
    """
    return PAYERS.get(key) or f"Customers, {key.removeprefix('customers.')}"


def payee_name(key: str) -> str:
    """A payee by its name.

    >>> payee_name("staff"), payee_name("chips")
    ('Staff', 'Makers of chips')
    """
    name = PAYEES.get(key, key)
    return name[:1].upper() + name[1:]
