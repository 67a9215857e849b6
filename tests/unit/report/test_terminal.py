"""The statement in a terminal: the answer first, nothing cut, columns that add up."""

from __future__ import annotations

import copy
import re
from typing import Any

import pytest

from truecost.report.layout import Line, Style, width_of
from truecost.report.terminal import page, render
from truecost.units import parse

SECTIONS = (
    "All in, this costs",
    "The iceberg",
    "Cost lines",
    "Quarter by quarter, USD",
    "Ways to serve, over the plan",
    "Who pays for whom, USD over the plan",
    "Where the answer turns",
    "Cash and cost, USD, means",
    "Left out of this result",
    "Rests on, weakest first",
)
STATEMENTS = ("statement", "programme_only", "business_only")


def section(text: str, heading: str) -> list[str]:
    """The lines of one section, its heading left off."""
    lines = text.split("\n")
    begin = lines.index(heading) + 1
    return lines[begin : lines.index("", begin)]


def first_column(lines: list[Line]) -> str:
    """The first cells of the table of cost lines, spaces left out: a cell may take several lines."""
    headings = [line[0].text if line else "" for line in lines]
    begin = headings.index("Cost lines") + 1
    end = begin + headings[begin:].index("")
    return "".join("".join(line[1].text.split()) for line in lines[begin:end])


def test_the_answer_comes_first_and_the_sections_follow(statement: dict[str, Any]) -> None:
    text = render(statement)
    places = [text.index(heading) for heading in SECTIONS]
    assert places == sorted(places)
    assert places[0] < 300


@pytest.mark.parametrize("name", STATEMENTS)
@pytest.mark.parametrize("width", [60, 80, 100])
@pytest.mark.parametrize("everything", [False, True])
def test_no_line_is_wider_than_the_page(
    name: str, width: int, everything: bool, request: pytest.FixtureRequest
) -> None:
    text = render(request.getfixturevalue(name), width, everything=everything)
    assert max(width_of(line) for line in text.split("\n")) <= width
    assert "\N{NO-BREAK SPACE}" not in text
    assert not re.search(r"\bnan\b|\binf\b|None", text)


@pytest.mark.parametrize("name", STATEMENTS)
def test_no_number_is_parted_from_its_interval(name: str, request: pytest.FixtureRequest) -> None:
    text = render(request.getfixturevalue(name))
    assert not re.search(r"–\s*\n", text)
    assert not re.search(r"\n\s*–", text)
    assert not re.search(r"\([\d,.]+\n", text)


def test_names_of_any_length_and_alphabet_fit(statement: dict[str, Any]) -> None:
    changed = copy.deepcopy(statement)
    for number, line in enumerate(changed["lines"]):
        line["label"] = ("计划" if number % 2 else "an uncommonly long name without end ") * 12
    changed["tiers"][0]["tier"] = "x" * 150
    changed["serving"][0]["title"] = "https://example.org/" + "segment/" * 30
    changed["name"] = "\x1b[31mred\nname " + "y" * 200
    text = render(changed)
    assert max(width_of(line) for line in text.split("\n")) <= 80
    assert "\x1b" not in text
    assert text.count("y") >= 200
    assert text.count("segment/") >= 30


def test_the_lines_add_up_to_the_total(statement: dict[str, Any]) -> None:
    lines = section(render(statement), "Cost lines")
    end = lines[0].index("USD, mean") + len("USD, mean")
    cells = [line[: end + 1].rsplit("  ", maxsplit=1)[-1].strip() for line in lines[1:]]
    amounts = [parse(cell, "USD") for cell in cells if cell and cell[0].isdigit()]
    *parts, total = amounts
    assert sum(parts) == pytest.approx(total, rel=0.01)
    assert total == pytest.approx(statement["total_usd"]["mean"], rel=0.005)


def test_shares_of_the_iceberg_add_up(statement: dict[str, Any]) -> None:
    shares = [re.search(r"([\d.]+) %$", line) for line in section(render(statement), "The iceberg")]
    assert sum(float(found[1]) for found in shares if found) == pytest.approx(100, abs=2)


def test_the_quotable_number_stands_above_the_waterline(statement: dict[str, Any]) -> None:
    lines = section(render(statement), "The iceberg")
    water = next(number for number, line in enumerate(lines) if line.startswith("~~~~"))
    assert "Final training run" in lines[1]
    assert water == 2
    means = [group["cost_usd"]["mean"] for group in statement["iceberg"]["groups"]]
    assert means == sorted(means, reverse=True)
    assert lines[3].strip().startswith(statement["iceberg"]["groups"][0]["group"].split()[0])


