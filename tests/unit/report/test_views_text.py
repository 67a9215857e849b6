"""The deeper views for a reader: in the terminal on demand, in the page, right at every width."""

from __future__ import annotations

import re
from typing import Any

import pytest
from tests.unit.plan.specs import changed, fleet, product, programme
from tests.unit.report.conftest import RICH

import truecost
from truecost.report.charts.factors import Factor, factors
from truecost.report.charts.flow import BODY, Party, flow
from truecost.report.charts.svg import NARROW
from truecost.report.flows_text import event, sentences
from truecost.report.flows_text import write as write_flows
from truecost.report.footprint_text import write as write_footprint
from truecost.report.html import render_views as render
from truecost.report.layout import Page
from truecost.report.ledger_text import write as write_ledger
from truecost.report.phrases import shown
from truecost.report.sections.flows import flows
from truecost.report.sections.footprint import footprint
from truecost.report.sections.human_ledger import human_ledger
from truecost.report.sections.section import Absent, Section
from truecost.report.terminal import render as terminal
from truecost.report.train_and_infer_text import cell

HEADINGS = ("Who pays, who gets", "The human ledger", "Footprint over the plan")
LABELLED = changed(
    programme(),
    programme__annotation={
        "labels": {
            "hours": 1000, "usd_per_hour": 10, "intermediary_share": 0.8, "country": "kenya",
            "harmful_share": 0.5,
        }
    },
)  # fmt: skip
FREE = changed(product(), demand__tiers__free={
    "kind": "free", "users": 9000, "queries_per_user_per_day": 1, "data_usd_per_user_month": 1})  # fmt: skip
PLANS: dict[str, Any] = {
    "rich": RICH,
    "labelled": LABELLED,
    "free": FREE,
    "fleet": fleet(business={"cash_usd": 1e6}),
    "all": LABELLED | {k: v for k, v in FREE.items() if k in ("demand", "serving")},
    "nothing": {"name": "nothing", "as_of": "2026-11-01", "business": {"cash_usd": 10}},
}


def told(name: str) -> dict[str, Any]:
    return truecost.plan(PLANS[name], draws=64).statement()


@pytest.mark.parametrize("width", [40, 80, 120])
@pytest.mark.parametrize("name", PLANS)
def test_every_block_fits_its_width(name: str, width: int) -> None:
    page = Page(width)
    for write in (write_flows, write_ledger, write_footprint):
        write(told(name), page)
    assert all(len(line) <= width for line in page.plain().splitlines())
    assert "nan" not in page.plain()


def test_the_terminal_shows_them_when_everything_is_asked_for() -> None:
    everything, short = (terminal(told("all"), everything=flag) for flag in (True, False))
    for heading in HEADINGS:
        assert heading in everything
        assert heading not in short


def test_payers_and_payees_stand_side_by_side_with_their_shares() -> None:
    page = Page(80)
    write_flows(told("free"), page)
    text = page.plain()
    assert "Customers, pro" in text
    assert "Model vendors" in text
    flat = " ".join(text.replace("\N{NO-BREAK SPACE}", " ").split())
    assert "as stated they are worth 9,000 USD" in flat or "USD for their data, less the cost" in flat
    *_, gets = next(line for line in text.splitlines() if line.strip().startswith("All")).split("All")
    assert shown(told("free")["total_usd"]["mean"]).replace("\N{NO-BREAK SPACE}", " ") in gets


def test_what_comes_back_is_a_row_each_with_its_worth_today() -> None:
    statement = told("all")
    page = Page(110)
    write_flows(statement, page)
    text = page.plain()
    assert "What comes back, USD" in text
    assert "NPV" in text
    for made in statement["flows"]["returns"]["generations"].values():
        npv = shown(made["net_present_value_usd"]["mean"]).replace("\N{NO-BREAK SPACE}", " ")
        assert npv in text


def test_a_return_that_seldom_is_says_in_how_many_draws() -> None:
    assert event({"p50": -0.35, "share_of_draws": 0.36}, "share").endswith("in 36\N{NO-BREAK SPACE}%")
    assert event({"p50": 14.0, "share_of_draws": 1.0}) == "14"
    assert event({"p50": None, "share_of_draws": 0.0}) == "never"


