"""From a valid spec to what the engine runs: layout, step times, limits, requests; the impossible refused."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date
from typing import TYPE_CHECKING

import numpy as np

from truecost.physics.calibration import SEEN, Calibration, ServingConstants, load_calibration
from truecost.physics.nearby import Correction
from truecost.ranges import Range
from truecost.replay.assumptions import Assumed
from truecost.replay.elastic import Elastic, check_elastic, elastic_of, most_replicas
from truecost.replay.metrics import Overhead, limits_of
from truecost.replay.money import Rates, rates_of
from truecost.replay.near import is_queued, nearby
from truecost.replay.provider import (
    Law,
    Layout,
    Requested,
    StepTimes,
    cache_blocks,
    prompt_attention,
    read_steps,
)
from truecost.replay.reaching import check_reaching
from truecost.replay.schema import ReplaySpec
from truecost.replay.traffic import Load, load_of
from truecost.replay.ways.apis import Asking, apis_of
from truecost.spec import Problems

if TYPE_CHECKING:
    from truecost.catalog.accelerators import Accelerator
    from truecost.catalog.architectures import Architecture
    from truecost.catalog.catalog import Catalog

LARGEST_TENSOR_PARALLEL_SIZE = 64
DRAFT_OVERHEAD = "levers/speculative_draft_overhead"


class DoesNotFit(ValueError):  # noqa: N818  (it is the answer, not a fault)
    """A model that the memory of a replica does not hold; the message names the smallest that does."""


@dataclass(frozen=True, slots=True)
class Setup:
    """One replay, ready to run."""

    spec: ReplaySpec
    layout: Layout
    steps: StepTimes
    load: Load
    blocks: int
    """Of the KV cache of a replica."""
    max_model_len: int
    rates: Rates
    limits: dict[str, float]
    """The SLO, by output name, in seconds."""
    assumed: Assumed
    as_of: date
    calibration: Calibration
    elastic: Elastic = field(default_factory=Elastic)
    """How replicas come and go."""
    near: Correction = field(default_factory=Correction)
    """By measured runs of the same setup nearby; the steps are corrected already."""

    @property
    def replicas(self) -> int:
        """At most."""
        return most_replicas(self.spec.fleet)

    @property
    def chips(self) -> int:
        """Of the whole fleet, at most."""
        return self.layout.chips * self.replicas

    def residual_90(self, quantity: str) -> Range:
        """The 90 % range of measured over replayed: narrower where the same was measured nearby."""
        name = f"{quantity}{SEEN}" if self.near.is_near else quantity
        return self.calibration.serving_residuals[name].range_90

    @property
    def judged_by(self) -> str:
        """The residual that steps are off by: of throughput where everything waits from the start."""
        return "throughput" if is_queued(self.load) else "tpot"

    @property
    def overhead(self) -> Overhead:
        """What comes to the steps before a token is out; measured steps say nothing of it."""
        if not isinstance(self.steps, Law):
            return Overhead()
        constants = self.steps.constants
        near = self.near
        return Overhead(
            float(constants.first_token_s),
            constants.delivery_steps,
            near.first_token,
            near.steps,
            self.steps.fill_s,
        )


def setup_of(
    spec: ReplaySpec, catalog: Catalog, today: date, problems: Problems, load: Load | None = None
) -> Setup | None:
    """The setup of a spec; None where it is impossible, which `problems` then says.

    `load` is traffic that is already read. Raises DoesNotFit, and SpecError for a file of traffic or of
    steps that cannot be read.
    """
    assumed = Assumed()
    architecture = catalog.model(spec.model)
    chip = catalog.accelerator(spec.fleet.accelerator)
    for warning in architecture.warnings:
        problems.warn("model", warning)
    _check_fleet(spec, architecture, problems)
    _check_traffic(spec, problems)
    _check_price(spec, problems)
    check_elastic(spec, problems)
    _check_engine(spec, problems)
    layout = _layout(spec, architecture, chip, catalog, assumed)
    _check_layout(layout, problems)
    if problems:
        return None
    _name_precision(layout, chip, problems, assumed)
    load = load or load_of(spec, assumed)
    _check_load(spec, load, problems)
    check_reaching(spec, load, problems)
    if spec.api is not None:
        apis_of(Asking(spec, architecture, load, catalog, spec.as_of or today), Assumed(), problems)
    elastic = elastic_of(spec, layout, (catalog, spec.as_of or today), problems, assumed)
    if problems:
        return None
    calibration = load_calibration()
    constants = calibration.serving_of(spec.engine.backend)
    asked = Requested(load.input_tokens.astype(np.float64), load.output_tokens.astype(np.float64))
    engine = spec.engine
    blocks = cache_blocks(layout, constants, asked, engine.gpu_memory_utilization, engine.block_size)
    if blocks < 1:
        raise _does_not_fit(layout, constants, asked, spec)
    steps: StepTimes
    near = Correction()
    if engine.step_times is not None:
        steps = read_steps(engine.step_times)
    else:
        steps, near = _corrected(Law(layout, constants, prompt_attention(layout, asked)), spec, load)
    return Setup(
        spec=spec,
        layout=layout,
        steps=steps,
        load=load,
        blocks=blocks,
        max_model_len=_max_model_len(spec, architecture, blocks, problems, assumed),
        rates=rates_of(spec, chip, catalog, spec.as_of or today, assumed),
        limits=limits_of(spec.slo),
        assumed=assumed,
        as_of=spec.as_of or today,
        calibration=calibration,
        elastic=elastic,
        near=near,
    )


def moved(setup: Setup, replicas: int, load: Load | None = None) -> Setup:
    """The same on so many replicas, perhaps with its requests at another pace.

    What measured runs nearby say of it depends on how many requests a replica answers at once.
    """
    fleet = setup.spec.fleet.model_copy(update={"replicas": replicas})
    spec, load = setup.spec.model_copy(update={"fleet": fleet}), load or setup.load
    if not isinstance(setup.steps, Law):
        return replace(setup, spec=spec, load=load)
    steps, near = _corrected(setup.steps, spec, load)
    return replace(setup, spec=spec, load=load, steps=steps, near=near)


def _corrected(law: Law, spec: ReplaySpec, load: Load) -> tuple[Law, Correction]:
    """The law with its steps corrected by measured runs nearby, and what these say."""
    asked = Requested(load.input_tokens.astype(np.float64), load.output_tokens.astype(np.float64))
    near = nearby(spec, replace(law, scale=1.0), load, asked)
    return replace(law, scale=near.steps), near


def _layout(
    spec: ReplaySpec, architecture: Architecture, chip: Accelerator, catalog: Catalog, assumed: Assumed
) -> Layout:
    drafts = spec.engine.speculative.draft_tokens
    overhead = 0.0
    if drafts and spec.engine.step_times is None:
        fact = catalog.rate(DRAFT_OVERHEAD)
        overhead = assumed.fact("engine.speculative (draft)", fact, "time of drafting beside a step").middle
    return Layout(
        architecture=architecture,
        chip=chip,
        tensor_parallel_size=spec.fleet.tensor_parallel_size,
        pipeline_parallel_size=spec.fleet.pipeline_parallel_size,
        data_parallel_size=spec.fleet.data_parallel_size,
        expert_parallel_size=spec.fleet.expert_parallel_size,
        weights=spec.precision.weights,
        activations=spec.precision.activations,
        kv_cache=spec.precision.kv_cache,
        draft_tokens=drafts,
        draft_overhead=overhead,
    )


def _check_fleet(spec: ReplaySpec, architecture: Architecture, problems: Problems) -> None:
    fleet = spec.fleet
    if fleet.pipeline_parallel_size > architecture.num_hidden_layers:
        problems.add(
            "fleet.pipeline_parallel_size",
            f"{architecture.name} has {architecture.num_hidden_layers} layers to split into stages",
        )
    if spec.engine.step_times is not None:
        for name, parts in (("pipeline_parallel_size", "stages"), ("expert_parallel_size", "whole experts")):
            if getattr(fleet, name) > 1:
                said = f"measured steps are of whole replicas: {parts} have no effect on them"
                problems.add(f"fleet.{name}", said)
    chips = fleet.tensor_parallel_size * fleet.data_parallel_size
    if not architecture.is_mixture_of_experts:
        for name in ("expert_parallel_size", "data_parallel_size"):
            if getattr(fleet, name) > 1:
                other = "replicas says the same" if name.startswith("data") else "leave it out"
                problems.add(f"fleet.{name}", f"{architecture.name} has no experts to spread; {other}")
    elif fleet.expert_parallel_size not in (1, chips):
        problems.add(
            "fleet.expert_parallel_size",
            f"experts are spread over all {chips} chips of a replica",
            nearest=[str(chips)],
        )


def _check_layout(layout: Layout, problems: Problems) -> None:
    """The law's own refusals: heads that do not divide, no network between servers."""
    try:
        layout.work(1.0)
        layout.rates()
    except ValueError as refused:
        problems.add("fleet.tensor_parallel_size", str(refused))


