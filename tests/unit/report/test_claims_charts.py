"""The charts of claims: a claimed interval beside what was recomputed, and curves."""

from __future__ import annotations

import re

from truecost.report.charts.claimed import Recomputed, strip
from truecost.report.charts.curves import Axis, Line, Mark, curves


def places(drawing: str, name: str) -> list[float]:
    return [float(found) for found in re.findall(rf'{name}="([-\d.]+)"', drawing)]


def test_a_claim_twice_as_high_lies_to_the_right_of_what_is_recomputed() -> None:
    drawn = str(strip(20.0, 40.0, [Recomputed(5.0, 7.0, 10.0)]))
    claim, ours = places(drawn, "x")[:2]
    assert claim > ours
    assert places(drawn, "cx")[0] < claim


def test_an_open_end_runs_to_the_edge() -> None:
    drawn = str(strip(10.0, None, [Recomputed(5.0, 7.0, 20.0)]))
    bar = re.search(r'<rect x="([\d.]+)" y="3" width="([\d.]+)"', drawn)
    assert bar is not None
    assert abs(float(bar[1]) + float(bar[2]) - 300) < 0.2


def test_what_has_no_ratio_is_not_drawn() -> None:
    assert strip(-1.0, 2.0, [Recomputed(1.0, 1.0, 1.0)]) is None
    assert strip(1.0, 2.0, [Recomputed(1.0, 1.0, float("inf"))]) is None


def test_a_curve_has_a_line_a_case_and_says_where_a_mark_is() -> None:
    axes = (Axis("load", str, True), Axis("cost", str, True))
    lines = [Line("a", [1.0, 10.0, 100.0]), Line("b", [None, 5.0, 50.0]), Line("c", [None, None, 3.0])]
    for width in (350.0, 720.0):
        drawing = "".join(curves([1.0, 10.0, 100.0], lines, axes, [Mark("ten", 10.0)], width).parts)
        assert drawing.count("stroke thin") == 2
        assert "ten" in drawing
        assert all(f">{name}<" in drawing for name in ("a", "b", "c"))
