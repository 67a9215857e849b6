"""What a test looks at in a page: requests and errors, the text of its charts, its colours, its barriers."""

from __future__ import annotations

import itertools
import weakref
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from axe_playwright_python.sync_playwright import Axe
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
FILLS = """() => [...new Set([...document.querySelectorAll("svg text, svg tspan")]
.map(text => getComputedStyle(text).fill))]"""
AXE = Axe().axe_script
KINDS = """root => {
  const path = e => e === document ? "" :
    path(e.parentNode) + ">" + [e.nodeName, e.getAttribute("class"), e.getAttribute("style")];
  const kinds = new Map();
  for (const e of root.querySelectorAll("*")) {
    if (![...e.childNodes].some(n => n.nodeType === Node.TEXT_NODE && n.textContent.trim())) continue;
    const css = getComputedStyle(e);
    const kind = [path(e), css.color, css.backgroundColor, css.fontSize, css.fontWeight, css.opacity].join();
    if (!kinds.has(kind)) kinds.set(kind, e);
  }
  return [...kinds.values()];
}"""
"""One element with text of each kind: within the same elements, in the same colours and size."""
BARRIERS = """async inside => {
  const root = document.querySelector(inside), contrast = "color-contrast", resultTypes = ["violations"];
  const all = await axe.run(root, {rules: {[contrast]: {enabled: false}}, resultTypes});
  const colours = await axe.run({include: (KINDS)(root)}, {runOnly: [contrast], resultTypes});
  return [...all.violations, ...colours.violations].map(rule => [rule.id, rule.nodes[0].html]);
}""".replace("KINDS", KINDS)

_sheets: weakref.WeakKeyDictionary[Browser, Page] = weakref.WeakKeyDictionary()


@contextmanager
def opened(
    browser: Browser, address: str, width: int, theme: Any = "light"
) -> Iterator[tuple[Page, list[str]]]:
    """The page, and what went wrong while it was open: requests other than for itself, console errors.

    One tab serves all, blank between two: a new one costs more than most pages.
    """
    page = _sheets.get(browser)
    if page is None:
        page = _sheets[browser] = browser.new_page()
    page.set_viewport_size({"width": width, "height": 900})
    page.emulate_media(color_scheme=theme, media="null")
    wrong: list[str] = []
    heard: dict[Any, Any] = {
        "request": lambda request: None if request.url == address else wrong.append(request.url),
        "console": lambda message: wrong.append(message.text) if message.type == "error" else None,
        "pageerror": lambda error: wrong.append(str(error)),
    }
    for event, hear in heard.items():
        page.on(event, hear)
    page.goto(address)
    try:
        yield page, wrong
    finally:
        for event, hear in heard.items():
            page.remove_listener(event, hear)
        page.goto("about:blank")


def written(folder: Path, pages: Iterable[tuple[str, str]]) -> dict[str, str]:
    """The address of each page, written to disk."""
    addresses: dict[str, str] = {}
    for name, page in pages:
        path = folder / f"{name}.html"
        path.write_text(page, encoding="utf-8")
        addresses[name] = path.as_uri()
    return addresses


def check_page(
    browser: Browser,
    address: str,
    most_bytes: int,
    *,
    widths: Sequence[int] = (390, 720, 1280),
    axe: Iterable[tuple[int, str]] = ((390, "dark"), (1280, "light")),
    is_scripted: bool = False,
) -> None:
    """A page of ours, opened once: light, whole and legible at each width, asking for nothing, for anyone."""
    assert Path(address.removeprefix("file://")).stat().st_size <= most_bytes
    with opened(browser, address, widths[0]) as (page, wrong):
        assert is_scripted or page.evaluate("document.scripts.length") == 0
        for width in widths:
            seen_as(page, width)
            check_chart_text(page, width)
        check_chart_contrast(page)
        page.evaluate(UNFOLD)
        check_width(page, widths)
        for width, theme in axe:
            seen_as(page, width, theme)
            assert barriers(page) == [], (width, theme)
        assert wrong == []


def check_width(page: Page, widths: Iterable[int]) -> None:
    """Nothing runs off the open page at any of these widths, in either theme."""
    for width, theme in itertools.product(widths, ("light", "dark")):
        seen_as(page, width, theme)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, (width, theme)


def seen_as(page: Page, width: int, theme: Any = "light") -> None:
    """The open page at another width, in another theme."""
    page.set_viewport_size({"width": width, "height": 900})
    page.emulate_media(color_scheme=theme)


def barriers(page: Page, inside: str = "html") -> list[list[str]]:
    """The rules of axe that are broken, each with the first element that breaks it.

    Contrast, by far the dearest rule, is judged on one element of each kind, every other rule on all of them.
    """
    page.evaluate(AXE)
    return page.evaluate(BARRIERS, inside)


def check_chart_contrast(page: Page) -> None:
    """The text of charts stands out from the paper in both themes."""
    for theme in ("light", "dark"):
        page.emulate_media(color_scheme=theme)
        paper = page.evaluate("getComputedStyle(document.body).backgroundColor")
        for fill in page.evaluate(FILLS):
            assert contrast(paper, fill) >= 4.5, (theme, fill)


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
