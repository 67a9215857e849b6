"""Which rows a question is asked of: `feature = "summary" and not (input_tokens > 100k or tag:team in (a))`.

A small language of its own: columns of the normal form, compared with values, joined by and, or, not and
parentheses. What is not in it is refused with its place; a value becomes a literal of the tree and nothing
else, so SQL in one is only text. Every comparison is true or false: a row that says nothing of a text column
equals "" and differs from everything else, as `is none` finds it.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, NoReturn

from truecost.ledger.usage import COLUMNS, DIMENSIONS

if TYPE_CHECKING:
    from sqlglot import exp

TAG = "tag:"
LONGEST = 4000
DEEPEST = 40
"""The most characters, and the most parentheses and nots inside one another."""
TEXTS = (*(one for one in DIMENSIONS if COLUMNS[one] == "VARCHAR"), "request_id", "parent_id", "source_file")
COUNTS = tuple(one for one, kind in COLUMNS.items() if kind == "BIGINT" and one != "line")
FLAGS = tuple(one for one, kind in COLUMNS.items() if kind == "BOOLEAN")
DAYS = ("day", "month")
FIELDS = (*TEXTS, *COUNTS, *FLAGS, *DAYS)
"""The columns that a filter may name, besides tag:NAME."""
_TOKEN = re.compile(
    r"""\s*(?:(?P<text>"(?:[^"]|"")*"|'(?:[^']|'')*')|(?P<sign><=|>=|!=|<>|==|[=<>(),])"""
    r"""|(?P<word>[^\s"'=<>!(),]+))"""
)
_WORDS = frozenset({"and", "or", "not", "in", "is"})
_EQUAL = {"=": "=", "==": "=", "!=": "!=", "<>": "!="}
_ORDER = ("<", "<=", ">", ">=")
_COUNT = re.compile(r"(\d[\d_]*)([kKmMbB]?)")
_TIMES = {"": 1, "k": 10**3, "m": 10**6, "b": 10**9}
_MOST = 10**18


@dataclass(frozen=True, slots=True)
class _Token:
    """A word, a sign or a quoted text, and where it stands."""

    text: str
    at: int
    kind: str

    @property
    def keyword(self) -> str:
        """The word in small letters, where it is one of the language's own."""
        word = self.text.lower()
        return word if self.kind == "word" and word in _WORDS else ""


class FilterError(ValueError):
    """A filter that is not understood; says where and what is allowed."""


def filter_of(text: str) -> exp.Expr:
    """A filter as a condition on `usage`. Raises FilterError with the place, and the nearest column.

    >>> filter_of("feature = 'it''s' and input_tokens >= 10k").sql("duckdb")
    "COALESCE(usage.feature, '') = 'it''s' AND usage.input_tokens >= 10000"
    >>> filter_of("featur = x")
    Traceback (most recent call last):
    ...
    truecost.ledger.filters.FilterError: character 1: there is no column 'featur'; the nearest is feature ...
    """
    if len(text) > LONGEST:
        raise FilterError(f"a filter of {len(text):,} characters; at most {LONGEST:,}")
    return _Parser(text).whole()


def option_filter(option: str, text: str | None) -> exp.Expr | None:
    """The filter of an option, None without one; an error names the option."""
    if text is None:
        return None
    try:
        return filter_of(text)
    except FilterError as error:
        raise FilterError(f"{option} {text}: {error}") from None


def _tokens(text: str) -> Iterator[_Token]:
    at, end = 0, len(text.rstrip())
    while at < end:
        found = _TOKEN.match(text, at, end)
        if found is None:
            start = at + len(text[at:]) - len(text[at:].lstrip())
            what = (
                "a quote that does not end" if text[start] in "\"'" else f"{text[start]!r} is not understood"
            )
            raise FilterError(f"character {start + 1}: {what}")
        kind = str(found.lastgroup)
        value = found[kind]
        if kind == "text":
            value = value[1:-1].replace(value[0] * 2, value[0])
        yield _Token(value, found.start(kind), kind)
        at = found.end()


