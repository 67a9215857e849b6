"""A browser for the report: Debian's chromium without a network, or a skip that says what is missing."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Error, sync_playwright

CHROMIUM = ("/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium, headless; it needs no sandbox to read a file of our own."""
    found = next((path for path in CHROMIUM if Path(path).exists()), None) or shutil.which("chromium")
    if found is None:
        pytest.skip("no chromium on this machine: `apt-get install chromium` brings it")
    with sync_playwright() as driver:
        try:
            opened = driver.chromium.launch(executable_path=found, args=["--no-sandbox", "--disable-gpu"])
        except Error as reason:
            pytest.skip(f"chromium at {found} does not start: {reason.message.splitlines()[0]}")
        yield opened
        opened.close()
