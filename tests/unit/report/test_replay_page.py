"""Pages of replays: the answer first, every number of it, nothing of the user's taken for markup."""

from __future__ import annotations

import re
from typing import Any

import pytest
from tests.unit.replay.specs import spec
from tests.unit.report.replay_pages import (
    DAY,
    PAGES,
    RUNS,
    fleets_told,
    levers_told,
    no_fleet,
    page_of,
    run_told,
    ways_told,
)

from truecost.finance.cluster import HOURS_PER_YEAR
from truecost.replay import replay
from truecost.report.charts.panels import Layer, Panel, panels
from truecost.report.charts.panels import Limit as Ceiling
from truecost.report.charts.spread import Limit, Spread, spreads
from truecost.report.replay_page import (
    fleets_headline,
    headline,
    render,
    render_fleets,
    render_ways,
    standfirst,
)
from truecost.report.sections.replay_money import a_month, lines_of
from truecost.report.sections.replay_run import named
from truecost.units import show

FRAMES = {'class="answer">', 'id="spec"'}


def plain(text: str) -> str:
    return re.sub(r"\s+", " ", text.replace("\u2011", "-").replace("\u2060", "").replace("\xa0", " "))


def section(page: str, key: str) -> str:
    return page.partition(f'<section id="{key}">')[2].partition("</section>")[0]


@pytest.mark.parametrize("name", PAGES)
def test_a_page_stands_alone_and_every_link_in_it_leads_somewhere(name: str) -> None:
    page = page_of(name)
    assert "<script" not in page
    words = re.sub(r"<(style|title)>.*?</\1>|<[^>]*>", " ", page, flags=re.DOTALL)
    assert re.findall(r"\b(?:nan|inf|None(?! of))\b", words) == []
    assert not re.search(r'(src|href)="(?!#|https://)', page)
    keys = set(re.findall(r'id="([^"]+)"', page))
    assert set(re.findall(r'href="#([^"]+)"', page)) <= keys


@pytest.mark.parametrize("name", ["run", "fleets", "ways", "levers"])
def test_what_the_user_wrote_is_text(name: str) -> None:
    page = page_of(name)
    assert "A &lt;small&gt; service" in page
    assert "# &lt;the&gt; model" in page
    assert "<small> service" not in page


def test_the_answer_comes_first_and_the_spec_last() -> None:
    page = page_of("run")
    order = ['class="answer">', 'class="figures"', 'id="slo"', 'id="latencies"', 'id="load"', 'id="time"',
             'id="cache"', 'id="money"', 'id="setting"', 'id="assumed"', 'id="spec"']  # fmt: skip
    assert [page.index(part) for part in order] == sorted(page.index(part) for part in order)


def test_the_headline_says_whether_the_slo_is_met_by_how_much_and_for_what() -> None:
    told, said = run_told("run"), plain(headline(run_told("run")))
    tightest = max(row["over"] for row in told["slo"])
    assert said.startswith(f"The SLO is met with {plain(show(1 - tightest, 'share'))} to spare")
    assert plain(show(a_month(told)["usd_per_month"] or 0, "USD")) in said
    assert plain(show(told["usd_per_million_output_tokens"], "USD")) in said
    assert "Limited by its traffic" in plain(standfirst(told))


def test_a_missed_slo_names_the_worst_limit() -> None:
    said = plain(headline(run_told("missed")))
    assert said.startswith("The SLO is missed, TTFT p99 is")
    assert "times its limit" in said
    drawn = plain(section(page_of("missed"), "slo"))
    assert "1 of 2 limits are kept" in drawn
    assert 'class="accented-stroke"' in section(page_of("missed"), "latencies")


def test_a_limit_that_only_the_unanswered_break_is_told_so() -> None:
    told = dict(run_told("run"))
    lost = {**told["slo"][0], "met": False, "over": 0.5, "unanswered": 0.25}
    said = plain(headline(told | {"slo": [lost]}))
    assert "25 % of the requests get no answer" in said


def test_without_an_slo_there_is_none_on_the_page() -> None:
    page = page_of("closed")
    assert 'id="slo"' not in page
    assert 'class="sea"' not in section(page, "latencies")
    assert "First tokens come within" in plain(headline(run_told("closed")))


def test_percentiles_and_limits_stand_in_the_latencies() -> None:
    told, drawn = run_told("run"), plain(section(page_of("run"), "latencies"))
    for name in ("ttft", "tpot", "e2e"):
        for stat in ("p50", "p90", "p99"):
            assert f"{stat} {show(told[f'{name}_{stat}_s'], 's')}" in drawn
    assert "p99 ≤ 100 s" in drawn
    assert "p50 ≤ 90 s" in drawn
    assert "between tokens (itl)" in drawn


