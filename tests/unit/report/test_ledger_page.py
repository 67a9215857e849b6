"""The page of a usage report: coverage first, every amount the report's, no label taken for markup."""

from __future__ import annotations

import re
from decimal import Decimal
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from tests.unit.ledger.days import KNOWN, row, stored, weeks
from tests.unit.report.ledger_pages import LONG, MARKUP, PAGES, USERS, page_of, told_of

from truecost.ledger.behind_report import behind_report
from truecost.ledger.reporting import usage_report
from truecost.report.charts.ledger_coverage import LEAST_SEEN, Covered, strip
from truecost.report.charts.ledger_pareto import MOST_POINTS, pareto_curve
from truecost.report.ledger_page import render
from truecost.report.sections.ledger_days import MOST_COLUMNS, costs_over_time
from truecost.report.usage_text import pareto

MOST_BYTES = 300_000


def plain(text: str) -> str:
    return re.sub(r"\s+", " ", text.replace("\u2011", "-").replace("\u2060", "").replace("\xa0", " "))


def section(page: str, key: str) -> str:
    return plain(page.partition(f'<section id="{key}">')[2].partition("</section>")[0])


def page_of_rows(folder: Path, *parts: Any, by: tuple[str, ...] = ("feature",)) -> str:
    store = stored(folder, *parts)
    told = usage_report(store, by, as_known=KNOWN).to_dict()
    return render(told, behind_report(store, by, as_known=KNOWN).to_dict())


@pytest.mark.parametrize("name", PAGES)
def test_a_page_stands_alone_is_light_and_every_link_in_it_leads_somewhere(name: str) -> None:
    page = page_of(name)
    assert len(page.encode()) <= MOST_BYTES
    assert "<script" not in page
    assert not re.search(r'(src|href)="(?!#|https://)', page)
    keys = re.findall(r'id="([^"]+)"', page)
    assert len(keys) == len(set(keys))
    assert set(re.findall(r'href="#([^"]+)"', page)) <= set(keys)


def test_labels_are_text_wherever_they_stand() -> None:
    page = page_of("hostile")
    assert "<img" not in page
    assert "<b>ledger" not in page
    assert LONG not in page
    assert "\u202e" not in page
    assert "&amp;amp;" in page
    for key in ("coverage", "days", "groups", "logs"):
        found = section(page, key)
        assert "<script" not in found
        assert "&lt;" in found
    assert MARKUP in unescape(section(page, "groups"))


def test_the_amounts_by_hand() -> None:
    page = plain(page_of("quiet"))
    assert '<h1 class="answer">6 USD for 3 requests.</h1>' in page
    assert "All of it has a known price" in section(page, "coverage")
    days = section(page, "days")
    assert "The dearest day, 6 Jul 2026, cost 3 USD; the average is 2 USD" in days
    assert '<th scope="row">6 Jul 2026</th><td>2</td><td>1</td><td>3</td>' in days
    assert '<th scope="row">7 Jul 2026</th><td></td><td></td><td>0</td>' in days
    groups = section(page, "groups")
    assert "By feature: chat makes 83 % of the cost" in groups
    assert "5 USD · 83 %" in groups
    assert "1 USD · 17 %" in groups
    assert "100 % is paid for plain input" in section(page, "kinds")
    assert "Nothing failed" in section(page, "failures")
    prices = section(page, "prices")
    assert '<th scope="row">openai/gpt-4.1-mini</th><td class="w">standard</td><td>0.4</td>' in prices
    assert "as known on 22 Nov 2026" in prices
    assert "genai-prices" in prices


def test_coverage_comes_first_and_names_what_has_no_price() -> None:
    told, page = told_of("hostile")[0], page_of("hostile")
    order = re.findall(r'<section id="([^"]+)">', page)
    assert order == ["coverage", "days", "groups", "kinds", "failures", "prices", "logs"]
    gaps = told["by_coverage"]["unpriced"]["entries"]
    assert gaps == 12
    assert "12 lines have no price and are in no amount" in plain(page)
    assert plain(page).partition("<h1")[2].startswith(' class="answer">At least ')
    found = section(page, "coverage")
    assert found.count("unknown model with an API price") == gaps
    assert "2 more names without a price" in found
    assert "an estimated price" in found


def test_the_days_sum_to_the_total_of_the_report() -> None:
    for name, where in (("quiet", None), ("hostile", None), ("quiet", 'feature = "chat"')):
        told, behind = told_of(name, where=where)
        days = behind["days"]
        series = [*days["groups"], *([days["rest"]] if days["rest"] else [])]
        whole = sum((Decimal(usd) for one in series for usd in one["usd"]), Decimal(0))
        assert format(whole, "f") == told["total"]["usd"]
        assert len({len(one["usd"]) for one in series}) == 1
        totals = [sum(map(Decimal, one["usd"])) for one in days["groups"]]
        assert totals == sorted(totals, reverse=True)


def test_five_groups_are_drawn_and_the_rest_is_one() -> None:
    days = told_of("hostile")[1]["days"]
    names = costs_over_time(days).names
    assert (len(days["groups"]), days["others"]) == (
        5,
        len({one["user"] for one in told_of("hostile")[0]["groups"]}) - 5,
    )
    assert names[0] == "one day"
    assert names[-1] == f"{days['others']} others"
    assert names[-1] in section(page_of("hostile"), "days")


def test_a_sixth_group_keeps_its_name(tmp_path: Path) -> None:
    rows = [row(0, n, feature=f"f{n}") for n in range(1, 7)]
    assert "others" not in section(page_of_rows(tmp_path, rows), "days")


