"""Scenarios that a user wrote: names that are free, includes that lead somewhere, probabilities that leave
something, assignments that the plan can take. Checked once, where a plan is read, with their places.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from truecost.catalog.catalog import Catalog
from truecost.catalog.named import names_from
from truecost.plan.checks.findings import SHARE_TOLERANCE
from truecost.plan.scenarios.own import Own, Written, defined, in_its_terms, own_sets
from truecost.plan.scenarios.shipped import FAMILIES, SHIPPED
from truecost.plan.schema import Plan
from truecost.spec import Document, Problem, SpecError, changed, nearest_names
from truecost.spec.errors import in_order


def check_scenarios(document: Document[Plan], catalog: Catalog, files: Iterable[Written] = ()) -> None:
    """Raise SpecError with everything wrong with the scenarios of a plan and of files of their own."""
    problems = list(scenario_problems(document, catalog, files))
    if problems:
        raise SpecError(in_order(problems))


def scenario_problems(
    document: Document[Plan], catalog: Catalog, files: Iterable[Written] = ()
) -> Iterator[Problem]:
    """Each thing wrong with the scenarios of a plan and of files of their own."""
    written = list(defined((document, *files)))
    own: dict[str, Own] = {}
    for one in written:
        own.setdefault(one.name, one)
    yield from _names(written)
    yield from _probabilities(written)
    for one in own.values():
        yield from _includes(one, own)
    rings = list(_cycles(own))
    yield from rings
    if rings:
        return
    with names_from(catalog):
        for one in own.values():
            yield from _assignments(one, own, document)


def _names(written: Sequence[Own]) -> Iterator[Problem]:
    seen: dict[str, Own] = {}
    for one in written:
        if one.name in SHIPPED or one.name in FAMILIES:
            yield one.problem("", "a shipped scenario has this name; choose another, and include that one")
        elif one.name in seen:
            first = seen[one.name]
            yield one.problem(
                "", f"{first.document.place(first.path) or 'the plan'} has one of this name already"
            )
        seen.setdefault(one.name, one)


def _includes(one: Own, own: Mapping[str, Own]) -> Iterator[Problem]:
    for index, name in enumerate(one.scenario.includes):
        if name in FAMILIES:
            yield one.problem(
                f"includes.{index}", "this is a family: include one of it", allowed=FAMILIES[name]
            )
        elif name not in SHIPPED and name not in own:
            known = [*SHIPPED, *own]
            nearest = nearest_names(name, known)
            yield one.problem(
                f"includes.{index}",
                "there is no such scenario",
                nearest=nearest,
                allowed=() if nearest else known,
            )


def _cycles(own: Mapping[str, Own]) -> Iterator[Problem]:
    """Each ring of includes once, at the first of its scenarios."""
    told: set[str] = set()
    for name in own:
        ring = _ring(name, own, ())
        if ring and not told & set(ring):
            told |= set(ring)
            yield own[name].problem("includes", f"includes itself: {' > '.join((*ring, name))}")


def _ring(name: str, own: Mapping[str, Own], way: tuple[str, ...]) -> tuple[str, ...]:
    """The way from the first scenario back to it; () where no include leads there."""
    if way and name == way[0]:
        return way
    if name in way or name not in own:
        return ()
    found = (_ring(included, own, (*way, name)) for included in own[name].scenario.includes)
    return next((ring for ring in found if ring), ())


def _probabilities(written: Sequence[Own]) -> Iterator[Problem]:
    likely = [one for one in written if one.scenario.probability is not None]
    total = sum(one.scenario.probability or 0.0 for one in likely)
    if total > 1 + SHARE_TOLERANCE:
        yield likely[-1].problem(
            "probability", f"the probabilities of the scenarios sum to {total:g}, more than 1"
        )


def _assignments(one: Own, own: Mapping[str, Own], document: Document[Plan]) -> Iterator[Problem]:
    """What the plan cannot take, on top of what the user's other scenarios that it includes assign."""
    try:
        before = document
        for name in _included(one.name, own):
            before = changed(before, own_sets(before.value, own[name].scenario))
    except SpecError:
        return
    try:
        changed(before, own_sets(before.value, one.scenario))
    except SpecError as error:
        yield from in_its_terms(error, one).problems


def _included(name: str, own: Mapping[str, Own]) -> list[str]:
    """The user's scenarios that one builds on, in order."""
    found: dict[str, None] = {}
    for included in own[name].scenario.includes:
        if included in own:
            found |= dict.fromkeys([*_included(included, own), included])
    return list(found)
