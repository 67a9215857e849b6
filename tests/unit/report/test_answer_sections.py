"""The sections of an answer: titles that say the finding, its own numbers, nothing where there is none."""

from __future__ import annotations

import itertools
import re
from pathlib import Path
from typing import Any

import pytest
from tests.unit.report.answered import (
    ADVICE,
    CURVE,
    KNOWLEDGE,
    SCENARIOS,
    SENSITIVITY,
    TABLE,
    VERDICT,
    answered,
    choice,
    ranged,
)

import truecost
from truecost.report.charts.chance import chance
from truecost.report.charts.differences import differences
from truecost.report.charts.parts import Whole, stacked
from truecost.report.charts.rows import Row, dots
from truecost.report.charts.scales import Linear
from truecost.report.charts.svg import number, trace
from truecost.report.charts.tornado import Swing, tornado
from truecost.report.charts.turning import turning
from truecost.report.charts.volumes import Mark, Way, volumes
from truecost.report.charts.waterfall import Step, waterfall
from truecost.report.html import SECTIONS, render
from truecost.report.sections.advice import advice
from truecost.report.sections.decision_curve import decision_curve
from truecost.report.sections.knowledge import knowledge
from truecost.report.sections.levers import levers
from truecost.report.sections.options import options
from truecost.report.sections.scenarios import scenarios
from truecost.report.sections.section import Absent, Section
from truecost.report.sections.sensitivity import sensitivity
from truecost.report.sections.verdict import verdict
from truecost.units import show, show_share

PLANS = Path(__file__).parents[2] / "browser" / "plans"
SEVEN = (options, decision_curve, knowledge, scenarios, advice, levers, sensitivity)


@pytest.fixture(scope="module")
def bare() -> dict[str, Any]:
    """A plan's statement, without an answer."""
    return truecost.plan(PLANS / "product-on-apis.yaml", draws=100).statement()


def made(section: Any, statement: dict[str, Any]) -> Section:
    found = section(statement)
    assert isinstance(found, Section)
    return found


def plain(words: str) -> str:
    return words.replace("\N{NO-BREAK SPACE}", " ")


def test_without_an_answer_there_is_no_such_section(bare: dict[str, Any]) -> None:
    assert verdict(bare) is None
    assert [section(bare) for section in SEVEN] == [None] * len(SEVEN)
    page = render(bare)
    assert 'id="as-written"' not in page
    for name in ("options", "decision-curve", "scenarios", "advice", "levers", "sensitivity"):
        assert f'id="{name}"' not in page


def test_the_page_opens_with_the_verdict_and_keeps_the_finding(bare: dict[str, Any]) -> None:
    page = render(answered(bare))
    heading = re.search(r"<h1[^>]*>(.*?)</h1>", page)
    assert heading
    said = plain(re.sub(r"<[^>]+>", "", heading[1])).replace("\N{WORD JOINER}", "").replace("&lt;", "<")
    assert said.replace("&gt;", ">") == VERDICT["sentence"].partition("; ")[0] + "."
    assert "It flips to “The plan as written” if API prices fall to 0.7 x the plan&#39;s." in plain(page)
    without = re.search(r"<h1>(.*?)\.</h1>", render(bare))
    assert without
    assert f"<h2>{without[1]}</h2>" in page
    assert page.index("<h1") < page.index("<dl") < page.index("<nav") < page.index('id="as-written"')
    assert page.index('id="as-written"') < page.index('id="options"') < page.index('id="iceberg"')


def test_names_of_the_answer_are_escaped(bare: dict[str, Any]) -> None:
    page = render(answered(bare))
    for name in ("<base>", "<retrieves>", "<users>", "<pays>", "<responses>", "<does>", "<chips>", "<calls>"):
        assert name not in page
        assert name.replace("<", "&lt;").replace(">", "&gt;") in page


def test_the_figures_of_the_verdict_are_its_own(bare: dict[str, Any]) -> None:
    found = verdict(answered(bare))
    assert found is not None
    saved, sure, flip, cash = found.figures
    assert plain(f"{saved.value} {saved.unit}") == show(VERDICT["saving_usd"]["mean"], "USD")
    assert plain(f"{sure.value} {sure.unit}") == show_share(0.9)
    assert "“The plan as written” in 10 %" in plain(sure.what)
    assert (flip.value, flip.unit) == ("0.7", "×")
    assert "API prices" in flip.what
    assert plain(f"{cash.value} {cash.unit}") == show(TABLE[0]["cash_needed_usd"]["mean"], "USD")
    assert "nothing beats the plan as written" in found.conditions[0]