def test_the_first_groups_are_open_more_are_folded_and_the_rest_is_told() -> None:
    told, found = told_of("hostile")[0], section(page_of("hostile"), "groups")
    groups = told["groups"]
    opened, _, folded = found.partition("<details")
    assert opened.count('role="rowheader"') == 25
    assert folded.count('<th scope="row">') == 200
    rest = sum(Decimal(one["usd"]) for one in groups[25:])
    assert (
        f"{len(groups) - 25} more groups of {float(rest):.1f} USD in all, 200 of them in the table" in found
    )
    assert len(groups) > USERS


def test_few_make_most_as_the_terminal_says() -> None:
    told = told_of("quiet", by=("user",))[0]
    assert pareto(told["groups"], ["user"]) == ""
    groups = [{"usd": usd} for usd in ("80", "10", "5", "3", "2")]
    assert pareto(groups, ["user"]).startswith("1 of 5")
    drawn = "".join(pareto_curve([80, 10, 5, 3, 2], "1 of 5 make 80 %", 1, 720).parts)
    assert drawn.count("<circle") == 1
    many = "".join(pareto_curve([1.0] * 100_000, "many", 80_000, 350).parts)
    assert len(many) < 30 * MOST_POINTS + 3000


def test_a_curve_of_negative_amounts_is_not_drawn(tmp_path: Path) -> None:
    bill = row(0, 0, model="credit", kind="other", stated_usd="-5", feature="credit")
    page = page_of_rows(tmp_path, [bill, *(row(0, n, feature=f"f{n}") for n in range(1, 8))])
    assert "share of the cost" not in section(page, "groups")
    # the rest is 2 + 1 - 5
    assert "Where credits outweigh costs, by 2 USD, nothing is drawn." in section(page, "days")
    assert "Credits of 5 USD on bills are not in the strip." in section(page, "kinds")
    assert "23 USD for 7 requests" in plain(page)


def test_long_times_are_drawn_by_week_and_by_month(tmp_path: Path) -> None:
    for days, what in ((MOST_COLUMNS, "day"), (MOST_COLUMNS + 1, "week"), (7 * MOST_COLUMNS + 1, "month")):
        usd = ["1"] * days
        told = {"by": None, "first_day": "2024-02-28", "groups": [{"label": [], "usd": usd}], "rest": None}
        found = costs_over_time({**told, "others": 0})
        assert found.what == what
        assert len(found.steps) <= MOST_COLUMNS
        assert sum(found.sums) == days
    assert [(step.said, usd) for step, usd in zip(found.steps, found.sums, strict=True)][:2] == [
        ("Feb 2024", 2.0),
        ("Mar 2024", 31.0),
    ]


def test_a_day_that_towers_is_cut_off_and_named() -> None:
    found = section(page_of("hostile"), "days")
    assert "▲ 16 Aug 2026: 900 USD" in found
    assert found.count('class="cut"') == 4


def test_failures_are_told_with_what_was_billed() -> None:
    told, found = told_of("hostile")[0], section(page_of("hostile"), "failures")
    failed, cut = (told["by_status"][one]["requests"] for one in ("error", "cut"))
    assert f"{failed} failed, {cut} were cut short" in found
    assert "0 of them not billed" in found


def test_a_price_that_changed_is_told_with_its_days(tmp_path: Path) -> None:
    rows = [
        {
            "ts": f"{day}T12:00:00Z",
            "provider": "openai",
            "model": "o3",
            "input_tokens": 1_000_000,
            "output_tokens": 0,
        }
        for day in ("2025-06-08", "2025-06-12")
    ]
    found = section(page_of_rows(tmp_path, rows, by=("model",)), "prices")
    assert re.findall(r'<td class="w">([^<]*)</td><td>([^<]*)</td>', found) == [
        ("8 Jun 2025 to 9 Jun 2025", "10"),
        ("10 Jun 2025 to 12 Jun 2025", "2"),
    ]


def test_what_the_store_holds_and_what_it_kept_aside(tmp_path: Path) -> None:
    from tests.unit.ledger.logs import take

    take(tmp_path, row(0, 1.0, feature="chat"), row(1, 1.0, feature="search"), row(1, -1.0), "{broken")
    how = {"as_known": KNOWN, "where": 'feature = "chat"'}
    store = tmp_path / "usage"
    page = render(
        usage_report(store, ["feature"], **how).to_dict(), behind_report(store, ["feature"], **how).to_dict()
    )
    found = section(page, "logs")
    assert "1 log, 2 lines kept aside" in found
    assert "This page is of 1 of them" in found
    assert "rejects/1.jsonl" in found
    assert "of feature = &#34;chat&#34;" in plain(page)


def test_what_has_no_price_at_all_has_no_amount(tmp_path: Path) -> None:
    page = page_of_rows(tmp_path, [row(0, 1.0, model="house-model")])
    assert "1 request, and no price is known for any of it" in plain(page)
    assert "None of it has a price" in section(page, "coverage")
    for key in ("days", "kinds", "prices"):
        assert f'id="{key}"' not in page
    assert 'class="figures"' not in page
    assert "unknown" in section(page, "groups")


def test_by_day_alone_is_one_layer(tmp_path: Path) -> None:
    page = page_of_rows(tmp_path, weeks(7), by=("day",))
    assert "USD a day; days are those of UTC." in section(page, "days")
    assert "By day, " in section(page, "groups")


def test_what_is_too_little_to_be_seen_is_seen() -> None:
    parts = [
        Covered("priced", 10**6, "", "", ""),
        Covered("estimated", 0, "", "", ""),
        Covered("unpriced", 1, "", "", ""),
    ]
    widths = [float(one) for one in re.findall(r'width="([\d.]+)"', "".join(strip(parts, 350, 24)))]
    assert len(widths) == 2
    assert widths[1] > 0.9 * LEAST_SEEN