def _check_traffic(spec: ReplaySpec, problems: Problems) -> None:
    traffic = spec.traffic
    if (traffic.trace is None) == (traffic.synthetic is None):
        problems.add("traffic", "give a trace or synthetic traffic, one of the two")
    if traffic.synthetic is None:
        return
    arrival = traffic.synthetic.arrival
    ways = [arrival.rate_per_s is not None, arrival.concurrency is not None, arrival.all_at_once]
    if sum(ways) != 1:
        problems.add(
            "traffic.synthetic.arrival", "say when requests come in one way",
            allowed=("rate_per_s", "concurrency", "all_at_once: true"),
        )  # fmt: skip
    if arrival.think_s is not None and arrival.concurrency is None:
        problems.add("traffic.synthetic.arrival.think_s", "only a concurrency pauses between requests")


def _check_price(spec: ReplaySpec, problems: Problems) -> None:
    """Settings that the basis of the price has no use for."""
    price, site = spec.price, spec.site
    if price.term is not None and price.basis != "rent":
        problems.add("price.term", f"basis {price.basis} has no term; it belongs to basis rent")
    if price.term not in (None, "spot") and price.usd_per_chip_hour is not None:
        problems.add("price.term", "a stated usd_per_chip_hour has no term (but spot, which is interrupted)")
    if price.basis == "own" and price.usd_per_chip_hour is None:
        if site.usd_per_kwh is not None and site.region is not None:
            problems.add("site.region", "a stated usd_per_kwh is of no region")
        return
    for name in ("usd_per_kwh", "region"):
        if getattr(site, name) is not None:
            said = "the price of a chip-hour has its electricity; only that of own chips has not"
            problems.add(f"site.{name}", said)


