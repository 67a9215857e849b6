"""The what-if panel in a real browser: what it says, by keyboard, by link, on paper, without a script."""

from __future__ import annotations

import itertools
import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page
from tests.browser.looking import UNFOLD, barriers, opened, seen_as, written

import truecost
from truecost.catalog.catalog import load
from truecost.plan.panel import panel
from truecost.plan.variants import Variants
from truecost.report.html import render
from truecost.report.phrases import around_mean, shown
from truecost.report.sections.what_if import amounts, answers, said

ROOT = Path(__file__).parents[2]
PLANS = {
    "startup-on-apis": ROOT / "examples/startup-on-apis.yaml",
    "open-weights-team": ROOT / "examples/open-weights-team.yaml",
    "frontier-run": ROOT / "examples/frontier-run.yaml",
    "capped": ROOT / "src/truecost/plan/starter_plans/consumer.yaml",
    "no-revenue": Path(__file__).parent / "plans/no-revenue.yaml",
}
MOVES: dict[str, list[dict[str, float]]] = {
    "startup-on-apis": [{"price": 3.0}, {"users": 0.1, "cache": -1.0}, {"price": 0.2, "queries": 5.0}],
    "open-weights-team": [{"price": 5.0, "users": 9.0, "cache": 0.5, "utilization": 0.4}, {"queries": 0.2}],
    "frontier-run": [{"utilization": 1.5}, {"utilization": 0.3}],
    "capped": [{"queries": 4.0, "users": 0.3}, {"utilization": 0.5, "cache": 0.9}],
    "no-revenue": [{"users": 10.0}, {"utilization": 0.3, "queries": 3.0}],
}


@pytest.fixture(scope="module")
def statements() -> dict[str, dict[str, Any]]:
    """Statements with their panels."""
    made: dict[str, dict[str, Any]] = {}
    for name, path in PLANS.items():
        result = truecost.plan(path, draws=512)
        made[name] = result.statement() | {"what_if": panel(Variants(result.document, load(), draws=512))}
    return made


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory, statements: dict[str, dict[str, Any]]) -> dict[str, str]:
    """The address of each page on disk."""
    made = ((name, render(statement)) for name, statement in statements.items())
    return written(tmp_path_factory.mktemp("what-if"), made)


def numbers(text: str) -> list[float]:
    """The numbers in a text, k to T multiplied out."""
    sizes = {"": 1.0, "k": 1e3, "M": 1e6, "B": 1e9, "T": 1e12}
    plain = text.replace("\xa0", " ").replace("\u2060", "").replace(",", "")
    return [float(n) * sizes[size] for n, size in re.findall(r"(-?[0-9.]+)(?: ([kMBT])\b)?", plain)]


def answered(page: Page) -> dict[str, tuple[str, str]]:
    """What the page answers: number and interval of each."""
    boxes = page.locator(".live [data-answer]")
    return {
        str(box.get_attribute("data-answer")): (
            str(box.locator("b").text_content()),
            str(box.locator(".interval-said").text_content()),
        )
        for box in boxes.all()
    }


def expected(statement: dict[str, Any], **moves: float) -> dict[str, tuple[str, str]]:
    """The same by Python's own interpolation."""
    found = amounts(statement, **moves)
    months = statement["horizon_months"]
    values: dict[str, Any] = {"cost": found.cost, "margin": found.margin, "query": found.query}
    if months > 1:
        values["month"] = {point: value / months for point, value in found.cost.items()}
    return {
        key: (shown(value["mean"], "USD"), around_mean(value, "USD"))
        for key, value in values.items()
        if value
    }


def move(page: Page, statement: dict[str, Any], **moves: float) -> None:
    """Sliders to stops of theirs, as a hand would."""
    stops = {axis["key"]: axis["stops"] for axis in statement["what_if"]["axes"]}
    for key, value in moves.items():
        page.locator(f"#what-if-{key}").fill(str(stops[key].index(value)))