def test_a_plan_that_is_best_as_written_says_by_how_much(bare: dict[str, Any]) -> None:
    second = {"option": "hybrid", "label": "Hybrid", "behind_usd": ranged(5e4)}
    kept = {**VERDICT, "option": "as_written", "flip": None, "second": second}
    found = verdict(answered(bare, verdict=kept))
    assert found is not None
    assert found.figures[0].what == "less is left by “Hybrid”, the next best"
    assert found.figures[2].value == "no flip"
    table = [choice("as_written", "As written", 0.0, 0.6), choice("hybrid", "Hybrid", -5e4, 0.4)]
    title = made(options, answered(bare, options={"table": table})).title
    assert title == "The other way to do the same, “Hybrid”, leaves less"


def test_nothing_to_choose_leaves_the_finding_at_the_top(bare: dict[str, Any]) -> None:
    alone = {**VERDICT, "second": None, "sentence": "There is nothing to choose."}
    statement = answered(bare, verdict=alone, options={"table": TABLE[1:2], "curve": None})
    assert verdict(statement) is None
    assert options(statement) is None
    assert decision_curve(statement) is None
    assert knowledge(statement) is None
    assert "<h1>" in render(statement)


def test_the_decision_table_has_every_option_and_why_not(bare: dict[str, Any]) -> None:
    section = made(options, answered(bare))
    assert section.title == "1 of the 2 other ways to do the same saves money"
    assert section.decision is not None
    rows = section.decision.rows
    assert [row.label for row in rows] == [row["label"] for row in TABLE[:3]]
    assert [row.is_best for row in rows] == [True, False, False]
    assert "another model: test it" in rows[0].about
    assert "Hybrid: own <base>'s terms" in rows[0].about
    assert plain(rows[0].cells[0]) == "90 %"
    assert plain(rows[0].cells[3]) == show(TABLE[0]["cost_usd_by_month"]["36"]["mean"])
    assert len(section.decision.head) == 2 + len(rows[0].cells)
    assert section.listings[0].rows == [("Retrieve (RAG)", "the plan <retrieves> already")]
    assert section.listings[1].rows[0][1] == "--set 'serving.chat.use=hybrid'"
    assert "60.0 M USD more" in plain(section.facts[0])


def test_the_curve_names_the_crossing_nearest_to_the_plan(bare: dict[str, Any]) -> None:
    section = made(decision_curve, answered(bare))
    assert (
        plain(section.title)
        == "Above 1.30 M queries a month “Hybrid: own <base>” is best; the plan has 1.00 M"
    )
    below = {
        "users_factor": 0.9,
        "queries_per_month": 9e5,
        "from_option": "hybrid",
        "to_option": "as_written",
    }
    curve = {**CURVE, "crossings": [below, *CURVE["crossings"]]}
    section = made(decision_curve, answered(bare, options={"curve": curve}))
    assert plain(section.title).startswith("Below 900 k queries a month “Hybrid: own <base>” is best")
    assert plain(section.facts[0]).startswith(
        "At 1.30 M queries a month “Hybrid: own <base>” takes over from"
    )
    none = made(decision_curve, answered(bare, options={"curve": {**CURVE, "crossings": []}}))
    assert none.title == "“The plan as written” is best at any volume from a tenth to ten times the plan's"


def test_fine_tuning_against_retrieval(bare: dict[str, Any]) -> None:
    section = made(knowledge, answered(bare))
    assert plain(section.title) == "Fine-tune, on own chips: 1.00 M USD cheaper than to retrieve over an API"
    assert plain(section.facts[0]).startswith("Fine-tuning costs less from 500 k queries a month up")
    near = [KNOWLEDGE["ways"][0], {**KNOWLEDGE["ways"][1], "total_usd": ranged(3.01e6)}]
    statement = answered(bare, options={"fine_tune_or_retrieve": {**KNOWLEDGE, "ways": near}})
    assert "nearly the same, 10.0 k USD apart" in plain(made(knowledge, statement).title)


def test_scenarios_with_the_verdict_of_each_and_the_mixture(bare: dict[str, Any]) -> None:
    section = made(scenarios, answered(bare))
    assert (
        plain(section.title) == "“Prices rise 3x” would cost 2.00 M USD; 1 of 2 scenarios changes the verdict"
    )
    assert "“option api” would be the best way under: Prices rise 3x." in section.facts
    assert plain(section.facts[-1]).startswith(
        "Weighted by how likely they are said to be, the plan loses 1.40 M USD"
    )
    cells = {row[0]: row for row in section.tables[0].rows}
    assert cells["As written"][2] == VERDICT["label"]
    assert cells["Consolidation: provider gone"][1] == "consolidation-provider-gone"
    assert section.listings[-1].rows == [("mine", "nobody <pays>")]
    nothing = scenarios(answered(bare, scenarios=[SCENARIOS[0], SCENARIOS[3]]))
    assert isinstance(nothing, Absent)
    assert nothing.why == "nobody <pays>"


