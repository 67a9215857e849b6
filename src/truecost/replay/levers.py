"""What could make a fleet cheaper, each replayed on the same traffic: caches, fewer bits, drafts, limits.

A lever is a list of values to set in the spec, so that it can be repeated by hand. Answers may get worse by
fewer bits, by a smaller model and by a cache: a replay does not know.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from truecost.replay.fleet_trials import UNSPLIT
from truecost.replay.reaching import IDENTICAL, repeated
from truecost.replay.setups import Setup

if TYPE_CHECKING:
    from truecost.catalog.catalog import Catalog

BITS = {
    "bf16": 16, "fp16": 16, "fp8": 8, "int8": 8, "fp4": 4, "nvfp4": 4, "mxfp4": 4, "int4": 4,
}  # fmt: skip
"""Of a weight."""
DRAFT_TOKENS = 3
LIMITS = {"max_num_seqs": "sequences", "max_num_batched_tokens": "tokens a step"}
QUANTIZED = ("fp8", "fp4")


@dataclass(frozen=True, slots=True)
class Lever:
    """A change of the spec: what it is called, the values it sets, or why it does not apply.

    A fleet beside the spec's own (`beside`) takes the requests that this one no longer has.
    """

    key: str
    name: str
    sets: tuple[str, ...] = ()
    reason: str = ""
    beside: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Asked:
    """What the user states of levers that a trace does not decide."""

    smaller_model: str | None = None
    smaller_share: float = 0.0
    cached_share: float | None = None


def read_smaller(text: str, catalog: Catalog) -> tuple[str, float]:
    """A model and the share of requests it takes: "llama-3.1-8b:30%". Raises ValueError."""
    name, colon, share = text.rpartition(":")
    if not colon:
        raise ValueError(f"--smaller: {text!r} is not a model and a share such as llama-3.1-8b:0.3")
    catalog.model(name)
    return name, read_share("--smaller", share)


def read_share(option: str, text: str) -> float:
    """A share between 0 and 1, both left out: "0.3" or "30 %". Raises ValueError."""
    number = text.strip()
    try:
        value = float(number.removesuffix("%")) / (100 if number.endswith("%") else 1)
    except ValueError:
        raise ValueError(f"{option}: {number!r} is not a share such as 0.3 or 30%") from None
    if not 0 < value < 1:
        raise ValueError(f"{option}: {number} is not between 0 and 1")
    return value


def levers_of(setup: Setup, catalog: Catalog, asked: Asked) -> list[Lever]:
    """Every lever for a setup, those that do not apply with the reason."""
    return [
        *_prefix_cache(setup),
        _response_cache(setup, asked.cached_share),
        *(_quantized(setup, precision) for precision in QUANTIZED),
        _cache_precision(setup),
        _drafts(setup),
        *_limits(setup),
        *([_smaller(setup, catalog, asked)] if asked.smaller_model else []),
    ]


def _measured(setup: Setup) -> str:
    """Why nothing that changes steps applies to measured ones."""
    return "measured steps are of one model in one precision" if setup.spec.engine.step_times else ""


def _prefix_cache(setup: Setup) -> list[Lever]:
    key, name = "prefix_cache", "prefix cache"
    caching = "engine.enable_prefix_caching=true"
    if setup.load.prefix_blocks is None:
        return [Lever(key, name, reason=f"{setup.load.name} says nothing of shared prefixes")]
    on = setup.spec.engine.enable_prefix_caching
    found = [Lever(key, name, reason="it is on") if on else Lever(key, name, (caching,))]
    if setup.replicas > 1 and setup.spec.fleet.routing != "prefix_aware":
        sets = ("fleet.routing=prefix_aware",) if on else (caching, "fleet.routing=prefix_aware")
        found.append(Lever("prefix_aware_routing", "prefix cache, requests routed to it", sets))
    return found


def _response_cache(setup: Setup, share: float | None) -> Lever:
    key, name = "response_cache", "cache of responses"
    if setup.spec.traffic.response_cache is not None:
        return Lever(key, name, reason="it is on")
    if share is not None:
        return Lever(key, f"{name}, {percent(share)} of requests", (f"traffic.response_cache={share}",))
    if setup.load.prefix_blocks is None:
        said = f"{setup.load.name} does not say which requests are identical; state a share with --cached"
        return Lever(key, name, reason=said)
    hits = int(repeated(setup.load).sum())
    if not hits:
        return Lever(key, name, reason=f"no request of {setup.load.name} repeats an earlier one")
    return Lever(key, f"{name}, {hits:,} requests repeat", (f"traffic.response_cache={IDENTICAL}",))


def _quantized(setup: Setup, precision: str) -> Lever:
    key, name = f"weights_{precision}", f"weights and activations in {precision}"
    chip, weights = setup.layout.chip, setup.layout.weights or setup.layout.architecture.weight_precision
    if reason := _measured(setup):
        return Lever(key, name, reason=reason)
    if precision not in chip.peak_flops:
        return Lever(key, name, reason=f"{chip.key} does not compute in {precision}")
    if BITS.get(weights, 16) <= BITS[precision]:
        return Lever(key, name, reason=f"the weights are in {weights}")
    return Lever(key, name, (f"precision.weights={precision}", f"precision.activations={precision}"))


def _cache_precision(setup: Setup) -> Lever:
    key, name = "kv_cache_fp8", "KV cache in fp8"
    chip, now = setup.layout.chip, setup.layout.kv_cache
    if reason := _measured(setup):
        return Lever(key, name, reason=reason)
    if BITS[now] <= BITS["fp8"]:
        return Lever(key, name, reason=f"it is in {now}")
    if "fp8" not in chip.peak_flops:
        return Lever(key, name, reason=f"{chip.key} does not compute in fp8")
    return Lever(key, name, ("precision.kv_cache=fp8",))


def _drafts(setup: Setup) -> Lever:
    drafts, key = setup.spec.engine.speculative, "speculative"
    name = f"{DRAFT_TOKENS} tokens drafted"
    if reason := _measured(setup):
        return Lever(key, name, reason=reason)
    if drafts.draft_tokens:
        return Lever(key, name, reason=f"{drafts.draft_tokens} tokens are drafted")
    return Lever(
        key,
        f"{name}, {percent(drafts.acceptance)} accepted",
        (f"engine.speculative.draft_tokens={DRAFT_TOKENS}",),
    )


def _limits(setup: Setup) -> list[Lever]:
    """Twice and half of what a step and a replica hold."""
    engine = setup.spec.engine
    found: list[Lever] = []
    for limit, of_what in LIMITS.items():
        now: int = getattr(engine, limit)
        for word, value in (("twice", 2 * now), ("half", now // 2)):
            key, name = f"{limit}_{word}", f"at most {value:,} {of_what}"
            some = (f"engine.{limit}={value}",)
            found.append(Lever(key, name, some) if value else Lever(key, name, reason=f"it is {now}"))
    return found


def _smaller(setup: Setup, catalog: Catalog, asked: Asked) -> Lever:
    """Part of the requests to another model, on chips of the same kind."""
    share, model = asked.smaller_share, str(asked.smaller_model)
    key, name = "smaller_model", f"{model} for {percent(share)} of requests"
    if reason := _measured(setup):
        return Lever(key, name, reason=reason)
    if setup.spec.traffic.sample is not None:
        return Lever(key, name, reason="the spec has a traffic.sample of its own")
    if catalog.model(model) == setup.layout.architecture:
        return Lever(key, name, reason="it is the model of the spec")
    edge = f"{1 - share:.12g}"
    beside = (*UNSPLIT, f"model={model}", f"traffic.sample.above={edge}")
    return Lever(key, name, (f"traffic.sample.below={edge}",), beside=beside)


def percent(share: float) -> str:
    """A share in words.

    >>> percent(0.305)
    '30.5 %'
    """
    return f"{100 * share:.3g} %"
