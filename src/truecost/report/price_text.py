"""One price for a terminal: a line a kind, the total, then where it comes from and which rules made it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from truecost.report.layout import DEFAULT_WIDTH, Page, Style, glued
from truecost.report.phrases import plural
from truecost.report.tables import Column, table

Told = Mapping[str, Any]


def page(told: Told, width: int = DEFAULT_WIDTH) -> Page:
    """What `Price.to_dict` gives, as a page."""
    made = Page(width)
    made.title(_title(told))
    made.text(_circumstances(told), Style.FAINT)
    made.blank()
    columns = [
        Column(""), Column("count", right=True), Column("x USD", right=True), Column(""),
        Column("= USD", right=True),
    ]  # fmt: skip
    rows = [_row(line) for line in told["lines"]]
    rows += [[_kind(gap), f"{gap['tokens']:,}", "no price known", "", "?"] for gap in told["gaps"]]
    name, amount = (
        ("total", told["total_usd"]) if told["total_usd"] else ("priced, no total", told["priced_usd"])
    )
    if told["lines"] or not told["gaps"]:
        rows.append([name, "", "", "", _amount(amount)])
    made.extend(table(columns, rows, width))
    for head, told_in in (("Not priced", _gaps), ("Where it comes from", _sources), ("Rules", _rules)):
        _section(head, told_in(told), made)
    _section("Other sources say", _others(told), made)
    _section("When it changes", _changes(told), made)
    return made


def _section(head: str, items: Sequence[str], made: Page) -> None:
    if items:
        made.heading(head)
        for item in items:
            made.item(item)


def _title(told: Told) -> str:
    amount = (
        f"{_amount(told['total_usd'])} USD" if told["total_usd"] else "no total: a part has no known price"
    )
    return f"{told['provider']}/{told['model']}, {told['on']}: {amount}"


def _circumstances(told: Told) -> str:
    tier = "batch" if told["batch"] else f"{told['service_tier']} tier"
    parts = [plural(told["requests"], "request"), tier]
    parts += [f"region {told['region']}"] if told["region"] else []
    parts += [f"{told['at_utc']} UTC"] if told["at_utc"] else []
    parts.append(f"as known on {told['as_known']}" if told["as_known"] else "as known now")
    return "; ".join(parts) + (f". {told['choice']}." if told["choice"] else ".")


def _row(line: Told) -> list[str]:
    unit = "/Mtok" if line["unit"] == "token" else f"/{line['unit']}"
    price = line["usd_per_mtok"] or line["usd_per_token"]
    return [_kind(line), f"{line['tokens']:,}", price, unit, _amount(line["usd"])]


def _kind(entry: Told) -> str:
    return entry["kind"].replace("_", " ") + (f" ({entry['cache_life']})" if entry["cache_life"] else "")


def _amount(digits: str) -> str:
    """An exact amount with its thousands apart.

    >>> _amount("1234567.8900012")
    '1,234,567.8900012'
    """
    whole, dot, rest = digits.partition(".")
    return f"{int(whole):,}{dot}{rest}"


def _gaps(told: Told) -> list[str]:
    shared: dict[str, list[str]] = {}
    for gap in told["gaps"]:
        shared.setdefault(gap["why"], []).append(_kind(gap))
    return [f"{', '.join(kinds)}: {why}" for why, kinds in shared.items()]


def _sources(told: Told) -> list[str]:
    """Validity, knowledge, reason and source, said once for kinds that share them."""
    shared: dict[str, list[str]] = {}
    for line in told["lines"]:
        until = f" until {line['valid_to']}" if line["valid_to"] else ""
        since = f"valid from {line['valid_from']}{until}" if line["valid_from"] else "valid on any day"
        known = f", known from {line['known_from']}" if line["known_from"] else ""
        reason = f" ({line['reason']})" if line["reason"] else ""
        grounds = glued(f"[{line['confidence']}, checked {line['checked']}]")
        shared.setdefault(f"{since}{known}{reason} {grounds}: {line['source']}", []).append(_kind(line))
    return [f"{', '.join(kinds)}: {said}" for said, kinds in shared.items()]


def _rules(told: Told) -> list[str]:
    return [f"{rule['says']}." for rule in told["rules"]]


def _others(told: Told) -> list[str]:
    return [
        f"{_kind(other)} {_price(other, 'usd_per_')}: {other['source']} (checked {other['checked']})"
        for other in told["other_sources"]
    ]


def _price(entry: Told, prefix: str) -> str:
    per_mtok = entry[f"{prefix}mtok"]
    return glued(f"{per_mtok} USD/Mtok" if per_mtok else f"{entry[f'{prefix}token']} USD")


def _changes(told: Told) -> list[str]:
    shared: dict[str, list[str]] = {}
    for change in told["changes"]:
        shared.setdefault(_change(change), []).append(_kind(change))
    return [f"{', '.join(kinds)}: {said}" for said, kinds in shared.items()]


def _change(change: Told) -> str:
    first = change["first_known"]
    said = f"no change on record since {first}" if first else "no change on record"
    if change["last"]:
        said = f"last {_moved(change['last'])}"
    if change["next"]:
        return f"{said}; next {_moved(change['next'])}"
    gone = change["no_price_known_from"]
    return f"{said}; no price is known from {gone} on" if gone else f"{said}; none announced"


def _moved(move: Told) -> str:
    reason = f" ({move['reason']})" if move["reason"] else ""
    return f"on {move['on']}, {_price(move, 'from_usd_per_')} to {_price(move, 'to_usd_per_')}{reason}"
