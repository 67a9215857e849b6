"""The page of claims in a real browser: no request, nothing cut off, legible charts, both themes."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser
from tests.browser.looking import UNFOLD, check_chart_text, check_width, contrast, opened, seen_as

from truecost.evidence.claims import claims
from truecost.report.claims_page import render


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The page on disk."""
    target = tmp_path_factory.mktemp("claims") / "claims.html"
    target.write_text(render(claims().to_dict()), encoding="utf-8")
    return target.as_uri()


def test_the_page_asks_for_nothing_fits_and_can_be_read(browser: Browser, address: str) -> None:
    with opened(browser, address, 390) as (page, wrong):
        page.evaluate(UNFOLD)
        check_width(page, (390, 720, 1280))
        for width in (390, 1280):
            seen_as(page, width)
            check_chart_text(page, width)
        assert wrong == []


def test_contrast_is_enough_in_both_themes(browser: Browser, address: str) -> None:
    for theme in ("light", "dark"):
        with opened(browser, address, 1280, theme) as (page, _):
            ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
            for part in (".claim > summary b", ".claim > summary small", ".lede"):
                colour = page.evaluate(f"getComputedStyle(document.querySelector('{part}')).color")
                assert contrast(ground, colour) >= 4.5, part
