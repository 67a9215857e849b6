"""The pages of trends in a browser: nothing runs off, no text too small, no request, in both themes."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from playwright.sync_api import Browser
from tests.browser.looking import SMALLEST_TEXT_PX, TEXTS, opened, seen_as

from truecost.evidence.trends import TRENDS, trend
from truecost.report.trends_html import render

VIEWS = ((390, "dark"), (760, "light"), (1280, "light"))


@pytest.mark.parametrize("name", list(TRENDS))
def test_a_page_fits(browser: Browser, tmp_path: Path, name: str) -> None:
    target = tmp_path / "page.html"
    target.write_text(render(trend(name, date(2026, 11, 22), 2030)), encoding="utf-8")
    with opened(browser, target.as_uri(), VIEWS[0][0]) as (page, wrong):
        for width, theme in VIEWS:
            seen_as(page, width, theme)
            root = "document.documentElement"
            assert page.evaluate(f"{root}.scrollWidth <= {root}.clientWidth")
            for chart in page.evaluate(TEXTS):
                for text in chart["texts"]:
                    assert text["left"] >= chart["left"] - 1, text
                    assert text["right"] <= chart["right"] + 1, text
                    assert text["size"] >= SMALLEST_TEXT_PX, text
        assert wrong == []
