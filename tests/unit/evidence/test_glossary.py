"""The figures of the glossary: every term has one, worked out and not written, moving with its facts."""

from __future__ import annotations

import math
import time
from datetime import date
from pathlib import Path

import pytest

from truecost.catalog import load
from truecost.catalog.glossary import load_glossary
from truecost.evidence.glossary import EXAMPLES, Facts, explained, explained_all
from truecost.ranges import Range

DAY = date(2026, 11, 22)


def ends(value: float | Range) -> tuple[float, float]:
    return (value.low, value.high) if isinstance(value, Range) else (value, value)


def test_every_term_has_a_figure_today() -> None:
    for found in explained_all(load(), DAY):
        assert found.example is not None, f"{found.term.term}: {found.missing}"
        low, high = ends(found.example.value)
        assert math.isfinite(low)
        assert 0 < low <= high
        assert found.example.unit == found.term.unit, found.term.term


def test_every_figure_names_its_law_and_what_it_rests_on() -> None:
    for found in explained_all(load(), DAY):
        example = found.example
        assert example is not None
        assert example.law.startswith("truecost."), found.term.term
        assert example.facts or example.given, found.term.term
        assert all(fact.source for fact in example.facts)


@pytest.mark.parametrize("law", sorted({f.example.law for f in explained_all(load(), DAY) if f.example}))
def test_the_law_is_there(law: str) -> None:
    import importlib

    parts = law.split(".")
    for cut in range(len(parts), 0, -1):
        try:
            found: object = importlib.import_module(".".join(parts[:cut]))
        except ModuleNotFoundError:
            continue
        for name in parts[cut:]:
            found = getattr(found, name)
        return
    pytest.fail(f"there is no {law}")


def test_every_example_is_used_and_every_name_of_one_is_there() -> None:
    named = {term.example for term in load_glossary().terms.values()}
    assert named == set(EXAMPLES)


@pytest.mark.parametrize(
    ("term", "value"),
    [
        ("KV cache", 2 * 80 * 8 * 128 * 2),  # bytes
        ("MLA", 61 * (512 + 64) * 2),
        ("roofline", 989.4e12 / 3.35e12),
        ("depreciation", 10 ** (-0.14 * 3)),
        ("inference", 3 * 15.6e12),
        ("churn", 20),
        ("Mtok price", (1155 * 0.4 + 211 * 1.6) / 1e6),
        ("LoRA", (2 + 3 * 0.003) / 3),
    ],
)
def test_a_figure_by_hand(term: str, value: float) -> None:
    example = explained(term, load(), DAY).example
    assert example is not None
    assert example.value == pytest.approx(value)


def test_figures_that_hold_each_other() -> None:
    def value(term: str) -> float:
        example = explained(term, load(), DAY).example
        assert example is not None
        return sum(ends(example.value)) / 2

    assert value("HFU") > value("MFU")
    assert value("decode") < value("TPOT")
    assert value("prefill") < value("TTFT")
    assert value("cache read price") < 1
    assert value("annuity") / 730.5 < value("TCO")


def test_an_overlay_moves_the_figure(tmp_path: Path) -> None:
    own = tmp_path / "own.yaml"
    own.write_text("checked: 2026-11-01\nrates:\n  electricity: {us: 0.5}\n", encoding="utf-8")
    shipped, ours = (explained("opex", load(path), DAY).example for path in (None, own))
    assert shipped is not None
    assert ours is not None
    assert ends(ours.value)[0] > 3 * ends(shipped.value)[0]
    assert any("own.yaml" in fact.source for fact in ours.facts)


def test_before_a_price_is_known_there_is_no_figure_and_it_says_why() -> None:
    found = explained("Mtok price", load(), date(2020, 1, 1))
    assert found.example is None
    assert "gpt-4.1-mini" in found.missing
    assert found.to_dict()["example"] is None


def test_an_example_nobody_wrote_is_an_error() -> None:
    with pytest.raises(KeyError):
        EXAMPLES["not_there"](Facts(load(), DAY))


def test_all_of_them_take_less_than_a_second() -> None:
    begin = time.process_time()
    explained_all(load(), DAY)
    assert time.process_time() - begin < 1
