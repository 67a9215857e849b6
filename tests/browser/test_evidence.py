"""The page of the scorecards in a real browser: no request, nothing cut off, legible charts, no barrier."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser
from tests.browser.looking import UNFOLD, check_chart_text, contrast, opened

from truecost.evidence.scorecards import scorecards
from truecost.report.evidence_html import render


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The page on disk."""
    target = tmp_path_factory.mktemp("evidence") / "evidence.html"
    target.write_text(render(scorecards()), encoding="utf-8")
    return target.as_uri()


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 720, 1280])
def test_the_page_asks_for_nothing_and_fits(browser: Browser, address: str, width: int, theme: str) -> None:
    with opened(browser, address, width, theme) as (page, wrong):
        page.evaluate(UNFOLD)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert wrong == []


@pytest.mark.parametrize("width", [390, 1280])
def test_chart_text_can_be_read_and_keeps_apart(browser: Browser, address: str, width: int) -> None:
    with opened(browser, address, width) as (page, _):
        page.evaluate(UNFOLD)
        check_chart_text(page, width)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_axe_finds_nothing(browser: Browser, address: str, width: int, theme: str) -> None:
    with opened(browser, address, width, theme) as (page, _):
        page.evaluate(UNFOLD)
        found = Axe().run(page).response["violations"]
        assert [(rule["id"], rule["nodes"][0]["html"][:200]) for rule in found] == []


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_dots_stand_out_from_the_page(browser: Browser, address: str, theme: str) -> None:
    with opened(browser, address, 1280, theme) as (page, _):
        ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
        for part in ("accent-cloud", "tone1-cloud", "tone3-cloud"):
            colour = page.evaluate(f"getComputedStyle(document.querySelector('.{part}')).stroke")
            assert contrast(ground, colour) >= 3, part
