"""The wall, progress and both sides: sections of the page, text under --assumptions, never the first page."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.unit.plan.specs import product

import truecost
from truecost.report import progress_text, terminal, train_and_infer_text, wall_text
from truecost.report.layout import Page
from truecost.report.sections.inference_wall import inference_wall
from truecost.report.sections.progress import progress, progress_path
from truecost.report.sections.section import Absent, Section
from truecost.report.sections.train_and_infer import train_and_infer

EXAMPLES = Path(__file__).parents[3] / "examples"
WIDTHS = (40, 80, 100)


@pytest.fixture(scope="module")
def assistant() -> dict[str, Any]:
    result = truecost.plan(EXAMPLES / "consumer-assistant.yaml", draws=256)
    return result.statement() | {"training_against_inference": result.training_against_inference}


@pytest.fixture(scope="module")
def run() -> dict[str, Any]:
    return truecost.plan(EXAMPLES / "frontier-run.yaml", draws=64).statement()


@pytest.mark.parametrize("section", [inference_wall, progress, progress_path, train_and_infer])
def test_every_chart_is_drawn_with_its_table(section: Any, assistant: dict[str, Any]) -> None:
    made = section(assistant)
    assert isinstance(made, Section)
    assert made.figure is not None
    assert "<path" in made.figure.wide or "<rect" in made.figure.wide
    assert "nan" not in made.figure.wide + made.figure.narrow
    assert made.tables
    for table in made.tables:
        assert {len(row) for row in table.rows} == {len(table.head)}


def test_the_wall_of_a_run_alone_is_drawn_without_a_plan_on_it(run: dict[str, Any]) -> None:
    made = inference_wall(run)
    assert isinstance(made, Section)
    assert "71.3" in made.title
    assert made.figure is not None
    assert "this plan" not in made.figure.wide


def test_a_plan_without_the_part_says_so() -> None:
    statement = truecost.plan(product(), draws=16).statement()
    assert isinstance(inference_wall(statement), Absent)
    assert train_and_infer(statement) is None
    assert isinstance(train_and_infer(statement | {"training_against_inference": None}), Absent)
    assert isinstance(progress(statement), Section)


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize(
    "write", [wall_text.of_a_plan, progress_text.of_a_plan, train_and_infer_text.of_a_plan]
)
def test_the_text_fits_any_width(write: Any, width: int, assistant: dict[str, Any]) -> None:
    page = Page(width)
    write(assistant, page)
    lines = page.plain().splitlines()
    assert len(lines) > 8
    assert max(map(len, lines)) <= width


def test_the_first_page_does_not_grow(assistant: dict[str, Any]) -> None:
    page = terminal.render(assistant)
    for heading in ("The inference wall", "A query in five years", "Training against inference"):
        assert heading not in page
        assert heading in terminal.render(assistant, everything=True)
