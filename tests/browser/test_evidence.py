"""The page of the scorecards in a real browser: no request, nothing cut off, legible charts, no barrier."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser
from tests.browser.looking import UNFOLD, barriers, check_chart_text, check_width, contrast, opened, seen_as

from truecost.evidence.scorecards import scorecards
from truecost.report.evidence_html import render


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The page on disk."""
    target = tmp_path_factory.mktemp("evidence") / "evidence.html"
    target.write_text(render(scorecards()), encoding="utf-8")
    return target.as_uri()


def test_the_page_asks_for_nothing_fits_and_can_be_read_by_anyone(browser: Browser, address: str) -> None:
    with opened(browser, address, 390) as (page, wrong):
        page.evaluate(UNFOLD)
        check_width(page, (390, 720, 1280))
        for width in (390, 1280):
            seen_as(page, width)
            check_chart_text(page, width)
        for width, theme in ((390, "dark"), (1280, "light")):
            seen_as(page, width, theme)
            assert barriers(page) == [], (width, theme)
        assert wrong == []


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_dots_stand_out_from_the_page(browser: Browser, address: str, theme: str) -> None:
    with opened(browser, address, 1280, theme) as (page, _):
        ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
        for part in ("accent-cloud", "tone1-cloud", "tone3-cloud"):
            colour = page.evaluate(f"getComputedStyle(document.querySelector('.{part}')).stroke")
            assert contrast(ground, colour) >= 3, part
