"""The filter language: what it means, that a value stays a value, and that what is not in it is refused."""

from __future__ import annotations

from typing import Any

import pytest
import sqlglot
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlglot import exp

from truecost.ledger.engine import connected
from truecost.ledger.filters import COUNTS, DEEPEST, FLAGS, TEXTS, FilterError, filter_of
from truecost.ledger.usage import COLUMNS

ROWS = (
    {"feature": "summary", "model": "gpt-5-mini", "input_tokens": 9000, "batch": True, "tags": {"team": "a"}},
    {"feature": "chat", "model": "o3", "input_tokens": 100_000, "batch": False, "tags": {"team": "it's"}},
    {"feature": None, "model": "o3", "input_tokens": 0, "batch": False, "tags": {}},
)
ALL = {0, 1, 2}


def rows_with(text: str) -> set[int]:
    """The places of ROWS that a filter holds for."""
    with connected() as connection:
        columns = ", ".join(f'"{name}" {kind}' for name, kind in COLUMNS.items())
        connection.execute(f"CREATE TABLE usage ({columns})")
        for place, row in enumerate(ROWS):
            connection.execute(
                "INSERT INTO usage (ts, feature, model, input_tokens, batch, tags, line)"
                " VALUES (CAST(? AS TIMESTAMP), ?, ?, ?, ?, ?, ?)",
                [f"2026-1{place}-05 23:59:59", *row.values(), place],
            )
        query = exp.select("line").from_("usage").where(filter_of(text))
        return {line for (line,) in connection.execute(query.sql("duckdb")).fetchall()}


@pytest.mark.parametrize(("text", "rows"), [
    ('feature = "summary"', {0}), ("feature = 'summary' or feature = chat", {0, 1}),
    ("feature != summary", {1, 2}), ("not feature = summary", {1, 2}),
    ("feature is none", {2}), ('feature = ""', {2}), ("feature is not none", {0, 1}),
    ("model in (o3, gpt-5-mini) and not batch = true", {1, 2}), ("model not in (o3)", {0}),
    ("input_tokens > 9k", {1}), ("input_tokens >= 9_000", {0, 1}), ("input_tokens in (0, 9000)", {0, 2}),
    ("tag:team = \"it's\"", {1}), ("tag:team = 'it''s'", {1}), ('tag:"team" is none', {2}),
    ("day = 2026-11-05", {1}), ("day < 2026-11-05", {0}), ("month >= 2026-11", {1, 2}),
    ("batch = yes or (feature = chat and input_tokens < 1)", {0}),
    ("feature = summary or feature = chat and input_tokens < 1", {0}),
    ("feature = \"x' OR 1=1 --\"", set[int]()), ("feature != ')'", ALL),
])  # fmt: skip
def test_what_a_filter_means(text: str, rows: set[int]) -> None:
    assert rows_with(text) == rows


@pytest.mark.parametrize(("text", "message"), [
    ("featur = x", "character 1: there is no column 'featur'; the nearest is feature"),
    ("Feature = x", "there is no column 'Feature'; the nearest is feature"),
    ("", "an empty filter"), ("feature", "it ends where =, !="), ("feature =", "it ends where a value"),
    ("feature = a b", "character 13: 'b' where and, or, or the end should stand"),
    ("(feature = a", "it ends where ) should stand"), ("feature in (a b)", "'b' where , or ) should stand"),
    ("feature > a", "only counts, day and month have an order"),
    ("input_tokens = ten", "input_tokens is compared with a whole number, such as 200000 or 200k, not 'ten'"),
    ("input_tokens = -1", "not '-1'"), ("batch = 1", "batch is compared with true or false"),
    ("day = 2026-02-30", "day is compared with a day as 2026-10-05"),
    ("batch is none", "every row has batch"),
    ("feature = 'a", "character 11: a quote that does not end"), ("feature = a; DROP TABLE usage", "'DROP'"),
    ("feature = (select 1)", "'(' where a value should stand"), ("1 = 1", "there is no column '1'"),
    ("feature = feature()", "where and, or, or the end should stand"),
    ("feature is x", "'x' where none should stand"), ("not " * (DEEPEST + 1) + "model = a", "more than 40"),
    ("tag: = x", "the name of the tag"), ("x" * 5000, "5,000 characters"),
])  # fmt: skip
def test_what_is_not_in_the_language_is_refused_with_its_place(text: str, message: str) -> None:
    with pytest.raises(FilterError) as refused:
        filter_of(text)
    assert message in str(refused.value)


