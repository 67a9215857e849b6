"""The statement in a terminal: the answer first, nothing cut, columns that add up."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.unit.plan.specs import example_plans

import truecost
from truecost.report.grounds import by_area
from truecost.report.layout import Line, Style, width_of
from truecost.report.terminal import page, render
from truecost.units import parse, show

EXAMPLES = Path(__file__).parents[3] / "examples"

SECTIONS = (
    "All in, this costs",
    "The iceberg",
    "Compute of one final run, by method",
    "Quarter by quarter, USD",
    "Ways to serve, USD over the plan",
    "Who pays for whom",
    "Where the answer turns",
    "Left out of this result",
    "Rests on, weakest first",
)
ON_DEMAND = {
    "Cost lines": "Quarter by quarter, USD",
    "Cash and cost, USD": "Ways to serve, USD over the plan",
}
"""Sections that --assumptions adds, and those that they stand before."""
TWO_SCREENS = 80
STATEMENTS = ("statement", "programme_only", "business_only")


def section(text: str, heading: str) -> list[str]:
    """The lines of one section, its heading left off."""
    lines = text.split("\n")
    begin = lines.index(heading) + 1
    return lines[begin : lines.index("", begin)]


def first_column(lines: list[Line], heading: str) -> str:
    """The first cells of a section's table, spaces left out: a cell may take several lines."""
    headings = [line[0].text if line else "" for line in lines]
    begin = headings.index(heading) + 1
    end = begin + headings[begin:].index("")
    return "".join("".join(line[1].text.split()) for line in lines[begin:end] if len(line) > 1)


def amounts(lines: list[str]) -> list[float]:
    """The column headed USD of a table, empty cells left out."""
    end = re.search(r"USD(?=  )", lines[0])
    assert end is not None
    cells = [line[: end.end()].rsplit("  ", maxsplit=1)[-1].strip() for line in lines[1:]]
    return [parse(cell.replace(",", ""), "USD") for cell in cells if cell and cell[0].isdigit()]


def test_the_answer_comes_first_and_the_sections_follow(statement: dict[str, Any]) -> None:
    short, full = render(statement), render(statement, everything=True)
    for text in (short, full):
        places = [text.index(heading) for heading in SECTIONS]
        assert places == sorted(places)
        assert places[0] < 300
    for heading, following in ON_DEMAND.items():
        assert heading not in short
        assert full.index(heading) < full.index(following)


@pytest.mark.parametrize("name", [path.stem for path in example_plans()])
def test_an_example_fits_two_screens(name: str) -> None:
    text = render(truecost.plan(EXAMPLES / f"{name}.yaml", draws=512).statement())
    assert text.count("\n") <= TWO_SCREENS


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


@pytest.mark.parametrize(
    ("everything", "heading"), [(False, "The iceberg"), (True, "The iceberg"), (True, "Cost lines")]
)
def test_the_rows_add_up_to_the_number_at_the_top(
    statement: dict[str, Any], everything: bool, heading: str
) -> None:
    text = render(statement, everything=everything)
    *parts, total = amounts(section(text, heading))
    assert sum(parts) == pytest.approx(total, rel=0.01)
    assert total == pytest.approx(statement["total_usd"]["mean"], rel=0.005)
    shown = show(statement["total_usd"]["mean"], "USD")
    assert f"All in, this costs {shown} (" in text


@pytest.mark.parametrize("everything", [False, True])
def test_shares_of_the_iceberg_add_up(statement: dict[str, Any], everything: bool) -> None:
    lines = section(render(statement, everything=everything), "The iceberg")
    *parts, whole = [float(found[1]) for line in lines if (found := re.search(r"([\d.]+) %$", line))]
    assert whole == 100
    assert sum(parts) == pytest.approx(100, abs=2)


def test_no_figure_of_money_is_a_median(statement: dict[str, Any]) -> None:
    """With every median of an amount far off, nothing on the page changes but months and break-evens."""
    moved = copy.deepcopy(statement)
    for value in amounts_of(moved):
        value["p50"] += 0.123 * (value["p95"] - value["p5"])
    for everything in (False, True):
        assert render(moved, everything=everything) == render(statement, everything=everything)


def amounts_of(statement: dict[str, Any]) -> Iterator[dict[str, float]]:
    """The ranges of a statement that add up, or that stand beside what does."""
    named = ("total_usd", "revenue_usd", "gross_margin_share", "inference_share", "net_present_value_usd")
    yield from (statement[name] for name in (*named, "discounted_total_usd", "cash_total_usd"))
    yield from (value for value in statement["unit_costs"].values() if value)
    yield statement["iceberg"]["quotable_usd"]
    yield from (group["cost_usd"] for group in statement["iceberg"]["groups"])
    yield from (line["cost_usd"] for line in statement["lines"])
    yield from statement["training_compute_by_method_usd"].values()
    for row in statement["serving"]:
        yield from (row[key] for key in ("usd_per_query", "usd_per_mtok", "total_usd"))
    for row in statement["tiers"]:
        told = ("revenue_usd", "cost_usd", "margin_usd", "cost_per_user_month_usd")
        yield from (row[key] for key in (*told, "revenue_per_user_month_usd", "user_months"))
    yield from (case["saved_usd"] for case in statement["break_even"]["self_hosting"])
    yield from statement["reconciliation"].values()


def test_the_quotable_number_stands_above_the_waterline(statement: dict[str, Any]) -> None:
    lines = section(render(statement), "The iceberg")
    water = next(number for number, line in enumerate(lines) if line.startswith("~~~~"))
    assert "Final training run" in lines[1]
    assert water == 2
    quoted = statement["iceberg"]["quotable_lines"]
    hidden = [line for line in statement["lines"] if line["component"] not in quoted]
    assert quoted == ["training.final_run"]
    assert lines[3].strip().startswith(hidden[0]["label"].split()[0])


