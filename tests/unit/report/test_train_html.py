"""Pages of training runs: the answer first, every number of it, nothing of the user's taken for markup."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest
from tests.unit.report.train_pages import DAY, PAGES, chips_found, page_of, run_told, search_found

from truecost.physics.calibration import load_calibration
from truecost.ranges import Range
from truecost.report.charts.composition import Group, Limit, Part, composition
from truecost.report.charts.frontier import Axes, Kind, Place, days_against_usd
from truecost.report.charts.frontier import Limit as Line
from truecost.report.layout import width_of
from truecost.report.plane_text import Axis, Dot, plane
from truecost.report.train_html import headline, render, render_clusters, render_search, search_headline
from truecost.report.train_search_text import clusters_page, search_page
from truecost.units import show


def plain(text: str) -> str:
    return re.sub(r"\s+", " ", text.replace("\u2011", "-").replace("\u2060", "").replace("\xa0", " "))


def section(page: str, key: str) -> str:
    return page.partition(f'<section id="{key}">')[2].partition("</section>")[0]


@pytest.mark.parametrize("name", PAGES)
def test_a_page_stands_alone_and_every_link_in_it_leads_somewhere(name: str) -> None:
    page = page_of(name)
    assert "<script" not in page
    assert not re.search(r'(src|href)="(?!#|https://)', page)
    keys = set(re.findall(r'id="([^"]+)"', page))
    assert set(re.findall(r'href="#([^"]+)"', page)) <= keys


def test_what_the_user_wrote_is_text() -> None:
    page = page_of("run")
    assert "A &lt;small&gt; run" in page
    assert "# &lt;the&gt; model" in page
    assert "<small> run" not in page


def test_the_answer_comes_first_with_its_ranges() -> None:
    told = run_told("run")
    page = plain(page_of("run"))
    order = ['class="answer">', 'class="figures"', 'id="step"', 'id="memory"', 'id="run"', 'id="power"',
             'id="layout"', 'id="how-far-off"', 'id="assumed"', 'id="spec"']  # fmt: skip
    assert [page.index(part) for part in order] == sorted(page.index(part) for part in order)
    assert plain(headline(told)).startswith(show(told["days"], "days"))
    assert page.count('<svg class="strip"') == 4 - (told["cost_usd"] is None)


def test_the_parts_of_a_step_and_of_memory_are_all_there() -> None:
    told, page = run_told("run"), plain(page_of("run"))
    for key, named in (("step", "matrix products"), ("memory", "optimizer states")):
        assert f">{named}</text>" in section(page, key)
    total = sum(told["step_parts_s"].values())
    assert show(total, "s") in section(page, "step")


def test_the_run_adds_up_and_names_the_gap_to_the_record() -> None:
    told = run_told("run")
    run = plain(section(page_of("run"), "run"))
    gap = told["run"]["shares_of_chip_hours"]["engineering"]
    assert f"recorded runs take {'more' if gap > 0 else 'less'}" in run
    assert f">{show(told['chip_hours'])}</text>" in run


def test_a_run_that_does_not_fit_leads_with_memory_and_the_change_that_fits() -> None:
    told, page = run_told("no-fit"), plain(page_of("no-fit"))
    assert not told["fits"]
    assert '<h1 class="answer">Does not fit' in page
    assert page.index('id="memory"') < page.index('id="step"')
    assert 'id="run"' not in page
    assert 'class="figures"' not in page
    assert f"--set {told['change_that_fits']['set'][0]}" in section(page, "memory")


def test_how_far_off_is_that_of_the_calibration_in_use() -> None:
    calibration = load_calibration().training
    told = run_told("run")
    own = replace(calibration.intervals[told["regime"]], range_90=Range(0.31, 4.2), cases=77)
    changed = replace(calibration, intervals={**calibration.intervals, told["regime"]: own})
    said = plain(section(render(told, changed), "how-far-off"))
    assert "×0.31 to ×4.20" in said
    assert f"77 measured steps: {told['regime']}" in said
    assert "truecost evidence training" in said


def test_a_regime_without_an_interval_of_its_own_says_whose_it_has() -> None:
    calibration = load_calibration().training
    told = run_told("run")
    pooled = {name: one for name, one in calibration.intervals.items() if name != told["regime"]}
    said = plain(section(render(told, replace(calibration, intervals=pooled)), "how-far-off"))
    seen = plain(re.sub("<[^>]*>", " ", said))
    assert f"too few of {told['regime']} alone" in seen


def test_every_assumption_has_its_reason() -> None:
    told, page = run_told("experts"), plain(page_of("experts"))
    assumed = section(page, "assumed")
    assert assumed.count("<dt>") == len(told["assumptions"])
    for one in told["assumptions"]:
        assert one["reason"].replace("'", "&#39;") in assumed
    assert "22400 .. " not in assumed


def test_a_search_draws_every_number_of_chips_and_the_stated_layout() -> None:
    told = search_found()
    page = plain(page_of("search"))
    drawn = section(page, "more-chips")
    priced = [point for point in told["frontier"] if point["cost_usd"] is not None]
    assert drawn.count('class="accent point') == 2 * len(priced)
    best = sum(point["undominated"] for point in priced)
    assert drawn.count('class="accent point"') == 2 * best
    assert ("as the spec states it" in page) is (told["stated_slower_by"] > 0)


def test_a_search_that_finds_nothing_says_why() -> None:
    nothing: dict[str, Any] = search_found() | {
        "layouts": [], "stated": None, "stated_slower_by": None, "frontier": [], "fit": 0,
        "binds": "memory of the fullest chip",
    }  # fmt: skip
    assert search_headline(nothing) == "No layout fits: memory of the fullest chip"
    assert "No layout fits: memory" in render_search(nothing, "Small run", DAY)


def test_chips_are_drawn_under_the_deadline_and_the_budget() -> None:
    told, page = chips_found(), plain(page_of("clusters"))
    drawn = section(page, "days-against-usd")
    assert "deadline 60 days" in drawn
    assert "budget 400 k USD" in drawn
    free = plain(render_clusters(chips_found(None, None), "Small run", DAY))
    assert "deadline" not in section(free, "days-against-usd")
    assert "goal" not in section(free, "chips")
    for cluster in told["clusters"]:
        assert f">{cluster['accelerator']}</text>" in drawn


def test_rent_stands_against_own() -> None:
    told, said = chips_found(), plain(section(page_of("clusters"), "rent-or-own"))
    sold = [cluster["pick"] for cluster in told["clusters"] if not cluster["why_not_owned"]]
    assert [pick["accelerator"] for pick in sold] == ["h100-sxm", "b200"]
    for pick in sold:
        for way in ("rent_usd", "own_usd"):
            assert f">{show(pick[way], 'USD')}</text>" in said


def test_a_chip_that_is_not_sold_stands_against_nothing_and_says_why() -> None:
    told, page = chips_found(), plain(page_of("clusters"))
    pod = next(one for one in told["clusters"] if one["accelerator"] == "tpu-v5p")
    assert pod["pick"]["rent_usd"] > 0
    assert (pod["pick"]["own_usd"], pod["why_not_owned"]) == (None, "TPUs are not sold")
    assert "No price to own tpu-v5p: TPUs are not sold." in section(page, "rent-or-own")
    assert "tpu-v5p</text>" not in section(page, "rent-or-own")
    assert '<td role="cell" data-head="owned, USD">not sold</td>' in section(page, "chips")
    text = plain(clusters_page(told, "run", 80).plain())
    assert "not sold" in text
    assert "No price to own tpu-v5p: TPUs are not sold." in text


def test_a_step_of_post_training_is_told_by_phase() -> None:
    told, page = run_told("grpo"), plain(page_of("grpo"))
    drawn = section(page, "phases")
    names = [one["phase"] for one in told["phases"]]
    assert names == ["generation", "scoring", "update"]
    for one in told["phases"]:
        row = drawn.partition(f'<th scope="row" role="rowheader">{one["phase"]}<')[2].partition("</tr>")[0]
        for said in (show(one["seconds"], "s"), show(one["chip_hours"]), show(one["cost_usd"])):
            assert f">{said}<" in row
    assert sum(one["seconds"] for one in told["phases"]) == pytest.approx(told["step_time_s"])
    assert sum(one["cost_usd"] for one in told["phases"]) == pytest.approx(told["cost_usd"])
    assert (
        "Learning from rewards: 512 answers a step, of 512 tokens to prompts of 256, each learned from once"
        in drawn
    )
    assert page.index('id="phases"') < page.index('id="step"')


def test_the_tokens_of_a_step_are_those_of_all_its_answers() -> None:
    told, page = run_told("grpo"), plain(page_of("grpo"))
    answers = told["method"]["answers_per_step"]
    assert answers == 4 * told["layout"]["global_batch_size"]
    assert f"for {show(answers * told['layout']['sequence_length'], 'tokens')}" in section(page, "step")
    assert "128 sequences of 768 tokens an update" in section(page, "layout")


def test_one_phase_is_one_update_and_pre_training_has_none() -> None:
    told, drawn = run_told("lora"), plain(section(page_of("lora"), "phases"))
    assert [one["phase"] for one in told["phases"]] == ["update"]
    assert f"A step is one update: {show(told['step_time_s'], 's')}" in drawn
    assert show(told["cost_usd"]) in drawn
    assert "fine-tuned by adapters beside frozen weights, on 64 h100-sxm" in plain(page_of("lora"))
    assert 'id="phases"' not in page_of("run")


def test_a_limit_below_the_total_lies_on_the_strip() -> None:
    groups = [Group("state", "100 %", [Part("weights", 200.0, "200", "100 %")])]
    parts = composition(groups, 720, Limit(50.0, "usable")).parts
    (strip,) = [part for part in parts if part.startswith("<line")]
    assert 'x1="180"' in strip


def test_what_is_far_dearer_runs_off_the_top_and_is_named() -> None:
    cheap = Kind("a", [Place(10, 100, "8", ""), Place(20, 90, "4", "")], accent=True)
    dear = Kind("b", [Place(10, 900, "8", "")])
    axes = Axes("days", "USD", show, show)
    drawn = "".join(days_against_usd([cheap, dear], axes, 720, budget=Line(120, "budget")).parts)
    assert "▲ b from 900" in drawn
    assert ">budget<" in drawn


def test_the_terminal_draws_the_frontier_in_its_width() -> None:
    for width in (40, 60, 80, 100):
        for made in (search_page(search_found(), "run", width), clusters_page(chips_found(), "run", width)):
            assert max(map(width_of, made.plain().splitlines())) <= width
    text = clusters_page(chips_found(), "run", 80).plain()
    assert "Days against USD" in text
    assert ": the deadline, - the budget." in plain(text)


def test_a_plane_puts_the_fastest_left_and_the_cheapest_low() -> None:
    lines = plane([Dot(10, 30, "f"), Dot(100, 10, "c")], Axis("days", show), Axis("USD", show, 20), 60)
    rows = [line[-1].text for line in lines[1:13]]
    assert rows[0].startswith("f")
    assert rows[-1].endswith("c")
    assert set(rows[5] + rows[6]) >= {"-"}
