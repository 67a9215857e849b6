"""The HTML report in a real browser: no request, nothing cut off, legible text, both themes, keyboard."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser
from tests.browser.looking import (
    UNFOLD,
    check_chart_text,
    check_width,
    contrast,
    luminance,
    opened,
    seen_as,
    written,
)

import truecost
from truecost.report.html import render

PLANS = Path(__file__).parent / "plans"
NAMES = sorted(path.stem for path in PLANS.glob("*.yaml"))
WIDTHS = (390, 720, 1280, 1600)


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The address of each plan's report on disk."""
    made = ((name, render(truecost.plan(PLANS / f"{name}.yaml", draws=200).statement())) for name in NAMES)
    return written(tmp_path_factory.mktemp("reports"), made)


@pytest.mark.parametrize("name", NAMES)
def test_page_asks_for_nothing_fits_and_its_charts_can_be_read(
    browser: Browser, pages: dict[str, str], name: str
) -> None:
    with opened(browser, pages[name], WIDTHS[0]) as (page, wrong):
        for width in WIDTHS:
            seen_as(page, width)
            check_chart_text(page, width)
        page.evaluate(UNFOLD)
        check_width(page, WIDTHS)
        assert wrong == []


def test_dark_and_light_differ_and_contrast_is_enough(browser: Browser, pages: dict[str, str]) -> None:
    read = "() => [getComputedStyle(document.body).backgroundColor, getComputedStyle(document.body).color]"
    seen: dict[str, list[str]] = {}
    for theme in ("light", "dark"):
        with opened(browser, pages["run-alone"], 1280, theme) as (page, _):
            seen[theme] = page.evaluate(read)
            soft = page.evaluate("getComputedStyle(document.querySelector('.lede')).color")
            assert contrast(seen[theme][0], seen[theme][1]) >= 7
            assert contrast(seen[theme][0], soft) >= 4.5
    assert luminance(seen["light"][0]) > 0.8
    assert luminance(seen["dark"][0]) < 0.05


def test_the_keyboard_reaches_findings_and_tables(browser: Browser, pages: dict[str, str]) -> None:
    with opened(browser, pages["product-on-apis"], 1280) as (page, _):
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.className") == "skip"
        assert page.evaluate("document.activeElement.getBoundingClientRect().left") >= 0
        page.locator("summary").first.focus()
        page.keyboard.press("Enter")
        assert page.evaluate("document.querySelector('details').open")
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.className") == "scroll"


def test_print_is_light_and_unfolds_the_tables(browser: Browser, pages: dict[str, str]) -> None:
    with opened(browser, pages["product-on-apis"], 794, "dark") as (page, _):
        page.emulate_media(media="print", color_scheme="dark")
        assert luminance(page.evaluate("getComputedStyle(document.body).backgroundColor")) > 0.8
        assert page.evaluate("document.querySelector('details table').getBoundingClientRect().height") > 20
