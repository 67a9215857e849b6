"""The pages of replays in a real browser: nothing asked for, nothing cut off, legible, for anyone."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser
from tests.browser.looking import check_page, written
from tests.unit.report.replay_pages import PAGES, page_of

from truecost.replay import replay
from truecost.report.replay_page import render

EXAMPLE = Path(__file__).parents[2] / "examples" / "chat-on-h100.yaml"
MOST_BYTES = 300_000
NAMES = (*PAGES, "example")


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The address of each page on disk."""
    shipped = render(replay(EXAMPLE, sets=["fleet.replicas=2"]).to_dict())
    made = [*((name, page_of(name)) for name in PAGES), ("example", shipped)]
    return written(tmp_path_factory.mktemp("replays"), made)


@pytest.mark.parametrize("name", NAMES)
def test_page_is_light_and_asks_for_nothing_and_anyone_can_read_it(
    browser: Browser, pages: dict[str, str], name: str
) -> None:
    check_page(browser, pages[name], MOST_BYTES)
