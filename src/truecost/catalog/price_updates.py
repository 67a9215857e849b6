"""API prices of a newer list over those that ship, in a file of the user's own: rows are only ever added.

    DIR/api_prices_updates.csv   a price a row, as `data/api_prices.csv.gz`, and the number of the update
    DIR/api_prices_names.csv     the names of models that the shipped tables lack

DIR is TRUECOST_CATALOG_DIR, else the user's data directory. A price that an update changes is not rewritten:
a later row ends it, known from the day of the update, so what was known before is priced as it was.
"""

from __future__ import annotations

import csv
import io
import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

PRICES, NAMES = "api_prices_updates.csv", "api_prices_names.csv"
COLUMNS = (
    "name", "provider", "model", "kind", "cache_lifetime", "tier", "region", "context_above_tokens",
    "context_rule", "utc_from", "utc_until", "usd_per_token", "valid_from", "valid_until", "known_from",
    "source", "checked", "confidence", "reason", "update",
)  # fmt: skip
"""The columns of the shipped table, and `update`: the number of the update that added a row."""
NAME_COLUMNS = ("alias", "name", "provider", "model", "rule")
_VALID_FROM, _VALID_UNTIL, _KNOWN_FROM, _SOURCE = (
    COLUMNS.index(one) for one in ("valid_from", "valid_until", "known_from", "source")
)
_UPDATE = len(COLUMNS) - 1
_CONDITION = tuple(COLUMNS.index(one) for one in (
    "provider", "model", "region", "kind", "cache_lifetime", "tier", "context_above_tokens",
))  # fmt: skip
Cells = list[str]


def folder() -> Path:
    """Where updates are kept: TRUECOST_CATALOG_DIR, else truecost in the platform's place for user data."""
    if named := os.environ.get("TRUECOST_CATALOG_DIR"):
        return Path(named)
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData/Local") / "truecost"
    if sys.platform == "darwin":
        return Path.home() / "Library/Application Support/truecost"
    return Path(os.environ.get("XDG_DATA_HOME") or _home() / ".local/share") / "truecost"


def _home() -> Path:
    try:
        return Path.home()
    except RuntimeError:  # no home at all: then there is nothing of the user's either
        return Path(os.sep)


@dataclass(frozen=True, slots=True)
class Updates:
    """The rows of a user's file, in the order in which they were added."""

    prices: tuple[Cells, ...] = ()
    names: tuple[Cells, ...] = ()


@cache
def updates() -> Updates:
    """What updates have added. Raises ValueError, naming the file, where it cannot be read."""
    return Updates(_rows(folder() / PRICES, COLUMNS), _rows(folder() / NAMES, NAME_COLUMNS))


def _rows(path: Path, columns: Sequence[str]) -> tuple[Cells, ...]:
    try:
        text = path.read_text(encoding="utf-8")
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        return ()
    rows = list(csv.reader(text.splitlines()))
    if not rows or rows[0] != list(columns) or any(len(row) != len(columns) for row in rows):
        raise ValueError(
            f"{path}: not a table that truecost catalog update wrote; remove it, or move it away"
        )
    return tuple(rows[1:])


def with_updates(table: str, text: str) -> str:
    """A shipped table with what updates have added to it."""
    found = updates()
    if table == "api_prices.csv.gz" and found.prices:
        return _with_prices(text, found.prices)
    if table == "api_prices_names.csv.gz" and found.names:
        return _with_blocks(text, _by_name(found.names))
    return text


def _by_name(rows: Iterable[Cells]) -> dict[str, list[Cells]]:
    found: dict[str, list[Cells]] = {}
    for row in rows:
        found.setdefault(row[0], []).append(row)
    return found


def _with_blocks(text: str, added: Mapping[str, Sequence[Cells]]) -> str:
    """The table with rows behind those of their name: rows of one name lie together."""
    for name, rows in added.items():
        start, end = _block(text, name)
        text = text[:end] + _csv(rows) + text[end:] if start else text + _csv(rows)
    return text


def _block(text: str, name: str) -> tuple[int, int]:
    """Where the rows of a name stand; (0, 0) for none."""
    start = end = text.find(f"\n{name},") + 1
    while start and text.startswith(f"{name},", end):
        end = text.index("\n", end) + 1
    return start, end


def _with_prices(text: str, added: Sequence[Cells]) -> str:
    for name, rows in _by_name(added).items():
        start, end = _block(text, name)
        known = [[*row, ""] for row in csv.reader(text[start:end].splitlines())] if start else []
        block = _csv(_laid_over(known, rows))
        text = text[:start] + block + text[end:] if start else text + block
    return text


def _laid_over(known: list[Cells], added: Sequence[Cells]) -> list[Cells]:
    """Rows of one name, those that later ones changed with their end and since when it is known."""
    numbers = ["0"] * len(known)
    for row in added:
        for at, (before, number) in enumerate(zip(known, numbers, strict=True)):
            same = all(before[one] == row[one] for one in _CONDITION)
            until = before[_VALID_UNTIL]
            overlaps = not until or until > row[_VALID_FROM]
            if same and overlaps and int(number) < int(row[_UPDATE]) and not is_second(before[_SOURCE]):
                end = max(before[_VALID_FROM], row[_VALID_FROM])
                known[at] = [*before[:_VALID_UNTIL], end, *before[_VALID_UNTIL + 1 : -1], row[_KNOWN_FROM]]
        known.append([*row[:_UPDATE], ""])
        numbers.append(row[_UPDATE])
    return known


def is_second(source: str) -> bool:
    """Whether a price is of the list that only fills in what the first lacks."""
    return source.startswith("litellm")


def _csv(rows: Iterable[Sequence[str]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()


def add(prices: Sequence[Sequence[str]], names: Sequence[Sequence[str]]) -> Path:
    """Write rows behind those there are, each file beside its place and then renamed; returns the folder."""
    where, known = folder(), updates()
    where.mkdir(parents=True, exist_ok=True)
    for file, columns, rows in (
        (NAMES, NAME_COLUMNS, [*known.names, *names]),
        (PRICES, COLUMNS, [*known.prices, *prices]),
    ):
        beside = where / f".{file}.part"
        beside.write_text(_csv([list(columns), *rows]), encoding="utf-8", newline="")
        os.replace(beside, where / file)
    forget()
    return where


def forget() -> None:
    """Have the tables read anew."""
    from truecost.catalog import api_price_names, api_prices

    for kept in (
        updates, api_price_names.read_table, api_price_names._providers, api_price_names._name_rows,  # pyright: ignore[reportPrivateUsage]
        api_prices._rows_named, api_prices._sources,  # pyright: ignore[reportPrivateUsage]
    ):  # fmt: skip
        kept.cache_clear()