class _Parser:
    """or < and < not < comparison: a method a level, each reads what is its own."""

    def __init__(self, text: str) -> None:
        self.tokens = list(_tokens(text))
        self.end = len(text)
        self.place = 0
        self.depth = 0

    def whole(self) -> exp.Expr:
        if not self.tokens:
            raise FilterError('an empty filter; write COLUMN = VALUE, such as feature = "summary"')
        found = self.either()
        if self.place < len(self.tokens):
            self.refuse("and, or, or the end")
        return found

    def either(self) -> exp.Expr:
        from sqlglot import exp

        found = [self.all()]
        while self.takes("or"):
            found.append(self.all())
        return exp.or_(*found) if len(found) > 1 else found[0]

    def all(self) -> exp.Expr:
        from sqlglot import exp

        found = [self.one()]
        while self.takes("and"):
            found.append(self.one())
        return exp.and_(*found) if len(found) > 1 else found[0]

    def one(self) -> exp.Expr:
        from sqlglot import exp

        self.depth += 1
        if self.depth > DEEPEST:
            raise FilterError(f"more than {DEEPEST} parentheses or nots inside one another")
        if self.takes("not"):
            found = exp.not_(self.one())
        elif self.takes("("):
            found = exp.paren(self.either())
            if not self.takes(")"):
                self.refuse(")")
        else:
            found = self.comparison()
        self.depth -= 1
        return found

    def comparison(self) -> exp.Expr:
        column = self.column()
        if self.takes("is"):
            other = self.takes("not")
            word = self.value("none")
            if word.text.lower() not in {"none", "null"}:
                self.place -= 1
                self.refuse("none")
            return _is_none(column, other)
        if self.takes("not"):
            if not self.takes("in"):
                self.refuse("in")
            return _among(column, self.values(), without=True)
        if self.takes("in"):
            return _among(column, self.values(), without=False)
        sign = self.peek()
        if sign is None or sign.kind != "sign" or sign.text not in {*_EQUAL, *_ORDER}:
            self.refuse("=, !=, <, <=, >, >=, in, not in or is none")
        self.place += 1
        return _compared(column, sign, self.value("a value"))

    def column(self) -> _Token:
        token = self.peek()
        if token is None or token.kind != "word" or token.keyword:
            self.refuse("a column")
        self.place += 1
        if token.text == TAG:
            label = self.peek()
            if label is None or label.kind != "text" or not label.text:
                self.refuse("the name of the tag, such as tag:team")
            self.place += 1
            return _Token(TAG + label.text, token.at, "word")
        if token.text not in FIELDS and not token.text.startswith(TAG):
            near = difflib.get_close_matches(token.text.lower(), (*FIELDS, TAG), n=1)
            hint = f"; the nearest is {near[0]}" if near else ""
            raise FilterError(
                f"character {token.at + 1}: there is no column {token.text!r}{hint}"
                f" (columns: {', '.join(FIELDS)}, tag:NAME)"
            )
        return token

    def value(self, wanted: str) -> _Token:
        token = self.peek()
        if token is None or token.kind == "sign" or token.keyword:
            self.refuse(wanted)
        self.place += 1
        return token

    def values(self) -> list[_Token]:
        if not self.takes("("):
            self.refuse("( and values with commas")
        found = [self.value("a value")]
        while self.takes(","):
            found.append(self.value("a value"))
        if not self.takes(")"):
            self.refuse(", or )")
        return found

    def peek(self) -> _Token | None:
        return self.tokens[self.place] if self.place < len(self.tokens) else None

    def takes(self, wanted: str) -> bool:
        token = self.peek()
        own = token is not None and (token.keyword or (token.text if token.kind == "sign" else "")) == wanted
        self.place += own
        return own

    def refuse(self, wanted: str) -> NoReturn:
        token = self.peek()
        if token is None:
            raise FilterError(f"it ends where {wanted} should stand")
        hint = "" if token.kind == "text" else "; put a value with such signs or words in quotes"
        raise FilterError(f"character {token.at + 1}: {token.text!r} where {wanted} should stand{hint}")


