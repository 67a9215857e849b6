"""The spec of a replay: model, fleet, engine, traffic, SLO, price.

Names are vLLM's where it has one; a sweep uses them as dotted paths, and `--set` too.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeAlias

from pydantic import AfterValidator, Field, model_validator

from truecost.catalog.named import ApiModelName, ChipName, ModelName
from truecost.ranges import Range, Value
from truecost.replay.lengths import check_lengths
from truecost.replay.moments import Moment
from truecost.replay.names import RegionName
from truecost.spec import Day, Number, Section, refuse

Routing: TypeAlias = Literal["round_robin", "least_loaded", "prefix_aware", "session"]
WeightPrecision: TypeAlias = Literal["bf16", "fp16", "fp8", "int8", "fp4", "nvfp4", "mxfp4", "int4"]
ActivationPrecision: TypeAlias = Literal["bf16", "fp16", "fp8", "int8", "fp4"]
CachePrecision: TypeAlias = Literal["bf16", "fp16", "fp8", "int8"]
Basis: TypeAlias = Literal["rent", "cloud", "own"]
RentTerm: TypeAlias = Literal["on_demand", "reserved_1y", "reserved_3y", "spot"]


def _single(value: float | Range) -> float:
    """One number where the simulation has no use for a range."""
    if isinstance(value, Range):
        raise refuse("this is one number, not a range", nearest=[f"{value.median:.4g}"])
    return value


_Single = AfterValidator(_single)
Count: TypeAlias = Annotated[int, Field(ge=1, le=1_000_000)]
MOST_REPLICAS = 1024
"""Of a fleet; a replica is no wider either."""
Size: TypeAlias = Annotated[int, Field(ge=1, le=MOST_REPLICAS)]
PositiveShare: TypeAlias = Annotated[float, Number("share", above_zero=True), _Single]
Share: TypeAlias = Annotated[float, Number("share"), _Single]
Seconds: TypeAlias = Annotated[float, Number(unit="s", most=1e6, above_zero=True), _Single]
Pause: TypeAlias = Annotated[float, Number(unit="s", most=1e6), _Single]
PerReplica: TypeAlias = Annotated[float, Number(unit="", most=1e6, above_zero=True), _Single]
PerHour: TypeAlias = Annotated[float, Number(unit="", most=1000), _Single]
PerSecond: TypeAlias = Annotated[float, Number(unit="", most=1e6, above_zero=True), _Single]
UsdPerChipHour: TypeAlias = Annotated[Value, Number(unit="USD/chip-hour", most=1e3, above_zero=True)]
UsdPerKwh: TypeAlias = Annotated[Value, Number(unit="USD/kWh", most=100, above_zero=True)]
Pue: TypeAlias = Annotated[Value, Number(unit="x", least=1, most=5)]
TokenRatio: TypeAlias = Annotated[Value, Number(unit="x", least=0.2, most=5)]
ResponseCache: TypeAlias = Literal["identical"] | PositiveShare
Lengths: TypeAlias = Annotated[int | str | dict[str, Any], AfterValidator(check_lengths)]


class Autoscale(Section):
    """Replicas come and go with the load, as Kubernetes' HPA and Ray Serve let them."""

    min_replicas: Size = 1
    max_replicas: Size = Field(examples=[4])
    scale_up_at: PerReplica = Field(
        description="requests running or waiting a replica, above which some are added, as many as bring it "
        "down to that",
        examples=[32],
    )
    scale_down_at: PerReplica | None = Field(
        default=None, description="below which some are drained, as few as keep it to that; half by default"
    )
    start_s: Pause | None = Field(
        default=None, description="from its start until a replica takes requests; by its weights by default"
    )
    interval_s: Seconds = Field(default=15.0, description="between two looks at the load (15 s: the HPA's)")
    upscale_delay_s: Pause = Field(default=0.0, description="for which the load must ask for more")
    downscale_delay_s: Pause = Field(
        default=300.0, description="for which the load must ask for less (300 s: the HPA's)"
    )


