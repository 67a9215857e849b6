"""The answer, before all else: what to do, what it saves, how sure that is, and what would turn it round."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup, escape

from truecost.report.charts.chance import chance
from truecost.report.charts.timeline import horizon
from truecost.report.charts.turning import turning
from truecost.report.decision_text import conditions
from truecost.report.finding import KeyFigure, key_figure
from truecost.report.phrases import loose, share, shown
from truecost.report.sections.section import Statement

AS_WRITTEN = "as_written"


@dataclass(frozen=True, slots=True)
class Answer:
    """What the page opens with: the sentence, what turns it round, its figures, what it asks for."""

    sentence: Markup
    turn: str
    figures: Sequence[KeyFigure]
    conditions: Sequence[str]
    short: str


def verdict(statement: Statement) -> Answer | None:
    """The verdict; None where there was none to compute, or nothing to choose between."""
    found = statement.get("verdict")
    if found is None or found["second"] is None:
        return None
    opening, _, turn = found["sentence"].rpartition("; ")
    return Answer(
        sentence=with_soft_intervals(glued_numbers(f"{opening}.")),
        turn=glued_numbers(turn[:1].upper() + turn[1:]),
        figures=list(_figures(found, statement)),
        conditions=[loose(sentence) for sentence in conditions(found)],
        short=found["label"],
    )


def _figures(found: Mapping[str, Any], statement: Statement) -> Iterator[KeyFigure]:
    rows = {row["option"]: row for row in statement.get("options", {}).get("table", ()) if row["applies"]}
    yield _saving(found, statement)
    yield _chance(found, rows)
    yield _flip(found["flip"])
    best = rows.get(found["option"])
    if best is not None:
        yield key_figure(best["cash_needed_usd"], "USD", "cash needed before it carries itself")


def _saving(found: Mapping[str, Any], statement: Statement) -> KeyFigure:
    if found["option"] == AS_WRITTEN:
        second = found["second"]
        return key_figure(second["behind_usd"], "USD", f"less is left by “{second['label']}”, the next best")
    what = f"saved over {horizon(statement['horizon_months'])}, against the plan as written"
    return key_figure(found["saving_usd"], "USD", what)


def _chance(found: Mapping[str, Any], rows: Mapping[str, Mapping[str, Any]]) -> KeyFigure:
    wins = found["wins_share_of_draws"]
    others = [row for key, row in rows.items() if key != found["option"] and row["wins_share_of_draws"] > 0]
    rival = max(others, key=lambda row: row["wins_share_of_draws"], default=None)
    what = "of the draws have it as the best"
    if rival is not None:
        what += f"; “{rival['label']}” in {share(rival['wins_share_of_draws'])}"
    digits, _, sign = share(wins).partition("\N{NO-BREAK SPACE}")
    return KeyFigure(digits, sign, "", what, drawing=chance(wins))


def _flip(flip: Mapping[str, Any] | None) -> KeyFigure:
    if flip is None:
        what = "no single change of prices, volume or load within ten times turns it round"
        return KeyFigure("no flip", "", "", what)
    return KeyFigure(
        shown(flip["factor"]),
        "×",
        "",
        f"the plan's {flip['label']}: from there on “{flip['to_label']}” is better",
        drawing=turning(flip["factor"]),
    )


def glued_numbers(sentence: str) -> str:
    """A sentence in which no line breaks between a number, its magnitude and its unit.

    >>> glued_numbers("saves 11.1 B USD (4.83 B – 24.2 B) in 93 % of 36 months").split(" ")[1:4]
    ['11.1\\xa0B\\xa0USD', '(4.83\\xa0B\\xa0–\\xa024.2\\xa0B)', 'in']
    """
    glue = "\N{NO-BREAK SPACE}"
    sentence = re.sub(r"(?<=\d) (?=[kMBT%x×](?:\W|$)|USD|months?\b)", glue, sentence)
    sentence = re.sub(r"(?<=\d\N{NO-BREAK SPACE}[kMBT]) (?=USD)", glue, sentence)
    return re.sub(r"\([^()]*\d[^()]*\)", lambda found: found[0].replace(" ", glue), sentence)


def with_soft_intervals(sentence: str) -> Markup:
    """The sentence escaped, intervals in brackets in a softer type."""
    text = re.sub(r"\([^()]*\d[^()]*\)", r'<span class="soft">\g<0></span>', str(escape(sentence)))
    return Markup(text)
