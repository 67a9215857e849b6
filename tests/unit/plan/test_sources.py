"""Every cost line says what it rests on, over the horizon and by month."""

from __future__ import annotations

import pytest
from tests.unit.plan.specs import fleet, product, programme

import truecost


@pytest.mark.parametrize("spec", [product(), fleet(), programme()])
def test_no_line_is_without_a_source(spec: dict[str, object]) -> None:
    result = truecost.plan(spec, draws=16)
    for line in (*result.lines, *result.monthly):
        assert line.source, line.component


def test_quantities_by_month_add_up_to_the_horizon() -> None:
    result = truecost.plan(fleet(), draws=16)
    for line in result.lines:
        months = [m.quantity for m in result.monthly if m.component == line.component]
        if line.quantity is None:
            assert set(months) == {None}
        else:
            assert sum(m or 0.0 for m in months) == pytest.approx(line.quantity)
