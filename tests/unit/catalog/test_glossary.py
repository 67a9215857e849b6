"""The glossary's data: complete, consistent, found however a term is spelt; what is not right is refused."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from truecost.catalog.glossary import NEEDED, PARTS, Glossary, GlossaryError, load_glossary, read_glossary
from truecost.catalog.names import UnknownName

ENTRY: dict[str, Any] = {
    "definition": "A thing.",
    "formula": "a x b",
    "unit": "USD",
    "example": "one",
    "command": "truecost pulse",
    "see_also": ["other"],
}


def areas(**changes: object) -> dict[str, Any]:
    return {"Area": {"thing": {**ENTRY, **changes}, "other": {**ENTRY, "see_also": ["thing"]}}}


def test_the_words_that_people_ask_for_are_there() -> None:
    glossary = load_glossary()
    assert len(glossary.terms) >= 40
    asked = (
        "AI compute", "capex", "opex", "fine-tuning", "LoRA", "foundation model", "pre-training", "RLHF",
        "red-teaming", "MFU", "HFU", "goodput", "FLOP", "dense peak", "roofline", "prefill", "decode", "TTFT",
        "TPOT", "KV cache", "prefix cache", "batch size", "continuous batching", "tensor parallelism", "MoE",
        "active parameters", "MLA", "quantization", "speculative decoding", "distillation", "context window",
        "token", "Mtok price", "cache read price", "cache write price", "batch API", "provisioned throughput",
        "reserved", "spot", "PUE", "amortization", "annuity", "depreciation", "obsolescence", "TCO",
        "marginal cost", "gross margin", "break-even", "price elasticity", "churn", "runway", "NPV",
        "scope of emissions",
    )  # fmt: skip
    for name in asked:
        assert glossary.term(name).definition


@pytest.mark.parametrize("spelt", ["kv-cache", "KV Cache", "kv_cache", "kvcache", "key value cache"])
def test_a_spelling_is_forgiven(spelt: str) -> None:
    assert load_glossary().term(spelt).term == "KV cache"


@pytest.mark.parametrize(
    ("misspelt", "meant"),
    [("lorra", "LoRA"), ("amortisaton", "amortization"), ("spec", "speculative decoding")],
)
def test_an_unknown_term_names_the_nearest(misspelt: str, meant: str) -> None:
    with pytest.raises(UnknownName) as error:
        load_glossary().term(misspelt)
    assert meant in error.value.nearest
    assert len(error.value.nearest) <= 3


def test_definitions_are_a_sentence_or_three() -> None:
    for term in load_glossary().terms.values():
        assert term.definition.endswith("."), term.term
        assert len(term.definition) < 320, term.term
        assert term.term not in term.see_also


def test_what_is_related_can_be_looked_up() -> None:
    glossary = load_glossary()
    for term in glossary.terms.values():
        for other in term.see_also:
            assert glossary.term(other).term == other


@pytest.mark.parametrize("part", NEEDED)
@pytest.mark.parametrize("value", [None, "", 7, [], {}])
def test_a_part_that_is_missing_or_of_another_kind_is_refused(part: str, value: object) -> None:
    with pytest.raises(GlossaryError, match=f"g.yaml: thing: {part}"):
        read_glossary(areas(**{part: value}), "g.yaml")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"note": "x"}, "thing: unknown part 'note'"),
        ({"see_also": ["thing"]}, "thing: see_also: 'thing' is no other term"),
        ({"see_also": ["othr"]}, "'othr' is no other term; nearest: other"),
        ({"aliases": ["Other"]}, "'other' is a name of thing as well"),
        ({"aliases": ["!"]}, "aliases: a list of names"),
        ({"command": "make demo"}, "command: begins with 'truecost '"),
    ],
)
def test_what_is_not_right_is_refused_with_its_entry(changes: dict[str, object], message: str) -> None:
    with pytest.raises(GlossaryError) as error:
        read_glossary(areas(**changes), "g.yaml")
    assert message in str(error.value)


@pytest.mark.parametrize(
    "document", [None, [], "text", {}, {"Area": []}, {"Area": {}}, {"Area": {"a": 1}}, {"Area": {1: ENTRY}}]
)
def test_a_document_of_another_shape_is_refused(document: object) -> None:
    with pytest.raises(GlossaryError, match=r"g\.yaml"):
        read_glossary(document, "g.yaml")


def test_a_term_twice_is_refused() -> None:
    twice = {**areas(), "More": {"thing": ENTRY}}
    with pytest.raises(GlossaryError, match="two entries of this name"):
        read_glossary(twice, "g.yaml")


def test_a_sound_document_is_read() -> None:
    found = read_glossary(areas(aliases=["the Thing"]), "g.yaml")
    assert isinstance(found, Glossary)
    assert found.term("THE-THING").term == "thing"
    assert list(found.areas()) == ["Area"]


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8) | st.integers(), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(VALUES)
def test_any_document_is_a_glossary_or_refused(document: object) -> None:
    with pytest.raises(GlossaryError, match=r"g\.yaml"):  # no entry made of these is complete
        read_glossary(document, "g.yaml")


@given(st.sampled_from([*PARTS, "note"]), VALUES)
def test_any_part_is_read_or_refused(part: str, value: object) -> None:
    try:
        found = read_glossary(areas(**{part: value}), "g.yaml")
    except GlossaryError:
        return
    assert found.term("thing").see_also


@given(st.text(max_size=30))
def test_any_name_is_found_or_unknown(name: str) -> None:
    try:
        found = load_glossary().term(name)
    except UnknownName:
        return
    assert found.definition
