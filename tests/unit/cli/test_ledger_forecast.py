"""`truecost ledger forecast` on the shipped daily sample: what is printed, written, refused."""

from __future__ import annotations

import csv
import json
from decimal import Decimal
from pathlib import Path

import pytest
from tests.unit.cli.conftest import Run
from tests.unit.ledger.logs import EXAMPLES, NOW

from truecost.ledger import import_usage
from truecost.report.layout import width_of

KNOWN = ("--as-known", "2026-11-22")


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shipped hundred days, 2026-07-17 to 2026-10-24."""
    folder = tmp_path_factory.mktemp("daily") / "usage"
    import_usage([EXAMPLES / "daily.csv"], folder, now=NOW)
    return folder


def test_the_month_its_range_and_its_past_error(run: Run, store: Path) -> None:
    done = run("ledger", "forecast", store, "--by", "feature", *KNOWN)
    assert done.exit_code == 0, done.output
    said = " ".join(done.stdout.split())
    assert "2026-10: 1,920 USD (1,850 – 1,990) by its end" in said
    assert "Spent by the end of 2026-10-24: 1,500 USD in 24 days; 7 days to go" in said
    assert "last week again:" in said
    assert "The 90 % range held" in said
    assert max(map(width_of, done.stdout.splitlines())) <= 80
    assert not done.stderr


def test_json_and_csv_have_the_same_amounts(run: Run, store: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.csv"
    done = run("ledger", "forecast", store, "--by", "feature", "--json", "--csv", out, *KNOWN)
    told = json.loads(done.stdout)
    rows = list(csv.DictReader(out.read_text(encoding="utf-8").splitlines()))
    assert [one["feature"] for one in rows] == ["", "agent", "chat", "summary"]
    assert rows[0]["forecast_usd_p50"] == told["total"]["forecast_usd"]["p50"]
    groups = sum(Decimal(one["spent_usd"]) for one in told["groups"])
    assert groups == Decimal(told["total"]["spent_usd"])
    assert {"mean_absolute_error_share", "range_90_held_share"} <= set(told["total"]["past"])


def test_too_little_history_is_an_answer(run: Run, store: Path) -> None:
    done = run("ledger", "forecast", store, "--on", "2026-08-02", *KNOWN)
    assert done.exit_code == 0
    assert "no forecast: 17 days of cost; a forecast takes 21" in " ".join(done.stdout.split())


@pytest.mark.parametrize(("words", "message"), [
    (("--month", "2027-01"), "usage ends on 2026-10-24"),
    (("--month", "soon"), "no month"),
    (("--by", "featur"), "the nearest is feature"),
    (("--by", "day"), "costs are by day already"),
    (("--on", "2020-01-01"), "no usage up to 2020-01-01"),
    (("--json", "--csv", "-"), "both write to stdout"),
])  # fmt: skip
def test_what_is_not_understood_is_one_message(
    run: Run, store: Path, words: tuple[str, ...], message: str
) -> None:
    done = run("ledger", "forecast", store, *words)
    assert done.exit_code == 2
    assert message in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_the_pages_keep_to_any_width(store: Path) -> None:
    from datetime import date

    from truecost.ledger.over_time.anomalies import cost_anomalies
    from truecost.ledger.over_time.budget import budget_report
    from truecost.ledger.over_time.daily import Asked
    from truecost.ledger.over_time.forecast import cost_forecast
    from truecost.report.anomalies_text import anomalies_page
    from truecost.report.budget_text import budget_page
    from truecost.report.forecast_text import forecast_page

    known = date(2026, 11, 22)
    forecast = cost_forecast(store, ["feature", "customer"], as_known=known).to_dict()
    odd = cost_anomalies(store, Asked(("feature",), as_known=known)).to_dict()
    budgets = budget_report(store, EXAMPLES / "budgets.yaml", as_known=known).to_dict()
    for width in (40, 60, 100):
        for page in (forecast_page(forecast, width), anomalies_page(odd, width), budget_page(budgets, width)):
            assert max(map(width_of, page.plain().splitlines())) <= width
