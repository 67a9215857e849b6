"""A user's own claims: a YAML file in the form of the shipped one, every problem with its line."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, cast

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from truecost.catalog.names import UnknownName
from truecost.evidence.claims.calculations import calculations
from truecost.evidence.claims.formula import FormulaError, names_in
from truecost.evidence.claims.model import TOPICS, Claim
from truecost.evidence.claims.outcome import conversion, prepared, recomputed
from truecost.evidence.claims.reading import KINDS, claim_of, quantities, shipped
from truecost.ranges import Range, Value
from truecost.spec import Day, Document, Number, Problems, Section, load, nearest_names, refuse
from truecost.units import UnitError, parse_unit

if TYPE_CHECKING:
    from truecost.catalog.catalog import Catalog

Figure = Annotated[Value, Number("real")]
MOST_CLAIMS = 500
_FEW_DRAWS = 64


def _one_number(value: Value) -> Value:
    if isinstance(value, Range):
        raise refuse("one number; give both ends as `low` and `high`")
    return value


def _as_mapping(given: object) -> object:
    if given is None or isinstance(given, Mapping):
        return cast("object", given)
    return {"stated": given}


def _dated(day: date) -> date:
    if not 2000 <= day.year <= 2100:
        raise refuse(f"the year {day.year} is outside what a claim can be about", allowed=["2000 to 2100"])
    return day


def _measures(unit: str) -> str:
    try:
        parse_unit(unit)
    except UnitError as error:
        raise refuse(str(error)) from None
    return unit


End = Annotated[Figure, AfterValidator(_one_number)]
ClaimDay = Annotated[Day, AfterValidator(_dated)]
UnitText = Annotated[str, Field(min_length=1, max_length=60), AfterValidator(_measures)]
Text = Annotated[str, Field(min_length=1, max_length=2000)]
Name = Annotated[str, Field(min_length=1, max_length=80, pattern=r"^[A-Za-z0-9][A-Za-z0-9_.:/-]*$")]


class Input(Section):
    """Where an input comes from: exactly one kind of source. A bare number is the claim's own."""

    stated: Figure | None = Field(default=None, description="the claim's own number")
    assumed: Figure | None = Field(default=None, description="a number of yours; say why")
    missing: Text | None = Field(default=None, description="what would have to be known")
    claim: Text | None = Field(default=None, description="the figure of another claim, by id")
    rate: Text | None = Field(default=None, description="a rate of the catalog")
    rental: Text | None = Field(default=None, description="rent of a chip, USD a chip-hour")
    purchase: Text | None = Field(default=None, description="price of a chip, USD")
    price: Text | None = Field(default=None, description="list price of a model, USD a million tokens")
    chip: Text | None = Field(default=None, description="a fact of a chip")
    model: Text | None = Field(default=None, description="a size of a model")
    recorded: Text | None = Field(default=None, description="a figure of a recorded training run")
    law: Text | None = Field(default=None, description="the residual of a fitted law")
    why: Text | None = Field(default=None, description="whose assumption, on what ground")
    support: Literal["share", "positive", "real"] | None = Field(
        default=None, description="how a range is drawn"
    )
    term: Literal["on_demand", "reserved_1y", "reserved_3y", "spot"] | None = Field(
        default=None, description="of a rent"
    )
    kind: Literal["input", "output", "cache_read", "cache_write"] | None = Field(
        default=None, description="of a list price"
    )
    provider: Text | None = Field(default=None, description="of a list price")
    has: Text | None = Field(default=None, description="which figure of a chip, model or run")
    day: ClaimDay | None = Field(default=None, description="the day of a dated fact; the claim's as_of")
    free: Figure | None = Field(default=None, description="the range in which it may vary")
    about: Text | None = Field(default=None, description="the quantity it states, to find conflicts")
    label: Text | None = Field(default=None, description="what it is, in words")
    unit: UnitText | None = Field(default=None, description="unit it is shown in, of an input of arithmetic")

    @model_validator(mode="after")
    def _one_kind(self) -> Input:
        given = [kind for kind in KINDS if getattr(self, kind) is not None]
        if len(given) != 1:
            said = f"both {given[0]} and {given[1]}" if given else "no source"
            raise refuse(f"an input has one source, not {said}", allowed=list(KINDS))
        if (
            self.support == "share"
            and isinstance(self.assumed, Range)
            and not 0 <= self.assumed.low <= self.assumed.high <= 1
        ):
            raise refuse("a share lies from 0 to 1", at="assumed")
        return self


