"""Every number explains itself, down to the plan's lines and dated facts."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.unit.plan.specs import product, programme

import truecost

EXAMPLE = Path(__file__).parent.parent.parent.parent / "examples" / "startup-on-apis.yaml"


def test_every_key_explains_itself_down_to_leaves_with_a_source() -> None:
    result = truecost.plan(EXAMPLE, draws=64)
    for key in result.explainable:
        for _, node in result.explain(key).walk():
            assert node.how
            if not node.children and node.key not in result.evaluation.first.quantities:
                assert node.source, node.key


def test_the_cost_of_a_query_leads_to_the_price_and_the_plan() -> None:
    tree = truecost.plan(EXAMPLE, draws=64).explain("unit_costs.usd_per_query")
    nodes = {node.key: node for _, node in tree.walk()}
    assert nodes["price/openai/gpt-4.1/input"].confidence == "published"
    assert nodes["price/openai/gpt-4.1/input"].checked
    assert nodes["demand.requests.build.input_tokens"].source.startswith(str(EXAMPLE))


def test_the_root_is_the_number_of_the_statement() -> None:
    result = truecost.plan(programme(), draws=512)
    assert result.explain("total_usd").value == pytest.approx(dict(result.total_usd))


def test_the_terms_of_a_sum_add_up() -> None:
    tree = truecost.plan(product(), draws=64).explain("total_usd")
    assert sum(child.value["mean"] for child in tree.children) == pytest.approx(tree.value["mean"])


def test_a_default_names_the_fact_that_stands_in() -> None:
    tree = truecost.plan(product(), draws=64).explain("lines.business.payment_fees")
    assert any("not in the plan" in node.key for _, node in tree.walk())


def test_an_unknown_key_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        truecost.plan(product(), draws=8).explain("unit_costs.usd_per_qeury")
