"""What a plan must make sense of beyond its fields: small checks that add problems, all reported at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from functools import partial
from typing import cast

from truecost.catalog.accelerators import Accelerator
from truecost.catalog.architectures import Architecture
from truecost.catalog.catalog import Catalog
from truecost.catalog.names import UnknownName
from truecost.lines import add_months
from truecost.physics.replica import DoesNotFit
from truecost.plan.schema import Demand, Plan, RequestClass, SelfHosted, Serving, Tier
from truecost.plan.schema.programme import Chips, FineTune, TrainingRun
from truecost.plan.serving.placement import check_fit, layout, layouts
from truecost.ranges import Range
from truecost.spec import Document, Problems

HIGHEST_RECORDED_UTILIZATION = "utilization/highest_recorded"
SHARE_TOLERANCE = 1e-6
DEAR_QUERY_USD = 1.0
DEAR_SUBSCRIPTION_USD = 1000.0


def check(document: Document[Plan], catalog: Catalog, today: date) -> tuple[Plan, tuple[str, ...]]:
    """The plan with its date and first month filled in, and warnings; raises SpecError with every problem."""
    plan = document.value
    as_of = plan.as_of or today
    start = plan.start or add_months(as_of.replace(day=1), 1)
    dated = plan.model_copy(update={"as_of": as_of, "start": start})
    problems = Problems()
    if plan.demand is None and plan.programme is None and plan.business is None:
        problems.add(
            "", "the plan is empty: give it at least one of demand (with serving), programme, business"
        )
    _known(problems, "region", lambda: catalog.rate(f"electricity/{plan.region}", as_of))
    if plan.demand is not None:
        check_tiers(plan.demand, plan.horizon_months, problems)
        check_requests(plan.demand, problems)
    check_serving(dated, catalog, problems)
    check_programme(dated, catalog, problems)
    check_cents(dated, problems)
    problems.raise_if_any(document)
    return dated, tuple(str(w) for w in problems.warnings(document))


def check_cents(plan: Plan, problems: Problems) -> None:
    """Prices so high that they may have been written in cents."""
    for name, serving in plan.serving.items():
        if serving.quoted is not None and _high(serving.quoted.usd_per_query) > DEAR_QUERY_USD:
            problems.warn(f"serving.{name}.quoted.usd_per_query", "is above 1 USD a query: is it in cents?")
    for name, tier in plan.demand.tiers.items() if plan.demand else ():
        if tier.usd_per_query is not None and _high(tier.usd_per_query) > DEAR_QUERY_USD:
            problems.warn(f"demand.tiers.{name}.usd_per_query", "is above 1 USD a query: is it in cents?")
        price = tier.price_usd_per_month
        if price is not None and _high(price) > DEAR_SUBSCRIPTION_USD:
            problems.warn(
                f"demand.tiers.{name}.price_usd_per_month", "is above 1,000 USD a month: is it in cents?"
            )


def check_tiers(demand: Demand, horizon: int, problems: Problems) -> None:
    """Tiers have users, a use, a price that fits their kind, and conversions that lead somewhere."""
    for name, tier in demand.tiers.items():
        path = f"demand.tiers.{name}"
        _tier_has_users(tier, path, horizon, problems)
        if tier.queries_per_user_per_day is None and tier.heavy_tail is None:
            problems.add(path, "needs queries_per_user_per_day, or heavy_tail with p50 and p90 or p99")
        if tier.heavy_tail is not None:
            _tail(tier, path, problems)
        _price_fits(tier, path, problems)
        if tier.requests is not None:
            for other in set(tier.requests) - set(demand.requests):
                problems.add(
                    f"{path}.requests.{other}", "no such request class", allowed=list(demand.requests)
                )
            _sums_to_one(tier.requests, f"{path}.requests", problems)
        if tier.converts_from is not None:
            _conversion(name, demand, problems)


def _tier_has_users(tier: Tier, path: str, horizon: int, problems: Problems) -> None:
    if (tier.users is None) == (tier.users_by_month is None):
        if tier.users is None and tier.converts_from is not None:
            return
        problems.add(path, "needs exactly one of users and users_by_month")
    if tier.users_by_month is not None and len(tier.users_by_month) < horizon:
        given = len(tier.users_by_month)
        problems.add(f"{path}.users_by_month", f"has {given} months, the horizon has {horizon}")
    if tier.users_by_month is not None and (
        tier.growth_per_month is not None or tier.churn_per_month is not None
    ):
        problems.add(
            f"{path}.users_by_month", "is the whole series: leave growth_per_month and churn_per_month out"
        )


def _tail(tier: Tier, path: str, problems: Problems) -> None:
    tail = tier.heavy_tail
    assert tail is not None
    if (tail.p90 is None) == (tail.p99 is None):
        problems.add(f"{path}.heavy_tail", "needs exactly one of p90 and p99 beside p50")
        return
    upper = tail.p90 if tail.p90 is not None else tail.p99
    if _low(tail.p50) <= 0 or (upper is not None and _low(upper) <= _high(tail.p50)):
        problems.add(f"{path}.heavy_tail", "p50 must lie above 0 and the upper point above p50")


def _price_fits(tier: Tier, path: str, problems: Problems) -> None:
    prices = {
        "subscription": ("price_usd_per_month",),
        "usage": ("usd_per_query", "usd_per_mtok"),
        "enterprise": ("contract_usd_per_year", "price_usd_per_month"),
        "free": (),
    }
    every = ("price_usd_per_month", "usd_per_query", "usd_per_mtok", "contract_usd_per_year")
    given = [p for p in every if getattr(tier, p) is not None]
    wanted = prices[tier.kind]
    if wanted and not set(given) & set(wanted):
        problems.add(path, f"a {tier.kind} tier needs {' or '.join(wanted)}")
    if tier.kind == "free":
        for price in given:
            problems.add(
                f"{path}.{price}", "a free tier has no price; use kind subscription, usage or enterprise"
            )


def _conversion(name: str, demand: Demand, problems: Problems) -> None:
    seen = [name]
    current = demand.tiers[name].converts_from
    while current is not None:
        path = f"demand.tiers.{seen[-1]}.converts_from.tier"
        if current.tier not in demand.tiers:
            problems.add(path, "no such tier", allowed=list(demand.tiers))
            return
        if current.tier in seen:
            problems.add(path, f"circular: {' <- '.join([*seen, current.tier])}")
            return
        seen.append(current.tier)
        current = demand.tiers[current.tier].converts_from


def check_requests(demand: Demand, problems: Problems) -> None:
    """Shares of classes sum to 1, cache shares fit into the input, length spreads are in order."""
    shares = {n: r.share for n, r in demand.requests.items() if r.share is not None}
    if shares and len(shares) == len(demand.requests):
        _sums_to_one(shares, "demand.requests", problems, field="share")
    elif shares:
        missing = [n for n, r in demand.requests.items() if r.share is None]
        problems.add(f"demand.requests.{missing[0]}", "needs a share, since other classes have one")
    for name, request in demand.requests.items():
        _request(request, f"demand.requests.{name}", problems)


def _request(request: RequestClass, path: str, problems: Problems) -> None:
    cached = [s for s in (request.cacheable_share, request.cache_write_share) if s is not None]
    if sum(_low(s) for s in cached) > 1:
        problems.add(f"{path}.cache_write_share", "with cacheable_share it exceeds the whole input")
    if request.input_length is not None and _low(request.input_length.p99) <= _high(request.input_length.p50):
        problems.add(f"{path}.input_length", "p99 must lie above p50")
    if request.regions is not None:
        _sums_to_one(request.regions, f"{path}.regions", problems)
    if _high(request.input_tokens) + _high(request.output_tokens) == 0:
        problems.add(f"{path}.input_tokens", "a call has neither input nor output tokens")


def check_serving(plan: Plan, catalog: Catalog, problems: Problems) -> None:
    """Each class has an option that can be priced, on a model and chips that exist and fit."""
    assert plan.as_of is not None
    classes = plan.demand.requests if plan.demand else {}
    for name, serving in plan.serving.items():
        path = f"serving.{name}"
        if name not in classes:
            problems.add(path, "no such request class under demand.requests", allowed=list(classes))
            continue
        _options(serving, path, problems)
        if serving.api is not None:
            model, provider = serving.api.model, serving.api.provider
            _known(problems, f"{path}.api.model", partial(catalog.prices, model, plan.as_of, provider))
        if serving.self_hosted is not None:
            _hosted(serving.self_hosted, classes[name], f"{path}.self_hosted", (plan, catalog, problems))
        levers = serving.levers
        if levers is not None and levers.route is not None:
            route = levers.route
            _known(
                problems,
                f"{path}.levers.route.model",
                partial(catalog.prices, route.model, plan.as_of, route.provider),
            )
        if levers is not None and levers.distillation is not None:
            student = levers.distillation.student
            _known(problems, f"{path}.levers.distillation.student", partial(catalog.model, student))
            if serving.self_hosted is None:
                problems.add(
                    f"{path}.levers.distillation", "a student needs chips: give serving a self_hosted option"
                )


def _options(serving: Serving, path: str, problems: Problems) -> None:
    given = serving.options
    if not given:
        problems.add(path, "needs an option", allowed=("api", "self_hosted", "hybrid", "quoted"))
    if serving.use is not None and serving.use not in given:
        problems.add(f"{path}.use", f"names an option that is not given: {serving.use}", allowed=given)
    if len(given) > 1 and serving.use is None:
        problems.add(path, f"gives {len(given)} options: say which is charged with use", allowed=given)
    if serving.hybrid is not None and (serving.api is None or serving.self_hosted is None):
        problems.add(f"{path}.hybrid", "needs both api and self_hosted beside it")


def _hosted(
    spec: SelfHosted, request: RequestClass, path: str, context: tuple[Plan, Catalog, Problems]
) -> None:
    plan, catalog, problems = context
    known = _known(problems, f"{path}.model", lambda: catalog.model(spec.model))
    known &= _known(problems, f"{path}.chip", lambda: catalog.accelerator(spec.chip))
    if spec.region is not None:
        _known(problems, f"{path}.region", lambda: catalog.rate(f"electricity/{spec.region}", plan.as_of))
    if not known:
        return
    assert plan.as_of is not None
    as_of = plan.as_of
    if spec.purchase == "owned":
        if spec.ownership is None or spec.ownership.usd_per_chip is None:
            _known(problems, f"{path}.chip", lambda: catalog.purchase(spec.chip, as_of))
    elif spec.usd_per_chip_hour is None:
        _known(problems, f"{path}.chip", partial(catalog.rental, spec.chip, as_of, spec.purchase))
    if spec.autoscale and spec.purchase != "on_demand":
        problems.add(f"{path}.autoscale", f"only on-demand chips can follow the hour, not {spec.purchase}")
    arch, chip = catalog.model(spec.model), catalog.accelerator(spec.chip)
    context_tokens = _high(request.input_tokens) + _high(request.output_tokens)
    _fits(spec, context_tokens, path, (arch, chip), problems)


def _fits(
    spec: SelfHosted,
    context_tokens: float,
    path: str,
    placed: tuple[Architecture, Accelerator],
    problems: Problems,
) -> None:
    arch, chip = placed
    try:
        if spec.tensor_parallel_size is not None:
            check_fit(layout(arch, chip, spec.tensor_parallel_size), spec.precision, context_tokens)
        else:
            next(layouts(arch, chip, spec.precision, context_tokens))
    except DoesNotFit as error:
        named = spec.tensor_parallel_size is not None
        problems.add(f"{path}.tensor_parallel_size" if named else f"{path}.model", str(error))
    except (LookupError, ValueError) as error:
        problems.add(f"{path}.chip", str(error))


def check_programme(plan: Plan, catalog: Catalog, problems: Problems) -> None:
    """The runs of the programme have compute that can be computed, and chips that can be priced."""
    programme = plan.programme
    if programme is None:
        return
    if programme.training is not None:
        path = "programme.training"
        run = programme.training
        if run.chip_hours is None and run.flops is None and not _sized(run, run.tokens):
            problems.add(path, "needs chip_hours, or flops, or tokens with model or active_parameters")
        _chips(run, path, plan, (catalog, problems))
        _unusual(run, path, catalog, problems)
    for name, tune in programme.fine_tunes.items():
        path = f"programme.fine_tunes.{name}"
        if not _sized(tune, tune.tokens):
            problems.add(path, "needs model or active_parameters")
        _chips(tune, path, plan, (catalog, problems))
        _unusual(tune, path, catalog, problems)
    for name, task in programme.annotation.items():
        if (task.items is None) == (task.hours is None):
            problems.add(f"programme.annotation.{name}", "needs exactly one of items and hours")
    data = programme.data
    if data is not None and data.synthetic is not None:
        synthetic, path = data.synthetic, "programme.data.synthetic"
        if (synthetic.api_model is None) == (synthetic.usd_per_mtok is None):
            problems.add(path, "needs exactly one of api_model and usd_per_mtok")
        elif synthetic.api_model is not None:
            _known(
                problems,
                f"{path}.api_model",
                partial(catalog.prices, synthetic.api_model, plan.as_of or date.max),
            )


def _sized(run: TrainingRun | FineTune, tokens: object) -> bool:
    return tokens is not None and (run.model is not None or run.active_parameters is not None)


def _chips(run: TrainingRun | FineTune, path: str, plan: Plan, context: tuple[Catalog, Problems]) -> None:
    catalog, problems = context
    assert plan.as_of is not None
    as_of = plan.as_of
    if run.model is not None:
        _known(problems, f"{path}.model", lambda: catalog.model(run.model or ""))
    if not _known(problems, f"{path}.chip", lambda: catalog.accelerator(run.chip)):
        return
    if not (isinstance(run, TrainingRun) and run.chip_hours is not None):
        _known(problems, f"{path}.precision", lambda: catalog.accelerator(run.chip).dense_peak(run.precision))
    if run.usd_per_chip_hour is None:
        _known(problems, f"{path}.chip", lambda: _priced(run, catalog, as_of))


def _priced(run: Chips, catalog: Catalog, as_of: date) -> object:
    if run.pay == "rented":
        return catalog.rental(run.chip, as_of, run.term)
    return catalog.purchase(run.chip, as_of)


def _unusual(run: TrainingRun | FineTune, path: str, catalog: Catalog, problems: Problems) -> None:
    highest = catalog.rate(HIGHEST_RECORDED_UTILIZATION)
    if run.utilization is not None and _high(run.utilization) > _high(highest.value):
        problems.warn(
            f"{path}.utilization",
            f"is above any recorded whole run ({_high(highest.value):.2f}, {highest.source})",
        )


def _known(problems: Problems, path: str, look_up: Callable[[], object]) -> bool:
    """Whether a look-up succeeds; a name the catalog does not hold becomes a problem at its path."""
    try:
        look_up()
    except UnknownName as unknown:
        problems.add(path, str(unknown).split(";", maxsplit=1)[0], nearest=unknown.nearest)
    except (LookupError, ValueError) as missing:
        problems.add(path, str(missing.args[0] if missing.args else missing))
    else:
        return True
    return False


def _sums_to_one(shares: Mapping[str, object], path: str, problems: Problems, field: str = "") -> None:
    fixed = [float(s) for s in shares.values() if isinstance(s, int | float)]
    if len(fixed) == len(shares) and abs(sum(fixed) - 1) > SHARE_TOLERANCE:
        what = f"the {field}s" if field else "the shares"
        problems.add(path, f"{what} sum to {sum(fixed):g}, not 1")


def _low(value: object) -> float:
    return value.low if isinstance(value, Range) else float(cast("float", value))


def _high(value: object) -> float:
    return value.high if isinstance(value, Range) else float(cast("float", value))
