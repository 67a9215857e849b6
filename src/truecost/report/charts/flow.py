"""A flow: who pays on the left, who gets on the right, ribbons as thick as the money between them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from markupsafe import escape

from truecost.report.charts.lettering import shorten
from truecost.report.charts.svg import Drawing, is_narrow, number, rectangle, text

BODY = 300.0
"""Height of all the money."""
SLOT = 36.0
"""Least height of a party: its name and its amount."""
GAP = 6.0
BAR = 9.0
SIDE = 196.0
"""Width of the names beside the bars on a wide page."""


@dataclass(frozen=True, slots=True)
class Party:
    """One end of the flow: its name, its amount, and the amount in words; `accent` marks one."""

    key: str
    name: str
    amount: float
    shown: str
    accent: bool = False


@dataclass(frozen=True, slots=True)
class _Place:
    party: Party
    top: float
    height: float
    middle: float


def flow(
    payers: Sequence[Party],
    payees: Sequence[Party],
    links: Mapping[tuple[str, str], float],
    width: float,
) -> Drawing:
    """Both sides to one scale; `links` are amounts by the keys of payer and payee, summing to both sides."""
    total = sum(party.amount for party in payers)
    sides = [_places(parties, total) for parties in (payers, payees)]
    height = max(side[-1].top + max(side[-1].height, SLOT) for side in sides)
    narrow = is_narrow(width)
    left, right = (0.0, width - BAR) if narrow else (SIDE, width - SIDE - BAR)
    parts = _ribbons(sides, links, (left + BAR, right), total)
    for x, side in zip((left, right), sides, strict=True):
        for place in side:
            tone = "accent" if place.party.accent else "tone2"
            parts.append(rectangle((x, place.top), (BAR, max(place.height, 0.8)), tone))
    for places, x, anchor in ((sides[0], left, "start"), (sides[1], right, "end")):
        inside = x + (BAR + 5 if anchor == "start" else -5)
        outside = x + (-8 if anchor == "start" else BAR + 8)
        for place in places:
            at, turned = (inside, anchor) if narrow else (outside, "end" if anchor == "start" else "start")
            parts += _names(place, (at, turned), narrow, (width - 2 * BAR) / 2 - 10 if narrow else SIDE - 12)
    return Drawing(height + 2, parts)


def _places(parties: Sequence[Party], total: float) -> list[_Place]:
    places: list[_Place] = []
    top = 0.0
    for party in parties:
        height = BODY * party.amount / total
        slot = max(height, SLOT)
        middle = top + slot / 2
        places.append(_Place(party, middle - height / 2, height, middle))
        top += slot + GAP
    return places


def _ribbons(
    sides: Sequence[Sequence[_Place]],
    links: Mapping[tuple[str, str], float],
    ends: tuple[float, float],
    total: float,
) -> list[str]:
    begins = {place.party.key: place.top for place in sides[0]}
    arrives = {place.party.key: place.top for place in sides[1]}
    parts: list[str] = []
    for payer in sides[0]:
        for payee in sides[1]:
            usd = links.get((payer.party.key, payee.party.key), 0.0)
            thick = BODY * usd / total
            if thick <= 0:
                continue
            tops = begins[payer.party.key], arrives[payee.party.key]
            begins[payer.party.key] += thick
            arrives[payee.party.key] += thick
            tone = "accent" if payer.party.accent else "tone4"
            hint = f"{payer.party.name} to {payee.party.name}"
            parts.append(_ribbon(ends, tops, thick, (f"{tone} faded", hint)))
    return parts


def _ribbon(ends: tuple[float, float], tops: tuple[float, float], thick: float, look: tuple[str, str]) -> str:
    (x0, x1), (y0, y1), (style, hint) = ends, tops, look
    middle = number((x0 + x1) / 2)
    a, b, c, d = (number(y, 2) for y in (y0, y1, y1 + thick, y0 + thick))
    begin, end = number(x0), number(x1)
    shape = f"M{begin},{a}C{middle},{a} {middle},{b} {end},{b}V{c}C{middle},{c} {middle},{d} {begin},{d}Z"
    return f'<path d="{shape}" class="{style}"><title>{escape(hint)}</title></path>'


def _names(place: _Place, spot: tuple[float, str], narrow: bool, room: float) -> list[str]:
    """Name and amount; on a narrow page they lie on the ribbons and are all in ink."""
    x, anchor = spot
    strong = "accented" if place.party.accent and not narrow else ""
    return [
        text(x, place.middle - 2, shorten(place.party.name, room), strong, anchor),
        text(
            x, place.middle + 13, shorten(place.party.shown, room, 12), "small" if narrow else "soft small",
            anchor,
        ),
    ]  # fmt: skip
