"""Advice for a terminal: biggest first, within a width and a page."""

from __future__ import annotations

import pytest
from tests.unit.plan.specs import product

import truecost
from truecost.report.advice_text import MOST_LINES, page

EXAMPLES = ("consumer-assistant", "deepseek-v3", "frontier-run", "startup-on-apis")


@pytest.mark.parametrize("name", EXAMPLES)
@pytest.mark.parametrize("width", [60, 80])
def test_a_page_fits(name: str, width: int) -> None:
    found = truecost.advise(f"examples/{name}.yaml", draws=64).to_dict()
    text = page(found, width).plain()
    assert all(len(line) <= width for line in text.splitlines())
    if width == 80:
        assert len(text.splitlines()) <= MOST_LINES
    assert all(len(line) <= width for line in page(found, width, everything=True).plain().splitlines())


def test_the_biggest_comes_first_and_everything_is_all_of_it() -> None:
    found = truecost.advise(product(), draws=64).to_dict()
    text = " ".join(page(found, 80, everything=True).plain().split())
    labels = [
        f"{row['label']}: {row['class']}" for row in found["levers"] if row["saved_usd_per_month"]["mean"] > 0
    ]
    alone = text.partition("Each change alone")[2]
    places = [alone.find(" ".join(label.split(" (")[0].split())) for label in labels]
    assert -1 not in places
    for row in found["not_applicable"]:
        assert row["why"] in text
    assert "--set" in text


def test_no_help_is_said() -> None:
    found = truecost.advise("examples/frontier-run.yaml", draws=64).to_dict()
    assert "No change tried saves" in page(found, 80).plain()