def test_many_small_payees_and_large_other_suppliers_are_named() -> None:
    names = [f"payee {n}" for n in range(9)]
    payees = {"other": {"mean": 50.0}} | {name: {"mean": 5.0} for name in names}
    lines = [{"label": f"line {n}", "payee": "other", "cost_usd": {"mean": 10.0}} for n in range(5)]
    flows_told = {"payees": payees, "cloud_rent": None, "free_users": {}, "returns": None}
    said = list(sentences({"flows": flows_told, "lines": lines, "total_usd": {"mean": 95.0}}))
    assert said[0] == "Other suppliers are paid for: line 0, line 1, line 2 and 2 smaller lines."
    assert said[1].startswith("The others: ")
    assert said[1].count(",") == 2


def test_power_and_elasticities_are_told_in_units_and_digits_that_can_be_read() -> None:
    def points(*values: float) -> dict[str, float]:
        return dict(zip(("p5", "p50", "p95", "mean"), values, strict=True))

    assert cell(points(1e-4, 3e-4, 7e-4, 3.6e-4), "MW").startswith("360\N{NO-BREAK SPACE}W")
    assert cell(points(0.0008, 0.004, 0.008, 0.0039), "elasticity").startswith("0")
    assert len(cell(points(0.0008, 0.004, 0.0084, 0.0039), "elasticity")) < 14


def test_labels_and_factors_never_share_a_line_that_is_too_short_for_both() -> None:
    rows = [
        Factor("batching and serving engine", 0.1, 0.3, 0.6, "0.284 × (0.134 – 0.614)"),
        Factor("net", 0.5, 0.9, 2.0, "0.9 × (0.5 – 2)", is_net=True),
    ]
    drawn = "".join(factors(rows, NARROW).parts)
    places = dict.fromkeys(re.findall(r'y="([\d.]+)"[^>]*>(?:batching|0\.284)', drawn))
    assert len(places) == 2


def test_the_ledger_says_where_and_what_a_living_wage_would_add() -> None:
    page = Page(80)
    write_ledger(told("labelled"), page)
    assert "Kenya" in page.plain()
    assert "A living wage where it is not reached would add" in page.plain()
    assert "as stated, meet harmful content" in page.plain()


@pytest.mark.parametrize("name", PLANS)
def test_the_page_has_each_view_or_says_why_not(name: str) -> None:
    statement = told(name)
    page = render(statement)
    for section in (flows, footprint, human_ledger):
        made = section(statement)
        assert isinstance(made, Section | Absent)
        if isinstance(made, Section):
            assert f'id="{made.key}"' in page
            assert made.figure is not None
    if name == "nothing":
        assert isinstance(flows(statement), Absent)
        assert isinstance(footprint(statement), Absent)
        assert isinstance(human_ledger(statement), Absent)


def test_bars_of_the_flow_are_as_high_as_the_money() -> None:
    payers = [Party("a", "A", 75, "75"), Party("b", "B", 25, "25")]
    payees = [Party("c", "C", 100, "100")]
    drawn = flow(payers, payees, {("a", "c"): 75, ("b", "c"): 25}, 720)
    heights = [part.split('height="')[1].split('"')[0] for part in drawn.parts if part.startswith("<rect")]
    assert [float(h) for h in heights] == pytest.approx([0.75 * BODY, 0.25 * BODY, BODY])
    assert sum(part.startswith("<path") for part in drawn.parts) == 2


def test_names_of_a_plan_are_escaped_in_the_flow() -> None:
    parts = flow([Party("a", "<b>", 1, "1")], [Party("c", "&", 1, "1")], {("a", "c"): 1}, 350).parts
    assert "<b>" not in "".join(parts)


def test_the_title_names_what_has_no_payer() -> None:
    made = flows(told("labelled"))
    assert isinstance(made, Section)
    assert made.title.startswith("The plan names nobody who pays for it")