class Fleet(Section):
    """The chips, how a replica is spread over them, how many replicas there are."""

    accelerator: ChipName = Field(description="an accelerator of the catalog", examples=["h100-sxm"])
    tensor_parallel_size: Size = 1
    pipeline_parallel_size: Size = Field(
        default=1,
        description="stages of layers, each on chips of its own; as many parts of a batch under way",
    )
    expert_parallel_size: Size = Field(
        default=1,
        description="1 cuts each expert over the chips of a replica; all of them: each has whole experts, as "
        "data-parallel ranks always do",
    )
    data_parallel_size: Size = Field(
        default=1, description="of a mixture of experts: ranks that share the experts and repeat the rest"
    )
    replicas: Size = Field(
        default=1, description="how many; with autoscale, at the begin: its min_replicas where not written"
    )
    routing: Routing = Field(default="least_loaded", description="which replica a request goes to")
    autoscale: Autoscale | None = Field(default=None, description="instead of a fixed number of replicas")


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

    backend: Literal["vllm", "trtllm", "sglang"] = Field(
        default="vllm",
        description="whose scheduler and overheads are simulated; sglang runs prompts apart, before answers",
    )
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
    corrected: bool = Field(
        default=True,
        description="by measured runs of the same model, chip, engine and precision, where there are any",
    )
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


class Sample(Section):
    """A part of the requests: each draws a number from 0 to 1, the same one in every replay."""

    above: Share = Field(default=0.0, description="those that draw this or more")
    below: Share = Field(default=1.0, description="and less than this: 0.7 is 70 % of the requests")

    @model_validator(mode="after")
    def _some(self) -> Sample:
        if self.above >= self.below:
            raise refuse("no number is in here: above must be less than below", at="below")
        return self


class Traffic(Section):
    """What is asked of the fleet: a trace, or made-up requests."""

    trace: str | None = Field(default=None, description="the name of a shipped trace, or a file")
    synthetic: Synthetic | None = None
    starts_at: Moment | None = Field(
        default=None,
        description="when it begins, such as 2026-11-22 08:30, for its day and night; the trace's own date "
        "by default",
    )
    sample: Sample | None = Field(default=None, description="a part of the requests; all by default")
    response_cache: ResponseCache | None = Field(
        default=None,
        description="requests answered from a cache of responses: 'identical' (those of a trace that repeat "
        "an earlier prompt), or a share of all",
    )


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
        description="rent: by its term; cloud: on demand; own: annuity, hosting, staff and energy",
    )
    term: RentTerm | None = Field(
        default=None, description="with rent; reserved_1y by default, with fleet.autoscale on_demand"
    )
    usd_per_chip_hour: UsdPerChipHour | None = Field(default=None, description="the dated record by default")
    interruptions_per_hour: PerHour | None = Field(
        default=None, description="of a replica on spot chips; the record's by default"
    )
    replacement_s: Pause | None = Field(
        default=None, description="from an interruption until the replacement serves; a start by default"
    )


class Site(Section):
    """Where the chips stand."""

    region: RegionName | None = Field(
        default=None, description="whose electricity price counts, for own chips; us by default"
    )
    pue: Pue | None = Field(default=None, description="energy of the site over that of its servers")
    usd_per_kwh: UsdPerKwh | None = Field(default=None, description="for own chips")


class Api(Section):
    """What `--compare` calls in place of the fleet, or above it: models at their dated list prices."""

    model: ApiModelName | tuple[ApiModelName, ...] | None = Field(
        default=None, description="a vendor's model id, or several; the fleet's own model by default"
    )
    provider: str | None = Field(
        default=None, description="who sells it; the maker, or everyone who runs it, by default"
    )
    batch_share: Share | None = Field(default=None, description="of the requests, that can wait for batches")
    tokenizer_ratio: TokenRatio | None = Field(
        default=None, description="tokens the API counts for each of the trace; 1 for the fleet's own model"
    )
    cached_input: Literal["trace", "none"] | None = Field(
        default=None, description="trace: prefixes met before are read from the vendor's cache; so by default"
    )


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
    api: Api | None = Field(default=None, description="an API in place of the fleet: for --compare")
