"""The spec of a training run: model, cluster, layout, batch, software, tokens, price.

Names are those of the field's software (`tensor_parallel_size`) and of Hugging Face's config.json; a sweep
uses them as dotted paths. What is left out is chosen (the layout) or defaulted, and named in the result.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeAlias

from pydantic import AfterValidator, Field, field_validator

from truecost.catalog.named import CarbonRegionName, ChipName, ModelName
from truecost.ranges import Range, Value
from truecost.spec import Day, Number, Section, refuse

Precision: TypeAlias = Literal["fp16", "bf16", "fp8", "mxfp8", "mxfp4", "nvfp4"]
Sharding: TypeAlias = Literal["zero-0", "zero-1", "zero-2", "zero-3", "hsdp"]
Recompute: TypeAlias = Literal["none", "selective", "full"]
Attention: TypeAlias = Literal["flash", "unfused"]
Stack: TypeAlias = Literal["megatron", "megatron-deepspeed", "fsdp", "torchtitan", "maxtext", "nanotron"]
Basis: TypeAlias = Literal["rent", "cloud", "own"]
Method: TypeAlias = Literal["pretrain", "full", "lora", "distill", "dpo", "rlhf"]
Targets: TypeAlias = Literal["all", "attention"]
Algorithm: TypeAlias = Literal["ppo", "grpo"]
BasePrecision: TypeAlias = Literal["int8", "int4", "nvfp4", "mxfp4"]
ServedPrecision: TypeAlias = Literal["bf16", "fp16", "fp8", "int8", "int4", "nvfp4", "mxfp4"]


def _single(value: float | Range) -> float:
    """One number where the law has no use for a range: it would hide behind the interval of the law."""
    if isinstance(value, Range):
        raise refuse("this is one number, not a range", nearest=[f"{value.median:.4g}"])
    return value


_Single = AfterValidator(_single)
Size: TypeAlias = Annotated[int, Field(ge=1, le=10_000_000)]
BytesPerSecond: TypeAlias = Annotated[float, Number(unit="bytes/s", least=1e6, most=1e15), _Single]
Watts: TypeAlias = Annotated[float, Number(unit="W", least=1, most=1e5), _Single]
Tokens: TypeAlias = Annotated[Value, Number(unit="tokens", most=1e17, above_zero=True)]
UsdPerChipHour: TypeAlias = Annotated[Value, Number(unit="USD/chip-hour", most=1e3, above_zero=True)]
UsdPerKwh: TypeAlias = Annotated[Value, Number(unit="USD/kWh", most=100, above_zero=True)]
KgPerKwh: TypeAlias = Annotated[Value, Number(unit="kgCO2e/kWh", most=10, above_zero=True)]
Pue: TypeAlias = Annotated[Value, Number(unit="x", least=1, most=5)]
PerChipYear: TypeAlias = Annotated[float, Number(unit="", most=1e3, above_zero=True), _Single]
Epochs: TypeAlias = Annotated[float, Number(unit="", most=1e4, above_zero=True), _Single]
Hours: TypeAlias = Annotated[float, Number(unit="hours", most=1e4), _Single]
Share: TypeAlias = Annotated[float, Number("share"), _Single]
PositiveShare: TypeAlias = Annotated[float, Number("share", above_zero=True), _Single]
StorageRate: TypeAlias = Annotated[float, Number(unit="bytes/s", least=1e6, most=1e18), _Single]


class Cluster(Section):
    """The chips, and how they are joined."""

    accelerator: ChipName = Field(description="an accelerator of the catalog", examples=["h100-sxm"])
    count: Size = Field(description="chips the run takes")
    per_node: Size | None = Field(
        default=None, description="chips joined by the fast link; the chip's own by default"
    )
    inter_node: BytesPerSecond | None = Field(
        default=None, description="network of a chip, one direction; 50 GB/s and 400 Gb/s are the same"
    )


class Parallelism(Section):
    """How the work is spread. Left out as a whole it is searched for; a size left out is 1."""

    tensor_parallel_size: Size | None = None
    pipeline_parallel_size: Size | None = None
    virtual_pipeline_size: Size | None = Field(
        default=None, description="chunks of layers a pipeline stage holds; 1 is not interleaved"
    )
    context_parallel_size: Size | None = None
    expert_parallel_size: Size | None = Field(
        default=None, description="lives inside data x context x tensor"
    )
    data_parallel_size: Size | None = Field(default=None, description="follows from the others and the count")
    sharding: Sharding | None = Field(default=None, description="over data-parallel chips; zero-3 is FSDP")
    sequence_parallel: bool | None = Field(default=None, description="activations split along the sequence")


class Batch(Section):
    """What one step works on."""

    global_batch_size: Size | None = Field(default=None, description="sequences of a step")
    micro_batch_size: Size | None = Field(default=None, description="sequences worked on at once")
    sequence_length: Size | None = Field(default=None, description="tokens of a sequence; 4,096 by default")


class Price(Section):
    """What a chip-hour costs."""

    basis: Basis = Field(
        default="rent", description="rent: one year committed; cloud: on demand; own: wear and electricity"
    )
    usd_per_chip_hour: UsdPerChipHour | None = Field(default=None, description="the dated record by default")


class Site(Section):
    """Where the chips stand: the electricity and its carbon."""

    region: CarbonRegionName = Field(default="us", description="whose electricity price and grid count")
    pue: Pue | None = Field(default=None, description="energy of the site over that of its servers")
    usd_per_kwh: UsdPerKwh | None = None
    kgco2e_per_kwh: KgPerKwh | None = None


class Operations(Section):
    """How the cluster is run: what failures and pauses take. The record by default."""

    interruptions_per_chip_year: PerChipYear | None = Field(
        default=None, description="unplanned stops of the job"
    )
    detection_hours: Hours | None = Field(default=None, description="from the fault to the stop")
    restart_hours: Hours | None = Field(default=None, description="replace, load, warm up")
    storage_bytes_per_s: StorageRate | None = Field(
        default=None, description="writing a checkpoint, whole cluster"
    )
    blocking_share: PositiveShare | None = Field(
        default=None, description="of a write that training waits for"
    )
    straggler_share_per_doubling: Share | None = None
    ramp_tokens_share: Share | None = Field(default=None, description="of tokens, trained in a small batch")
    ramp_speed: PositiveShare | None = Field(
        default=None, description="throughput then, over the full batch's"
    )
    evaluation_share: Share | None = Field(default=None, description="of the time of steps, spent evaluating")
    start_hours: Hours | None = None
    repair_hours: Hours | None = Field(default=None, description="above 0 for a cluster that keeps spares")


class Lora(Section):
    """Adapters of low rank beside frozen weights; with method lora."""

    rank: Annotated[int, Field(ge=1, le=4096)] = 16
    targets: Targets = Field(default="all", description="which matrices get an adapter")
    base_precision: BasePrecision | None = Field(
        default=None, description="the frozen weights are stored in, widened to 16 bits for each pass (QLoRA)"
    )


class Distill(Section):
    """A student learns the output distribution of a teacher that reads the same tokens."""

    teacher: ModelName = Field(description="a catalog name, a config.json, or its keys inline")
    precision: ServedPrecision | None = Field(
        default=None, description="of the teacher; as released by default"
    )


class Rlhf(Section):
    """Learning from rewards: in a step (a cycle) the policy writes answers, they are scored, it learns."""

    algorithm: Algorithm = Field(default="grpo", description="ppo learns with a critic, grpo without")
    reward_model: ModelName | None = Field(
        default=None, description="none: a rule or a test gives the reward"
    )
    reference: bool = Field(default=True, description="a frozen copy of the policy scores the answers too")
    critic: ModelName | None = Field(default=None, description="with ppo; the policy's size by default")
    prompts_per_step: Size = Field(examples=[512])
    samples: Size = Field(default=1, description="answers to a prompt")
    prompt_tokens: Size = Field(default=512, description="mean")
    output_tokens: Size = Field(description="mean, of an answer", examples=[1024])
    epochs: Size = Field(default=1, description="times a step learns from its answers")
    steps: Size | None = Field(default=None, description="cycles of the run; or `tokens` says it")
    generation_precision: ServedPrecision = Field(default="bf16", description="of the policy as it writes")


class TrainSpec(Section):
    """One training run."""

    name: str = Field(default="", max_length=120)
    as_of: Day | None = Field(default=None, description="the day whose prices count; today by default")
    model: ModelName = Field(
        description="a catalog name, a config.json, or its keys inline", examples=["llama-3.1-8b"]
    )
    cluster: Cluster = Field(examples=[{"accelerator": "h100-sxm", "count": 64}])
    method: Method = Field(
        default="pretrain",
        description="full and lora fine-tune, distill learns from a teacher, dpo from preferred "
        "answers, rlhf from rewards",
    )
    lora: Lora | None = Field(default=None, description="with method lora")
    distill: Distill | None = Field(default=None, description="with method distill")
    rlhf: Rlhf | None = Field(default=None, description="with method rlhf")
    precision: Precision = "bf16"
    parallelism: Parallelism = Field(default_factory=Parallelism)
    batch: Batch = Field(default_factory=Batch)
    recompute: Recompute | None = Field(default=None, description="the least that fits by default")
    attention: Attention = "flash"
    stack: Stack | None = Field(default=None, description="the software: what it fuses and overlaps")
    power_cap_w: Watts | None = Field(default=None, description="of a chip, below its rating")
    tokens: Tokens | None = Field(
        default=None, description="trained on, epochs counted; 20 a parameter by default"
    )
    dataset_tokens: Tokens | None = Field(
        default=None, description="of a fine-tune, instead of tokens; with dpo both answers of a pair"
    )
    epochs: Epochs | None = Field(default=None, description="times through dataset_tokens; 1 by default")
    price: Price = Field(default_factory=Price)
    site: Site = Field(default_factory=Site)
    operations: Operations = Field(default_factory=Operations)

    @field_validator("parallelism", "batch", "price", "site", "operations", mode="before")
    @classmethod
    def _left_out(cls, given: Any) -> Any:
        """A section with nothing written in it is left out."""
        return {} if given is None else given
