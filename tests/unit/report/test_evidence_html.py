"""The page of the scorecards: self-contained, a section a law, a dot a case."""

from __future__ import annotations

import re

import pytest

from truecost.evidence.scorecards import scorecards
from truecost.report.charts.scatter import Cloud, scatter
from truecost.report.evidence_html import render


@pytest.fixture(scope="module")
def page() -> str:
    return render(scorecards())


def test_it_is_a_page_of_its_own(page: str) -> None:
    assert "<!doctype html>" in page
    assert not re.search(r'(?:src|href)="https?:', page)
    for key in ("serving", "training-steps", "whole-runs", "power", "lost-time", "training-costs"):
        assert f'<section id="{key}">' in page


def test_seen_and_unseen_serving_are_tables_of_their_own(page: str) -> None:
    unseen, seen = page.index("Unseen: left out of the fit"), page.index("Seen: no prediction")
    assert unseen < seen < page.index("Replayed, never fitted: Llama-3.1-8B on rtx-4090, vLLM 0.19.0")
    assert "serving setups on H100" in page


def test_peers_stand_with_source_and_mark(page: str) -> None:
    assert "Calculon" in page
    assert "measured" in page
    assert "claimed" in page
    assert "arXiv:2312.12391" in page


def test_the_worst_and_the_fit_are_told(page: str) -> None:
    assert "Worst cases" in page
    assert "of the predicted step" in page
    assert "training_steps.csv" in page


@pytest.mark.parametrize("width", [350, 720])
def test_every_place_has_its_dot_inside_the_plot(width: float) -> None:
    drawing = scatter([Cloud("a", [(1, 1), (10, 20), (10, 20)]), Cloud("b", [(100, 90)])], str, width)
    clouds = [part for part in drawing.parts if "-cloud" in part]
    text = "".join(clouds)
    dots = re.findall(r"M([\d.]+),([\d.]+)h0", text)
    assert len(dots) == 3
    assert all(0 <= float(x) <= width and 0 <= float(y) <= drawing.height for x, y in dots)
    assert "a, 3" in "".join(drawing.parts)


def test_a_prediction_too_high_lies_above_the_line() -> None:
    drawing = scatter([Cloud("a", [(1, 1), (10, 100), (100, 10), (1000, 1000)])], float.__str__, 720)
    places = {float(x): float(y) for x, y in re.findall(r"M([\d.]+),([\d.]+)h0", "".join(drawing.parts))}
    (_, low), (_, over), (_, under), (_, high) = sorted(places.items())
    middle = (low + high) / 2
    assert over < middle < under
