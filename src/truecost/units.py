"""Quantities as people write them ("80 GB", "5 cents", "1.2k users") and as a reader wants to see them.

Reading: a number, perhaps a multiplier (k, M, B, T), perhaps a unit, converted to the unit that a field
asks for. A unit is a quotient of products of names ("USD/chip-hour", "TB/s"); a name that is not a
known unit is a count of that thing ("queries", "users"). A year is 365 days and a month a twelfth of it
(730 hours), so 4 million USD a day is 1.46 billion a year.

Showing: three significant digits, k, M, B, T from ten thousand up, never a power of ten for ordinary
sizes. US dollars stay dollars, however small ("0.0213 USD"), so that they compare with what was written.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import TypedDict

_HOUR = 3600
_MONTH = 730 * _HOUR
_YEAR = 8760 * _HOUR
_DECIMAL = {
    "k": 10**3,
    "M": 10**6,
    "G": 10**9,
    "T": 10**12,
    "P": 10**15,
    "E": 10**18,
    "Z": 10**21,
    "Y": 10**24,
}
_BINARY = {"Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "Ti": 2**40, "Pi": 2**50}
_COUNTS = {
    "k": 10**3, "K": 10**3, "thousand": 10**3, "M": 10**6, "mn": 10**6, "million": 10**6,
    "B": 10**9, "bn": 10**9, "billion": 10**9, "T": 10**12, "tn": 10**12, "trillion": 10**12,
}  # fmt: skip
_OTHER_CURRENCIES = frozenset(
    ["EUR", "GBP", "CHF", "CNY", "RMB", "INR", "JPY", "CAD", "AUD", "€", "£", "¥", "₹"]
)
_PHYSICAL = frozenset({"data", "time", "energy", "operation", "carbon", "volume"})

Dimensions = tuple[tuple[str, int], ...]


class UnitError(ValueError):
    """A quantity that cannot be read in the unit asked for; `allowed` gives spellings that can."""

    def __init__(self, message: str, allowed: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.allowed = allowed


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit as a size in base units and the dimensions it measures."""

    size: Fraction
    dimensions: Dimensions


@dataclass(frozen=True, slots=True)
class Written:
    """A number and the words after it, not yet read in any unit."""

    number: float
    words: str


def _known_units() -> dict[str, Unit]:
    units: dict[str, Unit] = {}

    def add(names: str, size: int | Fraction, prefixes: dict[str, int] | None = None, **powers: int) -> None:
        for name in names.split():
            for prefix, multiple in ({"": 1} | (prefixes or {})).items():
                units[prefix + name] = Unit(Fraction(size) * multiple, _sorted(powers))

    sizes = {prefix: _DECIMAL[prefix] for prefix in "kMGTPE"}
    add("B", 1, sizes | _BINARY | {"K": 1000}, data=1)
    add("byte", 1, data=1)
    add("b bit", Fraction(1, 8), sizes, data=1)
    add("bps", Fraction(1, 8), sizes, data=1, time=-1)
    add("s sec second", 1, time=1)
    for prefix, size in {"m": 10**3, "u": 10**6, "µ": 10**6, "n": 10**9}.items():
        add(f"{prefix}s", Fraction(1, size), time=1)
    add("min minute", 60, time=1)
    add("h hr hour", _HOUR, time=1)
    add("d day", 24 * _HOUR, time=1)
    add("week wk", 7 * 24 * _HOUR, time=1)
    add("month mo", _MONTH, time=1)
    add("year yr a", _YEAR, time=1)
    add("W", 1, sizes, energy=1, time=-1)
    add("watt", 1, energy=1, time=-1)
    add("J", 1, sizes, energy=1)
    add("Wh", _HOUR, sizes, energy=1)
    add("FLOP FLOPs OP", 1, _DECIMAL, operation=1)
    add("FLOPS OPS", 1, _DECIMAL, operation=1, time=-1)
    add("tok token", 1, {"k": 10**3, "M": 10**6, "B": 10**9, "G": 10**9, "T": 10**12}, token=1)
    add("gCO2e gCO2eq gCO2 g", Fraction(1, 1000), {"k": 10**3}, carbon=1)
    add("tCO2e tCO2eq tCO2 t tonne", 1000, carbon=1)
    add("L litre liter", 1, volume=1)
    add("USD dollar $", 1, money=1)
    add("cent ¢", Fraction(1, 100), money=1)
    add("%", Fraction(1, 100))
    add("percent", Fraction(1, 100))
    add("share ratio times x fraction", 1)
    add("chip GPU TPU accelerator", 1, chip=1)
    add("person people FTE", 1, person=1)
    return units


