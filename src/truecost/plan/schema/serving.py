"""Serving: how each request class is answered, and the levers that change what it costs."""

from __future__ import annotations

from typing import Any, Literal, TypeAlias

from pydantic import Field, GetJsonSchemaHandler, model_validator
from pydantic_core import CoreSchema

from truecost.catalog.named import ApiModelName, ChipName, ModelName
from truecost.plan.schema.names import RegionName, TrendName
from truecost.plan.schema.quantities import (
    AtLeastOne,
    Count,
    Milliseconds,
    Minutes,
    Multiple,
    OutageDays,
    PeakOverMean,
    PeakUtilization,
    People,
    Section,
    Share,
    SharePart,
    Tokens,
    TokensPerCall,
    Usd,
    UsdPerChipHour,
    UsdPerHour,
    UsdPerItem,
    UsdPerMonth,
    UsdPerQuery,
    YearlyTrend,
)

Precision: TypeAlias = Literal["fp32", "bf16", "fp16", "fp8", "int8", "fp4", "nvfp4", "mxfp4", "int4"]
Term: TypeAlias = Literal["on_demand", "reserved_1y", "reserved_3y", "spot"]


class Shock(Section):
    """A step of the price from a month on."""

    month: int = Field(ge=0, le=119, description="month of the plan, 0 is the first")
    multiple: Multiple = Field(description="price after the step over the price before it")


class PricePath(Section):
    """How a price moves over the plan; `trend:gpu-hour` alone is short for `{trend: gpu-hour}`."""

    trend_per_year: YearlyTrend | None = Field(default=None, description="-0.3 falls by 30 % a year")
    trend: TrendName | None = Field(
        default=None, description="a fitted trend in place of trend_per_year, such as gpu-hour"
    )
    shocks: tuple[Shock, ...] = ()

    @model_validator(mode="before")
    @classmethod
    def _named(cls, given: object) -> object:
        """A path given as the name of a trend."""
        return {"trend": given} if isinstance(given, str) else given

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        """The fields, or the name of a trend."""
        fields = handler.resolve_ref_schema(handler(schema))
        named = {"type": "string", "pattern": "^trend:", "description": "a fitted trend: trend:gpu-hour"}
        return {"description": fields.get("description", ""), "anyOf": [named, fields]}


class Provisioned(Section):
    """Capacity bought ahead at an API; calls above it are billed by the token."""

    units: Count = Field(description="units bought")
    usd_per_unit_hour: UsdPerChipHour = Field(description="price of a unit for an hour")
    tokens_per_unit_minute: Tokens = Field(description="input and output tokens a unit carries in a minute")


class OtherModel(Section):
    """A model and who sells it; by default the same model from another seller, else the nearest in price."""

    model: ApiModelName | None = Field(
        default=None, description="the same model by default, if another sells it"
    )
    provider: str | None = Field(
        default=None, description="who sells it; the maker of a stated model by default"
    )


class Switched(OtherModel):
    """From a month on, the calls go to another model."""

    month: int = Field(ge=0, le=119, description="month of the plan, 0 is the first")


class Switch(Switched):
    """From a month on, the calls go to another model: what the move takes."""

    migration_usd: Usd | None = Field(
        default=None, description="paid once, in that month; for a whole product"
    )
    outage_days: OutageDays | None = Field(
        default=None, description="days of that month without an answer; 0 by default with a standby"
    )


class Standby(OtherModel):
    """A second model that always answers a share of the calls, so that it is ready for all of them."""

    share: Share = Field(description="share of calls it answers")
    migration_usd: Usd | None = Field(
        default=None, description="paid once, in the first month; for a whole product"
    )


class Api(Section):
    """A model called over an API, at its dated list price."""

    model: ApiModelName = Field(description="the vendor's model id")
    provider: str | None = Field(default=None, description="who sells it; the maker by default")
    service_tier: Literal["standard", "batch", "flex", "priority"] | None = Field(
        default=None, description="batch by default for classes that can wait"
    )
    discount: Share | None = Field(default=None, description="negotiated discount on the list price")
    price_path: PricePath | None = None
    provisioned: Provisioned | None = None
    standby: Standby | None = None
    switch: Switch | None = None


class Ownership(Section):
    """Servers bought rather than rented."""

    usd_per_chip: Usd | None = Field(default=None, description="bare chip; the dated record by default")
    server_overhead: AtLeastOne | None = Field(
        default=None, description="server price over the price of its chips"
    )
    interconnect_share: SharePart | None = Field(
        default=None, description="network share of the cluster's price"
    )
    life_months: int | None = Field(default=None, ge=1, le=240, description="months until it is replaced")
    capital_cost_per_year: Share | None = Field(default=None, description="interest or required return")
    hosting_usd_per_kw_month: UsdPerMonth | None = Field(default=None, description="space and cooling")
    usd_per_kwh: UsdPerItem | None = Field(default=None, description="electricity")
    pue: AtLeastOne | None = Field(
        default=None, description="power of the building over power of the servers"
    )


class Porting(Section):
    """What moving to other chips or another cloud takes."""

    usd: Usd = Field(description="one-off cost")
    months: int = Field(default=0, ge=0, le=60, description="months before it carries traffic")


