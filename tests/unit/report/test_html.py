"""The HTML report: right in every kind of plan, its numbers the statement's, nothing fetched or unescaped."""

from __future__ import annotations

import copy
import itertools
import re
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

import truecost
from truecost.report.charts.iceberg import Part, iceberg
from truecost.report.charts.lettering import apart, text_width, wrap
from truecost.report.charts.outline import BODY, depth_of, outline_area, polygon_area
from truecost.report.charts.scales import Log, round_values, rounded_up
from truecost.report.charts.stack import ceiling
from truecost.report.html import SECTIONS, render
from truecost.report.notebook import notebook_html
from truecost.report.sections.section import Absent, table_months
from truecost.report.sections.shock import shock
from truecost.units import show, show_range, show_share

PLANS = Path(__file__).parents[2] / "browser" / "plans"
NAMES = sorted(path.stem for path in PLANS.glob("*.yaml"))
MOST_BYTES = 300_000
OF_AN_ANSWER = {
    "train_and_infer",
    "options",
    "decision_curve",
    "knowledge",
    "scenarios",
    "advice",
    "levers",
    "sensitivity",
    "what_if",
}
"""Sections that only the page of a plan with its answer has."""
VOID = {"meta", "br", "wbr", "link", "img", "input", "hr"}


@cache
def statement_of(name: str) -> dict[str, Any]:
    return truecost.plan(PLANS / f"{name}.yaml", draws=200).statement()


@cache
def page_of(name: str) -> str:
    return render(statement_of(name))


def changed(name: str, **keys: Any) -> dict[str, Any]:
    return {**copy.deepcopy(statement_of(name)), **keys}


def around_mean(value: dict[str, float], unit: str) -> str:
    """A mean with its 90 % interval, as a reader sees it."""
    return show_range({"p5": value["p5"], "p50": value["mean"], "p95": value["p95"]}, unit)


def plain(page: str) -> str:
    """The page's words with ordinary spaces and without tags."""
    body = re.sub(r"<style>.*?</style>", "", page, flags=re.DOTALL)
    words = re.sub(r"<(?:wbr|tspan|/tspan|i|/i)[^>]*>", " ", body)
    words = (
        re.sub(r"<[^>]+>", "\n", words)
        .replace("&nbsp;", " ")
        .replace("\N{NO-BREAK SPACE}", " ")
        .replace("\N{WORD JOINER}", "")
    )
    words = words.replace("&#34;", '"').replace("&#39;", "'").replace("&lt;", "<").replace("&gt;", ">")
    return re.sub(r"[ ]+", " ", words.replace("&amp;", "&"))


