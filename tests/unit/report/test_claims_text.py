"""A claim in words: its figures in their units."""

from __future__ import annotations

from truecost.report.claims_phrases import step_value


def test_only_the_last_step_of_a_formula_is_in_the_claims_unit() -> None:
    point = {"p5": 2e6, "p50": 2e6, "p95": 2e6, "mean": 2e6}
    steps = [{"value": point, "unit": ""}, {"value": point, "unit": ""}, {"value": point, "unit": "days"}]
    claim = {"steps": steps[:2], "result_unit": "USD"}
    assert step_value(steps[0], claim).replace("\N{NO-BREAK SPACE}", " ") == "2.00 M"
    assert "USD" in step_value(steps[1], claim)
    assert "days" in step_value(steps[2], {"steps": steps, "result_unit": "USD"})
