"""The page that a training run and a replay share: a name, the answer, figures, findings, assumptions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from truecost.report.finding import KeyFigure, strip_of
from truecost.report.html import environment
from truecost.report.layout import unglued
from truecost.report.phrases import ends, shown
from truecost.report.run_words import assumed_value, points
from truecost.report.sections.section import Section
from truecost.report.sources import breakable, linked
from truecost.version import VERSION

Told = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Written:
    """The spec as the user wrote it: its file, its text, and what `--set` changed in it."""

    name: str
    text: str
    sets: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Assumed:
    """One value that stands in for what the spec does not say."""

    field: Markup
    value: str
    reason: str
    source: Markup


@dataclass(frozen=True, slots=True)
class Opening:
    """What a page opens with: its name and terms, the finding, what follows from it, how to read it."""

    name: str
    terms: str
    headline: str
    method: str
    standfirst: str = ""
    figures: Sequence[KeyFigure] = ()
    warnings: Sequence[str] = ()
    unknown: Sequence[tuple[str, str]] = ()


def run_page(
    opening: Opening,
    sections: Sequence[Section],
    assumptions: Sequence[Told] = (),
    spec: Written | None = None,
) -> str:
    """The text of the page; `assumptions` are rows of a result, `spec` is shown at the end where given."""
    return environment().get_template("run.html.j2").render(
        name=opening.name,
        terms=opening.terms,
        headline=opening.headline,
        standfirst=opening.standfirst,
        figures=opening.figures,
        warnings=opening.warnings,
        unknown=opening.unknown,
        sections=sections,
        assumed=[_assumed(one) for one in assumptions],
        spec=spec,
        method=opening.method,
        version=VERSION,
    )  # fmt: skip


def figure_of(told: Told, key: str, unit: str, what: str) -> KeyFigure:
    """A number of a result in large type, its 90 % interval drawn where it has one."""
    known = points(told, key)
    digits, _, rest = shown(told[key], unit).partition("\N{NO-BREAK SPACE}")
    return KeyFigure(digits, rest, ends(known, unit), what, strip_of(known, "p50"))


def _assumed(one: Told) -> Assumed:
    return Assumed(breakable(one["field"]), unglued(assumed_value(one)), one["reason"], linked(one["source"]))
