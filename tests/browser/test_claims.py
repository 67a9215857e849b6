"""The page of claims in a real browser: no request, nothing cut off, legible charts, both themes."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser
from tests.browser.looking import UNFOLD, check_chart_text, contrast, opened

from truecost.evidence.claims import claims
from truecost.report.claims_page import render


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The page on disk."""
    target = tmp_path_factory.mktemp("claims") / "claims.html"
    target.write_text(render(claims().to_dict()), encoding="utf-8")
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


def test_contrast_is_enough_in_both_themes(browser: Browser, address: str) -> None:
    for theme in ("light", "dark"):
        with opened(browser, address, 1280, theme) as (page, _):
            ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
            for part in (".claim > summary b", ".claim > summary small", ".lede"):
                colour = page.evaluate(f"getComputedStyle(document.querySelector('{part}')).color")
                assert contrast(ground, colour) >= 4.5, part
