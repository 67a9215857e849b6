"""Fine-tune or retrieve: the same knowledge in the weights or in the prompt, for the same demand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from truecost.advise.options import Setting, fine_tune_sets, knowledge_share, on_api, on_chips, retrieval_sets
from truecost.plan.variants import Variant, Variants
from truecost.ranges import FloatArray, summarize
from truecost.spec import SpecError

FACTORS = np.geomspace(0.03, 30.0, 21)
DRAWS = 24


def fine_tune_or_retrieve(variants: Variants) -> dict[str, Any] | None:
    """Three ways to give a model what it has to know; None for a plan without requests.

    Retrieval sends passages with every call, over an API or to own chips; tuning puts them into the weights
    of an open model on own chips and sends the question and the instructions alone.
    """
    plan = variants.plan
    setting = Setting(plan, variants.catalog, tuple(plan.serving))
    if plan.demand is None or not setting.classes:
        return None
    ways: dict[str, tuple[str, tuple[str, ...]]] = {
        "retrieve_api": ("Retrieve, over an API", (*on_api(setting)[0], *retrieval_sets(setting))),
        "retrieve_own_chips": ("Retrieve, on own chips", (*on_chips(setting)[0], *retrieval_sets(setting))),
        "fine_tune": (
            "Fine-tune, on own chips",
            (*on_chips(setting)[0], *fine_tune_sets(setting), *_short_prompts(setting)),
        ),
    }
    found: dict[str, Variant] = {}
    for key, (_, sets) in ways.items():
        try:
            found[key] = variants.of(sets)
        except SpecError:
            continue
    if len(found) < 2:
        return None
    rows = [_row(key, ways[key], variant) for key, variant in found.items()]
    rows.sort(key=lambda row: row["total_usd"]["mean"])
    best = found[rows[0]["way"]]
    for row in rows:
        row["behind_usd"] = summarize(found[row["way"]].cost_usd - best.cost_usd)
    return {"ways": rows, "best": rows[0]["way"], "crossing": _crossing(variants, found)}


def _short_prompts(setting: Setting) -> list[str]:
    shares = {name: knowledge_share(setting, name) for name in setting.classes}
    return [
        f"serving.{n}.levers.prompt_trimming={{share: {share}}}" for n, share in shares.items() if share > 0
    ]


def _row(key: str, way: tuple[str, tuple[str, ...]], variant: Variant) -> dict[str, Any]:
    queries = variant.outcome("volumes.queries")
    assert queries is not None
    served = variant.served.values()
    calls = sum((np.sum(s.work.calls, axis=0) for s in served), start=np.zeros(1))
    asked = sum((np.sum(s.work.calls * s.work.input_tokens, axis=0) for s in served), start=np.zeros(1))
    tuning = _lines(variant, ("fine_tune.",))
    finding = _lines(variant, ("inference.",), ending=".retrieval")
    return {
        "way": key,
        "label": way[0],
        "input_tokens_per_call": summarize(asked / np.maximum(calls, 1e-12)),
        "usd_per_query": summarize(variant.cost_usd / np.maximum(queries, 1e-12)),
        "training_and_refresh_usd": summarize(tuning),
        "retrieval_usd": summarize(finding),
        "total_usd": summarize(variant.cost_usd),
        "set": list(way[1]),
    }


def _lines(variant: Variant, starts: tuple[str, ...], ending: str = "") -> FloatArray:
    found = (
        line.amortized.sum(axis=0)
        for name, line in variant.book.lines.items()
        if name.startswith(starts) and name.endswith(ending)
    )
    return sum(found, start=np.zeros(variant.book.draws.count))


def _crossing(variants: Variants, found: Mapping[str, Variant]) -> dict[str, Any] | None:
    """The volume at which tuning overtakes retrieval over an API or falls behind, nearest to the plan."""
    if "fine_tune" not in found or "retrieve_api" not in found:
        return None
    at = {
        key: variants.grid(found[key].sets, {"users": FACTORS}, draws=DRAWS)
        .margin_usd.reshape(len(FACTORS), DRAWS)
        .mean(axis=1)
        for key in ("fine_tune", "retrieve_api")
    }
    lead = at["fine_tune"] - at["retrieve_api"]
    changes = np.flatnonzero(np.sign(lead[1:]) != np.sign(lead[:-1]))
    if not changes.size:
        return {"users_factor": None, "queries_per_month": None, "fine_tune_leads": bool(lead[0] > 0)}
    nearest = changes[np.argmin(np.abs(np.log(FACTORS[changes])))]
    share = float(-lead[nearest] / (lead[nearest + 1] - lead[nearest]))
    factor = float(FACTORS[nearest] * (FACTORS[nearest + 1] / FACTORS[nearest]) ** share)
    queries = found["fine_tune"].outcome("volumes.queries")
    assert queries is not None
    return {
        "users_factor": factor,
        "queries_per_month": factor * float(queries.mean()) / variants.plan.horizon_months,
        "fine_tune_leads": bool(lead[nearest + 1] > 0),
    }