def _sorted(powers: dict[str, int]) -> Dimensions:
    return tuple(sorted((name, power) for name, power in powers.items() if power))


def _folded(units: dict[str, Unit]) -> dict[str, Unit]:
    """Units by lower-case name, where that leaves no doubt: "kwh", not "mb" (megabytes or megabits)."""
    lowered = [name.lower() for name in units]
    return {
        name.lower(): unit
        for name, unit in units.items()
        if lowered.count(name.lower()) == 1 and len(name) > 2
    }


_UNITS = _known_units()
_FOLDED = _folded(_UNITS)
_WORD = re.compile(r"[A-Za-z%$¢µ_][A-Za-z0-9_]*")
_NUMBER = re.compile(
    r"(?P<sign>[-+]?)\s*(?P<currency>\$?)\s*"
    r"(?P<number>(?:[0-9]+(?:_[0-9]+)*(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]+)?)\s*(?P<words>.*)",
    re.DOTALL,
)
_COMMA = re.compile(r"[-+$ ]*[0-9]+,[0-9]")
_LONGEST = 100
USUAL_SIZES = slice(2, 5)
"""Of the spellings of a rate, those with M, G and T before them."""


@lru_cache(maxsize=4096)
def parse_unit(text: str) -> Unit:
    """The size and dimensions of a unit such as "USD/Mtok", "TB/s" or "USD per chip-hour".

    >>> parse_unit("kWh").dimensions, int(parse_unit("kWh").size)
    ((('energy', 1),), 3600000)

    Raises UnitError when a part is neither a unit nor a word.
    """
    size, powers = Fraction(1), dict[str, int]()
    for position, part in enumerate(re.split(r"\s*/\s*|\s+per\s+", text.strip())):
        sign = -1 if position else 1
        for name in _factors(part):
            unit = _named(name, text)
            size = size * unit.size if sign > 0 else size / unit.size
            for dimension, power in unit.dimensions:
                powers[dimension] = powers.get(dimension, 0) + sign * power
    return Unit(size, _sorted(powers))


def _factors(part: str) -> list[str]:
    """The names multiplied in one part of a unit: "chip-hour", "1M tokens"."""
    names = [name for name in re.split(r"[-·*\s]+", part) if name]
    return names[1:] if names and names[0] == "1" else names


def _named(name: str, text: str) -> Unit:
    multiplier = name.removeprefix("1") if name.startswith("1") else name
    if multiplier in _COUNTS and text.strip() != name:
        return Unit(Fraction(_COUNTS[multiplier]), ())
    for spelling in (name, _singular(name)):
        if spelling in _UNITS:
            return _UNITS[spelling]
    singular = _singular(name.lower())
    if singular in _FOLDED:
        return _FOLDED[singular]
    if not _WORD.fullmatch(name):
        raise UnitError(f"{text!r} is not a unit")
    return Unit(Fraction(1), ((singular, 1),))


def _singular(name: str) -> str:
    if name.endswith("ies"):
        return name[:-3] + "y"
    return name[:-1] if name.endswith("s") and not name.endswith("ss") and len(name) > 2 else name


def read(text: str) -> Written:
    """Split a quantity into its number and the words after it.

    >>> read("$2.5 per query"), read("80 GB")
    (Written(number=2.5, words='$ per query'), Written(number=80.0, words='GB'))

    Raises UnitError when it does not begin with a number.
    """
    text = text.strip().replace("\N{MINUS SIGN}", "-")
    if len(text) > _LONGEST:
        raise UnitError(f"a text of {len(text):,} characters is not a number")
    if _COMMA.match(text):
        raise UnitError(f"{text!r}: a number has no commas; write 0.5, and 1000000 or 1_000_000 or 1M")
    match = _NUMBER.fullmatch(text)
    if match is None:
        raise UnitError(f"{text!r} is not a number" if text else "an empty text is not a number")
    words = f"{match['currency']} {match['words']}".strip()
    return Written(float(match["sign"] + match["number"]), words)


