"""The questions as SQL: readable, in every dialect, with values that stay values."""

from __future__ import annotations

import pytest
import sqlglot
from sqlglot import exp
from tests.unit.ledger.logs import EXAMPLES, NOW

from truecost.ledger.questions import DIALECTS, QUESTIONS, Window, check_by, printed, question


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("name", QUESTIONS)
def test_every_question_is_printed_in_every_dialect(name: str, dialect: str) -> None:
    asked = question(name, ("feature", "user", "day", "month", "tag:team"), Window.of_month("2026-10"))
    text = printed(asked, dialect)
    again = sqlglot.parse_one(text, dialect=dialect)
    assert {one.name for one in again.find_all(exp.Table)} >= {"usage", "rates"}
    assert "2026-10-01" in text
    assert "2026-11-01" in text


def test_bigquery_keeps_fifteen_digits() -> None:
    assert "BIGNUMERIC" in printed(question("priced"), "bigquery")
    assert "DECIMAL(38, 15)" in printed(question("priced"), "spark")


def test_a_value_stays_a_value() -> None:
    nasty = "tag:x'] FROM usage; DROP TABLE usage; --"
    tree = sqlglot.parse_one(printed(question("report", (nasty,)), "duckdb"), dialect="duckdb")
    assert not list(tree.find_all(exp.Drop))
    assert nasty[4:] in {one.this for one in tree.find_all(exp.Literal)}


@pytest.mark.parametrize(("call", "message"), [
    (lambda: question("reprot"), "no question 'reprot'"),
    (lambda: printed(question("priced"), "duckdv"), "the nearest is duckdb"),
    (lambda: check_by(("tag:",)), "cannot be grouped by 'tag:'"),
    (lambda: Window.of_month("2026-13"), "no month"),
])  # fmt: skip
def test_what_is_not_known_is_refused(call: object, message: str) -> None:
    assert callable(call)
    with pytest.raises(ValueError, match=message):
        call()


def test_the_printed_sql_gives_the_reports_total(tmp_path: object) -> None:
    from datetime import date
    from pathlib import Path

    from truecost.ledger import import_usage, usage_report
    from truecost.ledger.engine import connected
    from truecost.ledger.reporting import prepare_tables
    from truecost.ledger.store import open_store

    store = Path(str(tmp_path)) / "usage"
    import_usage(sorted(EXAMPLES.glob("*.jsonl")), store, now=NOW)
    with connected() as connection:
        prepare_tables(connection, open_store(store), Window(), date(2026, 11, 22))
        text = printed(question("report", ("user",)), "duckdb")
        total = connection.execute(f"SELECT sum(usd) FROM ({text})").fetchall()[0][0]
    assert total == usage_report(store, ("feature",), as_known=date(2026, 11, 22)).total_usd
