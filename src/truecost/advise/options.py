"""The ways to answer the same demand, each as assignments to the plan: an API, cache and route, retrieval,
an open model tuned and self-hosted, a hybrid, a model of one's own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from truecost.advise.assignments import assignment
from truecost.advise.levers.caching import prefix_cache, response_cache
from truecost.advise.levers.lever import Case, Lever
from truecost.advise.levers.routing import route
from truecost.advise.stand_ins import api_model, host
from truecost.catalog.catalog import Catalog
from truecost.plan.schema import Plan, SelfHosted
from truecost.plan.serving.fleet import TERM_MONTHS
from truecost.ranges import Range

AS_WRITTEN = "as_written"
SAME_MODEL = "the models of the plan"
OWN_FLEET = {
    "on_demand": "no term: chips by the hour",
    "spot": "no term: chips that can be taken away",
    "reserved_1y": "a year of chips at a time",
    "reserved_3y": "three years of chips at a time",
    "owned": "chips of one's own for their life",
}


@dataclass(frozen=True, slots=True)
class Option:
    """One way of serving: the assignments that make the plan so, and what they mean beside the money."""

    key: str
    label: str
    sets: tuple[str, ...]
    months: str
    """The rate that says how long it takes to get there; "" for what is there already."""
    commits: str
    models: str
    """Which models answer: those of the plan, or others whose quality is not known."""


@dataclass(frozen=True, slots=True)
class NoOption:
    """A way of serving that this plan cannot be changed to, and why."""

    key: str
    label: str
    why: str


@dataclass(frozen=True, slots=True)
class Setting:
    """What an option is built from: the plan, the catalog, the classes that are served."""

    plan: Plan
    catalog: Catalog
    classes: tuple[str, ...]

    def rate(self, key: str) -> float | Range:
        """The value of a rate of the catalog at the plan's date."""
        assert self.plan.as_of is not None
        return self.catalog.rate(key, self.plan.as_of).value


def options(plan: Plan, catalog: Catalog) -> list[Option | NoOption]:
    """Every option of a plan, as written first: ways to serve, or for training alone, to pay for it."""
    setting = Setting(plan, catalog, tuple(plan.serving))
    if plan.demand is None or not setting.classes:
        return [_as_written(setting), *_ways_to_pay(plan)]
    return [option(setting) for option in BUILDERS]


def _as_written(setting: Setting) -> Option:
    hosts = [
        s.self_hosted for s in setting.plan.serving.values() if s.options[0] in {"self_hosted", "hybrid"}
    ]
    terms = sorted({host.purchase for host in hosts if host is not None})
    commits = ", ".join(OWN_FLEET[term] for term in terms) or "what it commits to already"
    return Option(AS_WRITTEN, "The plan as written", (), "", commits, SAME_MODEL)


def _ways_to_pay(plan: Plan) -> Iterator[Option | NoOption]:
    """The same run on chips paid for in another way."""
    run = plan.programme.training if plan.programme is not None else None
    if run is None:
        return
    free = ("programme.training.usd_per_chip_hour=null",) if run.usd_per_chip_hour is not None else ()
    for key, label, sets, commits in (
        (
            "rent_on_demand",
            "Rent the run's chips on demand",
            {"pay": "rented", "term": "on_demand"},
            "nothing",
        ),
        (
            "commit_1y",
            "Rent them for a year",
            {"pay": "rented", "term": "reserved_1y"},
            OWN_FLEET["reserved_1y"],
        ),
        (
            "commit_3y",
            "Rent them for three years",
            {"pay": "rented", "term": "reserved_3y"},
            OWN_FLEET["reserved_3y"],
        ),
        ("own_chips", "Buy them", {"pay": "amortized"}, OWN_FLEET["owned"]),
    ):
        if not free and all(getattr(run, field) == value for field, value in sets.items()):
            continue
        if plan.horizon_months < TERM_MONTHS.get(str(sets.get("term")), 0):
            yield NoOption(key, label, f"the term is longer than the plan's {plan.horizon_months} months")
            continue
        made = tuple(f"programme.training.{field}={value}" for field, value in sets.items())
        yield Option(key, label, (*free, *made), "options/api_months", commits, SAME_MODEL)


def _api(setting: Setting) -> Option:
    sets, stands_in = on_api(setting)
    return Option(
        "api", "Call an API", sets, "options/api_months", "nothing: billed by use", _quality(stands_in)
    )