class Reading(Section):
    """How words without a number are put to the test: an interval, and why."""

    low: End | None = Field(default=None, description="low end; open without it")
    high: End | None = Field(default=None, description="high end; open without it")
    unit: UnitText | None = Field(default=None, description="its unit; the claim's without it")
    why: Text = Field(description="why the words mean this")

    @model_validator(mode="after")
    def _an_end(self) -> Reading:
        return _check_ends(self)


class About(Section):
    """A figure as a statement about a quantity that claims share."""

    quantity: Text = Field(description="name of the quantity")
    times: Annotated[float, Number("positive", above_zero=True), AfterValidator(_one_number)] = Field(
        default=1.0, description="figure × this is in the quantity's unit"
    )
    share_fallen: bool = Field(default=False, description="the figure is the share something fell by")
    years: (
        Annotated[float, Number("positive", above_zero=True, most=100), AfterValidator(_one_number)] | None
    ) = Field(default=None, description="spread a factor over so many years")


class OwnClaim(Section):
    """One statement with its figure, and how to recompute it."""

    topic: Literal[TOPICS]  # type: ignore[valid-type]
    statement: Text
    low: End | None = Field(default=None, description="low end of the figure; open without it")
    high: End | None = Field(default=None, description="high end of the figure; open without it")
    unit: UnitText | None = Field(default=None, description="unit of the figure")
    published: Text = Field(default="not stated", description="where it is published, as a kind of source")
    as_of: ClaimDay = Field(description="the day whose facts count")
    recompute_from: Annotated[str, Field(max_length=2000)] = ""
    calculation: Text | None = Field(default=None, description="name of a calculation")
    inputs: dict[Name, Any] = Field(default_factory=dict[str, Any], max_length=60)
    formula: Annotated[
        dict[Name, Text] | None, BeforeValidator(lambda v: {"result": v} if isinstance(v, str) else v)
    ] = None
    figures: dict[Name, End] = Field(default_factory=dict[str, Any], max_length=20)
    reading: Reading | None = None
    about: list[About | Text] = Field(default_factory=list[Any], max_length=10)
    note: Annotated[str, Field(max_length=2000)] = ""

    @model_validator(mode="after")
    def _a_figure(self) -> OwnClaim:
        if self.reading is None and not self.figures:
            _check_ends(self)
        if self.reading is None and self.unit is None:
            raise refuse("a figure has a unit", at="unit")
        return self


class ClaimsFile(Section):
    """A file of claims."""

    claims: dict[Name, OwnClaim] = Field(min_length=1, max_length=MOST_CLAIMS, description="claims by id")


def _check_ends(given: Any) -> Any:
    if given.low is None and given.high is None:
        raise refuse("a figure has a low or a high end", at="low")
    if given.low is not None and given.high is not None and given.low > given.high:
        raise refuse("low is above high", at="low")
    return given


def read_file(path: str | Path, catalog: Catalog) -> dict[str, Claim]:
    """The claims of a file, by id. Raises SpecError with every problem: file:line, field, what is allowed."""
    document = load(path, ClaimsFile)
    problems = Problems()
    bodies = {name: _plain(document, name, claim, problems) for name, claim in document.value.claims.items()}
    problems.raise_if_any(document)
    claims = {name: claim_of(name, body, document.name) for name, body in bodies.items()}
    everything = dict(shipped()) | claims
    for name, claim in claims.items():
        _check(claim, f"claims.{name}", everything, catalog, problems)
    problems.raise_if_any(document)
    return claims


def _plain(document: Document[ClaimsFile], name: str, claim: OwnClaim, problems: Problems) -> dict[str, Any]:
    """A claim as a mapping, its calculation's texts left as written and its inputs validated."""
    body = claim.model_dump(exclude_none=True)
    body["about"] = [about.model_dump() if isinstance(about, About) else about for about in claim.about]
    at = f"claims.{name}"
    if claim.calculation is not None and claim.calculation not in calculations():
        problems.add(
            f"{at}.calculation",
            f"there is no calculation {claim.calculation!r}",
            nearest=nearest_names(claim.calculation, calculations()),
        )
        return body
    texts: Mapping[str, Any] = calculations()[claim.calculation].texts if claim.calculation else {}
    body["inputs"] = {
        key: given if key in texts else _input(given, f"{at}.inputs.{key}", problems)
        for key, given in claim.inputs.items()
    }
    for key, given in claim.inputs.items():
        if key in texts:
            _check_text(given, texts[key], f"{at}.inputs.{key}", problems)
    return body