class Checked(HTMLParser):
    """Collects what the page refers to, and whether its tags are closed in order."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.tags: set[str] = set()
        self.references: list[tuple[str, str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.tags.add(tag)
        self.ids += [value for key, value in attrs if key == "id" and value]
        for key in ("src", "href", "xlink:href", "srcset", "action", "data"):
            if found.get(key):
                self.references.append((tag, str(found[key]), found))
        assert not [key for key in found if key.startswith("on")]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def checked(page: str) -> Checked:
    parser = Checked()
    parser.feed(page)
    assert parser.open == []
    return parser


@pytest.mark.parametrize("name", NAMES)
def test_page_is_one_well_formed_file_that_fetches_nothing(name: str) -> None:
    page = page_of(name)
    found = checked(page)
    assert len(found.ids) == len(set(found.ids))
    assert not found.tags & {"script", "link", "iframe", "img", "object", "form"}
    for tag, address, attributes in found.references:
        if address.startswith("#"):
            assert address[1:] in found.ids
        else:
            assert tag == "a"
            assert attributes["rel"] == "noreferrer"
            assert address.startswith(("https://", "http://"))
    style = page[page.index("<style>") : page.index("</style>")]
    assert "url(" not in style
    assert "@import" not in style
    assert len(page.encode()) <= MOST_BYTES


@pytest.mark.parametrize("name", NAMES)
def test_charts_are_well_formed_drawn_twice_and_described(name: str) -> None:
    page = page_of(name)
    charts = re.findall(r'<svg class="(?:wide|narrow)".*?</svg>(?=\n)', page, flags=re.DOTALL)
    assert len(charts) == 2 * page.count("<figure ")
    assert all(re.findall(r'<figure role="img" aria-label="([^"]*)">', page))
    for chart in charts:
        root = ElementTree.fromstring(chart)
        assert root.get("aria-hidden") == "true"
        assert "NaN" not in chart
        assert "nan" not in re.sub(r'aria-label="[^"]*"|<t[^>]*>[^<]*', "", chart)


@pytest.mark.parametrize("name", NAMES)
def test_a_section_is_drawn_or_said_to_be_missing(name: str) -> None:
    words, statement = plain(page_of(name)), statement_of(name)
    for section in SECTIONS:
        made = section(statement)
        if made is None:
            assert section.__name__ in OF_AN_ANSWER
        elif isinstance(made, Absent):
            assert made.what in words
            assert made.why in words
        else:
            assert made.title.replace("\N{NO-BREAK SPACE}", " ") in words
            assert made.tables


@pytest.mark.parametrize("name", NAMES)
def test_every_figure_has_its_table(name: str) -> None:
    for section in re.findall(r"<section.*?</section>", page_of(name), flags=re.DOTALL):
        if "<figure " in section:
            assert "<details" in section
            assert "<table>" in section


@pytest.mark.parametrize("name", NAMES)
def test_numbers_are_the_statements(name: str) -> None:
    words, statement = plain(page_of(name)), statement_of(name)
    if statement["total_usd"]["p95"] > 0:
        assert show(statement["total_usd"]["mean"], "USD") in words
    for line in statement["lines"]:
        assert line["label"] in words
        for point in ("p5", "p95", "mean"):
            assert f"\n{show(line['cost_usd'][point], 'USD')}\n" in words
    for group in statement["iceberg"]["groups"]:
        if statement["iceberg"]["quotable_share"] and group["cost_usd"]["mean"]:
            assert around_mean(group["cost_usd"], "USD") in words
    for row in statement["serving"]:
        assert around_mean(row["usd_per_query"], "USD/query") in words
    for row in statement["tiers"]:
        if statement["total_usd"]["p95"] > 0:
            assert around_mean(row["margin_usd"], "USD") in words
    for method in statement["training_compute_by_method_usd"].values():
        assert around_mean(method, "USD") in words
    for volume in statement["break_even"]["self_hosting"]:
        assert volume["self_host_tokens_per_month"]["share_of_draws"] == 0 or (
            show_range(volume["self_host_tokens_per_month"], "tokens") in words
        )


@pytest.mark.parametrize("name", NAMES)
def test_the_monthly_table_has_every_month_and_group(name: str) -> None:
    statement = statement_of(name)
    months = statement["series"]["months"]
    found = re.search(r'<section id="monthly">.*?<tbody>(.*?)</tbody>', page_of(name), flags=re.DOTALL)
    if len(months) == 1 or statement["total_usd"]["p95"] == 0:
        assert found is None
        return
    assert found is not None
    rows = re.findall(r"<tr>(.*?)</tr>", found[1])
    shown = table_months(len(months))
    assert len(rows) == len(shown)
    assert shown == list(range(len(months))) or len(months) > 60
    groups = {k: v for k, v in statement["series"]["cost_by_group_usd"].items() if sum(v) > 0}
    for index, row in zip(shown, rows, strict=True):
        cells = [plain(cell).strip() for cell in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row)]
        total = statement["series"]["total_usd"][index]
        assert cells == [
            months[index],
            *(show(values[index]) for values in groups.values()),
            *(show(total[point]) for point in ("mean", "p5", "p95")),
        ]


@pytest.mark.parametrize("name", NAMES)
def test_everything_left_out_warned_of_and_assumed_is_on_the_page(name: str) -> None:
    words, statement = plain(page_of(name)), statement_of(name)
    for gap in statement["left_out"]:
        assert gap["part"] in words
        assert gap["consequence"] in words
    page = page_of(name)
    places = [page.find(f"{kind}") for kind in ('id="sources"', " published figure", "of the plan itself")]
    assert [p for p in places if p >= 0] == sorted(p for p in places if p >= 0)
    for assumption in statement["assumptions"]:
        assert assumption["key"] in words.replace("\n", "").replace(" ", "") or assumption["key"] in words


def test_names_are_escaped_everywhere() -> None:
    for page in (page_of("product-on-apis"), notebook_html(statement_of("product-on-apis"))):
        assert "<script" not in page
        assert "Copilot &lt;script&gt;" in page


def test_warnings_stand_before_the_findings() -> None:
    page = render(changed("run-alone", warnings=["plan.yaml:3 <utilization> above any recorded run"]))
    assert "One thing is unusual in this plan" in page
    assert "&lt;utilization&gt;" in page
    assert page.index("&lt;utilization&gt;") < page.index("<main")


def test_a_source_address_is_a_link_and_the_rest_is_not() -> None:
    fact = {
        "key": "pue/other", "value": "1.2 .. 1.6", "unit": "x", "confidence": "estimate",
        "source": "a survey (https://example.org/pue?a=1&b=2) <img src=x>", "checked": "2026-11-22",
        "stands_in_for": "serving.chat.pue", "note": "",
    }  # fmt: skip
    page = render(changed("run-alone", assumptions=[fact]))
    link = '<a href="https://example.org/pue?a=1&amp;b=2" rel="noreferrer">example.org/pue?a=1&amp;b=2</a>)'
    assert link in page
    assert "<img" not in page
    assert "1.2 – 1.6 x" in plain(page)


def test_the_finding_says_what_kind_of_plan_it_is() -> None:
    def title(name: str) -> str:
        found = re.search(r"<h1>(.*?)</h1>", page_of(name))
        assert found
        return plain(found[1]).strip()

    total = show(statement_of("programme-with-generations")["total_usd"]["mean"], "USD")
    part = show_share(statement_of("programme-with-generations")["iceberg"]["quotable_share"])
    assert title("programme-with-generations") == (
        f"Everything costs {total} over 36 months; the run everyone quotes is {part} of it."
    )
    costs = statement_of("product-on-apis")["unit_costs"]
    assert title("product-on-apis") == (
        f"Each query costs {show(costs['usd_per_query']['mean'], 'USD')} and earns "
        f"{show(costs['revenue_usd_per_query']['mean'], 'USD')}."
    )
    assert title("one-number-one-month") == "The run costs 5.58 M USD; nothing around it is in this plan."
    assert "earns nothing" in title("no-revenue")
    assert title("people-alone").endswith("100 % of it is staff and operations.")
    assert title("nothing-priced") == "Nothing in this plan costs anything: see what it leaves out."


def test_a_quote_stands_beside_the_law_and_the_tokens_it_implies() -> None:
    words = plain(page_of("programme-with-generations"))
    quote = next(
        row for row in statement_of("programme-with-generations")["serving"] if row["option"] == "quoted"
    )
    for implied in quote["implied"]:
        assert f"{show(implied['quote_over_law'])} times what" in words
        assert f"right at {show(implied['implied_tokens_per_query'])} tokens a query" in words


def test_a_stand_in_model_is_named_as_one() -> None:
    words = plain(page_of("product-on-apis"))
    assert "names no model of its own to host: meta-llama/Llama-3.1-70B on h100-sxm" in words


def test_the_heading_of_the_crossing_says_that_inference_falls_behind_again() -> None:
    event = {"p5": 1.0, "p50": 2.0, "p95": 7.0, "mean": 3.0, "share_of_draws": 0.74}
    behind = {"p5": 14.0, "p50": 27.0, "p95": 36.0, "mean": 26.0, "share_of_draws": 0.27}
    statement = changed("programme-with-generations", crossover_month=event, falls_behind_month=behind)
    words = plain(render(statement))
    told = (
        "Inference overtakes training in month 2 (1 – 7) in 74 % of the draws, then falls behind again from"
    )
    assert words.count(f"{told} month 27 (14 – 36) in 27 %") >= 2


def test_the_heading_of_self_hosting_is_of_the_class_with_the_most_at_stake() -> None:
    statement = changed("product-on-apis")
    cases = statement["break_even"]["self_hosting"]
    needed = {"p5": 1e9, "p50": 2e9, "p95": 3e9, "mean": 2e9, "share_of_draws": 1.0}
    saved = {"p5": 1e3, "p50": 2e3, "p95": 3e3, "mean": 2e3}
    small = {**cases[0], "class": "small", "api_usd": {**saved, "mean": 10.0}}
    large = {**small, "class": "large", "api_usd": {**saved, "mean": 1e6}, "tokens_now": 4e9}
    large |= {"self_host_tokens_per_month": needed, "saved_usd": saved}
    statement["break_even"]["self_hosting"] = [small, large]
    words = plain(render(statement))
    told = "Own chips already pay for “large”: 4.00 B tokens a month, 2.00 B needed"
    assert f"{told}; over the plan they save 2,000 USD (1,000 – 3,000)" in words


def test_the_heading_of_the_methods_counts_those_it_spans() -> None:
    statement = changed("run-alone", training_compute_used="cloud-on-demand")
    costs = {"cloud": 2e6, "cloud-on-demand": 5e6, "acquisition": 9e9, "owned-energy": 1e3}
    statement["training_compute_by_method_usd"] = {
        method: {"p5": usd / 2, "p50": usd / 3, "p95": usd * 2, "mean": usd} for method, usd in costs.items()
    }
    words = plain(render(statement))
    assert "One run costs 2.00 M USD to 5.00 M USD, counted 2 ways; the plan pays 5.00 M USD" in words
    assert "Rented on demand, used" in words


def test_price_shocks_of_three_and_five_times_are_said() -> None:
    tolerance = statement_of("product-on-apis")["break_even"]["shock_tolerance"]
    shares = [show_share(tolerance[f"survives_{m}x_share_of_draws"]) for m in (1, 3, 5)]
    said = f"in {shares[0]} of the draws, at three times in {shares[1]}, at five in {shares[2]}"
    assert said in plain(page_of("product-on-apis"))


def test_what_never_happens_is_said_and_not_drawn() -> None:
    never = {**dict.fromkeys(("p5", "p50", "p95", "mean")), "share_of_draws": 0.0}
    statement = changed(
        "programme-with-generations", crossover_month=never, payback_month=never, runway_months=never
    )
    statement["break_even"]["self_hosting"][0]["self_host_tokens_per_month"] = never
    for tier in statement["break_even"]["tiers"]:
        tier["users_for_zero_margin"] = never
    words = plain(render(statement))
    assert "Inference does not overtake training in 36 months" in words
    assert "Revenue does not pay this back in 36 months" in words
    assert "Own chips do not beat the API at any volume" in words
    assert "No number of users of “plus” brings the margin to zero" in words
    assert "no end" in words


def test_a_tolerance_of_zero_is_drawn_on_the_edge() -> None:
    nothing = dict.fromkeys(("p5", "p50", "p95", "mean"), 0.0)
    survived = {f"{kind}survives_{m}x_share_of_draws": 0.0 for kind in ("", "all_in_") for m in (1, 3, 5)}
    statement = changed("product-on-apis")
    statement["break_even"]["shock_tolerance"] = {"multiple": nothing, "all_in_multiple": nothing, **survived}
    made = shock(statement)
    assert not isinstance(made, Absent)
    assert made.title.startswith("It does not pay at")


def areas(chart: str, style: str) -> list[float]:
    paths = re.findall(rf'<path d="M([^"]*?)Z" class="{style}"', chart)
    return [polygon_area([tuple(map(float, p.split(","))) for p in d.split(" ")]) for d in paths]  # type: ignore[misc]


@pytest.mark.parametrize(
    "name", [n for n in NAMES if n not in {"no-revenue", "people-alone", "nothing-priced"}]
)
@pytest.mark.parametrize("kind", ["wide", "narrow"])
def test_areas_of_the_iceberg_are_proportional_to_usd(name: str, kind: str) -> None:
    berg = statement_of(name)["iceberg"]
    found = re.search(
        rf'<section id="iceberg">.*?(<svg class="{kind}".*?</svg>)', page_of(name), flags=re.DOTALL
    )
    assert found
    tip, layers = areas(found[1], "accent tip"), areas(found[1], "ice")
    means = [g["cost_usd"]["mean"] for g in berg["groups"] if g["cost_usd"]["mean"] > 0]
    assert len(layers) == len(means)
    per_usd = (sum(tip) + sum(layers)) / (berg["quotable_usd"]["mean"] + sum(means))
    for area, usd in zip([*tip, *layers], [berg["quotable_usd"]["mean"], *means], strict=True):
        assert area == pytest.approx(usd * per_usd, rel=1e-4, abs=0.2)


@given(st.lists(st.floats(1e-3, 1e9), min_size=1, max_size=9), st.floats(1e-3, 1e9))
def test_any_iceberg_is_proportional(hidden: list[float], quoted: float) -> None:
    parts = [Part(f"part {i}", usd, "1 USD") for i, usd in enumerate(hidden)]
    chart = "".join(iceberg(Part("tip", quoted, "1 USD"), parts, 720).parts)
    chart = re.sub(r' style="[^"]*"', "", chart)
    drawn = [*areas(chart, "accent tip"), *areas(chart, "ice")]
    per_usd = sum(drawn) / (quoted + sum(hidden))
    for area, usd in zip(drawn, [quoted, *hidden], strict=True):
        assert area == pytest.approx(usd * per_usd, rel=1e-3, abs=1.0)


@given(st.floats(0, 1))
def test_a_depth_holds_the_area_it_was_asked_for(share: float) -> None:
    area = share * outline_area(BODY, 1.0)
    assert outline_area(BODY, depth_of(BODY, area)) == pytest.approx(area, abs=1e-12)


@given(st.lists(st.tuples(st.floats(0, 500), st.floats(5, 40)), min_size=1, max_size=12))
def test_labels_keep_apart_and_in_order(boxes: list[tuple[float, float]]) -> None:
    wanted, heights = [b[0] for b in boxes], [b[1] for b in boxes]
    centres = apart(wanted, heights, (0, 500))
    order = sorted(range(len(boxes)), key=lambda i: (wanted[i], i))
    for above, below in itertools.pairwise(order):
        assert centres[below] - centres[above] >= (heights[above] + heights[below]) / 2 - 1e-9
    assert min(c - h / 2 for c, h in zip(centres, heights, strict=True)) >= -1e-9


@given(st.text(alphabet="abcW i", max_size=80), st.floats(40, 300))
def test_wrapped_lines_fit(content: str, width: float) -> None:
    lines = wrap(content, width, most=3)
    assert len(lines) <= 3
    assert all(text_width(line) <= width for line in lines)


@given(st.floats(1e-9, 1e15), st.integers(2, 8))
def test_scales_end_on_a_round_value(high: float, most: int) -> None:
    top = rounded_up(high, most)
    assert high * (1 - 1e-9) <= top <= high * 2.5
    assert len(round_values(0, top, most)) <= 2 * most + 2


def test_log_marks_stay_inside_and_few() -> None:
    for low, high in ((0.1, 10), (0.01, 1e6), (0.9, 1.3), (1, 1e12)):
        ticks = Log((low, high), (0, 1)).ticks(5)
        assert len(ticks) <= 5
        assert all(low * 0.999 <= tick <= high * 1.001 for tick in ticks)


def test_a_first_month_that_towers_over_the_rest_is_cut_off_and_named() -> None:
    top, cut = ceiling([900.0, *[30.0] * 35], [1000.0, *[40.0] * 35])
    assert cut == [0]
    assert top == pytest.approx(39)
    statement = changed("run-alone")
    monthly = statement["series"]
    assert ceiling([m["mean"] for m in monthly["total_usd"]], [m["p95"] for m in monthly["total_usd"]])[
        1
    ] == [0]
    first = show(monthly["total_usd"][0]["mean"], "USD")
    assert f"▲ Dec 2026: {first}" in plain(page_of("run-alone"))


def test_the_notebook_shows_the_finding_and_the_lines() -> None:
    for name in NAMES:
        statement = statement_of(name)
        fragment = notebook_html(statement)
        assert fragment.startswith("<div")
        assert "<script" not in fragment
        words = plain(fragment)
        assert around_mean(statement["total_usd"], "USD") in words
        for line in statement["lines"][:15]:
            if statement["total_usd"]["p95"] > 0:
                assert around_mean(line["cost_usd"], "USD") in words
        checked(fragment)
        assert len(fragment) < 12_000


def test_rendering_is_pure() -> None:
    statement = changed("product-on-apis")
    before = copy.deepcopy(statement)
    assert render(statement) == render(statement)
    assert statement == before
