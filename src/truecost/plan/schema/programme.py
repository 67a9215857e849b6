"""The model programme: the run everyone quotes, and everything below the waterline."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from truecost.catalog.named import ApiModelName, ChipName, ModelName
from truecost.plan.schema.names import Country, PlainName
from truecost.plan.schema.quantities import (
    AtLeastOne,
    ChipCount,
    ChipHours,
    Count,
    Days,
    Flops,
    GenerationGrowth,
    Growth,
    Hours,
    Interval,
    Minutes,
    Months,
    Parameters,
    People,
    Section,
    Share,
    SharePart,
    ShareUsed,
    Tokens,
    Usd,
    UsdPerChipHour,
    UsdPerHour,
    UsdPerItem,
    UsdPerMonth,
    UsdPerMtok,
    UsdPerYear,
)
from truecost.plan.schema.serving import Precision, Term

Developer = Literal["frontier_lab", "open_lab", "startup", "fine_tune"]


class Chips(Section):
    """Where compute comes from and how it is paid."""

    chip: ChipName = Field(description="an accelerator of the catalog")
    pay: Literal["rented", "amortized"] = Field(
        default="rented", description="rent, or the wear of own hardware, bought in the cash view"
    )
    term: Term = Field(default="on_demand", description="of the rent")
    usd_per_chip_hour: UsdPerChipHour | None = Field(default=None, description="the dated record by default")


class TrainingRun(Chips):
    """The final training run. Give chip_hours, or flops, or a model (or parameters) and tokens."""

    chip_hours: ChipHours | None = Field(default=None, description="as recorded")
    flops: Flops | None = Field(default=None, description="training compute")
    model: ModelName | None = Field(default=None, description="architecture from the catalog")
    active_parameters: Parameters | None = Field(
        default=None, description="when the architecture is not public"
    )
    tokens: Tokens | None = Field(default=None, description="training tokens, epochs counted")
    context_tokens: Tokens | None = Field(default=None, description="sequence length; 4,096 by default")
    precision: Precision = "bf16"
    utilization: ShareUsed | None = Field(
        default=None,
        description="model FLOPs utilization; by default by the law of a training step from model, chip and "
        "tokens, or whole-run record where only flops are known",
    )
    utilization_covers: Literal["whole_run", "step"] = Field(
        default="whole_run", description="whether failures and restarts are already in a stated utilization"
    )
    chips: ChipCount | None = Field(default=None, description="chips in the run: gives its days")
    days: Days | None = Field(default=None, description="or the days it takes: gives its chips")
    lead_months: Months | None = Field(
        default=None, description="months before release over which it is paid"
    )


class Experiments(Section):
    """Experiments and failed runs."""

    multiplier: AtLeastOne | None = Field(
        default=None,
        description="all R&D compute over the final run; from the record by kind of developer by default",
    )
    lead_months: Months | None = None


class Licence(Section):
    """One data deal."""

    usd: Usd | None = Field(default=None, description="paid once, at the start")
    usd_per_year: UsdPerYear | None = Field(default=None, description="paid evenly over the year")


class Curation(Section):
    """Cleaning, deduplicating and filtering text."""

    tokens: Tokens = Field(description="raw tokens that go in, per generation")
    usd_per_btok: UsdPerItem | None = Field(default=None, description="cost of a billion raw tokens")


class Synthetic(Section):
    """Training text written by a model, priced by its inference tokens."""

    tokens: Tokens = Field(description="tokens kept, per generation")
    kept_share: ShareUsed | None = Field(default=None, description="share of generated tokens that is kept")
    api_model: ApiModelName | None = Field(default=None, description="priced at this model's output price")
    usd_per_mtok: UsdPerMtok | None = Field(default=None, description="or at this price")


class Data(Section):
    """What the model learns from."""

    licences: dict[PlainName, Licence] = Field(
        default_factory=dict[str, Licence], description="deals by name"
    )
    undisclosed_licences: Count | None = Field(default=None, description="deals of unknown price, by number")
    acquisition_usd: Usd | None = Field(
        default=None, description="crawling, buying, scanning; per generation"
    )
    curation: Curation | None = None
    synthetic: Synthetic | None = None


class Annotation(Section):
    """Labelled items, or hours of labelling; per generation."""

    items: Count | None = None
    usd_per_item: UsdPerItem | None = Field(default=None, description="price of one item")
    hours: Hours | None = None
    usd_per_hour: UsdPerHour | None = Field(default=None, description="what the buyer pays for an hour")
    quality_overhead: AtLeastOne | None = Field(
        default=None, description="review, rejects and duplicates: 1 is none"
    )
    intermediary_share: Share | None = Field(
        default=None, description="kept by the firm between buyer and labeller"
    )
    minutes_per_item: Minutes | None = Field(default=None, description="a labeller's time on one item")
    country: Country | None = Field(default=None, description="where the labellers work")
    harmful_share: Share | None = Field(
        default=None, description="share of the hours spent on harmful content"
    )


class Rlhf(Section):
    """Cycles of learning from people's preferences."""

    cycles_per_year: Count = Field(description="also between generations")
    preferences: Count = Field(description="comparisons a cycle")
    usd_per_preference: UsdPerItem | None = None
    intermediary_share: Share | None = Field(
        default=None, description="kept by the firm between buyer and labeller"
    )
    minutes_per_preference: Minutes | None = Field(
        default=None, description="a labeller's time on one comparison"
    )
    country: Country | None = Field(default=None, description="where the labellers work")
    harmful_share: Share | None = Field(
        default=None, description="share of the hours spent on harmful content"
    )
    compute_share: Share | None = Field(default=None, description="compute of a cycle over the final run's")