def multiplier(words: str, unit: str) -> tuple[int, str]:
    """The multiplier that the words open with (1 without) and the words left, for a field in `unit`.

    "B" is bytes where the field holds data and billions where it holds money or counts.

    >>> multiplier("B", "bytes"), multiplier("B tokens", "tokens")
    ((1, 'B'), (1000000000, 'tokens'))
    """
    first, _, rest = words.partition(" ")
    if _measured(unit) & _PHYSICAL:
        return 1, words
    if first in _COUNTS:
        return _COUNTS[first], rest.strip()
    before, slash, after = first.partition("/")
    if slash and before in _COUNTS:
        return _COUNTS[before], f"/{after} {rest}".strip()
    return 1, words


def _measured(unit: str) -> set[str]:
    return {dimension for dimension, _ in parse_unit(_numerator(unit)).dimensions}


def _numerator(unit: str) -> str:
    return unit.partition("/")[0]


def convert(written: Written, unit: str) -> float:
    """A written quantity as a number in `unit`, correctly rounded.

    What goes without saying may be left out: the unit, or a rate's denominator behind money, shares and
    counts ("5 cents" where USD/query is asked for).

    >>> convert(read("5 cents"), "USD/query"), convert(read("3.35 TB/s"), "bytes/s")
    (0.05, 3350000000000.0)

    Raises UnitError when the words are another unit, or the number is not finite.
    """
    if not math.isfinite(written.number):
        raise UnitError("the number is too large")
    multiple, words = multiplier(written.words, unit)
    if multiple == 1 and not words:
        return written.number
    try:
        factor = multiple * (_conversion(words, unit) if words else 1)
        return float(Fraction(repr(written.number)) * factor)
    except OverflowError:
        raise UnitError("the number is too large") from None


def _conversion(words: str, unit: str) -> Fraction:
    """The factor from the unit in words to the one asked for."""
    if any(currency in re.split(r"[\s/]+", words) for currency in _OTHER_CURRENCIES):
        raise UnitError(f"{words!r} is another currency; amounts are in US dollars", (unit,))
    given = parse_unit(_numerator(unit) + words if words.startswith("/") else words)
    wanted, numerator = parse_unit(unit), parse_unit(_numerator(unit))
    if given.dimensions == wanted.dimensions:
        return given.size / wanted.size
    if given.dimensions == numerator.dimensions and not _measured(unit) & _PHYSICAL:
        return given.size / numerator.size
    raise UnitError(f"{words!r} is not a unit of {unit or 'a plain number'}", spellings(unit))


def spellings(unit: str, most: int = 8) -> tuple[str, ...]:
    """Units that can be written where `unit` is asked for, itself first, one of each size.

    >>> spellings("W"), spellings("s")
    (('W', 'kW', 'MW', 'GW', 'TW', 'PW', 'EW'), ('s', 'ms', 'us', 'ns', 'min', 'h', 'd', 'week'))
    >>> spellings("bytes/s")
    ('bytes/s', 'MB/s', 'GB/s', 'TB/s', 'Mbps', 'Gbps', 'Tbps')
    """
    if not unit:
        return ("a number without a unit",)
    wanted = parse_unit(unit)
    names = {wanted.size: unit}
    for name, known in _UNITS.items():
        if wanted.dimensions and known.dimensions == wanted.dimensions:
            names.setdefault(known.size, name)
    head, slash, below = unit.partition("/")
    if slash and len(names) > 1:
        of_rates = [f"{name}/{below}" for name in spellings(head)[USUAL_SIZES]]
        return (unit, *of_rates, *list(names.values())[1:][USUAL_SIZES])
    return tuple(names.values())[:most]


def parse(text: str, unit: str) -> float:
    """A quantity read in `unit`.

    >>> parse("80 GB", "bytes"), parse("1.2k", "users"), parse("60 ms", "s"), parse("$20", "USD/month")
    (80000000000.0, 1200.0, 0.06, 20.0)

    Raises UnitError, which names what is allowed.
    """
    return convert(read(text), unit)


class Interval(TypedDict):
    """The points of a ranged value that are shown."""

    p5: float
    p50: float
    p95: float


