"""The pages of training runs in a real browser: nothing asked for, nothing cut off, legible, for anyone."""

from __future__ import annotations

from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser
from tests.browser.looking import UNFOLD, check_chart_text, contrast, opened
from tests.unit.report.train_pages import PAGES, page_of

MOST_BYTES = 150_000
FILLS = """() => [...new Set([...document.querySelectorAll("svg text, svg tspan")]
.map(text => getComputedStyle(text).fill))]"""
POINTS = """() => [...document.querySelectorAll("svg .point")].map(point => point.getBoundingClientRect())
.filter(box => box.width).map(box => Math.min(box.width, box.height))"""


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The address of each page on disk."""
    folder = tmp_path_factory.mktemp("training")
    for name in PAGES:
        (folder / f"{name}.html").write_text(page_of(name), encoding="utf-8")
    return {name: (folder / f"{name}.html").as_uri() for name in PAGES}


@pytest.mark.parametrize("name", PAGES)
def test_page_is_light_enough(pages: dict[str, str], name: str) -> None:
    assert len(Path(pages[name].removeprefix("file://")).read_bytes()) <= MOST_BYTES


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_nothing_and_nothing_is_asked_for(
    browser: Browser, pages: dict[str, str], name: str, width: int, theme: str
) -> None:
    with opened(browser, pages[name], width, theme) as (page, wrong):
        page.evaluate(UNFOLD)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        found = Axe().run(page).response["violations"]
        assert [(each["id"], each["nodes"][0]["html"]) for each in found] == []
        assert page.evaluate("document.scripts.length") == 0
        assert wrong == []


@pytest.mark.parametrize("width", [390, 720, 1280])
@pytest.mark.parametrize("name", PAGES)
def test_chart_text_can_be_read_and_keeps_apart(
    browser: Browser, pages: dict[str, str], name: str, width: int
) -> None:
    with opened(browser, pages[name], width) as (page, _):
        check_chart_text(page, width)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("name", PAGES)
def test_chart_text_has_contrast(browser: Browser, pages: dict[str, str], name: str, theme: str) -> None:
    with opened(browser, pages[name], 1280, theme) as (page, _):
        paper = page.evaluate("getComputedStyle(document.body).backgroundColor")
        for fill in page.evaluate(FILLS):
            assert contrast(paper, fill) >= 4.5, fill


def test_points_of_the_frontier_are_large_enough_to_tell_apart(
    browser: Browser, pages: dict[str, str]
) -> None:
    with opened(browser, pages["clusters"], 390) as (page, _):
        sizes = page.evaluate(POINTS)
        assert len(sizes) > 8
        assert min(sizes) >= 7
