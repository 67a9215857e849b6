"""The report of every example, with its answer: light enough, asks for nothing, and anyone can read it."""

from __future__ import annotations

from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser
from tests.browser.looking import UNFOLD, check_chart_text, contrast, opened
from tests.unit.plan.specs import example_plans

import truecost
from truecost.report.html import render

EXAMPLES = Path(__file__).parents[2] / "examples"
NAMES = [path.stem for path in example_plans()]
MOST_BYTES = 300_000
WIDTHS = (390, 720, 1280, 1600)
FILLS = """() => [...new Set([...document.querySelectorAll("svg text, svg tspan")]
.map(text => getComputedStyle(text).fill))]"""


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The address of each example's report on disk."""
    folder = tmp_path_factory.mktemp("examples")
    for name in NAMES:
        result = truecost.plan(EXAMPLES / f"{name}.yaml", draws=256)
        page = render(result.to_dict() | {"what_if": result.answer.what_if})
        (folder / f"{name}.html").write_text(page, encoding="utf-8")
    return {name: (folder / f"{name}.html").as_uri() for name in NAMES}


@pytest.mark.parametrize("name", NAMES)
def test_page_is_light_enough(pages: dict[str, str], name: str) -> None:
    assert len(Path(pages[name].removeprefix("file://")).read_bytes()) <= MOST_BYTES


@pytest.mark.parametrize(("width", "theme"), [(390, "dark"), (1280, "light")])
@pytest.mark.parametrize("name", NAMES)
def test_axe_finds_nothing_and_nothing_is_asked_for(
    browser: Browser, pages: dict[str, str], name: str, width: int, theme: str
) -> None:
    with opened(browser, pages[name], width, theme) as (page, wrong):
        page.evaluate(UNFOLD)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        found = Axe().run(page).response["violations"]
        assert [(each["id"], each["nodes"][0]["html"]) for each in found] == []
        assert wrong == []


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", NAMES)
def test_chart_text_can_be_read_and_keeps_apart(
    browser: Browser, pages: dict[str, str], name: str, width: int
) -> None:
    with opened(browser, pages[name], width) as (page, _):
        check_chart_text(page, width)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_chart_text_has_contrast(browser: Browser, pages: dict[str, str], theme: str) -> None:
    with opened(browser, pages["startup-on-apis"], 1280, theme) as (page, _):
        paper = page.evaluate("getComputedStyle(document.body).backgroundColor")
        for fill in page.evaluate(FILLS):
            assert contrast(paper, fill) >= 4.5, fill


def test_keyboard_focus_is_seen_wherever_it_goes(browser: Browser, pages: dict[str, str]) -> None:
    with opened(browser, pages["startup-on-apis"], 1280) as (page, _):
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.getAttribute('href')") == "#findings"
        page.keyboard.press("Enter")
        page.keyboard.press("Tab")
        for _ in range(12):
            outline, inside = page.evaluate(
                "[getComputedStyle(document.activeElement).outlineStyle,"
                " document.activeElement.closest('main') !== null]"
            )
            assert inside
            assert outline != "none"
            page.keyboard.press("Tab")


def test_each_table_says_what_it_is_and_what_its_heads_are_of(
    browser: Browser, pages: dict[str, str]
) -> None:
    with opened(browser, pages["consumer-assistant"], 1280) as (page, _):
        tables = page.evaluate(
            "[...document.querySelectorAll('table')].map(t => [t.caption?.textContent ?? '',"
            " [...t.querySelectorAll('th')].every(th => ['row', 'col'].includes(th.scope)),"
            " [...t.tBodies[0].rows].every(r => r.cells.length === t.tHead.rows[0].cells.length)])"
        )
    for caption, is_scoped, is_even in tables:
        assert caption
        assert is_scoped, caption
        assert is_even, caption
