"""Tables fit their width whatever is in them, and lose nothing but what is optional."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from truecost.report.layout import Line, Span, Style, width_of
from truecost.report.tables import Column, table

names = st.text("abc xyz_-/é计", max_size=60)
numbers = st.sampled_from(["1.46\N{NO-BREAK SPACE}B", "0.000213", "12", ""])
COLUMNS = [
    Column("part", wraps=True),
    Column("", style=Style.BAR, optional=True),
    Column("USD", right=True),
    Column("basis", style=Style.FAINT),
]


def text_of(lines: list[Line]) -> list[str]:
    return ["".join(span.text for span in line).rstrip() for line in lines]


@given(
    st.lists(
        st.tuples(names, st.sampled_from(["████▒▒", ""]), numbers, st.sampled_from(["law", ""])), min_size=1
    ),
    st.integers(30, 120),
)
def test_a_table_fits_and_keeps_every_cell(rows: list[tuple[str, str, str, str]], width: int) -> None:
    lines = text_of(table(COLUMNS, rows, width))
    assert all(width_of(line) <= width for line in lines)
    everything = "".join("".join(lines).split())
    for row in rows:
        for cell in (row[0], row[2], row[3]):
            assert all(character in everything for character in "".join(cell.split()))


def test_numbers_stand_right_and_in_one_piece() -> None:
    glued = "1.46\N{NO-BREAK SPACE}B"
    lines = text_of(table([Column("part", wraps=True), Column("USD", right=True)], [["a " * 30, glued]], 40))
    assert lines[1].endswith("1.46 B")


def test_what_is_optional_goes_first_where_there_is_no_room() -> None:
    rows = [["a long enough name", "█" * 20, "1.46 M", "law"]]
    assert "█" in "".join(text_of(table(COLUMNS, rows, 60)))
    assert "█" not in "".join(text_of(table(COLUMNS, rows, 34)))


def test_where_nothing_fits_rows_are_stacked() -> None:
    columns = [Column("part"), Column("USD", right=True), Column("interval", right=True)]
    lines = text_of(table(columns, [["Inference", "1.46 B", "0.86 – 1.63"]], 24))
    assert lines == ["  Inference", "    USD: 1.46 B", "    interval: 0.86 –", "      1.63"]


def test_an_empty_column_is_left_out() -> None:
    lines = text_of(
        table([Column("part"), Column("nothing"), Column("USD")], [["a", "", "1"], ["b", "", "2"]], 60)
    )
    assert "nothing" not in lines[0]


def test_a_rule_stands_before_its_row() -> None:
    rules = {1: [(Span("~~~~"),)]}
    lines = text_of(table([Column("part"), Column("USD")], [["a", "1"], ["b", "2"]], 60, rules=rules))
    assert lines[2] == "~~~~"


def test_of_two_columns_that_wrap_the_wider_gives_way_first() -> None:
    columns = [Column("a", wraps=True), Column("USD", right=True), Column("b", wraps=True)]
    lines = text_of(table(columns, [["word " * 10, "1", "short words here"]], 50, indent=0))
    assert max(map(width_of, lines)) <= 50
    assert lines[1].endswith("short words here")


def test_a_title_of_two_lines_stands_on_the_cells() -> None:
    columns = [Column("part"), Column("cache\nread", right=True)]
    assert text_of(table(columns, [["chips", "0.5"]], 40, indent=0)) == [
        "       cache",
        "part    read",
        "chips    0.5",
    ]
    assert "cache read: 0.5" in "".join(text_of(table(columns, [["chips and some more", "0.5"]], 21)))