Step = tuple[str, float]
"""A name and its size in the unit that a ladder starts from."""

_DATA = (("EB", 1e18), ("PB", 1e15), ("TB", 1e12), ("GB", 1e9), ("MB", 1e6), ("kB", 1e3))
_BITS = (("Tbit", 1e12), ("Gbit", 1e9), ("Mbit", 1e6), ("kbit", 1e3))
_POWER = (("TW", 1e12), ("GW", 1e9), ("MW", 1e6), ("kW", 1e3))
_ENERGY = (("TWh", 1e9), ("GWh", 1e6), ("MWh", 1e3))
_CARBON = (("MtCO2e", 1e9), ("ktCO2e", 1e6), ("tCO2e", 1e3))
_OPERATIONS = (("EFLOP", 1e18), ("PFLOP", 1e15), ("TFLOP", 1e12), ("GFLOP", 1e9))
_COUNT = (("T", 1e12), ("B", 1e9), ("M", 1e6), ("k", 1e3))
_LADDERS: dict[str, tuple[Step, ...]] = {
    "bytes": _DATA, "bits": _BITS, "W": _POWER, "kWh": _ENERGY, "kgCO2e": _CARBON, "FLOP": _OPERATIONS,
}  # fmt: skip
_TIME = (("days", 86400.0), ("h", 3600.0), ("min", 60.0), ("s", 1.0), ("ms", 1e-3), ("µs", 1e-6))
_UNIT_ITSELF: Step = ("", 1.0)
_PLAIN_BELOW = 10_000.0
_POWERS_OF_TEN_FROM = 1e16


def show(value: float, unit: str = "") -> str:
    """A number for a reader: three significant digits, whole numbers below 10,000 as they are.

    >>> show(1.46e9, "USD"), show(0.02134, "USD/query"), show(2788000, "chip-hours"), show(80e9, "bytes")
    ('1.46 B USD', '0.0213 USD/query', '2.79 M chip-hours', '80 GB')
    >>> show(2000, "users"), show(0.06, "s"), show(0.17, "share"), show(2.15e25, "FLOP")
    ('2,000 users', '60 ms', '17 %', '2.15e25 FLOP')
    """
    if _numerator(unit) == "share":
        return _joined(show_share(value), unit.removeprefix("share"))
    if not math.isfinite(value):
        return _not_finite(value)
    step = _step(value, unit)
    digits = _digits(value, step)
    head, slash, rest = unit.partition("/")
    if digits == "1":
        head = _singular(head)
    return _joined(digits, f"{_named_step(step, head)}{slash}{rest}")


def show_share(value: float) -> str:
    """A share in per cent: whole per cents from 10 to 99, two significant digits outside.

    >>> show_share(0.17), show_share(0.017), show_share(0.996), show_share(1.4), show_share(0.0004)
    ('17 %', '1.7 %', '99.6 %', '140 %', '0.04 %')
    """
    if not math.isfinite(value):
        return _not_finite(value)
    percent = abs(value) * 100
    is_whole = percent >= 10 and not 99 < percent < 100
    digits = f"{percent:,.0f}" if is_whole else _trimmed(_fixed(percent, 3 if percent > 99 else 2))
    return f"{'-' if value < 0 and digits != '0' else ''}{digits} %"


def show_range(ranged: Interval, unit: str = "") -> str:
    """The median with its 90 % interval, each number to three significant digits.

    k, M, B and T stand at both ends, or a reader takes 72 k for 72. A unit that is itself scaled ("GB") and
    the sign of per cent stand once, at the median, where the ends share them. From a negative end it is "to".

    >>> show_range({"p5": 0.86e9, "p50": 1.19e9, "p95": 1.63e9}, "USD")
    '1.19 B USD (860 M – 1.63 B)'
    >>> show_range({"p5": 0.16, "p50": 0.17, "p95": 0.19}, "share")
    '17 % (16 – 19)'
    >>> show_range({"p5": -1.2e6, "p50": 0.4e6, "p95": 2.5e6}, "USD")
    '400 k USD (-1.20 M to 2.50 M)'
    """
    low, middle, high = points = ranged["p5"], ranged["p50"], ranged["p95"]
    centre = show(middle, unit)
    is_point = math.isclose(low, high, rel_tol=1e-6)
    if is_point or not all(math.isfinite(point) for point in points):
        return centre
    if _numerator(unit) == "share":
        first, last = (show_share(end).removesuffix(" %") for end in (low, high))
    else:
        first, last = _ends((low, middle, high), unit)
    return f"{centre} ({between(first, last)})"


