"""The words of the field: what each means, its formula and unit, and which verb and example show it.

The data are `data/glossary.yaml`: area -> term -> entry. The figure of an entry is no text: `example` names a
function that works it out from the catalog when it is asked for (`truecost.evidence.glossary`). An entry that
is not complete, or that points at a term that is not there, is refused.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, cast

import yaml

from truecost.catalog.names import UnknownName, normalise

PARTS = ("aliases", "definition", "formula", "unit", "example", "command", "see_also")
NEEDED = tuple(part for part in PARTS if part != "aliases")
LISTS = ("aliases", "see_also")
PROGRAM = "truecost "
NEAREST = 3


class GlossaryError(ValueError):
    """The glossary's data are not complete or not sensible; says which entry and why."""


@dataclass(frozen=True, slots=True)
class Term:
    """One word: `formula` in signs, `example` the name of what works out its figure, `command` a verb."""

    term: str
    area: str
    definition: str
    formula: str
    unit: str
    example: str
    command: str
    aliases: tuple[str, ...]
    see_also: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Glossary:
    """The terms by name, in the order of the file."""

    terms: Mapping[str, Term]
    index: Mapping[str, str]
    """Every normalised name and alias to its term."""

    def term(self, name: str) -> Term:
        """The entry of a term or an alias, however spelt. Raises UnknownName with the nearest terms.

        >>> load_glossary().term("model flops utilization").term
        'MFU'
        """
        wanted = _plain(name)
        if wanted in self.index:
            return self.terms[self.index[wanted]]
        raise UnknownName("term", name, self._nearest(wanted))

    def areas(self) -> dict[str, list[Term]]:
        """The terms of each area, in the order of the file."""
        found: dict[str, list[Term]] = {}
        for term in self.terms.values():
            found.setdefault(term.area, []).append(term)
        return found

    def _nearest(self, wanted: str) -> list[str]:
        """Terms whose names begin with what was asked for, hold it, or are spelt much like it."""
        close = difflib.get_close_matches(wanted, self.index, n=4 * NEAREST, cutoff=0.6)
        begun = [name for name in self.index if wanted and name.startswith(wanted)]
        held = [name for name in self.index if len(wanted) > 2 and wanted in name]
        return list(dict.fromkeys(self.index[name] for name in (*begun, *close, *held)))[:NEAREST]


@cache
def load_glossary() -> Glossary:
    """The glossary that the package ships."""
    text = (files("truecost.catalog") / "data" / "glossary.yaml").read_text(encoding="utf-8")
    return read_glossary(yaml.load(text, Loader=yaml.CSafeLoader), "glossary.yaml")


def read_glossary(areas: object, where: str) -> Glossary:
    """A glossary from a parsed document; raises GlossaryError naming the file and the entry."""
    terms: dict[str, Term] = {}
    for area, name, body in _entries(areas, where):
        if name in terms:
            raise GlossaryError(f"{where}: {name}: there are two entries of this name")
        terms[name] = _term(area, name, body, f"{where}: {name}")
    index: dict[str, str] = {}
    for term in terms.values():
        for name in (term.term, *term.aliases):
            owner = index.setdefault(_plain(name), term.term)
            if owner != term.term:
                raise GlossaryError(f"{where}: {term.term}: {name!r} is a name of {owner} as well")
    for term in terms.values():
        _check_pointers(term, terms, f"{where}: {term.term}")
    return Glossary(terms, index)


def _entries(areas: object, where: str) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    if not isinstance(areas, Mapping) or not areas:
        raise GlossaryError(f"{where}: a glossary is a mapping of areas to terms")
    for area, named in cast("Mapping[object, object]", areas).items():
        if not isinstance(named, Mapping) or not named:
            raise GlossaryError(f"{where}: {area}: an area is a mapping of terms to entries")
        for name, body in cast("Mapping[object, object]", named).items():
            if not isinstance(name, str) or not _plain(name):
                raise GlossaryError(f"{where}: {area}: {name!r} is no name of a term")
            if not isinstance(body, Mapping):
                raise GlossaryError(f"{where}: {name}: an entry is a mapping with {', '.join(NEEDED)}")
            yield str(area), name, cast("Mapping[str, Any]", body)


def _term(area: str, name: str, body: Mapping[str, Any], where: str) -> Term:
    unknown = [str(part) for part in body if part not in PARTS]
    if unknown:
        raise GlossaryError(f"{where}: unknown part {unknown[0]!r}; an entry has {', '.join(PARTS)}")
    aliases, see_also = (_names(body.get(part, []), f"{where}: {part}") for part in LISTS)
    texts = {part: _text(body.get(part), f"{where}: {part}") for part in NEEDED if part not in LISTS}
    if not see_also:
        raise GlossaryError(f"{where}: see_also: names at least one other term")
    if not texts["command"].startswith(PROGRAM):
        raise GlossaryError(f"{where}: command: begins with {PROGRAM!r}")
    return Term(
        name,
        area,
        texts["definition"],
        texts["formula"],
        texts["unit"],
        texts["example"],
        texts["command"],
        aliases,
        see_also,
    )


def _text(given: object, where: str) -> str:
    if not isinstance(given, str) or not given.strip():
        raise GlossaryError(f"{where}: a text goes here, not {given!r}")
    return given.strip()


def _names(given: object, where: str) -> tuple[str, ...]:
    names = cast("list[object]", given) if isinstance(given, list) else [None]
    if not all(isinstance(name, str) and _plain(name) for name in names):
        raise GlossaryError(f"{where}: a list of names goes here")
    return tuple(str(name) for name in names)


def _check_pointers(term: Term, terms: Mapping[str, Term], where: str) -> None:
    for other in term.see_also:
        if other == term.term or other not in terms:
            near = difflib.get_close_matches(other, terms, n=1)
            hint = f"; nearest: {near[0]}" if near and near[0] != term.term else ""
            raise GlossaryError(f"{where}: see_also: {other!r} is no other term{hint}")


def _plain(name: str) -> str:
    """The form in which two spellings of a term are equal.

    >>> _plain("Pre-training") == _plain("pretraining"), _plain("FLOP/s")
    (True, 'flops')
    """
    return "".join(character for character in normalise(name) if character.isalnum())
