"""Numbers in a spec: one value, `low .. high`, or {p50:, p90:}, each perhaps with its unit.

A field says what it holds: `users: Annotated[Value, Number("positive", "users")]`. Validation gives a
float or a Range of that support; `truecost.spec.sampling.sample` turns ranges into draws, so that the
static type of the field, a law's `Value`, holds where a law reads it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from numbers import Real
from typing import Any, Literal, cast

import numpy as np
from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from truecost import units
from truecost.ranges import FloatArray, Range, Support
from truecost.spec.errors import refuse, shortened

_TOO_LARGE = 1e36
_TOO_SMALL = 1e-36
_OTHER_RANGE = re.compile(r"\s*([-+$]?[.0-9][^-–—…±]*?)\s*(?:-|–|—|…|\bto\b)\s*(\$?[.0-9].*)")
_SHAPES = ("p50", "p90"), ("low", "high")
_PATTERN = r"^\s*[-+$.0-9].*$"


@dataclass(frozen=True, slots=True)
class Number:
    """What a number in a spec may be; metadata for `Annotated[Value, Number(...)]`.

    `support` decides the shape of a range and its natural bounds: positive 0 and up, share 0 to 1, real
    anything. `unit` is what a bare number means and what a written unit is converted to. `least` and
    `most` bound a number, both ends of a range and its draws. `whole` refuses fractions and rounds
    draws. `above_zero` refuses 0 as well, also as the low end of a range.
    """

    support: Literal["positive", "share", "real"] = "positive"
    unit: str = ""
    least: float | None = None
    most: float | None = None
    whole: bool = False
    above_zero: bool = False

    @property
    def asked_unit(self) -> str:
        """The unit a bare number is in; "share" for a share that names none."""
        return self.unit or ("share" if self.support == "share" else "")

    @property
    def _read_unit(self) -> str:
        """What a written unit is converted to; of "share a month" the share: its words may be left out."""
        return "share" if self.asked_unit.startswith("share ") else self.asked_unit

    @property
    def bounds(self) -> tuple[float, float]:
        """The least and the most that a value may be (infinite where it is free)."""
        natural = {"positive": (0.0, math.inf), "share": (0.0, 1.0), "real": (-math.inf, math.inf)}
        low, high = natural[self.support]
        return (
            low if self.least is None else max(low, self.least),
            high if self.most is None else min(high, self.most),
        )

    def read(self, given: object) -> float | Range:
        """A number or range from what a spec holds.

        >>> Number("share").read("40 % .. 60 %")
        Range(low=0.4, high=0.6, support=<Support.SHARE: 'share'>)
        >>> Number("positive", "bytes").read("80 GB")
        80000000000.0

        Raises PydanticCustomError saying what the value is and what is allowed.
        """
        if isinstance(given, str):
            return self._from_text(given)
        if isinstance(given, Mapping):
            return self._from_mapping(cast("Mapping[object, object]", given))
        if isinstance(given, Range):
            return self._range(given.low, given.high, given)
        return self._number(given)

    def within(self, draws: FloatArray) -> FloatArray:
        """Draws kept inside the bounds, and rounded where only whole numbers make sense."""
        low, high = self.bounds
        if not self.whole:
            return np.clip(draws, low, high)
        least = max(low, 1.0) if self.above_zero else low
        return np.clip(np.rint(draws), np.ceil(least), np.floor(high))

    def describe(self) -> str:
        """What is allowed, in words.

        >>> Number("share").describe(), Number("positive", "USD/month", most=500).describe()
        ('a share from 0 to 1, such as 0.4 or 40 %', 'a number from 0 to 500 in USD/month')
        """
        low, high = self.bounds
        if self.support == "share" and (low, high) == (0.0, 1.0) and self.asked_unit == "share":
            return (
                f"a share {'above 0 and up to 1' if self.above_zero else 'from 0 to 1'}, such as 0.4 or 40 %"
            )
        kind = "a whole number" if self.whole else "a number"
        unit = f" in {self.asked_unit}" if self.asked_unit else ""
        return f"{kind}{self._described_bounds()}{unit}"

    def _described_bounds(self) -> str:
        low, high = (f"{bound:,.12g}" for bound in self.bounds)
        above = self.above_zero and self.bounds[0] == 0
        if self.bounds == (-math.inf, math.inf):
            return ""
        if math.isinf(self.bounds[1]):
            return " above 0" if above else f" of at least {low}"
        if math.isinf(self.bounds[0]):
            return f" of at most {high}"
        return f" above 0 and up to {high}" if above else f" from {low} to {high}"

    def _refuse(
        self, message: str, *, allowed: tuple[str, ...] = (), nearest: str = ""
    ) -> PydanticCustomError:
        return refuse(message, allowed=allowed or (self.describe(),), nearest=(nearest,) if nearest else ())

    def _from_text(self, text: str) -> float | Range:
        of_what = self.asked_unit.removeprefix(self._read_unit)
        ends = [end.strip().removesuffix(of_what) for end in text.split("..")]
        try:
            if len(ends) == 1:
                return self._checked(units.parse(ends[0], self._read_unit), text)
            if len(ends) != 2 or not all(end.strip() for end in ends):
                raise self._refuse(f"{shortened(text)} is not a range; write one as 'low .. high'")
            low, high = self._ends(units.read(ends[0]), units.read(ends[1]), text)
        except units.UnitError as error:
            raise self._misread(text, error) from None
        return self._range(low, high, text)

    def _misread(self, text: str, error: units.UnitError) -> PydanticCustomError:
        between = _OTHER_RANGE.fullmatch(text)
        if between:
            nearest = f"{between[1].strip()} .. {between[2].strip()}"
            return self._refuse(f"{shortened(text)}: write a range as 'low .. high'", nearest=nearest)
        shown, reason = shortened(text), str(error)
        message = reason if text.strip() and text.strip() in reason else f"{shown}: {reason}"
        is_plain = self._read_unit == self.asked_unit or not error.allowed
        return self._refuse(
            message, allowed=error.allowed if is_plain else (f"{self.asked_unit}, such as 5 %",)
        )

    def _ends(self, low: units.Written, high: units.Written, text: str) -> tuple[float, float]:
        """Both ends in the field's unit; a unit written at one end holds for both, a multiplier does not."""
        multiples = [units.multiplier(end.words, self._read_unit)[0] for end in (low, high)]
        if not (low.words and high.words) and max(multiples) > 1:
            raise self._refuse(f"{shortened(text)}: write k, M, B or T at both ends of a range or at neither")
        words = low.words or high.words
        low, high = units.Written(low.number, words), units.Written(high.number, high.words or words)
        return units.convert(low, self._read_unit), units.convert(high, self._read_unit)

    def _from_mapping(self, given: Mapping[object, object]) -> Range:
        for shape in _SHAPES:
            if set(given) == set(shape):
                first, second = (self._point(given[name], name) for name in shape)
                return self._range(first, second, given) if shape[0] == "low" else self._spread(first, second)
        raise refuse("a number is written as one value, a range or its quantiles", allowed=_FORMS)

    def _point(self, given: object, name: str) -> float:
        value = self.read(given)
        if isinstance(value, Range):
            raise refuse("a quantile is one number, not a range", at=name)
        return value

    def _spread(self, p50: float, p90: float) -> Range:
        """The interval around a median; bounds hold for its draws, not for the ends that it works out to."""
        try:
            ends = Range.from_quantiles(p50, p90, Support(self.support))
        except ValueError as error:
            raise self._refuse(str(error)) from None
        for end in (ends.low, ends.high):
            self._check_size(end, f"a spread of {p50:g} to {p90:g}")
        return ends

    def _range(self, low: float, high: float, given: object) -> Range:
        low, high = self._checked(low, given), self._checked(high, given)
        if low > high:
            ends = given.split("..") if isinstance(given, str) else (f"{low:g}", f"{high:g}")
            nearest = f"{ends[1].strip()} .. {ends[0].strip()}"
            raise self._refuse(f"{shortened(given)} runs from high to low", nearest=nearest)
        return Range(low, high, Support(self.support))

    def _number(self, given: object) -> float:
        if isinstance(given, bool) or not isinstance(given, Real):
            what = "nothing is written here" if given is None else f"{shortened(given)} is not a number"
            raise self._refuse(what)
        try:
            return self._checked(float(given), given)
        except OverflowError:
            raise self._refuse("the number is too large") from None

    def _checked(self, value: float, given: object) -> float:
        """The value, if it is finite and inside the bounds."""
        shown = shortened(given)
        self._check_size(value, shown)
        low, high = self.bounds
        if value < low:
            raise self._refuse(f"{shown} is below {low:,.12g}")
        if value > high:
            raise self._refuse(f"{shown} is above {high:,.12g}", nearest=self._as_percent(value, given))
        if self.above_zero and value <= 0:
            raise self._refuse(f"{shown} is not above 0")
        if self.whole and value != round(value):
            raise self._refuse(f"{shown} is not a whole number")
        return value

    def _check_size(self, value: float, shown: str) -> None:
        if not math.isfinite(value) or abs(value) > _TOO_LARGE:
            raise self._refuse(f"{shown} is not a finite number below 1e36")
        if value and abs(value) < _TOO_SMALL:
            raise self._refuse(f"{shown} is too close to 0")

    def _as_percent(self, value: float, given: object) -> str:
        is_bare = isinstance(given, Real) and self.asked_unit == "share"
        return f"{value:g} %" if is_bare and self.bounds[1] * 100 >= value > 1 else ""

    def __get_pydantic_core_schema__(self, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Validation by `read`; a range is serialised as it is written."""
        return core_schema.no_info_plain_validator_function(
            self.read, serialization=core_schema.plain_serializer_function_ser_schema(_serialized)
        )

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        """A number, a text with a unit or a range, or a mapping of quantiles; the unit in the description."""
        low, high = self.bounds
        number: dict[str, Any] = {
            "type": "integer" if self.whole else "number",
            "description": self.describe(),
        }
        if math.isfinite(low):
            number["exclusiveMinimum" if self.above_zero and low == 0 else "minimum"] = low
        if math.isfinite(high):
            number["maximum"] = high
        text = {"type": "string", "pattern": _PATTERN, "description": "with a unit, or 'low .. high'"}
        return {"description": self.describe(), "oneOf": [number, text, *map(_quantiles_schema, _SHAPES)]}


_FORMS = ("400", "400 .. 1600 (a 90 % interval)", "{p50: 800, p90: 1400}")


def _quantiles_schema(names: tuple[str, str]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {name: {"type": ["number", "string"]} for name in names},
        "required": list(names),
        "additionalProperties": False,
    }


def _serialized(value: object) -> object:
    if isinstance(value, Range):
        return f"{value.low!r} .. {value.high!r}"
    return cast("list[float]", value.tolist()) if isinstance(value, np.ndarray) else value