def _check_text(given: object, default: object, path: str, problems: Problems) -> None:
    """A name, or a list of names where the calculation takes several."""
    if isinstance(default, list):
        names = cast("list[object]", given) if isinstance(given, list) else [given]
        if not names or not all(isinstance(each, str) and each for each in names):
            problems.add(path, "a name or a list of names")
    elif isinstance(default, dict):
        sums = cast("dict[object, object]", given) if isinstance(given, dict) else None
        if not sums or not all(isinstance(v, int | float) and not isinstance(v, bool) for v in sums.values()):
            problems.add(path, "a mapping of names to numbers")
    elif not isinstance(given, str) or not given:
        problems.add(path, "a name", allowed=[str(default)])


def _input(given: object, path: str, problems: Problems) -> dict[str, Any]:
    from pydantic import ValidationError

    from truecost.spec.errors import REFUSED

    try:
        found = Input.model_validate(_as_mapping(given))
    except ValidationError as error:
        for one in error.errors():
            below = ".".join(
                str(part) for part in one["loc"] if isinstance(part, str) and part in Input.model_fields
            )
            context = cast("Mapping[str, Any]", one.get("ctx") or {})
            message = (
                str(context.get("message") or one["msg"])
                if one["type"] == REFUSED
                else _said(one["type"], one["msg"])
            )
            is_bare = not isinstance(given, Mapping)
            where = path if is_bare or not below else f"{path}.{below}"
            problems.add(
                where, message, allowed=tuple(context.get("allowed", ())) if one["type"] == REFUSED else ()
            )
        return {"missing": "an input that can be read"}
    return found.model_dump(exclude_none=True)


def _said(kind: str, message: str) -> str:
    if kind == "extra_forbidden":
        return "there is no such part of an input"
    return message[:1].lower() + message[1:]


def _check(
    claim: Claim, path: str, claims: Mapping[str, Claim], catalog: Catalog, problems: Problems
) -> None:
    """What only a look at the calculation and the facts can tell: names, units, formulas."""
    known = quantities()["quantities"]
    for index, about in enumerate(claim.about):
        if about.quantity not in known:
            problems.add(
                f"{path}.about.{index}",
                f"there is no shared quantity {about.quantity!r}",
                allowed=list(known),
            )
        if about.share_fallen and not all(end is None or 0 <= end < 1 for end in (claim.low, claim.high)):
            problems.add(f"{path}.about.{index}", "a share fallen lies from 0 to below 1")
    if claim.calculation is None:
        if claim.inputs or claim.formula:
            problems.add(
                path, "inputs without a calculation to take them", allowed=["calculation: arithmetic"]
            )
        return
    chosen = calculations()[claim.calculation]
    if chosen.unit:
        try:
            conversion(chosen.unit, claim.tested_unit)
        except UnitError:
            problems.add(
                f"{path}.calculation",
                f"{chosen.name} gives {chosen.unit}; the claim is in {claim.tested_unit}",
            )
    _check_inputs(claim, path, problems)
    if problems:
        return
    try:
        ready = prepared(claim, claims, catalog)
        recomputed(ready, _FEW_DRAWS, curves=False)
    except UnknownName as unknown:
        problems.add(
            _place(claim, path, unknown), str(unknown).split(";", maxsplit=1)[0], nearest=unknown.nearest
        )


def _check_inputs(claim: Claim, path: str, problems: Problems) -> None:
    chosen = calculations()[str(claim.calculation)]
    takes = {*chosen.inputs, *chosen.texts}
    is_free = chosen.name == "arithmetic"
    for name in claim.inputs:
        if name not in takes and not is_free and name not in claim.inputs_about:
            problems.add(
                f"{path}.inputs.{name}",
                f"{chosen.name} takes no {name!r}",
                allowed=sorted(takes),
                nearest=nearest_names(name, takes),
            )
    if is_free != bool(claim.formula):
        said = "arithmetic needs a formula" if is_free else f"{chosen.name} takes no formula"
        problems.add(f"{path}.formula" if claim.formula else path, said)
        return
    seen = set(claim.inputs)
    for name, formula in claim.formula.items():
        try:
            unknown = sorted(names_in(formula) - seen)
        except FormulaError as error:
            problems.add(f"{path}.formula", str(error))
            continue
        if unknown:
            problems.add(
                f"{path}.formula", f"{unknown[0]!r} is no input and no line above", allowed=sorted(seen)
            )
        seen.add(name)


def _place(claim: Claim, path: str, unknown: UnknownName) -> str:
    """The input that names what nobody knows."""
    for name, source in claim.inputs.items():
        if str(source.value) == unknown.name:
            return f"{path}.inputs.{name}"
    for name, text in claim.texts.items():
        if unknown.name in (text if isinstance(text, list) else [text]):
            return f"{path}.inputs.{name}"
    return f"{path}.inputs"
