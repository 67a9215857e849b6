"""The pages of training runs in a real browser: nothing asked for, nothing cut off, legible, for anyone."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser
from tests.browser.looking import check_page, opened, written
from tests.unit.report.train_pages import PAGES, page_of

MOST_BYTES = 150_000
POINTS = """() => [...document.querySelectorAll("svg .point")].map(point => point.getBoundingClientRect())
.filter(box => box.width).map(box => Math.min(box.width, box.height))"""


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The address of each page on disk."""
    return written(tmp_path_factory.mktemp("training"), ((name, page_of(name)) for name in PAGES))


@pytest.mark.parametrize("name", PAGES)
def test_page_is_light_and_asks_for_nothing_and_anyone_can_read_it(
    browser: Browser, pages: dict[str, str], name: str
) -> None:
    check_page(browser, pages[name], MOST_BYTES)


def test_points_of_the_frontier_are_large_enough_to_tell_apart(
    browser: Browser, pages: dict[str, str]
) -> None:
    with opened(browser, pages["clusters"], 390) as (page, _):
        sizes = page.evaluate(POINTS)
        assert len(sizes) > 8
        assert min(sizes) >= 7
