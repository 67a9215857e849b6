"""A spec written as YAML is read back as it was, comments and awkward texts included."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from truecost.spec.compose import compose
from truecost.spec.write import WIDTH, written, yaml_text

LONG = "from a page that says so, " * 12
PRINTABLE = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Co", "Cn", "Zl", "Zp", "Cf"))
)


def read(text: str) -> object:
    root, problems = compose(text, "plan.yaml")
    assert problems == []
    return root.plain()


@pytest.mark.parametrize(
    ("value", "text"),
    [(2000.0, "2000"), (2, "2"), (0.029, "0.029"), ("5 .. 30", "5 .. 30"), ("$20", "$20"), ("5 %", "5 %")],
)
def test_numbers_are_written_as_a_person_would(value: object, text: str) -> None:
    assert written(value) == text


def test_comments_stand_beside_or_above_and_lines_are_not_too_long() -> None:
    text = yaml_text({"a": {"b": 1, "c": 2}}, {"a": "first", "a.b": LONG, "a.c": "short"})
    lines = text.splitlines()
    assert lines[0] == "a:  # first"
    assert lines[-1] == "  c: 2  # short"
    assert lines[-2] == "  b: 1"
    assert all(line.startswith("  # ") for line in lines[1:-2])
    assert max(map(len, lines)) <= WIDTH
    assert read(text) == {"a": {"b": 1, "c": 2}}


@given(
    st.dictionaries(
        PRINTABLE.filter(bool), PRINTABLE | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    )
)
def test_what_is_written_is_read_back(spec: dict[str, object]) -> None:
    assert read(yaml_text({"spec": spec or 1}, {"spec": "why"})) == {"spec": spec or 1}