def test_nothing_answered_is_said_and_nothing_is_drawn() -> None:
    page = page_of("refused")
    assert "None of 200 requests is answered" in plain(headline(run_told("refused")))
    assert "<figure" not in page
    assert 'id="setting"' in page


def test_lines_add_up_to_the_cost_of_the_run_and_of_a_month() -> None:
    for name in ("run", "own", "autoscaled"):
        told = run_told(name)
        usd = sum(line.usd_per_chip_hour for line in lines_of(told)) * told["chip_hours"]
        assert usd == pytest.approx(told["cost_usd"], rel=1e-9)
        month = told["cost_usd"] / told["makespan_s"] * 3600 * HOURS_PER_YEAR / 12
        assert a_month(told)["usd_per_month"] == pytest.approx(month, rel=1e-9)
    drawn = plain(section(page_of("own"), "money"))
    for name in ("servers and network", "hosting", "electricity", "staff"):
        assert name in drawn


def test_an_unknown_price_is_unknown_everywhere() -> None:
    page = plain(page_of("unpriced"))
    assert "at an unknown price" in plain(headline(run_told("unpriced")))
    assert "What it costs is unknown" in section(page, "money")
    assert "<code>cost_usd</code> is unknown" in page


def test_replicas_that_come_and_go_are_drawn() -> None:
    assert ">replicas up</text>" in section(page_of("autoscaled"), "load")
    assert ">replicas up</text>" not in section(page_of("run"), "load")
    assert "of at most 3 chips on average" in plain(section(page_of("autoscaled"), "money"))


def test_the_cheapest_fleet_leads_and_the_frontier_is_labelled() -> None:
    told, page = fleets_told(), plain(page_of("fleets"))
    row = next(one for one in told["fleets"] if one["fleet"] == told["best"])
    said = plain(fleets_headline(told))
    assert said.startswith(f"{told['best']} keeps the SLO for {show(row['usd_per_month'], 'USD')} a month")
    drawn = section(page, "frontier")
    assert f">{told['best']}</text>" in drawn
    assert 'class="ring"' in drawn
    assert drawn.count('class="accent point"') == 2 * len(told["frontier"]) + 2
    assert "1xt4" in section(page, "fleets")
    assert "One step cheaper breaks TPOT p99 and TTFT p99" in page


def test_when_no_fleet_keeps_the_slo_the_closest_is_named_with_what_it_misses() -> None:
    told = no_fleet()
    said = plain(fleets_headline(told))
    assert said.startswith(f"No fleet keeps the SLO; the closest is {told['closest']}, its TTFT p99")
    assert 'id="one-step-cheaper"' not in page_of("no-fleet")
    none = {**told, "fleets": [{"fleet": "1xt4", "possible": False, "reason": "too small"}], "closest": None}
    assert "No fleet can run it" in render_fleets(none, "x", DAY)


def test_one_fleet_alone_has_no_frontier() -> None:
    told = fleets_told()
    alone = told | {"fleets": told["fleets"][:1], "frontier": told["frontier"][:1], "one_step_cheaper": []}
    assert 'id="frontier"' not in render_fleets(alone, "x", DAY)


def test_a_fleet_that_does_not_serve_is_not_drawn() -> None:
    told = fleets_told()
    worst = next(row for row in told["fleets"] if row["fleet"] == "1xl40s")
    hopeless = {**worst, "worst_over": float("inf")}
    rest = [row for row in told["fleets"] if row is not worst]
    changed = told | {"fleets": [*rest[:-1], hopeless, rest[-1]], "frontier": told["frontier"][1:]}
    page = render_fleets(changed, "x", DAY)
    assert "Not drawn: 1 fleet without a price or over ten times the SLO." in plain(page)
    assert "over 10 times" in plain(page)


def test_ways_are_compared_and_meet_where_it_is_said() -> None:
    told, page = ways_told(), plain(page_of("ways"))
    assert "the cheapest of those that do not miss the SLO: 7,305 USD a month, 195 USD less than" in page
    assert "Self-hosting misses the SLO." in page
    drawn = section(page, "break-even")
    assert ">break-even</text>" in drawn
    assert ">the trace</text>" in drawn
    assert "requests a second</text>" in drawn
    assert "from 4.5 (2.5 – 8.1) requests a second on, 0.81 times the trace" in drawn
    assert section(page, "sellers").index("other") < section(page, "sellers").index("9,900")
    assert section(page, "split").count('role="rowheader"') == len(told["ways"][2]["splits"])


def test_ways_without_a_price_and_without_a_curve() -> None:
    page = plain(page_of("unpriced-ways"))
    assert 'id="break-even"' not in page
    assert 'id="sellers"' not in page
    assert "No volume makes own chips cheaper than the API: no seller is on record" in page
    nothing = ways_told() | {"cheapest": None, "break_even": None}
    assert "No way has a price and keeps the SLO" in plain(render_ways(nothing))


