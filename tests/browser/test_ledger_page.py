"""The page of a usage report in a real browser: nothing asked for, nothing cut off, legible, for anyone."""

from __future__ import annotations

from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser
from tests.browser.looking import UNFOLD, check_chart_text, contrast, opened
from tests.unit.report.ledger_pages import page_of

NAMES = ("quiet", "hostile")
MOST_BYTES = 300_000
FILLS = """() => [...new Set([...document.querySelectorAll("svg text, svg tspan")]
.map(text => getComputedStyle(text).fill))]"""
WIDEST = """() => Math.max(...[...document.querySelectorAll("main *")]
.filter(one => !one.closest(".scroll, svg")).map(one => one.getBoundingClientRect().right))"""


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Each page on disk."""
    folder = tmp_path_factory.mktemp("ledger")
    for name in NAMES:
        (folder / f"{name}.html").write_text(page_of(name), encoding="utf-8")
    return {name: folder / f"{name}.html" for name in NAMES}


@pytest.mark.parametrize(
    ("name", "width", "theme"),
    [("quiet", 390, "light"), ("quiet", 1280, "dark"), ("hostile", 390, "dark"), ("hostile", 1280, "light")],
)
def test_a_page_can_be_read_by_anyone(
    browser: Browser, pages: dict[str, Path], name: str, width: int, theme: str
) -> None:
    assert pages[name].stat().st_size <= MOST_BYTES
    with opened(browser, pages[name].as_uri(), width, theme) as (page, wrong):
        page.evaluate(UNFOLD)
        check_chart_text(page, width)
        assert page.evaluate(WIDEST) <= width
        paper = page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert all(contrast(paper, fill) >= 4.5 for fill in page.evaluate(FILLS))
        assert page.evaluate("document.scripts.length + document.images.length") == 0
        found = Axe().run(page).response["violations"]
        assert [(each["id"], each["nodes"][0]["html"]) for each in found] == []
        assert wrong == []