def test_bars_show_the_larger_line_larger(statement: dict[str, Any]) -> None:
    lines = section(render(statement), "The iceberg")
    bars = [line.count("█") + line.count("▒") for line in lines if re.search(r"%$", line)]
    assert max(bars) <= 18
    assert bars[1] == max(bars[1:])


def test_what_is_not_shown_is_counted(statement: dict[str, Any]) -> None:
    short, full = render(statement), render(statement, everything=True)
    facts = [a for a in statement["assumptions"] if a["confidence"] != "stated"]
    stated = [a for a in statement["assumptions"] if a["confidence"] == "stated"]
    hidden = re.search(
        r"Not shown: (\d+) more facts and (\d+) numbers of the plan", short.replace("\n  ", " ")
    )
    assert hidden is not None
    assert int(hidden[1]) + 5 == len(facts)
    assert int(hidden[2]) == len(stated)
    assert "Not shown" not in full
    squeezed = "".join(full.split())
    for fact in facts:
        assert "".join(f"{fact['confidence']}: {fact['key']}".split()) in squeezed
        assert "".join(fact["source"].split()) in squeezed
    for number in stated:
        assert f"{number['key']}=" in squeezed


def test_every_line_is_shown_or_counted(statement: dict[str, Any]) -> None:
    few = copy.deepcopy(statement)
    for line in few["lines"][4:]:
        line["cost_usd"]["mean"] *= 1e-4
    for everything in (False, True):
        drawn = first_column(page(few, everything=everything).lines)
        shown = sum("".join(line["label"].split()) in drawn for line in few["lines"])
        smaller = re.search(r"(\d+)smallerlines", drawn)
        assert shown + (int(smaller[1]) if smaller else 0) == len(few["lines"])
        assert (smaller is None) is everything


def test_weakest_facts_come_first(statement: dict[str, Any]) -> None:
    text = render(statement, everything=True)
    order = [text.index(f"\n  {kind}:") for kind in ("estimate", "published") if f"\n  {kind}:" in text]
    assert order == sorted(order)


def test_a_quote_is_set_against_the_law(statement: dict[str, Any]) -> None:
    text = " ".join(render(statement).split())
    assert "chat: the quote is" in text
    assert "tokens a query, where the plan has" in text


def test_left_out_parts_and_warnings_are_all_named(statement: dict[str, Any]) -> None:
    warned = copy.deepcopy(statement)
    warned["warnings"] = ["plan.yaml:3: horizon_months: is long"]
    text = "".join(render(warned).split())
    for part in statement["left_out"]:
        assert "".join(f"{part['part']}: {part['consequence']}".split()) in text
    assert "plan.yaml:3:horizon_months:islong" in text


def test_a_programme_alone_has_no_unit_costs(programme_only: dict[str, Any]) -> None:
    text = render(programme_only)
    assert "5.58 M USD" in text
    assert "USD/query" not in text
    assert "It earns" not in text


def test_a_plan_without_a_quotable_number_has_no_waterline(business_only: dict[str, Any]) -> None:
    text = render(business_only)
    assert "Where the money goes" in text
    assert "~~~~" not in text
    assert "All in, this costs 1,000 USD over 1 month." in text


@pytest.mark.parametrize(
    ("margin", "words"),
    [
        ({"p5": -3e6, "p50": -2e6, "p95": -1e6, "mean": -2e6}, "and so loses 2.00 M USD (1.00 – 3.00)"),
        ({"p5": 1e6, "p50": 2e6, "p95": 3e6, "mean": 2e6}, "and so leaves 2.00 M USD (1.00 – 3.00)"),
        ({"p5": -1e6, "p50": 2e6, "p95": 3e6, "mean": 2e6}, "left is 2.00 M USD (-1.00 – 3.00): a gain"),
    ],
)
def test_the_verdict_names_a_loss_a_loss(
    statement: dict[str, Any], margin: dict[str, float], words: str
) -> None:
    assert words in " ".join(render({**statement, "margin_usd": margin}).split())


def test_an_overlay_is_named(statement: dict[str, Any]) -> None:
    assert "Catalog overlaid by ours.yaml" in render({**statement, "catalog_overlay": "ours.yaml"})


def test_styles_carry_no_meaning_of_their_own(statement: dict[str, Any]) -> None:
    made = page(statement)
    assert made.plain() == render(statement)
    assert {span.style for line in made.lines for span in line} >= {Style.TITLE, Style.STRONG, Style.BAR}