def test_levers_are_listed_with_what_repeats_them() -> None:
    told, page = levers_told(), plain(page_of("levers"))
    applied = [row for row in told["levers"] if row["applies"]]
    drawn = section(page, "levers")
    assert drawn.count('role="rowheader"') == len(applied) + 1
    for row in applied:
        assert f"--set &#39;{row['sets'][0]}&#39;" in drawn
    for row in told["levers"]:
        assert row["name"] in drawn


def test_a_notebook_shows_the_text_escaped() -> None:
    shown = replay(spec(name="A <small> service"))._repr_html_()
    assert shown.startswith("<pre>A &lt;small> service")
    assert "<small>" not in shown


def test_names_of_outputs() -> None:
    assert [named(one) for one in ("ttft_p99_s", "e2e_mean_s")] == ["TTFT p99", "E2E mean"]


def one_spread(**changes: Any) -> Spread:
    values: dict[str, Any] = {
        "name": "kind", "shares": [0.01, 0.5, 0.99, 0.999, 1.0], "values": [1.0, 2.0, 4.0, 5.0, 6.0],
        "low": None, "high": None, "marks": [(0.5, 2.0, "p50 2 s")], "limits": [],
    }  # fmt: skip
    return Spread(**(values | changes))


def test_a_curve_is_drawn_in_order_with_limits_apart() -> None:
    limits = [Limit(3.0, "p90 ≤ 3 s", 0.9, True), Limit(3.1, "p99 ≤ 3.1 s", 0.99, False)]
    drawn = "".join(spreads([one_spread(limits=limits)], show, 350).parts)
    heights = [re.search(rf'y="([\d.]+)"[^>]*>{name}', drawn) for name in ("p90 ≤ 3 s", "p99 ≤ 3.1 s")]
    assert all(heights)
    assert len({one[1] for one in heights if one}) == 2
    assert drawn.count('class="ring"') == 2
    assert 'class="planned"' in drawn
    assert 'class="accented-stroke"' in drawn


def test_a_spread_of_one_value_is_drawn_too() -> None:
    parts = spreads([one_spread(values=[0.2] * 5, marks=[])], show, 720).parts
    assert "nan" not in "".join(parts)
    assert parts


def test_panels_share_their_time_and_stack_their_layers() -> None:
    layers = [Layer("running", [2.0, 4.0], "tone3"), Layer("waiting", [0.0, 4.0], "accent")]
    level = Panel("p99", "", [Layer("p99", [1.0, None], "accent")], show, limit=Ceiling(2.0, "limit 2"),
                  is_level=True)  # fmt: skip
    drawing = panels([Panel("in work", "most 8", layers, show), level], [0.0, 60.0, 90.0], 720)
    drawn = "".join(drawing.parts)
    for said in ("in work", "most 8", "limit 2", "s from the first arrival"):
        assert f">{said}</text>" in drawn
    assert drawn.index("<title>waiting") < drawn.index("<title>running")
    assert drawn.count("H") >= 3


@pytest.mark.parametrize(("seconds", "unit"), [(90, "s"), (3600, "min"), (86_400, "h"), (7 * 86_400, "days")])
def test_time_is_told_in_the_unit_that_suits_it(seconds: float, unit: str) -> None:
    shape = Panel("a", "", [Layer("a", [1.0], "tone3")], show)
    assert f">{unit} from the first arrival<" in "".join(panels([shape], [0.0, seconds], 350).parts)


def test_every_run_for_the_tests_is_on_a_page() -> None:
    assert set(RUNS) <= set(PAGES)
    assert render(run_told("run")).count("<section") == page_of("run").count("<section") - 1


def test_cost_by_the_hour_is_drawn_and_adds_up() -> None:
    told, page = run_told("run"), plain(page_of("run"))
    assert len(told["hours"]) == 1
    assert 'id="hours"' not in page
    told = replay(spec(traffic__synthetic__requests=900)).to_dict()
    drawn = plain(section(render(told), "hours"))
    assert ">USD for a million output tokens</text>" in drawn
    assert drawn.count("<tr>") == len(told["hours"]) + 1
    assert sum(row["cost_usd"] for row in told["hours"]) == pytest.approx(told["cost_usd"], rel=1e-6)


def test_day_stands_against_night_where_the_time_of_day_is_known() -> None:
    told = replay(spec(traffic__synthetic__requests=900)).to_dict()
    parts = [
        {"part": part, "hours": 12.0, "requests": 1200, "output_tokens": 100, "replicas": 2.0,
         "utilization": 0.5, "cost_usd": usd, "usd_per_million_output_tokens": 3.0}
        for part, usd in (("day", 40.0), ("night", 20.0))
    ]  # fmt: skip
    drawn = plain(section(render(told | {"day_and_night": parts}), "hours"))
    assert "by day" in drawn
    assert "by night" in drawn
    assert "40 USD" in drawn
