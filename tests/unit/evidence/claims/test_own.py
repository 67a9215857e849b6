"""Claims of a user's own: read like the shipped ones, every mistake with its line, nothing breaks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from truecost.evidence.claims import Kind, claims
from truecost.evidence.claims.formula import FormulaError, evaluate, names_in
from truecost.spec import SpecError

GOOD = """claims:
  rack:
    topic: price
    statement: Our 64 H100 with their servers cost 3 million USD.
    low: 3e6
    high: 3e6
    unit: USD
    as_of: 2026-11-01
    calculation: arithmetic
    formula: chips * usd_per_chip * overhead
    inputs:
      chips: 64
      usd_per_chip: {purchase: h100-sxm}
      overhead: {rate: server_overhead/other}
"""


def written(tmp_path: Path, text: str) -> str:
    file = tmp_path / "own.yaml"
    file.write_text(text, encoding="utf-8")
    return str(file)


def test_an_own_claim_stands_beside_the_shipped_ones(tmp_path: Path) -> None:
    report = claims(file=written(tmp_path, GOOD))
    assert len(report.all) == 76
    assert report["rack"].verdict.kind is Kind.HOLDS
    assert report["rack"].claim.origin.endswith("own.yaml")


def test_an_own_claim_can_conflict_with_a_shipped_one(tmp_path: Path) -> None:
    text = (
        "claims:\n  bare:\n    topic: price\n    statement: An H100 costs 90,000 USD.\n    low: 90000\n"
        "    high: 90000\n    unit: USD\n    as_of: 2024-06-01\n    about: [h100_usd]\n"
    )
    found = {checked.claim.id: checked for checked in claims(file=written(tmp_path, text)).all}
    assert found["bare"].verdict.kind is Kind.CONTRADICTS
    assert "h100-price" in found["bare"].verdict.contradicts


MISTAKES = {
    "unknown calculation": ("calculation: arithmetic", "calculation: aritmetic", 9, "arithmetic"),
    "unknown rate": ("server_overhead/other", "server_overhead/othr", 14, "server_overhead/other"),
    "unknown chip": ("h100-sxm}", "h100-smx}", 13, "h100-sxm"),
    "unknown topic": ("topic: price", "topic: prices", 3, "price"),
    "unknown field": ("    low: 3e6", "    lwo: 3e6", 5, "low"),
    "unknown name in the formula": ("chips * usd", "chps * usd", 10, "chips"),
    "not arithmetic": ("chips * usd_per_chip", "chips.x * usd_per_chip", 10, "nothing else"),
    "two sources": ("{purchase: h100-sxm}", "{purchase: h100-sxm, stated: 3}", 13, "one source"),
    "no source": ("{purchase: h100-sxm}", "{why: because}", 13, "no source"),
    "unknown part of a source": ("{purchase: h100-sxm}", "{purchase: h100-sxm, wyh: x}", 13, "no such part"),
    "low above high": ("high: 3e6", "high: 2e6", 5, "above high"),
    "no unit": ("    unit: USD\n", "", 2, "unit"),
    "a date that is none": ("2026-11-01", "2026-13-01", 8, "2026-13-01"),
    "text for a number": ("low: 3e6", "low: many", 5, "many"),
    "a unit that is none": ("unit: USD", "unit: '???'", 7, "???"),
}


@pytest.mark.parametrize("case", MISTAKES)
def test_each_mistake_has_its_line_and_a_hint(tmp_path: Path, case: str) -> None:
    right, wrong, line, hint = MISTAKES[case]
    assert right in GOOD
    with pytest.raises(SpecError) as raised:
        claims(file=written(tmp_path, GOOD.replace(right, wrong)))
    message = str(raised.value)
    assert f"own.yaml:{line}:" in message
    assert hint in message


def test_a_calculation_in_another_unit_is_refused(tmp_path: Path) -> None:
    text = GOOD.replace("calculation: arithmetic", "calculation: run_duration")
    text = text.replace("    formula: chips * usd_per_chip * overhead\n", "").split("    inputs:")[0]
    with pytest.raises(SpecError, match="months"):
        claims(file=written(tmp_path, text))


def test_a_missing_fact_is_an_answer_not_a_mistake(tmp_path: Path) -> None:
    text = GOOD.replace("{purchase: h100-sxm}", "{purchase: h100-sxm, day: 2015-01-01}")
    verdict = claims("rack", file=written(tmp_path, text)).verdict
    assert verdict.kind is Kind.UNKNOWN
    assert "no purchase price" in verdict.needs[0]


SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-10, 10**9),
    st.floats(),
    st.text(max_size=6),
    st.sampled_from(["1 .. 2", "5 .. 1", "USD", "arithmetic", "h100-sxm", "2026-11-01", "a * b", "x" * 3000]),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.sampled_from(
                ["stated", "rate", "purchase", "free", "claim", "missing", "why", "quantity", "x"]
            ),
            inner,
            max_size=3,
        ),
    ),
    max_leaves=5,
)
FIELDS = st.sampled_from(
    [
        "topic",
        "statement",
        "low",
        "high",
        "unit",
        "published",
        "as_of",
        "recompute_from",
        "calculation",
        "inputs",
        "formula",
        "figures",
        "reading",
        "about",
        "note",
        "inputs.chips",
        "inputs.usd_per_chip",
        "inputs.overhead",
    ]
)


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(changes=st.dictionaries(FIELDS, VALUES, min_size=1, max_size=3))
def test_a_file_is_read_or_refused_never_broken(tmp_path: Path, changes: dict[str, Any]) -> None:
    body: dict[str, Any] = yaml.safe_load(GOOD)["claims"]["rack"]
    for path, value in changes.items():
        first, _, second = path.partition(".")
        if not second:
            body[first] = value
        elif isinstance(body.get(first), dict):
            body[first][second] = value
    text = yaml.safe_dump({"claims": {"rack": body}}, allow_unicode=True)
    try:
        verdict = claims("rack", file=written(tmp_path, text)).verdict
    except SpecError as refused:
        assert refused.problems  # noqa: PT017
    else:
        assert verdict.kind in Kind


@given(st.text(max_size=60))
def test_any_text_as_a_formula_is_arithmetic_or_refused(text: str) -> None:
    try:
        names = names_in(text)
        evaluate(text, dict.fromkeys(names, 2.0))
    except FormulaError:
        pass


@pytest.mark.parametrize(
    "formula",
    ["__import__('os')", "a.b", "a[0]", "lambda: 1", "a if b else c", "f(a)", "max(a)", "1 +", "'x'", "True"],
)
def test_a_formula_is_arithmetic_alone(formula: str) -> None:
    with pytest.raises(FormulaError):
        names_in(formula)