def between(first: str, last: str) -> str:
    """Two ends as one interval: a dash, or "to" where a minus would run into it.

    >>> between("16", "19"), between("-1,832", "-186")
    ('16 – 19', '-1,832 to -186')
    """
    return f"{first} to {last}" if "-" in (first[:1], last[:1]) else f"{first} – {last}"


def _ends(points: tuple[float, float, float], unit: str) -> list[str]:
    """Both ends of low, middle and high, with k to T or the scaled unit where the middle does not say it."""
    ends = (points[0], points[2])
    steps = [_step(point, unit) for point in points if point]
    if any(step in _COUNT for step in steps):
        return [_counted(end) for end in ends]
    if len(set(steps)) == 1:
        return [_digits(end, steps[0]) for end in ends]
    return [show(end, unit) if end else "0" for end in ends]


def _counted(value: float) -> str:
    """A number in k, M, B or T, however small.

    >>> _counted(346), _counted(72_000), _counted(0)
    ('0.346 k', '72.0 k', '0')
    """
    rounded = abs(float(f"{value:.3g}"))
    if not rounded or rounded >= _POWERS_OF_TEN_FROM:
        return _digits(value, _UNIT_ITSELF)
    step = next((step for step in _COUNT if rounded >= step[1]), _COUNT[-1])
    return f"{_digits(value, step)} {step[0]}"


def _not_finite(value: float) -> str:
    return "unknown" if math.isnan(value) else "unlimited" if value > 0 else "-unlimited"


def _joined(digits: str, unit: str) -> str:
    return f"{digits}{unit}" if unit.startswith("/") or not unit else f"{digits} {unit}"


def _step(value: float, unit: str) -> Step:
    """The step of its unit's ladder that a value is shown in."""
    rounded = abs(float(f"{value:.3g}"))
    head = _numerator(unit)
    if unit == "FLOP" and rounded >= 1e15:
        return _UNIT_ITSELF
    if head == "s":
        return next((step for step in _TIME if rounded >= _begin(step)), _TIME[-1]) if rounded else ("s", 1.0)
    if head in _LADDERS:
        return next((step for step in _LADDERS[head] if rounded >= step[1]), _UNIT_ITSELF)
    if not _PLAIN_BELOW <= rounded < _POWERS_OF_TEN_FROM:
        return _UNIT_ITSELF
    return next(step for step in _COUNT if rounded >= step[1])


def _begin(step: Step) -> float:
    """Where a step of time begins: two days, two hours, two minutes; one of what is smaller."""
    return step[1] * (2 if step[1] >= 60 else 1)


def _named_step(step: Step, head: str) -> str:
    if step == _UNIT_ITSELF:
        return head
    return f"{step[0]} {head}".strip() if step in _COUNT else step[0]


def _digits(value: float, step: Step) -> str:
    """Three significant digits; what is whole or has two digits as it is, unless counted in k, M, B, T."""
    scaled = value / step[1]
    if not scaled:
        return "0"
    if step in _COUNT:
        return _fixed(scaled, 3)
    if scaled == round(scaled) and abs(scaled) < _PLAIN_BELOW:
        return f"{scaled:,.0f}"
    if not 1e-9 <= abs(scaled) < 1e15:
        mantissa, _, exponent = f"{scaled:.2e}".partition("e")
        return f"{mantissa}e{int(exponent)}"
    is_short = scaled == float(f"{scaled:.2g}")
    return _trimmed(_fixed(scaled, 2)) if is_short else _fixed(scaled, 3)


def _fixed(value: float, significant: int) -> str:
    """A number to so many significant digits, without a power of ten."""
    rounded = float(f"{value:.{significant}g}")
    if not rounded:
        return "0"
    decimals = max(0, significant - 1 - math.floor(math.log10(abs(rounded))))
    return f"{rounded:,.{decimals}f}"


def _trimmed(digits: str) -> str:
    return digits.rstrip("0").rstrip(".") if "." in digits else digits