def test_scenarios_of_a_plan_without_revenue_are_told_by_cost(bare: dict[str, Any]) -> None:
    section = made(scenarios, answered(bare, revenue_usd=None))
    assert section.lede.startswith("What it costs")


def test_advice_adds_up_and_says_what_the_parts_would(bare: dict[str, Any]) -> None:
    section = made(advice, answered(bare))
    assert plain(section.title) == "2 changes together save 6,160 USD a month, 5.6 % of what the plan costs"
    assert "Counted one by one they would add up to 6,560 USD" in plain(section.facts[1])
    assert section.figure is not None
    assert plain(section.figure.label).endswith("With all of them: 104 k USD")
    nothing = {**ADVICE, "combination": {**ADVICE["combination"], "steps": []}}
    assert isinstance(advice(answered(bare, advice=nothing)), Absent)


def test_each_lever_has_its_mechanism_its_doubt_and_its_range(bare: dict[str, Any]) -> None:
    section = made(levers, answered(bare))
    assert "“Cache whole <responses>: chat” saves most: 4,660 USD a month" in plain(section.title)
    assert section.decision is not None
    assert [row.label for row in section.decision.rows] == [
        "Cache whole <responses>: chat",
        "Ask for shorter answers: chat",
    ]
    first = section.decision.rows[0]
    assert "calls to the model 2.00 M → 1.50 M" in plain(first.about)
    assert "Not known: whether cache <does>." in first.about
    assert plain(first.saved) == "4,660 (3,262 – 7,456)"
    assert "first token 250 ms → 200 ms" in plain(first.cells[2])
    assert "Hand the hardest to people: chat: costs more than it saves." in section.facts
    assert section.listings[0].rows == [("Quantize: chat", "no own <chips>")]
    assert len(section.tables[0].rows) == 3


def test_the_tornado_names_what_is_worth_measuring_first(bare: dict[str, Any]) -> None:
    section = made(sensitivity, answered(bare))
    assert (
        plain(section.title)
        == "“requests, chat, <calls>” moves the total cost most, by 700 k USD: measure it first"
    )
    assert any("narrow the 90 % interval by 16 %" in plain(fact) for fact in section.facts)
    assert [row[0] for row in section.tables[0].rows][:2] == ["requests, chat, <calls>", "tiers, pro, churn"]
    still = {**SENSITIVITY, "inputs": [], "note": "nothing has a range"}
    nothing = sensitivity(answered(bare, sensitivity=still))
    assert isinstance(nothing, Absent)
    assert nothing.why == "nothing has a range"


def test_every_section_of_an_answer_has_chart_or_table(bare: dict[str, Any]) -> None:
    statement = answered(bare)
    for section in SEVEN:
        found = made(section, statement)
        assert section in SECTIONS
        assert found.tables
        assert found.figure is not None or found.decision is not None


def dots_drawn(share: float) -> tuple[int, int]:
    """How many dots are coloured, how many are not: a stretch of n dots is n - 1 pitches long."""
    drawn = re.findall(r'<path d="([^"]*)" class="dots (\w+)', chance(share))
    counts = {
        style: sum(round(float(x) / 7) + 1 for x in re.findall(r"h([\d.]+)", steps)) for steps, style in drawn
    }
    return counts.get("accented", 0), counts.get("tone6", 0)


@pytest.mark.parametrize(
    ("share", "coloured"), [(0.0, 0), (0.001, 1), (0.55, 55), (0.93, 93), (0.999, 99), (1.0, 100)]
)
def test_a_hundred_dots_as_many_coloured_as_draws_in_a_hundred(share: float, coloured: int) -> None:
    assert dots_drawn(share) == (coloured, 100 - coloured)


@pytest.mark.parametrize("factor", [0.05, 0.3, 0.99, 1.01, 3.0, 40.0])
def test_the_turning_point_shades_what_lies_beyond(factor: float) -> None:
    found = re.search(r'<rect x="([\d.]+)"[^>]* width="([\d.]+)"[^>]*class="accent faded"', turning(factor))
    assert found
    begin, width = map(float, found.groups())
    assert (begin > 74) == (factor > 1)
    assert begin + width == pytest.approx(150 if factor > 1 else begin + width, abs=0.05)


