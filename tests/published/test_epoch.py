"""Epoch AI's published training costs, by its own method and assumptions, through our laws."""

from datetime import date

import pytest

from truecost.catalog.facts import Confidence
from truecost.evidence import epoch, epoch_tables

TARGETS = {  # published amortized and cloud cost, USD M of 2024-12
    "GPT-3 175B (davinci)": (2.198, 4.336),
    "GPT-4": (40.70, 78.56),
    "Gemini 1.0 Ultra": (28.31, 198.9),
    "Llama 3.1-405B": (51.04, 169.8),
}


@pytest.mark.parametrize("model", TARGETS)
def test_frontier_runs_within_one_percent(model: str) -> None:
    ours = epoch.estimate(epoch_tables.runs()[model])
    amortized, cloud = TARGETS[model]
    assert ours["amortized"] / 1e6 == pytest.approx(amortized, rel=0.01)
    assert ours["cloud"] / 1e6 == pytest.approx(cloud, rel=0.01)


@pytest.mark.parametrize(
    ("method", "figures", "agree"), [("amortized", 82, 67), ("cloud", 35, 31), ("acquisition", 46, 41)]
)
def test_figures_that_agree_within_one_percent(method: str, figures: int, agree: int) -> None:
    scores = [score for score in epoch.scorecard() if score.method == method]
    assert len(scores) == figures
    assert epoch.within(scores, 0.01) >= agree


def test_every_figure_that_we_can_count_is_within_twenty_percent_and_has_a_reason() -> None:
    for score in epoch.scorecard():
        assert score.why != "unexplained", score
        if score.difference is not None:
            assert abs(score.difference) < 0.20, score
            assert (abs(score.difference) > 0.01) == bool(score.why), score


def test_runs_on_recorded_hardware_before_the_index_was_revised_agree_to_a_hundredth_of_a_percent() -> None:
    runs = epoch_tables.runs()
    for score in epoch.scorecard():
        run = runs.get(score.model)
        if run and run.chip and run.published < date(2025, 1, 1):
            assert score.difference == pytest.approx(0, abs=1e-4), score


def test_nothing_is_counted_for_a_fine_tune_or_a_mix_of_chips() -> None:
    runs = epoch_tables.runs()
    tuned = [run for run in runs.values() if run.base_model]
    mixed = [run for run in runs.values() if ";" in run.chip]
    assert tuned
    assert mixed
    assert all(epoch.estimate(run) == {} for run in (*tuned, *mixed))


def test_every_carried_run_is_counted_or_left_out_without_an_error() -> None:
    for run in epoch_tables.runs().values():
        assert all(usd > 0 for usd in epoch.estimate(run).values()), run.model


def test_tpu_prices_are_those_of_the_paper() -> None:
    paid = {
        name: epoch.chosen_purchase(chip) for name, chip in epoch_tables.chips().items() if chip.kind == "TPU"
    }
    usd = {name: purchase.usd_per_chip for name, purchase in paid.items() if purchase}
    expected = {"Google TPU v1": 5463, "Google TPU v2": 5054, "Google TPU v3": 5276, "Google TPU v4": 5167}
    assert usd == expected


@pytest.mark.parametrize(
    "table", ["runs", "costs", "chips", "purchases", "rentals", "constants", "price_index"]
)
def test_every_row_has_source_date_checked_and_confidence(table: str) -> None:
    for row in epoch_tables.rows(table):
        assert row["source"], row
        assert date.fromisoformat(row["checked"])
        assert row["confidence"] in set(Confidence)


def test_the_printed_table_fits_eighty_columns(capsys: pytest.CaptureFixture[str]) -> None:
    epoch.main()
    printed = capsys.readouterr().out.splitlines()
    assert max(map(len, printed)) <= 80
    assert any(line.startswith("GPT-4 ") and "40.7" in line and "78.6" in line for line in printed)
    assert any(line.startswith("amortized") for line in printed)
