"""`truecost plan SPEC --actual STORE`: the shipped plan and usage that join, and what is refused."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from tests.unit.cli.conftest import Run

from truecost.report.actual_text import actual_page
from truecost.report.layout import width_of

EXAMPLES = Path(__file__).parents[3] / "examples"
SPEC = EXAMPLES / "startup-on-apis.yaml"
MAP = (
    "ts=day,feature=purpose,requests=calls,input_tokens=prompt_tokens,output_tokens=completion_tokens,"
    "cache_read_tokens=cached_tokens"
)
PLAN = (SPEC, "--set", "as_of=2026-10-01", "--set", "start=2026-10", "--draws", "256")
KNOWN = ("--as-known", "2026-11-22")


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shipped month of usage in a store."""
    from truecost.ledger import import_usage

    folder = tmp_path_factory.mktemp("october")
    mapping = dict(part.split("=") for part in MAP.split(","))
    result = import_usage([EXAMPLES / "usage" / "startup-october.csv"], folder / "usage", mapping=mapping)
    assert (result.rows, result.rejected) == (100, 0)
    return folder / "usage"


@pytest.fixture(scope="module")
def told(store: Path) -> dict[str, Any]:
    """The comparison as data."""
    import truecost
    from truecost.plan.actual import against_usage

    plan = truecost.plan(SPEC, sets=["as_of=2026-10-01", "start=2026-10"], draws=256)
    return against_usage(plan, store).to_dict()


def test_the_shipped_plan_and_usage_join(run: Run, store: Path) -> None:
    done = run("plan", *PLAN, "--actual", store, *KNOWN)
    assert done.exit_code == 0, done.output
    lines = done.stdout.splitlines()
    assert max(map(width_of, lines)) <= 80
    assert lines[0] == "Builder product on API prices: plan against actual, 2026-10"
    said = " ".join(done.stdout.split())
    assert "2026-10: the whole month." in said
    assert "gpt-4.1 API: build" in said
    assert "no, above" in said
    assert "anthropic/claude-haiku-4-5 moderation 4.93" in said
    assert "Planned, and in no log of usage" in said
    assert "Nothing is scaled." in said


def test_own_prices_are_those_of_the_plan_and_of_the_usage(run: Run, store: Path, tmp_path: Path) -> None:
    own = tmp_path / "own.yaml"
    half = "{input: 1.00, output: 4.00, cache_read: 0.25}"
    own.write_text(f"checked: 2026-09-01\nsource: a contract\nprices:\n  openai/gpt-4.1: {half}\n")
    lines: list[dict[str, Any]] = []
    for catalog in ((), ("--catalog", own)):
        done = run("plan", *PLAN[:-1], "16", "--actual", store, *KNOWN, "--json", *catalog)
        found = json.loads(done.stdout)["actual"]["lines"]
        lines.append(next(one["total"] for one in found if one["name"] == "gpt-4.1 API: build"))
    listed, ours = lines
    assert 2 * Decimal(ours["actual_usd"]) == Decimal(listed["actual_usd"]), "half the list"
    assert 2 * ours["planned_usd"]["mean"] == pytest.approx(listed["planned_usd"]["mean"])


def test_json_has_the_comparison_beside_the_statement(run: Run, store: Path) -> None:
    done = run("plan", *PLAN[:-1], "16", "--actual", store, *KNOWN, "--json")
    found = json.loads(done.stdout)
    assert found["name"] == "Builder product on API prices"
    lines = found["actual"]["lines"]
    assert sum(Decimal(one["total"]["actual_usd"]) for one in lines) == Decimal(
        found["actual"]["total"]["actual_usd"]
    )
    assert {"planned_usd", "difference_usd", "verdict", "planned_quantity"} <= set(lines[0]["months"][0])


@pytest.mark.parametrize(("words", "message"), [
    ((SPEC, "--actual", "STORE"), "no month in common (--set start=2026-10 moves the plan)"),
    ((*PLAN, "--actual", "nowhere"), "nowhere: there is no such folder"),
    ((*PLAN, "--actual", "STORE", "--actual-class", "featur"), "the nearest is feature"),
    ((*PLAN, "--actual", "STORE", "--actual-class", "month"), "says when usage was"),
    ((*PLAN, "--actual-class", "task"), "--actual-class goes with --actual STORE"),
    ((*PLAN, *KNOWN), "--as-known goes with --actual STORE"),
])  # fmt: skip
def test_what_is_not_understood_is_one_message(
    run: Run, store: Path, words: tuple[Any, ...], message: str
) -> None:
    done = run("plan", *(store if word == "STORE" else word for word in words))
    assert (done.exit_code, len(done.stderr.splitlines())) == (2, 1), done.stderr
    assert message in done.stderr


@pytest.mark.parametrize("width", [40, 60, 100])
def test_the_page_keeps_to_any_width(told: dict[str, Any], width: int) -> None:
    line = told["lines"][0]
    partial = line["total"] | {"whole_months": False, "unpriced_entries": 2}
    months = [{"month": month, **partial} for month in ("2026-10", "2026-11")]
    other = told | {
        "months": [told["months"][0], told["months"][0] | {"month": "2026-11", "days": 9}],
        "lines": [line | {"months": months, "total": partial, "pooled_because": "the feature is another"}],
        "lines_without_usage": [{"name": "gpt-4.1 API: chat", "planned_usd": line["total"]["planned_usd"]}],
        "usage_outside_the_plan": [{"month": "2026-09", "usd": "3.5", "entries": 2}],
    }  # fmt: skip
    for one in (told, other):
        for everything in (False, True):
            text = actual_page("A plan", one, width, everything=everything).plain()
            assert max(map(width_of, text.splitlines())) <= width


def test_a_month_that_is_not_over_says_so_on_the_page(told: dict[str, Any]) -> None:
    partial = told | {
        "months": [told["months"][0] | {"days": 9, "last_day": "2026-10-09"}],
        "total": told["total"] | {"whole_months": False},
    }
    text = " ".join(actual_page("A plan", partial).plain().split())
    assert "usage of 9 of 31 days (2026-10-01 to 2026-10-09), against the plan's whole month" in text
    assert "interval, so far." in text