def _cache_and_route(setting: Setting) -> Option | NoOption:
    key, label = "cache_and_route", "Cache and route"
    base, stands_in = on_api(setting)
    cases = [Case(setting.plan, setting.catalog, name, "api") for name in setting.classes]
    pulled = [
        found
        for case in cases
        for build in (response_cache, prefix_cache, route)
        for found in build(case)
        if isinstance(found, Lever)
    ]
    if not pulled:
        return NoOption(
            key, label, "every class already has a cache and a route, or no cheaper model is sold"
        )
    routed = sorted({_routed_to(lever) for lever in pulled if lever.family == "route"})
    models = f"{', '.join(routed)} for a share of the calls" if routed else _quality(stands_in)
    sets = (*base, *(text for lever in pulled for text in lever.sets))
    return Option(key, label, sets, "options/cache_and_route_months", "nothing: billed by use", models)


def _routed_to(lever: Lever) -> str:
    return lever.label.rpartition("(")[2].rstrip(")")


def _retrieve(setting: Setting) -> Option | NoOption:
    """Passages in place of a long prompt; the model stays."""
    base, stands_in = on_api(setting)
    own = tuple(retrieval_sets(setting))
    if not own:
        return NoOption("retrieve", "Retrieve (RAG)", "the plan retrieves already")
    models = SAME_MODEL if not stands_in else _quality(stands_in)
    commits = "an index to keep fresh"
    return Option("retrieve", "Retrieve (RAG)", (*base, *own), "options/retrieval_months", commits, models)


def _tuned(setting: Setting) -> Option:
    sets, stands_in = on_chips(setting)
    tunes = tuple(fine_tune_sets(setting))
    commits = OWN_FLEET[host(setting.plan, setting.classes[0])[0].purchase]
    return Option(
        "fine_tune_self_host",
        "Fine-tune and self-host",
        (*sets, *tunes),
        "options/self_host_months",
        commits,
        _quality(stands_in),
    )


def _hybrid(setting: Setting) -> Option:
    sets, stands_in = on_chips(setting, hybrid=True)
    commits = OWN_FLEET[host(setting.plan, setting.classes[0])[0].purchase]
    return Option(
        "hybrid", "Hybrid of own chips and API", sets, "options/hybrid_months", commits, _quality(stands_in)
    )


def _train_own(setting: Setting) -> Option | NoOption:
    """A base model of the size of the open one, trained from scratch, then served on own chips."""
    label = "Train your own"
    if setting.plan.programme is not None and setting.plan.programme.training is not None:
        return NoOption("train_own", label, "the plan as written does: it pays for a training run")
    sets, _ = on_chips(setting, own=True)
    open_model, _ = host(setting.plan, setting.classes[0])
    chip = open_model.chip
    run = {
        "model": open_model.model,
        "tokens": setting.rate("own_run/tokens"),
        "chip": chip,
        "precision": "bf16",
    }
    programme = [
        assignment("programme.training", run),
        assignment("programme.data", {"acquisition_usd": setting.rate("own_run/acquisition_usd")}),
        assignment(
            "programme.annotation", {"demonstrations": {"hours": setting.rate("own_run/demonstration_hours")}}
        ),
        assignment("programme.safety", {"evaluations": {}}),
        assignment("programme.staff.research", {"people": setting.rate("own_run/research_people")}),
    ]
    kept = [s for s in programme if not _has(setting.plan, s.partition("=")[0])]
    commits = "a team and a training run, before the first answer"
    models = "a new model of your own"
    return Option("train_own", label, (*sets, *kept), "options/train_own_months", commits, models)


BUILDERS: tuple[Callable[[Setting], Option | NoOption], ...] = (
    _as_written,
    _api,
    _cache_and_route,
    _retrieve,
    _tuned,
    _hybrid,
    _train_own,
)