def test_bars_show_the_larger_line_larger(statement: dict[str, Any]) -> None:
    lines = section(render(statement), "The iceberg")
    bars = [line.count("█") + line.count("▒") for line in lines[1:] if re.search(r"%$", line)]
    assert max(bars) <= 11
    assert bars[1] == max(bars[1:])


def test_what_is_not_shown_is_counted(statement: dict[str, Any]) -> None:
    short, full = render(statement), render(statement, everything=True)
    facts = [a for a in statement["assumptions"] if a["confidence"] != "stated"]
    stated = [a for a in statement["assumptions"] if a["confidence"] == "stated"]
    hidden = re.search(r"(\d+) more facts, (\d+) numbers of the plan, and every source: --assumptions", short)
    assert hidden is not None
    assert int(hidden[1]) + 3 == len(facts)
    assert int(hidden[2]) == len(stated)
    assert "every source" not in full
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
    hidden = [line for line in few["lines"] if line["component"] not in few["iceberg"]["quotable_lines"]]
    drawn = first_column(page(few).lines, "The iceberg")
    smaller = re.search(r"(\d+)smallerlines", drawn)
    assert smaller is not None
    assert sum("".join(line["label"].split()) in drawn for line in hidden) + int(smaller[1]) == len(hidden)
    full = first_column(page(few, everything=True).lines, "Cost lines")
    assert all("".join(line["label"].split()) in full for line in few["lines"])


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
    text = "".join(render(warned, everything=True).split())
    for part in statement["left_out"]:
        assert "".join(f"{part['part']}: {part['consequence']}".split()) in text
    assert "plan.yaml:3:horizon_months:islong" in text
    short = render(warned)
    assert "plan.yaml:3: horizon_months: is long" in short
    for part in statement["left_out"]:
        of_a_view = part["part"].startswith(("flows.", "human_ledger.", "footprint."))
        assert of_a_view or all(name in short for name in part["part"].split("."))


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
        ({"p5": -3e6, "p50": -2e6, "p95": -1e6, "mean": -2e6}, "and so loses 2.00 M USD (1.00 M – 3.00 M)"),
        ({"p5": 1e6, "p50": 2e6, "p95": 3e6, "mean": 2e6}, "and so leaves 2.00 M USD (1.00 M – 3.00 M)"),
        ({"p5": -1e6, "p50": 2e6, "p95": 3e6, "mean": 2e6}, "left is 2.00 M USD (-1.00 M to 3.00 M): a gain"),
    ],
)
def test_the_verdict_names_a_loss_a_loss(
    statement: dict[str, Any], margin: dict[str, float], words: str
) -> None:
    assert words in " ".join(render({**statement, "margin_usd": margin}).split())


def test_an_overlay_is_named(statement: dict[str, Any]) -> None:
    assert "Catalog overlaid by ours.yaml" in " ".join(
        render({**statement, "catalog_overlay": "ours.yaml"}).split()
    )


def test_styles_carry_no_meaning_of_their_own(statement: dict[str, Any]) -> None:
    made = page(statement)
    assert made.plain() == render(statement)
    assert {span.style for line in made.lines for span in line} >= {Style.TITLE, Style.STRONG, Style.BAR}


@pytest.mark.parametrize(
    ("again", "words"),
    [
        (0.27, "month 2 (1 – 7) in 74 % of the draws; behind again from month 27 (14 – 36) in 27 %"),
        (0.0, "month 2 (1 – 7) in 74 % of the draws"),
    ],
)
def test_inference_that_falls_behind_again_is_said_to(
    statement: dict[str, Any], again: float, words: str
) -> None:
    event = {"p5": 1.0, "p50": 2.0, "p95": 7.0, "mean": 3.0, "share_of_draws": 0.74}
    behind = {"p5": 14.0, "p50": 27.0, "p95": 36.0, "mean": 26.0, "share_of_draws": again}
    text = render({**statement, "crossover_month": event, "falls_behind_month": behind})
    assert words in " ".join(text.split())
    assert ("behind again" in text) is (again > 0)


def test_the_method_of_the_plan_is_marked(statement: dict[str, Any]) -> None:
    lines = section(render(statement), "Compute of one final run, by method")
    assert statement["training_compute_used"] == "cloud-on-demand"
    assert [line.split("  ")[1] for line in lines if " used " in line] == ["Rented on demand"]


def test_own_chips_say_whether_they_pay_and_what_they_save(statement: dict[str, Any]) -> None:
    told = copy.deepcopy(statement)
    case = told["break_even"]["self_hosting"][0]
    volume = {"p5": 1e9, "p50": 2e9, "p95": 3e9, "mean": 2e9, "share_of_draws": 1.0}
    saved = {"p5": 1e3, "p50": 2e3, "p95": 3e3, "mean": 2e3}
    case |= {"self_host_tokens_per_month": volume, "saved_usd": saved}
    needed = "2.00 B (1.00 B – 3.00 B) needed"
    for now, words in (
        (4e9, f"already pay: 4.00 B tokens a month, {needed}; over the plan they save 2,000 USD"),
        (1e9, f"do not pay yet: 1.00 B tokens a month, {needed}; but over the plan they save 2,000 USD"),
    ):
        case["tokens_now"] = now
        assert words in " ".join(render(told).split())


def test_what_is_left_out_takes_a_line_an_area() -> None:
    parts = [
        "programme.data.licences",
        "demand",
        "programme.data.synthetic",
        "programme.training.method.cloud",
    ]
    assert by_area(parts) == [
        "programme: data (licences, synthetic), training (method.cloud)",
        "altogether: demand",
    ]
