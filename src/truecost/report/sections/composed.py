"""A total by kinds of parts: the groups of a drawing, the drawing in words, and its table."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from truecost.report.charts.composition import Group, Part
from truecost.report.phrases import share
from truecost.report.sections.section import Table
from truecost.units import show_share

REST = "everything else"


def grouped(
    amounts: Mapping[str, float],
    kinds: Mapping[str, Sequence[str]],
    names: Mapping[str, str],
    said: Callable[[float], str],
    least: float,
) -> list[Group]:
    """Parts by kind, without what is less than a share of all; what no kind has is the rest."""
    total = sum(amounts.values())
    listed = {key for keys in kinds.values() for key in keys}
    wanted = {**kinds, REST: [key for key in amounts if key not in listed]}
    made: list[Group] = []
    for kind, keys in wanted.items():
        kept = [key for key in keys if amounts.get(key, 0.0) >= least * total]
        parts = [
            Part(names.get(key, key), amounts[key], said(amounts[key]), share(amounts[key] / total))
            for key in kept
        ]
        made.append(Group(kind, share(sum(amounts[key] for key in kept) / total), parts))
    return made


def spoken(title: str, groups: Sequence[Group]) -> str:
    """What a drawing of groups shows, in words."""
    said = ", ".join(f"{group.name} {group.shown}" for group in groups if group.parts)
    return f"{title}. {said}."


def parts_table(groups: Sequence[Group], total: float, of_what: str) -> Table:
    """Every part with its kind, its amount and its share, the largest first."""
    parts = sorted((part for group in groups for part in group.parts), key=lambda part: -part.amount)
    kind = {part.name: group.name for group in groups for part in group.parts}
    rows = [[part.name, kind[part.name], part.shown, show_share(part.amount / total)] for part in parts]
    return Table(("part", "kind", "amount", "share"), rows, of_what[:1].upper() + of_what[1:], words=2)