def link(address: str, **moves: float) -> str:
    return f"{address}#what-if=" + ",".join(f"{key}:{value:g}" for key, value in moves.items())


@pytest.mark.parametrize("name", PLANS)
def test_it_fits_asks_for_nothing_and_anyone_can_read_it(
    browser: Browser, pages: dict[str, str], name: str
) -> None:
    with opened(browser, pages[name], 390) as (page, wrong):
        page.evaluate(UNFOLD)
        for width, theme in itertools.product((390, 1280), ("light", "dark")):
            seen_as(page, width, theme)
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            assert barriers(page, "#what-if") == []
        assert wrong == []


@pytest.mark.parametrize("name", PLANS)
def test_at_first_it_says_what_the_headline_says(
    browser: Browser, pages: dict[str, str], statements: dict[str, dict[str, Any]], name: str
) -> None:
    with opened(browser, pages[name], 1280) as (page, wrong):
        seen = answered(page)
        for answer in answers(statements[name]):
            value, interval = seen[answer.key]
            assert value == f"{answer.value}\xa0{answer.unit}".rstrip("\xa0")
            assert interval.replace("\u2060", "") == answer.interval
        assert page.locator(".change").all_text_contents() == ["as planned"] * len(seen)
        assert wrong == []


@pytest.mark.parametrize(("name", "width"), list(zip(PLANS, itertools.cycle((390, 1280)), strict=False)))
def test_a_moved_slider_gives_what_python_interpolates(
    browser: Browser, pages: dict[str, str], statements: dict[str, dict[str, Any]], name: str, width: int
) -> None:
    statement = statements[name]
    with opened(browser, pages[name], width) as (page, wrong):
        for moves in MOVES[name]:
            page.locator("[data-do=reset]").click()
            move(page, statement, **moves)
            seen = answered(page)
            for key, (value, interval) in expected(statement, **moves).items():
                assert numbers(seen[key][0]) == pytest.approx(numbers(value), rel=2e-3), (moves, key)
                assert numbers(seen[key][1]) == pytest.approx(numbers(interval), rel=2e-3), (moves, key)
            for axis in statement["what_if"]["axes"]:
                words = said(axis, moves.get(axis["key"], axis["own"]))
                assert words in str(page.locator(f"#what-if-{axis['key']}-said").text_content())
        assert wrong == []


def test_a_link_shares_it_and_junk_in_it_is_ignored(
    browser: Browser, pages: dict[str, str], statements: dict[str, dict[str, Any]]
) -> None:
    statement, address = statements["startup-on-apis"], pages["startup-on-apis"]
    moves = {"price": 3.0, "users": 1.2}
    with opened(browser, address, 1280) as (page, _):
        move(page, statement, **moves)
        shared, seen = page.evaluate("location.href"), answered(page)
        assert shared == link(address, **moves)
    with opened(browser, address, 1280) as (page, wrong):
        page.goto("about:blank")
        page.goto(shared)
        assert answered(page) == seen
        assert page.locator("#what-if-price").input_value() == str(
            statement["what_if"]["axes"][0]["stops"].index(3.0)
        )
        assert [each for each in wrong if not each.startswith((address, "about:"))] == []
    junk = (
        "price:3,users:1.2,nonsense:4,cache:9,queries:abc,price,users:1:2,utilization:0.5,__proto__:1,"
        "constructor:2,queries:1e3,<b>:1"
    )
    for fragment in (f"#what-if={junk}", "#what-if=price%3A3%2Cusers%3A1.2"):
        with opened(browser, address, 1280) as (page, _):
            page.goto("about:blank")
            page.goto(address + fragment)
            assert answered(page) == seen
    for fragment in ("#what-if=", "#what-if=%", "#what-if", "#what-if=price:6,users:0.01"):
        with opened(browser, address, 1280) as (page, _):
            page.goto("about:blank")
            page.goto(address + fragment)
            assert page.locator(".change").first.text_content() == "as planned"


