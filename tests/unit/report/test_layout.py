"""Text that fits: nothing cut, nothing broken that belongs together, any alphabet."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from truecost.report.layout import Page, Style, clean, encodable, glued, padded, unglued, width_of, wrapped

texts = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=300)
words = st.lists(st.text("abcdefghij/-.", min_size=1, max_size=120), max_size=30).map(" ".join)


@given(words, st.integers(12, 100), st.sampled_from([0, 2, 4]))
def test_wrapped_lines_fit_and_keep_every_character(text: str, width: int, hanging: int) -> None:
    lines = wrapped(text, width, hanging)
    assert all(width_of(line) <= width for line in lines)
    assert "".join("".join(lines).split()) == "".join(text.split())


@given(texts, st.integers(12, 100))
def test_wrapped_lines_fit_in_any_alphabet(text: str, width: int) -> None:
    assert all(width_of(line) <= width for line in wrapped(text, width, 2))


@given(
    st.lists(
        st.sampled_from(["1.46 B USD (0.86 – 1.63)", "17 %", "0.0213 USD/query"]), min_size=1, max_size=9
    )
)
def test_glued_numbers_are_never_broken(numbers: list[str]) -> None:
    text = " and ".join(f"it costs {glued(number)}" for number in numbers)
    lines = wrapped(text, 40)
    for number in numbers:
        assert any(number in line for line in lines)
    assert not any("\N{NO-BREAK SPACE}" in line for line in lines)


def test_a_url_is_broken_behind_a_slash() -> None:
    lines = wrapped("see https://example.org/one/two/three/four/five/six", 24, 2)
    assert all(line.endswith("/") for line in lines[:-1])
    assert "".join(line.strip() for line in lines) == "see https://example.org/one/two/three/four/five/six"


@given(texts)
def test_clean_leaves_no_control_character(text: str) -> None:
    assert all(c.isprintable() or c == "\N{NO-BREAK SPACE}" for c in clean(text))


@given(texts, st.sampled_from(["ascii", "cp1252", "cp437", "latin-1", "utf-8"]))
def test_encodable_text_can_be_written_in_its_encoding_and_keeps_its_columns(
    text: str, encoding: str
) -> None:
    written = encodable(text, encoding)
    written.encode(encoding)
    assert len(written) == len(text)


@pytest.mark.parametrize(
    ("text", "width"), [("plan", 4), ("计划", 4), ("e\N{COMBINING ACUTE ACCENT}", 1), ("", 0)]
)
def test_width_counts_columns(text: str, width: int) -> None:
    assert width_of(text) == width


def test_padding_counts_columns() -> None:
    assert padded("计", 4) == "计  "
    assert padded("7", 3, right=True) == "  7"


def test_glue_comes_off() -> None:
    assert unglued(glued("a b")) == "a b"


def test_a_page_has_no_two_empty_lines_and_no_trailing_spaces() -> None:
    page = Page(20)
    page.title("head")
    page.blank()
    page.heading("part")
    page.text("words " * 9, Style.FAINT, indent=2, hanging=2)
    lines = page.plain().split("\n")
    assert "" not in (lines[0], lines[2])
    assert lines[:3] == ["head", "", "part"]
    assert all(line == line.rstrip() and len(line) <= 20 for line in lines)