def on_api(setting: Setting) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Every class on an API, nothing trained: assignments, and the models that only stand in."""
    sets = list(without_own_model(setting.plan))
    stands_in: dict[str, None] = {}
    for name in setting.classes:
        serving = setting.plan.serving[name]
        model, is_stand_in = api_model(setting.plan, name, setting.catalog)
        if serving.api is None:
            sets.append(assignment(f"serving.{name}.api", {"model": model}))
        if is_stand_in:
            stands_in[model] = None
        if serving.options[0] != "api":
            sets.append(f"serving.{name}.use=api")
    return tuple(sets), tuple(stands_in)


def on_chips(
    setting: Setting, *, hybrid: bool = False, own: bool = False
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Every class on chips of one's own, with an API above them for a hybrid."""
    sets = [] if own else list(without_own_model(setting.plan))
    stands_in: dict[str, None] = {}
    moved = False
    for name in setting.classes:
        serving = setting.plan.serving[name]
        spec, is_stand_in = host(setting.plan, name)
        if serving.self_hosted is None:
            sets.append(assignment(f"serving.{name}.self_hosted", _hosting(setting, spec, moved)))
            moved = True
        if is_stand_in:
            stands_in[f"{spec.model} on {spec.chip}"] = None
        if serving.api is None and hybrid:
            model, _ = api_model(setting.plan, name, setting.catalog)
            sets.append(assignment(f"serving.{name}.api", {"model": model}))
        if hybrid and serving.hybrid is None:
            sets.append(f"serving.{name}.hybrid={{}}")
        wanted = "hybrid" if hybrid else "self_hosted"
        if serving.options[0] != wanted:
            sets.append(f"serving.{name}.use={wanted}")
    if stands_in and not _has(setting.plan, "programme.staff.operations"):
        people = setting.rate("options/self_host_people")
        sets.append(assignment("programme.staff.operations", {"people": people}))
    return tuple(sets), tuple(stands_in)


def _hosting(setting: Setting, spec: SelfHosted, moved: bool) -> dict[str, object]:
    """The stand-in as a section of the plan; setting the fleet up is paid once, with the first class."""
    setup: dict[str, object] = (
        {} if moved else {"porting": {"usd": setting.rate("options/self_host_setup_usd")}}
    )
    keep = ("model", "chip", "precision", "purchase", "tensor_parallel_size", "usd_per_chip_hour", "replay")
    return {f: getattr(spec, f) for f in keep if getattr(spec, f) is not None} | setup


def fine_tune_sets(setting: Setting) -> Iterator[str]:
    """A tune of the open model, repeated; nothing where the plan tunes already."""
    programme = setting.plan.programme
    if programme is not None and programme.fine_tunes:
        return
    spec, _ = host(setting.plan, setting.classes[0])
    tune = {
        "model": spec.model,
        "chip": spec.chip,
        "method": "lora",
        "tokens": setting.rate("options/fine_tune_tokens"),
        "attempts": setting.rate("options/fine_tune_attempts"),
        "data_usd": setting.rate("options/fine_tune_data_usd"),
        "every_months": int(_middle(setting.rate("options/fine_tune_every_months"))),
    }
    yield assignment("programme.fine_tunes", {"tuned": tune})


def retrieval_sets(setting: Setting) -> Iterator[str]:
    """Passages in place of what a prompt holds beyond the question and the instructions; one index."""
    with_index = True
    found = setting.rate("retrieval/passage_tokens")
    for name in setting.classes:
        levers = setting.plan.serving[name].levers
        if levers is not None and levers.retrieval is not None:
            continue
        lever: dict[str, object] = {
            "replaces_share": knowledge_share(setting, name),
            "passage_tokens": found,
            "usd_per_lookup": setting.rate("retrieval/usd_per_lookup"),
        }
        if with_index:
            lever["index_usd_per_month"] = setting.rate("retrieval/index_usd_per_month")
        with_index = False
        yield assignment(f"serving.{name}.levers.retrieval", lever)


def knowledge_share(setting: Setting, name: str) -> float:
    """Share of a class's prompt beyond the question and the instructions: what it is told each time."""
    assert setting.plan.demand is not None
    asked = _middle(setting.plan.demand.requests[name].input_tokens)
    kept = _middle(setting.rate("retrieval/instruction_tokens"))
    return round(max(1 - kept / asked, 0.0), 3) if asked else 0.0


def without_own_model(plan: Plan) -> Iterator[str]:
    """Assignments that take the making of a model out of the plan; people who build the product stay."""
    programme = plan.programme
    if programme is None or programme.training is None:
        return
    for part in ("training", "experiments", "data", "rlhf", "generations", "carbon_usd_per_tonne"):
        if getattr(programme, part) is not None:
            yield f"programme.{part}=null"
    if programme.annotation:
        yield "programme.annotation={}"
    if programme.safety is not None and programme.safety.red_team is not None:
        yield "programme.safety.red_team.compute=null"
    if programme.staff is not None and programme.staff.research is not None:
        yield "programme.staff.research=null"


def _has(plan: Plan, path: str) -> bool:
    """Whether the plan gives something at a dotted path of sections."""
    part: object = plan
    for name in path.split("."):
        part = getattr(part, name, None)
        if part is None or part == {}:
            return False
    return True


def _middle(value: object) -> float:
    return value.median if isinstance(value, Range) else float(value)  # pyright: ignore[reportArgumentType]


def _quality(stands_in: tuple[str, ...]) -> str:
    return ", ".join(stands_in) or SAME_MODEL
