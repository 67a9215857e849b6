"""The verdict and the decision table in a terminal."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest

import truecost
from truecost.report.decision_text import crossing, fine_tune_or_retrieve, options, verdict
from truecost.report.layout import Page

NAMES = ("consumer-assistant", "startup-on-apis", "open-weights-team", "frontier-run", "deepseek-v3")


@cache
def answer(name: str) -> Any:
    return truecost.plan(f"examples/{name}.yaml", draws=64).answer


def text(page: Page) -> str:
    return page.plain()


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("width", [60, 80])
def test_the_page_fits_and_says_the_verdict(name: str, width: int) -> None:
    page = Page(width)
    found = answer(name)
    verdict(found.verdict, page)
    options(found.table, page, everything=True)
    shown = text(page)
    assert max(map(len, shown.splitlines())) <= width
    words = " ".join(shown.split())
    assert found.verdict["sentence"].replace("\N{NO-BREAK SPACE}", " ").split(";")[0][:40] in words
    for row in found.table:
        assert row["label"].split()[0] in words


def test_another_model_is_said_and_what_is_best_without() -> None:
    page = Page(80)
    verdict(answer("startup-on-apis").verdict, page)
    words = " ".join(text(page).split())
    assert "Test those answers first" in words
    assert "if the answers of" in words


def test_fine_tuning_against_retrieval_names_the_volume() -> None:
    page = Page(80)
    fine_tune_or_retrieve(answer("startup-on-apis").options["fine_tune_or_retrieve"], page)
    assert "queries a month" in " ".join(text(page).split())
    assert max(map(len, text(page).splitlines())) <= 80


def test_where_one_leads_at_every_volume_that_is_said() -> None:
    found = {"users_factor": None, "queries_per_month": None, "fine_tune_leads": False}
    assert crossing(found) == "Retrieval costs less than fine-tuning over an API at every volume tried."
    assert crossing(None) == ""
