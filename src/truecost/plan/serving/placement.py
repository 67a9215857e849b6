"""A model on chips: how many share a replica, in which layout, and what the roofline law says of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from truecost.catalog.accelerators import Accelerator
from truecost.catalog.architectures import Architecture
from truecost.catalog.config_json import from_config
from truecost.catalog.facts import Confidence, Fact
from truecost.physics.calibration import load_calibration
from truecost.physics.replica import DoesNotFit, ServingSetup
from truecost.physics.serving import (
    LARGEST_REPLICA_CHIPS,
    ServingPoint,
    serving_point,
    smallest_tensor_parallel_size,
)
from truecost.plan.book import Book
from truecost.plan.schema.serving import SelfHosted
from truecost.plan.serving.replayed import replay_factor, replayed
from truecost.plan.serving.work import Work
from truecost.ranges import Value

DEFAULT_MAX_BATCH = 256
"""Sequences an engine runs at once where the plan does not say: vLLM's own default."""
LONG_CONTEXT_QUANTILE = 0.99
LAYOUTS_TRIED = 4
MLP_WIDTHS = frozenset(
    {"intermediate_size", "moe_intermediate_size", "shared_expert_intermediate_size", "ffn_dim", "n_inner"}
)


@dataclass(frozen=True, slots=True)
class Placement:
    """A model on the chips of one replica."""

    architecture: Architecture
    chip: Accelerator
    tensor_parallel_size: int
    data_parallel_size: int

    @property
    def chips(self) -> int:
        """Chips of one replica."""
        return self.tensor_parallel_size * self.data_parallel_size


def placement(
    spec: SelfHosted, work: Work, path: str, book: Book, price: Callable[[Placement], float]
) -> Placement:
    """The layout the plan names, or of those that fit the cheapest by `price`, the smaller of two equals.

    It is chosen once for all draws. `price` is inf for a layout that cannot be used; when all are, the
    widest is taken.
    """
    arch = pruned(book.catalog.model(spec.model), work.pruned_share)
    chip = book.catalog.accelerator(spec.chip)
    if spec.tensor_parallel_size is not None:
        return layout(arch, chip, spec.tensor_parallel_size)

    def choose() -> float:
        longest = float(np.quantile(work.input_tokens + work.output_tokens, LONG_CONTEXT_QUANTILE))
        fitting = list(layouts(arch, chip, work.precision or spec.precision, longest))
        tried = {placed.chips: price(placed) for placed in fitting}
        return min(tried, key=lambda size: (tried[size], -size if np.isinf(tried[size]) else size))

    return layout(
        arch, chip, int(book.decide(f"{path}.chips_per_replica/{work.precision}/{arch.name}", choose))
    )


def layouts(
    arch: Architecture, chip: Accelerator, precision: str | None, context_tokens: float
) -> Iterator[Placement]:
    """Replicas to try: the fewest chips that hold the model and one request, doubled within a server.

    Raises DoesNotFit where no replica holds them.
    """
    constants = load_calibration().serving
    size = smallest_tensor_parallel_size(arch, chip, precision, context_tokens, constants)
    refused: DoesNotFit | None = None
    found = 0
    while found < LAYOUTS_TRIED and (size <= chip.chips_per_server or not found):
        if arch.num_attention_heads % size or size > LARGEST_REPLICA_CHIPS:
            break
        placed = layout(arch, chip, size)
        try:
            check_fit(placed, precision, context_tokens)
        except DoesNotFit as error:
            refused = error
        else:
            found += 1
            yield placed
        size *= 2
    if not found and refused is not None:
        raise refused


def check_fit(placed: Placement, precision: str | None, context_tokens: float) -> None:
    """Raises DoesNotFit, or ValueError for a layout the model does not allow."""
    setup = ServingSetup(
        context_tokens,
        1.0,
        tensor_parallel_size=placed.tensor_parallel_size,
        data_parallel_size=placed.data_parallel_size,
        precision=precision,
    )
    serving_point(placed.architecture, placed.chip, setup, load_calibration().serving)


def layout(arch: Architecture, chip: Accelerator, chips: int) -> Placement:
    """How a model is spread over the chips of a replica.

    Mixtures of experts with latent attention repeat the attention on every chip and spread the experts
    over all of them: their cache cannot be split over tensor-parallel chips.
    """
    repeated = arch.kv_lora_rank > 0 and arch.is_mixture_of_experts
    return Placement(arch, chip, 1 if repeated else chips, chips if repeated else 1)


def pruned(arch: Architecture, share: float) -> Architecture:
    """The architecture with a share of its MLP width removed (structured pruning)."""
    if share == 0:
        return arch
    widths = {k: v for k, v in arch.config.items() if k in MLP_WIDTHS and isinstance(v, int)}
    narrower = {k: max(round(v * (1 - share)), 1) for k, v in widths.items()}
    return from_config({**arch.config, **narrower}, arch.name, arch.source)


def law_point(spec: SelfHosted, work: Work, placed: Placement) -> ServingPoint:
    """The roofline law at this class's tokens."""
    setup = ServingSetup(
        tensor_parallel_size=placed.tensor_parallel_size,
        data_parallel_size=placed.data_parallel_size,
        precision=work.precision or spec.precision,
        input_tokens=work.input_tokens,
        output_tokens=np.maximum(work.output_tokens, 1.0),
        cached_input_share=work.cache_read_share,
        tpot_limit_s=None if spec.tpot_limit is None else spec.tpot_limit / 1000,
        max_batch=work.max_batch or spec.max_batch or DEFAULT_MAX_BATCH,
        acceptance_length=work.acceptance_length,
        draft_tokens=work.draft_tokens,
        draft_overhead=work.draft_overhead,
    )
    return serving_point(placed.architecture, placed.chip, setup, load_calibration().serving)


def replica_seconds(placed: Placement, spec: SelfHosted, work: Work, path: str, book: Book) -> Value:
    """Seconds of a whole replica that one call takes: the law's, with its measured error drawn over it.

    Where the plan names a replay, what it found over the law stands in for that error.
    """
    point = law_point(spec, work, placed)
    if spec.replay is None:
        error, over = serving_law_error(), "its measured error"
    else:
        found = replayed(spec.replay, book.catalog, book.as_of)
        terms = spec.precision, spec.max_batch or DEFAULT_MAX_BATCH
        error = replay_factor(found, placed, terms, work.cache_read_share)
        over = "what the replay found over the law"
    return book.quantity(
        f"{path}.replica_seconds_per_call",
        point.replica_seconds_per_request * book.fact(error),
        "s",
        f"prefill seconds + output tokens x decode step / batch, from the roofline law, x {over}",
        (
            f"demand.requests.{work.name}.input_tokens",
            f"demand.requests.{work.name}.output_tokens",
            error.key,
        ),
    )


def serving_law_error() -> Fact:
    """Measured over predicted replica-seconds, on models and chips the law was not fitted on."""
    calibration = load_calibration()
    return Fact(
        "law/serving_residual",
        calibration.residual_90,
        "measured / predicted",
        "measured serving runs left out of the fit; `truecost evidence` prints the score",
        calibration.checked,
        Confidence.MEASURED,
    )