class FineTune(Chips):
    """A fine-tune repeated as the world or the product changes: domain, safety, refresh."""

    model: ModelName | None = Field(default=None, description="architecture from the catalog")
    active_parameters: Parameters | None = None
    tokens: Tokens = Field(description="tokens trained on, epochs counted")
    precision: Precision = "bf16"
    method: Literal["full", "lora"] = "full"
    utilization: ShareUsed | None = Field(default=None, description="as of the final run")
    first_month: int = Field(default=0, ge=0, le=119)
    every_months: int | None = Field(default=None, ge=1, le=120, description="once when left out")
    attempts: AtLeastOne | None = Field(default=None, description="runs for one that ships")
    data_usd: Usd | None = Field(default=None, description="data and labels of each")


class RedTeam(Section):
    """People who try to break the model; per generation."""

    hours: Hours
    usd_per_hour: UsdPerHour | None = None
    compute: ChipHours | None = Field(
        default=None, description="chip-hours spent on it, priced as the final run"
    )
    bounty_usd: Usd | None = None
    intermediary_share: Share | None = Field(
        default=None, description="kept by a firm between buyer and red-teamer; 0 when left out"
    )
    country: Country | None = Field(default=None, description="where the red-teamers work")
    harmful_share: Share | None = Field(
        default=None, description="share of the hours spent on harmful content"
    )


class Evaluations(Section):
    """Evaluation of a release."""

    usd_per_release: Usd | None = None
    growth_per_generation: GenerationGrowth | None = Field(default=None, description="grows with capability")


class Delay(Section):
    """What holding a finished model back for safety costs."""

    months: Months
    usd_per_month: UsdPerMonth


class Safety(Section):
    """Finding out what the model does wrong before others do."""

    red_team: RedTeam | None = None
    evaluations: Evaluations | None = None
    delay: Delay | None = None


class Team(Section):
    """People of one trade."""

    people: People
    usd_per_year: UsdPerYear | None = Field(
        default=None, description="loaded cost of one; the record by default"
    )
    growth_per_month: Growth | None = None


class Staff(Section):
    """People on the payroll, by trade."""

    research: Team | None = None
    engineering: Team | None = None
    operations: Team | None = None
    legal: Team | None = None


class Generations(Section):
    """Each model is obsolete after a while; the next is dearer to train and to serve."""

    every_months: Interval | None = Field(
        default=None, description="12 to 18 in the record; one generation when left out"
    )
    first_release_month: int = Field(
        default=0, ge=0, le=119, description="0: the first is ready at the start"
    )
    training_growth: GenerationGrowth | None = Field(
        default=None, description="training compute over the generation before"
    )
    serving_growth: GenerationGrowth | None = Field(
        default=None, description="cost of serving a query, before efficiency"
    )
    efficiency_per_year: SharePart | None = Field(
        default=None, description="share of cost removed in a year by progress"
    )


class Programme(Section):
    """Making the model: compute, data, judgement, safety, people, generations."""

    developer: Developer = Field(default="startup", description="decides the record used for experiments")
    training: TrainingRun | None = None
    experiments: Experiments | None = None
    data: Data | None = None
    annotation: dict[PlainName, Annotation] = Field(default_factory=dict[str, Annotation])
    rlhf: Rlhf | None = None
    fine_tunes: dict[PlainName, FineTune] = Field(default_factory=dict[str, FineTune])
    safety: Safety | None = None
    staff: Staff | None = None
    infrastructure_usd_per_month: UsdPerMonth | None = Field(
        default=None, description="storage, tools, networks"
    )
    legal_usd_per_year: UsdPerYear | None = Field(
        default=None, description="legal and compliance, outside the payroll"
    )
    carbon_usd_per_tonne: UsdPerItem | None = Field(default=None, description="price put on emissions")
    generations: Generations | None = None