class SelfHosted(Section):
    """A model on chips of one's own, bought or rented."""

    model: ModelName = Field(description="a model of the catalog, or a Hugging Face config.json")
    chip: ChipName = Field(description="an accelerator of the catalog")
    precision: Precision | None = Field(
        default=None, description="of the weights; as the model is released by default"
    )
    tensor_parallel_size: int | None = Field(
        default=None, ge=1, le=1024, description="the smallest that fits by default"
    )
    max_batch: int | None = Field(
        default=None, ge=1, le=65536, description="most sequences at once on a replica"
    )
    tpot_limit: Milliseconds | None = Field(default=None, description="slowest token a user accepts")
    replay: str | None = Field(
        default=None,
        description="a replay spec of this model on this fleet: what a replica carries at its SLO by a trace",
    )
    purchase: Literal["owned"] | Term = "on_demand"
    usd_per_chip_hour: UsdPerChipHour | None = Field(
        default=None, description="rent; the dated record by default"
    )
    price_path: PricePath | None = None
    autoscale: bool = Field(
        default=False, description="on-demand chips follow the load of the hour, not its peak"
    )
    utilization_at_peak: PeakUtilization | None = Field(
        default=None, description="load over capacity in the peak hour"
    )
    peak_to_mean: PeakOverMean | None = Field(default=None, description="peak hour over mean hour")
    spare_replicas: Count | None = Field(default=None, description="replicas kept for failures")
    region: RegionName | None = Field(default=None, description="whose electricity and grid")
    ownership: Ownership | None = None
    own_model: bool = Field(
        default=False, description="the plan's own model: its generations change what serving costs"
    )
    operations_people: People | None = Field(
        default=None, description="staff; by the number of chips by default"
    )
    porting: Porting | None = None


class Hybrid(Section):
    """Own base load, API above it; `base` and `burst` are the options of the same class."""

    base_multiple_of_mean: Multiple | None = Field(
        default=None, description="capacity owned over mean load; the cheapest split by default"
    )


class Quoted(Section):
    """Someone's figure for a query, taken as it is."""

    usd_per_query: UsdPerQuery
    source: str = Field(default="the plan", description="who says so")
    own_model: bool = Field(
        default=True, description="the plan's own model: its generations change what serving costs"
    )


class ResponseCache(Section):
    """Answers kept and given again."""

    hit_rate: Share = Field(description="share of calls answered from the cache")
    usd_per_lookup: UsdPerItem | None = Field(default=None, description="cost of looking up one call")


class Cut(Section):
    """A share of a quantity removed."""

    share: Share = Field(description="share removed")


class Route(Section):
    """Part of the calls go to a cheaper model on an API."""

    share: Share = Field(description="share of calls tried on the other model first")
    model: ApiModelName = Field(description="the other model's id")
    provider: str | None = None
    escalation_share: Share | None = Field(
        default=None, description="of those, the share that must be asked again"
    )
    switch: Switched | None = None


class Distillation(Section):
    """A smaller student trained on the large model's answers; it takes part of the calls."""

    student: ModelName = Field(description="a model of the catalog")
    share: Share = Field(description="share of calls the student takes")
    training_tokens: Tokens = Field(description="tokens the teacher writes and the student learns from")


class Speculative(Section):
    """Speculative decoding on own chips."""

    acceptance_length: AtLeastOne = Field(description="tokens each step adds to an answer")
    draft_tokens: int = Field(ge=1, le=64, description="tokens drafted and verified in each step")
    draft_overhead: Share = Field(description="cost of the draft as a share of a step")


class Edge(Section):
    """Part of the calls run on the user's device."""

    share: Share
    usd_per_query: UsdPerQuery | None = Field(default=None, description="what each still costs you")


class HumanHandoff(Section):
    """Part of the queries go straight to a person."""

    share: Share
    minutes: Minutes
    usd_per_hour: UsdPerHour | None = None


class Retrieval(Section):
    """Passages found for each call in place of a long prompt."""

    passage_tokens: TokensPerCall = Field(description="tokens of the passages sent with a call")
    replaces_share: Share = Field(description="share of the input that no longer has to be sent")
    usd_per_lookup: UsdPerItem | None = Field(default=None, description="embedding a call and searching")
    index_usd_per_month: UsdPerMonth | None = Field(default=None, description="keeping the index")


class Levers(Section):
    """What changes the cost of a class, each by its own mechanism."""

    response_cache: ResponseCache | None = None
    prompt_trimming: Cut | None = Field(default=None, description="share of input tokens removed")
    output_length: Cut | None = Field(default=None, description="share of output tokens removed")
    retrieval: Retrieval | None = None
    route: Route | None = None
    quantization: Precision | None = Field(default=None, description="precision of the weights on own chips")
    pruning: float | None = Field(
        default=None, gt=0, lt=0.9, description="share of MLP width removed, own chips"
    )
    batching: int | None = Field(
        default=None, ge=1, le=65536, description="most sequences at once, own chips"
    )
    distillation: Distillation | None = None
    speculative_decoding: Speculative | None = None
    edge: Edge | None = None
    human_handoff: HumanHandoff | None = None


class Serving(Section):
    """The ways one request class can be served; `use` names the one the statement charges."""

    use: Literal["api", "self_hosted", "hybrid", "quoted"] | None = Field(
        default=None, description="the option that is charged; needed only when several are given"
    )
    api: Api | None = None
    self_hosted: SelfHosted | None = None
    hybrid: Hybrid | None = None
    quoted: Quoted | None = None
    levers: Levers | None = None

    @property
    def options(self) -> tuple[str, ...]:
        """The options given, the one charged first."""
        given = [n for n in ("quoted", "hybrid", "self_hosted", "api") if getattr(self, n) is not None]
        if self.use in given:
            given.remove(self.use)
            given.insert(0, self.use)
        return tuple(given)
