"""What explains the excess of one odd day: the value of a dimension that had more than its usual share of it.

Each value is expected to cost its share of the days compared, of what the whole was expected to cost; what it
cost above that is its part of the excess, and the parts of a dimension sum to the excess. A value says
something where its part is larger than its usual share: a model that everything runs on explains nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, TypeAlias, cast

from truecost.ledger.engine import Connection
from truecost.ledger.over_time.effects import COLUMNS, Effect, Sums, effects, sums_by_model
from truecost.ledger.questions import TAG, dimension
from truecost.ledger.reading import sql
from truecost.ledger.usage import DIMENSIONS

if TYPE_CHECKING:
    from sqlglot import exp

Step: TypeAlias = date | datetime
MOST_TAGS = 20
_MOST_VALUES = 4
_SAYS_SOMETHING = 0.15
_DOMINATES = 0.7
_ALIKE = 0.1
"""Values that say as much but for this are told in the order of _FIRST."""
_FIRST = ("feature", "customer", "user", "task", "model")
_MODEL = ("provider", "model", "region", "service_tier", "batch")


@dataclass(frozen=True, slots=True)
class Part:
    """A value of a dimension: its part of the excess, and the share of the cost that it usually has."""

    dimension: str
    value: Any
    excess_usd: float
    usual_share: float


@dataclass(frozen=True, slots=True)
class Explained:
    """The values that explain an excess, the most telling first; those within the first; the effects there.

    `compared` are the days that it is compared with; empty where there are none to compare.
    """

    values: tuple[Part, ...]
    within: tuple[Part, ...]
    effects: tuple[Effect, ...]
    compared: tuple[str, ...]


def explain(
    connection: Connection, steps: tuple[Step, Sequence[Step]], label: Mapping[str, Any], expected_usd: float
) -> Explained:
    """Split the excess of one step over what was expected, within the group of a label."""
    odd, compared = steps
    _slice(connection, odd, compared, label)
    tags = connection.execute(
        "SELECT key FROM (SELECT unnest(map_keys(tags)) AS key FROM slices) GROUP BY key"
        f" ORDER BY count(*) DESC, key LIMIT {MOST_TAGS}"
    ).fetchall()
    technical = [one for one in DIMENSIONS if one not in _FIRST]
    every = (*_FIRST, *(TAG + tag for (tag,) in tags), *technical)
    dimensions = [one for one in every if one not in label]
    values = _telling(connection, dimensions, expected_usd, {})
    within: tuple[Part, ...] = ()
    chosen: dict[str, Any] = {}
    expected = expected_usd
    if values:
        chosen[values[0].dimension] = values[0].value
        expected *= values[0].usual_share
        rest = [one for one in dimensions if one not in chosen]
        deeper = _telling(connection, rest, expected, chosen)
        within = tuple(one for one in deeper if one.excess_usd / values[0].excess_usd >= _DOMINATES)
        if within:
            chosen[within[0].dimension] = within[0].value
            expected *= within[0].usual_share
    usual_sums, odd_sums = _by_model(connection, chosen)
    found = effects(usual_sums, odd_sums, expected)
    return Explained(values, within[:1], found, tuple(_said(one) for one in compared))


def _said(step: Step) -> str:
    return step.isoformat(sep=" ", timespec="minutes") if isinstance(step, datetime) else step.isoformat()


def _slice(connection: Connection, odd: Step, compared: Sequence[Step], label: Mapping[str, Any]) -> None:
    """The table `slices` of the steps that count, within a group."""
    from sqlglot import exp, parse_one

    hours = isinstance(odd, datetime)
    step: exp.Expr = exp.cast(exp.column("ts"), "DATE")
    if hours:
        hour = exp.func("DATE_TRUNC", exp.Literal.string("hour"), exp.column("ts"), dialect="duckdb")
        step = exp.cast(hour, "TIMESTAMP")
    kind = "TIMESTAMP" if hours else "DATE"
    moments = [exp.cast(exp.Literal.string(one.isoformat()), kind) for one in (odd, *compared)]
    rows = exp.select("*", exp.alias_(step.eq(moments[0]), "is_odd")).from_("priced_usage")
    rows = rows.where(step.copy().isin(*moments), *(is_value(*one) for one in label.items()))
    query = cast("exp.Select", parse_one(sql("daily_slices"), dialect="duckdb")).with_("steps", as_=rows)
    connection.execute(f"CREATE OR REPLACE TEMP TABLE slices AS {query.sql(dialect='duckdb')}")


def is_value(column: str, value: Any) -> exp.Expr:
    """Whether a column has a value, as a tree; None is a value too."""
    from sqlglot import exp

    if value is None:
        return dimension(column).is_(exp.Null())
    literal = exp.Boolean(this=value) if isinstance(value, bool) else exp.Literal.string(str(value))
    return exp.EQ(this=dimension(column), expression=literal)


def _telling(
    connection: Connection, dimensions: Sequence[str], expected_usd: float, chosen: Mapping[str, Any]
) -> tuple[Part, ...]:
    """The values that say something of the excess, one a dimension, the most telling first."""
    found: list[tuple[tuple[int, bool, int], Part]] = []
    for place, one in enumerate(dimensions):
        parts = _parts(connection, one, expected_usd, chosen)
        excess = sum(part.excess_usd for part in parts)
        if not excess:
            continue
        best = max(parts, key=lambda part: part.excess_usd / excess - part.usual_share)
        says = best.excess_usd / excess - best.usual_share
        if says >= _SAYS_SOMETHING and best.excess_usd / excess >= 0.5:
            found.append(((-round(says / _ALIKE), best.value is None, place), best))
    return tuple(part for _, part in sorted(found, key=lambda one: one[0])[:_MOST_VALUES])


def _parts(connection: Connection, column: str, expected_usd: float, chosen: Mapping[str, Any]) -> list[Part]:
    """The excess of every value of a dimension; of the days compared, the shares."""
    from sqlglot import exp

    odd = exp.case().when(exp.column("is_odd"), exp.column("usd")).else_(exp.Literal.number(0))
    usual = exp.case().when(exp.column("is_odd"), exp.Literal.number(0)).else_(exp.column("usd"))
    query = exp.select(dimension(column).as_("value"), exp.Sum(this=odd), exp.Sum(this=usual)).from_("slices")
    query = query.where(*(is_value(*one) for one in chosen.items())).group_by(dimension(column))
    rows = connection.execute(query.sql(dialect="duckdb")).fetchall()
    whole = float(sum(row[2] for row in rows))
    shares = [float(row[2]) / whole if whole else 0.0 for row in rows]
    return [
        Part(column, value, float(cost) - expected_usd * share, share)
        for (value, cost, _), share in zip(rows, shares, strict=True)
    ]


def _by_model(connection: Connection, chosen: Mapping[str, Any]) -> tuple[Sums, Sums]:
    """(usual, odd) by model and tier, within the values that explain the most."""
    from sqlglot import exp

    model = exp.func("CONCAT_WS", exp.Literal.string("|"), *(exp.column(one) for one in _MODEL))
    sums = [exp.Sum(this=exp.column(one)) for one in COLUMNS]
    query = exp.select(model.as_("offer"), "is_odd", *sums).from_("slices").group_by("offer", "is_odd")
    query = query.where(*(is_value(*one) for one in chosen.items()))
    return sums_by_model(connection.execute(query.sql(dialect="duckdb")).fetchall())
