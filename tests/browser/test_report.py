"""The HTML report in a real browser: no request, nothing cut off, legible text, both themes, keyboard."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

import truecost
from truecost.report.html import render

PLANS = Path(__file__).parent / "plans"
NAMES = sorted(path.stem for path in PLANS.glob("*.yaml"))
WIDTHS = (390, 720, 1280, 1600)
SMALLEST_TEXT_PX = 11.0

TEXTS = """() => [...document.querySelectorAll("figure > svg")].filter(svg => svg.getClientRects().length)
.map(svg => {
  const scale = svg.getBoundingClientRect().width / svg.viewBox.baseVal.width;
  const edges = svg.getBoundingClientRect();
  return {
    name: svg.getAttribute("aria-label").slice(0, 60), left: edges.left, right: edges.right,
    texts: [...svg.querySelectorAll("text")].map(text => {
      const box = text.getBoundingClientRect();
      const spans = [text, ...text.querySelectorAll("tspan")].filter(e => e.textContent);
      const sizes = spans.map(e => parseFloat(getComputedStyle(e).fontSize) * scale);
      return {said: text.textContent, size: Math.min(...sizes), left: box.left, right: box.right,
              top: box.top, bottom: box.bottom};
    }),
  };
})"""


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The address of each plan's report on disk."""
    folder = tmp_path_factory.mktemp("reports")
    for name in NAMES:
        page = render(truecost.plan(PLANS / f"{name}.yaml", draws=200).to_dict())
        (folder / f"{name}.html").write_text(page, encoding="utf-8")
    return {name: (folder / f"{name}.html").as_uri() for name in NAMES}


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


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("name", NAMES)
def test_page_asks_for_nothing_and_fits(
    browser: Browser, pages: dict[str, str], name: str, width: int, theme: str
) -> None:
    with opened(browser, pages[name], width, theme) as (page, wrong):
        page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert wrong == []


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", NAMES)
def test_chart_text_can_be_read_and_keeps_apart(
    browser: Browser, pages: dict[str, str], name: str, width: int
) -> None:
    with opened(browser, pages[name], width) as (page, _):
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


def luminance(colour: str) -> float:
    """Relative luminance of a CSS rgb() colour (WCAG 2.2)."""
    parts = [float(p) / 255 for p in colour.removeprefix("rgb(").removesuffix(")").split(",")]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    """Contrast ratio of two colours (WCAG 2.2)."""
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


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