def _of(column: _Token) -> exp.Expr:
    """What is compared: never NULL."""
    from sqlglot import exp

    name = column.text
    if name in DAYS:
        day = exp.cast(exp.column("ts", table="usage"), "DATE")
        unit = exp.Literal.string("month")
        return day if name == "day" else exp.cast(exp.func("DATE_TRUNC", unit, day, dialect="duckdb"), "DATE")
    if name in COUNTS or name in FLAGS:
        return exp.column(name, table="usage")
    stored = exp.column(name, table="usage", quoted=name == "user")
    if name.startswith(TAG):
        label = exp.Literal.string(name[len(TAG) :])
        stored = exp.Bracket(this=exp.column("tags", table="usage"), expressions=[label])
    return exp.func("COALESCE", stored, exp.Literal.string(""))


def _is_none(column: _Token, other: bool) -> exp.Expr:
    from sqlglot import exp

    if column.text in (*COUNTS, *FLAGS, *DAYS):
        raise FilterError(
            f"character {column.at + 1}: every row has {column.text}; none is for texts and tags"
        )
    return (exp.NEQ if other else exp.EQ)(this=_of(column), expression=exp.Literal.string(""))


def _among(column: _Token, values: list[_Token], *, without: bool) -> exp.Expr:
    from sqlglot import exp

    found = exp.In(this=_of(column), expressions=[_literal(column, one) for one in values])
    return exp.not_(found) if without else found


def _compared(column: _Token, sign: _Token, value: _Token) -> exp.Expr:
    from sqlglot import exp

    ordered = column.text in COUNTS or column.text in DAYS
    if sign.text in _ORDER and not ordered:
        raise FilterError(
            f"character {sign.at + 1}: {column.text} {sign.text}: only counts, day and month have an order;"
            " =, !=, in, not in or is none go with it"
        )
    kinds = {"=": exp.EQ, "!=": exp.NEQ, "<": exp.LT, "<=": exp.LTE, ">": exp.GT, ">=": exp.GTE}
    kind = kinds[_EQUAL.get(sign.text, sign.text)]
    return kind(this=_of(column), expression=_literal(column, value))


def _literal(column: _Token, value: _Token) -> exp.Expr:
    """The value in the type of its column, as a literal."""
    from sqlglot import exp

    name, text = column.text, value.text
    if name in COUNTS:
        found = _COUNT.fullmatch(text)
        count = int(found[1].replace("_", "")) * _TIMES[found[2].lower()] if found else _MOST
        if count >= _MOST:
            _mistyped(column, value, "a whole number, such as 200000 or 200k")
        return exp.Literal.number(count)
    if name in FLAGS:
        if text.lower() not in {"true", "false", "yes", "no"}:
            _mistyped(column, value, "true or false")
        return exp.true() if text.lower() in {"true", "yes"} else exp.false()
    if name in DAYS:
        return exp.cast(exp.Literal.string(_day(column, value).isoformat()), "DATE")
    return exp.Literal.string(text)


def _day(column: _Token, value: _Token) -> date:
    """A day as 2026-10-05, a month as 2026-10."""
    monthly = column.text == "month"
    try:
        return datetime.strptime(value.text, "%Y-%m" if monthly else "%Y-%m-%d").date()
    except ValueError:
        _mistyped(column, value, "a month as 2026-10" if monthly else "a day as 2026-10-05")


def _mistyped(column: _Token, value: _Token, wanted: str) -> NoReturn:
    raise FilterError(
        f"character {value.at + 1}: {column.text} is compared with {wanted}, not {value.text!r}"
    )