def test_a_value_between_the_stops_is_kept(
    browser: Browser, pages: dict[str, str], statements: dict[str, dict[str, Any]]
) -> None:
    with opened(browser, pages["startup-on-apis"], 1280) as (page, _):
        page.goto("about:blank")
        page.goto(link(pages["startup-on-apis"], price=2.37))
        value, _ = expected(statements["startup-on-apis"], price=2.37)["cost"]
        assert answered(page)["cost"][0] == value
        assert "2.37" in str(page.locator("#what-if-price-said").text_content())


def test_a_link_followed_on_the_page_moves_it_and_another_leaves_it(
    browser: Browser, pages: dict[str, str]
) -> None:
    with opened(browser, pages["startup-on-apis"], 1280) as (page, _):
        page.evaluate("location.hash = 'what-if=price:3'")
        page.wait_for_function("document.querySelector('.command').textContent.includes('api_price')")
        before = answered(page)
        page.locator("nav a[href='#sources']").click()
        assert answered(page) == before


def test_reset_and_copy(browser: Browser, pages: dict[str, str]) -> None:
    with opened(browser, pages["startup-on-apis"], 1280) as (page, wrong):
        before = answered(page)
        page.locator("#what-if-users").fill("0")
        assert answered(page) != before
        page.locator("[data-do=copy]").click()
        page.wait_for_function("document.querySelector('[data-do=copy]').textContent === 'Copied'")
        page.locator("[data-do=reset]").click()
        assert answered(page) == before
        assert page.evaluate("location.hash") == ""
        assert wrong == []


def test_the_command_is_that_of_the_sliders(
    browser: Browser, pages: dict[str, str], statements: dict[str, dict[str, Any]]
) -> None:
    with opened(browser, pages["open-weights-team"], 1280) as (page, _):
        command = page.locator("#what-if .command")
        assert str(command.text_content()).endswith("open-weights-team.yaml")
        move(page, statements["open-weights-team"], price=3.0, cache=0.5)
        text = str(command.text_content())
        assert """ --set 'what_if=[{"api_price": 3, "cached_share_added": 0.5}]'""" in text
        assert "--set serving.tuned.hybrid.base_multiple_of_mean=" in text


def test_the_keyboard_moves_a_slider_and_it_is_announced(browser: Browser, pages: dict[str, str]) -> None:
    with opened(browser, pages["startup-on-apis"], 390) as (page, _):
        slider = page.locator("#what-if-price")
        slider.focus()
        assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") != "none"
        own, before = int(slider.input_value()), answered(page)
        page.keyboard.press("ArrowRight")
        assert int(slider.input_value()) == own + 1
        assert answered(page) != before
        assert str(slider.get_attribute("aria-valuetext")).startswith("1.1 times the plan's, ")
        page.wait_for_function(
            "document.querySelector('#what-if [role=status]').textContent.includes('All in')"
        )
        page.keyboard.press("Home")
        assert slider.input_value() == "0"
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.id") == "what-if-users"
        assert page.locator("#what-if-utilization").is_disabled()


def test_on_paper_it_is_the_plan_as_it_is(browser: Browser, pages: dict[str, str]) -> None:
    with opened(browser, link(pages["startup-on-apis"], price=3), 794) as (page, _):
        planned = page.locator("#what-if .own")
        assert not planned.is_visible()
        page.emulate_media(media="print")
        assert planned.is_visible()
        assert not page.locator("#what-if .live").is_visible()
        assert "As the plan has it" in planned.inner_text()
        assert page.locator("#what-if table").first.is_visible()


def test_without_a_script_there_is_a_table(browser: Browser, pages: dict[str, str]) -> None:
    page = browser.new_page(java_script_enabled=False)
    page.goto(pages["startup-on-apis"])
    assert page.locator("#what-if .own").is_visible()
    assert not page.locator("#what-if .live").is_visible()
    page.locator("#what-if summary").click()
    assert page.locator("#what-if table").is_visible()
    page.close()
