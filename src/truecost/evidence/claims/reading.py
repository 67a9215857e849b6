"""Claims as plain mappings (a parsed file) to `Claim` values: one way in for what ships and what a user
writes.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Any, cast

from truecost.evidence.claims.model import Amount, Claim, Normal, Source
from truecost.ranges import Range, Support

FACTS = ("rate", "rental", "purchase", "price", "chip", "model", "recorded", "law")
"""Kinds of source that are facts."""
KINDS = ("stated", "claim", "assumed", "missing", *FACTS)


@cache
def shipped() -> Mapping[str, Claim]:
    """The published claims the package ships, by id, in the order of the file."""
    import yaml

    text = (files("truecost.evidence") / "data" / "claims.yaml").read_text(encoding="utf-8")
    document = yaml.load(text, Loader=yaml.CSafeLoader)
    return claims_of(document, "")


@cache
def quantities() -> Mapping[str, Any]:
    """The quantities that claims share, with their units, and the relations between them."""
    import yaml

    text = (files("truecost.evidence") / "data" / "claim_quantities.yaml").read_text(encoding="utf-8")
    return cast("Mapping[str, Any]", yaml.load(text, Loader=yaml.CSafeLoader))


def claims_of(document: Mapping[str, Any], origin: str) -> dict[str, Claim]:
    """Every claim of a parsed document (`claims:` by id); `origin` names the file of a user's own."""
    return {name: claim_of(name, body, origin) for name, body in document["claims"].items()}


def claim_of(name: str, body: Mapping[str, Any], origin: str = "") -> Claim:
    """One claim from its mapping."""
    from truecost.evidence.claims.calculations import calculation

    low, high = _ends(body)
    chosen = body.get("calculation")
    given = cast("Mapping[str, Any]", body.get("inputs") or {})
    words: Mapping[str, Any] = calculation(chosen).texts if chosen else {}
    inputs = {key: source_of(value) for key, value in given.items() if key not in words}
    reading = body.get("reading")
    return Claim(
        id=name,
        topic=body["topic"],
        statement=" ".join(str(body["statement"]).split()),
        low=low,
        high=high,
        unit=body.get("unit") or "",
        published=body.get("published") or "not stated",
        as_of=body["as_of"] if isinstance(body["as_of"], date) else date.fromisoformat(str(body["as_of"])),
        recompute_from=" ".join(str(body.get("recompute_from") or "").split()),
        calculation=chosen,
        inputs=inputs,
        texts={key: value for key, value in given.items() if key in words},
        formula=_formula(body.get("formula")),
        figures={
            key: float(value) for key, value in cast("dict[str, Any]", body.get("figures") or {}).items()
        },
        reading=_reading(reading, body.get("unit") or "") if reading else None,
        about=tuple(_normals(body.get("about"))),
        inputs_about=_inputs_about(given),
        note=body.get("note") or "",
        origin=origin,
    )


def amount(value: object) -> Amount:
    """A number, or a range "low .. high".

    >>> amount("90 .. 120")
    Range(low=90.0, high=120.0, support=<Support.POSITIVE: 'positive'>)
    """
    if isinstance(value, Range):
        return value
    low, dots, high = str(value).partition("..")
    if not dots:
        return float(low)
    ends = float(low), float(high)
    return Range(*ends, Support.REAL if ends[0] <= 0 else Support.POSITIVE)


def source_of(given: object) -> Source:
    """An input: a bare number is the claim's own; a mapping names its kind."""
    if not isinstance(given, Mapping):
        return Source("stated", amount(given))
    parts = dict(cast("Mapping[str, Any]", given))
    free = parts.pop("free", None)
    kind = next(kind for kind in KINDS if parts.get(kind) is not None)
    value = parts.pop(kind)
    parts = {key: part for key, part in parts.items() if part is not None and key != "about"}
    if kind in ("stated", "assumed"):
        value = amount(value)
        if kind == "assumed" and parts.get("support") == "share" and isinstance(value, Range):
            value = Range(value.low, value.high, Support.SHARE)
    return Source(kind, value, parts, _range(free))


def _range(free: object) -> Range | None:
    if free is None:
        return None
    found = amount(free)
    return found if isinstance(found, Range) else Range(found, found, Support.REAL)


def _ends(body: Mapping[str, Any]) -> tuple[float | None, float | None]:
    ends = (body.get("low"), body.get("high"))
    return cast("tuple[float | None, float | None]", tuple(None if e is None else float(e) for e in ends))


def _formula(given: object) -> dict[str, str]:
    if not given:
        return {}
    if isinstance(given, Mapping):
        return {str(k): str(v) for k, v in cast("Mapping[object, object]", given).items()}
    return {"result": str(given)}


def _reading(body: Mapping[str, Any], unit: str) -> tuple[float | None, float | None, str, str]:
    low, high = _ends(body)
    return low, high, body.get("unit") or unit, " ".join(str(body.get("why") or "").split())


def _normals(given: object) -> list[Normal]:
    if not given:
        return []
    entries = cast("list[object]", given) if isinstance(given, list) else [given]
    made: list[Normal] = []
    for entry in entries:
        if not isinstance(entry, Mapping):
            made.append(Normal(str(entry)))
            continue
        parts = {k: v for k, v in cast("Mapping[str, Any]", entry).items() if v is not None}
        made.append(Normal(**parts))
    return made


def _inputs_about(given: Mapping[str, Any]) -> dict[str, str]:
    return {
        name: str(cast("Mapping[str, Any]", body)["about"])
        for name, body in given.items()
        if isinstance(body, Mapping) and cast("Mapping[str, Any]", body).get("about")
    }
