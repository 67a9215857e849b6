"""The report of every example, with its answer: light enough, asks for nothing, and anyone can read it."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser
from tests.browser.looking import check_page, opened, written
from tests.unit.plan.specs import example_plans

import truecost
from truecost.report.html import render

EXAMPLES = Path(__file__).parents[2] / "examples"
NAMES = [path.stem for path in example_plans()]
MOST_BYTES = 300_000
WIDTHS = (390, 720, 1280, 1600)


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The address of each example's report on disk."""
    made = ((name, page_of(name)) for name in NAMES)
    return written(tmp_path_factory.mktemp("examples"), made)


def page_of(name: str) -> str:
    """The report of an example, with its answer."""
    result = truecost.plan(EXAMPLES / f"{name}.yaml", draws=64)
    return render(result.to_dict() | {"what_if": result.answer.what_if})


@pytest.mark.parametrize("name", NAMES)
def test_page_is_light_and_asks_for_nothing_and_anyone_can_read_it(
    browser: Browser, pages: dict[str, str], name: str
) -> None:
    check_page(browser, pages[name], MOST_BYTES, widths=WIDTHS, is_scripted=True)


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
