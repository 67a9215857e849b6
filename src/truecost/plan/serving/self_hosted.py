"""Serving on chips of one's own: how many the traffic needs by the roofline law, and what they cost."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np

from truecost.catalog.accelerators import Accelerator
from truecost.catalog.architectures import Architecture
from truecost.catalog.config_json import from_config
from truecost.catalog.facts import Confidence, Fact
from truecost.lines import Basis, Payee
from truecost.lognormal import mean_share_below_cap, sigma_from_peak
from truecost.physics.calibration import load_calibration
from truecost.physics.serving import ServingPoint, ServingSetup, serving_point, smallest_tensor_parallel_size
from truecost.plan.book import SECONDS_PER_MONTH, Book
from truecost.plan.schema.serving import SelfHosted
from truecost.plan.serving.fleet import operations, owned, rented
from truecost.plan.serving.work import Charge, Served, Work
from truecost.ranges import FloatArray, Value

DEFAULT_MAX_BATCH = 256
"""Sequences an engine runs at once where the plan does not say: vLLM's own default."""
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


@dataclass(frozen=True, slots=True)
class Fleet:
    """Replicas and chips by month, and the law's figures behind them."""

    chips: FloatArray
    chips_per_replica: int
    point: ServingPoint
    replica_seconds: Value
    busy_share: FloatArray


def self_hosted(
    spec: SelfHosted, work: Work, path: str, book: Book, base_multiple: Value | None = None
) -> Served:
    """Charges of a fleet sized for the peak hour, or for a base load given as a multiple of the mean."""
    fleet = size_fleet(spec, work, path, book, base_multiple)
    charges = owned(spec, fleet.chips, path, book) if spec.purchase == "owned" else rented(spec, fleet.chips, path, book)
    charges += operations(spec, fleet.chips, path, book)
    if spec.porting is not None:
        charges.append(_porting(spec, path, book))
    details: dict[str, Value] = {
        "chips": fleet.chips,
        "chips_per_replica": float(fleet.chips_per_replica),
        "batch": fleet.point.batch,
        "output_tokens_per_second_per_chip": fleet.point.tokens_per_second_per_chip,
        "tpot_s": fleet.point.tpot_s,
        "ttft_s": fleet.point.ttft_s,
        "utilization": fleet.busy_share,
    }
    title = f"{fleet_title(spec)} x {fleet.chips_per_replica} a replica"
    return Served("self_hosted", title, tuple(charges), details)


def fleet_title(spec: SelfHosted) -> str:
    """What runs on what, in a few words."""
    model = spec.model if isinstance(spec.model, str) else "own config.json"
    return f"{model} on {spec.chip}, {spec.purchase.replace('_', ' ')}"


def size_fleet(
    spec: SelfHosted, work: Work, path: str, book: Book, base_multiple: Value | None = None
) -> Fleet:
    """Replicas = ceil(load x replica-seconds a call / utilization at that load), at least one, plus spares."""
    placed = placement(spec, work, book)
    width = placed.chips
    point = law_point(spec, work, placed)
    seconds = replica_seconds(point, work, path, book)
    utilization = book.number(
        f"{path}.utilization_at_peak", spec.utilization_at_peak, "serving/target_utilization_at_peak"
    )
    peak = peak_to_mean(spec, work, path, book)
    spare = book.number(f"{path}.spare_replicas", spec.spare_replicas, "serving/spare_replicas")
    mean_busy = work.calls / SECONDS_PER_MONTH * seconds * work.own_model_growth
    level = base_multiple if base_multiple is not None else (1.0 if spec.autoscale else peak)
    replicas = np.maximum(np.ceil(mean_busy * level / utilization), 1.0) + np.round(spare)
    carried = 1.0 if base_multiple is None else mean_share_below_cap(level, sigma_from_peak(peak))
    chips = book.quantity(
        f"{path}.chips",
        replicas * width,
        "chips",
        "(ceil(calls a second x peak over mean x replica-seconds a call / utilization at peak) + spares) "
        "x chips a replica",
        (f"{path}.replica_seconds_per_call", f"{path}.utilization_at_peak", f"{path}.peak_to_mean",
         f"{path}.spare_replicas", f"calls.{work.name}"),
    )  # fmt: skip
    busy = np.asarray(mean_busy * carried / replicas, dtype=np.float64)
    return Fleet(np.asarray(chips, dtype=np.float64), width, point, seconds, busy)


def peak_to_mean(spec: SelfHosted, work: Work, path: str, book: Book) -> Value:
    """Peak hour over mean hour; 1 for work that can wait, which fills the night."""
    if work.batch and spec.peak_to_mean is None:
        return 1.0
    return np.maximum(book.number(f"{path}.peak_to_mean", spec.peak_to_mean, "usage/peak_to_mean"), 1.0)


def replica_seconds(point: ServingPoint, work: Work, path: str, book: Book) -> Value:
    """Seconds of a whole replica that one call takes, with the law's measured error drawn over it."""
    return book.quantity(
        f"{path}.replica_seconds_per_call",
        point.replica_seconds_per_request * book.fact(serving_law_error()),
        "s",
        "prefill seconds + output tokens x decode step / batch, from the roofline law, x its measured error",
        (f"demand.requests.{work.name}.input_tokens", f"demand.requests.{work.name}.output_tokens",
         serving_law_error().key),
    )  # fmt: skip


def serving_law_error() -> Fact:
    """Measured over predicted replica-seconds, on models and chips the law was not fitted on."""
    calibration = load_calibration()
    return Fact(
        "law/serving_residual",
        calibration.residual_90,
        "measured / predicted",
        "measured serving runs left out of the fit; `python -m truecost.evidence` prints the score",
        getattr(calibration, 'checked', date(2026, 11, 22)),
        Confidence.MEASURED,
    )


def placement(spec: SelfHosted, work: Work, book: Book) -> Placement:
    """The model after pruning, the chip, and how many chips share one replica in which layout.

    Models with latent attention repeat it on every chip and spread their experts over all of them, the
    usual layout for them: their cache cannot be split over tensor-parallel chips.
    """
    arch = pruned(book.catalog.model(spec.model), work.pruned_share)
    chip = book.catalog.accelerator(spec.chip)
    chips = spec.tensor_parallel_size
    if chips is None:
        context = float(np.max(work.input_tokens + work.output_tokens))
        precision = work.precision or spec.precision
        chips = smallest_tensor_parallel_size(arch, chip, precision, context, load_calibration().serving)
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


def _porting(spec: SelfHosted, path: str, book: Book) -> Charge:
    assert spec.porting is not None  # noqa: S101
    once = (book.month_index == 0) * spec.porting.usd
    return Charge(
        "porting", "Porting to these chips", Payee.STAFF, once, "one-off, in the first month",
        (f"{path}.porting.usd",), basis=Basis.ASSUMPTION,
    )  # fmt: skip