def _check_load(spec: ReplaySpec, load: Load, problems: Problems) -> None:
    """Settings that this traffic gives nothing to work on."""
    engine, routing = spec.engine, spec.fleet.routing
    if engine.enable_prefix_caching and load.prefix_blocks is None:
        problems.add(
            "engine.enable_prefix_caching",
            f"{load.name} says nothing of shared prefixes: caching them has no effect",
            nearest=["false"],
        )
    elif engine.enable_prefix_caching and load.prefix_blocks is not None:
        tokens = load.prefix_blocks.block_tokens
        if tokens % engine.block_size:
            problems.add("engine.block_size", f"it must divide the {tokens} tokens of {load.name}'s blocks")
    if routing == "prefix_aware" and not engine.enable_prefix_caching:
        problems.add("fleet.routing", "prefix_aware routing needs engine.enable_prefix_caching")
    if routing == "session" and load.session_ids is None:
        problems.add("fleet.routing", f"{load.name} has no sessions to route by", nearest=["least_loaded"])
    if load.concurrency is not None and routing == "session":
        problems.add("fleet.routing", "a fixed concurrency has no sessions", nearest=["least_loaded"])


def _check_engine(spec: ReplaySpec, problems: Problems) -> None:
    engine = spec.engine
    least = engine.max_num_seqs * (engine.speculative.draft_tokens + 1)
    if engine.max_num_batched_tokens < least:
        problems.add(
            "engine.max_num_batched_tokens",
            f"a step of max_num_seqs {engine.max_num_seqs:,} answers takes {least:,} tokens",
            nearest=[str(least)],
        )
    if engine.step_times is not None and spec.precision.activations is not None:
        problems.add("precision.activations", "measured steps say what they take: this has no effect on them")
    if engine.step_times is not None and not engine.corrected:
        problems.add("engine.corrected", "measured steps are not corrected: this has no effect on them")
    if engine.step_times is not None and engine.speculative.draft_tokens:
        problems.warn(
            "engine.step_times", "measured steps must be of drafted tokens verified, the draft included"
        )


def _name_precision(layout: Layout, chip: Accelerator, problems: Problems, assumed: Assumed) -> None:
    if layout.weights is None:
        released = layout.architecture.weight_precision
        assumed.take("precision.weights", released, "the one the model is released in")
    computed = layout.activations or layout.weights or layout.architecture.weight_precision
    if computed in ("fp8", "int8", "fp4") and computed not in chip.peak_flops:
        path = "precision.activations" if layout.activations else "precision.weights"
        problems.warn(path, f"{chip.key} does not compute in {computed}: a wider precision's rate counts")


def _max_model_len(
    spec: ReplaySpec, architecture: Architecture, blocks: int, problems: Problems, assumed: Assumed
) -> int:
    """As stated; else the model's own, as far as the cache and a step hold one such request."""
    engine, most, why = spec.engine, blocks * spec.engine.block_size, "what the KV cache of a replica holds"
    if not engine.enable_chunked_prefill:
        step = engine.max_num_batched_tokens * spec.fleet.data_parallel_size
        most, why = min((most, why), (step, "what a step takes of a prompt that may not be split"))
    own = architecture.max_position_embeddings or most
    stated = engine.max_model_len
    if stated is None:
        reason = "the model's own" if own <= most else why
        return assumed.take("engine.max_model_len", min(own, most), reason, "tokens")
    if stated > own:
        problems.warn("engine.max_model_len", f"{architecture.name} is made for {own:,} tokens")
    if stated > most:
        problems.warn("engine.max_model_len", f"{most:,} tokens count, {why}")
    return min(stated, most)


def _does_not_fit(
    layout: Layout, constants: ServingConstants, asked: Requested, spec: ReplaySpec
) -> DoesNotFit:
    """The refusal, with the fewest chips that hold the model."""
    engine = spec.engine
    size = layout.tensor_parallel_size
    said = "no replica of this chip holds it"
    while size < LARGEST_TENSOR_PARALLEL_SIZE:
        size *= 2
        wider = replace(layout, tensor_parallel_size=size)
        try:
            blocks = cache_blocks(wider, constants, asked, engine.gpu_memory_utilization, engine.block_size)
        except ValueError:
            break
        if blocks >= 1:
            said = f"fleet.tensor_parallel_size {size} holds it"
            break
    chips = f"{layout.chips} x {layout.chip.key}"
    return DoesNotFit(
        f"{layout.architecture.name} does not fit {chips}: its weights leave no memory for a KV cache; {said}"
    )
