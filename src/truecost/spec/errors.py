"""Problems in a spec: each names its place, field, value, what is allowed and the nearest valid name.

All problems of a stage are collected and raised together as one SpecError. Where pydantic found them,
`truecost.spec.translate` writes them in these terms; later stages add theirs through `Problems`.
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from pydantic_core import PydanticCustomError

REFUSED = "refused"
"""The pydantic error type of every value that our own checks refuse."""
_LONGEST_VALUE = 60
_LONGEST_ALLOWED = 12
_MOST_LINES = 100
_NEAR = 0.6
_NEARLY_AS_NEAR = 0.1


class Placed(Protocol):
    """A document that knows where its fields were written, and what was written there."""

    def place(self, path: str) -> str: ...
    def position(self, path: str) -> tuple[int, int]: ...
    def written(self, path: str) -> str: ...


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong, or legal but unusual, in a spec.

    `place` is "file:line" ("" for a spec given as a mapping), `field` the dotted path, `value` what was
    written there, `allowed` what could be, `nearest` the valid names closest to what was written.
    """

    place: str
    field: str
    value: str
    message: str
    allowed: tuple[str, ...] = ()
    nearest: tuple[str, ...] = ()

    def __str__(self) -> str:
        value = self.value if self.value and self.value not in self.message else ""
        text = ": ".join(part for part in (self.place, self.field, value, self.message) if part)
        if self.nearest:
            text += "; did you mean " + " or ".join(f"'{name}'" for name in self.nearest) + "?"
        return f"{text} (allowed: {listed(self.allowed)})" if self.allowed else text


class SpecError(ValueError):
    """Everything that is wrong with a spec, in the order of its lines; its text is cut after a hundred."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems: tuple[Problem, ...] = tuple(dict.fromkeys(problems))
        lines = [str(problem) for problem in self.problems[:_MOST_LINES]]
        more = len(self.problems) - len(lines)
        super().__init__("\n".join([*lines, f"and {more:,} more"] if more else lines))


def in_order(problems: Iterable[Problem]) -> list[Problem]:
    """Problems by the line of their place; those of `--set` last."""

    def line(problem: Problem) -> float:
        digits = problem.place.rpartition(":")[2]
        return int(digits) if digits.isdecimal() else math.inf if problem.place else 0

    return sorted(problems, key=line)


@dataclass(slots=True)
class _Finding:
    path: str
    message: str
    allowed: tuple[str, ...]
    nearest: tuple[str, ...]

    def problem(self, document: Placed) -> Problem:
        value = document.written(self.path)
        return Problem(document.place(self.path), self.path, value, self.message, self.allowed, self.nearest)


def _problems(findings: Sequence[_Finding], document: Placed) -> tuple[Problem, ...]:
    ordered = sorted(findings, key=lambda finding: (document.position(finding.path), finding.path))
    return tuple(dict.fromkeys(finding.problem(document) for finding in ordered))


@dataclass(slots=True)
class Problems:
    """Collects what a stage after validation finds, by dotted path, and reports it with its places.

    >>> problems = Problems()
    >>> problems.add("serving.chip", "no such chip", nearest=["h100-sxm"])
    >>> bool(problems)
    True
    """

    _errors: list[_Finding] = field(default_factory=list[_Finding])
    _warnings: list[_Finding] = field(default_factory=list[_Finding])

    def add(
        self, path: str, message: str, *, allowed: Iterable[str] = (), nearest: Iterable[str] = ()
    ) -> None:
        """Note an error: the spec cannot be used. The value written at the path is looked up on report."""
        self._errors.append(_Finding(path, message, tuple(allowed), tuple(nearest)))

    def warn(
        self, path: str, message: str, *, allowed: Iterable[str] = (), nearest: Iterable[str] = ()
    ) -> None:
        """Note something legal but unusual."""
        self._warnings.append(_Finding(path, message, tuple(allowed), tuple(nearest)))

    def __bool__(self) -> bool:
        """Whether there is an error (warnings do not count)."""
        return bool(self._errors)

    def raise_if_any(self, document: Placed) -> None:
        """Raise SpecError with every error added, in the order of the document's lines."""
        if self._errors:
            raise SpecError(_problems(self._errors, document))

    def warnings(self, document: Placed) -> tuple[Problem, ...]:
        """Every warning added, in the order of the document's lines."""
        return _problems(self._warnings, document)


def refuse(
    message: str, *, at: str = "", allowed: Iterable[str] = (), nearest: Iterable[str] = ()
) -> PydanticCustomError:
    """The error for a validator to raise, with its parts kept; `at` names a field below the validated one."""
    context = {"message": message, "at": at, "allowed": tuple(allowed), "nearest": tuple(nearest)}
    return PydanticCustomError(REFUSED, "{message}", context)


def nearest_names(name: str, names: Iterable[str], most: int = 2) -> tuple[str, ...]:
    """The names most like a misspelt one, best first; none when none is close.

    >>> nearest_names("usres", ["users", "price", "growth"])
    ('users',)
    """
    wanted = _folded(name[:_LONGEST_VALUE])
    scored = [
        (difflib.SequenceMatcher(None, wanted, _folded(each)).ratio(), each) for each in dict.fromkeys(names)
    ]
    best = max((score for score, _ in scored), default=0.0)
    close = [(score, each) for score, each in scored if score >= max(_NEAR, best - _NEARLY_AS_NEAR)]
    return tuple(each for _, each in sorted(close, key=lambda pair: -pair[0])[:most])


def _folded(name: str) -> str:
    return name.lower().replace("-", "_").replace(" ", "_")


def listed(names: Sequence[str]) -> str:
    """Names for a message, the first dozen when there are many."""
    more = len(names) - _LONGEST_ALLOWED
    shown = ", ".join(names[:_LONGEST_ALLOWED])
    return f"{shown}, and {more} more" if more > 0 else shown


def shortened(value: object) -> str:
    """A value as a message quotes it: text in quotes, the rest as written, at most 60 characters.

    >>> shortened("80 GB"), shortened(1.4), shortened(None), shortened(True)
    ("'80 GB'", '1.4', 'null', 'true')
    """
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list | tuple):
        return "a list"
    text = repr(value)
    return text if len(text) <= _LONGEST_VALUE else text[: _LONGEST_VALUE - 2] + "…'"
