"""The pages of trends in a browser: nothing runs off, no text too small, no request, in both themes."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from playwright.sync_api import Browser
from tests.browser.looking import SMALLEST_TEXT_PX, TEXTS

from truecost.evidence.trends import TRENDS, trend
from truecost.report.trends_html import render


@pytest.mark.parametrize("name", list(TRENDS))
@pytest.mark.parametrize(("width", "theme"), [(390, "dark"), (760, "light"), (1280, "light")])
def test_a_page_fits(browser: Browser, tmp_path: Path, name: str, width: int, theme: str) -> None:
    target = tmp_path / "page.html"
    target.write_text(render(trend(name, date(2026, 11, 22), 2030)), encoding="utf-8")
    page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=theme)  # type: ignore[arg-type]
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: asked.append(message.text))
    page.goto(target.as_uri())
    try:
        assert asked == [target.as_uri()]
        root = "document.documentElement"
        assert page.evaluate(f"{root}.scrollWidth <= {root}.clientWidth")
        for chart in page.evaluate(TEXTS):
            for text in chart["texts"]:
                assert text["left"] >= chart["left"] - 1, text
                assert text["right"] <= chart["right"] + 1, text
                assert text["size"] >= SMALLEST_TEXT_PX, text
    finally:
        page.close()