ALLOWED = (
    exp.And, exp.Or, exp.Not, exp.Paren, exp.EQ, exp.NEQ, exp.LT, exp.LTE, exp.GT, exp.GTE, exp.In,
    exp.Coalesce, exp.Bracket, exp.Column, exp.Identifier, exp.Literal, exp.Boolean, exp.Cast, exp.DataType,
    exp.DateTrunc, exp.TimestampTrunc, exp.Var,
)  # fmt: skip
WORDS = [
    *TEXTS[:4], *COUNTS[:3], *FLAGS, "day", "month", "tag:team", "and", "or", "not", "in", "is", "none", "(",
    ")", ",", "=", "!=", "<", ">=", "'", '"', "''", "2026-10", "2026-10-05", "7", "7k", "true", ";", "--",
    "/*", "\\", "DROP TABLE usage", "1=1", "tag:", "\x00", "\n", "select", "usage.ts",
]  # fmt: skip


def understood(text: str) -> exp.Expr | None:
    """The filter as a tree; None where it is refused."""
    try:
        return filter_of(text)
    except FilterError:
        return None


@settings(max_examples=40, deadline=None)
@given(st.lists(st.sampled_from(WORDS), max_size=14).map(" ".join) | st.text(max_size=40))
def test_any_text_is_a_condition_of_a_few_kinds_or_refused(text: str) -> None:
    if (found := understood(text)) is None:
        return
    again = sqlglot.parse_one(found.sql("duckdb"), dialect="duckdb")
    assert all(isinstance(node, ALLOWED) for node in again.walk()), text
    assert {one.table for one in again.find_all(exp.Column)} == {"usage"}


Meant = tuple[str, set[int]]
LEAVES: tuple[Meant, ...] = (
    ("feature = summary", {0}), ("model in (o3, x)", {1, 2}), ("input_tokens >= 9k", {0, 1}),
    ("feature is none", {2}), ("batch = false", {1, 2}), ("tag:team != a", {1, 2}),
)  # fmt: skip


def joined(parts: st.SearchStrategy[Meant]) -> st.SearchStrategy[Meant]:
    """Filters of filters, with the rows that they mean."""
    pairs = st.tuples(parts, parts)
    return st.one_of(
        parts.map(lambda one: (f"not ({one[0]})", ALL - one[1])),
        pairs.map(lambda two: (f"({two[0][0]}) and ({two[1][0]})", two[0][1] & two[1][1])),
        pairs.map(lambda two: (f"({two[0][0]}) or ({two[1][0]})", two[0][1] | two[1][1])),
    )


@settings(max_examples=25, deadline=None)
@given(st.recursive(st.sampled_from(LEAVES), joined, max_leaves=6))
def test_a_filter_of_filters_means_what_they_mean(one: Meant) -> None:
    text, rows = one
    assert rows_with(text) == rows


@settings(max_examples=40, deadline=None)
@given(st.text(min_size=0, max_size=30))
def test_a_value_comes_back_as_it_was_written(value: str) -> None:
    quoted = "'" + value.replace("'", "''") + "'"
    tree: Any = sqlglot.parse_one(filter_of(f"feature = {quoted}").sql("duckdb"), dialect="duckdb")
    assert tree.expression.this == value


def test_hundreds_of_terms_are_taken() -> None:
    text = " or ".join(["model = a"] * 300)
    assert filter_of(text).sql("duckdb").count(" OR ") == 299
