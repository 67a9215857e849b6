"""A claim in words: its figures in their units."""

from __future__ import annotations

from truecost.report.claims_phrases import condition, step_value, tied


def test_only_the_last_step_of_a_formula_is_in_the_claims_unit() -> None:
    point = {"p5": 2e6, "p50": 2e6, "p95": 2e6, "mean": 2e6}
    steps = [{"value": point, "unit": ""}, {"value": point, "unit": ""}, {"value": point, "unit": "days"}]
    claim = {"steps": steps[:2], "result_unit": "USD"}
    assert step_value(steps[0], claim).replace("\N{NO-BREAK SPACE}", " ") == "2.00 M"
    assert "USD" in step_value(steps[1], claim)
    assert "days" in step_value(steps[2], {"steps": steps, "result_unit": "USD"})


def test_a_condition_that_reaches_to_where_it_was_tried_has_one_end() -> None:
    given = {"label": "load", "unit": "share", "low": 0.6, "high": 1.0, "instead_of": 0.4, "way": ""}
    assert "load ≥ 60" in condition({**given, "within": [0.05, 1.0]})
    assert "load ≤ 100" in condition({**given, "within": [0.6, 2.0]})
    assert "load = 60" in condition({**given, "within": [0.05, 2.0]})
    assert "load = 60" in condition({**given, "high": 0.6, "within": [0.05, 0.6]})


def test_the_unit_of_what_is_taken_instead_is_not_said_twice() -> None:
    given = {
        "label": "rent",
        "unit": "USD/chip-hour",
        "low": 2.01,
        "high": 2.01,
        "instead_of": 2.62,
        "way": "",
    }
    assert condition(given).count("USD/chip-hour") == 1
    assert condition(given).endswith("instead of 2.62")


def test_no_line_breaks_between_a_number_and_its_unit() -> None:
    assert " " not in tied("40 – 50 %.")
    assert tied("75 % less") == "75\N{NO-BREAK SPACE}% less"
    assert tied("4 to 8 GPUs") == "4 to 8 GPUs"
