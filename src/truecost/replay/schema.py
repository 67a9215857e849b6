"""The spec of a replay: model, fleet, engine, traffic, SLO, price.

Names are vLLM's where it has one; a sweep uses them as dotted paths, and `--set` too.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeAlias

from pydantic import AfterValidator, Field

from truecost.catalog.named import ChipName, ModelName
from truecost.ranges import Range, Value
from truecost.replay.lengths import check_lengths
from truecost.replay.names import RegionName
from truecost.spec import Day, Number, Section, refuse

Routing: TypeAlias = Literal["round_robin", "least_loaded", "prefix_aware", "session"]
WeightPrecision: TypeAlias = Literal["bf16", "fp16", "fp8", "int8", "fp4", "nvfp4", "mxfp4", "int4"]
ActivationPrecision: TypeAlias = Literal["bf16", "fp16", "fp8", "int8", "fp4"]
CachePrecision: TypeAlias = Literal["bf16", "fp16", "fp8", "int8"]
Basis: TypeAlias = Literal["rent", "cloud", "own"]
RentTerm: TypeAlias = Literal["reserved_1y", "reserved_3y"]


def _single(value: float | Range) -> float:
    """One number where the simulation has no use for a range."""
    if isinstance(value, Range):
        raise refuse("this is one number, not a range", nearest=[f"{value.median:.4g}"])
    return value


_Single = AfterValidator(_single)
Count: TypeAlias = Annotated[int, Field(ge=1, le=1_000_000)]
Size: TypeAlias = Annotated[int, Field(ge=1, le=1024)]
PositiveShare: TypeAlias = Annotated[float, Number("share", above_zero=True), _Single]
Share: TypeAlias = Annotated[float, Number("share"), _Single]
Seconds: TypeAlias = Annotated[float, Number(unit="s", most=1e6, above_zero=True), _Single]
Pause: TypeAlias = Annotated[float, Number(unit="s", most=1e6), _Single]
PerSecond: TypeAlias = Annotated[float, Number(unit="", most=1e6, above_zero=True), _Single]
UsdPerChipHour: TypeAlias = Annotated[Value, Number(unit="USD/chip-hour", most=1e3, above_zero=True)]
UsdPerKwh: TypeAlias = Annotated[Value, Number(unit="USD/kWh", most=100, above_zero=True)]
Pue: TypeAlias = Annotated[Value, Number(unit="x", least=1, most=5)]
Lengths: TypeAlias = Annotated[int | str | dict[str, Any], AfterValidator(check_lengths)]


class Fleet(Section):
    """The chips, how a replica is spread over them, how many replicas there are."""

    accelerator: ChipName = Field(description="an accelerator of the catalog", examples=["h100-sxm"])
    tensor_parallel_size: Size = 1
    pipeline_parallel_size: Size = Field(default=1, description="1: stages are not simulated")
    expert_parallel_size: Size = Field(
        default=1, description="1, or all chips of a replica; experts are spread over all of them either way"
    )
    data_parallel_size: Size = Field(
        default=1, description="of a mixture of experts: ranks that share the experts and repeat the rest"
    )
    replicas: Size = 1
    routing: Routing = Field(default="least_loaded", description="which replica a request goes to")


class Precision(Section):
    """Numbers the model is kept and computed in."""

    weights: WeightPrecision | None = Field(default=None, description="the one it is released in by default")
    activations: ActivationPrecision | None = Field(default=None, description="follows the weights")
    kv_cache: CachePrecision = "bf16"


class Speculative(Section):
    """Drafted tokens, verified by the model in the same step."""

    draft_tokens: Annotated[int, Field(ge=0, le=64)] = 0
    acceptance: Share = Field(default=0.7, description="of each drafted token, given those before it")


class Engine(Section):
    """The settings of the engine, as vLLM calls them."""

    backend: Literal["vllm"] = Field(default="vllm", description="whose scheduler is simulated")
    max_num_seqs: Count = Field(default=256, description="requests a rank answers at once")
    max_num_batched_tokens: Annotated[int, Field(ge=1, le=10_000_000)] = Field(
        default=8192, description="tokens of a step of a rank"
    )
    enable_chunked_prefill: bool = Field(default=True, description="prompts may be split over steps")
    enable_prefix_caching: bool = Field(default=False, description="needs a trace with prefixes")
    gpu_memory_utilization: PositiveShare = Field(default=0.9, description="of the memory of a chip")
    block_size: Annotated[int, Field(ge=1, le=4096)] = Field(
        default=16, description="tokens of a cache block"
    )
    max_model_len: Annotated[int, Field(ge=2, le=100_000_000)] | None = Field(
        default=None, description="tokens of a request and its answer; the model's own by default"
    )
    speculative: Speculative = Field(default_factory=Speculative)
    step_times: str | None = Field(
        default=None,
        description="a CSV file of measured steps instead of the law: prefill_tokens, decode_sequences, "
        "context_tokens, seconds",
    )


class Arrival(Section):
    """When requests come: one of three."""

    rate_per_s: PerSecond | None = Field(
        default=None, description="at random (Poisson), whatever is answered"
    )
    concurrency: Count | None = Field(
        default=None, description="so many at once: the next comes when one is done"
    )
    think_s: Pause | None = Field(default=None, description="with concurrency: pause before the next")
    all_at_once: bool = Field(default=False, description="everything waits from the start")


class Synthetic(Section):
    """Requests made up."""

    requests: Annotated[int, Field(ge=1, le=100_000_000)] = Field(examples=[2000])
    input_tokens: Lengths = Field(
        description="a number, 'uniform 800..1200', '400 .. 1600' (90 % interval), {p50: 800, p90: 1400}, "
        "or {trace: azure-conv-2023}",
        examples=[1024],
    )
    output_tokens: Lengths = Field(examples=[1024])
    arrival: Arrival = Field(examples=[{"concurrency": 64}])
    seed: Annotated[int, Field(ge=0, le=2**63 - 1)] = 1


class Traffic(Section):
    """What is asked of the fleet: a trace, or made-up requests."""

    trace: str | None = Field(default=None, description="the name of a shipped trace, or a file")
    synthetic: Synthetic | None = None


class Slo(Section):
    """Limits on what users see, over all requests that are answered."""

    ttft_mean_s: Seconds | None = None
    ttft_p50_s: Seconds | None = None
    ttft_p90_s: Seconds | None = None
    ttft_p99_s: Seconds | None = Field(default=None, description="time to first token, in 99 % of requests")
    tpot_mean_s: Seconds | None = None
    tpot_p50_s: Seconds | None = None
    tpot_p90_s: Seconds | None = None
    tpot_p99_s: Seconds | None = Field(default=None, description="mean time per further token of a request")
    itl_mean_s: Seconds | None = None
    itl_p50_s: Seconds | None = None
    itl_p90_s: Seconds | None = None
    itl_p99_s: Seconds | None = Field(default=None, description="between two tokens, over all tokens")
    e2e_mean_s: Seconds | None = None
    e2e_p50_s: Seconds | None = None
    e2e_p90_s: Seconds | None = None
    e2e_p99_s: Seconds | None = Field(default=None, description="from arrival to the last token")
    queue_mean_s: Seconds | None = None
    queue_p50_s: Seconds | None = None
    queue_p90_s: Seconds | None = None
    queue_p99_s: Seconds | None = Field(default=None, description="before the first step that works on it")


class Price(Section):
    """What a chip-hour costs."""

    basis: Basis = Field(
        default="rent",
        description="rent: committed; cloud: on demand; own: annuity, hosting, staff and energy",
    )
    term: RentTerm | None = Field(default=None, description="with rent; reserved_1y by default")
    usd_per_chip_hour: UsdPerChipHour | None = Field(default=None, description="the dated record by default")


class Site(Section):
    """Where the chips stand."""

    region: RegionName | None = Field(
        default=None, description="whose electricity price counts, for own chips; us by default"
    )
    pue: Pue | None = Field(default=None, description="energy of the site over that of its servers")
    usd_per_kwh: UsdPerKwh | None = Field(default=None, description="for own chips")


class ReplaySpec(Section):
    """One replay: this traffic on this fleet."""

    name: str = Field(default="", max_length=120)
    as_of: Day | None = Field(default=None, description="the day whose prices count; today by default")
    model: ModelName = Field(
        description="a catalog name, a config.json, or its keys inline", examples=["llama-3.1-70b"]
    )
    fleet: Fleet = Field(examples=[{"accelerator": "h100-sxm", "tensor_parallel_size": 4}])
    precision: Precision = Field(default_factory=Precision)
    engine: Engine = Field(default_factory=Engine)
    traffic: Traffic = Field(examples=[{"trace": "azure-conv-2023"}])
    slo: Slo = Field(default_factory=Slo)
    price: Price = Field(default_factory=Price)
    site: Site = Field(default_factory=Site)
