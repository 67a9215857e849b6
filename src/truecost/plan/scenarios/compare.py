"""Scenarios side by side: what each comes to, against the plan as written, and all of them weighted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from truecost.catalog.names import UnknownName
from truecost.plan.scenarios.commoditization import self_hosting_from
from truecost.plan.scenarios.mixture import Weighted, mixed, mixed_event
from truecost.plan.scenarios.own import Own, Written, added, defined, in_its_terms, own_sets
from truecost.plan.scenarios.shipped import FAMILIES, SHIPPED
from truecost.plan.scenarios.situation import DoesNotApply, Situation
from truecost.plan.variants import Variant, Variants
from truecost.ranges import FloatArray, Ranged, summarize
from truecost.spec import SpecError, nearest_names

PLAN, MIXTURE = "plan as written", "mixture"
SELF_HOSTING_SHOWN = "commoditization"
MONEY = ("total_usd", "revenue_usd", "margin_usd", "margin_change_usd")
SHOWN = (*MONEY, "gross_margin_share", "runway_months", "self_hosting_from_month", "verdict")
Kind = Literal["plan", "scenario", "mixture"]


@dataclass(frozen=True, slots=True)
class ScenarioResult:
    """One column of the comparison. USD over the plan; ranges are 90 % intervals over the same draws.

    `sets` repeat it by hand with `--set`, in their order; the mixture has none. Where `does_not_apply`
    says why, there are no numbers. `verdict` is filled in by whoever computes one.
    """

    kind: Kind
    name: str
    description: str = ""
    probability: float | None = None
    sets: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    does_not_apply: str = ""
    total_usd: Ranged | None = None
    revenue_usd: Ranged | None = None
    margin_usd: Ranged | None = None
    margin_change_usd: Ranged | None = None
    gross_margin_share: Ranged | None = None
    runway_months: Mapping[str, Any] | None = None
    self_hosting_from_month: Mapping[str, Mapping[str, Any]] | None = None
    verdict: Any = None
    draws: Mapping[str, FloatArray] = field(default_factory=dict[str, FloatArray], repr=False)

    def to_dict(self) -> dict[str, Any]:
        """The column as plain values; docs/result.md documents the keys."""
        about = {
            "kind": self.kind,
            "name": self.name,
            "description": self.description,
            "probability": self.probability,
            "applies": not self.does_not_apply,
            "why_not": self.does_not_apply or None,
            "set": list(self.sets),
            "unknown": list(self.unknown),
        }
        return about | {name: getattr(self, name) for name in SHOWN}


@dataclass(slots=True)
class _Composed:
    """A scenario as it is put together: the assignments so far, and what was said on the way."""

    sets: tuple[str, ...] = ()
    seen: dict[str, None] = field(default_factory=dict[str, None])
    said: list[str] = field(default_factory=list[str])
    unknown: list[str] = field(default_factory=list[str])


def scenarios(
    variants: Variants, names: Sequence[str] | None = None, files: Iterable[Written] = ()
) -> list[ScenarioResult]:
    """The plan as written, each scenario, and their mixture where one of them has a probability.

    `names` are scenarios (shipped, of the plan, of `files`) or families; None for all there are. Raises
    UnknownName for another name, SpecError where a scenario makes no legal plan.
    """
    own = {one.name: one for one in defined((variants.document, *files))}
    results = [_evaluated(name, variants, own) for name in chosen(names, own)]
    likely = [one for one in results if one.probability is not None and not one.does_not_apply]
    left = max(0.0, 1 - sum(one.probability or 0.0 for one in likely))
    plan = _result("plan", PLAN, variants.of(), variants.of(), probability=left if likely else None)
    return [plan, *results, *([_mixture([plan, *likely])] if likely else [])]


def chosen(names: Sequence[str] | None, own: Mapping[str, Own]) -> list[str]:
    """The scenarios asked for, families taken apart, each once. Raises UnknownName with the nearest."""
    known = [*SHIPPED, *own]
    if names is None:
        return known
    found: dict[str, None] = {}
    for name in names:
        if name not in FAMILIES and name not in known:
            raise UnknownName("scenario", name, nearest_names(name, [*FAMILIES, *known]) or known)
        found |= dict.fromkeys(FAMILIES.get(name, (name,)))
    return list(found)


def _evaluated(name: str, variants: Variants, own: Mapping[str, Own]) -> ScenarioResult:
    mine = own.get(name)
    composed = _Composed()
    probability = mine.scenario.probability if mine else None
    try:
        _compose(name, composed, variants, own)
        variant = variants.of(composed.sets)
        if mine is None and _unchanged(variant, variants.of()):
            raise DoesNotApply("nothing that it changes is in this plan")
    except DoesNotApply as why:
        described = mine.scenario.description if mine else ""
        return ScenarioResult("scenario", name, described, probability, does_not_apply=str(why))
    except SpecError as error:
        raise in_its_terms(error, mine) if mine else error from None
    described = (mine.scenario.description if mine else "") or " ".join(composed.said)
    hosting = _hosting(variants, composed.sets) if SELF_HOSTING_SHOWN in composed.seen else None
    return _result(
        "scenario",
        name,
        variant,
        variants.of(),
        description=described,
        probability=probability,
        unknown=tuple(dict.fromkeys(composed.unknown)),
        self_hosting_from_month=hosting,
    )


def _compose(name: str, made: _Composed, variants: Variants, own: Mapping[str, Own]) -> None:
    """Put a scenario on top of what is there: all that it includes, in order, each once; then itself."""
    if name in made.seen:
        return
    made.seen[name] = None
    if name in SHIPPED:
        change = SHIPPED[name](Situation(variants, made.sets))
        made.sets = added(made.sets, change.sets)
        made.said.append(change.description)
        made.unknown += [change.unknown] if change.unknown else []
        return
    if name not in own:
        raise UnknownName("scenario", name, nearest_names(name, [*SHIPPED, *own]))
    scenario = own[name].scenario
    for included in scenario.includes:
        _compose(included, made, variants, own)
    made.sets = added(made.sets, own_sets(variants.document_of(made.sets).value, scenario))
    made.said += [scenario.description] if scenario.description else []


def _unchanged(variant: Variant, plan: Variant) -> bool:
    return bool(np.array_equal(variant.cost, plan.cost) and np.array_equal(variant.revenue, plan.revenue))


def _hosting(variants: Variants, sets: Sequence[str]) -> dict[str, dict[str, Any]]:
    found = self_hosting_from(variants, sets)
    return {name: mixed_event([(1.0, month)]) for name, month in found.items()}


def _result(kind: Kind, name: str, variant: Variant, plan: Variant, **about: Any) -> ScenarioResult:
    draws = {
        "total_usd": variant.cost_usd,
        "revenue_usd": variant.revenue.sum(axis=0),
        "margin_usd": variant.margin_usd,
        "margin_change_usd": variant.margin_usd - plan.margin_usd,
    }
    for key in ("gross_margin_share", "runway_months"):
        values = variant.outcome(key)
        if values is not None and not np.isnan(values).any():
            draws[key] = values
    about = {**about, "sets": variant.sets, "draws": draws}
    runway = mixed_event([(1.0, draws["runway_months"])]) if "runway_months" in draws else None
    ranged = {key: summarize(v) for key, v in draws.items() if key != "runway_months"}
    return ScenarioResult(kind, name, runway_months=runway, **ranged, **about)


def _mixture(parts: Sequence[ScenarioResult]) -> ScenarioResult:
    """The plan and the scenarios that have a probability, as one distribution of draws."""

    def weighted(key: str) -> Weighted | None:
        has_all = all(key in part.draws for part in parts)
        return [(part.probability or 0.0, part.draws[key]) for part in parts] if has_all else None

    found = {key: weighted(key) for key in (*MONEY, "gross_margin_share")}
    ranged: dict[str, Any] = {key: mixed(pairs) for key, pairs in found.items() if pairs is not None}
    runway = weighted("runway_months")
    return ScenarioResult(
        "mixture",
        MIXTURE,
        "The plan as written and the scenarios with a probability, weighted.",
        probability=1.0,
        runway_months=mixed_event(runway) if runway else None,
        **ranged,
    )