def test_an_option_that_towers_runs_off_and_the_others_stay_in_proportion() -> None:
    bars = differences([ranged(1e5, 0.0), ranged(-2e5, 0.0), ranged(-9e7, 0.0)], 0)
    widths = [float(re.search(r'width="([\d.]+)" height="10"', bar)[1]) for bar in bars]  # type: ignore[index]
    assert widths[1] == pytest.approx(2 * widths[0], rel=0.01)
    assert [bar.count('class="gap"') for bar in bars] == [0, 0, 2]


def test_a_trace_is_where_its_points_are() -> None:
    points = [(0.04, 10.0), (12.06, 8.55), (24.0, 9.0), (36.25, -3.1)]
    first, _, rest = trace(points).partition("l")
    x, y = map(float, first.split(","))
    places = [(x, y)]
    for step in rest.split(" "):
        dx, dy = map(float, re.findall(r"-?(?:\d+\.?\d*|\.\d+)", step))
        x, y = x + dx, y + dy
        places.append((x, y))
    for place, point in zip(places, points, strict=True):
        assert place == pytest.approx(point, abs=0.051)


@pytest.mark.parametrize("width", [720, 350])
def test_the_tornado_bars_end_where_the_outcome_is(width: float) -> None:
    swings = [Swing("a", "", 8.0, 16.0, "1", "2", "8 – 16"), Swing("b", "", 11.0, 9.0, "1", "2", "9 – 11")]
    chart = "".join(tornado(swings, 10.0, "middle", width).parts)
    boxes = [tuple(map(float, b)) for b in re.findall(r'<rect x="([\d.]+)"[^>]*width="([\d.]+)"', chart)]
    per_unit = boxes[0][1] / 6
    assert boxes[1][1] == pytest.approx(2 * per_unit, abs=0.2)
    assert boxes[2][1] == pytest.approx(per_unit, abs=0.2)
    assert chart.count("faded") == 2


@pytest.mark.parametrize("width", [720, 350])
def test_stacked_parts_are_in_proportion(width: float) -> None:
    wholes = [Whole("a", "", (1.0, 2.0, 5.0), 8.0, 8.0, "8"), Whole("b", "", (0.0, 1.0, 1.0), 2.0, 2.0, "2")]
    chart = "".join(stacked(wholes, ("x", "y", "z"), width).parts)
    widths = [float(w) for w in re.findall(r'width="([\d.]+)" height="18"', chart)]
    assert len(widths) == 5
    assert [w / widths[0] for w in widths] == pytest.approx([1, 2, 5, 1, 1], rel=0.02)


@pytest.mark.parametrize("width", [720, 350])
def test_marks_of_volumes_keep_apart_and_crossings_lie_on_the_cheapest(width: float) -> None:
    ways = [
        Way("a", [1e4, 5e4, 4e5], [9e3] * 3, [5e5] * 3),
        Way("b", [4e4, 5.5e4, 2e5], [1e4] * 3, [3e5] * 3),
    ]
    marks = [Mark(1e6, "plan: 1.00 M", False), Mark(1.05e6, "1.05 M", True), Mark(1.1e6, "1.10 M", True)]
    chart = "".join(volumes(ways, [1e5, 1e6, 1e7], marks, width).parts)
    rows = re.findall(r'<text x="([\d.]+)" y="([\d.]+)" class="small \w+ middle"', chart)
    assert len({y for _, y in rows}) == 3
    assert chart.count("<circle") == 3


def test_a_waterfall_of_savings_has_its_interval() -> None:
    steps = [
        Step("before", 0.0, "10", is_sum=True),
        Step("a", -2.0, "-2", interval=(-3.0, -1.0)),
        Step("after", -2.0, "8", is_sum=True),
    ]
    chart = "".join(waterfall(steps, 720).parts)
    assert chart.count('class="whisker"') == 1
    ends = re.search(r'd="M([\d.]+),[\d.]+H([\d.]+)', chart)
    assert ends
    bar = re.findall(r'<rect x="([\d.]+)"[^>]*width="([\d.]+)"', chart)[1]
    middle = (float(ends[1]) + float(ends[2])) / 2
    assert middle == pytest.approx(float(bar[0]), abs=0.3)


@pytest.mark.parametrize("width", [720, 350])
def test_dots_stand_on_one_scale_whatever_their_sign(width: float) -> None:
    rows = [Row(name, m - 1, m, m + 1, name) for name, m in (("a", -6.0), ("b", 0.0), ("c", 3.0))]
    chart = "".join(dots(rows, width, show).parts)
    places = [float(x) for x in re.findall(r'<circle cx="([\d.]+)"', chart)]
    scale = Linear((-6.0, 0.0), (places[0], places[1]))
    assert places[2] == pytest.approx(scale(3.0), abs=0.3)
    for one, other in itertools.pairwise(places):
        assert one < other
    assert number(places[0]) in chart
