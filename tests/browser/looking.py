"""What a test looks at in a page: requests and errors, the text of its charts, its colours."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import Browser, Page

SMALLEST_TEXT_PX = 11.0

TEXTS = """() => [...document.querySelectorAll("figure > svg")].filter(svg => svg.getClientRects().length)
.map(svg => {
  const scale = svg.getBoundingClientRect().width / svg.viewBox.baseVal.width;
  const edges = svg.getBoundingClientRect();
  return {
    name: svg.closest("figure").getAttribute("aria-label").slice(0, 60), left: edges.left, right: edges.right,
    texts: [...svg.querySelectorAll("text")].map(text => {
      const box = text.getBoundingClientRect();
      const spans = [text, ...text.querySelectorAll("tspan")].filter(e => e.textContent);
      const sizes = spans.map(e => parseFloat(getComputedStyle(e).fontSize) * scale);
      return {said: text.textContent, size: Math.min(...sizes), left: box.left, right: box.right,
              top: box.top, bottom: box.bottom};
    }),
  };
})"""


UNFOLD = "document.querySelectorAll('details').forEach(d => d.open = true)"


@contextmanager
def opened(
    browser: Browser, address: str, width: int, theme: Any = "light"
) -> Iterator[tuple[Page, list[str]]]:
    """The page, and what went wrong while it was open: requests other than for itself, console errors."""
    page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=theme)
    wrong: list[str] = []
    page.on("request", lambda request: None if request.url == address else wrong.append(request.url))
    page.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.goto(address)
    yield page, wrong
    page.close()


def check_chart_text(page: Page, width: int) -> None:
    """Every figure is drawn, its text large enough, on the page and apart from other text."""
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    charts = page.evaluate(TEXTS)
    assert len(charts) == page.evaluate("document.querySelectorAll('figure').length")
    for chart in charts:
        for text in chart["texts"]:
            assert text["size"] >= SMALLEST_TEXT_PX, (chart["name"], text)
            assert text["left"] >= 0, (chart["name"], text)
            assert text["right"] <= width, (chart["name"], text)
        for one, other in itertools.combinations(chart["texts"], 2):
            assert not touch(one, other), (chart["name"], one["said"], other["said"])


def touch(one: dict[str, float], other: dict[str, float]) -> bool:
    """Whether two texts overlap by more than the air around their letters."""
    across = min(one["right"], other["right"]) - max(one["left"], other["left"])
    down = min(one["bottom"], other["bottom"]) - max(one["top"], other["top"])
    return across > 1 and down > 0.45 * min(b["bottom"] - b["top"] for b in (one, other))


def luminance(colour: str) -> float:
    """Relative luminance of a CSS rgb() colour (WCAG 2.2)."""
    parts = [float(p) / 255 for p in colour.removeprefix("rgb(").removesuffix(")").split(",")]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    """Contrast ratio of two colours (WCAG 2.2)."""
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)
