"""The pages of replays in a real browser: nothing asked for, nothing cut off, legible, for anyone."""

from __future__ import annotations

from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser
from tests.browser.looking import UNFOLD, check_chart_text, contrast, opened
from tests.unit.report.replay_pages import PAGES, page_of

from truecost.replay import replay
from truecost.report.replay_page import render

EXAMPLE = Path(__file__).parents[2] / "examples" / "chat-on-h100.yaml"
MOST_BYTES = 300_000
NAMES = (*PAGES, "example")
FILLS = """() => [...new Set([...document.querySelectorAll("svg text, svg tspan")]
.map(text => getComputedStyle(text).fill))]"""


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The address of each page on disk."""
    folder = tmp_path_factory.mktemp("replays")
    for name in PAGES:
        (folder / f"{name}.html").write_text(page_of(name), encoding="utf-8")
    shipped = replay(EXAMPLE, sets=["fleet.replicas=2"])
    (folder / "example.html").write_text(render(shipped.to_dict()), encoding="utf-8")
    return {name: (folder / f"{name}.html").as_uri() for name in NAMES}


@pytest.mark.parametrize("name", NAMES)
def test_page_is_light_enough(pages: dict[str, str], name: str) -> None:
    assert len(Path(pages[name].removeprefix("file://")).read_bytes()) <= MOST_BYTES


@pytest.mark.parametrize(("width", "theme"), [(390, "dark"), (1280, "light")])
@pytest.mark.parametrize("name", NAMES)
def test_axe_finds_nothing_and_nothing_is_asked_for(
    browser: Browser, pages: dict[str, str], name: str, width: int, theme: str
) -> None:
    with opened(browser, pages[name], width, theme) as (page, wrong):
        page.evaluate(UNFOLD)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        found = Axe().run(page).response["violations"]
        assert [(each["id"], each["nodes"][0]["html"]) for each in found] == []
        assert page.evaluate("document.scripts.length") == 0
        assert wrong == []


@pytest.mark.parametrize("width", [390, 720, 1280])
@pytest.mark.parametrize("name", NAMES)
def test_chart_text_can_be_read_and_keeps_apart(
    browser: Browser, pages: dict[str, str], name: str, width: int
) -> None:
    with opened(browser, pages[name], width) as (page, _):
        check_chart_text(page, width)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("name", ["example", "fleets", "ways"])
def test_chart_text_has_contrast(browser: Browser, pages: dict[str, str], name: str, theme: str) -> None:
    with opened(browser, pages[name], 1280, theme) as (page, _):
        paper = page.evaluate("getComputedStyle(document.body).backgroundColor")
        for fill in page.evaluate(FILLS):
            assert contrast(paper, fill) >= 4.5, fill
